import { type Scene, UnderdrawError } from "@underdraw/engine/core";
import { connectHost } from "@underdraw/sdk";
import { type NewLayer, type Picture, type StopSignal, serveHost } from "@underdraw/sdk/host";
import { portPair } from "@underdraw/sdk/testing";
import { describe, expect, test, vi } from "vitest";
import { landscape } from "../browser/panel/landscape.ts";
import { gate, hostWith, joined, noise, noisy, same } from "./bridge-host.ts";

const encodings = ["bytes", "json"] as const;
const bounds = { x: -3, y: 7, width: 5, height: 4 };

describe.each(encodings)("through a port that carries %s", (carries) => {
  const ports = { carries };

  test("a capture arrives as it was, every byte of it", async () => {
    const capture = {
      pixels: noise(5, 4),
      bounds,
      mask: noise(5, 4, 2),
      name: 'Füchse 🦊 "quoted" \\ 여우',
      layer: "12:34",
      anchor: JSON.stringify({ document: 1, note: "\u2028\ud83e\udd8a" }),
    };
    const { host } = await joined({ capture: async () => capture }, { ports });
    const arrived = await host.capture({ maxSide: 8 });
    expect(arrived).toEqual(capture);
    expect(arrived?.pixels.data).toBeInstanceOf(Uint8ClampedArray);
    expect(arrived?.pixels.data.buffer.byteLength).toBe(80);
  });

  test("a picture of 16 MB arrives in pieces that keep to the port's largest message", async () => {
    const pixels = noise(2048, 2048);
    const { host, pair } = await joined(
      { capture: async () => ({ pixels, bounds: { x: 0, y: 0, width: 2048, height: 2048 } }) },
      { ports },
    );
    const arrived = await host.capture({ maxSide: 2048 });
    expect(same(arrived?.pixels, pixels)).toBe(true);
    expect(pair.sent.host).toBeGreaterThan(16);
  });

  test("layers go over in order, with masks, recipes and anchors", async () => {
    const placed: { title: string; layers: readonly NewLayer<Picture>[] }[] = [];
    const { host } = await joined(
      {
        place: async (title, layers) => {
          placed.push({ title, layers });
          return ["1", "2"];
        },
      },
      { ports },
    );
    const layers: NewLayer[] = [
      { name: "below", pixels: noise(3, 2), bounds },
      {
        name: "above",
        pixels: noise(7, 9),
        bounds: { x: 0.25, y: -1.5, width: 0.125, height: 1e6 },
        mask: noise(7, 9, 3),
        recipe: `{"map":"${"A".repeat(300_000)}"}`,
        anchor: "a",
      },
    ];
    expect(await host.place('Draw "fox"', layers)).toEqual(["1", "2"]);
    expect(placed).toEqual([{ title: 'Draw "fox"', layers }]);
  });

  test("a host that wants PNG files gets them, and every pixel that is seen is in them", async () => {
    const { readPicture } = await import("@underdraw/engine/pictures");
    const got: Picture[] = [];
    const { host } = await joined(
      {
        place: async (_, [layer]) => {
          if (layer) got.push(layer.pixels, layer.mask as Picture);
          return ["1"];
        },
      },
      { ports, serve: { pictures: "png" } },
    );
    const pixels = noise(33, 17);
    for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = Math.max(1, pixels.data[i] as number);
    await host.place("Draw", [{ name: "fox", pixels, bounds, mask: pixels }]);
    for (const picture of got) {
      if (!("bytes" in picture)) throw new Error("These are no files.");
      expect(picture.type).toBe("image/png");
      expect((await readPicture(picture.bytes)).pixels).toEqual(pixels);
    }
    expect(got).toHaveLength(2);
  });

  test("a scene of many shapes, and a recipe of megabytes, arrive whole", async () => {
    const shape = { id: "1", name: "Pfad", path: "M0 0L1.5 -2", matrix: [1, 0, 0, 1, 0.5, 0], stroke: "#000" };
    const scene = {
      bounds,
      shapes: Array.from({ length: 9_000 }, (_, n) => ({
        ...shape,
        id: String(n),
        strokeWidth: n / 7,
        dash: [1, 2],
        fill: null,
        opacity: 0.5,
      })),
    } as unknown as Scene;
    const recipe = "{é}".repeat(500_000);
    const { host } = await joined({ scene: async () => scene, recipe: async () => recipe }, { ports });
    expect(JSON.stringify(await host.scene?.())).toBe(JSON.stringify(scene));
    expect((await host.recipe?.("7")) === recipe).toBe(true);
  });

  test("a scene arrives without the pixels of its pictures, with all else that it holds", async () => {
    const scene = landscape(bounds);
    const [sky, ...others] = scene.shapes;
    if (!sky) throw new Error("The drawing has no shapes.");
    const picture = { width: 2, height: 1, data: new Uint8ClampedArray(8) };
    const { host } = await joined(
      { scene: async () => ({ ...scene, shapes: [{ ...sky, picture }, ...others] }) },
      { ports },
    );
    expect(await host.scene?.()).toEqual(scene);
  });

  test("a scene that is none is refused in words that name the place", async () => {
    const scene = landscape(bounds);
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ bounds }, /gave what is no scene/],
      [{ ...scene, bounds: { ...bounds, x: 0.5 } }, /bounds: must be whole/],
      [{ ...scene, groups: [] }, /shapes.*group: names a group that is not in groups: "home"/],
      [{ ...scene, groups: [{ id: "home", name: "", group: "home" }] }, /group: lies in a circle/],
      [{ ...scene, shapes: [{ ...scene.shapes[0], opacity: Number.NaN }] }, /shapes\.0\.opacity/],
    ];
    for (const [value, words] of wrong) {
      const { host } = await joined({ scene: async () => value as Scene }, { ports });
      const refused = host.scene?.();
      await expect(refused).rejects.toMatchObject({ code: "host-failed", details: { call: "scene" } });
      await expect(refused).rejects.toThrow(words);
    }
  });

  test("an error keeps its code, its message and its details", async () => {
    const error = new UnderdrawError("selection-unusable", "The layer is hidden. 보이지 않습니다.", {
      host: "fake",
      reason: "hidden",
    });
    const { host } = await joined({ capture: () => Promise.reject(error) }, { ports });
    const caught = await host.capture({ maxSide: 8 }).catch((reason: unknown) => reason);
    expect(UnderdrawError.is(caught, "selection-unusable")).toBe(true);
    expect(caught).toMatchObject({ message: error.message, details: error.details });
  });

  test("a stop rejects at once with the signal's reason, and the host hears of it", async () => {
    const asked = gate<StopSignal | undefined>();
    const { host, pair } = await joined(
      {
        capture: (_, call) => {
          asked.open(call?.signal);
          return new Promise(() => {});
        },
      },
      { ports },
    );
    const stopping = new AbortController();
    const removed = vi.spyOn(stopping.signal, "removeEventListener");
    const capture = host.capture({ maxSide: 8 }, { signal: stopping.signal });
    const signal = await asked.passed;
    expect(signal?.aborted).toBe(false);
    const heard = new Promise<void>((resolve) => signal?.addEventListener("abort", resolve));
    const reason = { why: "a reason of any kind" };
    stopping.abort(reason);
    expect(await capture.catch((why: unknown) => why)).toBe(reason);
    await heard;
    expect(signal?.aborted).toBe(true);
    expect(removed).toHaveBeenCalled();
    expect(pair.sent.panel).toBeGreaterThan(2);
  });

  test("a stop amid a large picture ends its sending, and the connection goes on", async () => {
    const { host, pair } = await joined({}, { ports: { carries, largest: 16_384 } });
    const stopping = new AbortController();
    const before = pair.sent.host;
    const large = host.capture({ maxSide: 1024 }, { signal: stopping.signal });
    await vi.waitFor(() => expect(pair.sent.host).toBeGreaterThan(before + 10), { interval: 1 });
    stopping.abort("enough");
    await expect(large).rejects.toBe("enough");
    expect((await host.capture({ maxSide: 4 }))?.pixels).toEqual(noise(4, 4));
    expect(pair.sent.host).toBeLessThan(before + 60);
  });

  test("a stop before all of a layer has arrived places nothing", async () => {
    const place = vi.fn(async () => ["1"]);
    const { host, pair } = await joined({ place }, { ports: { carries, largest: 8_192 } });
    const stopping = new AbortController();
    const before = pair.sent.panel;
    const layer = { name: "a", pixels: noise(256, 256), bounds };
    const placing = host.place("Draw", [layer], { signal: stopping.signal });
    await vi.waitFor(() => expect(pair.sent.panel).toBeGreaterThan(before + 5), { interval: 1 });
    stopping.abort("enough");
    await expect(placing).rejects.toBe("enough");
    expect((await host.capture({ maxSide: 4 }))?.pixels.width).toBe(4);
    expect(place).not.toHaveBeenCalled();
    expect(await host.place("Draw", [layer])).toEqual(["1"]);
  });

  test("a small call does not wait for the large one before it", async () => {
    const { host } = await joined({ recipe: async () => "small" }, { ports: { carries, largest: 8_192 } });
    const ended: string[] = [];
    const large = host.capture({ maxSide: 512 }).then(() => ended.push("large"));
    const small = host.recipe?.("1").then(() => ended.push("small"));
    await Promise.all([large, small]);
    expect(ended).toEqual(["small", "large"]);
  });

  test("no more than three pieces are under way unconfirmed", async () => {
    const pair = portPair({ carries, largest: 4_096 });
    let [pieces, confirmed, most] = [0, 0, 0];
    const watched = {
      ...pair.host,
      send: (message: unknown) => {
        if ((message as { underdraw: string }).underdraw === "piece") most = Math.max(most, ++pieces - confirmed);
        pair.host.send(message);
      },
      receive: (handler: (message: unknown) => void) =>
        pair.host.receive((message) => {
          const { underdraw, index } = message as { underdraw: string; index: number };
          if (underdraw === "taken") confirmed = index;
          handler(message);
        }),
    };
    serveHost(hostWith(), watched);
    await (await connectHost(pair.panel)).capture({ maxSide: 64 });
    expect(pieces).toBeGreaterThan(4);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  test("sixteen calls run side by side, and the next is told that the host is busy", async () => {
    const { passed, open } = gate();
    const { host } = await joined({ capture: async ({ maxSide }) => passed.then(() => noisy(maxSide)) }, { ports });
    const running = Array.from({ length: 16 }, (_, n) => host.capture({ maxSide: n + 1 }));
    await expect(host.capture({ maxSide: 17 })).rejects.toMatchObject({ code: "host-busy" });
    open();
    const captures = await Promise.all(running);
    expect(captures.map((capture) => capture?.pixels.width)).toEqual(Array.from({ length: 16 }, (_, n) => n + 1));
  });

  test("a change of the selection is told to whoever listens, and to nobody afterwards", async () => {
    let change = (): void => {};
    const forget = vi.fn();
    const { host } = await joined(
      {
        onSelectionChange: (listener) => {
          change = listener;
          return forget;
        },
      },
      { ports },
    );
    const [first, second] = [vi.fn(), vi.fn()];
    const leave = host.onSelectionChange?.(first);
    host.onSelectionChange?.(second);
    change();
    await vi.waitFor(() => expect(second).toHaveBeenCalledTimes(1));
    leave?.();
    change();
    await vi.waitFor(() => expect(second).toHaveBeenCalledTimes(2));
    expect(first).toHaveBeenCalledTimes(1);
    host.close();
    await vi.waitFor(() => expect(forget).toHaveBeenCalledTimes(1));
  });
});

