import { type CallOptions, share, tell, unlessAborted } from "./call.ts";
import { builtInConditions } from "./conditions/built-in.ts";
import type { LoadedNet } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import { describeDevice } from "./device.ts";
import { Kept } from "./diffusion/kept.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import type { LoadedTinyVae } from "./diffusion/preview.ts";
import type { LoadedText } from "./diffusion/text.ts";
import type { CountOptions, Fingerprints, Pipeline, PipelineDefaults, TokenCount } from "./engine.ts";
import { type GenerationParts, runGeneration } from "./generation.ts";
import { residualLevels, type WeightBits } from "./graph/index.ts";
import { planLoading } from "./memory-plan.ts";
import type { NetModel } from "./models/net.ts";
import type { TinyVaeModel } from "./models/tiny-vae.ts";
import { addedModels, findFingerprints, type OpenedBase } from "./opened-base.ts";
import type { OpenedModel } from "./opened-model.ts";
import { ownRequest } from "./own-request.ts";
import { halvedWarning } from "./preflight.ts";
import { countTokens } from "./prepared-text.ts";
import { type Recipe, type RecipeParts, type RecipeResult, recipeOf } from "./recipe.ts";
import { recipePicture } from "./recipe-picture.ts";
import type { Control, GenerateOptions, GenerateRequest, GenerateResult, Warning } from "./request.ts";
import { checkLayers, checkRequest } from "./request-check.ts";
import type { Runtime } from "./runtime/runtime.ts";

// A checkpoint with its nets: requests come in as plain data, pictures go out. Here the rooms meet for one generation:
// text, maps and schedule are prepared, the loop runs, the decoder draws. Networks are loaded on the engine's runtime,
// and again on a new one after the old was lost.

/** What a pipeline is made of, and whom it asks for a device. */
export interface PipelineParts {
  readonly base: OpenedBase;
  readonly nets: ReadonlyMap<string, OpenedModel<NetModel, LoadedNet>>;
  /** Draws previews; null where no tiny VAE was given. */
  readonly previews: OpenedModel<TinyVaeModel, LoadedTinyVae> | null;
  readonly defaults: PipelineDefaults;
  /** Bytes that may be kept from one generation for the next. */
  readonly keep: number;
  /** Bytes that it and one generation may take; what the runtime tells without it. */
  readonly memory: number | undefined;
  /** In how many bits weights are asked to be stored: null for whole ones, "auto" where nothing is said. */
  readonly bits: WeightBits | null | "auto";
  runtime(): Promise<Runtime>;
  /** What sees in pictures: how well a result follows a map of depth or a pose is measured by it. */
  readonly seeing: GenerationParts["seeing"];
  /** Called once, when the pipeline is disposed: lets go of the models. */
  onDispose(pipeline: Pipeline): Promise<void>;
}

interface Loaded {
  readonly runtime: Runtime;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
  readonly previews: LoadedTinyVae | null;
  /** Whether weights are in fewer bits than was asked, for want of memory. */
  readonly isLowered: boolean;
}

/** Makes a pipeline and loads its networks. */
export async function openPipeline(parts: PipelineParts, options: CallOptions): Promise<Pipeline> {
  const pipeline = new LoadedPipeline(parts);
  try {
    await pipeline.load(options);
  } catch (error) {
    await pipeline.dispose();
    throw error;
  }
  return pipeline;
}

