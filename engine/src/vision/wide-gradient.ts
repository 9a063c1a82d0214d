import type { Pixels } from "../core/pixels.ts";
import type { GradientOptions, GradientRow, GradientRows } from "./gradient.ts";
import { repeatEdge, unpackLuma } from "./luma.ts";

// Sobel's kernels: a binomial row smooths one way, the difference of a shorter one derives the other way. 5: 1 4 6 4 1 and
// -1 -2 0 2 1; 7: 1 6 15 20 15 6 1 and -1 -4 -5 0 5 4 1. Written out, since they are what the time is spent in.

/** The gradient by squares of 5x5 and 7x7: columns first, then along the row, channel by channel. */
export function wideRows(source: Pixels, { aperture, squared, colours }: GradientOptions): GradientRows {
  const { width, height } = source;
  const isSeven = aperture === 7;
  const reach = isSeven ? 3 : 2;
  const span = width + 2 * reach;
  const planes = colours === "grey" ? 1 : 3;
  const ring = Array.from({ length: 2 * reach + 1 }, () => ({
    channels: Array.from({ length: planes }, () => new Int32Array(span)),
    y: -1,
  }));
  const smoothed = new Int32Array(span);
  const changed = new Int32Array(span);
  const across = new Int32Array(width);
  const down = new Int32Array(width);
  const load = (wanted: number): readonly Int32Array[] => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % ring.length] as (typeof ring)[number];
    if (row.y !== y) {
      row.channels.forEach((into, channel) => {
        if (planes === 1) unpackLuma(source, y, reach, into);
        else unpackChannel(source, y, channel, reach, into);
      });
    }
    row.y = y;
    return row.channels;
  };
  return (y, into) => {
    const rows = ring.map((_, k) => load(y - reach + k));
    for (let channel = 0; channel < planes; channel++) {
      const [a, b, c, d, e, f, g] = rows.map((row) => row[channel]) as Int32Array[] as unknown as Rows;
      if (isSeven) {
        columnsOfSeven(a, b, c, d, e, f, g, smoothed, changed);
        alongSeven(smoothed, changed, across, down);
      } else {
        columnsOfFive(a, b, c, d, e, smoothed, changed);
        alongFive(smoothed, changed, across, down);
      }
      take(across, down, squared, channel === 0, into);
    }
  };
}

type Rows = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function unpackChannel({ width, data }: Pixels, y: number, channel: number, reach: number, row: Int32Array): void {
  for (let x = reach, i = y * width * 4 + channel; x < width + reach; x++, i += 4) row[x] = data[i] as number;
  repeatEdge(row, width, reach);
}

function columnsOfFive(
  a: Int32Array,
  b: Int32Array,
  c: Int32Array,
  d: Int32Array,
  e: Int32Array,
  smoothed: Int32Array,
  changed: Int32Array,
): void {
  for (let x = 0; x < smoothed.length; x++) {
    const [first, second, fourth, fifth] = [a[x] as number, b[x] as number, d[x] as number, e[x] as number];
    smoothed[x] = (first + fifth + 4 * (second + fourth) + 6 * (c[x] as number)) | 0;
    changed[x] = (fifth - first + 2 * (fourth - second)) | 0;
  }
}

function alongFive(smoothed: Int32Array, changed: Int32Array, across: Int32Array, down: Int32Array): void {
  for (let x = 0; x < across.length; x++) {
    across[x] =
      ((smoothed[x + 4] as number) -
        (smoothed[x] as number) +
        2 * ((smoothed[x + 3] as number) - (smoothed[x + 1] as number))) |
      0;
    down[x] =
      ((changed[x + 4] as number) +
        (changed[x] as number) +
        4 * ((changed[x + 3] as number) + (changed[x + 1] as number)) +
        6 * (changed[x + 2] as number)) |
      0;
  }
}

function columnsOfSeven(
  a: Int32Array,
  b: Int32Array,
  c: Int32Array,
  d: Int32Array,
  e: Int32Array,
  f: Int32Array,
  g: Int32Array,
  smoothed: Int32Array,
  changed: Int32Array,
): void {
  for (let x = 0; x < smoothed.length; x++) {
    const [first, second, third] = [a[x] as number, b[x] as number, c[x] as number];
    const [fifth, sixth, seventh] = [e[x] as number, f[x] as number, g[x] as number];
    smoothed[x] = (first + seventh + 6 * (second + sixth) + 15 * (third + fifth) + 20 * (d[x] as number)) | 0;
    changed[x] = (seventh - first + 4 * (sixth - second) + 5 * (fifth - third)) | 0;
  }
}

/** With the sixteenths that OpenCV's Canny takes, so that its derivatives stay within 16 bits. */
function alongSeven(smoothed: Int32Array, changed: Int32Array, across: Int32Array, down: Int32Array): void {
  for (let x = 0; x < across.length; x++) {
    across[x] = sixteenth(
      ((smoothed[x + 6] as number) -
        (smoothed[x] as number) +
        4 * ((smoothed[x + 5] as number) - (smoothed[x + 1] as number)) +
        5 * ((smoothed[x + 4] as number) - (smoothed[x + 2] as number))) |
        0,
    );
    down[x] = sixteenth(
      ((changed[x + 6] as number) +
        (changed[x] as number) +
        6 * ((changed[x + 5] as number) + (changed[x + 1] as number)) +
        15 * ((changed[x + 4] as number) + (changed[x + 2] as number)) +
        20 * (changed[x + 3] as number)) |
        0,
    );
  }
}

/** An integer divided by 16 and rounded, halves to even. */
function sixteenth(value: number): number {
  // Half a sixteenth less one lifts all but halves; a half is lifted where the whole part is odd.
  return (value + 7 + ((value >> 4) & 1)) >> 4;
}

/** Takes a channel's derivatives where they are larger than what stands there; the first channel's everywhere. */
function take(
  fromAcross: Int32Array,
  fromDown: Int32Array,
  squared: boolean,
  first: boolean,
  { across, down, size }: GradientRow,
): void {
  for (let x = 0; x < across.length; x++) {
    const dx = fromAcross[x] as number;
    const dy = fromDown[x] as number;
    const length = squared ? (Math.imul(dx, dx) + Math.imul(dy, dy)) | 0 : (Math.abs(dx) + Math.abs(dy)) | 0;
    const before = first ? -1 : (size[x + 1] as number);
    const isLonger = (before - length) >> 31;
    across[x] = ((across[x] as number) & ~isLonger) | (dx & isLonger);
    down[x] = ((down[x] as number) & ~isLonger) | (dy & isLonger);
    size[x + 1] = (before & ~isLonger) | (length & isLonger);
  }
}
