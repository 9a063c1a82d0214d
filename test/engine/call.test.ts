import { type CallOptions, latest } from "@underdraw/engine";
import { expect, test } from "vitest";

/** A call that ends when the test says so, and sees its options. */
function slow() {
  const asked: { readonly name: string; readonly options: CallOptions; end(value: string): void }[] = [];
  const call = latest(
    (name: string, options: CallOptions): Promise<string> =>
      new Promise((resolve) => asked.push({ name, options, end: resolve })),
  );
  return { asked, call };
}

test("of calls that follow each other only the newest counts", async () => {
  const { asked, call } = slow();
  const first = call("a").catch((error: unknown) => error);
  const second = call("b");
  // At once, though the call itself does not look at its signal.
  expect(await first).toMatchObject({ name: "AbortError" });
  expect(asked.map(({ name, options }) => [name, options.signal?.aborted])).toEqual([
    ["a", true],
    ["b", false],
  ]);
  asked[0]?.end("late");
  asked[1]?.end("done");
  expect(await second).toBe("done");
});

test("a call that ended is stopped by none after it", async () => {
  const { asked, call } = slow();
  const first = call("a");
  asked[0]?.end("done");
  expect(await first).toBe("done");
  void call("b").catch(() => undefined);
  expect(asked[0]?.options.signal?.aborted).toBe(false);
});

test("options come last, are handed on, and their signal stops with its own reason", async () => {
  const { asked, call } = slow();
  const stopping = new AbortController();
  const onProgress = () => {};
  const running = call("a", { signal: stopping.signal, onProgress }).catch((error: unknown) => error);
  expect(asked[0]?.options.onProgress).toBe(onProgress);
  const reason = { mine: true };
  stopping.abort(reason);
  expect(await running).toBe(reason);
  await expect(call("b", { signal: AbortSignal.abort("before") })).rejects.toBe("before");
  expect(asked.length).toBe(1);
});

test("a call that was stopped before it began still takes the place of the one before", async () => {
  const { call } = slow();
  const first = call("a").catch((error: unknown) => error);
  await expect(call("b", { signal: AbortSignal.abort("before") })).rejects.toBe("before");
  expect(await first).toMatchObject({ name: "AbortError" });
});

test("what a call throws is what it rejects with", async () => {
  const failing = latest((_options: CallOptions): Promise<never> => {
    throw new RangeError("no");
  });
  await expect(failing()).rejects.toThrow(RangeError);
});

test("a function whose options cannot be told is refused", () => {
  expect(() => latest(async (_options: CallOptions = {}) => {})).toThrow(TypeError);
});
