import { type CallOptions, share, tell, unlessAborted } from "./call.ts";
import { builtInConditions } from "./conditions/built-in.ts";
import { type LoadedNet, openControlNet } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import { describeDevice } from "./device.ts";
import { activeSteps } from "./diffusion/active-steps.ts";
import { denoise, type PreparedControl } from "./diffusion/denoise.ts";
import { decodeLatent, toPixels } from "./diffusion/latent.ts";
import { type LoadedBase, openBaseNetworks } from "./diffusion/loaded-base.ts";
import { createNormals, parseSeed, randomSeed } from "./diffusion/random.ts";
import { samplerConfig } from "./diffusion/sampler.ts";
import { createSchedule } from "./diffusion/scheduler.ts";
import { encodeText, type LoadedText } from "./diffusion/text.ts";
import type { Fingerprints, Pipeline, PipelineDefaults, TokenCount } from "./engine.ts";
import type { BaseModel } from "./models/base.ts";
import type { NetModel } from "./models/net.ts";
import type { ModelSource } from "./models/source.ts";
import { weightsOf } from "./models/weights.ts";
import { type DrawnSize, prepareMap } from "./prepared-map.ts";
import { fingerprintOf, type Recipe, type RecipeResult, recipeOf } from "./recipe.ts";
import type { Control, GenerateOptions, GenerateRequest, GenerateResult, Warning } from "./request.ts";
import { checkRequest } from "./request-check.ts";
import type { Runtime } from "./runtime/runtime.ts";

// A checkpoint with its nets: requests come in as plain data, pictures go out. Here the rooms meet for one generation:
// text, maps and schedule are prepared, the loop runs, the decoder draws. Networks are loaded on the engine's runtime,
// and again on a new one after the old was lost.

/** What a pipeline is made of, and whom it asks for a device. */
export interface PipelineParts {
  readonly base: { readonly model: BaseModel; readonly source: ModelSource };
  readonly nets: ReadonlyMap<string, { readonly model: NetModel; readonly source: ModelSource }>;
  readonly defaults: PipelineDefaults;
  runtime(): Promise<Runtime>;
  /** Called once, when the pipeline is disposed: closes the models. */
  onDispose(pipeline: Pipeline): void;
}

