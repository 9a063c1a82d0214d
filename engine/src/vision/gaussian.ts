import type { Pixels } from "../core/pixels.ts";
import { filterColumns, type Numbers, numbers } from "./columns.ts";
import { floatKernel, mirrored } from "./kernel.ts";
import type { FloatPlane, Plane } from "./plane.ts";

// The Gaussian of floats: direct sums with the kernel that OpenCV takes for 32-bit floats, in 64-bit floats. OpenCV rounds
// to 32 bits between rows and columns, so the two agree within 1e-4 of a level of 255, not to the bit.

/** Writes row `y` of a channel into `line` from `start` on. */
export type RowLoader = (y: number, channel: number, line: Numbers, start: number) => void;

/**
 * Blurs a picture of `channels` channels and gives it row by row, channel after channel in each. Yields the share done.
 * Throws a `RangeError` for a sigma of 0 or less.
 */
export function* blurRows(
  width: number,
  height: number,
  channels: number,
  sigma: number,
  load: RowLoader,
  store: (y: number, row: Numbers) => void,
): Generator<number, void, void> {
  const kernel = floatKernel(sigma);
  const reach = kernel.length - 1;
  const line = numbers(width + 2 * reach);
  const row = numbers(channels * width);
  yield* filterColumns({
    length: row.length,
    height,
    step: 1,
    above: reach,
    below: reach,
    load: (y) => {
      for (let channel = 0; channel < channels; channel++) {
        load(y, channel, line, reach);
        for (let k = 1; k <= reach; k++) {
          line[reach - k] = line[reach + mirrored(-k, width)] as number;
          line[reach + width - 1 + k] = line[reach + mirrored(width - 1 + k, width)] as number;
        }
        spread(row, channel * width, width, line, reach, 1, kernel);
      }
      return row;
    },
    filter: (_, count, from, here, pitch, to, start) => spread(to, start, count, from, here, pitch, kernel),
    store,
  });
}

/** Sets a stretch of `to` to the weighted sum of stretches of `from` about `here`, `pitch` apart. */
export function spread(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  here: number,
  pitch: number,
  kernel: Float64Array,
): void {
  const weight = kernel[0] as number;
  for (let i = 0; i < count; i++) to[start + i] = weight * (from[here + i] as number);
  addPairs(to, start, count, from, here + pitch, here - pitch, pitch, kernel, 1);
}

/**
 * Adds weighted pairs of stretches of `from`, with the weights of `kernel` from `first` on: the first pair lies at `ahead`
 * and `behind`, and each after it `pitch` farther apart on both sides.
 */
export function addPairs(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  ahead: number,
  behind: number,
  pitch: number,
  kernel: Float64Array,
  first: number,
): void {
  let k = first;
  let a = ahead;
  let b = behind;
  for (; k + 4 <= kernel.length; k += 4, a += 4 * pitch, b -= 4 * pitch) {
    addFour(to, start, count, from, a, b, pitch, kernel, k);
  }
  for (; k < kernel.length; k++, a += pitch, b -= pitch) addOne(to, start, count, from, a, b, kernel[k] as number);
}

/** Adds a pair of stretches. */
function addOne(to: Numbers, start: number, count: number, from: Numbers, a: number, b: number, weight: number): void {
  for (let i = 0; i < count; i++) {
    to[start + i] = (to[start + i] as number) + weight * ((from[a + i] as number) + (from[b + i] as number));
  }
}

/** Adds four pairs of stretches: `a1` and those after it lie `pitch` apart upwards, `b1` and those after it downwards. */
function addFour(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  a1: number,
  b1: number,
  pitch: number,
  kernel: Float64Array,
  k: number,
): void {
  const w1 = kernel[k] as number;
  const w2 = kernel[k + 1] as number;
  const w3 = kernel[k + 2] as number;
  const w4 = kernel[k + 3] as number;
  const second = 2 * pitch;
  const third = 3 * pitch;
  const end = start + count;
  for (let i = start, a = a1, b = b1; i < end; i++, a++, b++) {
    to[i] =
      (to[i] as number) +
      w1 * ((from[a] as number) + (from[b] as number)) +
      w2 * ((from[a + pitch] as number) + (from[b - pitch] as number)) +
      w3 * ((from[a + second] as number) + (from[b - second] as number)) +
      w4 * ((from[a + third] as number) + (from[b - third] as number));
  }
}

function read(data: Uint8Array | Float32Array, from: number, count: number, line: Numbers, start: number): void {
  for (let i = 0; i < count; i++) line[start + i] = data[from + i] as number;
}

function write(row: Numbers, result: Float32Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) result[start + i] = row[i] as number;
}

/** Loads a channel of rows of pixels: 0 is red, 1 green, 2 blue. */
export const channelRows = ({ width, data }: Pixels): RowLoader => {
  return (y, channel, line, start) => readChannel(data, 4 * y * width + channel, width, line, start);
};

function readChannel(data: Uint8ClampedArray, from: number, count: number, line: Numbers, start: number): void {
  for (let i = 0, at = from; i < count; i++, at += 4) line[start + i] = data[at] as number;
}

/**
 * A plane blurred by a Gaussian: kernel of four sigmas, edges mirrored, as OpenCV's `GaussianBlur` does it with floats.
 * Throws a `RangeError` for a sigma of 0 or less.
 */
export function gaussian(plane: Plane | FloatPlane, sigma: number): FloatPlane {
  const work = blurring(plane, sigma);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The work of `gaussian`: yields the share done every few milliseconds. */
export function* blurring(plane: Plane | FloatPlane, sigma: number): Generator<number, FloatPlane, void> {
  const { width, height, data } = plane;
  const result = new Float32Array(data.length);
  const load: RowLoader = (y, _, line, start) => read(data, y * width, width, line, start);
  const store = (y: number, row: Numbers) => write(row, result, y * width, width);
  yield* blurRows(width, height, 1, sigma, load, store);
  return { width, height, data: result };
}
