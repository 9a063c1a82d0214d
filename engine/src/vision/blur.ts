import type { Pixels } from "../core/pixels.ts";
import { blurNear, type RowLoad, type RowStore } from "./blur-near.ts";
import { byteKernel, mirrored, mirroredEnds } from "./kernel.ts";
import { alphaOnes, giveRoom, layOut, takeRoom } from "./kernels.ts";
import { opaquePixels } from "./matte.ts";
import { finished } from "./part.ts";
import type { Plane } from "./plane.ts";

// OpenCV's Gaussian of 8 bits, to the bit: whole weights of 1/256, rows first into 16 bits, then columns, rounded once.
// The weights are few and small, and neighbours are mostly alike. So a sum is not made anew for each pixel: it slides,
// and what changes from one pixel to the next is a pair of values for each place where the weights change.

/** What changes when a sum slides on by one: `weight * (value[ahead] - value[-1 - ahead])` for each. */
function slidesOf(kernel: Int32Array): readonly { readonly ahead: number; readonly weight: number }[] {
  return Array.from(kernel, (weight, ahead) => ({ ahead, weight: weight - (kernel[ahead + 1] ?? 0) })).filter(
    ({ weight }) => weight !== 0,
  );
}

/** True where it costs less, by measurement, to weigh all places of a kernel than to slide over them, alpha included. */
const isNear = (reach: number, slides: number, channels: 1 | 4): boolean =>
  (channels === 4 ? 3 : 4) * reach <= 5 * slides;

/** Blurs rows of `channels` bytes a pixel, which `load` and `store` carry in and out of the room. Yields the share done. */
function* blurRows(
  width: number,
  height: number,
  channels: 1 | 4,
  sigma: number,
  load: RowLoad,
  store: RowStore,
): Generator<number, void, void> {
  const kernel = byteKernel(sigma);
  const reach = kernel.length - 1;
  const slides = slidesOf(kernel);
  if (isNear(reach, slides.length, channels)) {
    yield* blurNear(width, height, channels, kernel, load, store);
    return;
  }
  const count = Math.ceil((width * channels) / 32) * 32;
  const before = Math.ceil(((reach + 1) * channels) / 16) * 16;
  // Rows are kept as 16 bits less 2^15, after room for the sum that each begins with.
  const pitch = 2 * count + 16;
  const held = Math.min(height, 2 * reach + 2);
  const { at, size } = layOut(
    before + count + (reach + 1) * channels,
    held * pitch,
    4 * count,
    count,
    16 * slides.length,
    16 * slides.length,
  );
  const [margin, ring, sums, out, along, down] = at;
  const room = takeRoom(size);
  try {
    const { bytes, shorts, words, kernels } = room;
    const line = margin + before;
    const ends = mirroredEnds(width, reach + 1);
    slides.forEach(({ ahead, weight }, k) => {
      words.set([ahead * channels, (-1 - ahead) * channels, weight], along / 4 + 4 * k);
      words[down / 4 + 4 * k + 2] = (weight & 0xffff) | (-weight << 16);
    });
    const rowAt = (y: number) => ring + 16 + (mirrored(y, height) % held) * pitch;
    let loaded = 0;
    const chunk = Math.max(1, Math.floor((1 << 19) / (width * channels)));
    for (let y = 0; y < height; y++) {
      for (; loaded <= Math.min(y + reach, height - 1); loaded++) {
        load(loaded, room, line);
        mirrorEnds(bytes, line, width, channels, ends);
        const to = rowAt(loaded);
        beginSum(bytes, line, channels, kernel, shorts, to);
        kernels.slideBytes(to, line, count, along, slides.length);
        if (channels === 4) kernels.sumPixels(to, count);
        else kernels.sumLevels(to, count);
      }
      if (y === 0) {
        wholeSums(words, sums / 4, count, shorts, rowAt, kernel);
        kernels.slideColumns(out, sums, count, down, 0, channels === 4 ? alphaOnes : 0);
      } else {
        for (let k = 0, to = down / 4; k < slides.length; k++, to += 4) {
          const { ahead } = slides[k] as { ahead: number };
          words[to] = rowAt(y + ahead);
          words[to + 1] = rowAt(y - 1 - ahead);
        }
        kernels.slideColumns(out, sums, count, down, slides.length, channels === 4 ? alphaOnes : 0);
      }
      store(y, room, out, 1);
      if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
    }
  } finally {
    giveRoom(room);
  }
}

