import { mirrored } from "./kernel.ts";

// Filters down the columns of rows that a filter along the rows has made. A row of the result looks at many rows of the
// source. Taken whole, these do not fit into a processor's nearest cache, and the filter waits for memory most of the
// time; so the rows lie in narrow strips, and a strip is filtered for a band of rows before the next one.

/**
 * Numbers that a filter works in, all of them held as 64-bit floats. A plain array, since V8 reads and writes one that
 * holds only floats half again as fast as a `Float64Array`, whose start it adds up for each access.
 */
export type Numbers = number[];

/** An array of `length` numbers, which V8 keeps as floats without holes. */
export function numbers(length: number): Numbers {
  const made: Numbers = [];
  for (let i = 0; i < length; i++) made.push(0.5);
  for (let i = 0; i < length; i++) made[i] = 0;
  return made;
}

/** The width of a strip, in numbers. */
const strip = 64;

/** How many rows are filtered at a time. */
const band = 32;

/** How a column filter is done. */
export interface ColumnFilter {
  /** How many numbers a row has. */
  readonly length: number;
  /** How many rows there are; above and below they are mirrored. */
  readonly height: number;
  /** Which rows are filtered: every one, or every second. */
  readonly step: 1 | 2;
  /** How many rows the filter looks up, and how many down. */
  readonly above: number;
  readonly below: number;
  /** Gives row `y`, filtered along the row. What it gives is copied. */
  load(y: number): Numbers;
  /**
   * Filters `count` columns for row `y`: their values lie in `from` at `here`, those of the next row `pitch` farther. In
   * `to`, from `start` on, lies what the filter left there for the row before.
   */
  filter(y: number, count: number, from: Numbers, here: number, pitch: number, to: Numbers, start: number): void;
  /** Takes a row of the result. */
  store(y: number, row: Numbers): void;
}

/** Filters down the columns. Yields the share done. */
export function* filterColumns(filter: ColumnFilter): Generator<number, void, void> {
  const { length, height, step, above, below } = filter;
  const strips = Math.ceil(length / strip);
  const rows = step * Math.min(band, Math.ceil(height / step));
  const held = above + rows + below;
  const area = held * strip;
  // Strip after strip, `held` rows in each. `shown` tells which row of the source lies where.
  const buffer = numbers(strips * area);
  const shown = new Int32Array(held).fill(-1);
  const results = Array.from({ length: rows / step }, () => numbers(strips * strip));
  let before = results[rows / step - 1] as Numbers;
  let filled = 0;
  for (let first = 0; first < height; first += rows) {
    if (first > 0) {
      // The rows that this band shares with the last one move up.
      const kept = above + below;
      for (let s = 0; s < strips; s++) copy(buffer, s * area, s * area + rows * strip, kept * strip);
      shown.copyWithin(0, rows);
      filled = kept;
    }
    const count = Math.ceil(Math.min(rows, height - first) / step);
    for (; filled < above + count * step + below; filled++) {
      const y = mirrored(first - above + filled, height);
      const same = shown.subarray(0, filled).indexOf(y);
      if (same >= 0) {
        for (let s = 0; s < strips; s++) copy(buffer, s * area + filled * strip, s * area + same * strip, strip);
      } else lay(filter.load(y), buffer, filled * strip, area);
      shown[filled] = y;
    }
    for (let s = 0; s < strips; s++) {
      const start = s * strip;
      for (let k = 0; k < count; k++) {
        const to = results[k] as Numbers;
        const last = k > 0 ? (results[k - 1] as Numbers) : before;
        carry(to, last, start, start + strip);
        filter.filter(first + k * step, strip, buffer, s * area + (above + k * step) * strip, strip, to, start);
      }
    }
    for (let k = 0; k < count; k++) filter.store(first + k * step, results[k] as Numbers);
    before = results[count - 1] as Numbers;
    if (first + rows < height) yield (first + rows) / height;
  }
}

function copy(buffer: Numbers, to: number, from: number, count: number): void {
  for (let i = 0; i < count; i++) buffer[to + i] = buffer[from + i] as number;
}

function carry(to: Numbers, from: Numbers, start: number, end: number): void {
  for (let i = start; i < end; i++) to[i] = from[i] as number;
}

/** Lays a row into the strips. */
function lay(row: Numbers, buffer: Numbers, start: number, area: number): void {
  for (let from = 0, to = start; from < row.length; from += strip, to += area) {
    const count = Math.min(strip, row.length - from);
    for (let i = 0; i < count; i++) buffer[to + i] = row[from + i] as number;
  }
}