class LoadedPipeline implements Pipeline {
  readonly name: string;
  readonly nets: readonly string[];
  readonly defaults: PipelineDefaults;
  readonly #parts: PipelineParts;
  readonly #stopping = new AbortController();
  #loaded: Loaded | null = null;
  /** What counts tokens, from the first load on: it needs no device. */
  #text: Pick<LoadedText, "tokenizer" | "length"> | null = null;
  #disposed: Promise<void> | null = null;
  #fingerprints: Promise<Fingerprints> | null = null;
  readonly #kept: Kept;
  /** One generation at a time: two would hold twice the memory and be no faster. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.name = parts.base.model.name;
    this.nets = [...parts.nets.keys()];
    this.defaults = parts.defaults;
    this.#kept = new Kept(parts.keep);
  }

  /** Loads every network that is not loaded on the engine's runtime of now. */
  async load(options: CallOptions): Promise<Loaded> {
    const runtime = await this.#parts.runtime();
    if (this.#loaded?.runtime === runtime) return this.#loaded;
    this.#loaded = null; // its runtime is lost, and its sessions with it
    this.#kept.clear({ free: false });
    const { base, nets, previews } = this.#parts;
    const pieces = 6 + 4 * nets.size + (previews ? 1 : 0);
    let done = 0;
    const onPiece = (model: string) => tell(options, { phase: "compile", fraction: ++done / pieces, model });
    const signal = options.signal ? { signal: options.signal } : {};
    // Another pipeline may have loaded it, and was told of its pieces.
    const onWhole = (model: string, until: number) => {
      if (done >= until) return;
      done = until - 1;
      onPiece(model);
    };
    const { bits, memory } = this.#parts;
    const plan = planLoading({ runtime, base: base.model, nets, bits, memory });
    const loading = { ...signal, parked: plan.parked, bits: plan.bits };
    const loadedBase = await base.networks(runtime, { ...loading, onPiece });
    onWhole(base.model.name, 6);
    const loadedNets = new Map<string, LoadedNet>();
    for (const [name, net] of nets) {
      loadedNets.set(
        name,
        await net.networks(runtime, { ...loading, onPiece: (piece) => onPiece(`${name}.${piece}`) }),
      );
      onWhole(name, 6 + 4 * loadedNets.size);
    }
    const tiny = previews && (await previews.networks(runtime, signal));
    if (previews) onWhole(previews.model.name, pieces);
    this.#loaded = {
      runtime,
      base: loadedBase,
      nets: loadedNets,
      previews: tiny,
      isLowered: plan.scarce,
    };
    this.#text = loadedBase.text;
    return this.#loaded;
  }

