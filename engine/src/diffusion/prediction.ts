import { type ControlResiduals, controlSums, halvesOf, scaledResidual } from "../controlnet/residuals.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import type { DenoiseOptions, DenoiseRequest, LoadedUnet } from "./denoise.ts";
import type { HoistedRun, RunningControl } from "./hoisted-run.ts";
import { orderOf } from "./trajectory.ts";

// One step of the networks: each ControlNet that is active, the encoder, the sum, the decoder.

/** What a step begins with. */
export interface StepStart {
  /** Its number among the executed steps. */
  readonly step: number;
  /** One latent, scaled as the schedule wants it: [channels, height, width]. */
  readonly latent: Float32Array;
  readonly request: DenoiseRequest;
}

/** The UNet's prediction, [batch, channels, height, width]; with guidance the half without the prompt is the first row. */
export async function predict(
  runtime: Runtime,
  unet: LoadedUnet,
  hoisted: HoistedRun,
  { step, latent, request }: StepStart,
  options: DenoiseOptions,
): Promise<Float32Array> {
  const { channels, height, width } = request.shape;
  const run = options.signal ? { signal: options.signal } : {};
  const guided = request.unconditional !== null;
  const halves = halvesOf(guided);
  const extentOf = (batch: number) => ({ batch, height, width, context: request.context });
  const ours: Tensor[] = [];
  const own = <T extends Record<string, Tensor>>(tensors: T): T => {
    ours.push(...Object.values(tensors));
    return tensors;
  };
  // One row for both halves of guidance: what they share is computed once.
  const uploaded = (row: Float32Array, depth: number): Tensor =>
    own({ latent: runtime.tensor(runtime.precision, [1, depth, height, width], row) }).latent;
  try {
    const plain = uploaded(latent, channels);
    const residuals: ControlResiduals[] = [];
    for (const running of hoisted.controls) {
      const strength = running.control.strengths[step];
      if (!strength) continue;
      const { net, index, masks } = running.control;
      const feeds = {
        latent: plain,
        features: running.features,
        ...running.text,
        ...own(running.times.row(step)),
      };
      const found = own(await net.pieces.control.run(feeds, extentOf(running.halves.length), run));
      const order = orderOf(running.control, strength);
      const { globalPool } = net.config;
      residuals.push({ index, order, residuals: found, halves: running.halves, strength, masks, globalPool });
      if (isFirst(running, step))
        await traceResiduals(runtime, residuals.at(-1) as ControlResiduals, net.names, options);
    }
    const { extra } = request;
    // ControlNets without a say in what is repainted read the latent alone.
    const input = extra ? uploaded(joined(latent, extra.values), channels + extra.channels) : plain;
    const shared = { ...hoisted.text, ...own(hoisted.times.row(step)) };
    let sums = own(await unet.pieces.encoder.run({ latent: input, ...shared }, extentOf(halves.length), run));
    if (residuals.length > 0) {
      const added = controlSums(unet.names, sums, residuals, guided);
      const tensors = await runtime.addScaled(added, run);
      sums = own(Object.fromEntries(unet.names.map((name, j) => [name, tensors[j] as Tensor])));
      await options.onAdded?.(step, added);
    }
    const { prediction } = own(await unet.pieces.decoder.run({ ...sums, ...shared }, extentOf(halves.length), run));
    if (!prediction) throw new RangeError("The decoder gave no prediction.");
    return await runtime.read(prediction);
  } finally {
    disposeAll(ours);
  }
}

/** Whether a step is the first in which a control acts: what is traced of it is from there. */
const isFirst = ({ control }: RunningControl, step: number): boolean => control.strengths.findIndex(Boolean) === step;

async function traceResiduals(
  runtime: Runtime,
  control: ControlResiduals,
  names: readonly string[],
  options: DenoiseOptions,
): Promise<void> {
  if (!options.trace) return;
  for (const [j, name] of names.entries()) {
    await options.trace(`control.${control.index}.raw.${j}`, control.residuals[name]);
    const scaled = await scaledResidual(runtime, control, name, j);
    if (scaled) options.traceValues?.(`control.${control.index}.scaled.${j}`, scaled.dims, scaled.values);
  }
}

function joined(one: Float32Array, other: Float32Array): Float32Array {
  const both = new Float32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
