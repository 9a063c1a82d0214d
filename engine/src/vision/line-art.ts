import type { Pixels } from "../core/pixels.ts";
import { channelRows, type RowTaker } from "./gaussian.ts";
import { inStretches, part } from "./part.ts";
import { grayness } from "./plane.ts";
import { smoothRows } from "./smooth.ts";
import { grayWords } from "./words.ts";

/**
 * Soft lines from a drawing that is dark on light, white on black: how much darker each pixel is than a Gaussian of its
 * surroundings in all of red, green and blue, scaled so that the median of what is above `threshold` becomes half of
 * white, but by 127 / 16 at most. Alpha is not looked at. Yields the share done. Throws a `RangeError` for a sigma of 0 or
 * less.
 */
export function* lineArt(source: Pixels, sigma: number, threshold: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const depth = new Float32Array(width * height);
  const channels = (yield* part(grayness(source), 0, 0.05)) ? 1 : 3;
  const pitch = Math.ceil(width / 16) * 64;
  const load = channelRows(source);
  const take: RowTaker = (y, soft, room, spare) => {
    const [below, result] = [spare + pitch, spare + 4 * pitch];
    load(y, room, below, pitch, spare);
    if (channels === 1) room.kernels.darker(result, soft.byteOffset, 0, below, 0, 4 * width);
    else room.kernels.darker(result, soft.byteOffset, 4 * width, below, pitch, 4 * width);
    depth.set(room.floats.subarray(result / 4, result / 4 + width), y * width);
  };
  yield* part(smoothRows(width, height, channels, sigma, load, take, 5 * pitch), 0.05, 0.7);
  const scale = 127 / Math.max(16, yield* part(medianAbove(depth, threshold), 0.75, 0.1));
  const map = new Uint32Array(width * height);
  yield* part(
    inStretches(map.length, (start, end) => shade(depth, scale, map, start, end)),
    0.85,
    0.15,
  );
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

function shade(depth: Float32Array, scale: number, map: Uint32Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const level = (depth[i] as number) * scale;
    map[i] = grayWords[level < 255 ? level | 0 : 255] as number;
  }
}

/** How finely values are counted: steps of 1/64. */
const fine = 64;

/**
 * The median of those values from 0 to 255 that are above `threshold`, exact; of an even number of them the mean of the
 * two in the middle. 0 where there are none.
 */
function* medianAbove(values: Float32Array, threshold: number): Generator<number, number, void> {
  // Only what lies in the steps of the middle is put in order.
  const counts = new Uint32Array(fine * 256 + 1);
  let total = 0;
  const counting = inStretches(values.length, (start, end) => {
    total += count(values, threshold, counts, start, end);
  });
  yield* part(counting, 0, 0.5);
  if (total === 0) return 0;
  const [lower, upper] = [(total - 1) >> 1, total >> 1];
  const [first, before] = stepOf(counts, lower);
  const [last, above] = stepOf(counts, upper);
  const within = new Float32Array(above + (counts[last] as number) - before);
  let found = 0;
  const collecting = inStretches(values.length, (start, end) => {
    found = collect(values, threshold, first, last, within, found, start, end);
  });
  yield* part(collecting, 0.5, 0.5);
  within.sort();
  return ((within[lower - before] as number) + (within[upper - before] as number)) / 2;
}

function count(values: Float32Array, threshold: number, counts: Uint32Array, start: number, end: number): number {
  let total = 0;
  for (let i = start; i < end; i++) {
    const value = values[i] as number;
    if (value <= threshold) continue;
    const step = (fine * value) | 0;
    counts[step] = (counts[step] as number) + 1;
    total++;
  }
  return total;
}

/** The step that holds the value of a rank, and how many values lie before that step. */
function stepOf(counts: Uint32Array, rank: number): readonly [step: number, before: number] {
  let [step, before] = [0, 0];
  while (before + (counts[step] as number) <= rank) before += counts[step++] as number;
  return [step, before];
}

/** Appends the values of some steps to the `before` that were found so far; tells how many there are then. */
function collect(
  values: Float32Array,
  threshold: number,
  first: number,
  last: number,
  within: Float32Array,
  before: number,
  start: number,
  end: number,
): number {
  let found = before;
  for (let i = start; i < end; i++) {
    const value = values[i] as number;
    const step = (fine * value) | 0;
    if (value > threshold && step >= first && step <= last) within[found++] = value;
  }
  return found;
}
