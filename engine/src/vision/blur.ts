import type { Pixels } from "../core/pixels.ts";
import { filterColumns, type Numbers, numbers } from "./columns.ts";
import { byteKernel, mirrored } from "./kernel.ts";
import type { Plane } from "./plane.ts";
import { slideAll, slidesOf } from "./slide.ts";

// OpenCV's Gaussian of 8 bits, to the bit: whole weights of 1/256, rows first into 16 bits, then columns, rounded once.
// The weights are few and small, and neighbours are mostly alike. So a sum is not made anew for each pixel: it slides,
// and what changes from one pixel to the next is a pair of values for each place where the weights change. Three sums of
// 16 bits, or two of 24, go through one 64-bit float together, which holds whole numbers of 53 bits exactly.

/** Two sums of 24 bits in one number: the second in units of this. */
const upper = 2 ** 24;

/**
 * Blurs rows that `load` packs: one number a pixel, of one channel or of three in units of 1, 2^16 and 2^32. `store` gets
 * a row of sums of 24 bits with their rounding: with three channels the first two of each pixel, then the third of two
 * pixels at a time (x and x + half); with one channel the latter alone.
 */
function* blurRows(
  width: number,
  height: number,
  channels: 1 | 3,
  sigma: number,
  load: (y: number, line: Numbers, start: number) => void,
  store: (y: number, sums: Numbers, half: number) => void,
): Generator<number, void, void> {
  const kernel = byteKernel(sigma);
  const reach = kernel.length - 1;
  const slides = slidesOf(kernel);
  const half = (width + 1) >> 1;
  const length = channels === 3 ? width + half : half;
  const line = numbers(width + 2 * reach + 1);
  const change = numbers(width);
  const row = numbers(length);
  const start = reach + 1;
  yield* filterColumns({
    length,
    height,
    step: 1,
    above: reach + 1,
    below: reach,
    load: (y) => {
      load(y, line, start);
      for (let k = 1; k <= start; k++) line[start - k] = line[start + mirrored(-k, width)] as number;
      for (let k = 0; k < reach; k++) line[start + width + k] = line[start + mirrored(width + k, width)] as number;
      change.fill(0);
      slideAll(change, 0, width, line, start, 1, slides);
      let sum = (kernel[0] as number) * (line[start] as number);
      for (let k = 1; k <= reach; k++) {
        sum += (kernel[k] as number) * ((line[start - k] as number) + (line[start + k] as number));
      }
      change[0] = sum;
      if (channels === 3) unpackThree(change, row, width, half);
      else unpackOne(change, row, width, half);
      return row;
    },
    filter: (y, count, from, here, pitch, to, begin) => {
      if (y > 0) slideAll(to, begin, count, from, here, pitch, slides);
      else weighAll(to, begin, count, from, here, pitch, kernel);
    },
    store: (y, sums) => store(y, sums, half),
  });
}

/** The first sums: whole kernels, with the rounding of both halves. */
function weighAll(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  here: number,
  pitch: number,
  kernel: Int32Array,
): void {
  const reach = kernel.length - 1;
  to.fill(32768 + 32768 * upper, start, start + count);
  for (let k = -reach; k <= reach; k++) {
    const weight = kernel[Math.abs(k)] as number;
    const at = here + k * pitch;
    for (let i = 0; i < count; i++) to[start + i] = (to[start + i] as number) + weight * (from[at + i] as number);
  }
}

/** Sums up the changes along a row and lays the three channels apart. */
function unpackThree(change: Numbers, row: Numbers, width: number, half: number): void {
  let sum = 0;
  for (let x = 0; x < width; x++) {
    sum += change[x] as number;
    const low = sum | 0;
    row[x] = (low & 0xffff) + (low >>> 16) * upper;
    const third = (sum * 2 ** -32) | 0;
    const to = width + (x < half ? x : x - half);
    row[to] = x < half ? third : (row[to] as number) + third * upper;
  }
}

function unpackOne(change: Numbers, row: Numbers, width: number, half: number): void {
  let sum = 0;
  if (width % 2 === 1) row[half - 1] = 0;
  for (let x = 0; x < width; x++) {
    sum += change[x] as number;
    if (x < half) row[x] = sum;
    else row[x - half] = (row[x - half] as number) + sum * upper;
  }
}

/** Packs the three channels of a row. */
function pack(data: Uint8ClampedArray, from: number, count: number, line: Numbers, start: number): void {
  for (let i = 0, at = from; i < count; i++, at += 4) {
    const low = (data[at] as number) | ((data[at + 1] as number) << 16);
    line[start + i] = low + (data[at + 2] as number) * 4294967296;
  }
}

/** Writes both sums of `count` numbers as levels: the first of each to every `step`th byte, the second `apart` from it. */
function writePairs(
  sums: Numbers,
  from: number,
  count: number,
  bytes: Uint8Array,
  start: number,
  step: number,
  apart: number,
): void {
  for (let i = 0, to = start; i < count; i++, to += step) {
    const both = sums[from + i] as number;
    bytes[to] = (both & 0xffffff) >> 16;
    bytes[to + apart] = ((both * 2 ** -24) | 0) >> 16;
  }
}

/**
 * A picture blurred as OpenCV's `GaussianBlur` does it with 8 bits, bit for bit: kernel of three sigmas, edges mirrored.
 * Alpha is not looked at; the result is opaque. Yields the share done. Throws a `RangeError` for a sigma of 0 or less.
 */
export function* blur(source: Pixels, sigma: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const from = source.data;
  const data = new Uint8ClampedArray(from.length);
  const bytes = new Uint8Array(data.buffer).fill(255);
  const load = (y: number, line: Numbers, start: number) => pack(from, 4 * y * width, width, line, start);
  const store = (y: number, sums: Numbers, half: number) => {
    const start = 4 * y * width;
    writePairs(sums, 0, width, bytes, start, 4, 1);
    writePairs(sums, width, width - half, bytes, start + 2, 4, 4 * half);
    if (half > width - half) bytes[start + 4 * half - 2] = ((sums[width + half - 1] as number) & 0xffffff) >> 16;
  };
  yield* blurRows(width, height, 3, sigma, load, store);
  return { width, height, data };
}

/** A plane blurred likewise: `GaussianBlur` of 8 bits, bit for bit. */
export function blurredPlane(plane: Plane, sigma: number): Plane {
  const work = planeBlurring(plane, sigma);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The work of `blurredPlane`: yields the share done every few milliseconds. */
export function* planeBlurring({ width, height, data }: Plane, sigma: number): Generator<number, Plane, void> {
  const result = new Uint8Array(data.length);
  const load = (y: number, line: Numbers, start: number) => read(data, y * width, width, line, start);
  const store = (y: number, sums: Numbers, half: number) => {
    const start = y * width;
    writePairs(sums, 0, width - half, result, start, 1, half);
    if (half > width - half) result[start + half - 1] = ((sums[half - 1] as number) & 0xffffff) >> 16;
  };
  yield* blurRows(width, height, 1, sigma, load, store);
  return { width, height, data: result };
}

function read(data: Uint8Array, from: number, count: number, line: Numbers, start: number): void {
  for (let i = 0; i < count; i++) line[start + i] = data[from + i] as number;
}
