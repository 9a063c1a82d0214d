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
export const drawnPairs = 4;

/** Rows at the least that a loss is taken on. */
const fewestRows = 8;

/** The share of the way from chance to full agreement that a net must have made to follow its maps. */
const follows = 0.2;

/** The share of the base's loss below which a net follows its maps, where nothing is seen in pictures. */
const eased = 0.95;

/**
 * The rows that the loss of pairs is taken on: whole batches, each pair as often as the others but for one time, timesteps
 * evenly spread, noise that is always the same.
 */
export function heldOutRows(pairs: readonly number[], timesteps: number, batch: number): BatchRow[] {
  const count = Math.ceil(Math.max(pairs.length, fewestRows) / batch) * batch;
  return Array.from({ length: count }, (_, n) => ({
    pair: pairs[n % pairs.length] as number,
    variant: 0,
    timestep: Math.floor(((n + 0.5) / count) * timesteps),
    isEmpty: false,
    place: `held out ${n}`,
  }));
}

/** The mean loss over rows of whole batches, with the net (1) or without (0). */
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
  const stopping = signal ? { signal } : {};
  let sum = 0;
  for (let at = 0; at < rows.length; at += batch) {
    const inputs = await batchTensors(source, rows.slice(at, at + batch), { seed, scale, ...stopping });
    try {
      const { loss, gradients } = await learner.gradients(inputs, stopping);
      disposeAll(gradients);
      sum += loss;
    } finally {
      disposeAll(inputs);
    }
  }
  return (sum * batch) / rows.length;
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
  for (const [n, { name, map, picture, prompt }] of pairs.entries()) {
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

/**
 * Whether a net follows its maps now. Where agreement is seen in pictures: by a fifth of the way from chance to full
 * agreement more than what the base gives by its prompts alone, which the measure before the first step of a fresh net tells;
 * more than chance for a net that was gone on from. Else when it makes the base's loss on held-out pairs smaller by a
 * twentieth: the noise is the same each time, so that this is no luck.
 */
export function hasConverged(
  measures: readonly Omit<TrainingMeasure, "samples" | "converged">[],
  { isFresh }: { readonly isFresh: boolean },
): boolean {
  const [first, last] = [measures[0], measures.at(-1)];
  if (!first || !last) return false;
  const begins = isFresh && first.step === 0 ? first : null;
  if (last === begins) return false;
  if (!last.fidelity) return last.loss < eased * last.baseLoss;
  return last.fidelity.gain >= Math.max(0, begins?.fidelity?.gain ?? 0) + follows;
}
