import type { Pixels } from "../core/pixels.ts";
import type { Numbers } from "./columns.ts";
import { channelRows } from "./gaussian.ts";
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
  const { width, height, data } = source;
  const depth = new Float32Array(width * height);
  const channels = isGray(source) ? 1 : 3;
  const store = (y: number, soft: Numbers) => {
    if (channels === 1) compareGray(soft, data, 4 * y * width, width, depth, y * width);
    else compareColour(soft, data, 4 * y * width, width, depth, y * width);
  };
  for (const done of smoothRows(width, height, channels, sigma, channelRows(source), store)) yield 0.8 * done;
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

/** How much darker a row is than its surroundings, 0 or more. */
function compareGray(
  soft: Numbers,
  data: Uint8ClampedArray,
  from: number,
  width: number,
  depth: Float32Array,
  start: number,
): void {
  for (let x = 0, i = from; x < width; x++, i += 4) {
    const least = (soft[x] as number) - (data[i] as number);
    depth[start + x] = Math.max(least, 0);
  }
}

/** The same for three channels, of which the least counts. */
function compareColour(
  soft: Numbers,
  data: Uint8ClampedArray,
  from: number,
  width: number,
  depth: Float32Array,
  start: number,
): void {
  for (let x = 0, i = from, green = width, blue = 2 * width; x < width; x++, i += 4, green++, blue++) {
    const first = (soft[x] as number) - (data[i] as number);
    const second = (soft[green] as number) - (data[i + 1] as number);
    const third = (soft[blue] as number) - (data[i + 2] as number);
    const least = Math.min(first, second, third);
    depth[start + x] = Math.max(least, 0);
  }
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
