import { readPicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import type { Drawing } from "./index.ts";
import { combined } from "./render/boolean.ts";
import { run, scripted } from "./scripted.ts";

// The outlines that Figma tells of its nodes: fillGeometry, strokeGeometry, vectorPaths and vectorNetwork.

const square = (x: number, y: number, side: number): readonly (readonly [number, number])[] => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
];

/** The area that loops enclose, holes taken away. */
const areaOf = (loops: readonly (readonly (readonly [number, number])[])[]): number =>
  Math.abs(
    loops
      .flatMap((loop) =>
        loop.map(([x, y], index) => {
          const [toX = 0, toY = 0] = loop[(index + 1) % loop.length] ?? [];
          return (x * toY - toX * y) / 2;
        }),
      )
      .reduce((sum, part) => sum + part, 0),
  );

describe("boolean operations", () => {
  const two = [
    { loops: [square(0, 0, 10)], rule: "NONZERO" },
    { loops: [square(5, 5, 10)], rule: "NONZERO" },
  ] as const;

  test.each([
    ["UNION", 175, 1, 8],
    ["INTERSECT", 25, 1, 4],
    ["SUBTRACT", 75, 1, 6],
    ["EXCLUDE", 150, 2, 12],
  ] as const)("%s leaves its outline and nothing of the lines inside", (operation, area, count, corners) => {
    const loops = combined(two, operation);
    expect(areaOf(loops)).toBeCloseTo(area, 6);
    expect(loops.length).toBeLessThanOrEqual(count);
    expect(loops.flat()).toHaveLength(corners);
  });

  test("of areas that share a side, lie in each other or are the same", () => {
    const parts = (...loops: (readonly (readonly [number, number])[])[]) =>
      loops.map((loop) => ({ loops: [loop], rule: "NONZERO" as const }));
    expect(combined(parts(square(0, 0, 10), square(10, 0, 10)), "UNION")).toHaveLength(1);
    expect(areaOf(combined(parts(square(0, 0, 10), square(10, 0, 10)), "UNION"))).toBeCloseTo(200, 6);
    const holed = combined(parts(square(0, 0, 10), square(2, 2, 4)), "SUBTRACT");
    expect([holed.length, areaOf(holed)]).toEqual([2, expect.closeTo(84, 6)]);
    expect(combined(parts(square(0, 0, 10), square(0, 0, 10)), "SUBTRACT")).toEqual([]);
    expect(areaOf(combined(parts(square(0, 0, 10), square(0, 0, 10)), "INTERSECT"))).toBeCloseTo(100, 6);
    expect(combined([], "UNION")).toEqual([]);
  });

  test("are one outline to a plugin, turned parts and all", async () => {
    const parts: readonly Drawing[] = [
      { type: "RECTANGLE", properties: { width: 20, height: 20 } },
      { type: "RECTANGLE", properties: { width: 20, height: 20, x: 10, y: 30, rotation: 90 } },
    ];
    const texts = await run(`say(() => figma.currentPage.children[0].fillGeometry);`, (figma) =>
      figma.draw({ type: "BOOLEAN_OPERATION", children: parts }),
    );
    expect(JSON.parse(texts[0] ?? "")).toEqual([
      { windingRule: "NONZERO", data: "M 0 0 L 20 0 L 20 10 L 30 10 L 30 30 L 10 30 L 10 20 L 0 20 Z" },
    ]);
  });
});

describe("vectors", () => {
  test("tell paths and network from the node's own corner, scaled with it", async () => {
    const texts = await run(`
      const vector = figma.createVector();
      vector.vectorPaths = [
        { windingRule: "EVENODD", data: "M 5 5 L 15 5 Q 15 10 10 15 Z" },
        { windingRule: "NONE", data: "M 5 5 C 6 6 7 7 10 10" },
      ];
      vector.resize(20, 10);
      say(() => vector.vectorPaths.map(({ data }) => data));
      say(() => vector.vectorNetwork);
      say(() => { vector.vectorNetwork = { vertices: [], segments: [] }; });
    `);
    expect(JSON.parse(texts[0] ?? "")).toEqual(["M 0 0 L 20 0 Q 20 5 10 10 Z", "M 0 0 C 2 1 4 2 10 5"]);
    const { vertices, segments, regions } = JSON.parse(texts[1] ?? "");
    expect(vertices).toEqual([
      { x: 0, y: 0 },
      { x: 20, y: 0 },
      { x: 10, y: 10 },
      { x: 0, y: 0 },
      { x: 10, y: 5 },
    ]);
    expect(segments.map(({ start, end }: { start: number; end: number }) => [start, end])).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
      [3, 4],
    ]);
    expect(segments[3]).toMatchObject({ tangentStart: { x: 2, y: 1 }, tangentEnd: { x: -6, y: -3 } });
    expect(regions).toEqual([{ windingRule: "EVENODD", loops: [[0, 1, 2]] }]);
    expect(texts[2]).toMatch(/in set_vectorNetwork: .*dynamic-page/);
  });

  test("without strokes have no outline of them", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      say(() => rect.strokeGeometry);
      rect.strokes = [{ type: "SOLID", color: { r: 0, g: 0, b: 0 } }];
      say(() => rect.strokeGeometry.length > 0);
    `);
    expect(texts).toEqual(["[]", "true"]);
  });
});

describe("sides of a box", () => {
  test("have weights of their own, of which the one weight is mixed", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      rect.strokeWeight = 3;
      say(() => [rect.strokeTopWeight, rect.strokeLeftWeight]);
      rect.strokeTopWeight = 5;
      say(() => [rect.strokeWeight === figma.mixed, rect.strokeTopWeight, rect.strokeLeftWeight]);
      rect.strokeWeight = 2;
      say(() => [rect.strokeWeight, rect.strokeTopWeight]);
      say(() => figma.createEllipse().strokeTopWeight);
    `);
    expect(texts).toEqual([
      "[3,3]",
      "[true,5,3]",
      "[2,2]",
      "TypeError: node.strokeTopWeight: no such property 'strokeTopWeight' on ELLIPSE node",
    ]);
  });

  test.each([
    ["INSIDE", "..##...."],
    ["OUTSIDE", "##......"],
    ["CENTER", ".##....."],
  ])("are drawn %s", async (strokeAlign, row) => {
    const figma = await scripted("");
    const strokes = [{ type: "SOLID", color: { r: 1, g: 0, b: 0 } }];
    const properties = { x: 2, y: 2, width: 4, height: 4, fills: [], strokes, strokeAlign, strokeWeight: 0 };
    const child: Drawing = { type: "RECTANGLE", properties: { ...properties, strokeLeftWeight: 2 } };
    const frame = await figma.draw({
      type: "FRAME",
      properties: { width: 8, height: 8, fills: [] },
      children: [child],
    });
    const { pixels } = await readPicture(await figma.export(frame, { useAbsoluteBounds: true }));
    const seen = Array.from({ length: 8 }, (_, x) => (pixels.data[(4 * 8 + x) * 4 + 3] === 255 ? "#" : "."));
    expect(seen.join("")).toBe(row);
  });
});
