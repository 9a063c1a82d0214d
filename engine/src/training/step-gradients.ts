import { disposeAll } from "../runtime/network.ts";
import type { Tensor } from "../runtime/runtime.ts";
import { type BatchSource, batchTensors, rowsOf } from "./batch.ts";
import type { BatchOutcome, Learner } from "./learner.ts";
import type { FullSettings } from "./settings.ts";

/** What a step is made of. */
export interface StepParts {
  readonly learner: Learner;
  readonly source: BatchSource;
  /** The numbers of the pairs that are learnt from. */
  readonly learnt: readonly number[];
  /** Pairs a batch. */
  readonly batch: number;
  /** How many variants each pair has. */
  readonly variants: number;
  readonly settings: FullSettings;
  readonly signal: AbortSignal;
}

/** The gradients of all batches of a step, added, and their mean loss. The gradients are the caller's. Steps count from 1. */
export async function stepGradients(step: number, parts: StepParts): Promise<BatchOutcome> {
  const { learner, source, learnt, batch, variants, settings, signal } = parts;
  const { seed, accumulate } = settings;
  const of = { variants, timesteps: source.noise.bars.length };
  let together: Readonly<Record<string, Tensor>> | null = null;
  let sum = 0;
  try {
    for (let n = 0; n < accumulate; n++) {
      signal.throwIfAborted();
      const rows = rowsOf((step - 1) * accumulate + n, batch, learnt, of, settings);
      const inputs = await batchTensors(source, rows, { seed, signal });
      try {
        const { loss, gradients } = await learner.gradients(inputs, { signal });
        sum += loss;
        together = together ? await learner.sum(together, gradients) : gradients;
      } finally {
        disposeAll(inputs);
      }
    }
  } catch (error) {
    if (together) disposeAll(together);
    throw error;
  }
  return { loss: sum / accumulate, gradients: together ?? {} };
}