interface Loaded {
  readonly runtime: Runtime;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
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
  /** One generation at a time: two would hold twice the memory and be no faster. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.name = parts.base.model.name;
    this.nets = [...parts.nets.keys()];
    this.defaults = parts.defaults;
  }

  /** Loads every network that is not loaded on the engine's runtime of now. */
  async load(options: CallOptions): Promise<Loaded> {
    const runtime = await this.#parts.runtime();
    if (this.#loaded?.runtime === runtime) return this.#loaded;
    this.#loaded = null; // its runtime is lost, and its sessions with it
    const { base, nets } = this.#parts;
    const pieces = 6 + 4 * nets.size;
    let done = 0;
    const onPiece = (model: string) => tell(options, { phase: "compile", fraction: ++done / pieces, model });
    const signal = options.signal ? { signal: options.signal } : {};
    const opened: { release(): Promise<void> }[] = [];
    try {
      const loadedBase = await openBaseNetworks(runtime, base.model, { ...signal, onPiece });
      opened.push(loadedBase);
      const loadedNets = new Map<string, LoadedNet>();
      for (const [name, { model }] of nets) {
        const { config, tensors } = model;
        const net = await openControlNet(runtime, config, weightsOf(tensors), {
          ...signal,
          onPiece: (piece) => onPiece(`${name}.${piece}`),
        });
        opened.push(net);
        loadedNets.set(name, net);
      }
      this.#loaded = { runtime, base: loadedBase, nets: loadedNets };
      this.#text = loadedBase.text;
      return this.#loaded;
    } catch (error) {
      for (const one of opened) await one.release().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  async generate(request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    checkRequest(request);
    const own = this.#stopping.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, own]) : own;
    const job = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#generate(request, { ...options, signal });
    });
    this.#last = job.catch(() => undefined);
    return job;
  }

  async #generate(
    request: GenerateRequest,
    options: GenerateOptions & { signal: AbortSignal },
  ): Promise<GenerateResult> {
    const { signal, trace } = options;
    const warnings: Warning[] = this.#parts.base.model.warnings.map((message) => ({ code: "model-assumed", message }));
    const { runtime, base, nets } = await this.load(share(options, 0, 0.01));
    const steps = request.steps ?? this.defaults.steps;
    const guidance = request.guidance ?? this.defaults.guidance;
    const seed = request.seed === undefined ? randomSeed() : parseSeed(request.seed);
    const config = samplerConfig(request.sampler, base.model.scheduler);
    const schedule = createSchedule(config, steps);
    const size = this.#size(request, warnings);

    const controls: PreparedControl[] = [];
    const active: number[][] = [];
    for (const control of request.controls) {
      const name = this.#netFor(control);
      const net = nets.get(name);
      if (!net) throw new RangeError(`The net "${name}" is not loaded.`);
      const map = prepareMap(control.map, name, size);
      warnings.push(...map.warnings);
      const weight = control.weight ?? 1;
      const at = activeSteps(control.range ?? [0, 1], schedule.steps.length).flatMap((on, i) => (on ? [i] : []));
      active.push(weight === 0 ? [] : at);
      if (at.length === 0) warnings.push(neverActive(control, schedule.steps.length));
      controls.push({ net, map: map.pixels, weight, active: at });
    }

    const guided = guidance > 1;
    tell(options, { phase: "encode", fraction: 0.01, what: "prompt" });
    const encode = async (half: "cond" | "uncond", prompt: string) => {
      const text = await encodeText(runtime, base.text, prompt, { signal });
      if (text.cut !== "") warnings.push(promptCut(half, text.cut, base.text.length));
      trace?.(`text.${half}.ids`, { dims: [1, text.ids.length], values: text.ids });
      trace?.(`text.${half}.states`, { dims: [1, base.text.length, base.text.config.width], values: text.states });
      return text.states;
    };
    const conditional = await encode("cond", request.prompt);
    const unconditional = guided ? await encode("uncond", request.negativePrompt ?? "") : null;
    if (!guided && request.negativePrompt) warnings.push(negativeUnused(guidance));

    const shape = {
      channels: base.unet.config.inChannels,
      height: size.drawn.height / this.defaults.multiple,
      width: size.drawn.width / this.defaults.multiple,
    };
    const draw = createNormals(seed);
    const decode = async (latent: Float32Array) => {
      const values = await decodeLatent(runtime, base.vae, latent, shape, { signal });
      return { values, pixels: toPixels(values, size.drawn, size.asked) };
    };
    const progress = share(options, 0.03, 0.93);
    const count = schedule.steps.length;
    const latent = await denoise(
      runtime,
      base.unet,
      {
        schedule,
        prediction: typeof config.prediction_type === "string" ? config.prediction_type : "epsilon",
        shape,
        conditional,
        unconditional,
        context: base.text.length,
        guidance,
        controls,
        normals: (name, length) => options.noise?.(name, length) ?? draw(length),
      },
      {
        signal,
        onPrepared: () => tell(options, { phase: "encode", fraction: 0.02, what: "map" }),
        onStep: (i, promised) =>
          tell(progress, {
            phase: "denoise",
            fraction: (i + 1) / count,
            step: i + 1,
            steps: count,
            preview: async (): Promise<Pixels> => (await decode(promised())).pixels,
          }),
        ...(trace
          ? {
              traceValues: (name, dims, values) => trace(name, { dims, values }),
              trace: async (name, tensor) => {
                if (tensor) trace(name, { dims: tensor.dims, values: await runtime.read(tensor) });
              },
            }
          : {}),
      },
    );
    tell(options, { phase: "decode", fraction: 0.93 });
    signal.throwIfAborted();
    const { values, pixels } = await decode(latent);
    trace?.("image", {
      dims: [1, values.length / (size.drawn.width * size.drawn.height), size.drawn.height, size.drawn.width],
      values,
    });
    tell(options, { phase: "decode", fraction: 1 });
    return { pixels, seed, steps, guidance, scheduler: schedule.className, activeSteps: active, warnings };
  }

