import type { Pixels } from "../core/pixels.ts";
import { channelRows, type RowTaker } from "./gaussian.ts";
import { isGray } from "./plane.ts";
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
  const channels = isGray(source) ? 1 : 3;
  const pitch = Math.ceil(width / 16) * 64;
  const load = channelRows(source);
  const take: RowTaker = (y, soft, room, spare) => {
    const [below, result] = [spare + pitch, spare + 4 * pitch];
    load(y, room, below, pitch, spare);
    if (channels === 1) room.kernels.darker(result, soft.byteOffset, 0, below, 0, 4 * width);
    else room.kernels.darker(result, soft.byteOffset, 4 * width, below, pitch, 4 * width);
    depth.set(room.floats.subarray(result / 4, result / 4 + width), y * width);
  };
  for (const done of smoothRows(width, height, channels, sigma, load, take, 5 * pitch)) yield 0.8 * done;
  const scale = 127 / Math.max(16, medianAbove(depth, threshold));
  const map = new Uint32Array(width * height);
  const rows = Math.max(1, Math.floor((1 << 20) / width)) * width;
  for (let start = 0; start < map.length; start += rows) {
    const end = Math.min(start + rows, map.length);
    shade(depth, scale, map, start, end);
    if (end < map.length) yield 0.8 + (0.2 * end) / map.length;
  }
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
function medianAbove(values: Float32Array, threshold: number): number {
  // Only what lies in the steps of the middle is put in order.
  const counts = new Uint32Array(fine * 256 + 1);
  const total = count(values, threshold, counts);
  if (total === 0) return 0;
  const [lower, upper] = [(total - 1) >> 1, total >> 1];
  const [first, before] = stepOf(counts, lower);
  const [last, above] = stepOf(counts, upper);
  const within = new Float32Array(above + (counts[last] as number) - before);
  collect(values, threshold, first, last, within);
  within.sort();
  return ((within[lower - before] as number) + (within[upper - before] as number)) / 2;
}

function count(values: Float32Array, threshold: number, counts: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) {
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

function collect(values: Float32Array, threshold: number, first: number, last: number, within: Float32Array): void {
  let found = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const step = (fine * value) | 0;
    if (value > threshold && step >= first && step <= last) within[found++] = value;
  }
}
