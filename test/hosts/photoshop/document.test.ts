import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inPlugin, openBare } from "./bare.ts";
import type { NodePhotoshop } from "./index.ts";

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

let ps: NodePhotoshop;
beforeEach(async () => {
  ps = await openBare();
});
afterEach(() => ps.quit());

const names = (): string[] => ps.layers.map(({ name, parent }) => (parent ? `${parent}/${name}` : name));
const change = (code: string) => inPlugin(ps, `const doc = app.activeDocument; return modal(async () => { ${code} })`);
const refusal = async (code: string): Promise<string | undefined> =>
  (
    await inPlugin<{ message: string } | null>(
      ps,
      `const doc = app.activeDocument; return failure(() => modal(async () => { ${code} }))`,
    )
  )?.message;

test("without a document, activeDocument is null", async () => {
  expect(await inPlugin(ps, "return [app.activeDocument, app.documents.length]")).toEqual([null, 0]);
});

test("a new document is not without a layer", async () => {
  const code =
    'const made = await app.createDocument({ width: 4, height: 4, fill: "transparent" }); return made.layers[0].name';
  expect(await change(code)).toBe("Layer 1");
});

test("every change that stands alone is a state of the history, and undo restores every byte", async () => {
  ps.open({ width: 40, height: 30, layers: [{ name: "Fox", fill: [1, 2, 3, 4] }] });
  const prints = [ps.snapshot()];
  for (const code of [
    'await doc.createPixelLayer({ name: "One" })',
    'doc.layers[0].name = "Two"',
    "doc.layers[0].opacity = 30",
    'doc.layers[0].move(doc.layers[1], "placeAfter")',
    "await doc.selection.selectRectangle({ left: 1, top: 1, right: 5, bottom: 5 })",
    "doc.layers[1].delete()",
    "await doc.resizeCanvas(20, 20)",
    'await doc.changeMode("grayscaleMode")',
  ]) {
    await change(code);
    prints.push(ps.snapshot());
  }
  expect(new Set(prints).size).toBe(prints.length);
  expect(ps.history.current).toBe(prints.length - 1);
  for (const print of [...prints].reverse().slice(1)) {
    ps.undo();
    expect(ps.snapshot()).toBe(print);
  }
  for (const print of prints.slice(1)) {
    ps.redo();
    expect(ps.snapshot()).toBe(print);
  }
  expect([ps.undo(), ps.redo(), ps.redo()]).toEqual([true, true, false]);
});

test("a new change forgets what was undone", async () => {
  ps.open({ width: 4, height: 4, layers: [] });
  await change('await doc.createPixelLayer({ name: "One" })');
  ps.undo();
  await change('await doc.createPixelLayer({ name: "Two" })');
  expect(ps.redo()).toBe(false);
  expect(names()).toEqual(["Two", "Layer 1"]);
});

test("the print of a document tells every byte, and nothing that is not there", () => {
  ps.open({ width: 300, height: 300, layers: [{ name: "Fox", fill: [1, 2, 3, 255] }] });
  const before = ps.snapshot();
  ps.paint("Fox", box(200, 200, 201, 201), [1, 2, 4, 255]);
  expect(ps.snapshot()).not.toBe(before);
  ps.paint("Fox", box(200, 200, 201, 201), [1, 2, 3, 255]);
  expect(ps.snapshot()).toBe(before);
});

