import { type ConditionCheck, drawingCheck, hold, inWords, refusal } from "./condition-check.ts";

/** Large enough that a drawing lasts. */
const large = [720, 540] as const;

/** What holds while a map is drawn. */
export const lifeChecks: readonly ConditionCheck[] = [
  drawingCheck("rejects with the signal's own reason when it was stopped before", async (bench) => {
    const reason = { stopped: "before" };
    const signal = AbortSignal.abort(reason);
    const source = bench.source(32, 24);
    const error = await refusal(
      () => bench.condition().extract(source, bench.context({ signal })),
      "A drawing that was stopped before it began",
    );
    hold(error === reason, `It should reject with the signal's reason untouched, and rejected with ${inWords(error)}.`);
  }),
  drawingCheck("rejects with the signal's own reason soon after it is stopped", async (bench) => {
    const { patienceMs = 1000 } = bench.kit;
    const source = bench.source(...large);
    const stopping = new AbortController();
    const reason = { stopped: "meanwhile" };
    const running = bench
      .condition()
      .extract(source, bench.context({ signal: stopping.signal }))
      .then(
        () => "done" as const,
        (error: unknown) => ({ error }),
      );
    const asked = performance.now();
    // A drawing that leaves nobody a turn lets nobody ask either: the time runs from when it was wanted.
    await new Promise((resolve) => setTimeout(resolve));
    stopping.abort(reason);
    const ended = await running;
    const took = performance.now() - asked;
    hold(
      took <= patienceMs,
      `It went on for ${Math.round(took)} ms after it should have stopped: draw in a generator that yields every few milliseconds.`,
    );
    // What is done before anybody could stop it is no fault.
    if (ended !== "done")
      hold(ended.error === reason, `It rejected with ${inWords(ended.error)} instead of the signal's reason.`);
  }),
  drawingCheck("draws as before after one drawing was stopped", async (bench) => {
    const source = bench.source(64, 48);
    const first = await bench.draw(source);
    const stopping = new AbortController();
    const stopped = bench.condition().extract(source, bench.context({ signal: stopping.signal }));
    stopping.abort();
    await stopped.catch(() => undefined);
    const again = await bench.draw(source);
    hold(
      again.data.every((value, i) => value === first.data[i]),
      "After a drawing was stopped, the next one is another.",
    );
  }),
  drawingCheck("tells of progress that never falls and stays from 0 to 1", async (bench) => {
    const told: number[] = [];
    const onProgress = ({ fraction }: { readonly fraction: number }) => void told.push(fraction);
    await bench.condition().extract(bench.source(...large), bench.context({ onProgress }));
    told.forEach((fraction, i) => {
      hold(fraction >= 0 && fraction <= 1, `It told of ${fraction}, which is no share of the work.`);
      hold(fraction >= (told[i - 1] ?? 0), `It told of ${fraction} after ${told[i - 1]}.`);
    });
  }),
  drawingCheck("lets a listener of its progress fail without failing itself", async (bench) => {
    const source = bench.source(...large);
    const expected = await bench.draw(source);
    let heard = false;
    const context = bench.context({
      onProgress: () => {
        heard = true;
        throw new SilentFault("A listener of progress failed, as it was meant to.");
      },
    });
    const map = await quietly(() => bench.condition().extract(source, context));
    hold(
      !heard || map.data.every((value, i) => value === expected.data[i]),
      "With a listener that fails, the map is another.",
    );
  }),
];

class SilentFault extends Error {}

/** Runs a call while what is reported of the fault that was made on purpose is swallowed. */
async function quietly<T>(call: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = (...given: unknown[]) => {
    if (!(given[0] instanceof SilentFault)) error.apply(console, given);
  };
  const hush = (event: Event) => {
    if ((event as ErrorEvent).error instanceof SilentFault) event.preventDefault();
  };
  globalThis.addEventListener?.("error", hush);
  try {
    return await call();
  } finally {
    console.error = error;
    globalThis.removeEventListener?.("error", hush);
  }
}
