/**
 * A long work as it is done here: it yields every few milliseconds, so that whoever does it may stop it and let others
 * have their turn.
 */
export type Work<Result> = Generator<void, Result, void>;

/** How long a work goes on before others have their turn, in ms: a twentieth of what a person takes for at once. */
const turn = 40;

/** Does a work, with turns for others in between. Once the signal is aborted it rejects with its reason, untouched. */
export async function inTurns<Result>(work: Work<Result>, signal?: AbortSignal): Promise<Result> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since < turn) continue;
    await new Promise<void>((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    since = performance.now();
  }
}

/** The result of a work, done in one go. */
export function finished<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** How many numbers a simple loop goes through between two yields: some milliseconds of work. */
export const stretch: number = 1 << 19;

/** Does `count` rows of `width` numbers, and yields in between. */
export function* inRows(count: number, width: number, work: (row: number) => void): Work<void> {
  const chunk = Math.max(1, Math.floor(stretch / width));
  for (let row = 0; row < count; row++) {
    work(row);
    if (row % chunk === chunk - 1) yield;
  }
}
