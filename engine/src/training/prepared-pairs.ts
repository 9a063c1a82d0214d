import type { PairReading } from "./pair.ts";
import type { RunClock } from "./run-clock.ts";
import type { TrainingMoment } from "./training.ts";
import type { TrainingData } from "./training-data.ts";

/** What is prepared before the first step. */
export interface Preparation extends PairReading {
  readonly learnt: readonly number[];
  readonly heldOut: readonly number[];
  /** Bytes of prepared pairs that are kept. */
  readonly keep: number;
  /** How many rows the steps to come will read; infinite where nobody knows. */
  readonly rows: number;
}

/**
 * Encodes pairs before the first step, so that all steps take as long. What would be given up again before it is read, or is
 * not read at all, is left to the steps: of a hundred thousand pairs none is prepared.
 */
export async function* preparedPairs(
  data: TrainingData,
  clock: RunClock,
  { learnt, heldOut, keep, rows, ...options }: Preparation,
): AsyncGenerator<TrainingMoment, void, undefined> {
  const { variants } = data;
  const isRead = rows >= learnt.length * variants;
  const all = isRead && data.bytes * (learnt.length + heldOut.length) <= keep ? [...learnt, ...heldOut] : [...heldOut];
  const aside = new Set(heldOut);
  for (const [n, at] of all.entries()) {
    options.signal?.throwIfAborted();
    await data.prepare(at, { ...options, variants: aside.has(at) ? 1 : variants });
    const done = n + 1;
    yield { kind: "prepare", fraction: clock.prepared(done, all.length), what: "pairs", done, of: all.length };
  }
}
