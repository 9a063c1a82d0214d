import { type ErrorCode, UnderdrawError } from "@underdraw/engine";
import type { Capture, ConnectedHost, NewLayer } from "@underdraw/sdk";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NodeFigma } from "../../hosts/figma/index.ts";
import { colourAt, connected, openEditor, panelAddress, plain, pluginFiles, solid } from "./opened.ts";

const red = [255, 0, 0, 255];
const blue = [0, 0, 255, 255];

let figma: NodeFigma;
let host: ConnectedHost;

beforeAll(async () => {
  await pluginFiles();
});
beforeEach(async () => {
  figma = await openEditor();
});
afterEach(() => figma.close());

/** Draws a node, selects it and starts the plugin. */
async function selected(type: "RECTANGLE" | "FRAME" | "LINE", properties: object, parent?: string): Promise<string> {
  const id = await figma.draw({ type, properties: { ...properties } }, parent ? { parent } : {});
  await figma.select([id]);
  return id;
}

/** Captures, and there is something. */
async function captured(maxSide = 64): Promise<Capture> {
  const capture = await host.capture({ maxSide });
  if (!capture) throw new Error("Nothing was captured.");
  return capture;
}

/** A layer of one colour over a capture. */
const over = ({ bounds, anchor }: Capture, more: Partial<NewLayer> = {}): NewLayer => ({
  name: "Picture",
  pixels: plain(8, 8, [0, 255, 0, 255]),
  bounds,
  ...(anchor === undefined ? {} : { anchor }),
  ...more,
});

async function code(run: () => Promise<unknown>): Promise<readonly [ErrorCode | null, unknown]> {
  try {
    await run();
    return [null, null];
  } catch (error) {
    if (UnderdrawError.is(error)) return [error.code, error.details];
    throw error;
  }
}

