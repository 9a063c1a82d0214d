import type { Pixels } from "../core/pixels.ts";
import type { Taps } from "./taps.ts";

// Shrinking of opaque pictures in ratios that are not whole, in OpenCV's numbers (resize.cpp, ResizeArea_Invoker): 32-bit
// floats, rounded after each product and each sum. Wider ones would put some means on the other side of a half.

/** An opaque picture made smaller by the means of what new pixels cover, bit for bit as OpenCV. Yields the share done. */
export function* shrunkByAreas(source: Pixels, columns: Taps, rows: Taps): Generator<number, Pixels, void> {
  const [width, height] = [columns.index.length / columns.count, rows.index.length / rows.count];
  const data = new Uint8ClampedArray(4 * width * height);
  const places = columns.index.map((index) => 4 * index);
  const shares = Float32Array.from(columns.weight);
  // What is covered in part by two new rows is weighed once for both: it is the last one of the first.
  let held = -1;
  const line = new Float32Array(3 * width);
  const sums = new Float32Array(3 * width);
  const chunk = Math.max(1, Math.floor((1 << 19) / (width * columns.count * rows.count)));
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = y * rows.count; k < (y + 1) * rows.count; k++) {
      const share = rows.weight[k] as number;
      const from = rows.index[k] as number;
      if (share === 0) continue;
      if (held !== from) {
        const row = source.data.subarray(4 * from * source.width, 4 * (from + 1) * source.width);
        weighPixels(row, places, shares, columns.count, line);
        held = from;
      }
      addRow(sums, line, share);
    }
    writeRow(sums, data, 4 * y * width);
    if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
  }
  return { width, height, data };
}

/** Weighs `count` pixels of a row for each new one: three sums a pixel. */
function weighPixels(
  row: Uint8ClampedArray,
  places: Int32Array,
  shares: Float32Array,
  count: number,
  to: Float32Array,
) {
  const { fround } = Math;
  for (let i = 0, tap = 0; i < to.length; i += 3) {
    let [red, green, blue] = [fround(0), fround(0), fround(0)];
    for (const end = tap + count; tap < end; tap++) {
      const share = shares[tap] as number;
      const place = places[tap] as number;
      red = fround(red + fround(share * (row[place] as number)));
      green = fround(green + fround(share * (row[place + 1] as number)));
      blue = fround(blue + fround(share * (row[place + 2] as number)));
    }
    to[i] = red;
    to[i + 1] = green;
    to[i + 2] = blue;
  }
}

function addRow(sums: Float32Array, line: Float32Array, share: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + Math.fround(share * (line[i] as number));
}

function writeRow(sums: Float32Array, data: Uint8ClampedArray, start: number): void {
  for (let i = 0, to = start; i < sums.length; i += 3, to += 4) {
    data[to] = sums[i] as number;
    data[to + 1] = sums[i + 1] as number;
    data[to + 2] = sums[i + 2] as number;
    data[to + 3] = 255;
  }
}
