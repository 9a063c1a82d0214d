import { connectHost } from "@underdraw/sdk";
import type { HostAdapter } from "@underdraw/sdk/host";
import { serveHost } from "@underdraw/sdk/host";
import { type PortPair, portPair } from "@underdraw/sdk/testing";
import { describe, expect, test, vi } from "vitest";
import { hostWith, noise, noisy } from "./bridge-host.ts";

const connection = "0123456789abcdef";
const hello = { underdraw: "hello", connection, versions: [1], largest: 4_096, most: 1e9 };
type Message = { underdraw: string; id?: number; ok?: boolean; text?: string; connection?: string };

/** A served host, and a panel that is written by hand. */
function servedByHand(own: Parameters<typeof hostWith>[0] = {}, carries: "bytes" | "json" = "bytes") {
  const pair = portPair({ largest: 1_048_576, carries });
  const heard: Message[] = [];
  serveHost(hostWith(own), pair.host, { stallMs: 5_000, most: 1_000_000 });
  pair.panel.receive((message) => heard.push(message as Message));
  pair.panel.send(hello);
  const ask = (id: number, call: string, value: unknown, parts: readonly number[] = []) => {
    const text = JSON.stringify({ value, parts });
    pair.panel.send({ underdraw: "ask", connection, id, call, length: text.length, text });
  };
  const answer = async (id: number): Promise<{ ok: boolean; value: Record<string, unknown> }> => {
    await vi.waitFor(() => expect(heard.some((one) => one.underdraw === "answer" && one.id === id)).toBe(true));
    const { ok, text } = heard.find((one) => one.underdraw === "answer" && one.id === id) as Required<Message>;
    return { ok, value: JSON.parse(text).value };
  };
  return { pair, heard, ask, answer };
}

/** Numbers by a seed. */
function dice(seed: number) {
  let state = seed;
  return (sides: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % sides;
  };
}

/** Any value that can cross, as nobody of ours would send it. */
function junk(roll: (sides: number) => number, depth = 0): unknown {
  const leaves = [
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    "",
    "x".repeat(5_000),
    "__proto__",
    "constructor",
    connection,
    2 ** 53,
  ];
  if (depth > 3 || roll(3) > 0) return leaves[roll(leaves.length)];
  if (roll(2) === 0) return Array.from({ length: roll(4) }, () => junk(roll, depth + 1));
  return JSON.parse(`{"__proto__":{"polluted":1},"id":${roll(9)},"a":${JSON.stringify(junk(roll, depth + 1)) ?? 0}}`);
}

const kinds = ["hello", "ask", "piece", "taken", "cancel", "check", "bye", "welcome", "answer", "event", "toString"];
const fields = [
  "connection",
  "id",
  "call",
  "length",
  "text",
  "index",
  "data",
  "checksum",
  "versions",
  "largest",
  "most",
];

/** A message that is nearly right. */
function nearly(roll: (sides: number) => number): unknown {
  const message: Record<string, unknown> = { underdraw: kinds[roll(kinds.length)], connection, id: 1 + roll(40) };
  const sound: Record<string, unknown> = {
    call: "capture",
    length: 30,
    text: null,
    index: 1 + roll(5),
    data: "{}",
    checksum: 1,
  };
  Object.assign(message, sound);
  for (let n = roll(4); n > 0; n--) message[fields[roll(fields.length)] as string] = junk(roll);
  if (message["underdraw"] === "bye" || message["underdraw"] === "hello") message["connection"] = "another-page-load";
  return roll(8) === 0 ? junk(roll) : message;
}

