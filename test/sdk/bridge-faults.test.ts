import { UnderdrawError } from "@underdraw/engine/core";
import { connectHost } from "@underdraw/sdk";
import { serveHost } from "@underdraw/sdk/host";
import { type PortFaults, portPair } from "@underdraw/sdk/testing";
import { describe, expect, test, vi } from "vitest";
import { hostWith, joined, noise, noisy } from "./bridge-host.ts";

// What real channels never promise to spare us: each fault by a seed, so that a failure can be had again.

const seeds = [1, 2, 3, 4, 5];
const bounds = { x: 0, y: 0, width: 24, height: 24 };

/** Many calls through a faulty channel: how each of them ended. */
async function run(faults: PortFaults, seed: number, carries: "bytes" | "json") {
  const { pair, host } = await joined(
    { recipe: async (layer) => layer.repeat(2_000) },
    { ports: { carries, largest: 4_096, seed }, serve: { stallMs: 120 }, connect: { stallMs: 120 } },
  );
  pair.setFaults(faults);
  const stops = Array.from({ length: 6 }, () => new AbortController());
  const added = stops.map(({ signal }) => vi.spyOn(signal, "addEventListener"));
  const removed = stops.map(({ signal }) => vi.spyOn(signal, "removeEventListener"));
  const ended = await Promise.allSettled([
    host.capture({ maxSide: 24 }, { signal: (stops[0] as AbortController).signal }),
    host.capture({ maxSide: 40 }, { signal: (stops[1] as AbortController).signal }),
    host.recipe?.("ab", { signal: (stops[2] as AbortController).signal }),
    host.place("a", [{ name: "1", pixels: noise(24, 24), bounds }], { signal: (stops[3] as AbortController).signal }),
    host.recipe?.("c", { signal: (stops[4] as AbortController).signal }),
    host.place("b", [], { signal: (stops[5] as AbortController).signal }),
  ]);
  const expected = [noisy(24), noisy(40), "ab".repeat(2_000), ["1"], "c".repeat(2_000), []];
  for (const [n, call] of ended.entries()) if (call.status === "fulfilled") expect(call.value).toEqual(expected[n]);
  for (const [n, spy] of added.entries()) expect(removed[n]).toHaveBeenCalledTimes(spy.mock.calls.length);
  const errors = ended.flatMap((call) => (call.status === "rejected" ? [call.reason as unknown] : []));
  return { pair, host, errors };
}

describe.each(["bytes", "json"] as const)("a channel that carries %s", (carries) => {
  test.each(seeds)("and delivers twice, late and out of order loses no call (seed %d)", async (seed) => {
    const { errors } = await run({ duplicate: 0.3, reorder: 0.3, delayMs: 3 }, seed, carries);
    expect(errors).toEqual([]);
  });

  test.each(seeds)("and loses messages ends every call in time, and serves on afterwards (seed %d)", async (seed) => {
    const { pair, host, errors } = await run({ drop: 0.1 }, seed, carries);
    for (const error of errors) expect(UnderdrawError.is(error, "timeout")).toBe(true);
    pair.setFaults({});
    expect((await host.capture({ maxSide: 24 }))?.pixels).toEqual(noise(24, 24));
  });

  test.each([3, 9, 17, 25])("and breaks after %d messages ends every call at once", async (closeAfter) => {
    const { errors } = await run({ closeAfter: closeAfter + 3 }, 1, carries);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(UnderdrawError.is(error, "bridge-closed")).toBe(true);
  });
});

test("a welcome that was lost is said again", async () => {
  const pair = portPair({ faults: { drop: 0.6 }, seed: 4 });
  serveHost(hostWith(), pair.host);
  expect((await connectHost(pair.panel)).name).toBe("fake");
});

test("a host that works for longer than the patience is waited for while it gives signs of life", async () => {
  const { host } = await joined(
    { capture: async ({ maxSide }) => new Promise((resolve) => setTimeout(() => resolve(noisy(maxSide)), 250)) },
    { connect: { stallMs: 80 } },
  );
  expect((await host.capture({ maxSide: 4 }))?.pixels.width).toBe(4);
});

test("a host that was frozen is not: the call ends with words, and what it does late harms nothing", async () => {
  const { host, pair } = await joined({}, { connect: { stallMs: 40 } });
  pair.setFaults({ drop: 1 });
  await expect(host.capture({ maxSide: 4 })).rejects.toMatchObject({
    code: "timeout",
    details: { what: "fake: capture", limitMs: 40 },
  });
  pair.setFaults({});
  expect((await host.capture({ maxSide: 4 }))?.pixels.width).toBe(4);
});

test("a transfer that its panel left standing gives its place and its bytes back", async () => {
  const pair = portPair({ largest: 4_096 });
  const stopped = vi.fn();
  serveHost(
    hostWith({
      capture: async ({ maxSide }, call) => {
        call?.signal?.addEventListener("abort", stopped);
        return noisy(maxSide);
      },
    }),
    pair.host,
    { stallMs: 30, most: 100_000 },
  );
  const heard: Record<string, unknown>[] = [];
  pair.panel.receive((message) => heard.push(message as Record<string, unknown>));
  const connection = "0123456789abcdef";
  pair.panel.send({ underdraw: "hello", connection, versions: [1], largest: 4_096, most: 1e9 });
  const text = JSON.stringify({ value: { maxSide: 64 }, parts: [] });
  // Sixteen answers that nobody confirms, and as many questions whose text never comes.
  for (let id = 1; id <= 16; id++) {
    pair.panel.send({ underdraw: "ask", connection, id, call: "capture", length: text.length, text });
  }
  await vi.waitFor(() => expect(stopped).toHaveBeenCalledTimes(16));
  for (let id = 17; id <= 32; id++) {
    pair.panel.send({ underdraw: "ask", connection, id, call: "recipe", length: 6_000, text: null });
  }
  await new Promise((resolve) => setTimeout(resolve, 60));
  pair.panel.send({ underdraw: "ask", connection, id: 33, call: "capture", length: text.length, text });
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ underdraw: "answer", id: 33, ok: true }));
});
