import { UnderdrawError } from "@underdraw/engine/core";
import type { Capture, ConnectedHost, NewLayer } from "@underdraw/sdk";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { NodePhotoshop, PhotoshopOptions } from "../../hosts/photoshop/index.ts";
import { connected, openPlugin } from "./simulated.ts";

// The built plugin in a simulated Photoshop, asked as its page asks.

type Spec = Parameters<NodePhotoshop["open"]>[0];
type LayerSpec = NonNullable<Spec["layers"]>[number];

const open: NodePhotoshop[] = [];
afterEach(async () => {
  for (const ps of open.splice(0)) {
    expect(ps.leaks).toEqual({ handles: 0, bytes: 0 });
    expect(ps.problems).toEqual([]);
    await ps.quit();
  }
});

const fox: LayerSpec = {
  name: "Fox",
  bounds: { left: 8, top: 6, right: 28, bottom: 22 },
  fill: (x, y) => [(x * 9) & 255, (y * 11) & 255, (x + y) & 255, 255],
};
const paper: LayerSpec = { name: "Paper", kind: "background", fill: [250, 240, 230] };

async function studio(
  spec: Partial<Spec> = {},
  options: Partial<PhotoshopOptions> = {},
): Promise<{ ps: NodePhotoshop; host: ConnectedHost; document: number }> {
  const ps = await openPlugin(options);
  open.push(ps);
  const document = ps.open({ width: 64, height: 48, layers: [fox, paper], ...spec });
  return { ps, host: await connected(ps), document };
}

async function captured(host: ConnectedHost, maxSide = 1000): Promise<Capture> {
  const capture = await host.capture({ maxSide });
  if (!capture) throw new Error("Nothing was captured.");
  return capture;
}

/** A picture of its own at every pixel, over a capture. */
function over({ bounds, mask, anchor }: Capture, more: Partial<NewLayer> = {}): NewLayer {
  const { width, height } = bounds;
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, at) => (at % 4 === 3 ? 255 : (at * 7) & 255));
  return {
    name: "a red fox",
    pixels: { width, height, data },
    bounds,
    ...(mask ? { mask } : {}),
    ...(anchor === undefined ? {} : { anchor }),
    ...more,
  };
}

const at = ({ pixels }: Pick<Capture, "pixels">, x: number, y: number): number[] => [
  ...pixels.data.subarray((y * pixels.width + x) * 4, (y * pixels.width + x) * 4 + 4),
];

const refusal = async (call: Promise<unknown>): Promise<UnderdrawError> => {
  const error = await call.then(
    () => null,
    (rejected: unknown) => rejected,
  );
  if (!UnderdrawError.is(error)) throw new Error(`It should have been refused with a code, and was: ${String(error)}`);
  return error;
};

