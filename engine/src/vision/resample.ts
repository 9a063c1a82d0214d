import type { Pixels } from "../core/pixels.ts";
import { isOpaque } from "./matte.ts";

/**
 * How a picture is sampled when its size changes: `nearest` takes one pixel, `linear` four, `cubic` sixteen, `area` the
 * mean of what a new pixel covers. Where `area` would enlarge in either direction, it blends neighbours, as OpenCV does.
 */
export type Filter = "nearest" | "linear" | "cubic" | "area";

/** From which pixels, and with which weights, each new pixel of one axis is made: `count` of them a pixel. */
interface Taps {
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/**
 * Scales a picture to `width` x `height` pixels, by the rules of OpenCV's `resize` (half-pixel centres, edges repeated,
 * cubic with -0.75, weights in steps of 1/2048). Transparent pixels keep their colour to themselves. Throws a
 * `RangeError` for a size that is not whole or below 1.
 */
export function resample(source: Pixels, width: number, height: number, filter: Filter): Pixels {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`width, height: a picture has at least 1x1 whole pixels, not ${width}x${height}.`);
  }
  const shrinks = width <= source.width && height <= source.height;
  const [columns, rows] = [
    taps(source.width, width, filter, shrinks),
    taps(source.height, height, filter, shrinks),
  ] as const;
  const data = new Uint8ClampedArray(width * height * 4);
  if (filter === "nearest") {
    copy(source, data, width, height, columns.index, rows.index);
    return { width, height, data };
  }
  const opaque = isOpaque(source);
  // Rows of the source, scaled in x already. Neighbouring new rows use the same ones, so each is made once.
  const ring = Array.from({ length: rows.count }, () => new Float64Array(width * 4));
  const held = new Int32Array(rows.count).fill(-1);
  const sums = new Float64Array(width * 4);
  // OpenCV rounds the mean of 2x2 pixels upward on a tie, and everything else to even, as a clamped array does.
  const tie = filter === "area" && source.width === 2 * width && source.height === 2 * height ? 1e-3 : 0;
  for (let y = 0; y < height; y++) {
    sums.fill(tie);
    for (let k = 0; k < rows.count; k++) {
      const weight = rows.weight[y * rows.count + k] as number;
      if (weight === 0) continue;
      const from = rows.index[y * rows.count + k] as number;
      const slot = from % rows.count;
      const row = ring[slot] as Float64Array;
      if (held[slot] !== from) {
        scaleRow(source, from, columns, opaque, row);
        held[slot] = from;
      }
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (row[i] as number);
    }
    writeRow(sums, opaque, data, y * width * 4);
  }
  return { width, height, data };
}

function copy(
  source: Pixels,
  data: Uint8ClampedArray,
  width: number,
  height: number,
  columns: Int32Array,
  rows: Int32Array,
): void {
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const from = 4 * ((rows[y] as number) * source.width + (columns[x] as number));
      for (let k = 0; k < 4; k++) data[to + k] = source.data[from + k] as number;
    }
  }
}

/** Scales one row of the source in x; colours are multiplied by their alpha where the source has transparency. */
function scaleRow(
  { width, data }: Pixels,
  y: number,
  { count, index, weight }: Taps,
  opaque: boolean,
  row: Float64Array,
): void {
  for (let x = 0, tap = 0; x < row.length / 4; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let cover = 0;
    for (let k = 0; k < count; k++, tap++) {
      const i = 4 * (y * width + (index[tap] as number));
      const alpha = data[i + 3] as number;
      const share = opaque ? (weight[tap] as number) : (weight[tap] as number) * (alpha / 255);
      red += share * (data[i] as number);
      green += share * (data[i + 1] as number);
      blue += share * (data[i + 2] as number);
      cover += (weight[tap] as number) * alpha;
    }
    row[4 * x] = red;
    row[4 * x + 1] = green;
    row[4 * x + 2] = blue;
    row[4 * x + 3] = cover;
  }
}

function writeRow(sums: Float64Array, opaque: boolean, data: Uint8ClampedArray, start: number): void {
  for (let i = 0; i < sums.length; i += 4) {
    const cover = sums[i + 3] as number;
    const scale = opaque ? 1 : cover > 0 ? 255 / cover : 0;
    data[start + i] = (sums[i] as number) * scale;
    data[start + i + 1] = (sums[i + 1] as number) * scale;
    data[start + i + 2] = (sums[i + 2] as number) * scale;
    data[start + i + 3] = opaque ? 255 : cover;
  }
}

/** The taps of one axis. `shrinks` tells whether neither axis of the picture grows: only then is `area` a mean. */
function taps(from: number, to: number, filter: Filter, shrinks: boolean): Taps {
  // Twice divided, as OpenCV does: what floor gives on exact multiples depends on it.
  const scale = 1 / (to / from);
  if (filter === "nearest") return nearest(from, to, scale);
  if (filter === "area" && shrinks) return area(from, to, scale);
  const count = filter === "cubic" ? 4 : 2;
  const index = new Int32Array(to * count);
  const weight = new Float64Array(to * count);
  for (let x = 0; x < to; x++) {
    let centre = Math.fround((x + 0.5) * scale - 0.5);
    let first = Math.floor(centre);
    if (filter === "area") {
      first = Math.floor(x * scale);
      const part = Math.fround(x + 1 - (first + 1) * (to / from));
      centre = first + (part <= 0 ? 0 : part - Math.floor(part));
    }
    const part = centre - first;
    const shares = count === 4 ? cubic(part) : [1 - part, part];
    for (let k = 0; k < count; k++) {
      index[x * count + k] = Math.min(Math.max(first + k - (count >> 1) + 1, 0), from - 1);
      weight[x * count + k] = nearestEven((shares[k] as number) * 2048) / 2048;
    }
  }
  return { count, index, weight };
}

function nearest(from: number, to: number, scale: number): Taps {
  const index = Int32Array.from({ length: to }, (_, x) => Math.min(Math.floor(x * scale), from - 1));
  return { count: 1, index, weight: new Float64Array(to).fill(1) };
}

/** A box as wide as a new pixel; what it covers of a pixel in part counts in part. */
function area(from: number, to: number, scale: number): Taps {
  const count = Math.ceil(scale) + 1;
  const index = new Int32Array(to * count);
  const weight = new Float64Array(to * count);
  for (let x = 0; x < to; x++) {
    const [start, end] = [(x * from) / to, ((x + 1) * from) / to];
    for (let k = 0; k < count; k++) {
      const pixel = Math.floor(start) + k;
      const covered = Math.min(pixel + 1, end) - Math.max(pixel, start);
      index[x * count + k] = Math.min(pixel, from - 1);
      weight[x * count + k] = Math.max(covered, 0) / scale;
    }
  }
  return { count, index, weight };
}

/** The weights of four pixels about a point that lies `part` after the second; Keys' kernel with a = -0.75. */
function cubic(part: number): readonly number[] {
  const a = -0.75;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const three = [far(part + 1), near(part), near(1 - part)] as const;
  return [...three, 1 - three[0] - three[1] - three[2]];
}

/** Rounds, halves to the even neighbour. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
