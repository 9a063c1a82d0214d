import type { Pixels } from "../core/pixels.ts";
import { isOpaque } from "./matte.ts";
import { shrunkByAreas } from "./scale-area.ts";
import { shrinksByBoxes, shrunkByBoxes } from "./scale-box.ts";
import { scaledLinearly } from "./scale-linear.ts";
import { scaledByTaps } from "./scale-taps.ts";
import { type Filter, type Taps, taps } from "./taps.ts";
import { wordsOrCopy } from "./words.ts";

export type { Filter } from "./taps.ts";

/**
 * Scales a picture to `width` x `height` pixels, by the rules of OpenCV's `resize` (half-pixel centres, edges repeated,
 * cubic with -0.75, weights in steps of 1/2048): of opaque pictures `nearest`, `linear` and `area` give its bytes.
 * Transparent pixels keep their colour to themselves, which OpenCV knows nothing of.
 * Throws a `RangeError` for a size that is not whole or below 1.
 */
export function resample(source: Pixels, width: number, height: number, filter: Filter): Pixels {
  const work = resampling(source, width, height, filter);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The work of `resample`: yields the share done every few milliseconds. */
export function* resampling(
  source: Pixels,
  width: number,
  height: number,
  filter: Filter,
): Generator<number, Pixels, void> {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`width, height: a picture has at least 1x1 whole pixels, not ${width}x${height}.`);
  }
  const shrinks = width <= source.width && height <= source.height;
  const [columns, rows] = [
    taps(source.width, width, filter, shrinks),
    taps(source.height, height, filter, shrinks),
  ] as const;
  if (filter === "nearest") return copied(source, columns.index, rows.index);
  const opaque = isOpaque(source);
  if (opaque && columns.count <= 4 && !(filter === "area" && shrinks)) {
    return yield* columns.count === 2 ? scaledLinearly(source, columns, rows) : scaledByTaps(source, columns, rows);
  }
  if (opaque && filter === "area") {
    const isWhole = shrinksByBoxes(source, width, height);
    return yield* isWhole ? shrunkByBoxes(source, width, height) : shrunkByAreas(source, columns, rows);
  }
  const data = new Uint8ClampedArray(width * height * 4);
  const channels = opaque ? 3 : 4;
  // Rows of the source, scaled in x already. Neighbouring new rows use the same ones, so each is made once.
  const ring = Array.from({ length: rows.count }, () => numbers(width * channels));
  const held = new Int32Array(rows.count).fill(-1);
  const sums = numbers(width * channels);
  const load = (from: number): Numbers => {
    const slot = from % rows.count;
    const row = ring[slot] as Numbers;
    if (held[slot] !== from) {
      if (opaque) scaleOpaque(source.data, from * source.width, columns, row);
      else scaleRow(source, from, columns, row);
      held[slot] = from;
    }
    return row;
  };
  // OpenCV rounds the mean of 2x2 pixels upward on a tie, and everything else to even, as a clamped array does.
  const tie = filter === "area" && source.width === 2 * width && source.height === 2 * height ? 1e-3 : 0;
  const chunk = Math.max(1, Math.floor((1 << 19) / (width * rows.count)));
  for (let y = 0; y < height; y++) {
    sums.fill(tie);
    for (let k = y * rows.count; k < (y + 1) * rows.count; k++) {
      if (rows.weight[k] !== 0) addRow(sums, load(rows.index[k] as number), rows.weight[k] as number);
    }
    if (opaque) writeOpaque(sums, data, y * width * 4);
    else writeRow(sums, data, y * width * 4);
    if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
  }
  return { width, height, data };
}

/**
 * Numbers that are summed up, all of them held as 64-bit floats. A plain array, since V8 reads and writes one that holds
 * only floats half again as fast as a `Float64Array`, whose start it adds up for each access.
 */
type Numbers = number[];

/** An array of `length` numbers, which V8 keeps as floats without holes. */
function numbers(length: number): Numbers {
  const made: Numbers = [];
  for (let i = 0; i < length; i++) made.push(0.5);
  for (let i = 0; i < length; i++) made[i] = 0;
  return made;
}

function addRow(sums: Numbers, row: Numbers, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (row[i] as number);
}

function copied(source: Pixels, columns: Int32Array, rows: Int32Array): Pixels {
  const [width, height] = [columns.length, rows.length];
  const words = wordsOrCopy(source.data);
  const result = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const to = y * width;
    const row = rows[y] as number;
    // A row that is the last one again is copied as it is.
    if (y > 0 && row === rows[y - 1]) result.copyWithin(to, to - width, to);
    else pick(words, row * source.width, columns, result, to);
  }
  return { width, height, data: new Uint8ClampedArray(result.buffer) };
}

function pick(words: Uint32Array, from: number, columns: Int32Array, result: Uint32Array, to: number): void {
  for (let x = 0; x < columns.length; x++) result[to + x] = words[from + (columns[x] as number)] as number;
}

/** Scales one row of an opaque source in x, the one that begins at pixel `start`: three numbers a pixel. */
function scaleOpaque(data: Uint8ClampedArray, start: number, columns: Taps, row: Numbers): void {
  const { count, index, weight } = columns;
  for (let to = 0, tap = 0; to < row.length; to += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let k = 0; k < count; k++, tap++) {
      const share = weight[tap] as number;
      const i = 4 * (start + (index[tap] as number));
      red += share * (data[i] as number);
      green += share * (data[i + 1] as number);
      blue += share * (data[i + 2] as number);
    }
    row[to] = red;
    row[to + 1] = green;
    row[to + 2] = blue;
  }
}

/** Scales one row of the source in x: four numbers a pixel, colours multiplied by their alpha. */
function scaleRow({ width, data }: Pixels, y: number, { count, index, weight }: Taps, row: Numbers): void {
  for (let x = 0, tap = 0; x < row.length / 4; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let cover = 0;
    for (let k = 0; k < count; k++, tap++) {
      const i = 4 * (y * width + (index[tap] as number));
      const alpha = data[i + 3] as number;
      const share = (weight[tap] as number) * (alpha / 255);
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

function writeOpaque(sums: Numbers, data: Uint8ClampedArray, start: number): void {
  for (let i = 0, to = start; i < sums.length; i += 3, to += 4) {
    data[to] = sums[i] as number;
    data[to + 1] = sums[i + 1] as number;
    data[to + 2] = sums[i + 2] as number;
    data[to + 3] = 255;
  }
}

function writeRow(sums: Numbers, data: Uint8ClampedArray, start: number): void {
  for (let i = 0; i < sums.length; i += 4) {
    const cover = sums[i + 3] as number;
    const scale = cover > 0 ? 255 / cover : 0;
    data[start + i] = (sums[i] as number) * scale;
    data[start + i + 1] = (sums[i + 1] as number) * scale;
    data[start + i + 2] = (sums[i + 2] as number) * scale;
    data[start + i + 3] = cover;
  }
}