/** Mirrors a row over its ends: one pixel more before it than is needed behind. */
function mirrorEnds(bytes: Uint8Array, line: number, width: number, channels: number, ends: Int32Array): void {
  const most = ends.length / 2;
  for (let k = 0; k < most; k++) {
    const [first, last] = [line + channels * (ends[k] as number), line + channels * (ends[most + k] as number)];
    const [before, behind] = [line - (k + 1) * channels, line + (width + k) * channels];
    for (let c = 0; c < channels; c++) {
      bytes[before + c] = bytes[first + c] as number;
      bytes[behind + c] = bytes[last + c] as number;
    }
  }
}

/** Writes the sums of the place before a row, less 2^15, before `to`. */
function beginSum(
  bytes: Uint8Array,
  line: number,
  channels: number,
  kernel: Int32Array,
  shorts: Int16Array,
  to: number,
): void {
  for (let c = 0; c < channels; c++) {
    const place = line - channels + c;
    let sum = (kernel[0] as number) * (bytes[place] as number) - 32768;
    for (let k = 1; k < kernel.length; k++) {
      const [behind, ahead] = [place - k * channels, place + k * channels];
      sum += (kernel[k] as number) * ((bytes[behind] as number) + (bytes[ahead] as number));
    }
    shorts[to / 2 - channels + c] = sum;
  }
}

/** The sums of the first row, with their rounding. */
function wholeSums(
  words: Int32Array,
  start: number,
  count: number,
  shorts: Int16Array,
  rowAt: (y: number) => number,
  kernel: Int32Array,
): void {
  words.fill(32768 + 2 ** 23, start, start + count);
  for (let k = 1 - kernel.length; k < kernel.length; k++) {
    const weight = kernel[Math.abs(k)] as number;
    const from = rowAt(k) / 2;
    for (let i = 0; i < count; i++) {
      words[start + i] = (words[start + i] as number) + weight * (shorts[from + i] as number);
    }
  }
}

/**
 * A picture blurred as OpenCV's `GaussianBlur` does it with 8 bits, bit for bit: kernel of three sigmas, edges mirrored.
 * Alpha is not looked at; the result is opaque. Yields the share done. Throws a `RangeError` for a sigma of 0 or less.
 */
export function* blur(source: Pixels, sigma: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const data = new Uint8ClampedArray(source.data.length);
  const pitch = 4 * width;
  const load: RowLoad = (y, { bytes }, to) => bytes.set(source.data.subarray(y * pitch, (y + 1) * pitch), to);
  const store: RowStore = (y, { bytes }, from, rows) => data.set(bytes.subarray(from, from + rows * pitch), y * pitch);
  yield* blurRows(width, height, 4, sigma, load, store);
  return opaquePixels(width, height, data);
}

/** A plane blurred likewise: `GaussianBlur` of 8 bits, bit for bit. */
export function blurredPlane(plane: Plane, sigma: number): Plane {
  return finished(planeBlurring(plane, sigma));
}

/** The work of `blurredPlane`: yields the share done every few milliseconds. */
export function* planeBlurring({ width, height, data }: Plane, sigma: number): Generator<number, Plane, void> {
  const result = new Uint8Array(data.length);
  const load: RowLoad = (y, { bytes }, to) => bytes.set(data.subarray(y * width, (y + 1) * width), to);
  const store: RowStore = (y, { bytes }, from, rows) =>
    result.set(bytes.subarray(from, from + rows * width), y * width);
  yield* blurRows(width, height, 1, sigma, load, store);
  return { width, height, data: result };
}
