import type { LoadedNet } from "../controlnet/net.ts";
import type { Mixer } from "../controlnet/residuals.ts";
import type { Pixels } from "../core/pixels.ts";
import type { UnetConfig } from "../graph/index.ts";
import type { Network } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { hoist } from "./hoisted-run.ts";
import { type LatentShape, requireFinite } from "./latent.ts";
import { predict } from "./prediction.ts";
import { noMemory, type Schedule, step } from "./schedule.ts";

// The loop: from noise to a latent, one picture. What depends on the text, the maps or the schedule alone is computed
// before it; inside run the ControlNets, the encoder, the sum and the decoder. Latents, guidance and the sampler's
// arithmetic are float32 on the CPU: a latent is small, and the numbers are the same on every device.

/** A UNet, loaded in the pieces that run apart. */
export interface LoadedUnet {
  readonly config: UnetConfig;
  readonly pieces: Readonly<Record<"kv" | "temb" | "encoder" | "decoder", Network>>;
  readonly mixer: Mixer;
}

/** A control that is ready to run. */
export interface PreparedControl {
  readonly net: LoadedNet;
  /** Of the size that is drawn. */
  readonly map: Pixels;
  readonly weight: number;
  /** The steps in which it steers. */
  readonly active: readonly number[];
}

/** What the loop needs to know. */
export interface DenoiseRequest {
  readonly schedule: Schedule;
  /** What the UNet predicts: "epsilon", "v_prediction" or "sample". */
  readonly prediction: string;
  readonly shape: LatentShape;
  /** Text states [length, width] of the prompt, and of the negative prompt where guidance acts. */
  readonly conditional: Float32Array;
  readonly unconditional: Float32Array | null;
  readonly context: number;
  readonly guidance: number;
  readonly controls: readonly PreparedControl[];
  /** Standard normals: the start, and what a step draws. */
  readonly normals: (name: string, length: number) => Float32Array;
}

/** Who looks on. */
export interface DenoiseOptions {
  readonly signal?: AbortSignal;
  /** Called after each step; `promised` gives the clean latent that the step's prediction promises. */
  readonly onStep?: (step: number, promised: () => Float32Array) => void;
  readonly onPrepared?: (share: number) => void;
  /** Sees a tensor on its way, where it lies. */
  readonly trace?: (name: string, tensor: Tensor | undefined) => Promise<void>;
  /** Sees numbers that are on the CPU anyway. */
  readonly traceValues?: (name: string, dims: readonly number[], values: Float32Array) => void;
}

/** Denoises one latent, [channels, height, width]. */
export async function denoise(
  runtime: Runtime,
  unet: LoadedUnet,
  request: DenoiseRequest,
  options: DenoiseOptions = {},
): Promise<Float32Array> {
  const { schedule, unconditional, guidance } = request;
  const { channels, height, width } = request.shape;
  const size = channels * height * width;
  const dims = [1, channels, height, width];
  const see = options.traceValues;
  const hoisted = await hoist(runtime, unet, request, options);
  try {
    let latents: Float32Array = request.normals("initial", size).map((value) => value * schedule.initialNoiseScale);
    let memory = noMemory;
    see?.("timesteps", [schedule.timesteps.length], Float32Array.from(schedule.timesteps));
    if (schedule.sigmas) see?.("sigmas", [schedule.sigmas.length], Float32Array.from(schedule.sigmas));
    see?.("latents.start", dims, latents);
    for (const [i, at] of schedule.steps.entries()) {
      options.signal?.throwIfAborted();
      const scaled = new Float32Array(unconditional ? 2 * size : size);
      for (let n = 0; n < size; n++) scaled[n] = (latents[n] ?? 0) * at.inputScale;
      if (unconditional) scaled.copyWithin(size, 0, size);
      if (i === 0) see?.("unet.input", dims, scaled.subarray(0, size));
      const output = await predict(runtime, unet, hoisted, { step: i, latent: scaled, request }, options);
      requireFinite(output, `the prediction of step ${i + 1} of ${schedule.steps.length}`);
      const guided = unconditional ? guide(output, size, guidance) : output;
      if (i === 0) {
        if (unconditional) see?.("unet.uncond", dims, output.subarray(0, size));
        see?.("unet.cond", dims, output.subarray(output.length - size));
        see?.("unet.guided", dims, guided);
      }
      const before = latents;
      const noise = at.next.noise === 0 ? {} : { noise: request.normals(`step.${i}`, size) };
      ({ latents, memory } = step(schedule, i, { latents, output: guided, memory, ...noise }));
      see?.(`latents.${i}`, dims, latents);
      options.onStep?.(i, () => clean(before, guided, at, request.prediction));
    }
    requireFinite(latents, "the latent");
    see?.("latents.final", dims, latents);
    return latents;
  } finally {
    hoisted.dispose();
  }
}

/**
 * The clean latent that a step's output promises. In the variance-preserving scale a noisy latent is
 * `alpha x clean + sigma x noise` with `alpha^2 + sigma^2 = 1`; a step's input scale leads there.
 */
function clean(
  latents: Float32Array,
  output: Float32Array,
  at: Schedule["steps"][number],
  prediction: string,
): Float32Array {
  if (prediction === "sample") return output;
  const alpha = at.noised.clean * at.inputScale;
  const sigma = at.noised.noise * at.inputScale;
  const [sample, factor] = prediction === "v_prediction" ? [alpha, -sigma] : [1 / alpha, -sigma / alpha];
  return latents.map((value, n) => sample * value * at.inputScale + factor * (output[n] ?? 0));
}

/** Classifier-free guidance on two rows, the unconditional one first. */
function guide(output: Float32Array, size: number, guidance: number): Float32Array {
  const guided = new Float32Array(size);
  for (let n = 0; n < size; n++) {
    const unconditional = output[n] ?? 0;
    guided[n] = unconditional + guidance * ((output[size + n] ?? 0) - unconditional);
  }
  return guided;
}
