import { describe, expect, test } from "vitest";
import type { SceneShape } from "../../engine/src/core/scene.ts";
import { paintCover } from "../../engine/src/scene/cover.ts";
import { paintIds } from "../../engine/src/scene/ids.ts";
import { paintLines, paintThinLines } from "../../engine/src/scene/lines.ts";
import { type OutlineOptions, outlineScene } from "../../engine/src/scene/outlined.ts";
import { distance, done, rowsOf, sceneOf, seeded, shape } from "./scene-parts.ts";

// Lines, ids and cover of scenes: small ones written out, strokes against points counted one by one.

const stroked = { fill: null, stroke: "white" } as const;

function lines(
  width: number,
  height: number,
  shapes: readonly SceneShape[],
  options: OutlineOptions = {},
  hidden = true,
) {
  return done(paintLines(outlineScene(sceneOf(width, height, shapes), options), { hidden })).data;
}

/** How far points of a pixel lie from straight pieces, as a share of those nearer than `reach`. */
function brush(
  side: number,
  pieces: readonly (readonly number[])[],
  reach: number,
  squeeze: readonly [number, number] = [1, 1],
): Float64Array {
  const cover = new Float64Array(side * side);
  for (let at = 0; at < cover.length; at++) {
    let hits = 0;
    for (let n = 0; n < 256; n++) {
      const x = ((at % side) + ((n % 16) + 0.5) / 16) / squeeze[0];
      const y = (Math.floor(at / side) + (Math.floor(n / 16) + 0.5) / 16) / squeeze[1];
      const near = pieces.some(([x0 = 0, y0 = 0, x1 = 0, y1 = 0]) => {
        const [dx, dy] = [x1 - x0, y1 - y0];
        const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
        return Math.hypot(x - x0 - t * dx, y - y0 - t * dy) <= reach;
      });
      if (near) hits++;
    }
    cover[at] = (hits * 255) / 256;
  }
  return cover;
}

