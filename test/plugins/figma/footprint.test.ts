import { describe, expect, test } from "vitest";
import { around, boundsOf, outward, partOf, upright } from "../../../plugins/figma/src/main/footprint.ts";
import {
  identity,
  inverse,
  isUpright,
  type Matrix,
  moved,
  product,
  translation,
} from "../../../plugins/figma/src/main/matrix.ts";

/** Turned a quarter clockwise, its upper left corner at (100, 50). */
const quarter: Matrix = [
  [0, -1, 100],
  [1, 0, 50],
];
const skewed: Matrix = [
  [1, 0.5, -3],
  [0.25, 1, 7],
];

describe("a matrix", () => {
  test("does its inner part first", () => {
    expect(moved(product(translation(10, 0), quarter), 4, 2)).toEqual([108, 54]);
    expect(moved(product(quarter, translation(10, 0)), 4, 2)).toEqual([98, 64]);
  });

  test("and its inverse take every point back", () => {
    for (const matrix of [quarter, skewed, translation(-2.5, 9)]) {
      const both = product(inverse(matrix), matrix);
      both.forEach((row, y) => {
        row.forEach((value, x) => {
          expect(value).toBeCloseTo(identity[y]?.[x] as number, 12);
        });
      });
    }
  });

  test("that flattens the plane has no inverse, and says so", () => {
    expect(() =>
      inverse([
        [1, 2, 0],
        [2, 4, 0],
      ]),
    ).toThrow(RangeError);
  });

  test("is upright when it only moves, not when it turns, mirrors or skews", () => {
    expect(isUpright(translation(3.5, -8))).toBe(true);
    expect(
      isUpright([
        [0.9999999, 1e-8, 0],
        [-1e-8, 1.0000001, 0],
      ]),
    ).toBe(true);
    for (const matrix of [
      quarter,
      skewed,
      [
        [-1, 0, 0],
        [0, 1, 0],
      ],
      [
        [-1, 0, 0],
        [0, -1, 0],
      ],
    ] as Matrix[]) {
      expect(isUpright(matrix)).toBe(false);
    }
  });
});

describe("bounds", () => {
  test("are rounded outward to whole points, and single-precision noise is not", () => {
    expect(outward({ x: 0.4, y: -1.2, width: 10, height: 2 })).toEqual({ x: 0, y: -2, width: 11, height: 3 });
    expect(outward({ x: 9.9999, y: 20.0001, width: 64, height: 31.9999 })).toEqual({
      x: 10,
      y: 20,
      width: 64,
      height: 32,
    });
  });

  test("are never empty", () => {
    expect(outward({ x: 5, y: 5, width: 0, height: 0 })).toEqual({ x: 5, y: 5, width: 1, height: 1 });
  });

  test("of a turned picture keep its size, around its centre", () => {
    // 40 x 20 turned a quarter covers x 80..100 and y 50..90; its centre is (90, 70).
    expect(boundsOf({ matrix: quarter, width: 40, height: 20 })).toEqual({ x: 70, y: 60, width: 40, height: 20 });
  });

  test("of several boxes hold them all", () => {
    const boxes = [
      { x: -5, y: 2, width: 3, height: 3 },
      { x: 10, y: -1, width: 1, height: 2 },
    ];
    expect(around(boxes)).toEqual({ x: -5, y: -1, width: 16, height: 6 });
  });
});

describe("a part of a capture", () => {
  test("that is all of it lies where the capture lay", () => {
    const whole = { matrix: quarter, width: 40, height: 20 };
    expect(partOf(whole, boundsOf(whole), boundsOf(whole))).toEqual(whole);
  });

  test("lies in a turned capture as it does in its bounds", () => {
    const whole = { matrix: quarter, width: 40, height: 20 };
    const part = partOf(whole, { x: 70, y: 60, width: 40, height: 20 }, { x: 80, y: 65, width: 20, height: 10 });
    expect(part).toMatchObject({ width: 20, height: 10 });
    // 10 along and 5 down, in the turned frame.
    expect(moved(part.matrix, 0, 0)).toEqual([95, 60]);
  });

  test("may reach over it, and follows the capture's own size where bounds were rounded", () => {
    const whole = upright({ x: 0.5, y: 0.5, width: 9, height: 9 });
    const part = partOf(whole, { x: 0, y: 0, width: 10, height: 10 }, { x: -10, y: 0, width: 20, height: 10 });
    expect(part).toEqual({ matrix: translation(-8.5, 0.5), width: 18, height: 9 });
  });
});
