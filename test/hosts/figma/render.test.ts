import { createPixels, type Pixels } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { beforeEach, describe, expect, test } from "vitest";
import type { Drawing, NodeFigma } from "./index.ts";
import { run, said, scripted } from "./scripted.ts";

// What exportAsync gives, to the pixel.

const paint = (r: number, g: number, b: number, more: object = {}) => [{ type: "SOLID", color: { r, g, b }, ...more }];
const red = paint(1, 0, 0);
const blue = paint(0, 0, 1);

let figma: NodeFigma;
beforeEach(async () => {
  figma = await scripted("");
});

const box = (x: number, y: number, width: number, height: number, more: object = {}): Drawing => ({
  type: "RECTANGLE",
  properties: { width, height, x, y, fills: red, ...more },
});

async function picture(
  id: string,
  settings: Parameters<NodeFigma["export"]>[1] = { useAbsoluteBounds: true },
): Promise<Pixels> {
  return (await readPicture(await figma.export(id, settings))).pixels;
}

const at = ({ width, data }: Pixels, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];

/** The alpha of each pixel, a row a text: "." for none, "#" for all, a digit for tenths. */
const alphas = ({ width, height, data }: Pixels): string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const alpha = data[(y * width + x) * 4 + 3] as number;
      return alpha === 0 ? "." : alpha === 255 ? "#" : String(Math.floor((alpha / 255) * 10));
    }).join(""),
  );

describe("shapes", () => {
  test("on whole pixels have hard sides, and between them cover what they cover", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { width: 6, height: 3, fills: [] },
      children: [box(1, 1, 2, 1), box(4.5, 1.25, 1, 0.5, { fills: blue })],
    });
    const pixels = await picture(frame);
    expect(alphas(pixels)).toEqual(["......", ".##.22", "......"]);
    expect(at(pixels, 1, 1)).toEqual([255, 0, 0, 255]);
    expect(at(pixels, 4, 1)).toEqual([0, 0, 255, 64]);
  });

  test("of an ellipse cover its area", async () => {
    const ellipse = await figma.draw({ type: "ELLIPSE", properties: { width: 100, height: 60, fills: red } });
    const { data } = await picture(ellipse);
    const area = data.reduce((sum, value, index) => (index % 4 === 3 ? sum + value / 255 : sum), 0);
    expect(area / (Math.PI * 50 * 30)).toBeCloseTo(1, 3);
  });

  test("with holes, by their winding rule", async () => {
    const rings = "M 0 0 L 6 0 L 6 6 L 0 6 Z M 2 2 L 4 2 L 4 4 L 2 4 Z";
    const hole = ["######", "######", "##..##", "##..##", "######", "######"];
    const vector = (windingRule: string) =>
      figma.draw({
        type: "VECTOR",
        properties: { vectorPaths: [{ windingRule, data: rings }], fills: red, strokes: [] },
      });
    expect(alphas(await picture(await vector("EVENODD")))).toEqual(hole);
    expect(alphas(await picture(await vector("NONZERO")))).toEqual(hole.map(() => "######"));
  });

  test("of paths are scaled with the node, and strokes are not", async () => {
    const line = await figma.draw({
      type: "VECTOR",
      properties: {
        vectorPaths: [{ windingRule: "NONE", data: "M 0 0 L 2 0" }],
        width: 6,
        strokes: red,
        strokeWeight: 2,
        y: 5,
      },
    });
    expect(alphas(await picture(line, {}))).toEqual(["######", "######"]);
  });

  test("wrong path data is refused by its word", async () => {
    const texts = await run(`
      const vector = figma.createVector();
      say(() => { vector.vectorPaths = [{ windingRule: "NONZERO", data: "M 0 0 A 1 1 0 0 0 2 2" }]; });
      say(() => { vector.vectorPaths = [{ windingRule: "NONZERO", data: "M 0,0 L 1,1" }]; });
      vector.vectorPaths = [{ windingRule: "NONZERO", data: "M 5 5 Q 10 0 15 5 C 15 9 5 9 5 5 Z" }];
      say(() => [vector.x, vector.width, vector.fillGeometry[0].data]);
    `);
    expect(texts).toEqual([
      "Error: in set_vectorPaths: Failed to convert path. Invalid command at A",
      "Error: in set_vectorPaths: Failed to convert path. Invalid command at 0,0 L",
      '[5,10,"M 0 2.5 Q 5 -2.5 10 2.5 C 10 6.5 0 6.5 0 2.5 Z"]',
    ]);
  });
});