describe("strokes", () => {
  const round = { ...stroked, cap: "round", join: "round" } as const;
  const zigzag = "M8 30L16 8L22 28L30 12";
  const pieces = [
    [8, 30, 16, 8],
    [16, 8, 22, 28],
    [22, 28, 30, 12],
  ];

  test.each([0.8, 2, 5, 9])("with round corners and ends, %d wide, are what lies within half of it", (strokeWidth) => {
    const own = lines(40, 40, [shape(zigzag, { ...round, strokeWidth })]);
    const off = distance(own, brush(40, pieces, strokeWidth / 2));
    expect(off.mean).toBeLessThan(0.5);
    // In a needle's point, two pieces share a pixel and their covers add up.
    expect(off.most).toBeLessThan(strokeWidth < 1 ? 80 : 40);
  });

  test("of a matrix that squeezes are drawn with a squeezed pen", () => {
    const matrix = [2, 0, 0, 0.7, 0, 0] as const;
    const own = lines(64, 64, [shape(zigzag, { ...round, strokeWidth: 4, matrix })]);
    const off = distance(own, brush(64, pieces, 2, [2, 0.7]));
    expect(off.mean).toBeLessThan(0.4);
    expect(off.most).toBeLessThan(40);
    // A turned matrix and one that mirrors keep it round.
    const turned = lines(64, 64, [shape(zigzag, { ...round, strokeWidth: 4, matrix: [0, 1, 1, 0, 0, 0] })]);
    const mirrored = brush(
      64,
      pieces.map(([x0 = 0, y0 = 0, x1 = 0, y1 = 0]) => [y0, x0, y1, x1]),
      2,
    );
    expect(distance(turned, mirrored).mean).toBeLessThan(0.3);
  });

  test("end and turn as they are told", () => {
    const line = (more: Partial<SceneShape>) =>
      rowsOf(lines(8, 4, [shape("M2 2H6", { ...stroked, strokeWidth: 2, ...more })]), 8)[1];
    expect(line({})).toEqual([0, 0, 255, 255, 255, 255, 0, 0]);
    expect(line({ cap: "square" })).toEqual([0, 255, 255, 255, 255, 255, 255, 0]);
    expect(line({ cap: "round" })?.[1]).toBeGreaterThan(180);
    expect(line({ cap: "round" })?.[1]).toBeLessThan(220);
    const corner = (more: Partial<SceneShape>) =>
      rowsOf(lines(6, 6, [shape("M2 6V2H6", { ...stroked, strokeWidth: 2, ...more })]), 6)[1]?.[1];
    expect(corner({ join: "miter" })).toBe(255);
    expect(corner({ join: "miter", miterLimit: 1.4 })).toBe(128);
    expect(corner({ join: "bevel" })).toBe(128);
    expect(corner({ join: "round" })).toBeGreaterThan(190);
    expect(corner({ join: "round" })).toBeLessThan(210);
  });

  test("are dashed from their offset on, odd lists doubled", () => {
    const dashes = (dash: readonly number[], dashOffset = 0, path = "M0 1H12") =>
      rowsOf(lines(12, 2, [shape(path, { ...stroked, strokeWidth: 2, dash, dashOffset })]), 12)[0]
        ?.map((value) => (value === 255 ? "#" : value === 0 ? "." : "?"))
        .join("");
    expect(dashes([3, 2])).toBe("###..###..##");
    expect(dashes([3, 2], 1)).toBe("##..###..###");
    expect(dashes([3, 2], -1)).toBe(".###..###..#");
    expect(dashes([1, 2, 3])).toBe("#..###.##...");
    expect(dashes([0, 0])).toBe("############");
    expect(dashes([3, -1])).toBe("############");
    expect(dashes([])).toBe("############");
    expect(dashes([1e-9, 1e-9])).toBe("############");
    expect(dashes([4, 0])).toBe("############");
  });

  test("show what has no length by its ends alone", () => {
    for (const path of ["M4 4Z", "M4 4L4 4", "M4 4h0v0"]) {
      const dot = (cap: "butt" | "round" | "square") =>
        rowsOf(lines(8, 8, [shape(path, { ...stroked, cap, strokeWidth: 4 })]), 8);
      expect(
        dot("butt")
          .flat()
          .every((value) => value === 0),
      ).toBe(true);
      expect(dot("square")[2]).toEqual([0, 0, 255, 255, 255, 255, 0, 0]);
      const disc =
        dot("round")
          .flat()
          .reduce((sum, value) => sum + value, 0) / 255;
      expect(disc).toBeGreaterThan(4 * Math.PI - 0.15);
      expect(disc).toBeLessThan(4 * Math.PI + 0.05);
    }
    // Dots of a dashed line.
    const dots = lines(12, 4, [shape("M2 2H10.5", { ...stroked, cap: "square", strokeWidth: 2, dash: [0, 4] })]);
    expect(rowsOf(dots, 12)[1]).toEqual([0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0]);
  });

  test("of curves wider than they are long stay smooth, whatever their corners", () => {
    const bent = (join: "miter" | "bevel" | "round") =>
      lines(64, 64, [shape("M24 40C24 24 40 24 40 40", { ...stroked, join, strokeWidth: 30 })]);
    expect(distance(bent("bevel"), bent("round")).most).toBe(0);
    expect(distance(bent("miter"), bent("round")).most).toBeLessThan(8);
  });

  test("have their own width in the map, or all the same", () => {
    const source = sceneOf(20, 20, [shape("M5 0V10", { ...stroked, strokeWidth: 1 })]);
    const scaled = { ...source, scene: { ...source.scene, bounds: { x: 0, y: 0, width: 10, height: 10 } } };
    const row = (options: OutlineOptions) =>
      rowsOf(done(paintLines(outlineScene(scaled, options), { hidden: true })).data, 20)[5];
    expect(
      row({})
        ?.map((value, x) => (value > 0 ? x : -1))
        .filter((x) => x >= 0),
    ).toEqual([9, 10]);
    expect(
      row({ width: 6 })
        ?.map((value, x) => (value > 0 ? x : -1))
        .filter((x) => x >= 0),
    ).toEqual([7, 8, 9, 10, 11, 12]);
    expect(() => outlineScene(scaled, { width: 0 })).toThrow(RangeError);
    expect(() => outlineScene(scaled, { tolerance: Number.NaN })).toThrow(RangeError);
  });
});

