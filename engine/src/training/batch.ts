import type { LatentShape } from "../diffusion/latent.ts";
import { alphaBars } from "../diffusion/noise-levels.ts";
import type { UnetConfig, VaeConfig } from "../graph/config.ts";
import { sinusoids } from "../graph/sinusoid.ts";
import type { BaseModel } from "../models/base.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { normalsAt, shuffledAt, uniformsAt } from "./random-stream.ts";
import type { FullSettings } from "./settings.ts";
import type { TrainingData } from "./training-data.ts";

// What one run of the step's graph reads: which pairs, at which timesteps, with which noise and which words, and what their
// prediction should be. All of it follows from the seed and the numbers of step and batch.

/** The noise that a base was trained with. */
export interface TrainedNoise {
  /** Share of the picture that is left at each timestep. */
  readonly bars: Float64Array;
  readonly prediction: "epsilon" | "v_prediction" | "sample";
}

/** The noise of a base. */
export const trainedNoiseOf = ({ scheduler, prediction }: BaseModel): TrainedNoise => ({
  bars: alphaBars(scheduler),
  prediction: prediction.type,
});

/** What batches are made of. */
export interface BatchSource {
  readonly runtime: Runtime;
  readonly data: Pick<TrainingData, "take" | "states">;
  readonly unet: UnetConfig;
  readonly vae: VaeConfig;
  readonly noise: TrainedNoise;
  readonly latent: LatentShape;
  readonly context: number;
  /** Of the maps. Pixels. */
  readonly width: number;
  readonly height: number;
}

/** One row of a batch. */
export interface BatchRow {
  /** The number of the pair. */
  readonly pair: number;
  readonly variant: number;
  readonly timestep: number;
  readonly isEmpty: boolean;
  /** What its noise follows from. */
  readonly place: string;
}

/** The rows of a batch of a run: `at` counts batches from 0, those that make one step together too. */
export function rowsOf(
  at: number,
  size: number,
  pairs: readonly number[],
  { variants, timesteps }: { readonly variants: number; readonly timesteps: number },
  { seed, emptyPrompts }: Pick<FullSettings, "seed" | "emptyPrompts">,
): BatchRow[] {
  const orders = new Map<number, readonly number[]>();
  return Array.from({ length: size }, (_, n) => {
    const number = at * size + n;
    const epoch = Math.floor(number / pairs.length);
    const order = orders.get(epoch) ?? shuffledAt(seed, `epoch ${epoch}`, pairs.length);
    orders.set(epoch, order);
    const place = `row ${number}`;
    const next = uniformsAt(seed, place);
    return {
      pair: pairs[order[number % pairs.length] as number] as number,
      variant: Math.floor(next() * variants),
      timestep: Math.floor(next() * timesteps),
      isEmpty: next() < emptyPrompts,
      place,
    };
  });
}

/** The tensors of a batch, which are the caller's. `scale` is how much of the net acts: 1, or 0 for the base alone. */
export async function batchTensors(
  source: BatchSource,
  rows: readonly BatchRow[],
  { seed, scale = 1, signal }: { readonly seed: number; readonly scale?: number; readonly signal?: AbortSignal },
): Promise<Record<string, Tensor>> {
  const values = await batchNumbers(source, rows, { seed, ...(signal ? { signal } : {}) });
  const { unet, latent, context, width, height, runtime } = source;
  const count = rows.length;
  const sides = [count, latent.channels, latent.height, latent.width];
  const numbers: Readonly<Record<string, readonly [dims: readonly number[], values: Float32Array]>> = {
    latent: [sides, values.latent],
    target: [sides, values.target],
    map: [[count, 3, height, width], values.map],
    states: [[count, context, unet.contextWidth], values.states],
    sinusoid: [
      [count, unet.channels[0] ?? 0],
      sinusoids(
        rows.map(({ timestep }) => timestep),
        unet,
      ),
    ],
    scale: [[count, 1, 1, 1], new Float32Array(count).fill(scale)],
  };
  const made: Record<string, Tensor> = {};
  try {
    for (const [name, [dims, of]] of Object.entries(numbers)) made[name] = runtime.tensor("float32", dims, of);
    return made;
  } catch (error) {
    disposeAll(made);
    throw error;
  }
}

/** The numbers of a batch, row after row: what is noisy, what should be predicted, maps from 0 to 1, and words. */
export async function batchNumbers(
  source: Omit<BatchSource, "runtime">,
  rows: readonly BatchRow[],
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal },
): Promise<Readonly<Record<"latent" | "target" | "map" | "states", Float32Array<ArrayBuffer>>>> {
  const { data, unet, vae, noise, latent, context, width, height } = source;
  const cells = latent.channels * latent.height * latent.width;
  const area = 3 * width * height;
  const values = {
    latent: new Float32Array(rows.length * cells),
    target: new Float32Array(rows.length * cells),
    map: new Float32Array(rows.length * area),
    states: new Float32Array(rows.length * context * unet.contextWidth),
  };
  const options = signal ? { signal } : {};
  for (const [n, { pair, variant, timestep, isEmpty, place }] of rows.entries()) {
    const prepared = await data.take(pair, variant, options);
    const states = await data.states(isEmpty ? "" : prepared.prompt, options);
    values.states.set(states, n * context * unet.contextWidth);
    for (let i = 0; i < area; i++) values.map[n * area + i] = (prepared.map[i] as number) / 255;
    const sampled = normalsAt(seed, `${place} picture`, cells);
    const normal = normalsAt(seed, `${place} noise`, cells);
    const bar = noise.bars[timestep] as number;
    const [clean, noisy] = [Math.sqrt(bar), Math.sqrt(1 - bar)];
    const { moments } = prepared;
    for (let i = 0; i < cells; i++) {
      // diffusers' DiagonalGaussianDistribution bounds the logarithm so.
      const deviation = Math.exp(0.5 * Math.min(20, Math.max(-30, moments[cells + i] as number)));
      const drawn = (moments[i] as number) + deviation * (sampled[i] as number);
      const x = (drawn - vae.shiftFactor) * vae.scalingFactor;
      const e = normal[i] as number;
      values.latent[n * cells + i] = clean * x + noisy * e;
      values.target[n * cells + i] =
        noise.prediction === "epsilon" ? e : noise.prediction === "sample" ? x : clean * e - noisy * x;
    }
  }
  return values;
}
