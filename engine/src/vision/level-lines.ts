import type { Pixels } from "../core/pixels.ts";

// Level lines run along a change of brightness, square to its gradient. They are taken from a smaller copy of the picture
// (four fifths), which takes the stairs off slanted edges: von Gioi, Jakubowicz, Morel and Randall, "LSD: a Line Segment
// Detector", IPOL 2012, section 2. Sums, products and square roots alone, so every engine sees the same lines.

/** The direction of the level line in each pixel of a smaller copy of a picture, and how strong the change across it is. */
export interface LevelLines {
  readonly width: number;
  readonly height: number;
  /** The direction's part along the row, from -1 to 1; 0 where there is no change. The brighter side is on its left. */
  readonly across: Float32Array;
  /** The direction's part down the column. */
  readonly down: Float32Array;
  /** The length of the gradient, in levels a pixel. */
  readonly size: Float32Array;
}

/** How much smaller the copy is than the picture. */
export const shrunk = 0.8;

/** The smoothing that goes before: 0.6 of a pixel of the copy. */
const sigma = 0.6 / shrunk;

/** How many pixels of the picture make one of the copy, each way. */
const reach = 8;

/**
 * The weights of `reach` pixels for each of the four places that a pixel of the copy can have between those of the
 * picture. In steps of 1/4096, since engines differ in the last digit of an exponential.
 */
function tapTable(): readonly Float64Array[] {
  return [0, 1, 2, 3].map((phase) => {
    const centre = ((phase + 0.5) / shrunk - 0.5) % 1;
    const shares = Array.from({ length: reach }, (_, k) => {
      const away = (k - 3 - centre) / sigma;
      return Math.exp(-0.5 * away * away);
    });
    const sum = shares.reduce((a, b) => a + b);
    const steps = shares.map((share) => Math.round((share / sum) * 4096));
    // What rounding left goes to the pixel in the middle, so that even ground stays even.
    const middle = Math.round(3 + centre);
    steps[middle] = (steps[middle] as number) + 4096 - steps.reduce((a, b) => a + b);
    return Float64Array.from(steps, (step) => step / 4096);
  });
}

/** Finds the level lines of an opaque picture, by its luminance. Yields the share done, from 0 to 1. */
export function* levelLines(source: Pixels): Generator<number, LevelLines, void> {
  const width = Math.max(1, Math.round(source.width * shrunk));
  const height = Math.max(1, Math.round(source.height * shrunk));
  const across = new Float32Array(width * height);
  const down = new Float32Array(width * height);
  const size = new Float32Array(width * height);
  const taps = tapTable();
  const gray = new Int32Array(source.width + 2 * reach);
  // Rows of the picture, shrunk along the row already; then two rows of the copy, one above the other.
  const ring = Array.from({ length: reach }, () => new Float32Array(width));
  const near: Float32Array[] = [...ring];
  const held = new Int32Array(reach).fill(-1);
  let above = new Float32Array(width);
  let here = new Float32Array(width);
  const chunk = Math.max(1, Math.floor((1 << 17) / source.width));
  for (let y = 0; y < height; y++) {
    const weights = taps[y & 3] as Float64Array;
    const first = Math.floor((y + 0.5) / shrunk - 0.5) - 3;
    for (let k = 0; k < reach; k++) {
      const from = Math.min(Math.max(first + k, 0), source.height - 1);
      const row = ring[from % reach] as Float32Array;
      near[k] = row;
      if (held[from % reach] === from) continue;
      grayRow(source, from, gray);
      for (let phase = 0; phase < 4; phase++) shrinkRow(gray, phase, taps[phase] as Float64Array, row);
      held[from % reach] = from;
    }
    blendRows(near, weights, here);
    if (y > 0) changes(above, here, across, down, size, (y - 1) * width);
    [above, here] = [here, above];
    if (y % chunk === chunk - 1) yield y / height;
  }
  return { width, height, across, down, size };
}

/** One row as luminance from 0 to 255 in steps of 1/256 (ITU-R BT.601, as OpenCV's gray), edges repeated. */
function grayRow({ width, data }: Pixels, y: number, into: Int32Array): void {
  for (let x = 0, i = y * width * 4; x < width; x++, i += 4) {
    into[x + reach] = 77 * (data[i] as number) + 150 * (data[i + 1] as number) + 29 * (data[i + 2] as number);
  }
  into.fill(into[reach] as number, 0, reach);
  into.fill(into[width + reach - 1] as number, width + reach);
}

/** Every fourth pixel of the row, from the one at `phase` on: all of them have the same weights. */
function shrinkRow(gray: Int32Array, phase: number, weights: Float64Array, into: Float32Array): void {
  const [a, b, c, d] = weights as unknown as [number, number, number, number];
  const [e, f, g, h] = weights.subarray(4) as unknown as [number, number, number, number];
  // 5 / 4 pixels a step, from an eighth of a pixel.
  for (let x = phase, at = ((10 * phase + 1) >> 3) - 3 + reach; x < into.length; x += 4, at += 5) {
    const first = a * (gray[at] as number) + b * (gray[at + 1] as number) + c * (gray[at + 2] as number);
    const middle = d * (gray[at + 3] as number) + e * (gray[at + 4] as number);
    const last = f * (gray[at + 5] as number) + g * (gray[at + 6] as number) + h * (gray[at + 7] as number);
    into[x] = (first + middle + last) / 256;
  }
}

/** The weighted sum of eight rows. */
function blendRows(rows: readonly Float32Array[], weights: Float64Array, into: Float32Array): void {
  const [a, b, c, d] = rows as unknown as [Float32Array, Float32Array, Float32Array, Float32Array];
  const [e, f, g, h] = rows.slice(4) as unknown as [Float32Array, Float32Array, Float32Array, Float32Array];
  const [wa, wb, wc, wd] = weights as unknown as [number, number, number, number];
  const [we, wf, wg, wh] = weights.subarray(4) as unknown as [number, number, number, number];
  for (let x = 0; x < into.length; x++) {
    const first = wa * (a[x] as number) + wb * (b[x] as number) + wc * (c[x] as number);
    const middle = wd * (d[x] as number) + we * (e[x] as number);
    into[x] = first + middle + wf * (f[x] as number) + wg * (g[x] as number) + wh * (h[x] as number);
  }
}

/** The level lines between two rows: each from four pixels in a square. */
function changes(
  above: Float32Array,
  below: Float32Array,
  across: Float32Array,
  down: Float32Array,
  size: Float32Array,
  start: number,
): void {
  for (let x = 0; x + 1 < above.length; x++) {
    const fall = (below[x + 1] as number) - (above[x] as number);
    const rise = (above[x + 1] as number) - (below[x] as number);
    const gx = 0.5 * (fall + rise);
    const gy = 0.5 * (fall - rise);
    const length = Math.sqrt(gx * gx + gy * gy);
    size[start + x] = length;
    if (length === 0) continue;
    across[start + x] = -gy / length;
    down[start + x] = gx / length;
  }
}
