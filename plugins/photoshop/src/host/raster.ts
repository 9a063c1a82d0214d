import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";

// Pixels in memory, between what Photoshop's imaging gives and takes and what the SDK means by a picture. No call of
// Photoshop is made here. UXP has neither ImageData nor a canvas that draws pictures, and its JavaScript runs on
// Photoshop's own thread: every loop over a picture gives the thread back between bands of rows.

/** Pixels as Photoshop's imaging gives them: 8 bits a channel, the channels of a pixel beside each other. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  /** 1: gray, 2: gray and alpha, 3: RGB, 4: RGB and alpha. */
  readonly components: number;
  readonly data: Uint8Array;
}

/** Pixels worked on between two pauses: some milliseconds. */
const BAND = 1 << 18;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Calls `work` for bands of rows and lets the application breathe in between. */
async function inBands(width: number, height: number, work: (from: number, to: number) => void): Promise<void> {
  const rows = Math.max(1, Math.floor(BAND / Math.max(1, width)));
  for (let from = 0; from < height; from += rows) {
    if (from > 0) await pause();
    work(from, Math.min(height, from + rows));
  }
}

/**
 * What Photoshop gave, in 8 bits: selections come in their document's depth whatever is asked for. 16 bits run from 0 to
 * 32768 there, and 32 bits from 0 to 1 with what is brighter or darker than that, which is cut.
 */
export function narrowed(data: Uint8Array | Uint16Array | Float32Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const full = data instanceof Uint16Array ? 32768 : 1;
  const bytes = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at++) bytes[at] = ((data[at] as number) * 255) / full;
  return new Uint8Array(bytes.buffer);
}

/** Samples as RGBA. Without an alpha channel they are opaque. */
export async function pixelsOf({ width, height, components, data }: Samples): Promise<Pixels> {
  const pixels = createPixels(width, height);
  const gray = components < 3;
  const alpha = components % 2 === 0;
  await inBands(width, height, (from, to) => {
    let read = from * width * components;
    for (let write = from * width * 4; write < to * width * 4; write += 4, read += components) {
      pixels.data[write] = data[read] as number;
      pixels.data[write + 1] = data[gray ? read : read + 1] as number;
      pixels.data[write + 2] = data[gray ? read : read + 2] as number;
      pixels.data[write + 3] = alpha ? (data[read + components - 1] as number) : 255;
    }
  });
  return pixels;
}

/** Samples of one channel as the alpha of black pixels. */
export async function alphaOf({ width, height, components, data }: Samples): Promise<Pixels> {
  const pixels = createPixels(width, height);
  await inBands(width, height, (from, to) => {
    for (let at = from * width; at < to * width; at++) pixels.data[at * 4 + 3] = data[at * components] as number;
  });
  return pixels;
}

/** The smallest and largest alpha. */
export async function alphaRange({ width, height, data }: Pixels): Promise<{ least: number; most: number }> {
  let [least, most] = [255, 0];
  await inBands(width, height, (from, to) => {
    for (let at = from * width * 4 + 3; at < to * width * 4; at += 4) {
      const alpha = data[at] as number;
      if (alpha < least) least = alpha;
      if (alpha > most) most = alpha;
    }
  });
  return { least, most };
}

/**
 * Draws a picture into a box of a transparent one and cuts it at the edge. Where the box has the picture's size and whole
 * coordinates, bytes are copied; otherwise it is scaled with a triangle as wide as the larger of the two pixels, weighted
 * by alpha.
 */