describe("hidden lines", () => {
  const back = shape("M0 4H12", { ...stroked, strokeWidth: 2 });
  const front = shape("M4 0H8V8H4Z");
  const row = (data: Uint8Array) => rowsOf(data, 12)[3];

  test("end where a body begins, and go on where they are kept", () => {
    expect(row(lines(12, 8, [back, front]))).toEqual([255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255]);
    expect(row(lines(12, 8, [back, front], {}, false))).toEqual(new Array(12).fill(255));
    expect(row(lines(12, 8, [front, back]))).toEqual(new Array(12).fill(255));
  });

  test("end softly in a pixel that is half covered", () => {
    const half = shape("M4.5 0H8V8H4.5Z");
    expect(row(lines(12, 8, [back, half]))).toEqual([255, 255, 255, 255, 127, 0, 0, 0, 255, 255, 255, 255]);
  });

  test("are seen through what is thin, by shape, by group or by paint", () => {
    const seen = (more: Partial<SceneShape>) => row(lines(12, 8, [back, { ...front, ...more }]))?.[5];
    expect(seen({ opacity: 0.49 })).toBe(255);
    expect(seen({ opacity: 0.5 })).toBe(0);
    expect(seen({ fill: "#0003" })).toBe(255);
    expect(seen({ fill: "transparent" })).toBe(255);
    expect(seen({ fill: null })).toBe(255);
    const grouped = sceneOf(
      12,
      8,
      [back, { ...front, group: "inner" }],
      [
        { id: "outer", name: "", opacity: 0.6 },
        { id: "inner", name: "", group: "outer", opacity: 0.6 },
      ],
    );
    const outlined = outlineScene(grouped);
    expect(outlined.shapes[1]?.opacity).toBeCloseTo(0.36, 12);
    expect(outlined.shapes[1]?.groups.map(({ id }) => id)).toEqual(["outer", "inner"]);
    expect(row(done(paintLines(outlined, { hidden: true })).data)?.[5]).toBe(255);
    expect(row(done(paintLines(outlined, { hidden: true, opaque: 0.3 })).data)?.[5]).toBe(0);
  });

  test("end at what a body shows after its clips", () => {
    const clips = [{ path: "M6 0H20V20H6Z", matrix: [1, 0, 0, 1, 0, 0] as const }];
    expect(row(lines(12, 8, [back, { ...front, clips }]))).toEqual([
      255, 255, 255, 255, 255, 255, 0, 0, 255, 255, 255, 255,
    ]);
    const group = sceneOf(12, 8, [back, { ...front, group: "g" }], [{ id: "g", name: "", clips }]);
    expect(row(done(paintLines(outlineScene(group), { hidden: true })).data)?.slice(4, 8)).toEqual([255, 255, 0, 0]);
  });

  test("are let through by the holes of a picture and of an outline", () => {
    const data = new Uint8ClampedArray(2 * 1 * 4).fill(255);
    data[7] = 0;
    const picture = { ...front, kind: "picture" as const, fill: null, picture: { width: 2, height: 1, data } };
    const found = row(lines(12, 8, [back, picture])) as number[];
    // Blended between the middles of both pixels, at x = 5 and 7: opaque before, clear behind.
    expect(found.slice(4, 8)).toEqual([0, 64, 191, 255]);
    const ring = shape("M2 0H10V8H2ZM4 2V6H8V2Z");
    expect(row(lines(12, 8, [back, ring]))).toEqual([255, 255, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255]);
  });
});