describe("strokes", () => {
  test.each([
    ["INSIDE", ["####", "#..#", "#..#", "####"]],
    ["OUTSIDE", ["######", "#....#", "#....#", "#....#", "#....#", "######"]],
    // Half a pixel to either side of the outline.
    ["CENTER", ["255552", "575575", "55..55", "55..55", "575575", "255552"]],
  ])("lie %s", async (strokeAlign, rows) => {
    const id = await figma.draw(box(10, 10, 4, 4, { fills: [], strokes: red, strokeAlign }));
    expect(alphas(await picture(id, {}))).toEqual(rows);
  });

  test("have the corners that their join says", async () => {
    const corner = async (strokeJoin: string) => {
      const id = await figma.draw(
        box(10, 10, 40, 40, { fills: [], strokes: red, strokeWeight: 20, strokeAlign: "CENTER", strokeJoin }),
      );
      const { data } = await picture(id, {});
      return data.reduce((sum, value, index) => (index % 4 === 3 ? sum + value / 255 : sum), 0);
    };
    const square = 60 ** 2 - 20 ** 2;
    expect(await corner("MITER")).toBe(square);
    expect(await corner("BEVEL")).toBeCloseTo(square - 4 * 50, 0);
    expect(Math.abs((await corner("ROUND")) - (square - (4 - Math.PI) * 100))).toBeLessThan(3);
  });

  test("are dashed, and have ends", async () => {
    const line = (more: object): Drawing => ({
      type: "LINE",
      properties: { width: 10, strokes: red, strokeWeight: 2, x: 20, y: 20, ...more },
    });
    const dashed = await figma.draw(line({ dashPattern: [3, 2] }));
    expect(alphas(await picture(dashed, {}))).toEqual(["###..###", "###..###"]);
    const square = await figma.draw(line({ strokeCap: "SQUARE" }));
    expect((await figma.node(square))?.absoluteRenderBounds).toEqual({ x: 19, y: 19, width: 12, height: 2 });
  });
});

describe("layers", () => {
  test("hide by order, opacity and visibility", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { width: 4, height: 1, fills: [] },
      children: [
        box(0, 0, 3, 1),
        box(1, 0, 1, 1, { fills: blue }),
        box(2, 0, 1, 1, { fills: blue, opacity: 0.5 }),
        box(0, 0, 4, 1, { visible: false }),
      ],
    });
    const pixels = await picture(frame);
    expect([0, 1, 2, 3].map((x) => at(pixels, x, 0))).toEqual([
      [255, 0, 0, 255],
      [0, 0, 255, 255],
      [128, 0, 128, 255],
      [0, 0, 0, 0],
    ]);
  });

  test("in a frame are cut at its edge, and in one that does not clip are not", async () => {
    const child = box(-1, 0, 2, 1);
    const frame = (clipsContent: boolean) =>
      figma.draw({
        type: "FRAME",
        properties: { width: 2, height: 1, fills: [], clipsContent, y: 9 },
        children: [child],
      });
    expect(alphas(await picture(await frame(true), {}))).toEqual(["#"]);
    expect(alphas(await picture(await frame(false), {}))).toEqual(["##"]);
  });

  test("above a mask are seen where it is", async () => {
    const group = await figma.draw({
      type: "GROUP",
      children: [box(0, 0, 2, 1, { isMask: true, opacity: 0.5 }), box(1, 0, 3, 1, { fills: blue })],
    });
    const pixels = await picture(group);
    expect([0, 1, 2].map((x) => at(pixels, x, 0))).toEqual([
      [0, 0, 0, 0],
      [0, 0, 255, 128],
      [0, 0, 0, 0],
    ]);
  });

  test("blend", async () => {
    const grey = paint(0.5, 0.5, 0.5);
    const group = await figma.draw({
      type: "GROUP",
      children: [box(0, 0, 1, 1, { fills: grey }), box(0, 0, 1, 1, { fills: red, blendMode: "MULTIPLY" })],
    });
    expect(at(await picture(group), 0, 0)).toEqual([128, 0, 0, 255]);
    await figma.edit((await figma.node(group))?.children[1] ?? "", { blendMode: "HUE" });
    await expect(picture(group)).rejects.toThrow("The simulator has no blend mode HUE.");
  });

  test("of a boolean operation count together", async () => {
    const parts = [box(0, 0, 2, 1), box(1, 0, 2, 1)];
    const made = async (booleanOperation: string) =>
      alphas(
        await picture(
          await figma.draw({ type: "BOOLEAN_OPERATION", properties: { booleanOperation }, children: parts }),
        ),
      );
    expect(await made("UNION")).toEqual(["###"]);
    expect(await made("SUBTRACT")).toEqual(["#.."]);
    expect(await made("INTERSECT")).toEqual([".#."]);
    expect(await made("EXCLUDE")).toEqual(["#.#"]);
  });

  test("cast shadows that count for the drawn bounds, and not for the box", async () => {
    const shadow = {
      type: "DROP_SHADOW",
      color: { r: 0, g: 0, b: 0, a: 1 },
      offset: { x: 3, y: 0 },
      radius: 0,
      visible: true,
      blendMode: "NORMAL",
    };
    const id = await figma.draw(box(0, 0, 2, 1, { effects: [shadow] }));
    const pixels = await picture(id, {});
    expect(alphas(pixels)).toEqual(["##.##"]);
    expect(at(pixels, 4, 0)).toEqual([0, 0, 0, 255]);
    expect(alphas(await picture(id))).toEqual(["##"]);
  });
});

