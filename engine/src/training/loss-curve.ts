import type { TrainingMeasure, TrainingReport } from "./training.ts";

// What a run tells of itself over time. It is as long as a checkpoint takes, whatever a run lasts, and follows from what it
// was before and the newest number alone: a run that goes on from a checkpoint tells what one without a stop would tell.

/** Steps over which losses are averaged. */
const window = 50;

/** Points of a curve, and measures, at the most. */
const most = 1000;

/** A curve with the loss of one more step. Its last point is the mean of the last steps' losses; those before lie evenly. */
export function withLoss(curve: TrainingReport["curve"], step: number, loss: number): TrainingReport["curve"] {
  const before = curve.at(-1)?.[1] ?? loss;
  const mean = before + (loss - before) / Math.min(step, window);
  const every = window * 2 ** Math.max(0, Math.ceil(Math.log2(step / (window * most))));
  return [...curve.filter(([at]) => at === 1 || at % every === 0), [step, mean]];
}

/** Measures with one more, which takes the place of one at the same step. Of very many, every second is left out. */
export function withMeasure<M extends Pick<TrainingMeasure, "step">>(measures: readonly M[], measure: M): readonly M[] {
  const others = measures.filter(({ step }) => step !== measure.step);
  const kept = others.length < most ? others : others.filter((_, n) => n % 2 === 0);
  return [...kept, measure];
}