describe("outlines of what has no stroke", () => {
  const outlines = { outlineUnstroked: true, width: 2 } as const;

  test("are lines, but not along the border of the map", () => {
    expect(rowsOf(lines(8, 8, [shape("M2 2H6V6H2Z")], outlines), 8)[4]).toEqual([0, 255, 255, 0, 0, 255, 255, 0]);
    expect(lines(8, 8, [shape("M0 0H8V8H0Z")], outlines).every((value) => value === 0)).toBe(true);
    expect(lines(8, 8, [shape("M-5 -5H99V99H-5Z")], outlines).every((value) => value === 0)).toBe(true);
    const floor = rowsOf(lines(8, 8, [shape("M0 5H8V8H0Z")], outlines), 8).map((row) => row[4]);
    expect(floor).toEqual([0, 0, 0, 0, 255, 255, 0, 0]);
    expect(lines(8, 8, [shape("M2 2H6V6H2Z", { fill: null })], outlines).every((value) => value === 0)).toBe(true);
  });

  test("run along the clips that cut", () => {
    const clips = [{ path: "M4 0H20V20H4Z", matrix: [1, 0, 0, 1, 0, 0] as const }];
    const rows = rowsOf(lines(12, 12, [shape("M1 3H9V9H1Z", { clips })], outlines), 12);
    expect(rows[6]).toEqual([0, 0, 0, 255, 255, 0, 0, 0, 255, 255, 0, 0]);
    expect(rows[0]).toEqual(new Array(12).fill(0));
    expect(rows[3]?.slice(0, 3)).toEqual([0, 0, 0]);
    expect(rows[3]?.slice(3, 10)).toEqual(new Array(7).fill(255));
  });

  test("are not drawn about a text of which only the box is known", () => {
    const text = { kind: "text", text: "a" } as const;
    expect(lines(8, 8, [shape("M2 2H6V6H2Z", text)], outlines).every((value) => value === 0)).toBe(true);
    expect(lines(8, 8, [shape("M2 2L6 3L4 6Z", text)], outlines).some((value) => value === 255)).toBe(true);
  });
});

