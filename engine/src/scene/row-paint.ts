import type { Rgba } from "./colour.ts";

/** The colours of a row of the map. */
export interface RowPaint {
  /**
   * Writes the pixels of a row from `left` to before `right` to the start of `out`: red, green and blue times alpha, and
   * alpha, each from 0 to 65535.
   */
  row(y: number, left: number, right: number, out: Float32Array): void;
}

/** One colour for all of an area, as a row's pixels are. */
export type FlatPaint = readonly [red: number, green: number, blue: number, alpha: number];

/** A colour as its pixels are written: times alpha, and from 0 to 65535. */
export function flatPaint([red, green, blue, alpha]: Rgba): FlatPaint {
  return [red * alpha * 257, green * alpha * 257, blue * alpha * 257, alpha * 65535];
}
