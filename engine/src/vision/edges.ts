import type { Pixels } from "../core/pixels.ts";
import { type Aperture, openGradient } from "./gradient.ts";
import { firstWord, follow, noRidges, type Ridges, sweep } from "./hysteresis.ts";

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

/** How many pixels are looked at between two steps of the generator: some milliseconds of work. */
const stride = 1 << 18;

/** How many words of ridges are followed between two steps: at most the work of as many pixels. */
const words = stride >> 3;

/**
 * Canny's edge detector, to the pixel what OpenCV's `Canny` draws from the three channels of an opaque picture, or from
 * its `cvtColor` to gray: no blur, the strongest channel in each pixel, ridges of its gradient, and those ridges above
 * `low` that hang together with one above `high`. White on black, opaque, in the source's size. Besides the map it takes
 * two bits a pixel and some rows. Yields the share done, from 0 to 1; returns the map.
 */
export function* edges(source: Pixels, options: EdgeOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const chunk = Math.max(1, Math.floor(stride / width));
  const ridges = noRidges(width, height);
  yield* find(source, options, ridges, chunk);

  const map = new Uint32Array(width * height);
  const [black, white] = new Uint32Array(new Uint8Array([0, 0, 0, 255, 255, 255, 255, 255]).buffer) as unknown as [
    number,
    number,
  ];
  map.fill(black);
  for (let y = 0; y < height; y++) {
    paint(ridges.edges, firstWord(ridges, y), ridges.pitch - 1, map, y * width, white);
    if (y % chunk === chunk - 1 && y + 1 < height) yield 0.9 + (0.1 * (y + 1)) / height;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** Finds a picture's ridges, and which of them are edges; yields shares up to 0.9. */
function* find(source: Pixels, options: EdgeOptions, ridges: Ridges, chunk: number): Generator<number, void, void> {
  const { width, height } = source;
  const [low, high] = thresholds(options);
  const count = ridges.pitch - 1;
  // A row of candidates' bits and one of edges', each with room for the last group of pixels.
  const bits = 4 * count + 16;
  const gradient = openGradient(source, { ...options, squared: options.l2 }, 2 * bits);
  try {
    const { room, outside, spare } = gradient;
    // Beyond the last pixel lie bits that mean nothing.
    const last = -1 >>> (31 - ((width - 1) & 31));
    const take = (from: number, into: Int32Array, to: number) => {
      const start = from >> 2;
      for (let k = 0; k < count; k++) into[to + k] = room.words[start + k] as number;
      into[to + count - 1] = (into[to + count - 1] as number) & last;
    };
    let [above, here] = [outside, gradient.row(0)];
    for (let y = 0; y < height; y++) {
      const below = y + 1 < height ? gradient.row(y + 1) : outside;
      const { across, down, size } = here;
      room.kernels.ridges(spare, spare + bits, across, down, above.size, size, below.size, width, low, high);
      const start = firstWord(ridges, y);
      take(spare, ridges.candidates, start);
      take(spare + bits, ridges.edges, start);
      sweep(ridges, y);
      [above, here] = [here, below];
      if (y % chunk !== chunk - 1 && y + 1 < height) continue;
      // Followed while the rows come, so that what is still to be followed never grows with the picture.
      do {
        follow(ridges, words);
        yield (0.9 * (y + 1)) / height;
      } while (ridges.open.length > 0);
    }
  } finally {
    gradient.close();
  }
}

/** Paints a row of bits, `count` words from `from` on, into pixels. */
function paint(bits: Int32Array, from: number, count: number, map: Uint32Array, start: number, colour: number): void {
  for (let k = 0; k < count; k++) {
    const at = start + 32 * k + 31;
    for (let left = bits[from + k] as number; left !== 0; left &= left - 1) {
      map[at - Math.clz32(left & -left)] = colour;
    }
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
