import type { Pixels } from "../core/pixels.ts";
import { unpackLuma } from "./luma.ts";
import { wideRows } from "./wide-gradient.ts";

/** The side of the square that a derivative looks at, in pixels. */
export type Aperture = 3 | 5 | 7;

/** How a gradient is measured. */
export interface GradientOptions {
  readonly aperture: Aperture;
  /** The size is `across² + down²` (not its root) instead of `|across| + |down|`. */
  readonly squared: boolean;
  /** `rgb`: in each pixel the channel that changes most; `grey`: the picture's luma. */
  readonly colours: "rgb" | "grey";
  /** Gradients that are not larger than this may be written as 0: nobody looks at them. 0 or more; 0 without it. */
  readonly floor?: number;
}

/** Where a gradient's row is written. */
export interface GradientRow {
  /** The derivative from left to right, `width` entries. */
  readonly across: Int32Array;
  /** The derivative from top to bottom, `width` entries. */
  readonly down: Int32Array;
  /** How large the gradient is, `width + 2` entries: the row with a zero at either end. */
  readonly size: Int32Array;
}

/** Writes row `y` of a gradient. Rows are asked for in order, from 0. */
export type GradientRows = (y: number, into: GradientRow) => void;

/**
 * Opens the gradient of a picture, row by row: Sobel's derivatives over an edge that repeats. In colour they are taken in
 * each of red, green and blue, and in each pixel those of the channel with the largest gradient count, the first of
 * equals. Only as many rows as the aperture are unpacked at a time, whatever the picture's size. With aperture 7 the
 * derivatives are divided by 16 and rounded, halves to even, as OpenCV's Canny does to stay within 16 bits. Alpha is not
 * looked at.
 */
export function gradientRows(source: Pixels, options: GradientOptions): GradientRows {
  if (options.aperture !== 3) return wideRows(source, options);
  return options.colours === "grey" ? greyRows(source, options.squared) : colourRows(source, options);
}

/**
 * 3x3 in colour, the usual case, written for speed. Red and blue go through the sums together, 16 bits each in one
 * integer: the sums are linear and stay within ±1020, so the lower half can be read back with its sign and taken off the
 * upper.
 */
function colourRows(source: Pixels, { squared, floor = 0 }: GradientOptions): GradientRows {
  const { width, height, data } = source;
  const ring = [0, 1, 2].map(() => ({ redBlue: new Int32Array(width + 2), green: new Int32Array(width + 2), y: -1 }));
  const load = (wanted: number) => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % 3] as (typeof ring)[number];
    if (row.y !== y) unpackPairs(data, y * width * 4, row.redBlue, row.green);
    row.y = y;
    return row;
  };
  // Where no derivative is larger than this, no gradient is larger than the floor. It fits a lane of 15 bits.
  const flat = Math.min(Math.floor(squared ? Math.sqrt(floor / 2) : floor / 2), 2048);
  return (y, into) => {
    const [above, here, below] = [load(y - 1), load(y), load(y + 1)];
    colourRow(above.redBlue, here.redBlue, below.redBlue, above.green, here.green, below.green, squared, flat, into);
  };
}

/** One row, with one more pixel on either side that repeats the edge: red and blue in one integer, and green. */
function unpackPairs(data: Uint8ClampedArray, start: number, redBlue: Int32Array, green: Int32Array): void {
  const last = redBlue.length - 1;
  for (let x = 1, i = start; x < last; x++, i += 4) {
    redBlue[x] = (data[i] as number) | ((data[i + 2] as number) << 16);
    green[x] = data[i + 1] as number;
  }
  redBlue[0] = redBlue[1] as number;
  green[0] = green[1] as number;
  redBlue[last] = redBlue[last - 1] as number;
  green[last] = green[last - 1] as number;
}

