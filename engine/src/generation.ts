import { share, tell } from "./call.ts";
import { InfluenceMeter } from "./controlnet/influence.ts";
import type { LoadedNet } from "./controlnet/net.ts";
import { strengths } from "./controlnet/strength.ts";
import { contentKey } from "./core/content-key.ts";
import type { Pixels } from "./core/pixels.ts";
import { type Beginning, beginning } from "./diffusion/beginning.ts";
import { type Denoised, denoise, type PreparedControl, type TextStates } from "./diffusion/denoise.ts";
import type { Kept } from "./diffusion/kept.ts";
import { decodeLatent, toPixels } from "./diffusion/latent.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import { createNormals, parseSeed, randomSeed } from "./diffusion/random.ts";
import { samplerConfig } from "./diffusion/sampler.ts";
import { type EncodedText, encodeText } from "./diffusion/text.ts";
import { chooseSize, type DrawnSize } from "./drawn-size.ts";
import type { PipelineDefaults } from "./engine.ts";
import { residualLevels } from "./graph/index.ts";
import { type MeasuredControl, measureControls, type SeeingOptions } from "./measured.ts";
import { preflight } from "./preflight.ts";
import { prepareInit } from "./prepared-init.ts";
import { prepareMap } from "./prepared-map.ts";
import { prepareMask } from "./prepared-mask.ts";
import type { GenerateOptions, GenerateRequest, GenerateResult, Reused, Warning } from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";
import { maskedAway, negativeUnused, neverActive, promptCut } from "./request-warnings.ts";
import type { Runtime } from "./runtime/runtime.ts";

// One generation, on networks that are loaded: text, maps and schedule are prepared, the loop runs, the decoder draws, the
// result is held against its maps.

/** What a generation runs on. */
export interface GenerationParts {
  readonly runtime: Runtime;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
  readonly defaults: PipelineDefaults;
  /** What earlier generations left. */
  readonly kept: Kept;
  /** Bytes that all of it may take; what the runtime tells without it. */
  readonly memory: number | undefined;
  /** What sees in pictures, for maps that are seen by nets. */
  readonly seeing: Pick<SeeingOptions, "run" | "models">;
  /** The name of the net that reads a control's map. */
  netFor(control: GenerateRequest["controls"][number]): string;
}

type Options = GenerateOptions & { readonly signal: AbortSignal };

