import type { CallOptions } from "../call.ts";
import type { Pipeline } from "../engine.ts";
import { disposeAll } from "../runtime/network.ts";
import { type BatchRow, type BatchSource, batchTensors } from "./batch.ts";
import type { Learner } from "./learner.ts";
import type { TrainingPair } from "./pair.ts";
import type { TrainingMeasure, TrainingSample } from "./training.ts";

// How far the net is, told by pairs that it does not learn from: the loss with noise that never changes, and pictures drawn
// by their maps, each held against its map beside what chance gives.

/** Held-out pairs that are drawn at each measure. */
const drawn = 4;

/** From this share of the way from chance to full agreement above that of the beginning on, a net follows its maps. */
const follows = 0.2;

/** The rows that the loss of held-out pairs is taken on: timesteps evenly spread, noise that is always the same. */
export function heldOutRows(pairs: readonly number[], timesteps: number): BatchRow[] {
  return pairs.map((pair, n) => ({
    pair,
    variant: 0,
    timestep: Math.floor(((n + 0.5) / pairs.length) * timesteps),
    isEmpty: false,
    place: `held out ${n}`,
  }));
}

/** The mean loss over rows, with the net (1) or without (0). A short batch is filled up with rows that do not count. */
export async function meanLoss(
  learner: Learner,
  source: BatchSource,
  rows: readonly BatchRow[],
  {
    batch,
    seed,
    scale,
    signal,
  }: { readonly batch: number; readonly seed: number; readonly scale: number; readonly signal?: AbortSignal },
): Promise<number> {
  let [sum, count] = [0, 0];
  for (let at = 0; at + batch <= rows.length || at === 0; at += batch) {
    // The graph is of one batch: what is left over is not measured, and a few pairs are measured more than once.
    const part = Array.from({ length: batch }, (_, n) => rows[(at + n) % rows.length] as BatchRow);
    const inputs = await batchTensors(source, part, { seed, scale, ...(signal ? { signal } : {}) });
    try {
      const { loss, gradients } = await learner.gradients(inputs, signal ? { signal } : {});
      disposeAll(gradients);
      sum += loss;
      count++;
    } finally {
      disposeAll(inputs);
    }
  }
  return sum / count;
}

/** What drawing held-out pairs takes. */
export interface SampleOptions extends Pick<CallOptions, "signal"> {
  readonly condition: string | null;
  readonly steps: number;
  readonly seed: number;
}

/** Draws held-out pairs by their maps and words. The pipeline has one net, "net". */
export async function drawSamples(
  pipeline: Pipeline,
  pairs: readonly TrainingPair[],
  { condition, steps, seed, signal }: SampleOptions,
): Promise<TrainingSample[]> {
  const samples: TrainingSample[] = [];
  for (const [n, { name, map, picture, prompt }] of pairs.slice(0, drawn).entries()) {
    const { width, height } = picture;
    const result = await pipeline.generate(
      {
        ...{ prompt, width, height, steps, seed: seed + n },
        controls: [{ net: "net", map: { condition: condition ?? "trained", pixels: map } }],
      },
      signal ? { signal } : {},
    );
    const [fidelity = null] = result.fidelity;
    samples.push({ name, map, picture, drawn: result.pixels, fidelity });
  }
  return samples;
}

/** The means of samples' fidelity; null where none was seen. */
export function meanFidelity(samples: readonly TrainingSample[]): TrainingMeasure["fidelity"] {
  const seen = samples.flatMap(({ fidelity }) => (fidelity ? [fidelity] : []));
  if (seen.length === 0) return null;
  const mean = (of: (one: (typeof seen)[number]) => number): number =>
    seen.reduce((sum, one) => sum + of(one), 0) / seen.length;
  const gain = mean(({ value, chance, better }) => {
    const best = better === "higher" ? 1 : 0;
    return Math.abs(best - chance) < 1e-9 ? 0 : (value - chance) / (best - chance);
  });
  return { value: mean(({ value }) => value), chance: mean(({ chance }) => chance), gain };
}

/** Whether a net follows its maps now: by what is seen in its pictures, else by the loss. */
export function hasConverged(measures: readonly Omit<TrainingMeasure, "samples" | "converged">[]): boolean {
  const [first, last] = [measures[0], measures.at(-1)];
  if (!first || !last || first === last) return false;
  if (first.fidelity && last.fidelity) return last.fidelity.gain >= first.fidelity.gain + follows;
  return last.loss < 0.95 * last.baseLoss;
}