describe("images", () => {
  const checks = (width: number, height: number): Pixels => {
    const pixels = createPixels(width, height);
    for (let i = 0; i < width * height; i++) pixels.data.set([(i * 37) % 256, (i * 91) % 256, i % 256, 255], i * 4);
    return pixels;
  };

  const filled = async (
    pixels: Pixels,
    width: number,
    height: number,
    more: object = {},
    node: object = {},
  ): Promise<string> => {
    const imageHash = await figma.addImage(await writePicture(pixels, { format: "png" }));
    return figma.draw(
      box(3, 4, width, height, { fills: [{ type: "IMAGE", scaleMode: "FILL", imageHash, ...more }], ...node }),
    );
  };

  test("in their own size come out as they went in, on fractions of a pixel and turned by quarters too", async () => {
    const pixels = checks(17, 11);
    const id = await filled(pixels, 17, 11, {}, { x: 3.37, y: -0.81 });
    expect((await picture(id)).data).toEqual(pixels.data);
    await figma.edit(id, { rotation: 180 });
    const turned = await picture(id);
    expect(at(turned, 0, 0)).toEqual(at(pixels, 16, 10));
  });

  test("are scaled down to the mean of what a pixel covers", async () => {
    const pixels = createPixels(4, 2);
    for (let i = 0; i < 8; i++) pixels.data.set([i % 4 < 2 ? 100 : 50 * (i % 2), 0, 0, 255], i * 4);
    const small = await picture(await filled(pixels, 4, 2), {
      useAbsoluteBounds: true,
      constraint: { type: "WIDTH", value: 2 },
    });
    expect([at(small, 0, 0), at(small, 1, 0)]).toEqual([
      [100, 0, 0, 255],
      [25, 0, 0, 255],
    ]);
  });

  test.each([
    ["FILL", ["####", "####"]],
    ["FIT", [".##.", ".##."]],
    ["TILE", ["####", "####"]],
  ])("lie as %s says", async (scaleMode, rows) => {
    expect(alphas(await picture(await filled(checks(2, 2), 4, 2, { scaleMode })))).toEqual(rows);
  });

  test("by CROP show the part that their transform says", async () => {
    const pixels = checks(4, 4);
    const imageTransform = [
      [0.5, 0, 0.5],
      [0, 0.5, 0],
    ];
    const cut = await picture(await filled(pixels, 2, 2, { scaleMode: "CROP", imageTransform }));
    expect([at(cut, 0, 0), at(cut, 1, 1)]).toEqual([at(pixels, 2, 0), at(pixels, 3, 1)]);
  });

  test("with filters are not drawn wrongly", async () => {
    const id = await filled(checks(2, 2), 2, 2, { filters: { contrast: 0.5 } });
    await expect(figma.export(id)).rejects.toThrow("The simulator draws no image filters.");
  });
});

