import { inRows, part } from "./part.ts";
import type { FloatPlane, Plane } from "./plane.ts";

/**
 * How far apart two pixels are: `l1` counts steps along rows and columns, `chessboard` steps in eight directions,
 * `l2-exact` is the straight line, `l2-3` and `l2-5` are OpenCV's approximations of it by steps within 3x3 and 5x5.
 */
export type Metric = "l1" | "chessboard" | "l2-exact" | "l2-3" | "l2-5";

/** What a step costs: straight, diagonal, and a knight's; 0 where there is no such step. */
interface Steps {
  readonly straight: number;
  readonly diagonal: number;
  readonly knight: number;
}

/** The costs of OpenCV's chamfers, in 1/65536 of a pixel (Borgefors 1986; distransform.cpp). */
const steps: Readonly<Record<Exclude<Metric, "l2-exact">, Steps>> = {
  l1: { straight: 1, diagonal: 2, knight: 0 },
  chessboard: { straight: 1, diagonal: 1, knight: 0 },
  "l2-3": { straight: 0.955, diagonal: 1.3693, knight: 0 },
  "l2-5": { straight: 1, diagonal: 1.4, knight: 2.1969 },
};

/** Farther than any distance within a picture. */
const nowhere = 2 ** 30;

/**
 * The distance of each pixel that is not 0 to the nearest one that is, in pixels; 0 on those. Where no pixel is 0, every
 * distance is infinite. Takes time in proportion to the pixels, whatever the picture shows. Yields the share done.
 */
export function distances(plane: Plane, metric: Metric = "l2-exact"): Generator<number, FloatPlane, void> {
  return metric === "l2-exact" ? straight(plane) : chamfer(plane, steps[metric]);
}

/**
 * The exact Euclidean distance, one axis after the other: in each column the way to the nearest 0 up or down, then along
 * each row the lower envelope of the parabolas that stand on those ways (Felzenszwalb and Huttenlocher 2012).
 */
function* straight({ width, height, data }: Plane): Generator<number, FloatPlane, void> {
  // First the way within the column, in whole pixels, which floats hold exactly; infinite in a column without a 0.
  const found = new Float32Array(data.length);
  yield* part(
    inRows(width, height, (y) => goDown(data, found, width, y)),
    0,
    0.2,
  );
  yield* part(
    inRows(width, height, (y) => goUp(found, width, height - 1 - y)),
    0.2,
    0.1,
  );
  const feet = new Int32Array(width);
  const heights = new Float64Array(width);
  const ends = new Float64Array(width + 1);
  const envelope: Envelope = { feet, heights, ends };
  yield* part(
    inRows(width, height, (y) => widen(found, y * width, width, envelope), 1 << 16),
    0.3,
    0.7,
  );
  return { width, height, data: found };
}

/** The way of each pixel of a row to the nearest 0 above it. */
function goDown(data: Uint8Array, found: Float32Array, width: number, y: number): void {
  for (let x = 0, i = y * width; x < width; x++, i++) {
    const above = y > 0 ? (found[i - width] as number) : Number.POSITIVE_INFINITY;
    found[i] = data[i] === 0 ? 0 : above + 1;
  }
}

/** The same below it, where that is shorter; the row after it is done already. */
function goUp(found: Float32Array, width: number, y: number): void {
  const start = y * width;
  if (start + width === found.length) return;
  for (let i = start; i < start + width; i++) {
    const below = (found[i + width] as number) + 1;
    if (below < (found[i] as number)) found[i] = below;
  }
}

/** The lowest parabolas along a row: where each stands, how high, and from where on it is the lowest. */
interface Envelope {
  readonly feet: Int32Array;
  readonly heights: Float64Array;
  readonly ends: Float64Array;
}

/** Turns the ways within columns of a row, from `start` on, into distances. */
function widen(found: Float32Array, start: number, width: number, { feet, heights, ends }: Envelope): void {
  let last = -1;
  for (let x = 0; x < width; x++) {
    const way = found[start + x] as number;
    if (way === Number.POSITIVE_INFINITY) continue;
    const height = way * way;
    // Where this parabola begins to lie below the last one; what it hides altogether is dropped.
    let begin = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const foot = feet[last] as number;
      begin = (height + x * x - (heights[last] as number) - foot * foot) / (2 * (x - foot));
      if (begin > (ends[last] as number)) break;
      last--;
      begin = Number.NEGATIVE_INFINITY;
    }
    last++;
    feet[last] = x;
    heights[last] = height;
    ends[last] = begin;
  }
  if (last < 0) return;
  ends[last + 1] = Number.POSITIVE_INFINITY;
  for (let x = 0, k = 0; x < width; x++) {
    while ((ends[k + 1] as number) < x) k++;
    const aside = x - (feet[k] as number);
    found[start + x] = Math.sqrt(aside * aside + (heights[k] as number));
  }
}

/** The cheapest sum of steps, found by one pass down and one up. */
function* chamfer({ width, height, data }: Plane, costs: Steps): Generator<number, FloatPlane, void> {
  const unit = 65536;
  const straight = Math.round(costs.straight * unit);
  const diagonal = Math.round(costs.diagonal * unit);
  const knight = costs.knight > 0 ? Math.round(costs.knight * unit) : nowhere;
  // A frame of two that lies farther than all else, so that no step needs a test for the border. Sums may pass 2^31.
  const pitch = width + 4;
  const sums = new Float64Array(pitch * (height + 4)).fill(nowhere * unit);
  const down = (y: number): void => {
    for (let x = 0, at = (y + 2) * pitch + 2, from = y * width; x < width; x++, at++) {
      if (data[from + x] === 0) {
        sums[at] = 0;
        continue;
      }
      let best = Math.min((sums[at - 1] as number) + straight, (sums[at - pitch] as number) + straight);
      best = Math.min(best, (sums[at - pitch - 1] as number) + diagonal, (sums[at - pitch + 1] as number) + diagonal);
      best = Math.min(best, (sums[at - pitch - 2] as number) + knight, (sums[at - pitch + 2] as number) + knight);
      sums[at] = Math.min(
        best,
        (sums[at - 2 * pitch - 1] as number) + knight,
        (sums[at - 2 * pitch + 1] as number) + knight,
      );
    }
  };
  yield* part(inRows(width, height, down, 1 << 16), 0, 0.5);
  const found = new Float32Array(data.length);
  const up = (y: number): void => {
    for (let x = width - 1, at = (y + 2) * pitch + 2 + x, to = y * width + x; x >= 0; x--, at--, to--) {
      let best = sums[at] as number;
      if (best > 0) {
        best = Math.min(best, (sums[at + 1] as number) + straight, (sums[at + pitch] as number) + straight);
        best = Math.min(best, (sums[at + pitch - 1] as number) + diagonal, (sums[at + pitch + 1] as number) + diagonal);
        best = Math.min(best, (sums[at + pitch - 2] as number) + knight, (sums[at + pitch + 2] as number) + knight);
        best = Math.min(
          best,
          (sums[at + 2 * pitch - 1] as number) + knight,
          (sums[at + 2 * pitch + 1] as number) + knight,
        );
        sums[at] = best;
      }
      found[to] = best < nowhere * unit ? best / unit : Number.POSITIVE_INFINITY;
    }
  };
  yield* part(
    inRows(width, height, (k) => up(height - 1 - k), 1 << 16),
    0.5,
    0.5,
  );
  return { width, height, data: found };
}
