import { describe, expect, test } from "vitest";
import { type Box, intersection } from "../../engine/src/scene/box.ts";
import { Coverage } from "../../engine/src/scene/coverage.ts";
import { EdgeList, type Edges, filled } from "../../engine/src/scene/edges.ts";
import { writing } from "../../engine/src/scene/mask.ts";
import { distance, done, type Polygon, rowsOf, sampled, seeded } from "./scene-parts.ts";

// Coverage against areas written out, and against 16 x 16 points a pixel.

function edgesOf(polygons: readonly Polygon[], rule: "nonzero" | "evenodd" = "nonzero"): Edges {
  const runs = polygons.map((points) => ({
    points: Float64Array.from(points.flat()),
    smooth: new Uint8Array(points.length),
    closed: true,
  }));
  return filled(runs, rule, new EdgeList()) as Edges;
}

function cover(
  edges: Edges,
  width: number,
  height: number,
  box: Box = { left: 0, top: 0, right: width, bottom: height },
) {
  const data = new Uint8Array(width * height);
  new Coverage().fill(edges, box, writing(data, { left: 0, top: 0, right: width, bottom: height }));
  return data;
}

const box = (left: number, top: number, right: number, bottom: number): Polygon => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];

describe("coverage", () => {
  test("is the area of a pixel that lies inside", () => {
    expect(rowsOf(cover(edgesOf([box(0.5, 0.25, 2.75, 2)]), 4, 3), 4)).toEqual([
      [96, 191, 143, 0],
      [128, 255, 191, 0],
      [0, 0, 0, 0],
    ]);
    const triangle: Polygon = [
      [0, 0],
      [4, 0],
      [0, 2],
    ];
    expect(rowsOf(cover(edgesOf([triangle]), 4, 2), 4)).toEqual([
      [255, 255, 191, 64],
      [191, 64, 0, 0],
    ]);
  });

  test("knows both fill rules", () => {
    const rings = [box(0, 0, 5, 5), box(1, 1, 4, 4), [...box(2, 2, 3, 3)].reverse()];
    const at = (rule: "nonzero" | "evenodd") => rowsOf(cover(edgesOf(rings, rule), 5, 5), 5)[2];
    expect(at("nonzero")).toEqual([255, 255, 255, 255, 255]);
    expect(at("evenodd")).toEqual([255, 0, 255, 0, 255]);
    const hole = [box(0, 0, 5, 5), [...box(1, 1, 4, 4)].reverse()];
    expect(rowsOf(cover(edgesOf(hole), 5, 5), 5)[2]).toEqual([255, 0, 0, 0, 255]);
  });

  test("keeps what begins left of the picture, above it, or beyond all of it", () => {
    expect(rowsOf(cover(edgesOf([box(-50, -50, 2, 1)]), 3, 2), 3)).toEqual([
      [255, 255, 0],
      [0, 0, 0],
    ]);
    expect(new Set(cover(edgesOf([box(-1e9, -1e9, 1e9, 1e9)]), 40, 30))).toEqual(new Set([255]));
    expect(new Set(cover(edgesOf([box(41, 0, 50, 30)]), 40, 30))).toEqual(new Set([0]));
  });

  test.each([3, 17, 40])("is within eight levels of 256 points a pixel for polygons in %i pixels", (side) => {
    const random = seeded(side);
    for (const rule of ["nonzero", "evenodd"] as const) {
      for (let n = 0; n < 6; n++) {
        // Convex, so that no two edges of opposite directions share a pixel but at corners.
        const [x, y, r] = [side * random(), side * random(), side * (0.2 + random())];
        const start = 7 * random();
        const points = Array.from({ length: 3 + (n % 5) }, (_, k, count = 3 + (n % 5)) => {
          const angle = start + (2 * Math.PI * k) / count;
          return [x + r * Math.cos(angle), y + r * Math.sin(angle)] as const;
        });
        const off = distance(cover(edgesOf([points], rule), side, side), sampled([points], rule, side, side));
        expect(off.most).toBeLessThan(8);
        expect(off.mean).toBeLessThan(2);
      }
    }
  });

  test("is the same for every part of a picture that is painted", () => {
    const random = seeded(77);
    const polygons = Array.from({ length: 6 }, () =>
      Array.from({ length: 9 }, () => [120 * random() - 20, 120 * random() - 20] as const),
    );
    for (const rule of ["nonzero", "evenodd"] as const) {
      const edges = edgesOf(polygons, rule);
      const whole = cover(edges, 83, 71);
      for (let n = 0; n < 100; n++) {
        const [left, top] = [Math.floor(83 * random()), Math.floor(71 * random())];
        const part = {
          left,
          top,
          right: left + 1 + Math.floor((83 - left) * random()),
          bottom: top + 1 + Math.floor((71 - top) * random()),
        };
        const expected = whole.map((value, at) => {
          const [x, y] = [at % 83, Math.floor(at / 83)];
          return x >= part.left && x < part.right && y >= part.top && y < part.bottom ? value : 0;
        });
        expect(Buffer.compare(cover(edges, 83, 71, part), expected)).toBe(0);
      }
    }
  });

  test("of neighbours that share their edges adds to a whole, within a level for each", () => {
    const random = seeded(3);
    const point = [20 * random(), 20 * random()] as const;
    const fans = box(0, 0, 20, 20).map((corner, n, corners) => [corner, corners[(n + 1) % 4] as typeof corner, point]);
    const sum = new Uint16Array(400);
    for (const fan of fans)
      for (const [at, value] of cover(edgesOf([fan]), 20, 20).entries()) sum[at] = (sum[at] as number) + value;
    for (const value of sum) expect(Math.abs(value - 255)).toBeLessThanOrEqual(4);
    // All in one fill: nothing is left of the edges inside.
    expect(new Set(cover(edgesOf(fans), 20, 20))).toEqual(new Set([255]));
  });

  test("in turns, and in bands where an area is large, is that of one go", () => {
    const random = seeded(8);
    const points = Array.from({ length: 40 }, () => [3000 * random(), 400 * random()] as const);
    const edges = edgesOf([points], "evenodd");
    const frame = { left: 0, top: 0, right: 3000, bottom: 400 };
    const [small, turns] = [new Uint8Array(1_200_000), new Uint8Array(1_200_000)];
    done(new Coverage().fillInTurns(edges, frame, writing(turns, frame)));
    const coverage = new Coverage();
    for (let top = 0; top < 400; top += 7) {
      const row = intersection(frame, { left: 0, top, right: 3000, bottom: top + 7 });
      coverage.fill(edges, row, writing(small, frame));
    }
    expect(Buffer.compare(small, turns)).toBe(0);
    expect(Buffer.compare(cover(edges, 3000, 400), turns)).toBe(0);
  });
});
