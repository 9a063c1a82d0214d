import type { Pixels } from "../core/pixels.ts";
import { drawLightness } from "./lab.ts";
import { channelShifts, grayWords, wordsOrCopy } from "./words.ts";

// Conditions that look at each pixel by itself.

/** How many pixels are looked at between two steps of a generator: some milliseconds of work. */
const stride = 1 << 20;

/**
 * White where the lowest of red, green and blue is above `level`, black elsewhere; with `dark` the other way round. Alpha
 * is not looked at. Yields the share done.
 */
export function* parted(source: Pixels, level: number, dark: boolean): Generator<number, Pixels, void> {
  const { width, height, data } = source;
  const map = new Uint32Array(width * height);
  const [above, below] = (dark ? [grayWords[0], grayWords[255]] : [grayWords[255], grayWords[0]]) as [number, number];
  for (let start = 0; start < map.length; start += stride) {
    const end = Math.min(start + stride, map.length);
    for (let i = start, from = 4 * start; i < end; i++, from += 4) {
      const lit =
        (data[from] as number) > level && (data[from + 1] as number) > level && (data[from + 2] as number) > level;
      map[i] = lit ? above : below;
    }
    if (end < map.length) yield end / map.length;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** How a picture without its colours is made: from Lab's lightness, or from the strongest channel. */
export type GrayMode = "luminance" | "intensity";

/**
 * A picture without its colours: `255 (v / 255) ^ gamma` of each pixel's lightness or intensity, in three equal channels.
 * Alpha is not looked at. Yields the share done.
 */
export function* decoloured(source: Pixels, mode: GrayMode, gamma: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const words = Uint32Array.from({ length: 256 }, (_, level) => {
    return grayWords[Math.round(255 * power(level / 255, gamma))] as number;
  });
  const map = new Uint32Array(width * height);
  const pixels = wordsOrCopy(source.data);
  for (let start = 0; start < map.length; start += stride) {
    const end = Math.min(start + stride, map.length);
    if (mode === "luminance") drawLightness(pixels, words, map, start, end);
    else drawHighest(pixels, words, map, start, end);
    if (end < map.length) yield end / map.length;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** Draws what stands in `drawn` for each pixel's strongest channel. */
function drawHighest(pixels: Uint32Array, drawn: Uint32Array, map: Uint32Array, start: number, end: number): void {
  const [one, two, three] = channelShifts;
  for (let i = start; i < end; i++) {
    const pixel = pixels[i] as number;
    map[i] = drawn[Math.max((pixel >>> one) & 255, (pixel >>> two) & 255, (pixel >>> three) & 255)] as number;
  }
}

/** `base ^ exponent` for a base from 0 to 1 and an exponent above 0, by roots alone: Math.pow is not the same everywhere. */
function power(base: number, exponent: number): number {
  const whole = Math.floor(exponent);
  let product = 1;
  for (let k = 0; k < whole; k++) product *= base;
  let root = base;
  for (let rest = exponent - whole; rest > 0; rest = 2 * rest - Math.floor(2 * rest)) {
    root = Math.sqrt(root);
    if (2 * rest >= 1) product *= root;
  }
  return product;
}
