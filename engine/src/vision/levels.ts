import type { Pixels } from "../core/pixels.ts";
import { giveRoom, type Kernels, layOut, takeRoom } from "./kernels.ts";
import { drawLightness } from "./lab.ts";
import { opaquePixels } from "./matte.ts";
import { inStretches } from "./part.ts";
import { grayWords, wordsOrCopy } from "./words.ts";

// Conditions that look at each pixel by itself.

/** How many pixels are looked at between two steps of a generator: some milliseconds of work. */
const stride = 1 << 20;

/** How many pixels are in the room at once: few enough for the nearest memory. */
const piece = 1 << 13;

/** Draws a map of as many words as pixels, piece by piece in a room. Yields the share done. */
function* drawnInRoom(
  { width, height, data }: Pixels,
  draw: (kernels: Kernels, to: number, from: number, count: number) => void,
): Generator<number, Uint8ClampedArray<ArrayBuffer>, void> {
  const map = new Uint8ClampedArray(4 * width * height);
  const { at, size } = layOut(4 * piece, 4 * piece);
  const [from, to] = at;
  const room = takeRoom(size);
  try {
    for (let start = 0; start < map.length; start += 4 * piece) {
      const end = Math.min(start + 4 * piece, map.length);
      room.bytes.set(data.subarray(start, end), from);
      draw(room.kernels, to, from, (end - start) / 4);
      map.set(room.bytes.subarray(to, to + end - start), start);
      if (end % (4 * stride) === 0 && end < map.length) yield end / map.length;
    }
  } finally {
    giveRoom(room);
  }
  return map;
}

/** The negative of an opaque picture: `255 - v` in red, green and blue. Yields the share done. */
export function* negative(source: Pixels): Generator<number, Pixels, void> {
  const map = yield* drawnInRoom(source, (kernels, ...place) => kernels.invertPixels(...place));
  return opaquePixels(source.width, source.height, map);
}

/**
 * White where the lowest of red, green and blue is above `level`, black elsewhere; with `dark` the other way round. Alpha
 * is not looked at. Yields the share done.
 */
export function* parted(source: Pixels, level: number, dark: boolean): Generator<number, Pixels, void> {
  const [above, below] = (dark ? [grayWords[0], grayWords[255]] : [grayWords[255], grayWords[0]]) as [number, number];
  const map = yield* drawnInRoom(source, (kernels, to, from, count) =>
    kernels.partPixels(to, from, count, level, above, below),
  );
  return opaquePixels(source.width, source.height, map);
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
  if (mode === "intensity") {
    const map = yield* drawnInRoom(source, (kernels, ...place) => kernels.highestPixels(...place));
    if (gamma !== 1) yield* inStretches(width * height, (start, end) => recast(map, words, start, end));
    return opaquePixels(width, height, map);
  }
  const map = new Uint32Array(width * height);
  const pixels = wordsOrCopy(source.data);
  yield* inStretches(map.length, (start, end) => drawLightness(pixels, words, map, start, end), stride);
  return opaquePixels(width, height, new Uint8ClampedArray(map.buffer));
}

/** Puts other words in the place of grays. */
function recast(map: Uint8ClampedArray<ArrayBuffer>, words: Uint32Array, start: number, end: number): void {
  const whole = new Uint32Array(map.buffer);
  for (let i = start; i < end; i++) whole[i] = words[map[4 * i] as number] as number;
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
