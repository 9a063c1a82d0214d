import { createPixels } from "@underdraw/engine/core";
import { writePicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import type { NodeFigma } from "./index.ts";
import { run, said, scripted } from "./scripted.ts";

// The document itself: where things lie, what takes its size from what, what undo brings back.

describe("undo", () => {
  test("takes back what the plugin did between two commits, and redo does it again, to the byte", async () => {
    const figma = await scripted(`
      figma.on("run", () => {
        figma.commitUndo();
        const rect = figma.createRectangle();
        rect.resize(30, 40);
        rect.setPluginData("run", "recipe");
        figma.currentPage.selection = [rect];
        figma.commitUndo();
      });
    `);
    await figma.draw({ type: "ELLIPSE" });
    const before = await figma.snapshot();
    await figma.runCommand();
    await figma.settled();
    const after = await figma.snapshot();
    expect(after).not.toBe(before);
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
    expect(await figma.selection()).toEqual([]);
    await figma.redo();
    expect(await figma.snapshot()).toBe(after);
    await figma.undo();
    await figma.undo();
    expect(await figma.undoSteps()).toBe(0);
    expect(JSON.parse(await figma.snapshot()).document.children[0].children).toEqual([]);
  });

  test("without commits takes the whole run back at once", async () => {
    const figma = await scripted("figma.createRectangle(); figma.createEllipse(); figma.closePlugin();");
    const before = await figma.snapshot();
    await figma.runCommand();
    expect(await figma.undoSteps()).toBe(1);
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
  });

  test("by triggerUndo goes back to the last commit", async () => {
    const texts = await run(`
      figma.createRectangle();
      figma.commitUndo();
      figma.createEllipse();
      figma.triggerUndo();
      say(() => figma.currentPage.children.map((node) => node.type));
    `);
    expect(texts).toEqual(['["RECTANGLE"]']);
  });

  test("counts a copy that was made and removed again as a step, which nobody sees", async () => {
    const figma = await scripted("figma.currentPage.children[0].clone().remove();");
    await figma.draw({ type: "RECTANGLE" });
    const before = await figma.snapshot();
    await figma.runCommand();
    expect([await figma.undoSteps(), await figma.snapshot()]).toEqual([2, before]);
  });

  test("leaves what another person did", async () => {
    const figma = await scripted("");
    const rect = await figma.draw({ type: "RECTANGLE", properties: { name: "mine" } });
    await figma.edit(rect, { x: 10 });
    await figma.edit(rect, { name: "theirs" }, "another");
    const other = await figma.draw({ type: "ELLIPSE" }, { by: "another" });
    await figma.undo();
    expect(await figma.node(rect)).toMatchObject({
      name: "theirs",
      absoluteTransform: [
        [1, 0, 0],
        [0, 1, 0],
      ],
    });
    await figma.undo();
    expect(await figma.node(rect)).toBeNull();
    expect(await figma.node(other)).not.toBeNull();
  });

  test("a new change ends what could be redone", async () => {
    const figma = await scripted("");
    await figma.draw({ type: "RECTANGLE" });
    await figma.undo();
    await figma.draw({ type: "ELLIPSE" });
    const before = await figma.snapshot();
    await figma.redo();
    expect(await figma.snapshot()).toBe(before);
  });
});

describe("places", () => {
  test("are relative to the container: groups are none, frames are", async () => {
    const texts = await run(`
      const frame = figma.createFrame();
      frame.x = 100; frame.y = 50;
      const rect = figma.createRectangle();
      frame.appendChild(rect);
      rect.x = 10; rect.y = 20;
      const group = figma.group([rect], frame);
      say(() => [rect.x, rect.y, group.x, group.y, group.width, group.height]);
      say(() => rect.absoluteTransform);
      group.x = 30;
      say(() => [rect.x, rect.y]);
      figma.currentPage.appendChild(rect);
      say(() => [rect.x, rect.absoluteBoundingBox.x, group.removed]);
    `);
    expect(texts).toEqual(["[10,20,10,20,100,100]", "[[1,0,110],[0,1,70]]", "[30,20]", "[30,30,true]"]);
  });

  test("of grouped nodes stay, and their order is the document's", async () => {
    const texts = await run(`
      const frame = figma.createFrame();
      frame.x = 40;
      const [a, b] = ["a", "b"].map((name) => Object.assign(figma.createRectangle(), { name }));
      frame.appendChild(a);
      a.x = 5;
      b.rotation = 90;
      const group = figma.group([b, a], figma.currentPage, 0);
      say(() => group.children.map((node) => node.name));
      say(() => [a.absoluteTransform[0][2], Math.round(b.rotation), figma.currentPage.children[0] === group]);
      say(() => figma.group([], figma.currentPage));
      say(() => figma.ungroup(group).map((node) => node.name));
      say(() => [group.removed, a.x]);
    `);
    expect(texts).toEqual([
      '["a","b"]',
      "[45,90,true]",
      "Error: in group: First argument must be an array of at least one node",
      '["a","b"]',
      "[true,45]",
    ]);
  });

  test("turn against the clock around the top left corner, and the box grows around them", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      rect.resize(30, 10);
      rect.x = 100; rect.y = 100;
      rect.rotation = 90;
      say(() => [rect.relativeTransform, rect.absoluteBoundingBox]);
      rect.relativeTransform = [[2, 0, 5], [0, 2, 6]];
      say(() => [rect.relativeTransform, rect.width]);
    `);
    expect(texts).toEqual([
      '[[[0,1,100],[-1,0,100]],{"x":100,"y":70,"width":10,"height":30}]',
      "[[[1,0,5],[0,1,6]],30]",
    ]);
  });

  test("in auto layout are the frame's business, until a child is taken out of it", async () => {
    const texts = await run(`
      const frame = figma.createFrame();
      const [a, b] = [figma.createRectangle(), figma.createRectangle()];
      frame.appendChild(a);
      frame.appendChild(b);
      say(() => { b.layoutPositioning = "ABSOLUTE"; });
      frame.layoutMode = "HORIZONTAL";
      frame.itemSpacing = 8;
      frame.paddingLeft = 4;
      say(() => [a.x, b.x, frame.width]);
      b.x = 500;
      b.relativeTransform = [[1, 0, 70], [0, 1, 70]];
      say(() => [b.x, b.y]);
      b.layoutPositioning = "ABSOLUTE";
      say(() => [b.x, frame.width]);
      b.x = 70;
      say(() => b.x);
      frame.resize(300, 60);
      say(() => [frame.primaryAxisSizingMode, frame.width]);
    `);
    expect(texts).toEqual([
      "Error: in set_layoutPositioning: Can only set layoutPositioning = ABSOLUTE if the parent node has layoutMode !== NONE",
      "[4,112,212]",
      "[112,0]",
      "[112,104]",
      "70",
      '["FIXED",300]',
    ]);
  });

  test("follow their constraints when the frame is resized", async () => {
    const texts = await run(`
      const frame = figma.createFrame();
      const rect = figma.createRectangle();
      frame.appendChild(rect);
      rect.resize(20, 20);
      rect.x = 10; rect.y = 10;
      rect.constraints = { horizontal: "SCALE", vertical: "MAX" };
      frame.resize(200, 150);
      say(() => [rect.x, rect.y, rect.width, rect.height]);
      frame.resizeWithoutConstraints(100, 100);
      say(() => [rect.x, rect.y]);
    `);
    expect(texts).toEqual(["[20,60,40,20]", "[20,60]"]);
  });
});

test("a clone lies on the current page with the transform it had, and is a node of its own", async () => {
  const texts = await run(`
    const frame = figma.createFrame();
    frame.x = 100;
    const rect = figma.createRectangle();
    frame.appendChild(rect);
    rect.x = 5;
    rect.rotation = 30;
    const copy = rect.clone();
    say(() => [copy.parent === figma.currentPage, copy.x, copy.id !== rect.id, Math.round(copy.rotation)]);
    copy.remove();
    say(() => rect.removed);
  `);
  expect(texts).toEqual(["[true,5,true,30]", "false"]);
});

describe("images", () => {
  const png = (width: number, height: number): Promise<Uint8Array> =>
    writePicture(createPixels(width, height), { format: "png" });

  const offering = (bytes: Uint8Array) => `
    const bytes = new Uint8Array([${bytes.join()}]);
    say(() => figma.createImage(bytes).hash);
    later(async () => figma.getImageByHash(figma.createImage(bytes).hash).getSizeAsync());
  `;

  test("are known by the SHA-1 of their bytes, told by their first bytes and given back as they were", async () => {
    const bytes = await png(3, 2);
    const digest = Buffer.from(await crypto.subtle.digest("SHA-1", bytes.slice())).toString("hex");
    expect(await run(offering(bytes))).toEqual([digest, '{"width":3,"height":2}']);
  });

  test.each([
    ["WebP", async () => writePicture(createPixels(3, 3), { format: "webp" }), "type is unsupported"],
    ["text", async () => new TextEncoder().encode("not a picture"), "type is unsupported"],
    ["nothing", async () => new Uint8Array(0), "type is unsupported"],
    ["a cut PNG", async () => (await png(3, 3)).subarray(0, 20), "is too small"],
    ["4097 pixels", () => png(4097, 1), "is too large"],
  ])("are refused: %s", async (_, bytes, why) => {
    expect((await run(offering(await bytes())))[0]).toBe(`Error: in createImage: Image ${why}`);
  });

  test("of 4096 pixels and of JPEG are taken", async () => {
    expect((await run(offering(await png(4096, 1))))[1]).toBe('{"width":4096,"height":1}');
    const jpeg = await writePicture(createPixels(20, 10), { format: "jpeg" });
    expect((await run(offering(jpeg)))[1]).toBe('{"width":20,"height":10}');
  });
});

describe("a person", () => {
  const drawn = async (): Promise<[NodeFigma, string]> => {
    const figma = await scripted("");
    const frame = await figma.draw({
      type: "FRAME",
      properties: { name: "Board", width: 200, height: 100, x: 7 },
      children: [{ type: "GROUP", children: [{ type: "RECTANGLE" }, { type: "ELLIPSE", properties: { x: 50 } }] }],
    });
    return [figma, frame];
  };

  test("draws trees, moves and deletes, each as one step", async () => {
    const [figma, frame] = await drawn();
    const [group = ""] = (await figma.node(frame))?.children ?? [];
    expect(await figma.node(group)).toMatchObject({ type: "GROUP", width: 150, height: 100, parent: frame });
    expect(await figma.undoSteps()).toBe(1);
    await figma.move(group, await figma.currentPage(), 0);
    expect((await figma.node(frame))?.children).toEqual([]);
    await figma.remove([group, frame]);
    await figma.undo();
    await figma.undo();
    expect((await figma.node(group))?.parent).toBe(frame);
  });

  test("goes to another page, of which the plugin is told", async () => {
    const figma = await scripted(`
      figma.on("currentpagechange", () => tell(figma.currentPage.name + " " + figma.currentPage.children.length));
    `);
    await figma.runCommand();
    await figma.openPage(await figma.addPage("Second"));
    expect(await said(figma)).toEqual(["Second 0"]);
    await figma.remove([await figma.currentPage()], "another");
    expect(await figma.currentPage()).toBe("0:1");
  });
});
