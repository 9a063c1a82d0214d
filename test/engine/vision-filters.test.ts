import type { Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { blur, blurredPlane } from "../../engine/src/vision/blur.ts";
import { boxMean } from "../../engine/src/vision/box.ts";
import { paintDisc } from "../../engine/src/vision/disc.ts";
import { distances } from "../../engine/src/vision/distance.ts";
import { channelRows, gaussian } from "../../engine/src/vision/gaussian.ts";
import { byteKernel, floatKernel, mirrored } from "../../engine/src/vision/kernel.ts";
import { cubeRoot, labOf, lightness, toLab } from "../../engine/src/vision/lab.ts";
import { flattened, inverse, isOpaque } from "../../engine/src/vision/matte.ts";
import { close, dilate, elementRows, erode, open } from "../../engine/src/vision/morphology.ts";
import { isGray, type Plane } from "../../engine/src/vision/plane.ts";
import { resample } from "../../engine/src/vision/resample.ts";
import { skeleton } from "../../engine/src/vision/skeleton.ts";
import { smoothRows } from "../../engine/src/vision/smooth.ts";
import { finished, painted, random } from "./structure-golden.ts";

/** A plane from rows of numbers, or of `#` for 255 and `.` for 0. */
function plane(...lines: readonly (string | readonly number[])[]): Plane {
  const rows = lines.map((line) => (typeof line === "string" ? [...line].map((c) => (c === "#" ? 255 : 0)) : line));
  return { width: rows[0]?.length ?? 0, height: rows.length, data: Uint8Array.from(rows.flat()) };
}

const drawn = ({ width, height, data }: Plane): readonly string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from(data.subarray(y * width, (y + 1) * width), (value) => (value > 0 ? "#" : ".")).join(""),
  );

const noise = (width: number, height: number, seed: number): Pixels => {
  const next = random(seed);
  return painted(width, height, () => [0, 0, 0].map(() => Math.floor(256 * next())));
};

/** The rule itself: whole weights in both directions, mirrored edges, one rounding. */
function plainBlur({ width, height, data }: Plane, sigma: number): Uint8Array {
  const kernel = byteKernel(sigma);
  const reach = kernel.length - 1;
  const sum = (count: number, at: (step: number) => number) => {
    let total = 0;
    for (let k = -count; k <= count; k++) total += (kernel[Math.abs(k)] as number) * at(k);
    return total;
  };
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const whole = sum(reach, (down) =>
      sum(reach, (along) => data[mirrored(y + down, height) * width + mirrored(x + along, width)] as number),
    );
    return Math.floor((whole + 32768) / 65536);
  });
}

test("the weights of 8 bits are whole and sum up to 256, and what rounding leaves goes inwards", () => {
  expect([...byteKernel(1)]).toEqual([102, 62, 14, 1]);
  expect([...byteKernel(0.01)]).toEqual([256]);
  for (const sigma of [0.3, 0.9, 2.5, 9, 33.3, 64]) {
    const kernel = byteKernel(sigma);
    expect(2 * kernel.reduce((a, b) => a + b) - (kernel[0] as number)).toBe(256);
  }
});

test("one white pixel blurs into the products of the weights", () => {
  const source = { width: 9, height: 9, data: new Uint8Array(81) };
  source.data[40] = 255;
  // The weights are 1, 14, 62, 102, 62, 14, 1 of 256; a mirrored edge adds nothing to a single pixel in the middle.
  expect([...blurredPlane(source, 1).data.subarray(37, 44)]).toEqual([0, 6, 25, 40, 25, 6, 0]);
  expect([...blurredPlane(source, 1).data.subarray(28, 35)]).toEqual([0, 3, 15, 25, 15, 3, 0]);
});

test.each([
  [1, 1, 9],
  [2, 1, 3],
  [1, 7, 20],
  [5, 3, 0.2],
  [31, 33, 1.4],
  [64, 65, 4],
  [67, 3, 30],
])("a blur of %i x %i by %f is the plain rule's, to the bit", (width, height, sigma) => {
  const source = noise(width, height, width + height);
  const map = finished(blur(source, sigma));
  const channel = (pixels: Pixels, k: number): Plane => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => pixels.data[4 * i + k] as number),
  });
  for (const k of [0, 1, 2]) {
    const expected = plainBlur(channel(source, k), sigma);
    expect(channel(map, k).data).toEqual(expected);
    expect(blurredPlane(channel(source, k), sigma).data).toEqual(expected);
  }
  expect(isOpaque(map)).toBe(true);
});

test("a Gaussian of floats keeps a slope as it is, and the sum of its weights is 1", () => {
  const slope = { width: 101, height: 2, data: Float32Array.from({ length: 202 }, (_, i) => i % 101) };
  const { data } = gaussian(slope, 3);
  for (const x of [13, 50, 87]) expect(data[x]).toBeCloseTo(x, 4);
  const kernel = floatKernel(3);
  expect(kernel).toHaveLength(13);
  expect(2 * kernel.reduce((a, b) => a + b) - (kernel[0] as number)).toBeCloseTo(1, 12);
  expect((kernel[3] as number) / (kernel[0] as number)).toBeCloseTo(Math.exp(-0.5), 12);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a sigma of %f is refused by name", (sigma) => {
  expect(() => gaussian(plane([1]), sigma)).toThrow(RangeError);
  expect(() => blurredPlane(plane([1]), sigma)).toThrow(`not ${sigma}`);
});

