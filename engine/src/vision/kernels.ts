import { kernelBytes } from "./kernels-bytes.ts";
import { plainKernels } from "./kernels-plain.ts";

// The inner loops of the filters, in a memory of their own: as WebAssembly that takes 16 bytes at a time (kernels.wat),
// and in TypeScript where there is none of it or a page's policy forbids it. Both give the same bytes. What a loop is
// for, and in which order rows go through it, is the filters' matter.

/**
 * Loops over a room's memory. `to`, `from` and the like are addresses in bytes; a `table` has `n` entries of 16 bytes. All
 * run in whole groups of up to 64 bytes beyond what is counted.
 */
export interface Kernels {
  /**
   * How weighted sums of bytes change from one place to the next: `to`, of 16 bits, gets the sum of
   * `weight * (from[ahead] - from[behind])` modulo 2^16. Entries: ahead and behind in bytes, weight.
   */
  slideBytes(to: number, from: number, count: number, table: number, n: number): void;
  /** Sums of 16 bits up to each place, four apart: pixels. The sum begins with the four that lie before `to`. */
  sumPixels(to: number, count: number): void;
  /** Sums of 16 bits up to each place; the sum begins with the one that lies before `to`. */
  sumLevels(to: number, count: number): void;
  /**
   * Slides `count` sums of 32 bits down the columns of rows of signed 16 bits, and writes each, without its lower 16
   * bits, as a level; `ones` is set in each four of them. Entries: a row's address, another's, weight and, in the upper
   * half, its negative.
   */
  slideColumns(to: number, sums: number, count: number, table: number, n: number, ones: number): void;
  /**
   * Weighs four neighbouring pixels to three sums a pixel, less 2^18, each as its lowest four bits and, in the upper
   * half, the rest. Entries: the first pixel's place in bytes, four weights of 16 bits.
   */
  tapPixels(to: number, from: number, table: number, count: number): void;
  /**
   * Weighs four rows of such sums to `count` pixels, in units of 2^22, halves to even; `ones` is set in each of them.
   * `rows`: four addresses; for each, -1 and -16 times its weight; 2^18 times all weights.
   */
  tapRows(to: number, rows: number, count: number, ones: number): void;
  /**
   * Pixels from between four of a picture of `width` x `height` at `from`, which has a row more than that: each from the
   * nearest place in units of 1/256, `xs` and `ys` being its 32-bit floats, which are held within the picture.
   */
  samplePixels(
    to: number,
    from: number,
    width: number,
    height: number,
    xs: number,
    ys: number,
    count: number,
    ones: number,
  ): void;
  /** Words `above` for pixels of which red, green and blue are above `level`, and `below` for all others. */
  partPixels(to: number, from: number, count: number, level: number, above: number, below: number): void;
  /** Negatives of pixels: alpha stays. */
  invertPixels(to: number, from: number, count: number): void;
  /** Opaque grays as bright as each pixel's strongest channel. */
  highestPixels(to: number, from: number, count: number): void;
  /** Adds bytes to sums of 16 bits. */
  addBytes(to: number, from: number, count: number): void;
  /** Pixels from sums of 16 bits: `ratio` of them summed, times `scale`, plus `tie`, in 32-bit floats, halves to even. */
  foldPixels(to: number, from: number, count: number, ratio: number, scale: number, tie: number, ones: number): void;
  /** Sums of `weight * (a + b)` in 32-bit floats, entry after entry, for `count` bytes. Entries: addresses of a and b, weight. */
  weigh(to: number, count: number, table: number, n: number): void;
  /** Red, green and blue of pixels as 32-bit floats in rows that lie `pitch` bytes apart. */
  splitPixels(to: number, from: number, count: number, pitch: number): void;
  /** Every second 32-bit float and those between apart; `count` bytes of each. */
  unweave(even: number, odd: number, from: number, count: number): void;
  /** The other way round. */
  weave(to: number, even: number, odd: number, count: number): void;
  /**
   * How far three rows of floats, `pitch` bytes apart, lie below three others that are `apart` bytes apart: the least of
   * the three differences, or 0. A pitch of 0 takes one row for all.
   */
  darker(to: number, above: number, apart: number, below: number, pitch: number, count: number): void;
}

/** A memory and the loops over it. What a filter does not write there is what the last one left. */
export interface Room {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly shorts: Int16Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
}

/** How much a page of WebAssembly's memory holds. */
const page = 1 << 16;

/** What is kept for the next filter: not more rooms than run at once, and none that is large. */
const [mostRooms, largest] = [2, 1 << 23];

let idle: Room[] = [];
let compiled: WebAssembly.Module | null | undefined;

/** The module; null where it cannot run. It is small enough to be compiled at once on any thread. */
function module(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(Uint8Array.from(atob(kernelBytes), (sign) => sign.charCodeAt(0)));
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/** Takes a room of at least `size` bytes. Whoever takes it gives it back. */
export function takeRoom(size: number): Room {
  const fit = idle.find(({ bytes }) => bytes.length >= size);
  if (fit) {
    idle = idle.filter((room) => room !== fit);
    return fit;
  }
  return madeRoom(Math.ceil(size / page));
}

/** Gives a room back, for the next one. */
export function giveRoom(room: Room): void {
  if (room.bytes.length > largest) return;
  idle = [room, ...idle].sort((a, b) => b.bytes.length - a.bytes.length).slice(0, mostRooms);
}

function madeRoom(pages: number): Room {
  const runnable = module();
  const memory = runnable && memoryOf(pages);
  if (!memory) {
    const views = viewsOf(new ArrayBuffer(pages * page));
    return { ...views, kernels: plainKernels(views) };
  }
  const { exports } = new WebAssembly.Instance(runnable, { room: { memory } });
  return { ...viewsOf(memory.buffer as ArrayBuffer), kernels: exports as unknown as Kernels };
}

/** Memory for the module; null where the engine has no address space left for one, since each takes far more than it holds. */
function memoryOf(pages: number): WebAssembly.Memory | null {
  try {
    return new WebAssembly.Memory({ initial: pages });
  } catch {
    return null;
  }
}

const viewsOf = (buffer: ArrayBuffer): Omit<Room, "kernels"> => ({
  bytes: new Uint8Array(buffer),
  shorts: new Int16Array(buffer),
  words: new Int32Array(buffer),
  floats: new Float32Array(buffer),
});

/** Places for blocks of the given sizes in bytes, each with room for the groups of a loop behind it, and where they end. */
export function layOut<const Sizes extends readonly number[]>(
  ...sizes: Sizes
): { readonly at: { readonly [K in keyof Sizes]: number }; readonly size: number } {
  let size = 64;
  const at = sizes.map((bytes) => {
    const place = size;
    size += Math.ceil((bytes + 128) / 16) * 16;
    return place;
  });
  return { at: at as unknown as { readonly [K in keyof Sizes]: number }, size };
}

/** Alpha's byte in the word of a pixel: what makes it opaque. */
export const alphaOnes: number = 0xff000000 | 0;
