import {
  type Mask,
  maskBounds,
  maskOf,
  maskPadding,
  maskPixels,
  maskSizes,
  paintMasks,
  regionMaskSizes,
} from "@underdraw/sdk";
import { describe, expect, test } from "vitest";
import { blurred, grown, shrunk } from "../../sdk/src/session/mask-filter.ts";

/** A mask from rows of numbers. */
const mask = (rows: readonly (readonly number[])[]): Mask => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8ClampedArray.from(rows.flat()),
});
const rowsOf = ({ width, height, data }: Mask) =>
  Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);
/** A mask that is opaque inside a box. */
const boxed = (width: number, height: number, x: number, y: number, wide: number, tall: number): Mask => {
  const data = new Uint8ClampedArray(width * height);
  for (let row = y; row < y + tall; row++) data.fill(255, row * width + x, row * width + x + wide);
  return { width, height, data };
};

describe("how far masks reach", () => {
  // feather = max(int(0.10 * strength * diagonal), round(32 * strength)), grow = 4 + feather / 2, blend = min(25, grow + feather / 2)
  test.each([
    // 300x400 has a diagonal of 500: 50 > 32.
    ["at full strength", 300, 400, {}, [50, 29, 25]],
    ["at full strength on little", 30, 40, {}, [32, 20, 25]],
    ["at half strength", 300, 400, { strength: 0.5 }, [25, 16, 25]],
    ["at half strength on little", 30, 40, { strength: 0.5 }, [16, 12, 20]],
    ["at a tenth", 30, 40, { strength: 0.1 }, [3, 5, 6]],
    ["at a strength whose product is one bit short", 600, 800, { strength: 0.29 }, [29, 18, 25]],
    ["at no strength", 300, 400, { strength: 0 }, [0, 4, 4]],
    ["with a feather of 3 %", 3000, 4000, { feather: 0.03 }, [150, 79, 25]],
    ["without a feather", 300, 400, { feather: 0 }, [0, 0, 0]],
    ["of a replaced background", 300, 400, { purpose: "background" }, [5, 6, 8]],
    ["of a replaced background on little", 30, 40, { purpose: "background" }, [0, 4, 4]],
    ["of a background below full strength", 300, 400, { purpose: "background", strength: 0.5 }, [25, 16, 25]],
  ] as const)("%s (%i x %i)", (_, width, height, options, [feather, grow, blend]) => {
    expect(maskSizes({ width, height }, options)).toEqual({ feather, grow, blend });
  });

  test("of a region that nobody selected", () => {
    expect(regionMaskSizes(100)).toEqual({ grow: 50, feather: 25, blend: 15 });
    expect(regionMaskSizes(3)).toEqual({ grow: 8, feather: 4, blend: 15 });
    expect(regionMaskSizes(999)).toEqual({ grow: 128, feather: 64, blend: 32 });
  });

  test("is within the padding of its context", () => {
    const sizes = maskSizes({ width: 300, height: 400 });
    expect(maskPadding({ width: 300, height: 400 }, sizes)).toBe(29 + 50 + 30);
  });

  test("needs parts from 0 to 1", () => {
    for (const part of [-0.1, 1.1, Number.NaN]) {
      expect(() => maskSizes({ width: 9, height: 9 }, { strength: part })).toThrow(RangeError);
      expect(() => maskSizes({ width: 9, height: 9 }, { feather: part })).toThrow(RangeError);
    }
  });
});

describe("growing and shrinking", () => {
  const dot = mask([
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 200, 0, 0],
    [0, 0, 0, 0, 0],
  ]);

  test("a pixel grows to a square, and the square shrinks to the pixel", () => {
    const square = mask([
      [0, 0, 0, 0, 0],
      [0, 200, 200, 200, 0],
      [0, 200, 200, 200, 0],
      [0, 200, 200, 200, 0],
    ]);
    expect(rowsOf(grown(dot, 1))).toEqual(rowsOf(square));
    // The lowest row goes on below the mask, so that the square does not end there.
    expect(rowsOf(shrunk(square, 1))).toEqual([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 200, 0, 0],
      [0, 0, 200, 0, 0],
    ]);
  });

  test("equals looking at every neighbour, at any radius", () => {
    const noise = mask(
      Array.from({ length: 13 }, (_, y) => Array.from({ length: 17 }, (_, x) => (x * 73 + y * 151) % 256)),
    );
    for (const radius of [0, 1, 2, 5, 12, 40])
      for (const [filter, pick] of [
        [grown, Math.max],
        [shrunk, Math.min],
      ] as const)
        expect(rowsOf(filter(noise, radius))).toEqual(
          rowsOf(noise).map((row, y) =>
            row.map((_, x) =>
              pick(
                ...rowsOf(noise)
                  .slice(Math.max(0, y - radius), y + radius + 1)
                  .flatMap((each) => each.slice(Math.max(0, x - radius), x + radius + 1)),
              ),
            ),
          ),
        );
  });

  test("a radius is whole", () => {
    expect(() => grown(dot, 1.5)).toThrow(RangeError);
    expect(() => blurred(dot, -1)).toThrow(RangeError);
  });
});