test.each([
  [1, 1],
  [2, 5],
  [64, 1],
  [1, 63],
  [37, 130],
  [131, 70],
])("the fast wide Gaussian stays within 0.02 of the exact one on noise of %i x %i", (width, height) => {
  const source = noise(width, height, 3);
  for (const sigma of [2, 4.5, 6, 17]) {
    const rows: number[] = [];
    finished(
      smoothRows(width, height, 3, sigma, channelRows(source), (y, row) => {
        expect(rows).toHaveLength(y * width);
        for (let x = 0; x < width; x++) rows.push(row[width + x] as number);
      }),
    );
    const green = { width, height, data: Uint8Array.from(rows, (_, i) => source.data[4 * i + 1] as number) };
    const exact = gaussian(green, sigma).data;
    expect(Math.max(...rows.map((value, i) => Math.abs(value - (exact[i] as number))))).toBeLessThan(0.02);
  }
});

test("a box takes the mean and repeats the edge", () => {
  expect([...boxMean(plane([0, 9, 0, 0], [0, 0, 0, 18]), 1).data].map((v) => Math.round(v))).toEqual([
    2, 2, 4, 4, 1, 1, 5, 8,
  ]);
  expect(() => boxMean(plane([1]), 0.5)).toThrow(RangeError);
});

test("discs hold what lies within the radius, and are cut at the edge", () => {
  const canvas = plane(".......", ".......", ".......", ".......", ".......");
  paintDisc(canvas, 2, 2, 2, 255);
  paintDisc(canvas, 7, 0, 2, 255);
  expect(drawn(canvas)).toEqual(["..#..##", ".###..#", "#####..", ".###...", "..#...."]);
});

test("the ellipse of 5 is OpenCV's, and an even element is refused", () => {
  expect([...elementRows("ellipse", 5)]).toEqual([0, 2, 2, 2, 0]);
  expect([...elementRows("cross", 3)]).toEqual([0, 1, 0]);
  expect(() => erode(plane([1]), "square", 4)).toThrow("not 4");
});

test("eroding, dilating, opening and closing do to a written plane what they are called", () => {
  const source = plane("........", ".####.#.", ".####...", ".####...", "........");
  expect(drawn(erode(source, "square", 3))).toEqual(["........", "........", "..##....", "........", "........"]);
  expect(drawn(dilate(plane(".....", "..#..", "....."), "cross", 3))).toEqual(["..#..", ".###.", "..#.."]);
  expect(drawn(open(source, "square", 3))).toEqual(["........", ".####...", ".####...", ".####...", "........"]);
  const apart = plane("..........", "..........", "..####.#..", "..####....", "..####....", "..........", "..........");
  expect(drawn(close(apart, "square", 3))).toEqual([
    "..........",
    "..........",
    "..######..",
    "..####....",
    "..####....",
    "..........",
    "..........",
  ]);
});

test("outside of the plane counts nothing", () => {
  const white = plane("##", "##");
  for (const operation of [erode, dilate, open, close])
    expect(operation(white, "ellipse", 15).data).toEqual(white.data);
});

test("distances lead to the nearest black pixel", () => {
  const source = plane("####", "####", ".###");
  const of = (metric: Parameters<typeof distances>[1]) => [...finished(distances(source, metric)).data];
  expect(of("l1")).toEqual([2, 3, 4, 5, 1, 2, 3, 4, 0, 1, 2, 3]);
  expect(of("chessboard")).toEqual([2, 2, 2, 3, 1, 1, 2, 3, 0, 1, 2, 3]);
  const squares = [4, 5, 8, 13, 1, 2, 5, 10, 0, 1, 4, 9];
  expect(of("l2-exact")).toEqual(squares.map((square) => Math.fround(Math.sqrt(square))));
});

test("without a black pixel every distance is infinite", () => {
  for (const metric of ["l1", "l2-5", "l2-exact"] as const) {
    expect([...finished(distances(plane("###", "###"), metric)).data]).toEqual(Array(6).fill(Number.POSITIVE_INFINITY));
  }
});

test("the exact distance is the least of all on a plane of chance", () => {
  const next = random(8);
  const source = plane(
    ...Array.from({ length: 31 }, () => Array.from({ length: 23 }, () => (next() < 0.97 ? 255 : 0))),
  );
  const holes = [...source.data.keys()].filter((i) => source.data[i] === 0);
  const expected = Array.from(source.data, (_, i) => {
    const squares = holes.map(
      (hole) => ((i % 23) - (hole % 23)) ** 2 + (Math.floor(i / 23) - Math.floor(hole / 23)) ** 2,
    );
    return Math.fround(Math.sqrt(Math.min(...squares)));
  });
  expect(holes.length).toBeGreaterThan(5);
  expect([...finished(distances(source)).data]).toEqual(expected);
});

