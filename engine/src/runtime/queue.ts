// One job at a time for the whole realm, over all runtimes: onnxruntime-web has one wasm instance, and two runs at once
// in it never return. A job that is given up (its time is over, its device is lost) may still be inside onnxruntime;
// the next one waits a while for it, and until it comes out, onnxruntime counts as unusable in this realm.

/** How long a job that was given up may take to leave onnxruntime. Milliseconds. */
const GRACE = 5000;

let tail: Promise<unknown> = Promise.resolve();
let waiting = 0;
let stuck = 0;
let broken: string | null = null;

/** Why onnxruntime cannot be used any more in this realm; null while it can. */
export const realmBroken = (): string | null =>
  broken ?? (stuck > 0 ? "an earlier job has not come back from onnxruntime" : null);

/** Says that onnxruntime cannot be used any more in this realm: it crashed. */
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
  /** Takes what gives the job up, and returns what takes it back: a promise that outlives its jobs would hold them all. */
  readonly giveUp?: (reject: (error: Error) => void) => () => void;
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
  const { limitMs, onTimeout, giveUp, fragile, discard } = turn;
  let left: Promise<unknown> = Promise.resolve();
  waiting += 1;
  const result = tail.then(async () => {
    const start = performance.now();
    const work = job();
    left = work;
    let calm: (() => void) | undefined;
    const ended = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(onTimeout()), limitMs);
      const forget = giveUp?.(reject);
      calm = () => {
        clearTimeout(timer);
        forget?.();
      };
    });
    try {
      const value = await Promise.race([work, ended]);
      if (performance.now() - start > limitMs) throw onTimeout();
      return value;
    } finally {
      calm?.();
    }
  });
  const settled = result.catch(async () => {
    const grace = pause(GRACE);
    const freed = left.then((value) => discard?.(value as T)).catch(() => {});
    const inside = await Promise.race([freed.then(() => false), grace.over.then(() => true)]);
    grace.cancel();
    if (!inside || !fragile) return;
    stuck += 1;
    void freed.then(() => {
      stuck -= 1;
    });
  });
  tail = settled.finally(() => {
    waiting -= 1;
  });
  return result;
}

/** Does something short between jobs: at once when there is none. */
export function betweenTurns(act: () => void): void {
  if (waiting === 0) act();
  else tail = tail.then(act);
}
