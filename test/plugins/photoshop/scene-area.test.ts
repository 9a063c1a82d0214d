import { drawScene, type SceneShape } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { areaOf, type Operation, type Part } from "../../../plugins/photoshop/src/host/area.ts";
import { boxOutline, type Outline, pathText } from "../../../plugins/photoshop/src/host/outline.ts";
import { coverageOf, type Knot, type PathPart, placesOf } from "../../hosts/photoshop/vector.ts";

// Outlines of several parts, held against a plain look at many places in each pixel.

const size = 64;
const canvas = { left: 0, top: 0, right: size, bottom: size };

/** A path of the simulator as the plugin reads it. */
const partsOf = (path: readonly PathPart[]): Part[] =>
  path.map(({ operation = "add", winding = false, rings }) => ({
    operation,
    outline: {
      rule: winding ? "nonzero" : "evenodd",
      rings: rings.map(({ closed = true, knots }) => ({
        closed,
        knots: knots.flatMap((knot) => placesOf(knot).flat()),
      })),
    },
  }));

/** How much of each pixel an outline covers, as the engine draws it. */
function drawn({ rings, rule }: Outline): Float32Array {
  const shape: SceneShape = {
    ...{ id: "1", name: "Area", path: pathText(rings), rule, matrix: [1, 0, 0, 1, 0, 0] },
    ...{ stroke: null, strokeWidth: 0, dash: [], fill: "#000", opacity: 1 },
  };
  const scene = { bounds: { x: 0, y: 0, width: size, height: size }, shapes: [shape] };
  const { data } = drawScene({ width: size, height: size, scene });
  return Float32Array.from({ length: size * size }, (_, at) => (data[4 * at + 3] as number) / 255);
}

/** The mean difference in cover, and how many pixels differ by more than a third. */
function difference(path: readonly PathPart[], outline = areaOf(partsOf(path), boxOutline(canvas))) {
  const [wanted, found] = [coverageOf(path, canvas), drawn(outline)];
  const off = wanted.map((cover, at) => Math.abs(cover - (found[at] as number)));
  return { mean: off.reduce((sum, one) => sum + one, 0) / off.length, wrong: off.filter((one) => one > 0.34).length };
}

const box = (left: number, top: number, right: number, bottom: number): Knot[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];
const round = (x: number, y: number, radius: number): Knot[] => {
  const k = radius * 0.5523;
  return [
    [
      [x - k, y - radius],
      [x, y - radius],
      [x + k, y - radius],
    ],
    [
      [x + radius, y - k],
      [x + radius, y],
      [x + radius, y + k],
    ],
    [
      [x + k, y + radius],
      [x, y + radius],
      [x - k, y + radius],
    ],
    [
      [x - radius, y + k],
      [x - radius, y],
      [x - radius, y - k],
    ],
  ];
};
const one = (knots: Knot[], operation: Operation = "add"): PathPart => ({ operation, rings: [{ knots }] });

