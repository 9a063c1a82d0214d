import type { Pixels } from "../core/pixels.ts";
import { floatKernel, mirrored, mirroredEnds } from "./kernel.ts";
import { giveRoom, layOut, type Room, takeRoom } from "./kernels.ts";
import { finished } from "./part.ts";
import type { FloatPlane, Plane } from "./plane.ts";

// The Gaussian of floats: direct sums of 32 bits with the kernel that OpenCV takes for floats. It sums up in another
// order, so that the two agree within 1e-4 of a level of 255, not to the bit.

/**
 * Where rows of a picture come from: each of the channels of row `y` into `room` at `to`, `pitch` bytes apart, as 32-bit
 * floats. At `spare` there is place for the row's bytes.
 */
export type RowLoader = (y: number, room: Room, to: number, pitch: number, spare: number) => void;

/** Where blurred rows go: one channel after the other, `width` numbers each. At `spare` is what the taker asked for. */
export type RowTaker = (y: number, row: Float32Array<ArrayBuffer>, room: Room, spare: number) => void;

/** Writes a table for `weigh`: pairs of addresses and their weights. */
export function writePair({ words, floats }: Room, entry: number, a: number, b: number, weight: number): void {
  words[entry / 4] = a;
  words[entry / 4 + 1] = b;
  floats[entry / 4 + 2] = weight;
}

/** The weights of pairs about a middle, which is a pair with itself. */
export function pairKernel(sigma: number): Float64Array {
  const kernel = floatKernel(sigma);
  kernel[0] = (kernel[0] as number) / 2;
  return kernel;
}

/**
 * Blurs a picture of `channels` channels and gives it row by row; `spare` bytes of the room are the taker's. Yields the
 * share done. Throws a `RangeError` for a sigma of 0 or less.
 */
export function* blurRows(
  width: number,
  height: number,
  channels: number,
  sigma: number,
  load: RowLoader,
  take: RowTaker,
  spare = 0,
): Generator<number, void, void> {
  const kernel = pairKernel(sigma);
  const taps = kernel.length;
  const reach = taps - 1;
  const linePitch = 4 * (width + 2 * reach + 32);
  const rowBytes = 4 * channels * width;
  const rowPitch = Math.ceil((rowBytes + 128) / 16) * 16;
  const held = Math.min(height, 2 * reach + 1);
  // Three rows at least: pixels are parted into red, green and blue at once.
  const { at, size } = layOut(
    3 * linePitch,
    held * rowPitch,
    rowBytes,
    4 * width,
    spare,
    channels * taps * 16,
    16 * taps,
  );
  const [lines, ring, out, pixels, own, along, down] = at;
  const room = takeRoom(size);
  try {
    const { floats, kernels } = room;
    const row = floats.subarray(out / 4, (out + rowBytes) / 4);
    const first = lines + 4 * reach;
    const rowAt = (y: number) => ring + (mirrored(y, height) % held) * rowPitch;
    kernel.forEach((weight, k) => {
      for (let c = 0; c < channels; c++) {
        const middle = first + c * linePitch;
        writePair(room, along + 16 * (c * taps + k), middle - 4 * k, middle + 4 * k, weight);
      }
    });
    const ends = mirroredEnds(width, reach);
    let loaded = 0;
    const chunk = rowsAtOnce(width, channels, taps);
    for (let y = 0; y < height; y++) {
      for (; loaded <= Math.min(y + reach, height - 1); loaded++) {
        load(loaded, room, first, linePitch, pixels);
        for (let c = 0; c < channels; c++) {
          mirrorEnds(floats, (first + c * linePitch) / 4, width, ends);
          kernels.weigh(rowAt(loaded) + 4 * c * width, 4 * width, along + 16 * c * taps, taps);
        }
      }
      kernel.forEach((weight, k) => {
        writePair(room, down + 16 * k, rowAt(y - k), rowAt(y + k), weight);
      });
      kernels.weigh(out, rowBytes, down, taps);
      take(y, row, room, own);
      if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
    }
  } finally {
    giveRoom(room);
  }
}

/** How many rows are some milliseconds of work. */
export const rowsAtOnce = (width: number, channels: number, taps: number): number =>
  Math.max(1, Math.floor((1 << 21) / (width * channels * taps)));

function mirrorEnds(floats: Float32Array, line: number, width: number, ends: Int32Array): void {
  const reach = ends.length / 2;
  for (let k = 0; k < reach; k++) {
    floats[line - 1 - k] = floats[line + (ends[k] as number)] as number;
    floats[line + width + k] = floats[line + (ends[reach + k] as number)] as number;
  }
}

/** Loads rows of pixels as planes: red, green and blue. */
export const channelRows = ({ width, data }: Pixels): RowLoader => {
  return (y, { bytes, kernels }, to, pitch, spare) => {
    bytes.set(data.subarray(4 * y * width, 4 * (y + 1) * width), spare);
    kernels.splitPixels(to, spare, width, pitch);
  };
};

/**
 * A plane blurred by a Gaussian: kernel of four sigmas, edges mirrored, as OpenCV's `GaussianBlur` does it with floats.
 * Throws a `RangeError` for a sigma of 0 or less.
 */
export function gaussian(plane: Plane | FloatPlane, sigma: number): FloatPlane {
  return finished(blurring(plane, sigma));
}

/** The work of `gaussian`: yields the share done every few milliseconds. */
export function* blurring(plane: Plane | FloatPlane, sigma: number): Generator<number, FloatPlane, void> {
  const { width, height, data } = plane;
  const result = new Float32Array(data.length);
  const load: RowLoader = (y, { floats }, to) => floats.set(data.subarray(y * width, (y + 1) * width), to / 4);
  yield* blurRows(width, height, 1, sigma, load, (y, row) => result.set(row, y * width));
  return { width, height, data: result };
}