  /** The size asked for, and the next one that the autoencoder can draw. */
  #size(request: GenerateRequest, warnings: Warning[]): DrawnSize {
    const { multiple } = this.defaults;
    const [first] = request.controls;
    let { width, height } = request;
    if (width === undefined || height === undefined) {
      const ratio = first
        ? first.map.pixels.width / first.map.pixels.height
        : this.defaults.width / this.defaults.height;
      // One side given: the other follows the map. None given: the longer side is the model's own.
      const longest = Math.max(this.defaults.width, this.defaults.height);
      const round = (value: number) => Math.max(multiple, Math.round(value / multiple) * multiple);
      if (width !== undefined) height = round(width / ratio);
      else if (height !== undefined) width = round(height * ratio);
      else [width, height] = ratio >= 1 ? [longest, round(longest / ratio)] : [round(longest * ratio), longest];
    }
    const up = (side: number) => Math.ceil(side / multiple) * multiple;
    const asked = { width, height };
    const drawn = { width: up(width), height: up(height) };
    if (drawn.width !== width || drawn.height !== height)
      warnings.push({
        code: "size-rounded",
        message: `This model draws in steps of ${multiple} pixels: ${drawn.width}x${drawn.height} were drawn and cut back to ${width}x${height}.`,
        remedy: `Ask for sides that are multiples of ${multiple}.`,
      });
    return { asked, drawn };
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
    checkRequest(request);
    const { base, nets } = await this.fingerprints(options);
    const { writePng } = await import("./pictures/png-write.ts");
    const controls = request.controls.map((control) => {
      const name = this.#netFor(control);
      options.signal?.throwIfAborted();
      return { net: { name, fingerprint: nets[name] as string }, png: writePng(control.map.pixels) };
    });
    const device = describeDevice(await unlessAborted(this.#parts.runtime(), options.signal));
    return recipeOf(request, result, { model: { name: this.name, fingerprint: base }, controls, device });
  }

  async fingerprints(options: CallOptions = {}): Promise<Fingerprints> {
    const own = this.#stopping.signal;
    own.throwIfAborted();
    options.signal?.throwIfAborted();
    // Whoever stops waiting does not stop the others.
    if (!this.#fingerprints) {
      const found = this.#findFingerprints(own);
      this.#fingerprints = found;
      found.catch(() => {
        this.#fingerprints = null;
      });
    }
    return unlessAborted(this.#fingerprints, options.signal);
  }

  async #findFingerprints(signal: AbortSignal): Promise<Fingerprints> {
    const base = await fingerprintOf(this.#parts.base.source, { signal });
    const nets: [name: string, fingerprint: string][] = [];
    for (const [name, { source }] of this.#parts.nets) nets.push([name, await fingerprintOf(source, { signal })]);
    return { base, nets: Object.fromEntries(nets) };
  }

  async countTokens(prompt: string, options: CallOptions = {}): Promise<TokenCount> {
    this.#stopping.signal.throwIfAborted();
    options.signal?.throwIfAborted();
    if (!this.#text) throw new RangeError("The pipeline was not loaded.");
    const { tokenizer, length } = this.#text;
    const ids = tokenizer.encode(prompt);
    return { used: ids.length - 2, limit: length - 2, cut: tokenizer.pad(ids, length).cut };
  }

  runs(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    if (!this.#loaded) return counts;
    for (const [name, network] of this.#loaded.base.networks()) counts[name] = network.runs;
    for (const [name, net] of this.#loaded.nets)
      for (const [piece, network] of Object.entries(net.pieces)) counts[`${name}.${piece}`] = network.runs;
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
    if (loaded && !loaded.runtime.lost) {
      await loaded.base.release();
      for (const net of loaded.nets.values()) await net.release();
    }
    this.#parts.onDispose(this);
  }

  /** The same as `dispose`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const netsOf = (condition: string): readonly string[] =>
  builtInConditions.find(({ id }) => id === condition)?.nets ?? [];

const neverActive = (control: Control, steps: number): Warning => ({
  code: "control-inactive",
  message: `The control's range ${(control.range ?? [0, 1]).join(" to ")} holds none of the ${steps} steps, so it has no effect, as with weight 0.`,
  remedy: "Widen its range or take more steps.",
});

const promptCut = (half: "cond" | "uncond", cut: string, length: number): Warning => ({
  code: "prompt-cut",
  message: `The ${half === "cond" ? "prompt" : "negative prompt"} is longer than the ${length - 2} tokens that this model reads. Left out: "${cut}".`,
  remedy: "Shorten it, the most important words first.",
});

const negativeUnused = (guidance: number): Warning => ({
  code: "negative-unused",
  message: `With guidance ${guidance} the negative prompt has no say.`,
  remedy: "Set guidance above 1.",
});
