import type { SceneShape } from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Paint, SceneNode, Transform, VectorPaths } from "../../hosts/figma/typings.ts";

// What the simulator's nodes cannot be: mixed values, arrows, a text whose font is missing, nodes that Figma gives no
// outline of. Each as the typings say that a real one answers.

interface Outline {
  readonly path: string;
  readonly rule?: "evenodd";
}

/** The functions under test. Main's own types are globals of Figma's, which would meet those of Node here. */
interface Parts {
  ownShapes(
    node: SceneNode,
    matrix: SceneShape["matrix"],
    outlined: boolean,
  ): { readonly behind: readonly SceneShape[]; readonly front: readonly SceneShape[] };
  looksOf(paints: readonly Paint[], size: { readonly width: number; readonly height: number }): readonly unknown[];
  joined(paths: VectorPaths): Outline | null;
  movedPath(path: string, matrix: Transform): string;
  boxPath(box: { readonly width: number; readonly height: number; readonly radii: readonly unknown[] }): string;
  centreOf(node: SceneNode): Outline | null;
}

const part = (name: string): Promise<Partial<Parts>> => import(`../../../plugins/figma/src/main/scene-${name}.ts`);
const found = await Promise.all(["shape", "paint", "path"].map(part));
const { ownShapes, looksOf, joined, movedPath, boxPath, centreOf } = Object.assign({}, ...found) as Parts;

const mixed = Symbol("figma.mixed");
beforeAll(() => vi.stubGlobal("figma", { mixed }));
afterAll(() => vi.unstubAllGlobals());

const red: Paint = { type: "SOLID", color: { r: 1, g: 0, b: 0 } };
const blue: Paint = { type: "SOLID", color: { r: 0, g: 0, b: 1 } };
const at: SceneShape["matrix"] = [1, 0, 0, 1, 0, 0];
const closed = { windingRule: "NONZERO", data: "M0 0L40 0L40 20L0 20L0 0Z" };

const nodeOf = (type: string, more: object): SceneNode =>
  ({
    ...{ id: "1:2", name: type, type, width: 40, height: 20, fills: [], strokes: [] },
    ...{ strokeWeight: 1, strokeAlign: "CENTER", strokeCap: "NONE", strokeJoin: "MITER", strokeMiterLimit: 4 },
    ...{ dashPattern: [], fillGeometry: [], strokeGeometry: [] },
    ...more,
  }) as unknown as SceneNode;

/** All shapes of a node, from the back to the front. */
function shapesOf(node: SceneNode, outlined = true): readonly SceneShape[] {
  const { behind, front } = ownShapes(node, at, outlined);
  return [...behind, ...front];
}

describe("a text", () => {
  const text = { characters: "Il", fills: [red], strokes: [blue], fillGeometry: [closed], strokeGeometry: [closed] };

  test("is its outline, which no reader takes for a box", () => {
    const [outline] = shapesOf(nodeOf("TEXT", { ...text, strokes: [] }));
    expect(outline).toMatchObject({ kind: "text", text: "Il", path: `${closed.data}M0 0`, fill: "#ff0000" });
  });

  test("is its box where its font is missing, and where outlines would be too many", () => {
    const box = { kind: "text", text: "Il", path: "M40 0L40 20L0 20L0 0Z", fill: "#ff0000", stroke: null };
    expect(shapesOf(nodeOf("TEXT", { ...text, fillGeometry: [] }))).toEqual([expect.objectContaining(box)]);
    expect(shapesOf(nodeOf("TEXT", text), false)).toEqual([expect.objectContaining(box)]);
  });

  test("of several colours has that of its first letter; one of blanks is nothing", () => {
    const getRangeFills = (start: number, end: number) => (start === 0 && end === 1 ? [blue] : [red]);
    const [first] = shapesOf(nodeOf("TEXT", { ...text, fills: mixed, getRangeFills }));
    expect(first).toMatchObject({ fill: "#0000ff" });
    expect(shapesOf(nodeOf("TEXT", { ...text, characters: " \n" }))).toEqual([]);
  });
});

describe("a stroke", () => {
  const line = { windingRule: "NONE", data: "M0 0L40 20" };
  const head = { windingRule: "NONZERO", data: "M0 0L40 20L36 20Z" };
  const vector = { vectorPaths: [line], strokes: [blue], strokeGeometry: [head], strokeWeight: 3 };

  test.each([["ARROW_LINES"], ["CIRCLE_FILLED"], [mixed]])(
    "with the end %s is the area that Figma paints",
    (strokeCap) => {
      expect(shapesOf(nodeOf("VECTOR", { ...vector, strokeCap }))).toEqual([
        expect.objectContaining({ path: head.data, fill: "#0000ff", stroke: null, strokeWidth: 0 }),
      ]);
    },
  );

  test("with corners of several kinds has the usual ones", () => {
    const [shape] = shapesOf(nodeOf("VECTOR", { ...vector, strokeJoin: mixed }));
    expect(shape).toMatchObject({ path: line.data, stroke: "#0000ff", strokeWidth: 3, join: "miter" });
  });

  test("of a shape whose outline Figma does not give is the area that it paints; of a box it is a line", () => {
    const strokes = { strokes: [blue], strokeGeometry: [head] };
    expect(shapesOf(nodeOf("STAR", strokes))).toEqual([expect.objectContaining({ path: head.data, fill: "#0000ff" })]);
    const radii = { topLeftRadius: 0, topRightRadius: 0, bottomLeftRadius: 0, bottomRightRadius: 0 };
    const [box] = shapesOf(nodeOf("RECTANGLE", { ...strokes, ...radii }));
    expect(box).toMatchObject({ path: "M40 0L40 20L0 20L0 0Z", stroke: "#0000ff", strokeWidth: 1 });
  });

  test("around a body without an own outline to follow shows outside of it alone", () => {
    const [body, outer] = shapesOf(
      nodeOf("STAR", {
        fills: [red],
        strokes: [blue],
        fillGeometry: [closed],
        strokeAlign: "OUTSIDE",
        strokeWeight: 3,
      }),
    );
    expect(body).toMatchObject({ fill: "#ff0000", stroke: null });
    expect(outer).toMatchObject({ path: closed.data, strokeWidth: 6, clips: [{ rule: "evenodd", matrix: at }] });
    expect(outer?.clips?.[0]?.path).toMatch(/^M-1e5-1e5H.*Z/);
  });
});