describe("capture", () => {
  test("reads what is seen where the active layer lies, byte for byte", async () => {
    const { ps, host } = await studio();
    const before = ps.snapshot();
    const { bounds, pixels, mask, name } = await captured(host);
    expect([bounds, name, mask]).toEqual([{ x: 8, y: 6, width: 20, height: 16 }, "Fox", undefined]);
    expect([pixels.width, pixels.height]).toEqual([20, 16]);
    expect(at({ pixels }, 3, 5)).toEqual([(11 * 9) & 255, 11 * 11, 22, 255]);
    expect(ps.snapshot()).toBe(before);
    expect(ps.history.names).toHaveLength(1);
  });

  test.each([8, 16, 32] as const)("reads a document of %i bits as 8", async (depth) => {
    const { host } = await studio({ depth, layers: [{ ...fox, fill: [255, 0, 0, 255] }] });
    expect(at(await captured(host), 4, 4)).toEqual([255, 0, 0, 255]);
  });

  test("an area with less in it than its bounds is padded, with nothing", async () => {
    const { ps, host } = await studio({ layers: [{ ...fox, fill: [1, 2, 3, 255] }] });
    ps.select({ left: 0, top: 0, right: 64, bottom: 48 });
    const capture = await captured(host);
    expect([capture.pixels.width, capture.pixels.height]).toEqual([64, 48]);
    expect([at(capture, 7, 6), at(capture, 8, 6), at(capture, 27, 21), at(capture, 28, 21)]).toEqual([
      [0, 0, 0, 0],
      [1, 2, 3, 255],
      [1, 2, 3, 255],
      [0, 0, 0, 0],
    ]);
    const small = await captured(host, 16);
    expect([small.pixels.width, small.pixels.height]).toEqual([16, 12]);
    expect([at(small, 0, 0)[3], at(small, 4, 3)]).toEqual([0, [1, 2, 3, 255]]);
  });

  test.each([8, 16] as const)("a selection gives the area, and its mask where it is soft (%i bits)", async (depth) => {
    const { ps, host } = await studio({ depth });
    ps.select({ left: 10, top: 10, right: 20, bottom: 20 });
    expect(await captured(host)).toMatchObject({ bounds: { x: 10, y: 10, width: 10, height: 10 } });
    expect((await captured(host)).mask).toBeUndefined();
    const coverage = Array.from({ length: 6 * 4 }, (_, n) => n * 10 + 10);
    ps.select({ mask: coverage, box: { left: 30, top: 8, right: 36, bottom: 12 } });
    const { bounds, mask } = await captured(host);
    expect(bounds).toEqual({ x: 30, y: 8, width: 6, height: 4 });
    expect([...(mask?.data ?? [])].filter((_, n) => n % 4 === 3)).toEqual(coverage);
    const small = await captured(host, 3);
    const alphas = [...(small.mask?.data ?? [])].filter((_, n) => n % 4 === 3);
    expect([small.pixels.width, small.pixels.height, small.mask?.width, small.mask?.height]).toEqual([3, 2, 3, 2]);
    expect(alphas.every((alpha, n) => n % 3 === 0 || alpha > (alphas[n - 1] ?? 0))).toBe(true);
  });

  test("a selection that reaches over the canvas is clipped, and one beside it is refused", async () => {
    const { ps, host } = await studio();
    ps.select({ ellipse: { left: -10, top: -10, right: 30, bottom: 30 } });
    const { bounds, mask } = await captured(host);
    expect(bounds).toEqual({ x: 0, y: 0, width: 30, height: 30 });
    expect([mask?.width, mask?.height]).toEqual([30, 30]);
    ps.select({ left: 70, top: 0, right: 90, bottom: 20 });
    expect(await refusal(host.capture({ maxSide: 64 }))).toMatchObject({
      code: "selection-unusable",
      details: { reason: "outside" },
    });
  });

  test("one pixel is a picture", async () => {
    const { ps, host } = await studio();
    ps.select({ left: 12, top: 13, right: 13, bottom: 14 });
    const capture = await captured(host);
    expect([capture.bounds, at(capture, 0, 0)]).toEqual([{ x: 12, y: 13, width: 1, height: 1 }, [108, 143, 25, 255]]);
  });

  test("without a document, a selection and an active layer there is nothing", async () => {
    const { ps, host, document } = await studio();
    ps.activate();
    expect(await host.capture({ maxSide: 64 })).toBeNull();
    ps.close(document);
    expect(await host.capture({ maxSide: 64 })).toBeNull();
  });

  test.each([
    ["hidden", [{ ...fox, visible: false }, paper]],
    ["hidden", [{ name: "Group", kind: "group", visible: false, layers: [fox] }, paper]],
    ["empty", [{ name: "Fox", bounds: { left: 0, top: 0, right: 0, bottom: 0 } }, paper]],
    ["outside", [{ ...fox, bounds: { left: 80, top: 6, right: 90, bottom: 22 } }, paper]],
  ] as const)("a layer that is %s is refused by that name", async (reason, layers) => {
    const { ps, host } = await studio({ layers });
    ps.activate("Fox");
    const error = await refusal(host.capture({ maxSide: 64 }));
    expect([error.code, error.details]).toEqual(["selection-unusable", { host: "photoshop", reason }]);
  });

  test.each(["empty", "throw"] as const)(
    "an area with nothing in it is empty (Photoshop's manner: %s)",
    async (blank) => {
      const { ps, host } = await studio({ layers: [fox] }, { manners: { blank } });
      ps.select({ left: 40, top: 30, right: 60, bottom: 40 });
      expect((await refusal(host.capture({ maxSide: 64 }))).details).toMatchObject({ reason: "empty" });
    },
  );

  test("several layers and groups are read together, without those that are hidden", async () => {
    const other = { name: "Dot", bounds: { left: 40, top: 30, right: 44, bottom: 34 }, fill: [9, 9, 9, 255] as const };
    const far = { name: "Far", bounds: { left: 60, top: 40, right: 64, bottom: 48 }, visible: false };
    const { ps, host } = await studio({ layers: [{ name: "Both", kind: "group", layers: [fox, other] }, far, paper] });
    ps.activate("Both");
    expect(await captured(host)).toMatchObject({ bounds: { x: 8, y: 6, width: 36, height: 28 }, name: "Both" });
    ps.activate("Fox", "Far");
    expect((await captured(host)).bounds).toEqual({ x: 8, y: 6, width: 20, height: 16 });
    ps.activate("Paper");
    expect((await captured(host)).bounds).toEqual({ x: 0, y: 0, width: 64, height: 48 });
  });

  test("locked layers can be read", async () => {
    const { host } = await studio({ layers: [{ ...fox, locked: "all" }, paper] });
    expect((await captured(host)).name).toBe("Fox");
  });

  test("a huge document is read small", async () => {
    const box = { left: 0, top: 0, right: 30_000, bottom: 8 };
    const field = { name: "Field", bounds: box, fill: [3, 4, 5, 255] as const };
    const { host } = await studio({ width: 30_000, height: 8, layers: [field] });
    const { bounds, pixels } = await captured(host, 512);
    expect([bounds.width, pixels.width, pixels.height]).toEqual([30_000, 512, 1]);
    expect(at({ pixels }, 255, 0)).toEqual([3, 4, 5, 255]);
  });

  test.each([
    ["indexedColorMode", "Indexed Color"],
    ["bitmapMode", "Bitmap"],
  ] as const)("a document in %s is refused by name", async (mode, name) => {
    const { host } = await studio({ mode, layers: [paper] } as Partial<Spec>);
    const error = await refusal(host.capture({ maxSide: 64 }));
    expect(error.code).toBe("host-unsupported");
    expect(error.message).toContain(name);
  });

  test("Quick Mask is said to be in the way", async () => {
    const { ps, host } = await studio();
    ps.quickMask(true);
    expect(await refusal(host.capture({ maxSide: 64 }))).toMatchObject({
      code: "host-busy",
      details: { owner: "Quick Mask" },
    });
  });

  test("a Photoshop that is busy is said to be so, and by whom", async () => {
    const { ps, host } = await studio();
    const ends = ps.busy("com.other.plugin");
    const error = await refusal(host.capture({ maxSide: 64 }));
    expect(error).toMatchObject({ code: "host-busy", details: { host: "photoshop", owner: "com.other.plugin" } });
    ends();
    expect((await captured(host)).name).toBe("Fox");
  });

  test("Escape stops a capture, and the next one works", async () => {
    const { ps, host } = await studio();
    for (const call of [0, 1, 2]) {
      ps.cancelModal(call);
      await expect(host.capture({ maxSide: 64 })).rejects.toMatchObject({ name: "AbortError" });
    }
    expect((await captured(host)).name).toBe("Fox");
  });

  test("a call that fails in Photoshop is told with its own words", async () => {
    const { ps, host } = await studio();
    ps.fail("getPixels", "out of scratch disk");
    const error = await refusal(host.capture({ maxSide: 64 }));
    expect(error).toMatchObject({ code: "host-failed", details: { call: "capture" } });
    expect(error.message).toContain("out of scratch disk");
  });
});

