import type { Pixels } from "../core/pixels.ts";
import { planeBlurring } from "./blur.ts";
import { blurring } from "./gaussian.ts";
import { part } from "./part.ts";
import { averaging, type FloatPlane, graying, type Plane, thresholding } from "./plane.ts";

/**
 * The ridges of a soft map, white on black: after a Gaussian of `sigma`, pixels above `level` with no brighter neighbour
 * in a row, a column or a diagonal; one of the four directions is enough. Outside of the plane counts nothing. Yields the
 * share done.
 */
export function* softRidges(plane: Plane | FloatPlane, level: number, sigma: number): Generator<number, Plane, void> {
  const { width, height, data } = yield* part(blurring(plane, sigma), 0, 0.8);
  // Three rows at a time, in a frame that is lower than anything, so that no neighbour needs a test for the border.
  const pitch = width + 2;
  const framed = new Float32Array(3 * pitch);
  const marked = new Uint8Array(data.length);
  const chunk = Math.max(1, Math.floor((1 << 18) / width));
  for (let y = 0; y < height; y++) {
    framed.fill(Number.NEGATIVE_INFINITY);
    for (let k = Math.max(y - 1, 0); k <= Math.min(y + 1, height - 1); k++) {
      framed.set(data.subarray(k * width, (k + 1) * width), (k - y + 1) * pitch + 1);
    }
    markRidges(framed, pitch + 1, pitch, level, marked, y * width, width);
    if (y % chunk === chunk - 1) yield 0.8 + (0.2 * (y + 1)) / height;
  }
  return { width, height, data: marked };
}

function markRidges(
  values: Float32Array,
  from: number,
  pitch: number,
  level: number,
  marked: Uint8Array,
  start: number,
  width: number,
): void {
  for (let x = 0, i = from; x < width; x++, i++) {
    const value = values[i] as number;
    if (value <= level) continue;
    const ridge =
      ((values[i - 1] as number) <= value && (values[i + 1] as number) <= value) ||
      ((values[i - pitch] as number) <= value && (values[i + pitch] as number) <= value) ||
      ((values[i - pitch - 1] as number) <= value && (values[i + pitch + 1] as number) <= value) ||
      ((values[i - pitch + 1] as number) <= value && (values[i + pitch - 1] as number) <= value);
    if (ridge) marked[start + x] = 255;
  }
}

/** How wide the Gaussians are, what is a ridge and what of its blur is a stroke: as HED's `scribble` in the annotators. */
const [blurred, ridge, stroke] = [3, 127, 4];

/** Strokes of a scribble from a soft map of edges, as WebUI and controlnet_aux make them. Yields the share done. */
export function* strokesOf(plane: Plane | FloatPlane): Generator<number, Plane, void> {
  const ridges = yield* part(softRidges(plane, ridge, blurred), 0, 0.7);
  return yield* part(thresholding(yield* part(planeBlurring(ridges, blurred), 0.7, 0.25), stroke), 0.95, 0.05);
}

/** The same of a picture of a soft map, white on black; of a picture with colours its mean counts. Yields the share done. */
export function* softScribble(source: Pixels): Generator<number, Pixels, void> {
  const plane = yield* part(averaging(source), 0, 0.05);
  return yield* part(graying(yield* part(strokesOf(plane), 0.05, 0.9)), 0.95, 0.05);
}