describe("new layers", () => {
  beforeEach(() => {
    ps.open({
      width: 40,
      height: 30,
      layers: [
        { name: "Top" },
        { name: "Group", kind: "group", layers: [{ name: "Inside" }] },
        { name: "Board", kind: "artboard", bounds: box(0, 0, 20, 20), layers: [] },
        { name: "Background", kind: "background" },
      ],
    });
  });

  test.each([
    ["Top", ["New", "Top", "Group"]],
    ["Group", ["Top", "Group", "Group/New"]],
    ["Inside", ["Top", "Group", "Group/New"]],
    ["Board", ["Board", "Board/New"]],
    ["Background", ["Board", "New", "Background"]],
  ])("land by the active one, %s", async (active, order) => {
    ps.activate(active);
    await change('await doc.createPixelLayer({ name: "New" })');
    const all = names();
    const at = all.indexOf(order[0] as string);
    expect(all.slice(at, at + order.length)).toEqual(order);
    expect(ps.active).toEqual(["New"]);
  });

  test("move to five places, and not where nothing can be", async () => {
    const move = (name: string, target: string, place: string) =>
      refusal(`const all = [...doc.layers, ...doc.layers.flatMap((layer) => [...(layer.layers ?? [])])];
        const by = (name) => all.find((layer) => layer.name === name);
        by("${name}").move(by("${target}"), constants.ElementPlacement.${place})`);
    expect(await move("Top", "Group", "PLACEINSIDE")).toBe(undefined);
    expect(names().slice(0, 3)).toEqual(["Group", "Group/Top", "Group/Inside"]);
    ps.undo();
    await move("Top", "Group", "PLACEATEND");
    expect(names().slice(0, 3)).toEqual(["Group", "Group/Inside", "Group/Top"]);
    ps.undo();
    await move("Top", "Group", "PLACEAFTER");
    expect(names().slice(0, 3)).toEqual(["Group", "Group/Inside", "Top"]);
    ps.undo();
    await move("Inside", "Top", "PLACEBEFORE");
    expect(names().slice(0, 3)).toEqual(["Inside", "Top", "Group"]);
    expect(await move("Group", "Group", "PLACEINSIDE")).toContain("itself");
    expect(await move("Top", "Background", "PLACEAFTER")).toContain("Background");
    expect(await move("Background", "Top", "PLACEBEFORE")).toContain("Background");
  });

  test("of another document cannot be moved here", async () => {
    const first = ps.document.id;
    ps.open({ width: 4, height: 4, layers: [] });
    const code = `const other = app.documents.find(({ id }) => id === ${first});
      doc.layers[0].move(other.layers[0], "placeBefore")`;
    expect(await refusal(code)).toBe("You can only move layers in the same document.");
  });

  test("can be grouped, where the highest was", async () => {
    await change('await doc.createLayerGroup({ name: "Both", fromLayers: [doc.layers[0], doc.layers[1]] })');
    expect(names().slice(0, 4)).toEqual(["Both", "Both/Top", "Both/Group", "Group/Inside"]);
  });

  test("can be copied into another document", async () => {
    const first = ps.document.id;
    ps.open({ width: 4, height: 4, layers: [] });
    const code = `const other = app.documents.find(({ id }) => id === ${first});
      await other.duplicateLayers([other.layers[0]], doc)`;
    await change(code);
    expect(names()).toEqual(["Top", "Layer 1"]);
  });
});

test("a layer or a document that is gone says so", async () => {
  const doc = ps.open({ width: 4, height: 4, layers: [{ name: "A" }, { name: "B" }] });
  await inPlugin(ps, "globalThis.layer = app.activeDocument.layers[0]; globalThis.doc = app.activeDocument;");
  ps.remove("A");
  expect(await inPlugin(ps, "return failure(async () => layer.name)")).toMatchObject({
    message: expect.stringContaining("does not exist any more"),
  });
  ps.close(doc);
  expect(await inPlugin(ps, "return [doc.id, await failure(async () => doc.width)]")).toEqual([
    doc,
    { message: expect.stringContaining("not open any more"), number: undefined },
  ]);
});

test("activeLayers can be set since 26.9", async () => {
  ps.open({ width: 4, height: 4, layers: [{ name: "A" }, { name: "B" }] });
  const code = "doc.activeLayers = [doc.layers[1]]";
  expect(await refusal(code)).toContain("only a getter");
  await ps.quit();
  ps = await openBare({ version: "26.9" });
  ps.open({ width: 4, height: 4, layers: [{ name: "A" }, { name: "B" }] });
  expect(await refusal(code)).toBe(undefined);
  expect(ps.active).toEqual(["B"]);
});

