import type { Pixels } from "../core/pixels.ts";
import { type EdgeRoom, edgeRooms } from "./edge-kernels.ts";

/** The side of the square that a derivative looks at, in pixels. */
export type Aperture = 3 | 5 | 7;

/** How a gradient is measured. */
export interface GradientOptions {
  readonly aperture: Aperture;
  /** The size is `across² + down²` (not its root) instead of `|across| + |down|`. */
  readonly squared: boolean;
  /** `rgb`: in each pixel the channel that changes most; `grey`: the picture's luma. */
  readonly colours: "rgb" | "grey";
}

/** Where a gradient's row lies, by addresses in bytes. */
export interface GradientRow {
  /** The derivative from left to right, 16 bits a pixel. */
  readonly across: number;
  /** The derivative from top to bottom, 16 bits a pixel. */
  readonly down: number;
  /** How large the gradient is, 32 bits a pixel, with a zero before the first and behind the last. */
  readonly size: number;
}

/** A picture's gradient, row by row. */
export interface Gradient {
  /** Where its rows lie. */
  readonly room: EdgeRoom;
  /** As many bytes as were asked for, as an address: nobody else's. */
  readonly spare: number;
  /** What lies above and below the picture: sizes of 0. */
  readonly outside: GradientRow;
  /** Works out row `y`. Rows are asked for in order, from 0; the last three are there. */
  row(y: number): GradientRow;
  /** Gives the room back. */
  close(): void;
}

/**
 * Sobel's kernels, by how far from the middle: a binomial row smooths one way (1 2 1; 1 4 6 4 1; 1 6 15 20 15 6 1), the
 * difference of a shorter one derives the other way (-1 0 1; -1 -2 0 2 1; -1 -4 -5 0 5 4 1). Each entry is a pair about the
 * middle, with the weight of its sum and of its difference; the middle is a pair with itself.
 */
const pairs: { readonly [A in Aperture]: readonly (readonly [far: number, smooths: number, derives: number])[] } = {
  3: [
    [1, 1, 1],
    [0, 1, 0],
  ],
  5: [
    [2, 1, 1],
    [1, 4, 2],
    [0, 3, 0],
  ],
  7: [
    [3, 1, 1],
    [2, 6, 4],
    [1, 15, 5],
    [0, 10, 0],
  ],
};

/** Bytes before the first pixel of a row and behind the last: the edge that repeats, and a loop's whole groups. */
const margin = 16;

/** The most bytes of a room: addresses have 31 bits. Enough for rows of some 20 million pixels. */
const largest = 2 ** 31 - 1;

/** How many rows stay: one, and those above and below it. */
const kept = 3;

/**
 * Opens the gradient of a picture: Sobel's derivatives over an edge that repeats. In colour they are taken in each of red,
 * green and blue, and in each pixel those of the channel with the largest gradient count, the first of equals. Only as many
 * rows as the aperture are unpacked at a time, whatever the picture's size. With aperture 7 the derivatives are divided by
 * 16 and rounded, halves to even, as OpenCV's Canny does; so they stay within 16 bits, and the sum of two does. Alpha is
 * not looked at. Whoever opens it closes it; `spare` bytes are kept for what is made of it. Throws
 * a `RangeError` for rows that are too long.
 */
export function openGradient(source: Pixels, options: GradientOptions, spare: number = 0): Gradient {
  const { width, height, data } = source;
  const { aperture, squared, colours } = options;
  const weights = pairs[aperture];
  const reach = aperture >> 1;
  const planes = colours === "grey" ? 1 : 3;
  const pitch = Math.ceil((width + 2 * margin) / 16) * 16;
  const span = planes * pitch;

  let size = 64;
  const place = (length: number): number => {
    const at = size;
    size += Math.ceil((length + 64) / 16) * 16;
    return at;
  };
  const pixels = place(4 * width);
  const ring = Array.from({ length: aperture }, () => ({ at: place(span), y: -1 }));
  const [smoothed, changed] = [place(2 * span), place(2 * span)];
  // The derivatives of all channels, of which the strongest is taken.
  const [allAcross, allDown] = [place(2 * span), place(2 * span)];
  const [columnTable, rowTable] = [place(16 * weights.length), place(16 * weights.length)];
  const rows = Array.from({ length: kept + 1 }, () => ({
    across: place(2 * width),
    down: place(2 * width),
    size: place(4 * width + 32) + 16,
  }));
  const spareAt = place(spare);

  if (size > largest) {
    throw new RangeError(
      `source: the rows of a picture of ${width}x${height} are too long to find edges in. Cut it into parts.`,
    );
  }
  const room = edgeRooms.take(size);
  const { bytes, words, kernels } = room;
  const outside = rows[kept] as GradientRow;
  words.fill(0, (outside.size >> 2) - 4, (outside.size >> 2) + width + 16);
  weights.forEach(([far, smooths, derives], k) => {
    for (const table of [columnTable, rowTable]) words.set([-2 * far, 2 * far, smooths, derives], (table >> 2) + 4 * k);
  });

  const load = (wanted: number): number => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % aperture] as (typeof ring)[number];
    if (row.y === y) return row.at;
    row.y = y;
    bytes.set(data.subarray(4 * y * width, 4 * (y + 1) * width), pixels);
    const first = row.at + margin;
    if (planes === 1) kernels.lumaPixels(first, pixels, width);
    else kernels.splitPixels(first, pixels, width, pitch);
    for (let start = first; start < row.at + span; start += pitch) {
      const end = start + width;
      for (let k = 1; k <= reach; k++) bytes[start - k] = bytes[start] as number;
      for (let k = 0; k < reach; k++) bytes[end + k] = bytes[end - 1] as number;
    }
    return row.at;
  };

  const derive = aperture === 7 ? kernels.alongSixteenths : kernels.along;
  const n = weights.length;
  return {
    room,
    outside,
    spare: spareAt,
    row(y) {
      for (let k = 0, entry = columnTable >> 2; k < n; k++, entry += 4) {
        // In order from above, so that no row is taken out of the ring before it was looked at.
        words[entry] = load(y - reach + k);
      }
      for (let k = n - 1, entry = (columnTable >> 2) + 4 * k; k >= 0; k--, entry -= 4) {
        words[entry + 1] = load(y + reach - k);
      }
      kernels.columns(smoothed, changed, span, columnTable, n);
      derive(allAcross, allDown, smoothed + 2 * margin, changed + 2 * margin, span - margin, rowTable, n);
      const row = rows[y % kept] as GradientRow;
      kernels.strongest(row.across, row.down, row.size, allAcross, allDown, 2 * pitch, planes, width, squared ? 1 : 0);
      words[(row.size >> 2) - 1] = 0;
      words[(row.size >> 2) + width] = 0;
      return row;
    },
    close: () => edgeRooms.give(room),
  };
}
