import type { LoadedNet } from "../controlnet/net.ts";
import type { ControlTerm } from "../controlnet/residuals.ts";
import type { StepStrength } from "../controlnet/strength.ts";
import type { Pixels } from "../core/pixels.ts";
import type { UnetConfig } from "../graph/index.ts";
import type { Network } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { type HoistedRun, hoist } from "./hoisted-run.ts";
import type { Kept } from "./kept.ts";
import { type LatentShape, requireFinite } from "./latent.ts";
import { predict } from "./prediction.ts";
import { noMemory, type Schedule, step } from "./schedule.ts";
import { keepStep, lastKnown, stepKeys } from "./trajectory.ts";

// The loop: from noise to a latent, one picture. What depends on the text, the maps or the schedule alone is computed
// before it; inside run the ControlNets, the encoder, the sum and the decoder. Latents, guidance and the sampler's
// arithmetic are float32 on the CPU: a latent is small, and the numbers are the same on every device.

/** A UNet, loaded in the pieces that run apart. */
export interface LoadedUnet {
  readonly config: UnetConfig;
  readonly pieces: Readonly<Record<"kv" | "temb" | "encoder" | "decoder", Network>>;
  /** The names of what the encoder gives and controls add to, in network order, the middle last. */
  readonly names: readonly string[];
}

/** A text as cross-attention reads it, with a key of what it depends on. */
export interface TextStates {
  readonly key: string;
  /** [context, width] */
  readonly states: Float32Array;
}

/** A control that is ready to run. */
export interface PreparedControl {
  /** Its number among the request's controls. */
  readonly index: number;
  /** The net's name in its pipeline. */
  readonly name: string;
  readonly net: LoadedNet;
  /** Of the size that is drawn. */
  readonly map: Pixels;
  /** A key of the map's pixels. */
  readonly mapKey: string;
  /** Its strength in each executed step; null where it does not act. */
  readonly strengths: readonly (StepStrength | null)[];
  /** Where it acts, and a key of that; null everywhere. */
  readonly mask: { readonly key: string } | null;
  /** The mask at the sides of each residual, in network order; null without one. */
  readonly masks: readonly Float32Array[] | null;
}

/** What the loop needs to know. */
export interface DenoiseRequest {
  /** The steps that are executed. */
  readonly schedule: Schedule;
  /** What the UNet predicts: "epsilon", "v_prediction" or "sample". */
  readonly prediction: string;
  /** Of the latent; what an inpainting UNet reads besides it is in `extra`. */
  readonly shape: LatentShape;
  readonly conditional: TextStates;
  /** Null where guidance does not act. */
  readonly unconditional: TextStates | null;
  readonly context: number;
  readonly guidance: number;
  /** Share of the guided prediction that is brought back to the deviation of the conditional one. */
  readonly rescale: number;
  readonly controls: readonly PreparedControl[];
  /** The first latents, and a key of what they depend on. */
  readonly start: { readonly key: string; readonly latents: Float32Array };
  /** Channels that a UNet for inpainting reads behind the latent in every step. */
  readonly extra?: { readonly key: string; readonly channels: number; readonly values: Float32Array };
  /** Brings what must not change back after a step, in place: `latents` are those after step i. */
  readonly repaint?: { readonly key: string; apply(latents: Float32Array, step: number): void };
  /** Standard normals that a step draws, and what they come from. Asked for in the order of the steps, each once. */
  readonly normals: (name: string, length: number) => Float32Array;
  readonly noiseKey: string;
}

/** Who looks on. */
export interface DenoiseOptions {
  readonly signal?: AbortSignal;
  /** Called after each step; `promised` gives the clean latent that the step's prediction promises. */
  readonly onStep?: (step: number, promised: () => Float32Array) => void;
  readonly onPrepared?: (share: number) => void;
  /** Hears what was added to what in a step, while the tensors are there. */
  readonly onAdded?: (
    step: number,
    sums: readonly { readonly base: Tensor; readonly terms: readonly ControlTerm[] }[],
  ) => Promise<void>;
  /** Whether every step is computed, whatever is known. */
  readonly everyStep?: boolean;
  /** Sees a tensor on its way, where it lies. */
  readonly trace?: (name: string, tensor: Tensor | undefined) => Promise<void>;
  /** Sees numbers that are on the CPU anyway. */
  readonly traceValues?: (name: string, dims: readonly number[], values: Float32Array) => void;
}

/** What the loop gives. */
export interface Denoised {
  /** [channels, height, width] */
  readonly latents: Float32Array;
  /** A key of all that they depend on. */
  readonly key: string;
  /** How many steps were known. */
  readonly knownSteps: number;
  /** The numbers of the controls that act and whose features were known, or not needed any more. */
  readonly knownMaps: readonly number[];
}