describe("place", () => {
  test.each([8, 16] as const)(
    "one step with the exact pixels in a document of %i bits, undone to the last byte",
    async (depth) => {
      const { ps, host } = await studio({ depth });
      const before = ps.snapshot();
      const layer = over(await captured(host));
      const [id = ""] = await host.place("Draw a red fox", [layer]);
      expect(ps.history.names.slice(1)).toEqual(["Draw a red fox"]);
      expect(ps.active).toEqual(["Fox"]);
      const placed = ps.layer("a red fox");
      expect([placed.parent, placed.bounds]).toEqual([
        "Underdraw - a red fox",
        { left: 8, top: 6, right: 28, bottom: 22 },
      ]);
      const again = await captured(host);
      expect([...again.pixels.data]).toEqual([...layer.pixels.data]);
      expect(id).toBe(`${ps.document.id}:${placed.id}`);
      const after = ps.snapshot();
      ps.undo();
      expect(ps.snapshot()).toBe(before);
      ps.redo();
      expect(ps.snapshot()).toBe(after);
    },
  );

  test.each([
    [8, "Gray Gamma 2.2"],
    [8, "Dot Gain 20%"],
    [16, "Gray Gamma 2.2"],
    [16, "Dot Gain 20%"],
  ] as const)("a soft selection becomes the layer's mask, exactly (%i bits, %s)", async (depth, grayProfile) => {
    const { ps, host } = await studio({ depth }, { manners: { grayProfile } });
    const coverage = Array.from({ length: 24 }, (_, n) => n * 10 + 10);
    ps.select({ mask: coverage, box: { left: 30, top: 8, right: 36, bottom: 12 } });
    const selection = ps.selection;
    const capture = await captured(host);
    await host.place("Draw", [over(capture)]);
    const full = depth === 8 ? 255 : 32768;
    const values = [...(ps.layer("a red fox").mask?.data ?? [])];
    expect(values).toEqual(coverage.map((value) => Math.round((value * full) / 255)));
    expect(ps.selection).toEqual(selection);
    expect(ps.history.names.at(-1)).toBe("Draw");
  });

  test("layers lie in order, directly above the anchor's, whatever is active by then", async () => {
    const dot = { name: "Dot", bounds: { left: 40, top: 30, right: 44, bottom: 34 }, fill: [9, 9, 9, 255] as const };
    const { ps, host } = await studio({ layers: [dot, { name: "Group", kind: "group", layers: [fox] }, paper] });
    ps.activate("Fox");
    const capture = await captured(host);
    ps.activate("Dot");
    const ids = await host.place("Draw", [over(capture, { name: "low" }), over(capture, { name: "high" })]);
    expect(ps.layer("Group").layers).toEqual(["Underdraw - high", "Fox"]);
    expect(ps.layer("Underdraw - high").layers).toEqual(["high", "low"]);
    expect(ids.map((id) => id.split(":")[1])).toEqual([`${ps.layer("low").id}`, `${ps.layer("high").id}`]);
    expect(ps.active).toEqual(["Dot"]);
  });

  test("layers that are clipped to the anchor's stay clipped to it", async () => {
    const shade = { name: "Shade", bounds: fox.bounds, fill: [0, 0, 0, 255], clipped: true } as LayerSpec;
    const { ps, host } = await studio({ layers: [shade, fox, paper] });
    ps.activate("Fox");
    await host.place("Draw", [over(await captured(host))]);
    expect(ps.layers.filter(({ parent }) => parent === null).map(({ name }) => name)).toEqual([
      "Underdraw - a red fox",
      "Shade",
      "Fox",
      "Paper",
    ]);
  });

  test("without an anchor, or when its layer is gone, it goes on top", async () => {
    const { ps, host } = await studio();
    ps.activate("Paper");
    const capture = await captured(host);
    const { anchor: _, ...loose } = over(capture, { name: "loose" });
    await host.place("Draw", [loose]);
    expect(ps.layers[0]?.name).toBe("Underdraw - loose");
    ps.activate("Fox");
    const orphan = over(await captured(host), { name: "orphan" });
    ps.remove("Fox");
    await host.place("Draw", [orphan]);
    expect(ps.layers[0]?.name).toBe("Underdraw - orphan");
  });

  test("several active layers, and none, are as before", async () => {
    const { ps, host } = await studio();
    ps.activate("Fox", "Paper");
    const layer = over(await captured(host));
    await host.place("Draw", [layer]);
    expect(ps.active).toEqual(["Fox", "Paper"]);
    ps.activate();
    await host.place("Draw", [layer]);
    expect(ps.active).toEqual([]);
  });

  test("a picture of another size is scaled to its bounds", async () => {
    const { ps, host } = await studio();
    const capture = await captured(host);
    const data = new Uint8ClampedArray(4 * 4).fill(200);
    await host.place("Draw", [over(capture, { pixels: { width: 2, height: 2, data } })]);
    expect(ps.layer("a red fox").bounds).toEqual({ left: 8, top: 6, right: 28, bottom: 22 });
  });

  test.each([
    ["closed", ({ ps, document }) => ps.close(document)],
    ["switched", ({ ps }) => void ps.open({ width: 10, height: 10 })],
    ["resized", ({ ps, document }) => ps.resize(document, 70, 48)],
    ["mode", ({ ps, document }) => ps.changeMode(document, "CMYKColorMode")],
  ] as [string, (given: { ps: NodePhotoshop; document: number }) => void][])(
    "a document that was %s meanwhile gets nothing",
    async (change, happen) => {
      const { ps, host, document } = await studio();
      const layer = over(await captured(host));
      happen({ ps, document });
      const before = change === "closed" ? "" : ps.snapshot(document);
      expect(await refusal(host.place("Draw", [layer]))).toMatchObject({
        code: "document-changed",
        details: { change },
      });
      if (change !== "closed") expect(ps.snapshot(document)).toBe(before);
    },
  );

  test("a damaged anchor and no document at all are refused with words", async () => {
    const { ps, host, document } = await studio();
    const layer = over(await captured(host));
    expect((await refusal(host.place("Draw", [{ ...layer, anchor: "{}" }]))).code).toBe("host-failed");
    ps.close(document);
    const { anchor: _, ...loose } = layer;
    expect((await refusal(host.place("Draw", [loose]))).code).toBe("document-changed");
  });

  test("Escape at any moment of it leaves the document as it was", async () => {
    const { ps, host } = await studio();
    ps.select({ ellipse: { left: 5, top: 5, right: 30, bottom: 30 } });
    const layer = over(await captured(host), { recipe: "{}" });
    const before = ps.snapshot();
    const lines = ps.history.names.length;
    let stopped = 0;
    for (let call = 0; call < 60; call++) {
      ps.cancelModal(call);
      const outcome = await host.place("Draw", [layer]).then(
        () => "placed",
        (error: Error) => error.name,
      );
      if (outcome === "placed") break;
      stopped++;
      expect(outcome).toBe("AbortError");
      expect(ps.snapshot()).toBe(before);
      expect(ps.history.names).toHaveLength(lines);
    }
    expect(stopped).toBeGreaterThan(10);
    expect(stopped).toBeLessThan(60);
  });

  test.each([
    "document.createLayerGroup",
    "document.createPixelLayer",
    "createImageDataFromBuffer",
    "putPixels",
    "batchPlay",
  ])("a %s that fails leaves the document as it was, and the next placing works", async (call) => {
    const { ps, host } = await studio();
    const layer = over(await captured(host));
    const before = ps.snapshot();
    ps.fail(call, "scratch disk is full");
    const error = await refusal(host.place("Draw", [layer]));
    expect(error).toMatchObject({ code: "host-failed", details: { call: "place" } });
    expect(error.message).toContain("scratch disk is full");
    expect(ps.snapshot()).toBe(before);
    await host.place("Draw", [layer]);
    expect(ps.history.names).toHaveLength(2);
  });

  test("while an Action holds the history, a placing works, and one that fails is taken back", async () => {
    const { ps, host } = await studio();
    const layer = over(await captured(host));
    const ends = ps.playAction();
    ps.fail("putPixels", "no");
    await refusal(host.place("Draw", [layer]));
    expect(ps.layers.map(({ name }) => name)).toEqual(["Fox", "Paper"]);
    await host.place("Draw", [layer]);
    expect(ps.layers[0]?.name).toBe("Underdraw - a red fox");
    ends();
  });

  test("a CMYK document that takes no RGB is said to be so, and nothing is left", async () => {
    const { ps, host } = await studio(
      { mode: "CMYKColorMode", layers: [{ ...paper, fill: [0, 0, 0, 0] }] },
      { manners: { cmyk: "refuse" } },
    );
    const layer = over(await captured(host));
    const before = ps.snapshot();
    const error = await refusal(host.place("Draw", [layer]));
    expect(error.code).toBe("host-unsupported");
    expect(error.message).toContain("CMYK");
    expect(ps.snapshot()).toBe(before);
  });

  test("a signal that is aborted before leaves nothing, and rejects with its own reason", async () => {
    const { ps, host } = await studio();
    const layer = over(await captured(host));
    const before = ps.snapshot();
    const reason = new Error("enough");
    await expect(host.place("Draw", [layer], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(ps.snapshot()).toBe(before);
  });
});

describe("recipe", () => {
  const long = JSON.stringify({ prompt: "여우 🦊", map: "QUJD".repeat(50_000) });

  test.each([
    ["with the layer", {}],
    ["in the document's XMP where Photoshop keeps nothing with layers", { noSettings: true }],
  ])("is kept %s, and comes back exactly", async (_, manners) => {
    const { ps, host } = await studio({}, { manners });
    const capture = await captured(host);
    const [first = "", second = ""] = await host.place("Draw", [
      over(capture, { recipe: long }),
      over(capture, { recipe: "{}", name: "other" }),
    ]);
    expect(await host.recipe?.(first)).toBe(long);
    expect(await host.recipe?.(second)).toBe("{}");
    expect(ps.history.names).toHaveLength(2);
    ps.activate("other");
    expect((await captured(host)).layer).toBe(second);
    ps.undo();
    expect(await host.recipe?.(first)).toBeNull();
  });

  test("a group is known by the layer in it, and others are not", async () => {
    const { ps, host } = await studio();
    const [id] = await host.place("Draw", [over(await captured(host), { recipe: "{}" })]);
    ps.activate("Underdraw - a red fox");
    expect((await captured(host)).layer).toBe(id);
    ps.activate("Fox");
    expect((await captured(host)).layer).toBeUndefined();
  });

  test("layers without one, that are gone, or of no such name have none", async () => {
    const { ps, host } = await studio();
    for (const id of [`${ps.document.id}:${ps.layer("Fox").id}`, "9:9", "", "Fox", "__proto__"]) {
      expect(await host.recipe?.(id)).toBeNull();
    }
  });
});

test("calls at the same time hold Photoshop one after the other", async () => {
  const { ps, host } = await studio();
  // One that is stopped half way goes on by itself in the host while the next begins.
  const stopping = new AbortController();
  const first = host.capture({ maxSide: 64 }, { signal: stopping.signal });
  await vi.waitUntil(() => ps.modal, { interval: 0 });
  const second = host.capture({ maxSide: 32 });
  stopping.abort(new Error("enough"));
  await expect(first).rejects.toThrow("enough");
  expect(await second).not.toBeNull();
  expect(ps.problems).toEqual([]);
});

describe("selection events", () => {
  test("come after a change of what is selected or seen, once, and stop when nobody listens", async () => {
    const { ps, host } = await studio();
    const heard = vi.fn();
    const stop = host.onSelectionChange?.(heard);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const heardAfter = async (happen: () => void): Promise<number> => {
      heard.mockClear();
      happen();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return heard.mock.calls.length;
    };
    expect(await heardAfter(() => ps.activate("Paper"))).toBe(1);
    expect(
      await heardAfter(() => {
        for (let x = 0; x < 5; x++) ps.select({ left: x, top: 0, right: 20, bottom: 20 });
      }),
    ).toBe(1);
    expect(await heardAfter(() => ps.paint("Fox", { left: 9, top: 9, right: 12, bottom: 12 }, [0, 0, 255, 255]))).toBe(
      1,
    );
    expect(await heardAfter(() => void host.capture({ maxSide: 16 }))).toBe(0);
    stop?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await heardAfter(() => ps.activate("Fox"))).toBe(0);
  });

  test("come soon after a lone command, and once more when many have ended", async () => {
    const { ps, host } = await studio();
    const times: number[] = [];
    const stop = host.onSelectionChange?.(() => times.push(performance.now()));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const began = performance.now();
    let ended = began;
    for (let x = 0; x < 8; x++) {
      ps.select({ left: x, top: 0, right: 20, bottom: 20 });
      ended = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await expect.poll(() => times.length, { timeout: 3000 }).toBe(2);
    const [first = 0, last = 0] = times;
    expect(first - began).toBeLessThan(250);
    expect(last).toBeGreaterThan(ended + 250);
    stop?.();
  });
});
