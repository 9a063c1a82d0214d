import { inRows } from "./part.ts";

// Pictures of several channels at half, a quarter, an eighth of their size, as sums of neighbours with binomial weights
// (Burt and Adelson 1983), and back. Sums and products alone: the same bits in every engine.

/** Numbers in rows, `channels` of them a pixel, one pixel after the other. */
export interface Layer {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/**
 * The same without being kept whole: each row is made when it is asked for, in order from the top. A row may be asked for
 * again until the fifth after it has been.
 */
export interface Rows {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Row `y`, which is not to be changed; beyond the edge, the edge. */
  at(y: number): Float32Array;
}

/** How many rows are kept: those that one softened row is made of. */
const kept = 5;

/** Rows that `make` writes, each once. */
export function madeRows(
  width: number,
  height: number,
  channels: number,
  make: (y: number, into: Float32Array) => void,
): Rows {
  const ring = Array.from({ length: kept }, () => new Float32Array(width * channels));
  const held = new Int32Array(kept).fill(-1);
  const at = (wanted: number): Float32Array => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % kept] as Float32Array;
    if (held[y % kept] === y) return row;
    held[y % kept] = y;
    make(y, row);
    return row;
  };
  return { width, height, channels, at };
}

/** The rows of a layer. */
export function rowsOf({ width, height, channels, data }: Layer): Rows {
  const pitch = width * channels;
  const at = (wanted: number): Float32Array => {
    const start = Math.min(Math.max(wanted, 0), height - 1) * pitch;
    return data.subarray(start, start + pitch);
  };
  return { width, height, channels, at };
}

/**
 * Writes rows one after the other, and yields the share done. They may be written over the layer that they are made from:
 * a row is written when it has been asked for, and those before it are asked for no more.
 */
export function* gathered(
  { width, height, channels, at }: Rows,
  data: Float32Array = new Float32Array(width * height * channels),
): Generator<number, Layer, void> {
  const pitch = width * channels;
  yield* inRows(pitch, height, (y) => data.set(at(y), y * pitch));
  return { width, height, channels, data };
}

/** Rows with each pixel blended with its neighbours two pixels around (weights 1 4 6 4 1 each way), edges repeated. */
export function softened(rows: Rows): Rows {
  return reduced(rows, 1);
}

/** Softened rows of half the size, rounded up. */
export function halved(rows: Rows): Rows {
  return reduced(rows, 2);
}

function reduced({ width, height, channels, at }: Rows, step: 1 | 2): Rows {
  const toWidth = Math.ceil(width / step);
  const wide = new Float32Array((width + 4) * channels);
  const along = madeRows(toWidth, height, channels, (y, into) => {
    const row = at(y);
    wide.set(row, 2 * channels);
    for (let k = 0; k < 2 * channels; k++) {
      wide[k] = row[k % channels] as number;
      wide[(width + 2) * channels + k] = row[(width - 1) * channels + (k % channels)] as number;
    }
    alongRow(wide, into, channels, step);
  });
  return madeRows(toWidth, Math.ceil(height / step), channels, (y, into) => {
    const from = y * step;
    const [a, b, c] = [along.at(from - 2), along.at(from - 1), along.at(from)];
    acrossRows(a, b, c, along.at(from + 1), along.at(from + 2), into);
  });
}

function alongRow(wide: Float32Array, row: Float32Array, channels: number, step: number): void {
  if (step === 1) {
    for (let i = 0; i < row.length; i++) {
      const outer = (wide[i] as number) + (wide[i + 4 * channels] as number);
      const inner = (wide[i + channels] as number) + (wide[i + 3 * channels] as number);
      row[i] = 0.0625 * outer + 0.25 * inner + 0.375 * (wide[i + 2 * channels] as number);
    }
    return;
  }
  for (let to = 0, from = 0; to < row.length; from += (step - 1) * channels) {
    for (let channel = 0; channel < channels; channel++, to++, from++) {
      const outer = (wide[from] as number) + (wide[from + 4 * channels] as number);
      const inner = (wide[from + channels] as number) + (wide[from + 3 * channels] as number);
      row[to] = 0.0625 * outer + 0.25 * inner + 0.375 * (wide[from + 2 * channels] as number);
    }
  }
}

function acrossRows(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
  e: Float32Array,
  result: Float32Array,
): void {
  for (let i = 0; i < c.length; i++) {
    const outer = (a[i] as number) + (e[i] as number);
    const inner = (b[i] as number) + (d[i] as number);
    result[i] = 0.0625 * outer + 0.25 * inner + 0.375 * (c[i] as number);
  }
}

/** Rows of one channel at twice the size, blended between pixels; `width` and `height` may be one less than the double. */
export function doubled({ width, height, at }: Rows, toWidth: number, toHeight: number): Rows {
  const column = new Float32Array(width + 1);
  return madeRows(toWidth, toHeight, 1, (y, into) => {
    // A halved layer's pixel lies on every second pixel of the layer it came from.
    const above = at(y >> 1);
    const below = y & 1 && (y >> 1) + 1 < height ? at((y >> 1) + 1) : above;
    for (let x = 0; x < width; x++) column[x] = 0.5 * ((above[x] as number) + (below[x] as number));
    column[width] = column[width - 1] as number;
    for (let x = 0; x < toWidth; x++) {
      const left = column[x >> 1] as number;
      into[x] = x & 1 ? 0.5 * (left + (column[(x >> 1) + 1] as number)) : left;
    }
  });
}
