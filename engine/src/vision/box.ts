import type { FloatPlane, Plane } from "./plane.ts";

/**
 * The mean of the square of `2 * reach + 1` pixels about each pixel; the pixels at the edge are repeated outwards, as
 * OpenCV's `blur` does with `BORDER_REPLICATE`. The time does not depend on the reach. Throws a `RangeError` for a reach
 * that is not whole or below 0.
 */
export function boxMean(plane: Plane | FloatPlane, reach: number): FloatPlane {
  if (!Number.isInteger(reach) || reach < 0) {
    throw new RangeError(`reach: a box reaches a whole number of pixels far, 0 or more, not ${reach}.`);
  }
  const { width, height, data } = plane;
  const share = 1 / (2 * reach + 1) ** 2;
  const result = new Float32Array(data.length);
  // Of each column, the sum of the rows that the box covers; rows come in below and go out above.
  const columns = new Float64Array(width);
  const row = (y: number) => Math.min(Math.max(y, 0), height - 1) * width;
  for (let k = -reach; k <= reach; k++) shift(columns, data, row(k), -1);
  for (let y = 0; y < height; y++) {
    if (y > 0) shift(columns, data, row(y + reach), row(y - 1 - reach));
    along(columns, reach, share, result, y * width);
  }
  return { width, height, data: result };
}

/** Adds a row to the columns' sums and, unless it is -1, takes one off. */
function shift(columns: Float64Array, data: Uint8Array | Float32Array, added: number, taken: number): void {
  for (let x = 0; x < columns.length; x++) columns[x] = (columns[x] as number) + (data[added + x] as number);
  if (taken < 0) return;
  for (let x = 0; x < columns.length; x++) columns[x] = (columns[x] as number) - (data[taken + x] as number);
}

function along(columns: Float64Array, reach: number, share: number, result: Float32Array, start: number): void {
  const last = columns.length - 1;
  let sum = (reach + 1) * (columns[0] as number);
  for (let k = 1; k <= reach; k++) sum += columns[Math.min(k, last)] as number;
  for (let x = 0; x <= last; x++) {
    result[start + x] = sum * share;
    sum += (columns[Math.min(x + 1 + reach, last)] as number) - (columns[Math.max(x - reach, 0)] as number);
  }
}