describe("lines of one pixel", () => {
  const thin = (shapes: readonly SceneShape[], side = 32, hidden = true) =>
    done(paintThinLines(outlineScene(sceneOf(side, side, shapes)), { hidden })).data;

  test("are black and white, and no wider than one", () => {
    const random = seeded(4);
    const path = `M${Array.from({ length: 5 }, () => `${(32 * random()).toFixed(2)} ${(32 * random()).toFixed(2)}`).join("C")}`;
    const curve = `M2 16C10 -20 20 60 30 5`;
    for (const one of [path, curve, "M1 1L30 20", "M16 2A14 14 0 1 1 15.9 2Z"]) {
      const data = thin([shape(one, { ...stroked, strokeWidth: 7 })]);
      expect(new Set(data)).toEqual(new Set([0, 255]));
    }
    const rows = rowsOf(thin([shape(curve, stroked)]), 32);
    const blocks = rows.flatMap((row, y) =>
      row.filter((value, x) => value && row[x + 1] && rows[y + 1]?.[x] && rows[y + 1]?.[x + 1]),
    );
    expect(blocks).toEqual([]);
  });

  test("go through the pixels that they pass", () => {
    expect(
      rowsOf(thin([shape("M1.5 1.5H5.5V4.5H1.5Z", stroked)], 8), 8).map((row) =>
        row.map((v) => (v ? "#" : ".")).join(""),
      ),
    ).toEqual(["........", ".#####..", ".#...#..", ".#...#..", ".#####..", "........", "........", "........"]);
    expect(rowsOf(thin([shape("M0 0L8 8", stroked)], 8), 8).map((row) => row.indexOf(255))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  test.each([10, 9.999999999999998, 10.3])("have no gaps where they run along pixels from %d on", (from) => {
    const far = from + 180;
    const data = thin([shape(`M${from} ${from}H${far}V${far}H${from}Z`, { ...stroked, strokeWidth: 2 })], 200);
    expect(data.reduce((sum, value) => sum + value / 255, 0)).toBe(4 * 180);
    for (const row of rowsOf(data, 200).slice(10, 191)) expect([row[10], row[190]]).toEqual([255, 255]);
  });

  test("are hidden by bodies in front, and not by their own", () => {
    const front = shape("M10 10H20V20H10Z", { stroke: "white" });
    const data = rowsOf(thin([shape("M0 15H32", stroked), front]), 32);
    expect(data[15]?.slice(8, 22)).toEqual(
      [255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255].map((v, n) => (n === 12 ? 255 : v)),
    );
    expect(data[10]?.slice(10, 20).every((value) => value === 255)).toBe(true);
  });
});

describe("ids", () => {
  test("are of the foremost body that covers half a pixel", () => {
    const shapes = [shape("M0 0H4V4H0Z"), shape("M1.5 1H9V3H1.5Z"), shape("M0 0H4", stroked), shape("M3.6 0H4V4H3.6Z")];
    expect(rowsOf(done(paintIds(outlineScene(sceneOf(5, 4, shapes)))), 5)).toEqual([
      [1, 1, 1, 1, 0],
      [1, 2, 2, 2, 2],
      [1, 2, 2, 2, 2],
      [1, 1, 1, 1, 0],
    ]);
  });

  test("can count lines as bodies", () => {
    const shapes = [shape("M0 0H6V2H0Z"), shape("M0 3H6", { ...stroked, strokeWidth: 2 })];
    const outlined = outlineScene(sceneOf(2, 4, shapes));
    expect(rowsOf(done(paintIds(outlined)), 2).map((row) => row[0])).toEqual([1, 1, 0, 0]);
    expect(rowsOf(done(paintIds(outlined, { lines: true })), 2).map((row) => row[0])).toEqual([1, 1, 2, 2]);
  });

  test("go beyond 65,535", () => {
    const shapes = Array.from({ length: 70_000 }, (_, n) => shape(`M${n % 300} ${Math.floor(n / 300)}h1v1h-1z`));
    const ids = done(paintIds(outlineScene(sceneOf(300, 234, shapes))));
    expect([ids[0], ids[69_999], ids[70_000]]).toEqual([1, 70_000, 0]);
  });
});

describe("cover", () => {
  const shapes = [shape("M0 0H4V2H0Z"), shape("M4 0H8V2H4Z"), shape("M2.5 0H5V2H2.5Z")];
  const cover = (which: (index: number) => boolean, visible: boolean, all = shapes) =>
    rowsOf(done(paintCover(outlineScene(sceneOf(8, 2, all)), (_, index) => which(index), { visible })).data, 8)[0];

  test("is soft, with others in front or without", () => {
    expect(cover((n) => n === 0, true)).toEqual([255, 255, 127, 0, 0, 0, 0, 0]);
    expect(cover((n) => n === 0, false)).toEqual([255, 255, 255, 255, 0, 0, 0, 0]);
    expect(cover((n) => n < 2, true)).toEqual([255, 255, 127, 0, 0, 255, 255, 255]);
  });

  test("leaves no seam between neighbours, and none of the line between a body and its own stroke", () => {
    const split = [shape("M0 0H3.5V2H0Z"), shape("M3.5 0H8V2H3.5Z")];
    expect(cover(() => true, true, split)).toEqual(new Array(8).fill(255));
    const own = [shape("M2.5 -5H5.5V7H2.5Z", { stroke: "white", strokeWidth: 1 })];
    expect(cover(() => true, true, own)).toEqual([0, 0, 255, 255, 255, 255, 0, 0]);
  });
});