describe("a host", () => {
  test.each([1, 2, 3])("is not shaken by five hundred messages that are nearly right (seed %d)", async (seed) => {
    const capture = vi.fn<HostAdapter["capture"]>(async ({ maxSide }) => noisy(maxSide));
    const { pair, ask, answer } = servedByHand({ capture });
    const roll = dice(seed);
    for (let n = 0; n < 500; n++) {
      try {
        pair.panel.send(nearly(roll));
      } catch {
        // The channel itself refuses it.
      }
    }
    // What was left half asked is stopped, so that places are free.
    for (let id = 1; id <= 40; id++) pair.panel.send({ underdraw: "cancel", connection, id });
    ask(900, "capture", { maxSide: 2 });
    expect(await answer(900)).toMatchObject({ ok: true });
    expect(capture.mock.calls.every(([{ maxSide }]) => Number.isInteger(maxSide) && maxSide >= 1)).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each(["constructor", "__proto__", "toString", "onSelectionChange", "name", "version"])(
    "never calls %s, which is on no list",
    async (call) => {
      const { pair, heard, ask, answer } = servedByHand();
      ask(1, call, {});
      ask(2, "capture", { maxSide: 1 });
      await answer(2);
      expect(heard.filter(({ id }) => id === 1)).toEqual([]);
      expect(pair.sent.host).toBeGreaterThan(0);
    },
  );

  test("answers an id once, however often it is asked with", async () => {
    const capture = vi.fn(async ({ maxSide }: { maxSide: number }) => noisy(maxSide));
    const { ask, answer } = servedByHand({ capture });
    ask(5, "capture", { maxSide: 2 });
    ask(5, "capture", { maxSide: 3 });
    await answer(5);
    ask(5, "capture", { maxSide: 4 });
    ask(5_000, "capture", { maxSide: 2 });
    await answer(5_000);
    // So far below the newest that it must be a replay.
    ask(3, "capture", { maxSide: 2 });
    ask(5_001, "capture", { maxSide: 2 });
    await answer(5_001);
    expect(capture).toHaveBeenCalledTimes(3);
  });

  test("does not hear messages of another connection", async () => {
    const capture = vi.fn(async () => null);
    const { pair, heard } = servedByHand({ capture });
    const text = '{"value":{"maxSide":1},"parts":[]}';
    for (const other of ["fedcba9876543210", "", undefined, connection.toUpperCase()]) {
      pair.panel.send({ underdraw: "ask", connection: other, id: 1, call: "capture", length: text.length, text });
      pair.panel.send({ underdraw: "bye", connection: other, reason: "Not mine." });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(capture).not.toHaveBeenCalled();
    expect(heard.map(({ underdraw }) => underdraw)).toEqual(["welcome"]);
  });

  const layer = { name: "a", bounds: { x: 0, y: 0, width: 1, height: 1 }, mask: null, recipe: null, anchor: null };
  const pixels = { width: 1, height: 1, data: 0 };
  test.each<[what: string, call: string, value: unknown, parts: readonly number[]]>([
    ["a side of nothing", "capture", { maxSide: 0 }, []],
    ["a side of millions", "capture", { maxSide: 1e6 }, []],
    ["a side in words", "capture", { maxSide: "64" }, []],
    ["a question of nothing", "capture", null, []],
    ["a layer without an area", "place", { title: "a", layers: [{ ...layer, pixels, bounds: { x: 0 } }] }, [4]],
    ["a box that never ends", "place", { title: "a", layers: [{ ...layer, pixels, bounds: null }] }, [4]],
    [
      "pixels with too few bytes",
      "place",
      { title: "a", layers: [{ ...layer, pixels: { ...pixels, width: 2 } }] },
      [4],
    ],
    [
      "pixels whose bytes are not there",
      "place",
      { title: "a", layers: [{ ...layer, pixels: { ...pixels, data: 7 } }] },
      [],
    ],
    [
      "a file where pixels are wanted",
      "place",
      { title: "a", layers: [{ ...layer, pixels: { type: "image/png", bytes: 0 } }] },
      [4],
    ],
    [
      "a stack, which nobody places",
      "place",
      { title: "a", layers: [{ ...layer, pixels: { width: 1, height: 1, parts: [] } }] },
      [],
    ],
    ["a name without end", "place", { title: "a".repeat(1_001), layers: [] }, []],
    ["a thousand layers", "place", { title: "a", layers: Array.from({ length: 1_000 }, () => ({})) }, []],
    ["layers that are no list", "place", { title: "a", layers: { length: 1 } }, []],
    ["a layer id that is none", "recipe", { layer: 7 }, []],
    ["bytes of less than nothing", "capture", { maxSide: 1 }, [-4]],
  ])("refuses %s with words and asks the adapter nothing", async (_, call, value, parts) => {
    const [capture, place, recipe] = [vi.fn(), vi.fn(), vi.fn()];
    const { pair, ask, answer } = servedByHand({ capture, place, recipe });
    ask(1, call, value, parts);
    parts.forEach((length, n) => {
      if (length > 0 && length < 100) {
        pair.panel.send({
          underdraw: "piece",
          connection,
          id: 1,
          index: n + 1,
          data: new Uint8Array(length),
          checksum: null,
        });
      }
    });
    const { ok, value: error } = await answer(1);
    expect(ok).toBe(false);
    expect(error).toMatchObject({ code: "bridge-protocol" });
    for (const method of [capture, place, recipe]) expect(method).not.toHaveBeenCalled();
  });

  test("says that it is busy when more bytes come than there is room for, and serves on", async () => {
    const { ask, answer } = servedByHand();
    ask(1, "capture", { maxSide: 1 }, [600_000]);
    ask(2, "capture", { maxSide: 1 }, [600_000]);
    expect(await answer(2)).toMatchObject({ ok: false, value: { code: "host-busy" } });
    ask(3, "capture", { maxSide: 1 });
    expect((await answer(3)).ok).toBe(true);
  });

  test.each<[what: string, carries: "bytes" | "json", data: unknown, checksum: number | null]>([
    ["text for bytes", "bytes", "AAAA", null],
    ["more bytes than were announced", "bytes", new Uint8Array(5), null],
    ["none at all", "bytes", new Uint8Array(0), null],
    ["what is no base64", "json", "A*==", 0],
    ["bytes with a wrong checksum", "json", "AAAAAA==", 1],
    ["bytes without a checksum", "json", "AAAAAA==", null],
    ["more base64 than was announced", "json", "AAAAAAAAAA==", 0],
  ])("refuses a piece that is %s (%s)", async (_, carries, data, checksum) => {
    const place = vi.fn();
    const { pair, ask, answer } = servedByHand({ place }, carries);
    ask(1, "place", { title: "a", layers: [{ ...layer, pixels }] }, [4]);
    pair.panel.send({ underdraw: "piece", connection, id: 1, index: 1, data, checksum });
    expect(await answer(1)).toMatchObject({ ok: false, value: { code: "bridge-protocol" } });
    ask(2, "capture", { maxSide: 1 });
    expect((await answer(2)).ok).toBe(true);
    expect(place).not.toHaveBeenCalled();
  });
});

describe("a panel", () => {
  /** A host that is written by hand, after its welcome. */
  async function connected(pair: PortPair = portPair()) {
    const asked: { id: number; connection: string }[] = [];
    let connectionId = "";
    pair.host.receive((data) => {
      const message = data as { underdraw: string; connection: string; id: number };
      connectionId = message.connection;
      if (message.underdraw === "ask") asked.push(message);
      if (message.underdraw !== "hello") return;
      const facts = {
        host: "fake",
        exactSize: false,
        layerMasks: false,
        abilities: ["recipe", "scene", "teleport"],
        pictures: "pixels",
      };
      const sizes = { largest: 1_048_576, most: 1e6 };
      pair.host.send({ underdraw: "welcome", connection: connectionId, version: 1, ...facts, ...sizes });
    });
    const host = await connectHost(pair.panel);
    const answer = async (value: unknown, { ok = true, parts = [] as readonly Uint8Array[], ...more } = {}) => {
      await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
      const { id, connection } = asked.at(-1) as (typeof asked)[number];
      const text = JSON.stringify({ value, parts: parts.map(({ length }) => length) });
      pair.host.send({ underdraw: "answer", connection, id, ok, length: text.length, text, ...more });
      for (const [n, data] of parts.entries()) {
        pair.host.send({ underdraw: "piece", connection, id, index: n + 1, data, checksum: null });
      }
    };
    return { host, pair, asked, answer, connection: () => connectionId };
  }

  test("takes no ability that it does not know", async () => {
    const { host } = await connected();
    expect(host.abilities).toEqual(["scene", "recipe"]);
  });

  test.each([1, 2, 3])("is not shaken by five hundred messages that are nearly right (seed %d)", async (seed) => {
    const { host, pair, answer, connection } = await connected();
    const roll = dice(seed);
    const recipe = host.recipe?.("1");
    for (let n = 0; n < 500; n++) {
      const message = nearly(roll) as Record<string, unknown> | null;
      if (message && typeof message === "object" && message["underdraw"] !== "bye")
        message["connection"] = connection();
      // Ids that are asked with later: nothing that came before may count for them.
      if (message && typeof message === "object" && message["id"] === 1) message["id"] = 2;
      try {
        pair.host.send(message);
      } catch {
        // The channel itself refuses it.
      }
    }
    await answer("as it was");
    expect(await recipe).toBe("as it was");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  const bounds = { x: 0, y: 0, width: 2, height: 2 };
  const two = { width: 2, height: 2, data: 0 };
  const bytes = new Uint8Array(16);
  test.each<[what: string, value: unknown, parts: readonly Uint8Array[]]>([
    ["more pixels than were asked for", { pixels: { width: 3, height: 1, data: 0 }, bounds }, [new Uint8Array(12)]],
    ["a stack larger than was asked for", { pixels: { width: 3, height: 3, parts: [] }, bounds }, []],
    ["fewer bytes than pixels", { pixels: two, bounds }, [new Uint8Array(12)]],
    ["pixels without bytes", { pixels: two, bounds }, []],
    [
      "a mask of another size",
      { pixels: two, bounds, mask: { width: 1, height: 2, data: 1 } },
      [bytes, new Uint8Array(8)],
    ],
    ["bounds between pixels", { pixels: two, bounds: { ...bounds, x: 0.5 } }, [bytes]],
    ["bounds without end", { pixels: two, bounds: { ...bounds, width: null } }, [bytes]],
    ["bounds of nothing", { pixels: two, bounds: { ...bounds, height: 0 } }, [bytes]],
    ["no bounds", { pixels: two }, [bytes]],
    ["a file that is none", { pixels: { type: "image/png", bytes: 0 }, bounds }, [bytes]],
    ["a file of another kind", { pixels: { type: "image/webp", bytes: 0 }, bounds }, [bytes]],
    ["a number", 7, []],
    ["a name without end", { pixels: two, bounds, name: "x".repeat(1_001) }, [bytes]],
  ])("says in words that a host gave %s", async (_, value, parts) => {
    const { host, answer } = await connected();
    const capture = host.capture({ maxSide: 2 });
    await answer(value, { parts });
    await expect(capture).rejects.toMatchObject({ code: "host-failed", details: { host: "fake", call: "capture" } });
  });

  test("says in words that a host gave other ids than layers, no scene, no recipe", async () => {
    const { host, asked, answer } = await connected();
    const layer = { name: "a", pixels: noise(1, 1), bounds };
    for (const ids of [[], ["1", "2"], [1], [""], { 0: "1" }, null]) {
      asked.length = 0;
      const place = host.place("a", [layer]);
      await answer(ids);
      await expect(place).rejects.toMatchObject({ code: "host-failed", details: { call: "place" } });
    }
    for (const scene of [{ bounds, shapes: [{ id: "1" }] }, { bounds }, "scene"]) {
      asked.length = 0;
      const call = host.scene?.();
      await answer(scene);
      await expect(call).rejects.toMatchObject({ code: "host-failed", details: { call: "scene" } });
    }
    asked.length = 0;
    const recipe = host.recipe?.("1");
    await answer({ prompt: "a recipe is text" });
    await expect(recipe).rejects.toMatchObject({ code: "host-failed", details: { call: "recipe" } });
  });

  test.each<[what: string, error: unknown, expected: object]>([
    [
      "of a known code",
      { name: "UnderdrawError", message: "m", code: "host-busy", details: { host: "fake", owner: "x" } },
      { code: "host-busy", details: { host: "fake", owner: "x" } },
    ],
    [
      "of an unknown code",
      { name: "UnderdrawError", message: "m", code: "host-on-fire", details: { a: 1 } },
      { code: "host-on-fire", details: { a: 1 } },
    ],
    [
      "of an unknown code without details",
      { name: "UnderdrawError", message: "m", code: "toString", details: 3 },
      { code: "toString", details: {} },
    ],
    [
      "whose details are not its code's",
      { name: "UnderdrawError", message: "m", code: "selection-unusable", details: { reason: "bored" } },
      { code: "host-failed", message: expect.stringContaining("m") },
    ],
    ["without details", { name: "UnderdrawError", message: "m", code: "document-changed" }, { code: "host-failed" }],
    [
      "of a mistake in the adapter",
      { name: "TypeError", message: "x is not a function" },
      { name: "TypeError", message: "x is not a function" },
    ],
    ["with a message without end", { name: "Error", message: "x".repeat(9_000) }, { message: "x".repeat(4_000) }],
    ["that is none", "something", { code: "host-failed" }],
    ["that is nothing", null, { code: "host-failed" }],
  ])("takes an error %s", async (_, error, expected) => {
    const { host, answer } = await connected();
    const capture = host.capture({ maxSide: 2 });
    await answer(error, { ok: false });
    const caught = await capture.catch((reason: unknown) => reason);
    expect(caught).toBeInstanceOf(Error);
    expect(caught).toMatchObject(expected);
  });

  test("takes what a host throws that is no error", async () => {
    const pair = portPair();
    // Figma's own calls reject with a string; details may be anything.
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const thrown = ["Failed to export node", null, Object.assign(new Error("circular"), { details: circle })];
    serveHost(hostWith({ capture: () => Promise.reject(thrown.shift()) }), pair.host);
    const host = await connectHost(pair.panel);
    await expect(host.capture({ maxSide: 1 })).rejects.toThrow("Failed to export node");
    await expect(host.capture({ maxSide: 1 })).rejects.toThrow("null");
    await expect(host.capture({ maxSide: 1 })).rejects.toThrow("circular");
  });

  test.each<[what: string, broken: () => unknown, expected: object]>([
    [
      "throws before it promises anything",
      () => {
        throw new Error("broken");
      },
      { message: "broken" },
    ],
    ["gives no picture", async () => ({ bounds }), { code: "host-failed" }],
    [
      "gives pixels that do not fit",
      async () => ({ pixels: { ...noise(2, 2), width: 5 }, bounds }),
      { code: "host-failed" },
    ],
    ["gives what no JSON holds", async () => ({ pixels: noise(1, 1), bounds, anchor: 1n }), { code: "host-failed" }],
  ])("hears of an adapter that %s", async (_, broken, expected) => {
    const pair = portPair();
    serveHost(hostWith({ capture: broken as HostAdapter["capture"] }), pair.host);
    const host = await connectHost(pair.panel);
    await expect(host.capture({ maxSide: 2 })).rejects.toMatchObject(expected);
    expect(await host.place("a", [])).toEqual([]);
  });

  test("stops an answer that breaks off its promise, and the host with it", async () => {
    const { host, pair, answer, connection } = await connected();
    const heard: Message[] = [];
    const capture = host.capture({ maxSide: 2 });
    await answer({ pixels: two, bounds }, { parts: [] });
    await expect(capture).rejects.toMatchObject({ code: "host-failed" });
    const next = host.capture({ maxSide: 2 });
    pair.host.receive((message) => heard.push(message as Message));
    const text = JSON.stringify({ value: { pixels: two, bounds }, parts: [16] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const about = { connection: connection(), id: 2 };
    pair.host.send({ underdraw: "answer", ...about, ok: true, length: text.length, text });
    pair.host.send({ underdraw: "piece", ...about, index: 1, data: new Uint8Array(17), checksum: null });
    await expect(next).rejects.toMatchObject({ code: "bridge-protocol" });
    await vi.waitFor(() => expect(heard.at(-1)?.underdraw).toBe("cancel"));
  });
});
