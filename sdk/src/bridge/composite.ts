import type { Pixels, Rect } from "@underdraw/engine/core";
import { later } from "../host/later.ts";

/** A part of a stack: its pixels, and the box that they are scaled to, in pixels of the whole. */
export interface Part {
  readonly pixels: Pixels;
  readonly box: Rect;
}

/** Which pixels of a part, with which weights, lie in each pixel of one axis of the whole. */
interface Axis {
  /** The first pixel of the whole that the part touches, and how many there are. */
  readonly start: number;
  readonly count: number;
  /** For each: the first pixel of the part, and where its weights begin; one more entry ends the list. */
  readonly from: Int32Array;
  readonly at: Int32Array;
  readonly weight: Float64Array;
}

/** How long rows are laid before others get a turn, in milliseconds: less than a frame. */
const turnMs = 12;

/**
 * Lays parts over each other on transparent ground, the first lowest: source over destination, with straight alpha in and
 * out. A pixel of a part is a little square, scaled to its box; a pixel of the whole gets the mean of what covers it, so
 * that boxes need not be whole, an equal size changes no byte, and a larger one blurs nothing. Sums are kept in double
 * precision and rounded once, to the nearest. `rest` is called now and then and may throw to stop.
 */
export async function composite(
  width: number,
  height: number,
  parts: readonly Part[],
  rest: () => void = () => {},
): Promise<Pixels> {
  const data = new Uint8ClampedArray(width * height * 4);
  const laid = parts.map(({ pixels, box }) => ({
    pixels,
    columns: axis(pixels.width, box.x, box.width, width),
    rows: axis(pixels.height, box.y, box.height, height),
  }));
  // Colours multiplied by alpha, and alpha, 0..255.
  const whole = new Float64Array(width * 4);
  const row = new Float64Array(width * 4);
  let began = performance.now();
  for (let y = 0; y < height; y++) {
    whole.fill(0);
    for (const { pixels, columns, rows } of laid) {
      const n = y - rows.start;
      if (n < 0 || n >= rows.count || columns.count === 0) continue;
      const [start, end] = [4 * columns.start, 4 * (columns.start + columns.count)];
      row.fill(0, start, end);
      const [first, last] = [rows.at[n] as number, rows.at[n + 1] as number];
      for (let k = first; k < last; k++) {
        addRow(pixels, (rows.from[n] as number) + k - first, columns, rows.weight[k] as number, row);
      }
      over(row, whole, start, end);
    }
    writeRow(whole, data, y * width * 4);
    if (performance.now() - began > turnMs) {
      await new Promise<void>((resolve) => later(0, resolve));
      rest();
      began = performance.now();
    }
  }
  return { width, height, data };
}

/** The weights of one axis: how much of each pixel of the whole each pixel of the part covers. */
function axis(size: number, place: number, extent: number, whole: number): Axis {
  const start = Math.min(whole, Math.max(0, Math.floor(place)));
  const end = Math.min(whole, Math.max(start, Math.ceil(place + extent)));
  const count = end - start;
  const scale = size / extent;
  const from = new Int32Array(count);
  const at = new Int32Array(count + 1);
  const weights: number[] = [];
  for (let n = 0; n < count; n++) {
    // The part's pixels that this pixel of the whole sees, as an interval.
    const low = (Math.max(start + n, place) - place) * scale;
    const high = Math.min(size, (Math.min(start + n + 1, place + extent) - place) * scale);
    from[n] = Math.min(size - 1, Math.floor(low));
    at[n] = weights.length;
    for (let pixel = from[n] as number; pixel < high; pixel++) {
      weights.push(Math.max(0, Math.min(pixel + 1, high) - Math.max(pixel, low)) / scale);
    }
  }
  at[count] = weights.length;
  return { start, count, from, at, weight: Float64Array.from(weights) };
}

/** Adds one row of a part, weighted, to a row of the whole. */
function addRow({ width, data }: Pixels, y: number, columns: Axis, share: number, row: Float64Array): void {
  const { start, count, from, at, weight } = columns;
  for (let n = 0, to = 4 * start; n < count; n++, to += 4) {
    const [first, last] = [at[n] as number, at[n + 1] as number];
    for (let k = first, i = 4 * (y * width + (from[n] as number)); k < last; k++, i += 4) {
      const cover = share * (weight[k] as number) * (data[i + 3] as number);
      const colour = cover / 255;
      row[to] = (row[to] as number) + colour * (data[i] as number);
      row[to + 1] = (row[to + 1] as number) + colour * (data[i + 1] as number);
      row[to + 2] = (row[to + 2] as number) + colour * (data[i + 2] as number);
      row[to + 3] = (row[to + 3] as number) + cover;
    }
  }
}

/** Lays a row over what is there. */
function over(row: Float64Array, whole: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i += 4) {
    const through = 1 - (row[i + 3] as number) / 255;
    for (let channel = i; channel < i + 4; channel++) {
      whole[channel] = (row[channel] as number) + through * (whole[channel] as number);
    }
  }
}

function writeRow(whole: Float64Array, data: Uint8ClampedArray, start: number): void {
  for (let i = 0; i < whole.length; i += 4) {
    const cover = Math.round(whole[i + 3] as number);
    // What rounds to nothing has no colour either.
    const scale = cover > 0 ? 255 / (whole[i + 3] as number) : 0;
    for (let channel = 0; channel < 3; channel++) {
      data[start + i + channel] = Math.round((whole[i + channel] as number) * scale);
    }
    data[start + i + 3] = cover;
  }
}