test("nothing is posted before the panel's hello", async () => {
  const pair = portPair();
  let change = (): void => {};
  serveHost(
    hostWith({
      onSelectionChange: (listener) => {
        change = listener;
        return () => {};
      },
    }),
    pair.host,
  );
  change();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(pair.sent.host).toBe(0);
});

test("what a host cannot do is absent, and what it can is said", async () => {
  const { host: plain } = await joined();
  expect(plain.abilities).toEqual([]);
  expect(
    "scene" in plain ||
      "recipe" in plain ||
      "onSelectionChange" in plain ||
      "exactSize" in plain ||
      "layerMasks" in plain,
  ).toBe(false);
  const { host: able } = await joined({
    exactSize: true,
    layerMasks: true,
    scene: async () => null,
    recipe: async () => null,
    onSelectionChange: () => () => {},
  });
  expect(able.abilities).toEqual(["selection-events", "scene", "recipe"]);
  expect(able).toMatchObject({ version: 1, name: "fake", exactSize: true, layerMasks: true });
  expect(await able.scene?.()).toBeNull();
  expect(await able.recipe?.("gone")).toBeNull();
});

test("nothing selected is null, and no layers are no ids", async () => {
  const { host } = await joined({ capture: async () => null });
  expect(await host.capture({ maxSide: 8 })).toBeNull();
  expect(await host.place("Nothing", [])).toEqual([]);
});

