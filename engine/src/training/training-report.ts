import type { TrainerParts } from "./net-trainer.ts";
import type { RunState } from "./run-state.ts";
import type { TrainingReport } from "./training.ts";

/** Where a run stands, and what it learns from. */
export interface RunRecord {
  readonly state: RunState;
  /** How many pairs it learns from, and how many are kept aside. */
  readonly learnt: number;
  readonly heldOut: number;
}

/** What a training did. `lockedAfter` is the digest of the locked weights now. */
export function reportOf(
  { mode, width, height, batch, base, plan }: TrainerParts,
  { state, learnt, heldOut }: RunRecord,
  lockedAfter: string,
): TrainingReport {
  const { step: steps, lockedBefore, firstDifference, data, condition, settings, curve, measures, seconds } = state;
  return {
    ...{ steps, mode, base: base.model.name, trained: plan.trained, locked: plan.locked },
    ...{ lockedBefore, lockedAfter, firstDifference, pairs: learnt, heldOut, data, condition, settings },
    ...{ width, height, batch, curve, measures, seconds },
  };
}
