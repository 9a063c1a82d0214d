import type { Pixels } from "../core/pixels.ts";
import { blend, type Matte, matteColour } from "./matte.ts";

/** The side of the square that a derivative looks at, in pixels. */
export type Aperture = 3 | 5 | 7;

/** How a gradient is measured. */
export interface GradientOptions {
  readonly aperture: Aperture;
  /** The size is `across² + down²` (not its root) instead of `|across| + |down|`. */
  readonly squared: boolean;
  /** The ground under transparent pixels. */
  readonly matte: Matte;
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
 * Opens the gradient of a colour picture, row by row: Sobel's derivatives in each of red, green and blue over an edge
 * that repeats, and in each pixel those of the channel with the largest gradient, the first of equals. Only as many rows
 * as the aperture are unpacked at a time, whatever the picture's size. With aperture 7 the derivatives are divided by 16
 * and rounded, halves to even, as OpenCV's Canny does to stay within 16 bits.
 */
export function gradientRows(source: Pixels, options: GradientOptions): GradientRows {
  return options.aperture === 3 ? narrowRows(source, options) : wideRows(source, options);
}

/**
 * 3x3, the usual case, written for speed. Red and blue go through the sums together, 16 bits each in one integer:
 * the sums are linear and stay within ±1020, so the lower half can be read back with its sign and taken off the upper.
 */
function narrowRows(source: Pixels, { squared, matte }: GradientOptions): GradientRows {
  const { width, height } = source;
  const ring = [0, 1, 2].map(() => ({ redBlue: new Int32Array(width + 2), green: new Int32Array(width + 2), y: -1 }));
  const load = (wanted: number) => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % 3] as (typeof ring)[number];
    if (row.y !== y) {
      unpack(source, y, matte, 1, (x, red, green, blue) => {
        row.redBlue[x] = red | (blue << 16);
        row.green[x] = green;
      });
      row.y = y;
    }
    return row;
  };
  return (y, into) => {
    const rows = [load(y - 1), load(y), load(y + 1)] as const;
    narrowRow(
      rows[0].redBlue,
      rows[1].redBlue,
      rows[2].redBlue,
      rows[0].green,
      rows[1].green,
      rows[2].green,
      squared,
      into,
    );
  };
}

function narrowRow(
  redBlueAbove: Int32Array,
  redBlueHere: Int32Array,
  redBlueBelow: Int32Array,
  greenAbove: Int32Array,
  greenHere: Int32Array,
  greenBelow: Int32Array,
  squared: boolean,
  { across, down, size }: GradientRow,
): void {
  // Three columns slide along the row, each as its smoothed sum and its difference: of red and blue (p), of green (g).
  let [pSmooth0, pChange0, gSmooth0, gChange0] = [0, 0, 0, 0];
  let [pSmooth1, pChange1, gSmooth1, gChange1] = [0, 0, 0, 0];
  for (let column = 0; column < redBlueHere.length; column++) {
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
      let dx = (px << 16) >> 16;
      let dy = (py << 16) >> 16;
      const bx = (px - dx) >> 16;
      const by = (py - dy) >> 16;
      const gx = (gSmooth2 - gSmooth0) | 0;
      const gy = (gChange0 + 2 * gChange1 + gChange2) | 0;
      let most = squared ? dx * dx + dy * dy : Math.abs(dx) + Math.abs(dy);
      const green = squared ? gx * gx + gy * gy : Math.abs(gx) + Math.abs(gy);
      const blue = squared ? bx * bx + by * by : Math.abs(bx) + Math.abs(by);
      if (green > most) {
        most = green;
        dx = gx;
        dy = gy;
      }
      if (blue > most) {
        most = blue;
        dx = bx;
        dy = by;
      }
      across[x] = dx;
      down[x] = dy;
      size[x + 1] = most;
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

/** Sobel's kernels: a binomial row smooths one way, the difference of a shorter one derives the other way. */
const kernels = {
  5: { smooth: [1, 4, 6, 4, 1], change: [-1, -2, 0, 2, 1] },
  7: { smooth: [1, 6, 15, 20, 15, 6, 1], change: [-1, -4, -5, 0, 5, 4, 1] },
} as const;

/** 5x5 and 7x7, plainly: columns first, then along the row, channel by channel. */
function wideRows(source: Pixels, { aperture, squared, matte }: GradientOptions): GradientRows {
  const { width, height } = source;
  const reach = aperture >> 1;
  const span = width + 2 * reach;
  const { smooth, change } = kernels[aperture === 7 ? 7 : 5];
  const ring = Array.from({ length: aperture }, () => ({ channels: new Int32Array(3 * span), y: -1 }));
  const smoothed = new Int32Array(span);
  const changed = new Int32Array(span);
  const load = (wanted: number): Int32Array => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % aperture] as (typeof ring)[number];
    if (row.y !== y) {
      unpack(source, y, matte, reach, (x, red, green, blue) => {
        row.channels[x] = red;
        row.channels[span + x] = green;
        row.channels[2 * span + x] = blue;
      });
      row.y = y;
    }
    return row.channels;
  };
  return (y, { across, down, size }) => {
    const rows = Array.from({ length: aperture }, (_, k) => load(y - reach + k));
    for (let channel = 0; channel < 3; channel++) {
      smoothed.fill(0);
      changed.fill(0);
      rows.forEach((row, k) => {
        const [s, c] = [smooth[k] as number, change[k] as number];
        for (let x = 0, from = channel * span; x < span; x++, from++) {
          smoothed[x] = (smoothed[x] as number) + s * (row[from] as number);
          changed[x] = (changed[x] as number) + c * (row[from] as number);
        }
      });
      for (let x = 0; x < width; x++) {
        let [dx, dy] = [0, 0];
        for (let k = 0; k < aperture; k++) {
          dx += (change[k] as number) * (smoothed[x + k] as number);
          dy += (smooth[k] as number) * (changed[x + k] as number);
        }
        if (aperture === 7) [dx, dy] = [sixteenth(dx), sixteenth(dy)];
        const length = squared ? dx * dx + dy * dy : Math.abs(dx) + Math.abs(dy);
        if (channel > 0 && length <= (size[x + 1] as number)) continue;
        across[x] = dx;
        down[x] = dy;
        size[x + 1] = length;
      }
    }
  };
}

/** An integer divided by 16 and rounded, halves to even. */
function sixteenth(value: number): number {
  const floor = value >> 4;
  const rest = value & 15;
  return rest > 8 || (rest === 8 && (floor & 1) === 1) ? floor + 1 : floor;
}

/** Hands out one row over the matte, with `reach` more pixels on either side that repeat the edge; x counts from there. */
function unpack(
  { width, data }: Pixels,
  y: number,
  matte: Matte,
  reach: number,
  put: (x: number, red: number, green: number, blue: number) => void,
): void {
  const [redGround, greenGround, blueGround] = matteColour(matte);
  for (let x = 0, i = y * width * 4; x < width; x++, i += 4) {
    const alpha = data[i + 3] as number;
    let red = data[i] as number;
    let green = data[i + 1] as number;
    let blue = data[i + 2] as number;
    if (alpha !== 255) {
      red = blend(red, alpha, redGround);
      green = blend(green, alpha, greenGround);
      blue = blend(blue, alpha, blueGround);
    }
    put(x + reach, red, green, blue);
    if (x === 0) for (let k = 0; k < reach; k++) put(k, red, green, blue);
    if (x === width - 1) for (let k = 0; k < reach; k++) put(width + reach + k, red, green, blue);
  }
}
