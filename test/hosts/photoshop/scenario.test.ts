import { createPixels, type Pixels, UnderdrawError } from "@underdraw/engine/core";
import type { ConnectedHost } from "@underdraw/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { NodePhotoshop } from "./index.ts";
import { openConnected } from "./kit.ts";
import type { DocumentSpec, LayerSpec } from "./specification.ts";

// The built plugin behind its bridge, in the documents and at the moments that break plugins.

let ps: NodePhotoshop;
let host: ConnectedHost;

beforeAll(async () => {
  ({ ps, host } = await openConnected());
});
afterAll(() => ps.quit());
afterEach(() => {
  for (const id of ps.documents) ps.close(id);
  expect(ps.leaks).toEqual({ handles: 0, bytes: 0 });
  expect(ps.problems).toEqual([]);
});

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });
const fox: LayerSpec = { name: "Fox", bounds: box(10, 10, 50, 40), fill: (x, y) => [x * 3, y * 3, 99, 255] };
const background: LayerSpec = { name: "Background", kind: "background", fill: [255, 255, 255] };
const open = (spec: Partial<DocumentSpec> = {}): number =>
  ps.open({ width: 100, height: 80, layers: [fox, background], ...spec });

function picture(width: number, height: number): Pixels {
  const made = createPixels(width, height);
  for (let i = 0; i < made.data.length; i++) made.data[i] = i % 4 === 3 ? 255 : (i * 7) % 251;
  return made;
}

async function captured() {
  const capture = await host.capture({ maxSide: 512 });
  if (!capture) throw new Error("Nothing was captured.");
  return capture;
}

const placed = async (capture: Awaited<ReturnType<typeof captured>>, recipe = '{"prompt":"여우"}') =>
  host.place("Underdraw: Generate", [
    {
      name: "Fox",
      pixels: picture(capture.bounds.width, capture.bounds.height),
      bounds: capture.bounds,
      recipe,
      ...(capture.mask ? { mask: capture.mask } : {}),
      ...(capture.anchor === undefined ? {} : { anchor: capture.anchor }),
    },
  ]);

