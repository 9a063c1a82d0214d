import { blendKernelBytes } from "./blend-kernels-bytes.ts";
import { plainBlendKernels } from "./blend-kernels-plain.ts";
import { openRooms, type Rooms } from "./room.ts";

// The inner loops of the Gaussian that does not reach far (blur-near.ts): as WebAssembly (blend-kernels.wat), and in
// TypeScript where there is none of it or a page's policy forbids it. Both give the same bytes. A module of its own, since
// one must be small to be compiled at once on any thread.

/**
 * Loops over a room's memory. `to`, `from` and the like are addresses in bytes; a `table` has `n` entries of 16 bytes. All
 * run in whole groups of up to 128 bytes beyond what is counted.
 */
export interface BlendKernels {
  /** Red, green and blue of pixels as 16 bits, three a pixel. */
  widenPixels(to: number, from: number, count: number): void;
  /** Bytes as 16 bits. */
  widenLevels(to: number, from: number, count: number): void;
  /** The other way: pixels from three bytes each, with `ones` set in each. */
  spreadPixels(to: number, from: number, count: number, ones: number): void;
  /**
   * Blends the places of two rows of 16 bits with their neighbours: `weight` of each place, and of each further entry
   * `weight * (at one side + at the other)`, less 2^15, modulo 2^16. Writes them woven: a number of one row, one of the
   * other. Entries: both sides in bytes, weight.
   */
  blendAlong(to: number, one: number, other: number, count: number, table: number, n: number): void;
  /**
   * Blends such woven rows to two rows of levels, in units of 2^16, halves upward; of each row the weights are 256 in
   * all. Entries: a woven row's address, the weights of its two rows for `one`, and those for `other`.
   */
  blendDown(one: number, other: number, count: number, table: number, n: number): void;
}

/** Where the blur takes its rooms from. */
export const blendRooms: Rooms<BlendKernels> = openRooms(blendKernelBytes, plainBlendKernels);