test("a call of a programmer's mistake is refused before it is sent", async () => {
  const { host, pair } = await joined();
  const { panel } = pair.sent;
  const layer = { name: "a", pixels: noise(2, 2), bounds };
  await expect(host.capture({ maxSide: 0.5 })).rejects.toThrow(/^maxSide: 0.5/);
  await expect(host.place("a", [{ ...layer, pixels: { ...noise(2, 2), width: 3 } }])).rejects.toThrow(/layers\[0\]/);
  await expect(host.place("a", [layer, { ...layer, bounds: { ...bounds, x: Number.NaN } }])).rejects.toThrow(
    /layers\[1\]\.bounds/,
  );
  await expect(connectHost(pair.panel, { timeoutMs: -1 })).rejects.toThrow(RangeError);
  const heavy = { ...layer, recipe: "r".repeat(8_388_608) };
  await expect(host.place("a", [{ ...heavy, recipe: `${heavy.recipe}r` }])).rejects.toThrow(/layers\[0\]\.recipe/);
  await expect(host.place("a", [heavy, heavy])).rejects.toThrow(/place: 16777216 characters/);
  expect(() => serveHost(hostWith(), pair.host, { most: 0 })).toThrow(RangeError);
  expect(() => serveHost(hostWith(), { ...pair.host, largest: 100 })).toThrow(RangeError);
  expect(pair.sent.panel).toBe(panel);
});

