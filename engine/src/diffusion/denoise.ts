import { hintTensor, type LoadedNet } from "../controlnet/net.ts";
import type { ControlResiduals, Mixer } from "../controlnet/residuals.ts";
import { type TimeTable, timeTable } from "../controlnet/time-table.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { UnetConfig } from "../graph/index.ts";
import { disposeAll, type Network } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { type LatentShape, requireFinite } from "./latent.ts";
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
  readonly trace?: (name: string, dims: readonly number[], values: Float32Array) => void;
}

interface Running {
  readonly net: LoadedNet;
  readonly features: Tensor;
  readonly text: Record<string, Tensor>;
  readonly times: TimeTable;
  readonly control: PreparedControl;
}

/** Denoises one latent, [channels, height, width]. */
export async function denoise(
  runtime: Runtime,
  unet: LoadedUnet,
  request: DenoiseRequest,
  options: DenoiseOptions = {},
): Promise<Float32Array> {
  const { schedule, shape, unconditional, guidance } = request;
  const { signal, trace } = options;
  const run = signal ? { signal } : {};
  const batch = unconditional ? 2 : 1;
  const { channels, height, width } = shape;
  const size = channels * height * width;
  const extent = { batch, height, width, context: request.context };
  const kept: Tensor[] = [];
  const keep = <T extends Record<string, Tensor>>(tensors: T): T => {
    kept.push(...Object.values(tensors));
    return tensors;
  };

  try {
    const states = keep({ states: textTensor(runtime, unet.config.contextWidth, request) });
    const text = keep(await unet.pieces.kv.run(states, extent, run));
    const times = await timeTable(runtime, unet.pieces.temb, unet.config, schedule.timesteps, run);
    const running: Running[] = [];
    for (const [k, control] of request.controls.entries()) {
      // A control that never steers, or with no strength, is the same as none: its net does not run at all.
      if (control.active.length === 0 || control.weight === 0) continue;
      const { net, map } = control;
      const hint = keep({ map: hintTensor(runtime, net.config, map) });
      const { features } = keep(
        await net.pieces.hint.run(hint, { batch: 1, height: map.height, width: map.width }, run),
      );
      if (!features) throw new RangeError("The hint graph gave no features.");
      if (trace) trace(`control.${k}.features`, features.dims, await runtime.read(features));
      running.push({
        net,
        features,
        text: keep(await net.pieces.kv.run(states, extent, run)),
        times: await timeTable(runtime, net.pieces.temb, net.config, schedule.timesteps, run),
        control,
      });
      options.onPrepared?.((k + 1) / request.controls.length);
    }

    let latents = request.normals("initial", size).map((value) => value * schedule.initialNoiseScale);
    let memory = noMemory;
    trace?.("timesteps", [schedule.timesteps.length], Float32Array.from(schedule.timesteps));
    if (schedule.sigmas) trace?.("sigmas", [schedule.sigmas.length], Float32Array.from(schedule.sigmas));
    trace?.("latents.start", [1, channels, height, width], latents);

    for (const [i, at] of schedule.steps.entries()) {
      signal?.throwIfAborted();
      const doubled = new Float32Array(batch * size);
      for (let n = 0; n < size; n++) doubled[n] = (latents[n] ?? 0) * at.inputScale;
      if (batch === 2) doubled.copyWithin(size, 0, size);
      if (i === 0) trace?.("unet.input", [1, channels, height, width], doubled.subarray(0, size));
      const latent = runtime.tensor(runtime.precision, [batch, channels, height, width], doubled);
      const ours: Tensor[] = [latent];
      let output: Float32Array;
      try {
        const row = times.row(i);
        ours.push(...Object.values(row));
        const residuals: ControlResiduals[] = [];
        const traced: { k: number; at: number }[] = [];
        for (const one of running) {
          const { net, control } = one;
          if (!control.active.includes(i)) continue;
          const netRow = one.times.row(i);
          ours.push(...Object.values(netRow));
          const found = await net.pieces.control.run(
            { latent, features: one.features, ...one.text, ...netRow },
            extent,
            run,
          );
          ours.push(...Object.values(found));
          const k = request.controls.indexOf(control);
          if (trace && control.active[0] === i) {
            traced.push({ k, at: residuals.length });
            for (const [j, name] of net.names.entries()) {
              const raw = found[name];
              if (raw) trace(`control.${k}.raw.${j}`, raw.dims, await runtime.read(raw));
            }
          }
          const scales = new Float32Array(batch).fill(control.weight);
          residuals.push({ residuals: found, scales, globalPool: net.config.globalPool });
        }
        const skips = await unet.pieces.encoder.run({ latent, ...text, ...row }, extent, run);
        ours.push(...Object.values(skips));
        let sums = skips;
        if (residuals.length > 0) {
          const mixed = await unet.mixer.add(skips, residuals, extent, { scaled: traced.length > 0, ...run });
          ours.push(...Object.values(mixed.sums), ...Object.values(mixed.scaled));
          sums = mixed.sums;
          for (const { k, at: order } of traced)
            for (const [j, name] of (request.controls[k]?.net.names ?? []).entries()) {
              const scaled = mixed.scaled[`scaled.${order}.${name}`];
              if (scaled) trace?.(`control.${k}.scaled.${j}`, scaled.dims, await runtime.read(scaled));
            }
        }
        const { prediction } = await unet.pieces.decoder.run({ ...sums, ...text, ...row }, extent, run);
        if (!prediction) throw new RangeError("The decoder gave no prediction.");
        ours.push(prediction);
        output = await runtime.read(prediction);
      } finally {
        disposeAll(ours);
      }
      requireFinite(output, `the prediction of step ${i + 1} of ${schedule.steps.length}`);
      const guided = guide(output, size, guidance, unconditional !== null);
      if (trace && i === 0) {
        const dims = [1, channels, height, width];
        if (unconditional) trace("unet.uncond", dims, output.subarray(0, size));
        trace("unet.cond", dims, output.subarray(output.length - size));
        trace("unet.guided", dims, guided);
      }
      const noise = at.next.noise === 0 ? {} : { noise: request.normals(`step.${i}`, size) };
      const next = step(schedule, i, { latents, output: guided, memory, ...noise });
      const before = latents;
      latents = next.latents as Float32Array<ArrayBuffer>;
      memory = next.memory;
      trace?.(`latents.${i}`, [1, channels, height, width], latents);
      options.onStep?.(i, () => clean(before, guided, at, request.prediction));
    }
    requireFinite(latents, "the latent");
    trace?.("latents.final", [1, channels, height, width], latents);
    return latents;
  } finally {
    disposeAll(kept);
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

/** Classifier-free guidance: the unconditional row comes first. */
function guide(output: Float32Array, size: number, guidance: number, both: boolean): Float32Array {
  if (!both) return output;
  const guided = new Float32Array(size);
  for (let n = 0; n < size; n++) {
    const unconditional = output[n] ?? 0;
    guided[n] = unconditional + guidance * ((output[size + n] ?? 0) - unconditional);
  }
  return guided;
}

function textTensor(runtime: Runtime, width: number, request: DenoiseRequest): Tensor {
  const { conditional, unconditional, context } = request;
  if (conditional.length !== context * width)
    throw new UnderdrawError(
      "model-incompatible",
      `The text encoder gives states of ${conditional.length / context} numbers, and the UNet reads ${width}: they are not of one model. Take both from the same checkpoint.`,
      { id: "text_encoder", expected: `${width}`, actual: `${conditional.length / context}` },
    );
  const rows = unconditional ? [unconditional, conditional] : [conditional];
  const values = new Float32Array(rows.length * context * width);
  for (const [n, row] of rows.entries()) values.set(row, n * context * width);
  return runtime.tensor(runtime.precision, [rows.length, context, width], values);
}
