import { UnderdrawError } from "../core/errors.ts";

/** A batch's loss that is so many times the base's is no learning any more, though it is still a number. */
const astray = 100;

/**
 * The loss of the same rows, with the net so many times as without it, says more: what a network draws is bounded by its
 * norms, so that a step's own loss, which depends on its timesteps, rarely tells. Pairs learnt by heart stay far below.
 */
const worse = 3;

/** Whether the loss of a step's batches is that of a training which went astray. `base` is a loss without the net. */
export const isAstray = (loss: number, base: number): boolean =>
  !Number.isFinite(loss) || loss > astray * Math.max(1, base);

/** Whether the loss of rows with the net is that of a training which went astray. `base` is that of the same rows without it. */
export const isWorse = (loss: number, base: number): boolean => !Number.isFinite(loss) || loss > worse * base;

/** Whether a gradient's norm is that of a network with nothing left to learn by: far too large weights leave none at all. */
export const isDead = (norm: number): boolean => !(norm > 1e-9 && Number.isFinite(norm));

/** The error for a training that went astray. `sign` is what shows it, as a clause; `checkpoint` the newest that was written. */
export function diverged(
  {
    step,
    loss,
    rate,
    sign,
  }: { readonly step: number; readonly loss: number; readonly rate: number; readonly sign: string },
  checkpoint: string | null,
): UnderdrawError<"training-diverged"> {
  const where = checkpoint ? `The checkpoint ${checkpoint} is as it was` : "No checkpoint had been written";
  return new UnderdrawError(
    "training-diverged",
    `The training went astray in step ${step}: ${sign}. ${where}. Train with a lower learning rate than ${rate}, and look whether the pairs are sound.`,
    { step, loss, checkpoint },
  );
}