  async generate(request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    this.#check(request);
    // What is drawn is what was asked for, whatever becomes of the caller's pixels meanwhile.
    const asked = ownRequest(this.#filled(request));
    const own = this.#stopping.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, own]) : own;
    const job = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#generate(asked, { ...options, signal });
    });
    this.#last = job.catch(() => undefined);
    return job;
  }

  /** A request with what the model likes best for controls that do not say. */
  #filled(request: GenerateRequest): GenerateRequest {
    const { halves } = this.defaults;
    return {
      ...request,
      controls: request.controls.map((control) => ({ ...control, halves: control.halves ?? halves })),
    };
  }

  async #generate(
    request: GenerateRequest,
    options: GenerateOptions & { signal: AbortSignal },
  ): Promise<GenerateResult> {
    const models = [this.#parts.base, ...this.#parts.nets.values()].map(({ model }) => model);
    const assumed = models.flatMap((model) => model.warnings);
    const warnings: Warning[] = assumed.map((message) => ({ code: "model-assumed", message }));
    const { runtime, base, nets, previews, isLowered } = await this.load(share(options, 0, 0.01));
    if (isLowered) warnings.push(halvedWarning);
    const kept = options.reuse === false ? new Kept(0) : this.#kept;
    const { defaults } = this;
    try {
      const netFor = (control: Control) => this.#netFor(control);
      const { seeing, memory } = this.#parts;
      const parts = { runtime, base, nets, previews, defaults, kept, memory, seeing, netFor };
      return await runGeneration(parts, request, warnings, options);
    } finally {
      if (runtime.lost) kept.clear({ free: false });
      else kept.trim();
    }
  }

  /** Refuses a request that these nets cannot draw, before anything is loaded or run for it. */
  #check(request: GenerateRequest): void {
    checkRequest(request);
    checkLayers(request, (control) => {
      const net = this.#parts.nets.get(this.#netFor(control));
      return net ? residualLevels(net.model.config).length : 0;
    });
  }

  /** The net that reads a control's map. */
  #netFor({ map, net }: Control): string {
    const candidates = net !== undefined ? [net] : [map.condition, ...(map.nets ?? netsOf(map.condition))];
    const found = candidates.find((name) => this.#parts.nets.has(name));
    if (found !== undefined) return found;
    const [only, ...others] = this.nets;
    // One net alone and a map of a condition that nobody knows: there is no other reading.
    if (net === undefined && only !== undefined && others.length === 0 && netsOf(map.condition).length === 0)
      return only;
    const known = this.nets.length > 0 ? `Loaded are: ${this.nets.join(", ")}.` : "No net is loaded.";
    throw new UnderdrawError(
      "model-unknown",
      `No loaded net reads ${net === undefined ? `a map of "${map.condition}"` : `as "${net}"`}. ${known} Name one of them in the control, or load the net.`,
      { id: net ?? map.condition, known: this.nets },
    );
  }

  async recipe(request: GenerateRequest, result: RecipeResult, options: CallOptions = {}): Promise<Recipe> {
    this.#check(request);
    const asked = ownRequest(this.#filled(request));
    const prints = await this.fingerprints(options);
    const held = (pixels: Pixels) => recipePicture(pixels, options);
    const controls: RecipeParts["controls"][number][] = [];
    for (const control of asked.controls) {
      const name = this.#netFor(control);
      const net = { name, fingerprint: prints.nets[name] as string };
      const mask = control.mask && { mask: await held(control.mask) };
      controls.push({ net, ...(await held(control.map.pixels)), ...mask });
    }
    const { init } = asked;
    const begin = init && {
      init: { picture: await held(init.picture), ...(init.mask && { mask: await held(init.mask) }) },
    };
    const device = describeDevice(await unlessAborted(this.#parts.runtime(), options.signal));
    const { model: opened, added } = this.#parts.base;
    const model = { name: this.name, fingerprint: prints.base };
    const prediction = opened.prediction.type;
    const used = { model, ...addedModels(added, prints), prediction };
    return recipeOf(asked, result, { ...used, controls, ...begin, device });
  }

  async fingerprints(options: CallOptions = {}): Promise<Fingerprints> {
    const own = this.#stopping.signal;
    own.throwIfAborted();
    options.signal?.throwIfAborted();
    // Whoever stops waiting does not stop the others.
    if (!this.#fingerprints) {
      const { base, nets } = this.#parts;
      const found = findFingerprints(base, nets, own);
      this.#fingerprints = found;
      found.catch(() => {
        this.#fingerprints = null;
      });
    }
    return unlessAborted(this.#fingerprints, options.signal);
  }

  async countTokens(prompt: string, options: CountOptions = {}): Promise<TokenCount> {
    this.#stopping.signal.throwIfAborted();
    options.signal?.throwIfAborted();
    if (!this.#text) throw new RangeError("The pipeline was not loaded.");
    return countTokens(this.#text, prompt, options.syntax);
  }

  runs(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    if (!this.#loaded) return counts;
    for (const [name, network] of this.#loaded.base.networks()) counts[name] = network.runs;
    for (const [name, net] of this.#loaded.nets)
      for (const [piece, network] of Object.entries(net.pieces)) counts[`${name}.${piece}`] = network.runs;
    if (this.#loaded.previews) counts["preview"] = this.#loaded.previews.decoder.runs;
    return counts;
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  async #end(): Promise<void> {
    this.#stopping.abort(
      new UnderdrawError("disposed", "The pipeline was disposed: load the model again.", { what: "pipeline" }),
    );
    await this.#last;
    const loaded = this.#loaded;
    this.#loaded = null;
    this.#kept.clear({ free: loaded?.runtime.lost === null });
    await this.#parts.onDispose(this);
  }

  /** The same as `dispose`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const netsOf = (condition: string): readonly string[] =>
  builtInConditions.find(({ id }) => id === condition)?.nets ?? [];
