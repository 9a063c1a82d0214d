import type { Pixels } from "../core/pixels.ts";
import type { Taps } from "./taps.ts";

// Scaling of opaque pictures between two by two pixels, in OpenCV's whole numbers (resize.cpp, HResizeLinear and
// VResizeLinear for bytes): weights of 1/2048, rows without their lowest four bits, each weighed row without its lowest
// sixteen, and a rounding of the last two bits alone. It cuts off where a rounded sum would not, by up to a level.

/** Scales an opaque picture by two taps in each direction, as OpenCV scales bytes: bit for bit. Yields the share done. */
export function* scaledLinearly(source: Pixels, columns: Taps, rows: Taps): Generator<number, Pixels, void> {
  const [width, height] = [columns.index.length / 2, rows.index.length / 2];
  const data = new Uint8ClampedArray(4 * width * height);
  const words = new Uint32Array(data.buffer);
  const places = columns.index.map((index) => 4 * index);
  const [across, down] = [wholeWeights(columns), wholeWeights(rows)];
  // Two rows are enough: those of a new row are neighbours, or the same one at an edge.
  const held = [-1, -1];
  const lines = [new Int32Array(3 * width), new Int32Array(3 * width)] as const;
  const load = (from: number): Int32Array => {
    const slot = (from & 1) as 0 | 1;
    if (held[slot] !== from) {
      weighPixels(
        source.data.subarray(4 * from * source.width, 4 * (from + 1) * source.width),
        places,
        across,
        lines[slot],
      );
      held[slot] = from;
    }
    return lines[slot];
  };
  const chunk = Math.max(1, Math.floor((1 << 18) / width));
  for (let y = 0; y < height; y++) {
    const [upper, lower] = [load(rows.index[2 * y] as number), load(rows.index[2 * y + 1] as number)];
    weighRows(
      upper,
      lower,
      down[2 * y] as number,
      down[2 * y + 1] as number,
      words.subarray(y * width, (y + 1) * width),
    );
    if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
  }
  return { width, height, data };
}

/** Weights in steps of 1/2048. */
const wholeWeights = ({ weight }: Taps): Int32Array => Int32Array.from(weight, (share) => 2048 * share);

/** Weighs two pixels of a row for each new one, to sums in units of 1/128 of a level: three a pixel. */
function weighPixels(row: Uint8ClampedArray, places: Int32Array, weights: Int32Array, to: Int32Array): void {
  for (let i = 0, tap = 0; i < to.length; i += 3, tap += 2) {
    const [left, right] = [places[tap] as number, places[tap + 1] as number];
    const [a, b] = [weights[tap] as number, weights[tap + 1] as number];
    to[i] = (Math.imul(a, row[left] as number) + Math.imul(b, row[right] as number)) >> 4;
    to[i + 1] = (Math.imul(a, row[left + 1] as number) + Math.imul(b, row[right + 1] as number)) >> 4;
    to[i + 2] = (Math.imul(a, row[left + 2] as number) + Math.imul(b, row[right + 2] as number)) >> 4;
  }
}

/** Weighs two rows of sums to opaque pixels. */
function weighRows(upper: Int32Array, lower: Int32Array, a: number, b: number, to: Uint32Array): void {
  for (let x = 0, i = 0; x < to.length; x++, i += 3) {
    const red = cut(a, upper[i] as number) + cut(b, lower[i] as number) + 2;
    const green = cut(a, upper[i + 1] as number) + cut(b, lower[i + 1] as number) + 2;
    const blue = cut(a, upper[i + 2] as number) + cut(b, lower[i + 2] as number) + 2;
    to[x] = 0xff000000 | ((blue >> 2) << 16) | ((green >> 2) << 8) | (red >> 2);
  }
}

/** A weighed sum in quarters of a level, cut off. */
const cut = (weight: number, sum: number): number => Math.imul(weight, sum) >> 16;
