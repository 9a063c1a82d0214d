import type { Pixels } from "../core/pixels.ts";
import { type Aperture, type GradientRow, gradientRows } from "./gradient.ts";

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
  /** Looks at red, green and blue and takes what changes most, or at the luma alone. */
  readonly colours: "rgb" | "grey";
}

const candidate = 1;
const edge = 2;

/** How many pixels are looked at between two steps of the generator: some milliseconds of work. */
const stride = 1 << 18;

/**
 * Canny's edge detector, to the pixel what OpenCV's `Canny` draws from the three channels of an opaque picture, or from
 * its `cvtColor` to gray: no blur, the strongest channel in each pixel, ridges of its gradient, and those ridges above
 * `low` that hang together with one above `high`. White on black, opaque, in the source's size. Besides the map it takes
 * one byte a pixel and some rows. Yields the share done, from 0 to 1; returns the map.
 */
export function* edges(source: Pixels, options: EdgeOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const [low, high] = thresholds(options);
  const gradient = gradientRows(source, { ...options, squared: options.l2, floor: low });
  // The labels have a frame of at least one pixel, which stays 0, so that neighbours need no test for the border. Rows
  // are whole words, so that four labels can be looked at as one.
  const pitch = (width + 5) & ~3;
  const labels = new Uint8Array(pitch * (height + 2));
  const open = new Stack();

  // Three rows of gradients, and one of zeros for what lies above and below the picture, in one array.
  const span = width + 2;
  const sizes = new Int32Array(4 * span);
  const rows = [0, 1, 2].map(
    (k): GradientRow => ({
      across: new Int32Array(width),
      down: new Int32Array(width),
      size: sizes.subarray(k * span, (k + 1) * span),
    }),
  );
  const outside = 3 * span;
  const at = (y: number): GradientRow => rows[y % 3] as GradientRow;
  const begin = (y: number): number => (y < 0 || y >= height ? outside : (y % 3) * span);
  const chunk = Math.max(1, Math.floor(stride / width));
  gradient(0, at(0));
  for (let y = 0; y < height; y++) {
    if (y + 1 < height) gradient(y + 1, at(y + 1));
    const start = (y + 1) * pitch + 1;
    markRidges(at(y), sizes, begin(y), begin(y - 1), begin(y + 1), low, high, labels, start, open);
    if (y % chunk !== chunk - 1 && y + 1 < height) continue;
    // Followed while the rows come, so that what is still to be followed never grows with the picture.
    for (;;) {
      follow(labels, pitch, open, stride);
      yield (0.9 * (y + 1)) / height;
      if (open.length === 0) break;
    }
    // The next row's candidates hang on these, which were all looked at before it was there.
    if (y + 1 < height) for (let i = start; i < start + width; i++) if (labels[i] === edge) open.push(i);
  }

  const map = new Uint32Array(width * height);
  const [black, white] = new Uint32Array(new Uint8Array([0, 0, 0, 255, 255, 255, 255, 255]).buffer) as unknown as [
    number,
    number,
  ];
  map.fill(black);
  const words = new Int32Array(labels.buffer);
  for (let y = 0; y < height; y++) {
    // The first pixel of a row lies in the second byte of its first word.
    const start = (y + 1) * pitch;
    for (let word = start >> 2; word < (start + pitch) >> 2; word++) {
      if (words[word] === 0) continue;
      for (let at = word << 2; at < (word << 2) + 4; at++)
        if (labels[at] === edge) map[y * width + at - start - 1] = white;
    }
    if (y % chunk === chunk - 1 && y + 1 < height) yield 0.9 + (0.1 * (y + 1)) / height;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** Places that wait for their turn, the newest first. */
class Stack {
  length = 0;
  #places = new Int32Array(1 << 12);

  push(place: number): void {
    if (this.length === this.#places.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.length++] = place;
  }

  /** Undefined behaviour on an empty one: look at `length` first. */
  pop(): number {
    return this.#places[--this.length] as number;
  }
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

/**
 * Labels the ridges of one row as candidates, and those above `high` as edges, which are then to be followed. `here`,
 * `above` and `below` are where the rows begin in `sizes`. Which neighbours count is worked out by masks: a direction that
 * a processor guesses wrong costs more.
 */
function markRidges(
  { across, down }: GradientRow,
  sizes: Int32Array,
  here: number,
  above: number,
  below: number,
  low: number,
  high: number,
  labels: Uint8Array,
  start: number,
  open: Stack,
): void {
  const { length } = across;
  for (let x = 0; x < length; x++) {
    const own = here + x + 1;
    const size = sizes[own] as number;
    if (size <= low) continue;
    const dx = across[x] as number;
    const dy = down[x] as number;
    const wide = Math.abs(dx);
    // At most 12,240 with aperture 5: all of it stays within 31 bits.
    const tall = Math.abs(dy) << 15;
    const flat = Math.imul(wide, slope);
    const isFlat = (tall - flat) >> 31;
    const isTall = (flat + (wide << 16) - tall) >> 31;
    const side = ((dx ^ dy) >> 31) | 1;
    const up = above + x + 1 - (side & ~isTall);
    const under = below + x + 1 + (side & ~isTall);
    const before = sizes[(up & ~isFlat) | ((own - 1) & isFlat)] as number;
    const after = sizes[(under & ~isFlat) | ((own + 1) & isFlat)] as number;
    // Of two equals along a row or a column the first is the ridge; along a diagonal neither is.
    if (((before - size) & (after - size + (isFlat | isTall))) >= 0) continue;
    if (size > high) {
      labels[start + x] = edge;
      open.push(start + x);
    } else labels[start + x] = candidate;
  }
}

/** Turns candidates that touch an edge, also by a corner, into edges; stops after about `limit` pixels. */
function follow(labels: Uint8Array, pitch: number, open: Stack, limit: number): void {
  const around = [-pitch - 1, -pitch, -pitch + 1, -1, 1, pitch - 1, pitch, pitch + 1];
  for (let count = 0; count < limit && open.length > 0; count++) {
    const from = open.pop();
    for (let k = 0; k < 8; k++) {
      const next = from + (around[k] as number);
      if (labels[next] !== candidate) continue;
      labels[next] = edge;
      open.push(next);
    }
  }
}