describe("a capture", () => {
  test("is what the selection looks like, drawn as large as was asked for, in its own bounds", async () => {
    await selected("RECTANGLE", { x: 10.25, y: 20, width: 40, height: 20, fills: solid(1, 0, 0), name: "Fox" });
    host = await connected(figma);
    const { pixels, bounds, name, layer } = await captured(64);
    expect([pixels.width, pixels.height]).toEqual([64, 32]);
    expect(colourAt(pixels, 0.5, 0.5)).toEqual(red);
    expect(bounds).toEqual({ x: 10, y: 20, width: 41, height: 20 });
    expect([name, layer]).toEqual(["Fox", undefined]);
  });

  test("is nothing when nothing is selected", async () => {
    host = await connected(figma);
    expect(await host.capture({ maxSide: 64 })).toBeNull();
  });

  test("of a turned frame is upright, and leaves the document as it was", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { x: 100, y: 100, width: 40, height: 20, rotation: -30, fills: solid(1, 0, 0) },
      children: [{ type: "RECTANGLE", properties: { x: 0, y: 0, width: 20, height: 20, fills: solid(0, 0, 1) } }],
    });
    await figma.select([frame]);
    host = await connected(figma);
    const before = await figma.snapshot();
    const { pixels, bounds } = await captured(80);
    expect(await figma.snapshot()).toBe(before);
    expect([pixels.width, pixels.height]).toEqual([80, 40]);
    expect(colourAt(pixels, 0.25, 0.5)).toEqual(blue);
    expect(colourAt(pixels, 0.75, 0.5)).toEqual(red);
    expect(colourAt(pixels, 0, 0)).toEqual(blue);
    expect(bounds.width / bounds.height).toBeCloseTo(2, 0);
  });

  test("of a turned node that looks as before makes no second copy, so that redo stays possible", async () => {
    const source = await selected("FRAME", {
      x: 90,
      y: 60,
      width: 40,
      height: 20,
      rotation: 45,
      fills: solid(1, 0, 0),
    });
    host = await connected(figma);
    const capture = await captured();
    const before = await figma.snapshot();
    const [id] = await host.place("One", [over(capture, { pixels: plain(16, 8, [0, 255, 0, 255]) })]);
    const after = await figma.snapshot();
    expect((await captured()).pixels.width).toBe(16); // the placed picture, selected now, without a copy of it
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
    await figma.select([source]);
    expect((await captured()).pixels).toEqual(capture.pixels);
    await figma.redo();
    expect(await figma.snapshot()).toBe(after);
    expect(await figma.node(id as string)).not.toBeNull();
  });

  test("of a turned node at two sizes in turn, and of a placed picture larger than asked, makes no copy again", async () => {
    const source = await selected("FRAME", {
      x: 90,
      y: 60,
      width: 18,
      height: 15,
      rotation: 45,
      fills: solid(1, 0, 0),
    });
    host = await connected(figma);
    await captured(64);
    const large = await captured(100);
    expect([large.pixels.width, large.pixels.height]).toEqual([100, 83]);
    const before = await figma.snapshot();
    // Of other proportions by less than a pixel, as pictures are that were drawn in whole pixels.
    const [id] = await host.place("One", [over(large, { pixels: plain(100, 84, [0, 255, 0, 255]) })]);
    const after = await figma.snapshot();
    const { pixels } = await captured(64);
    expect([pixels.width, pixels.height]).toEqual([64, 54]);
    expect(colourAt(pixels, 0.5, 0.5)).toEqual([0, 255, 0, 255]);
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
    await figma.select([source]);
    await captured(64);
    await captured(100);
    await figma.redo();
    expect(await figma.snapshot()).toBe(after);
    expect(await figma.node(id as string)).not.toBeNull();
  });

  test("of a turned node that was changed shows the change", async () => {
    const id = await selected("FRAME", { x: 90, y: 60, width: 40, height: 20, rotation: 45, fills: solid(1, 0, 0) });
    host = await connected(figma);
    await captured();
    await figma.edit(id, { fills: solid(0, 0, 1) });
    expect(colourAt((await captured()).pixels, 0.5, 0.5)).toEqual(blue);
  });

  test("of several nodes lays them over each other in the document's order, whatever the selection's", async () => {
    const low = await selected("RECTANGLE", { x: 0, y: 0, width: 20, height: 20, fills: solid(1, 0, 0) });
    const high = await selected("RECTANGLE", { x: 10, y: 10, width: 30, height: 10, fills: solid(0, 0, 1) });
    await figma.select([high, low]);
    host = await connected(figma);
    const before = await figma.snapshot();
    const { pixels, bounds, name } = await captured(80);
    expect([pixels.width, pixels.height, name]).toEqual([80, 40, "2 layers"]);
    expect(bounds).toEqual({ x: 0, y: 0, width: 40, height: 20 });
    expect(colourAt(pixels, 0.3, 0.25)).toEqual(red);
    expect(colourAt(pixels, 0.4, 0.75)).toEqual(blue);
    expect(colourAt(pixels, 0.8, 0.25)[3]).toBe(0);
    expect(await figma.snapshot()).toBe(before);
  });

  test.each([
    ["of 30,000 points", 30_000, 20_000],
    ["of one point", 1, 1],
    ["of a hair's breadth", 1, 400],
  ])("%s has no side above what was asked for", async (_, width, height) => {
    await selected("RECTANGLE", { x: -5, y: 7, width, height, fills: solid(1, 0, 0) });
    host = await connected(figma);
    const { pixels, bounds } = await captured(100);
    expect(Math.max(pixels.width, pixels.height)).toBe(100);
    expect(bounds).toEqual({ x: -5, y: 7, width, height });
  });

  test("of a line is what is drawn of it", async () => {
    const stroke = { strokes: solid(1, 0, 0), strokeWeight: 4 };
    await selected("LINE", { x: 10, y: 30, width: 50, ...stroke });
    host = await connected(figma);
    const { pixels, bounds } = await captured(100);
    expect(bounds.height).toBeGreaterThanOrEqual(2);
    expect(colourAt(pixels, 0.5, 0.5)).toEqual(red);
  });
});

describe("what cannot be read says why", () => {
  const box = { x: 0, y: 0, width: 20, height: 20 };
  const reason = async (): Promise<unknown> => (await code(() => host.capture({ maxSide: 64 })))[1];

  test.each([
    ["hidden", { ...box, fills: solid(1, 0, 0), visible: false }],
    ["locked", { ...box, fills: solid(1, 0, 0), locked: true }],
    ["empty", { ...box, fills: [] }],
  ])("when it is %s", async (why, properties) => {
    await selected("RECTANGLE", properties);
    host = await connected(figma);
    expect(await reason()).toEqual({ host: "figma", reason: why });
  });

  test("when what holds it is hidden or locked", async () => {
    for (const [why, change] of Object.entries({ hidden: { visible: false }, locked: { locked: true } })) {
      const frame = await figma.draw({ type: "FRAME", properties: { ...box, ...change } });
      await selected("RECTANGLE", { ...box, fills: solid(1, 0, 0) }, frame);
      host = await connected(figma);
      expect(await reason()).toEqual({ host: "figma", reason: why });
    }
  });

  test("but a hidden one among others is left out", async () => {
    const hidden = await selected("RECTANGLE", { ...box, x: 50, fills: solid(0, 0, 1), visible: false });
    const seen = await selected("RECTANGLE", { ...box, fills: solid(1, 0, 0), name: "Seen" });
    await figma.select([hidden, seen]);
    host = await connected(figma);
    expect(await captured()).toMatchObject({ name: "Seen", bounds: box });
  });
});

