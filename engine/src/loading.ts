import type { CallOptions } from "./call.ts";
import { controlNetGraphs, type LoadedNet, openControlNet } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import { checkBase, type LoadedBase, openBaseNetworks, partsOf } from "./diffusion/loaded-base.ts";
import type { LoadRequest, Pipeline, PipelineDefaults } from "./engine.ts";
import type { GenerationParts } from "./generation.ts";
import { type AddedWord, type BaseModel, type ModelFacts, openBase } from "./models/base.ts";
import { type ModelDefaults, openDefaults } from "./models/defaults.ts";
import { openEmbedding, withWords } from "./models/embedding.ts";
import { held } from "./models/held.ts";
import { type LoraUse, openLora, withLoras } from "./models/lora.ts";
import { fits, type NetModel, onBase, openNet } from "./models/net.ts";
import type { ModelSource } from "./models/source.ts";
import { openVae, withVae } from "./models/vae.ts";
import { checkCoverage, weightsOf } from "./models/weights.ts";
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
    const { facts = {}, vae, loras = [], embeddings = {} } = request;
    checkLoras(loras);
    const asked = request.base ?? "";
    const key = JSON.stringify([
      "base",
      shared.placeOf(asked),
      facts,
      vae === undefined ? null : shared.placeOf(vae),
      loras.map(({ file, weight, textWeight }) => [shared.placeOf(file), weight, textWeight]),
      Object.entries(embeddings).map(([word, place]) => [word, shared.placeOf(place)]),
    ]);
    const added = addedSources(request, parts);
    const found = await shared.take(key, () =>
      openBaseModel(parts.source(asked, "base"), added, { ...options, facts }),
    );
    holds.push(found.release);
    const base = found.model;
    const defaults = await openDefaults(base.source, base.model, options);
    const nets = new Map<string, OpenedModel<NetModel, LoadedNet>>();
    for (const [name, place] of netsOf(request)) {
      // The same file is another net on another base: it may hold what differs from that base.
      const own = JSON.stringify(["net", shared.placeOf(place), key]);
      const open = () => openNetModel(name, parts.source(place, `net "${name}"`), base.model, options);
      const { model, release } = await shared.take(own, open);
      holds.push(release);
      nets.set(name, model);
    }
    return await openPipeline(
      {
        base,
        nets,
        defaults: pipelineDefaults(base.model, defaults),
        runtime: () => parts.runtime(),
        keep: parts.keep,
        memory: parts.memory,
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

/** What a checkpoint is loaded with, as places of files. */
interface AddedSources {
  readonly vae: ModelSource | null;
  readonly loras: readonly { readonly source: ModelSource; readonly weight: number; readonly textWeight: number }[];
  readonly embeddings: readonly { readonly word: string; readonly source: ModelSource }[];
}

const addedSources = ({ vae, loras = [], embeddings = {} }: LoadRequest, { source }: LoadingParts): AddedSources => ({
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
  added: AddedSources,
  options: CallOptions & { readonly facts: ModelFacts },
): Promise<OpenedModel<BaseModel, LoadedBase>> =>
  opening(async (open) => {
    const holding = open(held(from));
    const files: { close(): void }[] = [holding];
    const opened = open(await openBase(holding.source, options));
    files.push(opened);
    let base: BaseModel = opened;
    if (added.vae) {
      const vae = open(await openVae(added.vae, options));
      files.push(vae);
      base = withVae(base, vae);
    }
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
    return new OpenedModel(base, holding.source, {
      open: (runtime, loading) => openBaseNetworks(runtime, base, loading),
      files,
    });
  });

const openNetModel = (
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
    const net = file.difference ? onBase(file, base.unet.tensors) : file;
    checkCoverage(net.tensors, partsOf(Object.values(controlNetGraphs(net.config, "float32"))));
    return new OpenedModel(net, holding.source, {
      open: (runtime, loading) => openControlNet(runtime, net.config, weightsOf(net.tensors), loading),
      files: [holding, file],
    });
  });

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
