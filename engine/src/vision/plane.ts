import type { Pixels } from "../core/pixels.ts";
import { finished, inStretches } from "./part.ts";
import { grayWords } from "./words.ts";

/** One channel of a picture: 8 bits a pixel, rows from the top. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One number a pixel in 32-bit floats, rows from the top; what they mean is its maker's. */
export interface FloatPlane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The mean of red, green and blue, cut off to a whole level; alpha is not looked at. */
export function mean(source: Pixels): Plane {
  return finished(averaging(source));
}

/** The work of `mean`: yields the share done every few milliseconds. */
export function* averaging({ width, height, data }: Pixels): Generator<number, Plane, void> {
  const gray = new Uint8Array(width * height);
  yield* inStretches(gray.length, (start, end) => {
    for (let i = start, from = 4 * start; i < end; i++, from += 4) {
      const sum = (data[from] as number) + (data[from + 1] as number) + (data[from + 2] as number);
      // A third, cut off: exact for all that three bytes can sum up to.
      gray[i] = (21846 * sum) >> 16;
    }
  });
  return { width, height, data: gray };
}

/** True when red, green and blue are the same in every pixel. */
export function isGray(source: Pixels): boolean {
  return finished(grayness(source));
}

/** The work of `isGray`: yields the share done every few milliseconds. */
export function* grayness({ data }: Pixels): Generator<number, boolean, void> {
  const chunk = 1 << 20;
  for (let start = 0; start < data.length; start += chunk) {
    const end = Math.min(start + chunk, data.length);
    for (let i = start; i < end; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
    yield end / data.length;
  }
  return true;
}

/** One channel of a picture as a plane: 0 is red, 1 green, 2 blue, 3 alpha. */
export function channelOf({ width, height, data }: Pixels, channel: 0 | 1 | 2 | 3): Plane {
  const plane = new Uint8Array(width * height);
  for (let i = 0, from = channel as number; i < plane.length; i++, from += 4) plane[i] = data[from] as number;
  return { width, height, data: plane };
}

/** A plane as an opaque gray picture. */
export function grayPixels(plane: Plane): Pixels {
  return finished(graying(plane));
}

/** The work of `grayPixels`: yields the share done every few milliseconds. */
export function* graying({ width, height, data }: Plane): Generator<number, Pixels, void> {
  const pixels = new Uint32Array(width * height);
  yield* inStretches(pixels.length, (start, end) => {
    for (let i = start; i < end; i++) pixels[i] = grayWords[data[i] as number] as number;
  });
  return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

/**
 * Otsu's threshold: the level that parts a plane best into dark and bright, which is where the variance between the two
 * is largest; the first of equals.
 */
export function otsu({ data }: Plane): number {
  const counts = new Float64Array(256);
  for (const value of data) counts[value] = (counts[value] as number) + 1;
  return otsuOf(counts, data.length);
}

/** Otsu's threshold of `total` pixels, by how many of them have each level. */
export function otsuOf(counts: Float64Array, total: number): number {
  let whole = 0;
  for (let level = 0; level < 256; level++) whole += level * (counts[level] as number);
  let best = 0;
  let found = 0;
  let below = 0;
  let sum = 0;
  for (let level = 0; level < 256; level++) {
    below += counts[level] as number;
    sum += level * (counts[level] as number);
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const between = (below / total) * (above / total) * (sum / below - (whole - sum) / above) ** 2;
    if (between > best) {
      best = between;
      found = level;
    }
  }
  return found;
}

/** White where a plane is above `level`, black elsewhere. */
export function threshold(plane: Plane, level: number): Plane {
  return finished(thresholding(plane, level));
}

/** The work of `threshold`: yields the share done every few milliseconds. */
export function* thresholding({ width, height, data }: Plane, level: number): Generator<number, Plane, void> {
  const parted = new Uint8Array(data.length);
  yield* inStretches(data.length, (start, end) => {
    for (let i = start; i < end; i++) if ((data[i] as number) > level) parted[i] = 255;
  });
  return { width, height, data: parted };
}

/** A plane opened with a square of 3x3: the darkest of nine, then the brightest of nine. Outside the plane counts nothing. */
export function opened(plane: Plane): Plane {
  return square(square(plane, Math.min), Math.max);
}

function square({ width, height, data }: Plane, pick: (a: number, b: number) => number): Plane {
  const along = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let value = data[i] as number;
      if (x > 0) value = pick(value, data[i - 1] as number);
      if (x + 1 < width) value = pick(value, data[i + 1] as number);
      along[i] = value;
    }
  }
  const both = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let value = along[i] as number;
      if (y > 0) value = pick(value, along[i - width] as number);
      if (y + 1 < height) value = pick(value, along[i + width] as number);
      both[i] = value;
    }
  }
  return { width, height, data: both };
}