describe("a picture", () => {
  test("lies over its source, turned as it is, and one undo takes it away", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { x: 50, y: 80, width: 200, height: 100, rotation: -20, clipsContent: true },
    });
    const source = await selected(
      "RECTANGLE",
      { x: 30, y: 10, width: 40, height: 20, rotation: 10, fills: solid(1, 0, 0) },
      frame,
    );
    const above = await figma.draw({ type: "RECTANGLE", properties: { x: 0, y: 0 } }, { parent: frame });
    await figma.select([source]);
    host = await connected(figma);
    const capture = await captured();
    const before = await figma.snapshot();
    const ids = await host.place("Two", [over(capture), over(capture, { name: "Second" })]);
    const after = await figma.snapshot();
    const [one, two, from] = await Promise.all([...ids, source].map((id) => figma.node(id)));
    expect((await figma.node(frame))?.children).toEqual([source, ...ids, above]);
    expect([one?.name, two?.name]).toEqual(["Picture", "Second"]);
    one?.absoluteTransform.flat().forEach((value, at) => {
      expect(value).toBeCloseTo(from?.absoluteTransform.flat()[at] as number, 3);
    });
    expect([one?.width, one?.height]).toEqual([40, 20]);
    expect([...(await figma.selection())].sort()).toEqual([...ids].sort());
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
    await figma.redo();
    expect(await figma.snapshot()).toBe(after);
  });

  test("stays where its source was in an auto layout", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { x: 10, y: 10, width: 300, height: 100, layoutMode: "HORIZONTAL" },
      children: [40, 50].map((width) => ({
        type: "RECTANGLE",
        properties: { width, height: 20, fills: solid(1, 0, 0) },
      })),
    });
    const [, source = ""] = (await figma.node(frame))?.children ?? [];
    await figma.select([source]);
    host = await connected(figma);
    const place = (await figma.node(source))?.absoluteBoundingBox;
    const [id = ""] = await host.place("Laid out", [over(await captured())]);
    expect((await figma.node(id))?.absoluteBoundingBox).toEqual(place);
    expect((await figma.node(source))?.absoluteBoundingBox).toEqual(place);
  });

  test("goes where the source was when that was deleted, also on another page", async () => {
    const source = await selected("RECTANGLE", { x: 12, y: 34, width: 40, height: 20, fills: solid(1, 0, 0) });
    const page = await figma.currentPage();
    host = await connected(figma);
    const capture = await captured();
    await figma.remove([source], "another");
    await figma.openPage(await figma.addPage("Second"));
    const [id = ""] = await host.place("Gone", [over(capture)]);
    expect(await figma.node(id)).toMatchObject({
      parent: page,
      absoluteBoundingBox: { x: 12, y: 34, width: 40, height: 20 },
    });
    expect(await figma.selection()).toEqual([]);
  });

  test("is refused when its page is gone, and nothing is placed", async () => {
    const first = await figma.currentPage();
    await selected("RECTANGLE", { x: 0, y: 0, width: 40, height: 20, fills: solid(1, 0, 0) });
    host = await connected(figma);
    const capture = await captured();
    await figma.openPage(await figma.addPage("Second"));
    await figma.remove([first]);
    const before = await figma.snapshot();
    const failure = await code(() => host.place("Late", [over(capture)]));
    expect(failure).toEqual(["document-changed", { host: "figma", change: "source-gone" }]);
    expect(await figma.snapshot()).toBe(before);
  });

  test("is refused for an anchor that no capture gave, and when it is too large", async () => {
    await selected("RECTANGLE", { x: 0, y: 0, width: 40, height: 20, fills: solid(1, 0, 0) });
    host = await connected(figma);
    const capture = await captured();
    const before = await figma.snapshot();
    expect((await code(() => host.place("Bad", [over(capture, { anchor: "{}" })])))[0]).toBe("request-invalid");
    const long = over(capture, { pixels: plain(4097, 1, [0, 0, 0, 255]) });
    expect((await code(() => host.place("Large", [over(capture), long])))[0]).toBe("host-unsupported");
    expect(await figma.snapshot()).toBe(before);
  });

  test("keeps its recipe, and its Redraw button starts the plugin with it", async () => {
    await selected("RECTANGLE", { x: 0, y: 0, width: 40, height: 20, fills: solid(1, 0, 0) });
    host = await connected(figma);
    const recipe = JSON.stringify({ prompt: "여우 🦊", map: "A".repeat(250_000) });
    const [id = ""] = await host.place("Kept", [over(await captured(), { recipe })]);
    expect(await host.recipe?.(id)).toBe(recipe);
    expect(await host.recipe?.("9:99")).toBeNull();
    expect((await captured()).layer).toBe(id);
    expect(await figma.relaunchButtons()).toMatchObject([{ command: "redraw", name: "Redraw" }]);
    await figma.relaunch("redraw");
    expect(JSON.parse(/application\/json">(.*?)<\/script>/.exec(figma.ui.html)?.[1] ?? "")).toEqual({
      panel: panelAddress,
      editor: "https://www.figma.com",
      pluginId: "underdraw",
      layer: id,
    });
  });
});