test("layers that a host has no room for are refused with words before they are sent", async () => {
  const { host } = await joined({}, { serve: { most: 10_000 } });
  const place = host.place("Draw", [{ name: "a", pixels: noise(64, 64), bounds }]);
  await expect(place).rejects.toMatchObject({ code: "selection-unusable", details: { reason: "too-large" } });
});

test("long names are cut and never lose a finished picture", async () => {
  const names: string[] = [];
  const { host } = await joined({
    place: async (title, layers) => {
      names.push(title, ...layers.map(({ name }) => name));
      return ["1"];
    },
  });
  const long = `${"x".repeat(999)}🦊`;
  await host.place(long, [{ name: long, pixels: noise(1, 1), bounds }]);
  expect(names).toEqual(["x".repeat(999), "x".repeat(999)]);
});

describe("when one end goes", () => {
  test("the panel's close stops what the host is at", async () => {
    const asked = gate<StopSignal | undefined>();
    const { host } = await joined({
      capture: (_, call) => {
        asked.open(call?.signal);
        return new Promise(() => {});
      },
    });
    const capture = host.capture({ maxSide: 8 });
    const signal = await asked.passed;
    host.close();
    host.close();
    await expect(capture).rejects.toMatchObject({ code: "bridge-closed" });
    await expect(host.capture({ maxSide: 8 })).rejects.toMatchObject({ code: "bridge-closed" });
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  test("the host's close is told once, with its reason, and calls reject", async () => {
    const { host, served } = await joined({ capture: () => new Promise(() => {}) });
    const [told, gone] = [vi.fn(), vi.fn()];
    host.onClose(told);
    const leave = host.onClose(gone);
    leave();
    const capture = host.capture({ maxSide: 8 });
    served.close("The document was closed.");
    served.close("Again.");
    await expect(capture).rejects.toMatchObject({
      code: "bridge-closed",
      details: { reason: "The document was closed." },
    });
    expect(told.mock.calls).toEqual([["The document was closed."]]);
    expect(gone).not.toHaveBeenCalled();
    const late = vi.fn();
    host.onClose(late);
    await vi.waitFor(() => expect(late).toHaveBeenCalledTimes(1));
  });

  test("a broken channel ends calls and tells both", async () => {
    const asked = gate<StopSignal | undefined>();
    const { host, pair } = await joined({
      capture: (_, call) => {
        asked.open(call?.signal);
        return new Promise(() => {});
      },
    });
    const told = vi.fn();
    host.onClose(told);
    const capture = host.capture({ maxSide: 8 });
    const signal = await asked.passed;
    pair.close("The window is gone.");
    await expect(capture).rejects.toMatchObject({ code: "bridge-closed" });
    expect(told.mock.calls).toEqual([["The window is gone."]]);
    expect(signal?.aborted).toBe(true);
  });

  test("a channel that takes no messages ends the connection in place of a crash", async () => {
    const { host, pair } = await joined();
    vi.spyOn(pair.panel, "send").mockImplementation(() => {
      throw new Error("No UI to send a message to.");
    });
    await expect(host.capture({ maxSide: 8 })).rejects.toMatchObject({ code: "bridge-closed" });
  });
});

describe("greeting", () => {
  test("the hello is repeated until a host that starts late answers", async () => {
    const pair = portPair();
    const connecting = connectHost(pair.panel);
    await new Promise((resolve) => setTimeout(resolve, 150));
    serveHost(hostWith(), pair.host);
    expect((await connecting).name).toBe("fake");
  });

  test("nobody there is a timeout, with words", async () => {
    const connecting = connectHost(portPair().panel, { timeoutMs: 30 });
    await expect(connecting).rejects.toMatchObject({ code: "timeout", details: { limitMs: 30 } });
  });

  test("a stop ends the waiting with the signal's reason", async () => {
    const stopping = new AbortController();
    const connecting = connectHost(portPair().panel, { signal: stopping.signal });
    stopping.abort("never mind");
    await expect(connecting).rejects.toBe("never mind");
    await expect(connectHost(portPair().panel, { signal: AbortSignal.abort("too late") })).rejects.toBe("too late");
    const { host } = await joined();
    await expect(host.capture({ maxSide: 4 }, { signal: AbortSignal.abort(null) })).rejects.toBe(null);
  });

  test("versions that do not meet are said by both sides", async () => {
    const newer = portPair();
    newer.host.receive((hello) => {
      const { connection } = hello as { connection: string };
      newer.host.send({ underdraw: "refuse", connection, versions: [2, 3] });
    });
    await expect(connectHost(newer.panel)).rejects.toMatchObject({
      code: "bridge-protocol",
      details: { got: "versions 2, 3" },
    });
    const older = portPair();
    serveHost(hostWith(), older.host);
    const answers: unknown[] = [];
    older.panel.receive((message) => answers.push(message));
    const hello = { underdraw: "hello", connection: "0123456789abcdef", versions: [7], largest: 4096, most: 1 };
    older.panel.send(hello);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    expect(answers).toEqual([{ underdraw: "refuse", connection: hello.connection, versions: [1] }]);
  });

  test("the smaller of both largest messages counts", async () => {
    const { panel, host: far } = portPair({ largest: 4_096 });
    serveHost(hostWith(), { ...far, largest: 1_048_576 });
    const host = await connectHost(panel);
    expect(same((await host.capture({ maxSide: 64 }))?.pixels, noise(64, 64))).toBe(true);
  });
});

describe("a second panel on the same port", () => {
  test("takes the place of the first, which is told; what the first asked is stopped", async () => {
    const pair = portPair();
    const handlers: ((message: unknown) => void)[] = [];
    pair.panel.receive((message) => {
      for (const handler of [...handlers]) handler(message);
    });
    // Two panels that hear the same channel, as two loads of a page in one frame do.
    const panel = () => {
      const own = { handler: (_: unknown): void => {} };
      handlers.push((message) => own.handler(message));
      return {
        carries: "bytes" as const,
        send: pair.panel.send,
        receive: (handler: (message: unknown) => void) => {
          own.handler = handler;
        },
      };
    };
    const asked = gate<StopSignal | undefined>();
    serveHost(
      hostWith({
        capture: async ({ maxSide }, call) => {
          if (maxSide < 8) return noisy(maxSide);
          asked.open(call?.signal);
          return new Promise(() => {});
        },
      }),
      pair.host,
    );
    const first = await connectHost(panel());
    const told = vi.fn();
    first.onClose(told);
    const capture = first.capture({ maxSide: 8 });
    const signal = await asked.passed;
    const second = await connectHost(panel());
    await expect(capture).rejects.toMatchObject({ code: "bridge-closed" });
    expect(told.mock.calls).toEqual([["Another panel has taken over."]]);
    expect(signal?.aborted).toBe(true);
    expect((await second.capture({ maxSide: 4 }))?.pixels.width).toBe(4);
  });

  test("and a late hello of the first takes nothing back", async () => {
    const pair = portPair();
    serveHost(hostWith(), pair.host);
    const heard: { underdraw: string; connection: string }[] = [];
    pair.panel.receive((message) => heard.push(message as (typeof heard)[number]));
    const hello = (connection: string) =>
      pair.panel.send({ underdraw: "hello", connection, versions: [1], largest: 4096, most: 1e6 });
    const [old, young] = ["old-old-old-old-1", "young-young-young"] as const;
    hello(old);
    hello(young);
    hello(old);
    hello(young);
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(3));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard.map(({ underdraw, connection }) => `${underdraw} ${connection}`)).toEqual([
      `welcome ${old}`,
      `bye ${old}`,
      `welcome ${young}`,
      `welcome ${young}`,
    ]);
  });
});