describe("bounds and sizes", () => {
  test("absolute ones are the box times the scale, others what is drawn", async () => {
    const frame = await figma.draw({
      type: "FRAME",
      properties: { width: 20, height: 10, fills: [], clipsContent: false },
      children: [box(5, 5, 30, 2)],
    });
    const size = async (settings: object) => {
      const { width, height } = await picture(frame, settings);
      return [width, height];
    };
    expect(await size({ useAbsoluteBounds: true })).toEqual([20, 10]);
    expect(await size({})).toEqual([30, 2]);
    expect(await size({ useAbsoluteBounds: true, constraint: { type: "SCALE", value: 2.5 } })).toEqual([50, 25]);
    expect(await size({ useAbsoluteBounds: true, constraint: { type: "HEIGHT", value: 33 } })).toEqual([66, 33]);
    expect(await size({ useAbsoluteBounds: true, constraint: { type: "WIDTH", value: 7 } })).toEqual([7, 4]); // 3.5 is rounded
    expect(await size({ constraint: { type: "WIDTH", value: 3 } })).toEqual([3, 1]); // and no side is lost
  });

  test("of a turned node is the upright box around it", async () => {
    const id = await figma.draw(box(50, 50, 10, 10, { rotation: 45 }));
    const pixels = await picture(id, { useAbsoluteBounds: true, constraint: { type: "SCALE", value: 10 } });
    expect([pixels.width, pixels.height]).toEqual([141, 141]);
    expect([at(pixels, 70, 70)[3], at(pixels, 2, 2)[3]]).toEqual([255, 0]);
  });

  test("what covers a node is left out, unless contentsOnly is false", async () => {
    const id = await figma.draw(box(0, 0, 2, 1));
    await figma.draw(box(1, 0, 5, 1, { fills: blue }));
    expect(at(await picture(id), 1, 0)).toEqual([255, 0, 0, 255]);
    expect(at(await picture(id, { useAbsoluteBounds: true, contentsOnly: false }), 1, 0)).toEqual([0, 0, 255, 255]);
    const slice = await figma.draw({ type: "SLICE", properties: { width: 2, height: 1 } });
    expect(at(await picture(slice), 1, 0)).toEqual([0, 0, 255, 255]);
  });

  test("exportAsync rejects with a text where nothing is seen, and takes no wrong settings", async () => {
    const texts = await run(`
      const [empty, hidden, frame] = [figma.createRectangle(), figma.createRectangle(), figma.createFrame()];
      empty.fills = [];
      hidden.visible = false;
      frame.visible = false;
      const inside = figma.createRectangle();
      frame.appendChild(inside);
      say(() => [empty.absoluteRenderBounds, hidden.absoluteRenderBounds, inside.absoluteRenderBounds]);
      (async () => {
        for (const [node, settings] of [[empty, { format: "PNG" }], [hidden, { format: "PNG", useAbsoluteBounds: true }],
          [inside, { format: "PNG", useAbsoluteBounds: true }], [empty, { format: "WEBP" }], [empty, { format: "PNG", constraint: { type: "AREA", value: 1 } }]])
          await later(() => node.exportAsync(settings));
        await later(async () => (await empty.exportAsync({ format: "PNG", useAbsoluteBounds: true })) instanceof Uint8Array);
      })();
    `);
    const nothing = "the text Failed to export node. This node may not have any visible layers.";
    expect(texts.slice(0, 4)).toEqual(["[null,null,null]", nothing, nothing, nothing]);
    expect(texts[4]).toMatch(
      /^Error: in exportAsync: Property "settings" failed validation: Invalid discriminator value/,
    );
    expect(texts[5]).toMatch(
      /Invalid enum value\. Expected 'SCALE' \| 'WIDTH' \| 'HEIGHT', received 'AREA' at constraint\.type$/,
    );
    expect(texts[6]).toBe("true");
  });

  test("a node that is deleted while it is exported fails with a text", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      later(() => rect.exportAsync({ format: "PNG" }));
      rect.remove();
    `);
    expect(texts).toEqual(["the text Failed to export node"]);
  });

  test("a Display P3 document gives other numbers unless sRGB is asked for", async () => {
    await figma.edit("0:0", { documentColorProfile: "DISPLAY_P3" });
    const id = await figma.draw(box(0, 0, 1, 1, { fills: paint(0.5, 0.5, 0.2) }));
    const asked = await picture(id, { useAbsoluteBounds: true, colorProfile: "SRGB" });
    const own = await figma.export(id, { useAbsoluteBounds: true });
    expect(at(asked, 0, 0)).not.toEqual([128, 128, 51, 255]);
    expect(Buffer.from(own).includes("cICP")).toBe(true);
    // Read with its profile it is the same colour, but for the rounding to bytes on the way.
    const read = at((await readPicture(own)).pixels, 0, 0);
    expect(Math.max(...read.map((value, index) => Math.abs(value - (at(asked, 0, 0)[index] as number))))).toBeLessThan(
      2,
    );
    await figma.edit("0:0", { documentColorProfile: "SRGB" });
    expect(at(await picture(id), 0, 0)).toEqual([128, 128, 51, 255]);
  });

  test("JPEG has no transparency", async () => {
    const id = await figma.draw(box(0, 0, 8, 8, { fills: paint(0, 0, 0, { opacity: 0.5 }) }));
    const { pixels, format } = await readPicture(await figma.export(id, { format: "JPG", useAbsoluteBounds: true }));
    expect([format, at(pixels, 4, 4)]).toEqual(["jpeg", [127, 127, 127, 255]]);
    expect(await said(figma)).toEqual([]);
  });
});
