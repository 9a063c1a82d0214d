import type { CallOptions } from "./call.ts";
import { controlNetGraphs, type LoadedNet, openControlNet } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import { checkBase, openBaseNetworks, partsOf } from "./diffusion/loaded-base.ts";
import { type LoadedTinyVae, openTinyDecoder, tinyVaeFactor } from "./diffusion/preview.ts";
import type { LoadRequest, Pipeline, PipelineDefaults } from "./engine.ts";
import type { GenerationParts } from "./generation.ts";
import { tinyVaeDecoder, type WeightBits } from "./graph/index.ts";
import { type AddedWord, type BaseModel, type ModelFacts, openBase } from "./models/base.ts";
import { type ModelDefaults, openDefaults } from "./models/defaults.ts";
import { openEmbedding, withWords } from "./models/embedding.ts";
import { held } from "./models/held.ts";
import { type LoraUse, openLora, withLoras } from "./models/lora.ts";
import { fits, type NetModel, onBase, openNet } from "./models/net.ts";
import type { ModelSource } from "./models/source.ts";
import { openTinyVae, type TinyVaeModel } from "./models/tiny-vae.ts";
import { checkCoverage, weightsOf } from "./models/weights.ts";
import { type AddedSources, OpenedBase } from "./opened-base.ts";
import { OpenedModel, type SharedModels } from "./opened-model.ts";
import { openPipeline } from "./pipeline.ts";
import type { Runtime } from "./runtime/runtime.ts";

export { SharedModels } from "./opened-model.ts";

/** What loading has from the engine that asks for it. */
export interface LoadingParts {
  /** Where a model lies that was asked for by name, or as it was given. */
  source(asked: ModelSource | string, what: string): ModelSource;
  runtime(): Promise<Runtime>;
  /** The models that the engine's pipelines have open. */
  readonly shared: SharedModels;
  /** What sees in pictures. */
  readonly seeing: GenerationParts["seeing"];
  /** Bytes that a pipeline may keep from one generation for the next. */
  readonly keep: number;
  /** Bytes that a pipeline and one generation may take; what the runtime tells without it. */
  readonly memory: number | undefined;
  /** Told of a pipeline that was disposed. */
  onDispose(pipeline: Pipeline): void;
}