/** Draws one picture. The request's pictures must not change meanwhile. */
export async function runGeneration(
  parts: GenerationParts,
  request: GenerateRequest,
  warnings: Warning[],
  asked: Options,
): Promise<GenerateResult> {
  const options = lookingOn(asked);
  const { runtime, base, defaults, kept } = parts;
  const { signal, trace } = options;
  const steps = request.steps ?? defaults.steps;
  const guidance = request.guidance ?? defaults.guidance;
  const seed = request.seed === undefined ? randomSeed() : parseSeed(request.seed);
  const config = samplerConfig(request.sampler, base.model.scheduler);
  const size = chooseSize(request, defaults, warnings);
  const { strength = usualInitStrength } = request.init ?? { strength: 1 };
  preflight(parts, request, { size, steps: Math.max(1, Math.floor(steps * strength)), guided: guidance > 1 });

  tell(options, { phase: "encode", fraction: 0.01, what: "prompt" });
  const texts = await encodeTexts(parts, request, guidance > 1, warnings, options);
  const draw = createNormals(seed);
  const init = request.init && prepareInit(request.init, { size, factor: defaults.multiple, steps });
  if (init) {
    warnings.push(...init.warnings);
    tell(options, { phase: "encode", fraction: 0.015, what: "picture" });
  }
  const begin = await beginning(runtime, base, kept, {
    config,
    steps,
    init: init?.init,
    size,
    normals: (name, length) => options.noise?.(name, length) ?? draw(length),
    skipNormals: draw,
    noiseKey: options.noise ? `given ${crypto.randomUUID()}` : `seed ${seed}`,
    signal,
    ...(trace ? { trace } : {}),
  });
  const { schedule } = begin;
  const { controls, measured } = prepareControls(parts, request, { begin, size, guided: guidance > 1 }, warnings);
  const meter = options.influence ? new InfluenceMeter(runtime, request.controls.length, schedule.steps.length) : null;

  const factor = defaults.multiple;
  const shape = {
    channels: base.vae.config.latentChannels,
    height: size.drawn.height / factor,
    width: size.drawn.width / factor,
  };
  const decode = async (latent: Float32Array) => {
    const values = await decodeLatent(runtime, base.vae, latent, shape, { signal });
    return { values, pixels: toPixels(values, size.drawn, size.asked) };
  };
  const progress = share(options, 0.03, 0.93);
  const count = schedule.steps.length;
  const denoised = await denoise(
    runtime,
    base.unet,
    {
      ...begin,
      prediction: typeof config.prediction_type === "string" ? config.prediction_type : "epsilon",
      shape,
      conditional: texts.conditional,
      unconditional: texts.unconditional,
      context: base.text.length,
      guidance,
      rescale: request.guidanceRescale ?? 0,
      controls,
    },
    kept,
    {
      signal,
      everyStep: Boolean(trace || options.noise || meter),
      ...(meter ? { onAdded: (step, sums) => meter.observe(step, sums, { signal }) } : {}),
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
  const { pixels, known } = await drawnPicture(parts, denoised, size, decode, options);
  tell(options, { phase: "decode", fraction: 0.99 });
  const fidelity =
    options.measure === false
      ? request.controls.map(() => null)
      : await measureControls(measured, pixels, { ...parts.seeing, signal });
  tell(options, { phase: "decode", fraction: 1 });
  const reused: Reused = {
    text: texts.known,
    maps: denoised.knownMaps,
    steps: denoised.knownSteps,
    picture: known,
  };
  return {
    pixels,
    seed,
    steps,
    guidance,
    scheduler: schedule.className,
    activeSteps: controls.map(({ strengths }) => strengths.flatMap((strength, i) => (strength ? [i] : []))),
    fidelity,
    ...(meter ? { influence: meter.result(size) } : {}),
    reused,
    warnings,
  };
}

/** Whoever looks on gets copies: what is kept is nobody's to change. */
function lookingOn(options: Options): Options {
  const { trace } = options;
  if (!trace) return options;
  return { ...options, trace: (name, { dims, values }) => trace(name, { dims, values: values.slice() }) };
}

/** The texts as cross-attention reads them. */
async function encodeTexts(
  { runtime, base, defaults, kept }: GenerationParts,
  request: GenerateRequest,
  guided: boolean,
  warnings: Warning[],
  { signal, trace }: Options,
) {
  const known: Reused["text"][number][] = [];
  const skip = request.clipSkip ?? 0;
  const encoder = await base.textWithout(skip, { signal });
  const encode = async (half: "cond" | "uncond", prompt: string): Promise<TextStates> => {
    const key = `text ${skip} ${contentKey(prompt)}`;
    const found = await kept.take<EncodedText>(key, async () => {
      const value = await encodeText(runtime, encoder, prompt, { signal });
      return { value, bytes: value.states.byteLength };
    });
    const text = found.value;
    if (found.known) known.push(half === "cond" ? "prompt" : "negativePrompt");
    if (text.cut !== "") warnings.push(promptCut(half, text.cut, base.text.length));
    trace?.(`text.${half}.ids`, { dims: [1, text.ids.length], values: text.ids });
    trace?.(`text.${half}.states`, {
      dims: [1, base.text.length, base.text.config.width],
      values: text.states,
    });
    return { key, states: text.states };
  };
  const conditional = await encode("cond", request.prompt);
  const unconditional = guided ? await encode("uncond", request.negativePrompt ?? "") : null;
  if (!guided && request.negativePrompt)
    warnings.push(negativeUnused(request.guidance ?? defaults.guidance, defaults.guidance));
  return { conditional, unconditional, known };
}

/** The controls, ready to run, and what their maps are for whoever measures them. */
function prepareControls(
  { base, nets, netFor }: GenerationParts,
  request: GenerateRequest,
  { begin, size, guided }: { readonly begin: Beginning; readonly size: DrawnSize; readonly guided: boolean },
  warnings: Warning[],
): { readonly controls: readonly PreparedControl[]; readonly measured: readonly MeasuredControl[] } {
  const steps = begin.schedule.steps.length;
  const controls: PreparedControl[] = [];
  const measured: MeasuredControl[] = [];
  for (const [index, control] of request.controls.entries()) {
    const name = netFor(control);
    const net = nets.get(name);
    if (!net) throw new RangeError(`The net "${name}" is not loaded.`);
    const map = prepareMap(control, name, size, index, [...nets.keys()]);
    warnings.push(...(request.controls.length > 1 ? map.warnings.map((one) => ofControl(one, index)) : map.warnings));
    const masking = control.mask ? prepareMask(control.mask, size) : null;
    // White everywhere is the same as no mask, black everywhere the same as no control.
    const mask = masking?.reach === "part" ? masking : null;
    const levels = residualLevels(net.config);
    const found = strengths(control, { levels, steps, guided, globalPool: net.config.globalPool });
    const each = masking?.reach === "none" ? found.map(() => null) : found;
    if ((control.weight ?? 1) !== 0 && each.every((strength) => strength === null))
      warnings.push(masking?.reach === "none" ? maskedAway(index) : neverActive(control, index, steps, guided));
    controls.push({
      index,
      name,
      net,
      map: map.pixels,
      mapKey: contentKey(map.pixels.data),
      strengths: each,
      mask: mask && { key: contentKey(mask.data) },
      masks: mask && levels.map((level) => mask.at(level, base.vae.config)),
    });
    measured.push({
      map: control.map,
      fitted: map.fitted,
      kind: map.kind,
      acts: each.some(Boolean),
      ...(mask ? { mask: mask.asked } : {}),
    });
  }
  return { controls, measured };
}

/** A warning that says which of several controls it is about. */
const ofControl = (warning: Warning, index: number): Warning => ({
  ...warning,
  message: `Control ${index + 1}: ${warning.message}`,
});

/** The picture of a latent, decoded where it is not known. The caller's own copy. */
async function drawnPicture(
  { kept }: GenerationParts,
  { latents, key }: Denoised,
  { asked, drawn }: DrawnSize,
  decode: (latent: Float32Array) => Promise<{ readonly values: Float32Array; readonly pixels: Pixels }>,
  { trace }: Options,
): Promise<{ readonly pixels: Pixels; readonly known: boolean }> {
  const take = async () => {
    const { values, pixels } = await decode(latents);
    const { width, height } = drawn;
    trace?.("image", { dims: [1, values.length / (width * height), height, width], values });
    return { value: pixels, bytes: pixels.data.byteLength };
  };
  if (trace) return { pixels: (await take()).value, known: false };
  const { value, known } = await kept.take(`picture ${key} ${asked.width}x${asked.height}`, take);
  return { pixels: { ...value, data: value.data.slice() }, known };
}
