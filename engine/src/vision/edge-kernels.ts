import { edgeKernelBytes } from "./edge-kernels-bytes.ts";
import { plainEdgeKernels } from "./edge-kernels-plain.ts";
import { openRooms, type Room, type Rooms } from "./room.ts";

// The inner loops of Canny's edges, row by row: as WebAssembly that takes 16 pixels at a time (edge-kernels.wat), and in
// TypeScript where there is none of it or a page's policy forbids it. Both give the same bits. Apart from the loops of the
// other filters, which are loaded on use: this is the condition that is always there.

/**
 * Loops over a room's memory. `to`, `from` and the like are addresses in bytes; a `table` has `n` entries of four 32-bit
 * words. All run in whole groups of up to 64 bytes beyond what is counted.
 */
export interface EdgeKernels {
  /** Red, green and blue of pixels as bytes in rows that lie `pitch` bytes apart. */
  splitPixels(to: number, from: number, count: number, pitch: number): void;
  /** OpenCV's luma since 4, as bytes: 0.299 red, 0.587 green, 0.114 blue in steps of 1/32768. */
  lumaPixels(to: number, from: number, count: number): void;
  /**
   * Weighs rows of bytes, in pairs about the middle: `smoothed` gets the sum of `weight * (a + b)`, `changed` that of
   * `other * (b - a)`, of 16 bits each. Entries: addresses of a and b, weight, other weight.
   */
  columns(smoothed: number, changed: number, count: number, table: number, n: number): void;
  /**
   * The same along a row: `across` gets the sum of `other * (b - a)` over what is smoothed, `down` that of
   * `weight * (a + b)` over what changed, of 16 bits each. Entries: a's and b's distance in bytes, weight, other weight.
   */
  along(across: number, down: number, smoothed: number, changed: number, count: number, table: number, n: number): void;
  /** The same in sixteenths, summed in 32 bits and rounded, halves to even. */
  alongSixteenths: EdgeKernels["along"];
  /**
   * Takes from `planes` rows of derivatives, `pitch` bytes apart, in each place the pair with the largest size, the first
   * of equals: the sum of squares or of absolute values. Sizes have 32 bits, the rest 16.
   */
  strongest(
    across: number,
    down: number,
    sizes: number,
    fromAcross: number,
    fromDown: number,
    pitch: number,
    planes: number,
    count: number,
    squared: number,
  ): void;
  /**
   * One bit for each place, the first in the lowest: in `candidates` whether its size is above `low` and larger than both
   * neighbours' along its gradient, in `edges` whether it is above `high` too. `above`, `here` and `below` are rows of
   * sizes.
   */
  ridges(
    candidates: number,
    edges: number,
    across: number,
    down: number,
    above: number,
    here: number,
    below: number,
    count: number,
    low: number,
    high: number,
  ): void;
}

/** A memory with the loops of edges. */
export type EdgeRoom = Room<EdgeKernels>;

/** Where edges take their rooms from. */
export const edgeRooms: Rooms<EdgeKernels> = openRooms(edgeKernelBytes, plainEdgeKernels);
