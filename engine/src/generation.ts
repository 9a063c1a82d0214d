import { share, tell } from "./call.ts";
import { InfluenceMeter } from "./controlnet/influence.ts";
import type { LoadedNet } from "./controlnet/net.ts";
import { strengths } from "./controlnet/strength.ts";
import { contentKey } from "./core/content-key.ts";
import type { Pixels } from "./core/pixels.ts";
import { type Beginning, beginning } from "./diffusion/beginning.ts";
import { denoise, type PreparedControl } from "./diffusion/denoise.ts";
import type { Kept } from "./diffusion/kept.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import { openNoise } from "./diffusion/noise.ts";
import type { LoadedTinyVae } from "./diffusion/preview.ts";
import { parseSeed, randomSeed } from "./diffusion/random.ts";
import { samplerConfig } from "./diffusion/sampler.ts";
import { createSchedule } from "./diffusion/scheduler.ts";
import { chooseSize, type DrawnSize } from "./drawn-size.ts";
import type { PipelineDefaults } from "./engine.ts";
import { residualLevels } from "./graph/index.ts";
import { type MeasuredControl, measureControls, type SeeingOptions } from "./measured.ts";
import { parkFor } from "./parked-parts.ts";
import { pictureDecoder } from "./picture-decoder.ts";
import { preflight, thriftWarnings } from "./preflight.ts";
import { prepareInit } from "./prepared-init.ts";
import { prepareMap } from "./prepared-map.ts";
import { prepareMask } from "./prepared-mask.ts";
import { prepareText, readPrompts } from "./prepared-text.ts";
import type { GenerateOptions, GenerateRequest, GenerateResult, Reused, Warning } from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";
import { batchUnused, maskedAway, neverActive } from "./request-warnings.ts";
import type { Runtime } from "./runtime/runtime.ts";

// One generation, on networks that are loaded: text, maps and schedule are prepared, the loop runs, the decoder draws, the
// result is held against its maps.

/** What a generation runs on. */
export interface GenerationParts {
  readonly runtime: Runtime;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
  /** Draws previews; null where no tiny VAE was given. */
  readonly previews: LoadedTinyVae | null;
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
  if (request.rng === "cuda" && request.batch && request.batch.size > 1) warnings.push(batchUnused(request.batch));
  const { strength = usualInitStrength } = request.init ?? { strength: 1 };
  const prompts = readPrompts(base.text, request, guidance > 1);
  const { context } = prompts;
  const schedule = createSchedule(config, steps, { strength });
  const plan = preflight(parts, request, { size, steps: schedule.steps.length, guided: guidance > 1, context });

  const init = request.init && prepareInit(request.init, { size, factor: defaults.multiple, steps });
  if (init) warnings.push(...init.warnings);
  if (init?.unchanged)
    return asItWas(init.unchanged, request, { seed, steps, guidance, scheduler: schedule.className, warnings });
  const { tiles } = plan;
  warnings.push(...thriftWarnings(plan));
  tell(options, { phase: "encode", fraction: 0.01, what: "prompt" });
  await parkFor("text", plan.thrift, parts);
  const texts = await prepareText(parts, request, prompts, warnings, options);
  if (init) {
    tell(options, { phase: "encode", fraction: 0.015, what: "picture" });
    await parkFor("picture", plan.thrift, parts);
  }
  const factor = defaults.multiple;
  const shape = {
    channels: base.vae.config.latentChannels,
    height: size.drawn.height / factor,
    width: size.drawn.width / factor,
  };
  const noise = openNoise({
    seed,
    rng: request.rng ?? "torch",
    variation: request.variation && { ...request.variation, seed: parseSeed(request.variation.seed) },
    batch: request.batch,
    shape,
  });
  const begin = await beginning(runtime, base, kept, {
    schedule,
    init: init?.init,
    size,
    tiles: tiles.encoder,
    onTile: (done, of) => {
      if (of > 1) tell(options, { phase: "encode", fraction: 0.015 + (0.005 * done) / of, what: "picture" });
    },
    normals: (name, length) => options.noise?.(name, length) ?? noise.draw(name, length),
    skipNormals: noise.skip,
    noiseKey: options.noise ? `given ${crypto.randomUUID()}` : noise.key,
    signal,
    ...(trace ? { trace } : {}),
  });
  const { controls, measured } = prepareControls(parts, request, { begin, size, guided: guidance > 1 }, warnings);
  const meter = options.influence ? new InfluenceMeter(runtime, request.controls.length, schedule.steps.length) : null;

  const { previews } = parts;
  const decoder = pictureDecoder({ runtime, base, previews, kept, shape, size, tiles: tiles.decoder }, options);
  const progress = share(options, 0.03, 0.93);
  const count = schedule.steps.length;
  await parkFor("steps", plan.thrift, parts);
  const denoised = await denoise(
    runtime,
    base.unet,
    {
      ...begin,
      prediction: typeof config.prediction_type === "string" ? config.prediction_type : "epsilon",
      shape,
      conditional: texts.conditional,
      unconditional: texts.unconditional,
      context,
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
          preview: async () => {
            const pixels = await decoder.preview(promised());
            return init ? init.finished(pixels) : pixels;
          },
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
  await parkFor("decode", plan.thrift, parts);
  const { pixels: drawn, known } = await decoder.picture(denoised);
  const pixels = init ? init.finished(drawn) : drawn;
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

/** The result where nothing may change: the picture itself, and no step. */
function asItWas(
  picture: Pixels,
  request: GenerateRequest,
  told: Pick<GenerateResult, "seed" | "steps" | "guidance" | "scheduler" | "warnings">,
): GenerateResult {
  return {
    pixels: { ...picture, data: picture.data.slice() },
    ...told,
    activeSteps: request.controls.map(() => []),
    fidelity: request.controls.map(() => null),
    reused: { text: [], maps: [], steps: 0, picture: false },
  };
}

/** Whoever looks on gets copies: what is kept is nobody's to change. */
function lookingOn(options: Options): Options {
  const { trace } = options;
  if (!trace) return options;
  return { ...options, trace: (name, { dims, values }) => trace(name, { dims, values: values.slice() }) };
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
