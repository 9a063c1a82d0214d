import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { drawLine, paintDisc, paintLine } from "../../engine/src/vision/line.ts";
import { grayPixels, type Plane } from "../../engine/src/vision/plane.ts";
import { distance, goldens, readGolden } from "./golden-maps.ts";
import { ink, rows } from "./structure-golden.ts";

const canvas = (width: number, height: number): Plane => ({ width, height, data: new Uint8Array(width * height) });
const drawn = (plane: Plane) => rows(grayPixels(plane), ink);

test.each(goldens("lines").map((golden) => [golden.id, golden] as const))(
  "%s is drawn to the pixel as OpenCV draws it",
  (_, golden) => {
    const { thickness, lines } = golden.options as { thickness: number; lines: readonly (readonly number[])[] };
    const { width, height } = readGolden(golden.expected);
    const plane = canvas(width, height);
    for (const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] of lines) drawLine(plane, { x0, y0, x1, y1 }, thickness, 255);
    expect(distance(grayPixels(plane), { ...golden, tolerance: { level: 0, share: 0, mean: 0 } })).toBe("");
  },
);

test("lines of many thicknesses, most of them cut by the canvas, are OpenCV's to the pixel", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../golden/segments/lines.json", import.meta.url), "utf8"),
  ) as readonly (readonly [number, number, number, readonly [number, number, number, number], number])[];
  expect(cases.length).toBeGreaterThan(1000);
  const wrong = cases.filter(([width, height, thickness, [x0, y0, x1, y1], sum]) => {
    const plane = canvas(width, height);
    drawLine(plane, { x0, y0, x1, y1 }, thickness, 255);
    return crc32(plane.data) !== sum;
  });
  expect(wrong).toEqual([]);
});

test("a flat line steps down where it has gone half the way", () => {
  const plane = canvas(7, 3);
  drawLine(plane, { x0: 0, y0: 0, x1: 6, y1: 2 }, 1, 255);
  expect(drawn(plane)).toEqual(["##.....", "..###..", ".....##"]);
});

test("a line is the same from either end when it is thin", () => {
  const ends = [
    [1, 2, 17, 9],
    [3, 15, 9, 0],
    [4, 4, 4, 12],
    [12, 7, 2, 7],
  ] as const;
  for (const [x0, y0, x1, y1] of ends) {
    if (x0 === x1) continue;
    const [there, back] = [canvas(20, 16), canvas(20, 16)];
    drawLine(there, { x0, y0, x1, y1 }, 1, 255);
    drawLine(back, { x0: x1, y0: y1, x1: x0, y1: y0 }, 1, 255);
    expect(drawn(there)).toEqual(drawn(back));
  }
});

test("an upright line of thickness 2 is three pixels wide with rounded ends", () => {
  const plane = canvas(7, 7);
  drawLine(plane, { x0: 3, y0: 2, x1: 3, y1: 4 }, 2, 255);
  expect(drawn(plane)).toEqual([".......", "...#...", "..###..", "..###..", "..###..", "...#...", "......."]);
});

test("a line outside the canvas paints nothing and a canvas of one pixel is painted once", () => {
  const outside = canvas(4, 4);
  drawLine(outside, { x0: -5, y0: 0, x1: 0, y1: -5 }, 1, 255);
  expect(outside.data.every((value) => value === 0)).toBe(true);
  const one = canvas(1, 1);
  drawLine(one, { x0: -3, y0: -3, x1: 3, y1: 3 }, 1, 255);
  expect(one.data).toEqual(Uint8Array.of(255));
});

test("a disc has each pixel that is no further from its middle than the radius, cut at the canvas", () => {
  for (const radius of [0, 1, 2, 3, 5, 8]) {
    const plane = canvas(12, 9);
    paintDisc(12, 9, 2, 7, radius, (y, from, to) => plane.data.fill(1, y * 12 + from, y * 12 + to + 1));
    for (let y = 0; y < 9; y++) {
      for (let x = 0; x < 12; x++) {
        const inside = (x - 2) ** 2 + (y - 7) ** 2 <= radius ** 2;
        expect(plane.data[y * 12 + x], `radius ${radius} at ${x}, ${y}`).toBe(inside ? 1 : 0);
      }
    }
  }
});

test("points that are no numbers or out of reach and thicknesses that are none are refused in words", () => {
  const paint = () => undefined;
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 21]) {
    expect(() => paintLine(9, 9, { x0: value, y0: 0, x1: 1, y1: 1 }, 1, paint)).toThrow(RangeError);
  }
  for (const thickness of [0, -1, 1.5, 256, Number.NaN]) {
    expect(() => paintLine(9, 9, { x0: 0, y0: 0, x1: 1, y1: 1 }, thickness, paint)).toThrow(/from 1 to 255/);
  }
});
