import type { Pixels } from "../core/pixels.ts";
import { type Aperture, type GradientRow, gradientRows } from "./gradient.ts";
import type { Matte } from "./matte.ts";

// Vision is pixel maths: pure functions from pixels to pixels, on the CPU, in every realm. It knows no condition, no net
// and no file; it waits for nothing, and what takes long is a generator that its caller may leave at any step.

/** How Canny's edges are found. */
export interface EdgeOptions {
  /** A gradient above this carries an edge on, 0 or more. The larger of `low` and `high` is taken for `high`. */
  readonly low: number;
  /** A gradient above this begins an edge, 0 or more. */
  readonly high: number;
  /** Measures gradients by the root of the sum of squares instead of the sum of absolute values. */
  readonly l2: boolean;
  readonly aperture: Aperture;
  /** The ground under transparent pixels. */
  readonly matte: Matte;
}

const candidate = 1;
const edge = 2;

/** How many pixels are looked at between two steps of the generator: some milliseconds of work. */
const stride = 1 << 18;

/**
 * Canny's edge detector, to the pixel what OpenCV's `Canny` draws from the three channels of a picture: no blur, the
 * strongest channel in each pixel, ridges of its gradient, and those ridges above `low` that hang together with one above
 * `high`. White on black, opaque, in the source's size. Yields the share done, from 0 to 1; returns the map.
 */
export function* edges(source: Pixels, options: EdgeOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const [low, high] = thresholds(options);
  const gradient = gradientRows(source, { ...options, squared: options.l2 });
  // The labels have a frame of one pixel, which stays 0, so that neighbours need no test for the border.
  const pitch = width + 2;
  const labels = new Uint8Array(pitch * (height + 2));
  const seeds: number[] = [];

  const rows = [0, 1, 2].map(
    (): GradientRow => ({
      across: new Int32Array(width),
      down: new Int32Array(width),
      size: new Int32Array(pitch),
    }),
  );
  const outside = new Int32Array(pitch);
  const at = (y: number): GradientRow => rows[y % 3] as GradientRow;
  const chunk = Math.max(1, Math.floor(stride / width));
  gradient(0, at(0));
  for (let y = 0; y < height; y++) {
    if (y + 1 < height) gradient(y + 1, at(y + 1));
    const above = y > 0 ? at(y - 1).size : outside;
    const below = y + 1 < height ? at(y + 1).size : outside;
    markRidges(at(y), above, below, low, high, labels, (y + 1) * pitch + 1, seeds);
    if (y % chunk === chunk - 1) yield (0.9 * (y + 1)) / height;
  }

  while (seeds.length > 0) {
    follow(labels, pitch, seeds, stride);
    if (seeds.length > 0) yield 0.9;
  }

  const map = new Uint32Array(width * height);
  const [black, white] = new Uint32Array(new Uint8Array([0, 0, 0, 255, 255, 255, 255, 255]).buffer) as unknown as [
    number,
    number,
  ];
  for (let y = 0, to = 0; y < height; y++) {
    for (let from = (y + 1) * pitch + 1, x = 0; x < width; x++) map[to++] = labels[from++] === edge ? white : black;
    if (y % chunk === chunk - 1 && y + 1 < height) yield 0.9 + (0.1 * (y + 1)) / height;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** The thresholds in the unit of the gradient's size, as OpenCV takes them: sorted, scaled, squared, then floored. */
function thresholds({ low, high, l2, aperture }: EdgeOptions): readonly [low: number, high: number] {
  const scale = aperture === 7 ? 1 / 16 : 1;
  // Square roots of what fits 31 bits: a larger threshold can be reached by no gradient.
  const unit = (threshold: number) => Math.floor(l2 ? Math.min(threshold * scale, 32767) ** 2 : threshold * scale);
  const limit = 2 ** 31 - 1;
  return [Math.min(unit(Math.min(low, high)), limit), Math.min(unit(Math.max(low, high)), limit)];
}

/** tan(22.5 degrees) in units of 1/32768, as OpenCV rounds it: the border between the four directions of a gradient. */
const slope = 13573;

/** Labels the ridges of one row as candidates, and those above `high` as edges, which also become seeds. */
function markRidges(
  { across, down, size }: GradientRow,
  above: Int32Array,
  below: Int32Array,
  low: number,
  high: number,
  labels: Uint8Array,
  start: number,
  seeds: number[],
): void {
  for (let x = 0; x < across.length; x++) {
    const here = size[x + 1] as number;
    if (here <= low) continue;
    const dx = across[x] as number;
    const dy = down[x] as number;
    const wide = Math.abs(dx);
    const tall = Math.abs(dy) << 15;
    const flat = wide * slope;
    let ridge: boolean;
    if (tall < flat) ridge = here > (size[x] as number) && here >= (size[x + 2] as number);
    else if (tall > flat + wide * 65536) ridge = here > (above[x + 1] as number) && here >= (below[x + 1] as number);
    else {
      const side = (dx ^ dy) < 0 ? -1 : 1;
      ridge = here > (above[x + 1 - side] as number) && here > (below[x + 1 + side] as number);
    }
    if (!ridge) continue;
    if (here > high) {
      labels[start + x] = edge;
      seeds.push(start + x);
    } else labels[start + x] = candidate;
  }
}

/** Turns candidates that touch an edge, also by a corner, into edges; stops after about `limit` pixels. */
function follow(labels: Uint8Array, pitch: number, seeds: number[], limit: number): void {
  const around = [-pitch - 1, -pitch, -pitch + 1, -1, 1, pitch - 1, pitch, pitch + 1];
  for (let count = 0; count < limit; count++) {
    const from = seeds.pop();
    if (from === undefined) return;
    for (let k = 0; k < 8; k++) {
      const next = from + (around[k] as number);
      if (labels[next] !== candidate) continue;
      labels[next] = edge;
      seeds.push(next);
    }
  }
}