describe("the outline of several parts", () => {
  test.each(["add", "subtract", "intersect", "xor"] as const)("two that cross: %s", (operation) => {
    const path = [one(box(8, 8, 40, 40)), one(round(40, 36, 15), operation)];
    const { mean, wrong } = difference(path);
    expect(mean).toBeLessThan(0.002);
    expect(wrong).toBe(0);
  });

  test("a hole that crosses nothing keeps its curves", () => {
    const outline = areaOf(partsOf([one(box(4, 4, 60, 60)), one(round(32, 32, 20), "subtract")]), boxOutline(canvas));
    expect(pathText(outline.rings).match(/C/g)).toHaveLength(4);
    expect(outline.rule).toBe("evenodd");
  });

  test("what is added inside of another part leaves no line", () => {
    const outline = areaOf(partsOf([one(box(4, 4, 60, 60)), one(round(32, 32, 20))]), boxOutline(canvas));
    expect(pathText(outline.rings)).toBe("M4 4L60 4L60 60L4 60Z");
  });

  test("boxes side by side become one without a line between them", () => {
    const outline = areaOf(partsOf([one(box(4, 4, 20, 30)), one(box(20, 4, 50, 30))]), boxOutline(canvas));
    expect(outline.rings).toHaveLength(1);
    expect(pathText(outline.rings).match(/[ML]/g)?.length).toBe(4);
  });

  test("the same part twice is itself when added and nothing when subtracted", () => {
    const twice = (operation: Operation) =>
      areaOf(partsOf([one(round(30, 30, 12)), one(round(30, 30, 12), operation)]), boxOutline(canvas));
    expect(twice("subtract").rings).toEqual([]);
    expect(difference([one(round(30, 30, 12))], twice("add")).mean).toBeLessThan(0.002);
    expect(difference([one(round(30, 30, 12))], twice("intersect")).mean).toBeLessThan(0.002);
  });

  test("a path that begins by taking away takes away from all of the canvas", () => {
    const path = [one(round(20, 20, 12), "subtract"), one(box(16, 16, 50, 50), "subtract")];
    expect(difference(path).mean).toBeLessThan(0.002);
    expect(difference(path.slice(0, 1)).mean).toBeLessThan(0.002);
  });

  test("parts that wind are filled where they wind", () => {
    const star: Knot[] = [0, 2, 4, 1, 3].map((n): Knot => {
      const turn = (n * 2 * Math.PI) / 5;
      return [32 + 28 * Math.sin(turn), 32 - 28 * Math.cos(turn)];
    });
    for (const winding of [true, false]) {
      const path: PathPart[] = [{ winding, rings: [{ knots: star }] }];
      expect(difference(path).mean).toBeLessThan(0.002);
      expect(difference([...path, one(round(32, 32, 16), "subtract")]).mean).toBeLessThan(0.003);
    }
  });

  test("any parts in any order cover what Photoshop's operations cover", () => {
    let state = 7;
    const random = (most: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 32) * most;
    };
    const operations = ["add", "subtract", "intersect", "xor"] as const;
    for (let round_ = 0; round_ < 40; round_++) {
      const path = Array.from({ length: 2 + Math.floor(random(4)) }, (_, n): PathPart => {
        const [x, y, r] = [10 + random(44), 10 + random(44), 4 + random(24)];
        const whole = Math.round(x);
        const shapes = [
          round(x, y, r),
          box(whole - 9, 12, whole + 9, 40),
          Array.from({ length: 5 }, (): Knot => [random(size), random(size)]),
        ];
        const knots = shapes[Math.floor(random(3))] as Knot[];
        const operation = n === 0 ? "add" : (operations[Math.floor(random(4))] as Operation);
        return { operation, winding: random(1) < 0.3, rings: [{ knots }] };
      });
      const { mean, wrong } = difference(path);
      expect(mean, JSON.stringify(path)).toBeLessThan(0.004);
      expect(wrong, JSON.stringify(path)).toBeLessThanOrEqual(8);
    }
  });

  test("nothing, points and slivers do no harm", () => {
    expect(areaOf([], boxOutline(canvas)).rings).toEqual([]);
    const dot = one([[5, 5]]);
    const line = one([
      [5, 5],
      [30, 5],
    ]);
    for (const operation of ["add", "subtract", "intersect", "xor"] as const) {
      expect(difference([one(box(8, 8, 40, 40)), { ...dot, operation }, { ...line, operation }]).mean).toBeLessThan(
        0.002,
      );
    }
  });

  test("more lines than can be compared are still an outline, in no time", () => {
    const many = Array.from({ length: 4000 }, (_, n) => one(box((n % 60) * 1.01, n / 70, (n % 60) + 3, n / 70 + 3)));
    const start = performance.now();
    expect(areaOf(partsOf(many), boxOutline(canvas)).rings.length).toBe(4000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