/** Denoises one latent. What is computed on the way is kept for later. */
export async function denoise(
  runtime: Runtime,
  unet: LoadedUnet,
  request: DenoiseRequest,
  kept: Kept,
  options: DenoiseOptions = {},
): Promise<Denoised> {
  const { schedule, unconditional } = request;
  const { channels, height, width } = request.shape;
  const size = channels * height * width;
  const dims = [1, channels, height, width];
  const see = options.traceValues;
  const keys = stepKeys(request);
  const known = options.everyStep ? null : lastKnown(kept, keys);
  let latents = known?.passed.latents ?? request.start.latents;
  let memory = known?.passed.memory ?? noMemory;
  see?.("timesteps", [schedule.timesteps.length], Float32Array.from(schedule.timesteps));
  if (schedule.sigmas) see?.("sigmas", [schedule.sigmas.length], Float32Array.from(schedule.sigmas));
  see?.("latents.start", dims, latents);
  let hoisted: HoistedRun | null = null;
  for (const [i, at] of schedule.steps.entries()) {
    // Random numbers come in their order, whether their step is known or not.
    const noise = at.next.noise === 0 ? {} : { noise: request.normals(`step.${i}`, size) };
    if (known && i <= known.step) continue;
    options.signal?.throwIfAborted();
    hoisted ??= await hoist(runtime, unet, { ...request, from: i }, kept, options);
    const scaled = latents.map((value) => value * at.inputScale);
    if (i === 0)
      see?.(
        "unet.input",
        request.extra ? [1, channels + request.extra.channels, height, width] : dims,
        seen(scaled, request),
      );
    const output = await predict(runtime, unet, hoisted, { step: i, latent: scaled, request }, options);
    requireFinite(output, `the prediction of step ${i + 1} of ${schedule.steps.length}`);
    const guided = unconditional ? guide(output, size, request) : output;
    if (i === 0) {
      if (unconditional) see?.("unet.uncond", dims, output.subarray(0, size));
      see?.("unet.cond", dims, output.subarray(output.length - size));
      see?.("unet.guided", dims, guided);
    }
    const before = latents;
    ({ latents, memory } = step(schedule, i, { latents, output: guided, memory, ...noise }));
    request.repaint?.apply(latents, i);
    see?.(`latents.${i}`, dims, latents);
    keepStep(kept, keys[i], { schedule, step: i }, { latents, memory });
    options.onStep?.(i, () => clean(before, guided, at, request.prediction));
  }
  requireFinite(latents, "the latent");
  see?.("latents.final", dims, latents);
  const made = new Set(hoisted?.made);
  const acting = request.controls.filter(({ strengths }) => strengths.some(Boolean));
  const knownMaps = acting.flatMap(({ index }) => (made.has(index) ? [] : [index]));
  return { latents, key: keys.at(-1) ?? "", knownSteps: known ? known.step + 1 : 0, knownMaps };
}

/** What the UNet reads of one picture. */
function seen(latent: Float32Array, { extra }: DenoiseRequest): Float32Array {
  return extra ? Float32Array.of(...latent, ...extra.values) : latent;
}

/**
 * The clean latent that a step's output promises. In the variance-preserving scale a noisy latent is
 * `alpha x clean + sigma x noise` with `alpha^2 + sigma^2 = 1`; a step's input scale leads there. (Not so the noise that
 * a picture is brought to a step with: second rows of a step stand between two levels.)
 */
function clean(
  latents: Float32Array,
  output: Float32Array,
  at: Schedule["steps"][number],
  prediction: string,
): Float32Array {
  if (prediction === "sample") return output;
  const alpha = at.noised.clean * at.inputScale;
  const sigma = Math.sqrt(1 - alpha * alpha);
  const [sample, factor] = prediction === "v_prediction" ? [alpha, -sigma] : [1 / alpha, -sigma / alpha];
  return latents.map((value, n) => sample * value * at.inputScale + factor * (output[n] ?? 0));
}

/**
 * Classifier-free guidance on two rows, the unconditional one first. `rescale` brings that share of the result back to the
 * deviation of the conditional prediction (Lin et al., arXiv 2305.08891, 3.4; diffusers' `guidance_rescale`).
 */
function guide(output: Float32Array, size: number, { guidance, rescale }: DenoiseRequest): Float32Array {
  const guided = new Float32Array(size);
  for (let n = 0; n < size; n++) {
    const unconditional = output[n] ?? 0;
    guided[n] = unconditional + guidance * ((output[size + n] ?? 0) - unconditional);
  }
  if (rescale === 0) return guided;
  const ratio = deviation(output.subarray(size)) / deviation(guided);
  return guided.map((value) => rescale * value * ratio + (1 - rescale) * value);
}

function deviation(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length - 1)); // as torch.std: the ratio does not see it
}
