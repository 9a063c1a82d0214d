// One job at a time for the whole realm, over all runtimes: onnxruntime-web has one wasm instance, and two runs at once
// in it never return. A job that is given up (its time is over, its device is lost) may still be inside onnxruntime;
// the next one waits for it, and when it does not come out, the realm is said to be stuck.

/** How long a job that was given up may take to leave onnxruntime. Milliseconds. */
const GRACE = 5000;

let tail: Promise<unknown> = Promise.resolve();
let broken: string | null = null;

/** Why onnxruntime cannot be used any more in this realm; null while it can. */
export const realmBroken = (): string | null => broken;

/** Says that onnxruntime cannot be used any more in this realm. */
export function breakRealm(reason: string): void {
  broken ??= reason;
}

/** A promise that resolves after a time, and a way to forget it. */
function pause(milliseconds: number): { readonly over: Promise<void>; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return { over, cancel: () => clearTimeout(timer) };
}

/** How a turn ends before its job does. */
export interface Turn<T> {
  readonly limitMs: number;
  /** Called when the time is over; gives the error to reject with. */
  readonly onTimeout: () => Error;
  /** Rejects when the job should be given up. */
  readonly givenUp?: Promise<never>;
  /** Whether a job that never leaves onnxruntime makes the realm unusable. */
  readonly fragile: boolean;
  /** Frees what a job that was given up still gave. */
  readonly discard?: (value: T) => unknown;
}

/**
 * Runs a job when all before it are done. A job whose time is over rejects even when it ended: in Node, and on wasm, a
 * run blocks the thread, so that nothing can be heard before it is done.
 */
export function inTurn<T>(job: () => Promise<T>, turn: Turn<T>): Promise<T> {
  const { limitMs, onTimeout, givenUp, fragile, discard } = turn;
  let left: Promise<unknown> = Promise.resolve();
  const result = tail.then(async () => {
    const start = performance.now();
    const work = job();
    left = work;
    const limit = pause(limitMs);
    try {
      const late = limit.over.then(() => {
        throw onTimeout();
      });
      const value = await Promise.race(givenUp ? [work, late, givenUp] : [work, late]);
      if (performance.now() - start > limitMs) throw onTimeout();
      return value;
    } finally {
      limit.cancel();
    }
  });
  tail = result.catch(async () => {
    const grace = pause(GRACE);
    const freed = left.then((value) => discard?.(value as T)).catch(() => {});
    const stuck = await Promise.race([freed.then(() => false), grace.over.then(() => true)]);
    grace.cancel();
    if (stuck && fragile) breakRealm("a job never came back from onnxruntime");
  });
  return result;
}