/** Opens a checkpoint and its nets, checks that they fit, and makes their pipeline. Closes all that it opened if it fails. */
export async function openPipelineOf(
  request: LoadRequest,
  parts: LoadingParts,
  options: CallOptions,
): Promise<Pipeline> {
  const { shared } = parts;
  const holds: (() => Promise<void>)[] = [];
  // Nets before the base that they may be made of.
  const letGo = async (): Promise<void> => {
    for (const release of holds.toReversed()) await release();
  };
  try {
    const bits = bitsOf(request);
    const { key, model: base, release } = await takeBase(request, parts, options);
    holds.push(release);
    const defaults = await openDefaults(base.source, base.model, options);
    const nets = new Map<string, OpenedModel<NetModel, LoadedNet>>();
    const takePreviews = async (place: ModelSource | string, on: BaseModel) => {
      const own = JSON.stringify(["previews", shared.placeOf(place)]);
      const { model, release } = await shared.take(own, () => openPreviews(parts.source(place, "tiny VAE"), options));
      holds.push(release);
      checkPreviews(model.model, on);
      return model;
    };
    for (const [name, place] of netsOf(request)) {
      // The same file is another net on another base: it may hold what differs from that base.
      const own = JSON.stringify(["net", shared.placeOf(place), key]);
      const open = () => openNetModel(name, parts.source(place, `net "${name}"`), base.model, options);
      const { model, release } = await shared.take(own, open);
      holds.push(release);
      nets.set(name, model);
    }
    const previews = request.previews === undefined ? null : await takePreviews(request.previews, base.model);
    return await openPipeline(
      {
        base,
        nets,
        previews,
        defaults: pipelineDefaults(base.model, defaults),
        runtime: () => parts.runtime(),
        keep: parts.keep,
        memory: parts.memory,
        bits,
        seeing: parts.seeing,
        onDispose: async (pipeline) => {
          await letGo();
          parts.onDispose(pipeline);
        },
      },
      options,
    );
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** A checkpoint with what is added to it, shared with whoever has it open, and the key that it is shared under. */
export async function takeBase(
  request: LoadRequest,
  { shared, ...parts }: Pick<LoadingParts, "shared" | "source">,
  options: CallOptions,
): Promise<{ readonly key: string; readonly model: OpenedBase; readonly release: () => Promise<void> }> {
  const { facts = {}, vae, loras = [], embeddings = {} } = request;
  checkLoras(loras);
  const bits = bitsOf(request);
  const asked = request.base ?? "";
  const key = JSON.stringify([
    "base",
    shared.placeOf(asked),
    facts,
    bits,
    vae === undefined ? null : shared.placeOf(vae),
    loras.map(({ file, weight, textWeight }) => [shared.placeOf(file), weight, textWeight]),
    Object.entries(embeddings).map(([word, place]) => [word, shared.placeOf(place)]),
  ]);
  const added = addedSources(request, parts);
  const open = () => openBaseModel(parts.source(asked, "base"), added, { ...options, facts });
  return { key, ...(await shared.take(key, open)) };
}

/** What opens files, with what closes all that was opened if it fails. */
async function opening<T>(work: (open: <C extends { close(): void }>(file: C) => C) => Promise<T>): Promise<T> {
  const opened: { close(): void }[] = [];
  try {
    return await work((file) => {
      opened.push(file);
      return file;
    });
  } catch (error) {
    for (const one of opened) one.close();
    throw error;
  }
}

const addedSources = (
  { vae, loras = [], embeddings = {}, weights = "full" }: LoadRequest,
  { source }: Pick<LoadingParts, "source">,
): AddedSources => ({
  weights,
  vae: vae === undefined ? null : source(vae, "VAE"),
  loras: loras.map(({ file, weight = 1, textWeight = weight }) => ({
    source: source(file, "LoRA"),
    weight,
    textWeight,
  })),
  embeddings: Object.entries(embeddings).map(([word, place]) => ({
    word,
    source: source(place, `embedding "${word}"`),
  })),
});

/** In how many bits weights are asked to be stored: null for whole ones, "auto" where nothing is said. */
function bitsOf({ weights }: LoadRequest): WeightBits | null | "auto" {
  if (weights === undefined) return "auto";
  const bits = { full: null, half: 16, int8: 8, int4: 4 } as const;
  if (Object.hasOwn(bits, weights)) return bits[weights];
  const message = `must be one of ${Object.keys(bits).join(", ")}, not ${JSON.stringify(weights)}`;
  const issues = [{ path: "weights", message }];
  throw new UnderdrawError("request-invalid", `This cannot be loaded: weights ${message}.`, { issues });
}

/** Refuses weights of LoRAs that are no numbers or far out. */
function checkLoras(loras: NonNullable<LoadRequest["loras"]>): void {
  const issues = loras.flatMap(({ weight = 1, textWeight = weight }, at) =>
    Object.entries({ weight, textWeight })
      .filter(([, value]) => !(Math.abs(value) <= 10))
      .map(([name, value]) => ({ path: `loras.${at}.${name}`, message: `must be from -10 to 10, not ${value}` })),
  );
  if (issues.length === 0) return;
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new UnderdrawError("request-invalid", `This cannot be loaded: ${list}. Correct what is named.`, { issues });
}

const openBaseModel = (
  from: ModelSource,
  given: AddedSources,
  options: CallOptions & { readonly facts: ModelFacts },
): Promise<OpenedBase> =>
  opening(async (open) => {
    const holding = open(held(from));
    const files: { close(): void }[] = [holding];
    // Recipes look at the same files again.
    const hold = (source: ModelSource): ModelSource => {
      const one = open(held(source));
      files.push(one);
      return one.source;
    };
    const added: AddedSources = {
      weights: given.weights,
      vae: given.vae && hold(given.vae),
      loras: given.loras.map((one) => ({ ...one, source: hold(one.source) })),
      embeddings: given.embeddings.map((one) => ({ ...one, source: hold(one.source) })),
    };
    const opened = open(await openBase(holding.source, { ...options, ...(added.vae && { vae: added.vae }) }));
    files.push(opened);
    let base: BaseModel = opened;
    checkBase(base);
    const loras: LoraUse[] = [];
    for (const { source, weight, textWeight } of added.loras) {
      const lora = open(await openLora(source, options));
      files.push(lora);
      loras.push({ lora, weight, textWeight });
    }
    base = withLoras(base, loras);
    const words: AddedWord[] = [];
    for (const { word, source } of added.embeddings) words.push(await openEmbedding(word, source, options));
    base = withWords(base, words);
    return new OpenedBase(base, holding.source, {
      added,
      open: (runtime, loading) => openBaseNetworks(runtime, base, loading),
      files,
    });
  });

/** Opens a net for a base, and checks that it fits. */
export const openNetModel = (
  name: string,
  from: ModelSource,
  base: BaseModel,
  options: CallOptions,
): Promise<OpenedModel<NetModel, LoadedNet>> =>
  opening(async (open) => {
    const holding = open(held(from));
    const file = open(await openNet(holding.source, { ...options, like: base.unet.config }));
    const problem = fits(file.config, base.unet.config, base.vae.config);
    if (problem) throw netMisfit(name, problem, base, file);
    // Nets are trained on a base without LoRAs, which leave nets as they are.
    const net = file.difference ? onBase(file, base.unet.plain ?? base.unet.tensors) : file;
    checkCoverage(net.tensors, partsOf(Object.values(controlNetGraphs(net.config, "float32"))));
    return new OpenedModel(net, holding.source, {
      open: (runtime, loading) => openControlNet(runtime, net.config, weightsOf(net.tensors), loading),
      files: [holding, file],
    });
  });

const openPreviews = (from: ModelSource, options: CallOptions): Promise<OpenedModel<TinyVaeModel, LoadedTinyVae>> =>
  opening(async (open) => {
    const tiny = open(await openTinyVae(from, options));
    checkCoverage(tiny.tensors, partsOf([tinyVaeDecoder(tiny.config, "float32")]));
    return new OpenedModel(tiny, from, {
      open: (runtime, loading) => openTinyDecoder(runtime, tiny, loading),
      files: [tiny],
    });
  });

/** Refuses a tiny VAE that draws latents of another kind. */
function checkPreviews({ name, config }: TinyVaeModel, { name: base, vae }: BaseModel): void {
  const [channels, factor] = [vae.config.latentChannels, vaeFactor(vae.config)];
  const [own, times] = [config.latentChannels, tinyVaeFactor(config)];
  if (own === channels && times === factor) return;
  const [expected, actual] = [
    `${channels} channels, ${factor} pixels a side`,
    `${own} channels, ${times} pixels a side`,
  ];
  const message = `The tiny VAE "${name}" does not fit ${base}: it draws latents of ${actual}, and those of the checkpoint have ${expected}. Take the tiny VAE of the checkpoint's family.`;
  throw new UnderdrawError("model-incompatible", message, { id: name, expected, actual });
}

const netsOf = ({ nets = [] }: LoadRequest): [name: string, source: ModelSource | string][] =>
  Array.isArray(nets)
    ? (nets as readonly string[]).map((name) => [name, `controlnet/${name}`])
    : Object.entries(nets as Readonly<Record<string, ModelSource | string>>);

function netMisfit(name: string, problem: string, base: BaseModel, net: NetModel): UnderdrawError {
  return new UnderdrawError(
    "model-incompatible",
    `The net "${name}" does not fit ${base.name}: ${problem} Take a net of the same family as the checkpoint.`,
    { id: name, expected: base.name, actual: net.name },
  );
}

function pipelineDefaults(base: BaseModel, { canvas, steps, guidance, halves }: ModelDefaults): PipelineDefaults {
  return { width: canvas, height: canvas, steps, guidance, halves, multiple: vaeFactor(base.vae.config) };
}
