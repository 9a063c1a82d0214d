import type { Pixels } from "../core/pixels.ts";
import { writePair } from "./gaussian.ts";
import { seeded } from "./k-means.ts";
import { alphaOnes, giveRoom, layOut, type Room, takeRoom } from "./kernels.ts";
import { inStretches, part } from "./part.ts";
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

/** A smooth random field: the grid enlarged by cubic weights, the middle of it, scaled so that it goes from 0 to 1. */
export interface Field {
  /** The rows of the grid, enlarged along themselves. */
  readonly lines: readonly Float64Array[];
  /** From which four lines each row is made. */
  readonly down: Places;
}

interface Places {
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/** Writes a row of a field. */
export function fieldRow({ lines, down }: Field, y: number, into: Float64Array): void {
  into.fill(0);
  for (let k = 4 * y; k < 4 * y + 4; k++) {
    const line = lines[down.index[k] as number] as Float64Array;
    const weight = down.weight[k] as number;
    for (let x = 0; x < into.length; x++) into[x] = (into[x] as number) + weight * (line[x] as number);
  }
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
  const [least, most] = yield* rangeOf({ lines, down }, width, height);
  // A field of one pixel has no range: it is 0. The weights sum up to 1, so that lines in range make rows in range.
  const scale = most > least ? 1 / (most - least) : 0;
  return { lines: lines.map((line) => line.map((value) => (value - least) * scale)), down };
}

/** The least and the most of a field's numbers. Yields the share done. */
function* rangeOf(field: Field, width: number, height: number): Generator<number, readonly [number, number], void> {
  const { at, size } = layOut(4 * width, fieldBytes(field, width));
  const [out, own] = at;
  const room = takeRoom(size);
  try {
    const row = rowsIn(room, own, field, width, 1);
    const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const chunk = Math.max(1, Math.floor((1 << 19) / width));
    for (let y = 0; y < height; y++) {
      row(y, out);
      widen(range, room.floats, out / 4, width);
      if (y % chunk === chunk - 1) yield (y + 1) / height;
    }
    return [range[0] as number, range[1] as number];
  } finally {
    giveRoom(room);
  }
}

function widen(range: Float64Array, floats: Float32Array, start: number, count: number): void {
  let [least, most] = range as unknown as [number, number];
  for (let i = start; i < start + count; i++) {
    const value = floats[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  range[0] = least;
  range[1] = most;
}

/** How much of a room the rows of a field need. */
const fieldBytes = ({ lines }: Field, width: number) => 64 + lines.length * linePitch(width);

const linePitch = (width: number) => 64 * Math.ceil(width / 16);

/** Lays a field into a room at `at`. What it gives writes a row of it, times `scale`, as 32-bit floats to an address. */
function rowsIn(room: Room, at: number, { lines, down }: Field, width: number, scale: number) {
  const start = at + 64;
  lines.forEach((line, k) => {
    room.floats.set(line, (start + k * linePitch(width)) / 4);
  });
  return (y: number, to: number): void => {
    for (let k = 0; k < 4; k++) {
      const line = start + (down.index[4 * y + k] as number) * linePitch(width);
      // A pair of a line with itself.
      writePair(room, at + 16 * k, line, line, (scale * (down.weight[4 * y + k] as number)) / 2);
    }
    room.kernels.weigh(to, 4 * width, at, 4);
  };
}

/** From which four numbers of an axis each of the `length` in the middle of its enlargement is made. */
function places(from: number, length: number): Places {
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

/**
 * The picture with its pixels taken from where two fields say, in steps of 1/256 of the way from one pixel to the next.
 * Alpha is not looked at; the result is opaque. Yields the share done.
 */
export function* warped(source: Pixels, across: Field, down: Field): Generator<number, Pixels, void> {
  const { width, height } = source;
  const data = new Uint8ClampedArray(4 * width * height);
  // A row more than the picture has: what lies beyond it counts nothing, but is looked at.
  const { at, size } = layOut(
    4 * width * (height + 1),
    4 * width,
    4 * width,
    4 * width,
    fieldBytes(across, width),
    fieldBytes(down, width),
  );
  const [from, xs, ys, out, first, second] = at;
  const room = takeRoom(size);
  try {
    const { bytes, kernels } = room;
    const copy = (start: number, end: number) => bytes.set(source.data.subarray(4 * start, 4 * end), from + 4 * start);
    yield* part(inStretches(width * height, copy, 1 << 20), 0, 0.05);
    const columns = rowsIn(room, first, across, width, 256 * (width - 1));
    const rows = rowsIn(room, second, down, width, 256 * (height - 1));
    const chunk = Math.max(1, Math.floor((1 << 17) / width));
    for (let y = 0; y < height; y++) {
      columns(y, xs);
      rows(y, ys);
      kernels.samplePixels(out, from, width, height, xs, ys, width, alphaOnes);
      data.set(bytes.subarray(out, out + 4 * width), 4 * y * width);
      if (y % chunk === chunk - 1 && y + 1 < height) yield 0.05 + (0.95 * (y + 1)) / height;
    }
  } finally {
    giveRoom(room);
  }
  return { width, height, data };
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