/** What a call rejects with, as a code. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  return UnderdrawError.is(error) ? error.code : String(error);
}

test.each([8, 16] as const)(
  "in %s bits: selection, picture, one state, undo of every byte, redo, recipe",
  async (depth) => {
    open({ depth });
    ps.select({ ellipse: box(12, 12, 45, 38) }, { feather: 2 });
    const [before, states] = [ps.snapshot(), ps.history.current];
    const capture = await captured();
    expect(ps.snapshot()).toBe(before);
    expect(new Set(capture.mask?.data).size).toBeGreaterThan(10);
    const [id = ""] = await placed(capture);
    const after = ps.snapshot();
    expect(ps.history.current).toBe(states + 1);
    expect(ps.history.names.at(-1)).toBe("Underdraw: Generate");
    expect(await host.recipe?.(id)).toBe('{"prompt":"여우"}');
    ps.undo();
    expect(ps.snapshot()).toBe(before);
    ps.redo();
    expect(ps.snapshot()).toBe(after);
    expect(await host.recipe?.(id)).toBe('{"prompt":"여우"}');
  },
);

test("active layers and the selection are again what they were", async () => {
  open({ layers: [fox, { name: "Dog" }, background] });
  ps.select(box(12, 12, 45, 38));
  ps.activate("Fox", "Dog");
  const selection = ps.selection;
  await placed(await captured());
  expect(ps.active).toEqual(["Fox", "Dog"]);
  expect(ps.selection).toEqual(selection);
});

test("Escape before any call of Photoshop's leaves the document as it was, byte for byte", async () => {
  open();
  ps.select({ ellipse: box(12, 12, 45, 38) });
  const capture = await captured();
  const before = [ps.snapshot(), ps.history.names.length];
  let calls = 0;
  for (; calls < 60; calls++) {
    ps.cancelModal(calls);
    const done = await placed(capture).then(
      () => true,
      () => false,
    );
    if (done) break;
    expect([ps.snapshot(), ps.history.names.length]).toEqual(before);
    expect(ps.leaks.handles).toBe(0);
  }
  expect(calls).toBeGreaterThan(5);
  expect(ps.snapshot()).not.toBe(before[0]);
});

test.each([
  "document.createLayerGroup",
  "document.createPixelLayer",
  "createImageDataFromBuffer",
  "putPixels",
  "putLayerMask",
])("a failing %s leaves the document as it was", async (call) => {
  open();
  ps.select({ ellipse: box(12, 12, 45, 38) });
  const capture = await captured();
  const before = [ps.snapshot(), ps.history.names.length];
  ps.fail(call);
  expect(await codeOf(placed(capture))).toBe("host-failed");
  expect([ps.snapshot(), ps.history.names.length]).toEqual(before);
});

test("where layers keep no settings, the recipe is kept all the same, in the same one state", async () => {
  const other = await openConnected({ manners: { noSettings: true } });
  other.ps.open({ width: 100, height: 80, layers: [fox, background] });
  const capture = await other.host.capture({ maxSide: 512 });
  const before = other.ps.snapshot();
  const pixels = picture(40, 30);
  const [id = ""] = await other.host.place("Title", [
    { name: "Fox", pixels, bounds: capture?.bounds ?? { x: 0, y: 0, width: 40, height: 30 }, recipe: "{}" },
  ]);
  expect([await other.host.recipe?.(id), other.ps.history.names]).toEqual(["{}", ["Open", "Title"]]);
  other.ps.undo();
  expect(other.ps.snapshot()).toBe(before);
  await other.ps.quit();
});

test("while another is modal, capture and place are refused as busy, with the owner's name; then they go", async () => {
  open();
  const capture = await captured();
  const release = ps.busy("com.other.plugin");
  const [reading, placing] = [codeOf(host.capture({ maxSide: 64 })), codeOf(placed(capture))];
  expect(await Promise.all([reading, placing])).toEqual(["host-busy", "host-busy"]);
  release();
  expect(await placed(capture)).toHaveLength(1);
}, 20_000);

describe("when the document changed while a picture was made", () => {
  test.each([
    ["closed", (doc: number) => ps.close(doc)],
    ["resized", (doc: number) => ps.resize(doc, 90, 80)],
    ["mode", (doc: number) => ps.changeMode(doc, "labColorMode")],
  ] as const)("%s, nothing is placed", async (change, happens) => {
    const other = open({ name: "Other" });
    const doc = open();
    const capture = await captured();
    happens(doc);
    const before = ps.documents.map((id) => ps.snapshot(id));
    const error = await placed(capture).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "document-changed", details: { change } });
    expect(ps.documents.map((id) => ps.snapshot(id))).toEqual(before);
    expect(ps.documents).toContain(other);
  });
});

describe("documents that break plugins", () => {
  const modes: readonly [string, Partial<DocumentSpec>][] = [
    ["gray", { mode: "grayscaleMode", layers: [{ name: "Fox", bounds: box(10, 10, 50, 40), fill: [90, 255] }] }],
    [
      "Lab",
      { mode: "labColorMode", layers: [{ name: "Fox", bounds: box(10, 10, 50, 40), fill: [90, 140, 100, 255] }] },
    ],
    ["Display P3", { profile: "Display P3" }],
    ["no profile", { profile: "None" }],
    ["32 bits", { depth: 32 }],
    ["300 pixels per inch", { resolution: 300 }],
    ["an active group", { layers: [{ name: "Fox", kind: "group", layers: [{ ...fox, name: "In" }] }, background] }],
    ["a locked layer", { layers: [{ ...fox, locked: "all" }, background] }],
    ["a smart object", { layers: [{ ...fox, kind: "smartObject" }, background] }],
    [
      "an artboard",
      { layers: [{ name: "Fox", kind: "artboard", bounds: box(0, 0, 90, 70), layers: [{ ...fox, name: "In" }] }] },
    ],
  ];
  test.each(modes)("%s: captured, placed in one state, undone", async (_, spec) => {
    open({ active: ["Fox"], ...spec });
    const before = ps.snapshot();
    const capture = await captured();
    expect(await placed(capture)).toHaveLength(1);
    expect(ps.history.current).toBe(1);
    ps.undo();
    expect(ps.snapshot()).toBe(before);
  });

  test("CMYK that refuses RGB is told, and nothing is left", async () => {
    open({ mode: "CMYKColorMode", layers: [{ name: "Fox", bounds: box(10, 10, 50, 40), fill: [0, 255, 0, 0, 255] }] });
    const capture = await captured();
    const before = ps.snapshot();
    expect(await codeOf(placed(capture))).toBe("host-unsupported");
    expect(ps.snapshot()).toBe(before);
  });

  test("modes without layers, Quick Mask, hidden and empty layers are refused in words", async () => {
    const doc = open();
    ps.changeMode(doc, "indexedColorMode");
    expect(await codeOf(host.capture({ maxSide: 64 }))).toBe("host-unsupported");
    open({ quickMask: true });
    expect(await codeOf(host.capture({ maxSide: 64 }))).toBe("host-busy");
    open({ layers: [{ ...fox, visible: false }, background], active: ["Fox"] });
    expect(await codeOf(host.capture({ maxSide: 64 }))).toBe("selection-unusable");
    open({ layers: [{ name: "Fox" }, background], active: ["Fox"] });
    expect(await codeOf(host.capture({ maxSide: 64 }))).toBe("selection-unusable");
  });

  test("no document is nothing selected", async () => {
    expect(await host.capture({ maxSide: 64 })).toBe(null);
  });
});

test("a person who selects something else is heard", async () => {
  open({ layers: [fox, { name: "Dog" }, background] });
  let heard = 0;
  const stop = host.onSelectionChange?.(() => heard++);
  await new Promise((done) => setTimeout(done, 50));
  ps.activate("Dog");
  await expect.poll(() => heard, { timeout: 3000 }).toBe(1);
  stop?.();
});

test("random work keeps the rules: no leak, one state a placing, everything undone byte for byte", async () => {
  // A fixed sequence of numbers (Park and Miller's generator), so that a failure comes again.
  let seed = 20261125;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  open({ layers: [fox, { name: "Dog", bounds: box(60, 20, 90, 70), fill: [9, 200, 9, 128] }, background] });
  const prints: string[] = [];
  const names = ["Fox", "Dog"];
  for (let step = 0; step < 20; step++) {
    const before = ps.history.current;
    prints[before] = ps.snapshot();
    const [x, y] = [random(60), random(50)];
    const kind = random(4);
    if (kind === 0) ps.select(box(x, y, x + 5 + random(30), y + 5 + random(30)));
    else if (kind === 1)
      ps.paint(names[random(2)] as string, box(x, y, x + 8, y + 8), [random(256), 0, random(256), 255]);
    else {
      ps.activate(names[random(2)] as string);
      if (kind === 3) ps.cancelModal(random(8));
      const active = ps.active;
      // Which layers are active belongs to a moment, and changes without a state of its own.
      prints[before] = ps.snapshot();
      await placed(await captured().catch(() => captured())).catch(() => []);
      expect(ps.active).toEqual(active);
    }
    expect(ps.history.current - before).toBeLessThanOrEqual(1);
    expect(ps.leaks.handles).toBe(0);
  }
  for (let at = ps.history.current - 1; at >= 0; at--) {
    ps.undo();
    expect(ps.snapshot()).toBe(prints[at]);
  }
});
