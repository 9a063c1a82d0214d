// Nothing that a plugin asks of Photoshop is done at once: what is not awaited comes too late, and the simulator's calls
// take a turn of the event loop so that it shows.

const channel = typeof setImmediate === "function" ? null : new MessageChannel();
const waiting: (() => void)[] = [];
if (channel) channel.port1.onmessage = () => waiting.shift()?.();

/** A turn of the event loop: after what is due now, without a timer's delay. */
export const pause = (): Promise<void> =>
  new Promise((done) => {
    if (!channel) return void setImmediate(done);
    waiting.push(done);
    channel.port2.postMessage(null);
  });

const { setTimeout: later, clearTimeout: never } = globalThis;

/** Waits some milliseconds, whatever becomes of the page's own timers. */
export const wait = (ms: number): Promise<void> => new Promise((done) => later(done, ms));

/** What a promise gives, or `otherwise` when it takes longer than a limit in milliseconds. */
export async function within<T, U>(promise: Promise<T>, limitMs: number, otherwise: U): Promise<T | U> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<U>((done) => {
    timer = later(() => done(otherwise), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    never(timer);
  }
}