describe("the panel is told", () => {
  test("when another selection is made or what is selected changes, and not of what happens elsewhere", async () => {
    const id = await selected("RECTANGLE", { x: 0, y: 0, width: 40, height: 20, rotation: 30, fills: solid(1, 0, 0) });
    const other = await figma.draw({ type: "RECTANGLE", properties: { x: 500, y: 0 } });
    host = await connected(figma);
    let told = 0;
    const stop = host.onSelectionChange?.(() => told++);
    const toldAfter = async (change: () => Promise<unknown>): Promise<number> => {
      const before = told;
      await change();
      await figma.settled();
      await new Promise((resolve) => setTimeout(resolve, 250));
      await figma.settled();
      return told - before;
    };
    expect(await toldAfter(() => figma.edit(id, { fills: solid(0, 0, 1) }, "another"))).toBe(1);
    expect(await toldAfter(() => figma.edit(other, { x: 600 }, "another"))).toBe(0);
    expect(await toldAfter(() => captured())).toBe(0); // a copy came and went
    expect(await toldAfter(() => figma.select([other]))).toBe(1);
    await figma.openPage(await figma.addPage("Second"));
    const there = await selected("RECTANGLE", { x: 0, y: 0, fills: solid(1, 0, 0) });
    expect(await toldAfter(() => figma.edit(there, { x: 3 }))).toBeGreaterThan(0);
    stop?.();
    expect(await toldAfter(() => figma.select([]))).toBe(0);
  });
});

describe("messages", () => {
  test("are taken from the panel's origin alone", async () => {
    await figma.runCommand("open");
    await figma.ui.navigate(panelAddress);
    const heard: unknown[] = [];
    figma.ui.onmessage = (message) => heard.push(message);
    const hello = { underdraw: "hello", connection: "0123456789abcdef", versions: [1], largest: 65536, most: 2 ** 28 };
    for (const origin of ["https://evil.example", "null", "https://panel.underdraw.example.evil"]) {
      figma.ui.send(hello, { origin });
    }
    await figma.settled();
    expect(heard).toEqual([]);
    figma.ui.send(hello);
    await figma.settled();
    expect(heard).toMatchObject([{ underdraw: "welcome", host: "figma", pictures: "png" }]);
  });

  test("size the window within its limits", async () => {
    await figma.runCommand("open");
    await figma.ui.navigate(panelAddress);
    for (const [width, height] of [
      [10, 10],
      [300.4, 500],
      [Number.NaN, 1],
    ] as const) {
      figma.ui.send({ window: "resize", width, height });
    }
    await figma.settled();
    expect(await figma.window()).toMatchObject({ width: 300, height: 500 });
  });

  test("of the loader's own page read the selection and place a map", async () => {
    await selected("RECTANGLE", { x: 5, y: 6, width: 40, height: 20, fills: solid(1, 0, 0) });
    await figma.runCommand("open");
    const heard: { capture?: Capture & { pixels: { bytes: Uint8Array } } }[] = [];
    figma.ui.onmessage = (message) => heard.push(message as never);
    figma.ui.send({ loader: "capture", id: 3 });
    await figma.settled();
    expect(heard).toMatchObject([
      { loader: "captured", id: 3, capture: { bounds: { x: 5, y: 6, width: 40, height: 20 } } },
    ]);
    const { pixels, bounds, anchor } = heard[0]?.capture ?? {};
    for (const odd of [{ loader: "recipe", id: 4 }, { loader: "place", id: 4 }, "capture", null]) figma.ui.send(odd);
    figma.ui.send({ loader: "place", id: 5, name: "Edges: Fox", png: pixels?.bytes, bounds, anchor });
    await figma.settled();
    expect(heard.slice(1)).toMatchObject([{ loader: "placed", id: 5 }]);
    await figma.select([]);
    await figma.select((await figma.node(await figma.currentPage()))?.children.slice(0, 1) ?? []);
    await figma.edit((await figma.selection())[0] ?? "", { locked: true });
    figma.ui.send({ loader: "capture", id: 6 });
    await figma.settled();
    expect(heard[2]).toMatchObject({ loader: "failed", id: 6, error: { details: { reason: "locked" } } });
  });
});