describe("blurring", () => {
  test("is a tent that reaches as far as its radius", () => {
    const line = mask([[0, 0, 0, 0, 255, 0, 0, 0, 0]]);
    // Radius 2 in one row: boxes of 3 and 3 give 1 2 3 2 1 over 9; the one row goes on above and below.
    expect(rowsOf(blurred(line, 2))).toEqual([[0, 0, 28, 57, 85, 57, 28, 0, 0]]);
    // Radius 3: boxes of 3 and 5 give 1 2 3 3 3 2 1 over 15.
    expect(rowsOf(blurred(line, 3))).toEqual([[0, 17, 34, 51, 51, 51, 34, 17, 0]]);
    expect(rowsOf(blurred(line, 0))).toEqual(rowsOf(line));
  });

  test("keeps an edge's slope in two directions apart", () => {
    const corner = boxed(5, 5, 0, 0, 2, 2);
    // Radius 1: boxes of 1 and 3: thirds in x times thirds in y.
    expect(rowsOf(blurred(corner, 1))).toEqual([
      [255, 170, 85, 0, 0],
      [170, 113, 57, 0, 0],
      [85, 57, 28, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("leaves what is flat as it is", () => {
    const flat = { width: 9, height: 7, data: new Uint8ClampedArray(63).fill(173) };
    expect(blurred(flat, 20).data).toEqual(flat.data);
  });
});

describe("the masks of a selection", () => {
  const selection = boxed(200, 160, 80, 60, 40, 30);

  test("are opaque inside it, fade around it and end where they should", () => {
    const { denoise, composite } = paintMasks(selection);
    const { feather, grow } = maskSizes({ width: 40, height: 30 });
    for (let y = 0; y < 160; y++)
      for (let x = 0; x < 200; x++) {
        const i = y * 200 + x;
        if (selection.data[i] === 255) expect([denoise.data[i], composite.data[i]]).toEqual([255, 255]);
        const away = Math.max(80 - x, x - 119, 60 - y, y - 89);
        if (away > grow + feather) expect(denoise.data[i]).toBe(0);
      }
    const row = [...denoise.data.subarray(75 * 200, 75 * 200 + 80)];
    expect(row).toEqual([...row].sort((a, b) => a - b));
    expect(new Set(row).size).toBeGreaterThan(20);
    expect(maskBounds(composite)?.width).toBeGreaterThan(40);
  });

  test("worked out by hand on a line", () => {
    // 4 of 20 pixels, strength 0.1 without more: feather 3, grow 5, blend 6 for a diagonal below 30.
    const line = boxed(40, 1, 18, 0, 4, 1);
    const { denoise, composite } = paintMasks(line, { strength: 0.1 });
    expect(maskSizes({ width: 4, height: 1 }, { strength: 0.1 })).toEqual({ feather: 3, grow: 5, blend: 6 });
    // Grown to 13..26, then a tent of 1 2 3 3 3 2 1 over 15 across the edges.
    const edge = [17, 51, 102, 153, 204, 238];
    const wanted = [
      ...new Array(10).fill(0),
      ...edge,
      ...new Array(8).fill(255),
      ...[...edge].reverse(),
      ...new Array(10).fill(0),
    ];
    expect(rowsOf(denoise)).toEqual([wanted]);
    // What is touched is 10..29, shrunk by 3 to 13..26, then boxes of 7 and 7: 1 to 7 and back over 49.
    const tent = [1, 3, 6, 10, 15, 21, 28, 34, 39, 43, 46, 48].map((part) => Math.floor((255 * part) / 49 + 0.5));
    const found = [...composite.data];
    expect(found.slice(7, 18)).toEqual(tent.slice(0, 11));
    expect(found.slice(18, 22)).toEqual([255, 255, 255, 255]);
    expect(found).toEqual([...found].reverse());
    expect(found.slice(0, 7)).toEqual(new Array(7).fill(0));
  });

  test("end at the selection, byte for byte, when outside must stay exact", () => {
    const soft = mask([[0, 0, 0, 60, 255, 255, 130, 0, 0, 0]]);
    const { composite, denoise } = paintMasks(soft, { exact: true });
    expect([...composite.data].map((value) => value > 0)).toEqual([...soft.data].map((value) => value > 0));
    expect([...composite.data]).toEqual([0, 0, 0, 60, 255, 255, 130, 0, 0, 0]);
    expect([...denoise.data].every((value) => value > 0)).toBe(true);
    expect(paintMasks(selection, { exact: true }).composite.data).toEqual(selection.data);
  });

  test("are the selection itself without a feather", () => {
    const { denoise, composite } = paintMasks(selection, { feather: 0 });
    expect(denoise.data).toEqual(selection.data);
    expect(composite.data).toEqual(new Uint8ClampedArray(selection.data));
  });

  test("are empty for a selection of nothing", () => {
    const nothing = boxed(5, 4, 0, 0, 0, 0);
    expect(paintMasks(nothing).denoise.data).toEqual(new Uint8ClampedArray(20));
    expect(maskBounds(nothing)).toBeNull();
  });

  test("do not fade at the edge of the picture that a selection touches", () => {
    const { denoise } = paintMasks(boxed(100, 100, 0, 0, 50, 100));
    for (let y = 0; y < 100; y++) expect(denoise.data[y * 100]).toBe(255);
  });
});

test("a mask travels as the alpha of white pixels", () => {
  const there = mask([[0, 7, 255]]);
  const pixels = maskPixels(there);
  expect([...pixels.data]).toEqual([255, 255, 255, 0, 255, 255, 255, 7, 255, 255, 255, 255]);
  expect(maskOf(pixels)).toEqual(there);
  expect(maskBounds(there)).toEqual({ x: 1, y: 0, width: 2, height: 1 });
});