describe("selections", () => {
  beforeEach(() => {
    ps.open({ width: 40, height: 30, layers: [{ name: "A" }] });
  });
  const look = () => inPlugin(ps, "const { bounds, solid } = app.activeDocument.selection; return { bounds, solid }");

  test("are null, solid or soft, and may reach beyond the canvas", async () => {
    expect(await look()).toEqual({ bounds: null, solid: false });
    ps.select(box(-5, -5, 10, 10));
    expect(await look()).toEqual({ bounds: { ...box(-5, -5, 10, 10), width: 15, height: 15 }, solid: true });
    ps.select({ ellipse: box(0, 0, 20, 10) });
    expect(await look()).toMatchObject({ bounds: box(0, 0, 20, 10), solid: false });
    ps.select(box(10, 10, 20, 20), { feather: 2 });
    const { bounds } = (await look()) as { bounds: ReturnType<typeof box> };
    expect(bounds.left).toBeLessThan(8);
    expect(ps.selection?.data.some((value) => value > 0 && value < 255)).toBe(true);
  });

  test("are added, taken away, met, turned, grown and shrunk", async () => {
    const rectangle = (sides: string, mode: string) =>
      change(`await doc.selection.selectRectangle(${sides}, constants.SelectionType.${mode})`);
    await rectangle("{ left: 0, top: 0, right: 10, bottom: 10 }", "REPLACE");
    await rectangle("{ left: 5, top: 0, right: 20, bottom: 10 }", "EXTEND");
    expect(await look()).toMatchObject({ bounds: box(0, 0, 20, 10), solid: true });
    await rectangle("{ left: 0, top: 0, right: 5, bottom: 10 }", "DIMINISH");
    expect(await look()).toMatchObject({ bounds: box(5, 0, 20, 10) });
    await rectangle("{ left: 0, top: 5, right: 10, bottom: 20 }", "INTERSECT");
    expect(await look()).toMatchObject({ bounds: box(5, 5, 10, 10) });
    await change("await doc.selection.expand(2)");
    expect(await look()).toMatchObject({ bounds: box(3, 3, 12, 12), solid: false });
    await change("await doc.selection.contract(2)");
    expect(await look()).toMatchObject({ bounds: box(5, 5, 10, 10) });
    await change("await doc.selection.inverse()");
    expect(await look()).toMatchObject({ bounds: box(0, 0, 40, 30), solid: false });
    await change("await doc.selection.deselect()");
    expect(await refusal("await doc.selection.expand(2)")).toContain("no selection");
  });

  test("are saved as channels and loaded", async () => {
    ps.select(box(1, 2, 3, 4));
    await change('await doc.selection.save("Kept"); await doc.selection.deselect();');
    await change('await doc.selection.load(doc.channels.getByName("Kept"))');
    expect(ps.selection).toMatchObject(box(1, 2, 3, 4));
  });

  test("of everything are the artboard where one is active", async () => {
    ps.open({
      width: 40,
      height: 30,
      layers: [{ name: "Board", kind: "artboard", bounds: box(5, 5, 15, 15), layers: [] }],
    });
    await change("await doc.selection.selectAll()");
    expect(ps.selection).toMatchObject(box(5, 5, 15, 15));
  });
});

test("a document of 30,000 pixels a side is opened, selected and read small in no time", async () => {
  ps.open({ width: 30_000, height: 30_000, layers: [{ name: "Sky", fill: [10, 20, 30, 255] }] });
  ps.select(box(0, 0, 30_000, 30_000));
  const code = `const { imageData, level } = await imaging.getPixels({ targetSize: { width: 8, height: 8 } });
    const data = [...await imageData.getData()].slice(0, 4);
    imageData.dispose();
    return { level, data, solid: doc.selection.solid };`;
  // Four cache levels end at an eighth.
  expect(await change(code)).toEqual({ level: 3, data: [10, 20, 30, 255], solid: true });
}, 15_000);

test("a PSD file takes a document out, and brings it back", async () => {
  ps.open({
    width: 20,
    height: 10,
    layers: [
      {
        name: "Group",
        kind: "group",
        opacity: 50,
        layers: [{ name: "여우", bounds: box(2, 3, 7, 8), fill: [9, 8, 7, 200] }],
      },
      { name: "Masked", fill: [1, 2, 3, 255], mask: { bounds: box(0, 0, 5, 5), fill: 128 } },
    ],
  });
  const seen = ps.picture().data;
  const { storage } = { storage: 'require("uxp").storage.localFileSystem' };
  await change(`await doc.saveAs.psd(await ${storage}.createEntryWithUrl("plugin-temp:/fox.psd"))`);
  expect(ps.document.saved).toBe(true);
  await change(`await app.open(await ${storage}.getEntryWithUrl("plugin-temp:/fox.psd"))`);
  expect(names()).toEqual(["Group", "Group/여우", "Masked"]);
  expect(ps.picture().data).toEqual(seen);
});