test("a vector whose regions have colours of their own has the first of them", () => {
  const vectorNetwork = { vertices: [], segments: [], regions: [{ loops: [] }, { loops: [], fills: [blue] }] };
  const vector = { fills: mixed, vectorNetwork, fillGeometry: [closed], vectorPaths: [closed] };
  expect(shapesOf(nodeOf("VECTOR", vector))).toEqual([expect.objectContaining({ fill: "#0000ff" })]);
});

test("an area and the line along it are one shape; open lines beside it are another", () => {
  const both = { fills: [red], strokes: [blue], fillGeometry: [closed] };
  expect(shapesOf(nodeOf("VECTOR", { ...both, vectorPaths: [closed] }))).toHaveLength(1);
  const open = { windingRule: "NONE", data: "M40 20L60 20" };
  expect(shapesOf(nodeOf("VECTOR", { ...both, vectorPaths: [closed, open] })).map(({ path }) => path)).toEqual([
    closed.data,
    closed.data + open.data,
  ]);
});

describe("paints", () => {
  const size = { width: 10, height: 10 };
  const half: Paint = { ...blue, opacity: 0.5 };

  test("that show through leave those below them; opaque ones do not", () => {
    expect(looksOf([red, half], size)).toEqual(["#ff0000", "#0000ff80"]);
    expect(looksOf([half, red], size)).toEqual(["#ff0000"]);
    expect(
      looksOf(
        [
          { ...red, visible: false },
          { ...red, opacity: 0 },
        ],
        size,
      ),
    ).toEqual([]);
  });

  test("without a colour that could be told are pictures", () => {
    const video = { type: "VIDEO", scaleMode: "FILL", videoHash: null } as const;
    expect(looksOf([video, half], size)).toEqual(["picture", "#0000ff80"]);
  });

  test("of a gradient that is flattened to nothing are its mean, and offsets stay within it", () => {
    const gradientStops = [
      { position: 1.5, color: { r: 1, g: 1, b: 1, a: 1 } },
      { position: -0.5, color: { r: 0, g: 0, b: 0, a: 1 } },
    ];
    const flat: Transform = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const straight: Transform = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    const gradient = { type: "GRADIENT_LINEAR", gradientStops } as const;
    expect(looksOf([{ ...gradient, gradientTransform: flat }], size)).toEqual(["#808080"]);
    expect(looksOf([{ ...gradient, gradientTransform: straight }], size)).toMatchObject([
      {
        stops: [
          { offset: 0, colour: "#000000" },
          { offset: 1, colour: "#ffffff" },
        ],
        matrix: [10, 0, 0, 10, 0, 0],
      },
    ]);
  });
});

describe("paths", () => {
  test("are joined, and are evenodd when one of them is", () => {
    expect(joined([])).toBeNull();
    expect(joined([{ windingRule: "NONZERO", data: "" }])).toBeNull();
    expect(joined([closed, { windingRule: "EVENODD", data: "M1 1Z" }] as VectorPaths)).toEqual({
      path: `${closed.data}M1 1Z`,
      rule: "evenodd",
    });
  });

  test("are moved point by point, however Figma writes their numbers", () => {
    const twice: Transform = [
      [2, 0, 1],
      [0, 2, 0],
    ];
    expect(movedPath("M0.5 -1C1e-3,2 3 4 5 6Z", twice)).toBe("M2 -2C1.002 4 7 8 11 12Z");
    expect(movedPath("M 1 2 L 3 4 Z", twice)).toBe("M 3 4 L 7 8 Z");
  });

  test("of a round box go with the clock from its top right corner", () => {
    const radii = [
      [2, 2],
      [0, 0],
      [0, 0],
      [0, 0],
    ] as const;
    expect(boxPath({ width: 10, height: 6, radii })).toMatch(/^M8 0C9.\d+ 0 10 0.\d+ 10 2L10 6L0 6L0 0Z$/);
  });

  test("of a line lead along it", () => {
    expect(centreOf(nodeOf("LINE", { height: 0 }))).toEqual({ path: "M0 0L40 0" });
  });
});
