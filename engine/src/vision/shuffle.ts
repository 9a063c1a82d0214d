import type { Pixels } from "../core/pixels.ts";
import { seeded } from "./k-means.ts";
import { part } from "./part.ts";
import { cubic } from "./taps.ts";

// A random warp, as the annotators' content shuffle makes it: the places that pixels are taken from are two smooth random
// fields. The grids of random numbers are our own, from a seed; the rest is theirs, so that the same grids give their map.

/** How far apart the random numbers of a field lie, in pixels. */
const spacing = 256;

/** Random numbers from 0 to 1 in rows. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** Rows of a smooth random field: the grid enlarged by cubic weights, the middle of it, scaled so that it goes from 0 to 1. */
export interface Field {
  /** Writes row `y`. */
  row(y: number, into: Float64Array): void;
}

/** The size of the grids of a picture. */
export function gridSize(width: number, height: number): readonly [width: number, height: number] {
  return [Math.floor(width / spacing) + 2, Math.floor(height / spacing) + 2];
}

/** A field of `width` x `height` from a grid. Yields while its range is found. */
export function* fieldOf(grid: Grid, width: number, height: number): Generator<number, Field, void> {
  // Each row of the grid, enlarged along itself.
  const across = places(grid.width, width);
  const lines = Array.from({ length: grid.height }, (_, y) => {
    const line = new Float64Array(width);
    const values = grid.data.subarray(y * grid.width, (y + 1) * grid.width);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        sum += (across.weight[4 * x + k] as number) * (values[across.index[4 * x + k] as number] as number);
      }
      line[x] = sum;
    }
    return line;
  });
  const down = places(grid.height, height);
  const raw = (y: number, into: Float64Array) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => lines[down.index[4 * y + k] as number]) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    combine(into, a, b, c, d, down.weight, 4 * y);
  };
  const row = new Float64Array(width);
  const chunk = Math.max(1, Math.floor((1 << 18) / width));
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let y = 0; y < height; y++) {
    raw(y, row);
    [least, most] = widened(row, least, most);
    if (y % chunk === chunk - 1) yield (y + 1) / height;
  }
  // A field of one pixel has no range: it is 0.
  const scale = most > least ? 1 / (most - least) : 0;
  return {
    row(y, into) {
      raw(y, into);
      scaled(into, least, scale);
    },
  };
}

/** A range that holds a row's numbers as well. */
function widened(row: Float64Array, lowest: number, highest: number): [least: number, most: number] {
  let [least, most] = [lowest, highest];
  for (let x = 0; x < row.length; x++) {
    const value = row[x] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function scaled(row: Float64Array, least: number, scale: number): void {
  for (let x = 0; x < row.length; x++) row[x] = ((row[x] as number) - least) * scale;
}

function combine(
  into: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
  weights: Float64Array,
  from: number,
): void {
  const w0 = weights[from] as number;
  const w1 = weights[from + 1] as number;
  const w2 = weights[from + 2] as number;
  const w3 = weights[from + 3] as number;
  for (let x = 0; x < into.length; x++) {
    into[x] = w0 * (a[x] as number) + w1 * (b[x] as number) + w2 * (c[x] as number) + w3 * (d[x] as number);
  }
}

/** From which four numbers of an axis each of the `length` in the middle of its enlargement is made. */
function places(from: number, length: number): { readonly index: Int32Array; readonly weight: Float64Array } {
  const index = new Int32Array(4 * length);
  const weight = new Float64Array(4 * length);
  const scale = from / (length + 2 * spacing);
  for (let x = 0; x < length; x++) {
    const centre = (x + spacing + 0.5) * scale - 0.5;
    const first = Math.floor(centre);
    const shares = cubic(centre - first);
    for (let k = 0; k < 4; k++) {
      index[4 * x + k] = Math.min(Math.max(first + k - 1, 0), from - 1);
      weight[4 * x + k] = shares[k] as number;
    }
  }
  return { index, weight };
}

/** The picture with its pixels taken from where two fields say. Alpha is not looked at. Yields the share done. */
export function* warped(source: Pixels, across: Field, down: Field): Generator<number, Pixels, void> {
  const { width, height, data } = source;
  const map = new Uint8ClampedArray(data.length);
  const [xs, ys] = [new Float64Array(width), new Float64Array(width)];
  const chunk = Math.max(1, Math.floor((1 << 17) / width));
  for (let y = 0; y < height; y++) {
    across.row(y, xs);
    down.row(y, ys);
    sampleRow(source, xs, ys, map, 4 * y * width);
    if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
  }
  return { width, height, data: map };
}

/** Samples between four pixels. */
function sampleRow(
  { width, height, data }: Pixels,
  xs: Float64Array,
  ys: Float64Array,
  map: Uint8ClampedArray,
  start: number,
): void {
  const [right, bottom] = [width - 1, height - 1];
  for (let i = 0, to = start; i < xs.length; i++, to += 4) {
    const x = (xs[i] as number) * right;
    const y = (ys[i] as number) * bottom;
    const left = x | 0;
    const top = y | 0;
    const dx = x - left;
    const dy = y - top;
    const a = 4 * (top * width + left);
    const b = left < right ? a + 4 : a;
    const below = top < bottom ? 4 * width : 0;
    const wa = (1 - dx) * (1 - dy);
    const wb = dx * (1 - dy);
    const wc = (1 - dx) * dy;
    const wd = dx * dy;
    const c = a + below;
    const d = b + below;
    map[to] = wa * (data[a] as number) + wb * (data[b] as number) + wc * (data[c] as number) + wd * (data[d] as number);
    map[to + 1] =
      wa * (data[a + 1] as number) +
      wb * (data[b + 1] as number) +
      wc * (data[c + 1] as number) +
      wd * (data[d + 1] as number);
    map[to + 2] =
      wa * (data[a + 2] as number) +
      wb * (data[b + 2] as number) +
      wc * (data[c + 2] as number) +
      wd * (data[d + 2] as number);
    map[to + 3] = 255;
  }
}

/** A picture warped at random; the same seed, of 32 bits, gives the same warp everywhere. Yields the share done. */
export function* shuffled(source: Pixels, seed: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const random = seeded(seed);
  const [columns, rows] = gridSize(width, height);
  const grid = (): Grid => ({
    width: columns,
    height: rows,
    data: Float64Array.from({ length: columns * rows }, () => random()),
  });
  const [first, second] = [grid(), grid()];
  const across = yield* part(fieldOf(first, width, height), 0, 0.2);
  const down = yield* part(fieldOf(second, width, height), 0.2, 0.2);
  return yield* part(warped(source, across, down), 0.4, 0.6);
}