/** How many pieces hang together, by edges alone or by corners too; white ones or black ones. */
function pieces({ width, height, data }: Plane, white: boolean, corners: boolean): number {
  const left = new Set([...data.keys()].filter((i) => (data[i] !== 0) === white));
  let count = 0;
  for (const start of left) {
    count++;
    const open = [start];
    left.delete(start);
    for (let i = open.pop(); i !== undefined; i = open.pop()) {
      for (const dy of [-1, 0, 1]) {
        for (const dx of [-1, 0, 1]) {
          const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
          if ((!corners && dx !== 0 && dy !== 0) || x < 0 || y < 0 || x >= width || y >= height) continue;
          if (left.delete(y * width + x)) open.push(y * width + x);
        }
      }
    }
  }
  return count;
}

test.each(["zhang-suen", "guo-hall"] as const)(
  "a skeleton by %s is a part of its shape, with its pieces and holes",
  (method) => {
    const shape = { width: 120, height: 90, data: new Uint8Array(120 * 90) };
    for (const [x, y, radius] of [
      [30, 30, 22],
      [52, 40, 15],
      [90, 60, 20],
      [20, 75, 9],
    ] as const) {
      paintDisc(shape, x, y, radius, 255);
    }
    for (const [x, y, radius] of [
      [30, 30, 8],
      [92, 58, 5],
    ] as const)
      paintDisc(shape, x, y, radius, 0);
    const lines = skeleton(shape, method);
    expect([pieces(lines, true, true), pieces(lines, false, false)]).toEqual([3, 3]);
    expect([pieces(shape, true, true), pieces(shape, false, false)]).toEqual([3, 3]);
    expect(lines.data.every((value, i) => value === 0 || shape.data[i] === 255)).toBe(true);
    const blocks = [...lines.data.keys()].filter((i) => [0, 1, 120, 121].every((step) => lines.data[i + step] === 255));
    expect(blocks).toEqual([]);
  },
);

test("Lab of the primaries is what colour science says", () => {
  // CIE Lab of sRGB under D65.
  const known = [
    [255, 0, 0, 53.24, 80.09, 67.2],
    [0, 255, 0, 87.73, -86.18, 83.18],
    [0, 0, 255, 32.3, 79.19, -107.86],
    [255, 255, 255, 100, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [119, 119, 119, 50.03, 0, 0],
  ] as const;
  for (const [red, green, blue, ...lab] of known) {
    labOf(red, green, blue).forEach((value, k) => {
      expect(Math.abs(value - (lab[k] as number))).toBeLessThan(0.05);
    });
  }
});

test("Lab of a picture is that of its colours, and lightness nearly its first number", () => {
  const source = noise(50, 40, 4);
  const lab = toLab(source);
  const light = lightness(source).data;
  for (let i = 0; i < 2000; i++) {
    const [red, green, blue] = [0, 1, 2].map((k) => source.data[4 * i + k] as number) as [number, number, number];
    labOf(red, green, blue).forEach((value, k) => {
      expect(Math.abs(value - (lab[3 * i + k] as number))).toBeLessThan(0.01);
    });
    // OpenCV's whole numbers lie a little more than half a level away where colours are dark.
    expect(Math.abs(2.55 * labOf(red, green, blue)[0] - (light[i] as number))).toBeLessThan(1.2);
  }
});

test("cube roots are right to the last bits, from the smallest to beyond 1", () => {
  for (const root of [1e-4, 0.1, 0.5, 1, 3, 100]) expect(cubeRoot(root ** 3) / root).toBeCloseTo(1, 14);
  expect(cubeRoot(0)).toBe(0);
});

test("gray is told from colour", () => {
  const source = painted(
    3,
    1,
    (x) =>
      [
        [9, 5, 7],
        [1, 8, 2],
        [3, 4, 250],
      ][x] as number[],
  );
  expect(isGray(source)).toBe(false);
  expect(isGray(painted(2, 2, (x) => [x, x, x]))).toBe(true);
});

test("opacity and the negative are right for bytes that do not begin at a word", () => {
  const bytes = new Uint8ClampedArray(4 * 6 + 3).fill(255);
  const pixels: Pixels = { width: 3, height: 2, data: bytes.subarray(3) };
  expect(isOpaque(pixels)).toBe(true);
  pixels.data.set([10, 20, 30, 254], 8);
  expect(isOpaque(pixels)).toBe(false);
  expect([...inverse(pixels).data.subarray(4, 12)]).toEqual([0, 0, 0, 255, 245, 235, 225, 254]);
  expect([...resample(pixels, 3, 2, "nearest").data]).toEqual([...pixels.data]);
  expect(isOpaque(flattened(pixels, "black"))).toBe(true);
});

test("one transparent pixel anywhere is found", () => {
  for (const at of [0, 4095, 4096, 9999]) {
    const pixels = painted(100, 100, () => [1, 2, 3]);
    pixels.data[4 * at + 3] = 254;
    expect(isOpaque(pixels)).toBe(false);
  }
});