export async function drawn(
  source: Pixels,
  box: Rect,
  size: { readonly width: number; readonly height: number },
): Promise<Pixels> {
  const { width, height } = size;
  const whole = Number.isInteger(box.x) && Number.isInteger(box.y);
  const copied = whole && box.width === source.width && box.height === source.height;
  if (copied && box.x === 0 && box.y === 0 && width === source.width && height === source.height) return source;
  const into = createPixels(width, height);
  if (copied) {
    const [left, right] = [Math.max(0, box.x), Math.min(width, box.x + box.width)];
    const [top, bottom] = [Math.max(0, box.y), Math.min(height, box.y + box.height)];
    if (right <= left) return into;
    for (let y = top; y < bottom; y++) {
      const from = ((y - box.y) * source.width + left - box.x) * 4;
      into.data.set(source.data.subarray(from, from + (right - left) * 4), (y * width + left) * 4);
    }
    return into;
  }
  const across = taps(source.width, box.x, box.width, width);
  const down = taps(source.height, box.y, box.height, height);
  // First across, for the source's rows; colours multiplied by alpha, so that what is transparent has no colour to give.
  const rows = new Float32Array(width * source.height * 4);
  await inBands(width, source.height, (from, to) => {
    for (let y = from; y < to; y++) {
      for (let x = 0; x < width; x++) {
        const { first, weights } = across[x] as Taps;
        const write = (y * width + x) * 4;
        for (let tap = 0; tap < weights.length; tap++) {
          const read = (y * source.width + first + tap) * 4;
          const alpha = (weights[tap] as number) * (source.data[read + 3] as number);
          for (let c = 0; c < 3; c++) {
            rows[write + c] = (rows[write + c] as number) + alpha * (source.data[read + c] as number);
          }
          rows[write + 3] = (rows[write + 3] as number) + alpha;
        }
      }
    }
  });
  await inBands(width, height, (from, to) => {
    const sums = new Float64Array(4);
    for (let y = from; y < to; y++) {
      const { first, weights } = down[y] as Taps;
      for (let x = 0; x < width; x++) {
        sums.fill(0);
        for (let tap = 0; tap < weights.length; tap++) {
          const read = ((first + tap) * width + x) * 4;
          for (let c = 0; c < 4; c++)
            sums[c] = (sums[c] as number) + (weights[tap] as number) * (rows[read + c] as number);
        }
        const alpha = sums[3] as number;
        if (alpha <= 0) continue;
        const write = (y * width + x) * 4;
        for (let c = 0; c < 3; c++) into.data[write + c] = (sums[c] as number) / alpha;
        into.data[write + 3] = alpha;
      }
    }
  });
  return into;
}

/** The source's pixels that one pixel of the result is made of, and how much of each: the weights add up to 1. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each of `count` pixels: what it takes from `length` pixels that are laid over `extent` pixels from `start` on. */
function taps(length: number, start: number, extent: number, count: number): Taps[] {
  const scale = length / extent;
  const reach = Math.max(1, scale);
  return Array.from({ length: count }, (_, at) => {
    const middle = at + 0.5;
    if (middle < start || middle > start + extent) return { first: 0, weights: [] };
    const centre = (middle - start) * scale;
    const first = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(length, Math.ceil(centre + reach));
    const weights: number[] = [];
    for (let tap = first; tap < end; tap++) weights.push(Math.max(0, 1 - Math.abs(tap + 0.5 - centre) / reach));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}

/** The channels that Photoshop's imaging takes: RGBA, or one gray channel for a mask. */
export type Channels = "rgba" | "alpha";

/**
 * Pixels as the buffer that Photoshop's imaging takes: bytes, or for a document of 16 bits numbers from 0 to 32768, which
 * is how Photoshop counts there.
 */
export async function bufferOf(pixels: Pixels, channels: Channels, depth: 8 | 16): Promise<Uint8Array | Uint16Array> {
  const { width, height, data } = pixels;
  const components = channels === "rgba" ? 4 : 1;
  const buffer =
    depth === 8 ? new Uint8Array(width * height * components) : new Uint16Array(width * height * components);
  const widen = depth === 8 ? (value: number) => value : (value: number) => Math.round((value * 32768) / 255);
  await inBands(width, height, (from, to) => {
    if (components === 4)
      for (let at = from * width * 4; at < to * width * 4; at++) buffer[at] = widen(data[at] as number);
    else for (let at = from * width; at < to * width; at++) buffer[at] = widen(data[at * 4 + 3] as number);
  });
  return buffer;
}