function colourRow(
  redBlueAbove: Int32Array,
  redBlueHere: Int32Array,
  redBlueBelow: Int32Array,
  greenAbove: Int32Array,
  greenHere: Int32Array,
  greenBelow: Int32Array,
  squared: boolean,
  flat: number,
  { across, down, size }: GradientRow,
): void {
  // Three columns slide along the row, each as its smoothed sum and its difference: of red and blue (p), of green (g).
  let [pSmooth0, pChange0, gSmooth0, gChange0] = [0, 0, 0, 0];
  let [pSmooth1, pChange1, gSmooth1, gChange1] = [0, 0, 0, 0];
  const length = redBlueHere.length;
  const lift = flat | (flat << 16);
  const twice = 2 * lift;
  for (let column = 0; column < length; column++) {
    const pAbove = redBlueAbove[column] as number;
    const pBelow = redBlueBelow[column] as number;
    const gAbove = greenAbove[column] as number;
    const gBelow = greenBelow[column] as number;
    const pSmooth2 = (pAbove + 2 * (redBlueHere[column] as number) + pBelow) | 0;
    const gSmooth2 = (gAbove + 2 * (greenHere[column] as number) + gBelow) | 0;
    const pChange2 = (pBelow - pAbove) | 0;
    const gChange2 = (gBelow - gAbove) | 0;
    if (column >= 2) {
      const x = column - 2;
      const px = (pSmooth2 - pSmooth0) | 0;
      const py = (pChange0 + 2 * pChange1 + pChange2) | 0;
      const gx = (gSmooth2 - gSmooth0) | 0;
      const gy = (gChange0 + 2 * gChange1 + gChange2) | 0;
      // Most of a picture is flat, which is seen in all lanes at once: lifted by `flat` none is below 0 or above twice
      // that. A lane that is borrows from the next one, but has set its own upper bit by then.
      const pxUp = (px + lift) | 0;
      const pyUp = (py + lift) | 0;
      const gxUp = (gx + flat) | 0;
      const gyUp = (gy + flat) | 0;
      const isOver =
        ((pxUp | (twice - pxUp) | pyUp | (twice - pyUp)) & 0x80008000) |
        ((gxUp | (2 * flat - gxUp) | gyUp | (2 * flat - gyUp)) & 0x80000000);
      if (isOver === 0) {
        across[x] = 0;
        down[x] = 0;
        size[x + 1] = 0;
      } else {
        let dx = (px << 16) >> 16;
        let dy = (py << 16) >> 16;
        const bx = (px - dx) >> 16;
        const by = (py - dy) >> 16;
        let most = squared ? (Math.imul(dx, dx) + Math.imul(dy, dy)) | 0 : (Math.abs(dx) + Math.abs(dy)) | 0;
        const green = squared ? (Math.imul(gx, gx) + Math.imul(gy, gy)) | 0 : (Math.abs(gx) + Math.abs(gy)) | 0;
        const blue = squared ? (Math.imul(bx, bx) + Math.imul(by, by)) | 0 : (Math.abs(bx) + Math.abs(by)) | 0;
        // Which channel wins is noise in most pictures: taken by masks, since a guessed branch costs more than the sums.
        const isGreen = (most - green) >> 31;
        most ^= (most ^ green) & isGreen;
        dx ^= (dx ^ gx) & isGreen;
        dy ^= (dy ^ gy) & isGreen;
        const isBlue = (most - blue) >> 31;
        most ^= (most ^ blue) & isBlue;
        dx ^= (dx ^ bx) & isBlue;
        dy ^= (dy ^ by) & isBlue;
        across[x] = dx;
        down[x] = dy;
        size[x + 1] = most;
      }
    }
    pSmooth0 = pSmooth1;
    pChange0 = pChange1;
    gSmooth0 = gSmooth1;
    gChange0 = gChange1;
    pSmooth1 = pSmooth2;
    pChange1 = pChange2;
    gSmooth1 = gSmooth2;
    gChange1 = gChange2;
  }
}

/** 3x3 on the luma. */
function greyRows(source: Pixels, squared: boolean): GradientRows {
  const { width, height } = source;
  const ring = [0, 1, 2].map(() => ({ luma: new Int32Array(width + 2), y: -1 }));
  const load = (wanted: number) => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % 3] as (typeof ring)[number];
    if (row.y !== y) unpackLuma(source, y, 1, row.luma);
    row.y = y;
    return row.luma;
  };
  return (y, into) => greyRow(load(y - 1), load(y), load(y + 1), squared, into);
}

function greyRow(
  rowAbove: Int32Array,
  rowHere: Int32Array,
  rowBelow: Int32Array,
  squared: boolean,
  { across, down, size }: GradientRow,
): void {
  let [smooth0, change0, smooth1, change1] = [0, 0, 0, 0];
  const length = rowHere.length;
  for (let column = 0; column < length; column++) {
    const above = rowAbove[column] as number;
    const below = rowBelow[column] as number;
    const smooth2 = (above + 2 * (rowHere[column] as number) + below) | 0;
    const change2 = (below - above) | 0;
    if (column >= 2) {
      const dx = (smooth2 - smooth0) | 0;
      const dy = (change0 + 2 * change1 + change2) | 0;
      across[column - 2] = dx;
      down[column - 2] = dy;
      size[column - 1] = squared ? (Math.imul(dx, dx) + Math.imul(dy, dy)) | 0 : (Math.abs(dx) + Math.abs(dy)) | 0;
    }
    smooth0 = smooth1;
    change0 = change1;
    smooth1 = smooth2;
    change1 = change2;
  }
}
