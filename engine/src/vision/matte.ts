import type { Pixels } from "../core/pixels.ts";
import { finished, inStretches } from "./part.ts";
import { alphaMask, colourMask, wordsIn, wordsOrCopy } from "./words.ts";

/** The plain ground that shows through transparent pixels: a name, or red, green and blue from 0 to 255. */
export type Matte = "black" | "white" | readonly [red: number, green: number, blue: number];

/** Red, green and blue of a matte, from 0 to 255. */
export function matteColour(matte: Matte): readonly [red: number, green: number, blue: number] {
  if (matte === "black") return [0, 0, 0];
  if (matte === "white") return [255, 255, 255];
  return matte;
}

/** One channel of a straight-alpha pixel over a ground, rounded to the nearest level; all numbers from 0 to 255. */
export function blend(channel: number, alpha: number, ground: number): number {
  // x / 255 rounded, exact for every x up to 255 * 255.
  const sum = channel * alpha + ground * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}

/** Bytes of pixels that whoever made them knows to be opaque, until somebody asks. */
const known = new WeakSet<Uint8ClampedArray>();

/**
 * Opaque pixels that were just made, as a map is: the first who asks is told without a look. Only for those that nobody
 * else has had yet, and that are asked about before anybody can change them.
 */
export function opaquePixels(width: number, height: number, data: Pixels["data"]): Pixels {
  known.add(data);
  return { width, height, data };
}

/** How many pixels are looked at between two tests; a multiple of four. */
const stretch = 4096;

/** True when no pixel lets anything through: every alpha is 255. */
export function isOpaque(pixels: Pixels): boolean {
  const { data } = pixels;
  if (known.delete(data)) return true;
  const words = wordsIn(data);
  if (words === null) {
    for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
    return true;
  }
  // A stretch at a time: a transparent picture is known early, an opaque one without a test at each pixel.
  const whole = words.length - (words.length % stretch);
  for (let start = 0; start < whole; start += stretch) {
    let all = alphaMask;
    for (let i = start, end = start + stretch; i < end; i += 4) {
      all &= (words[i] as number) & (words[i + 1] as number) & (words[i + 2] as number) & (words[i + 3] as number);
    }
    if (all >>> 0 !== alphaMask) return false;
  }
  let all = alphaMask;
  for (let i = whole; i < words.length; i++) all &= words[i] as number;
  return all >>> 0 === alphaMask;
}

/** The picture laid on a plain ground: the same size, opaque. Colour under alpha 0 never shows. Changes nothing in `pixels`. */
export function flattened(pixels: Pixels, matte: Matte): Pixels {
  return finished(flattening(pixels, matte));
}

/** The work of `flattened`: yields the share done every few milliseconds. */
export function* flattening({ width, height, data }: Pixels, matte: Matte): Generator<number, Pixels, void> {
  const laid = new Uint8ClampedArray(data.length);
  const [red, green, blue] = matteColour(matte);
  const lay = (start: number, end: number) => {
    laid.set(data.subarray(4 * start, 4 * end), 4 * start);
    for (let i = 4 * start; i < 4 * end; i += 4) {
      const alpha = laid[i + 3] as number;
      if (alpha === 255) continue;
      laid[i] = blend(laid[i] as number, alpha, red);
      laid[i + 1] = blend(laid[i + 1] as number, alpha, green);
      laid[i + 2] = blend(laid[i + 2] as number, alpha, blue);
      laid[i + 3] = 255;
    }
  };
  yield* inStretches(data.length / 4, lay);
  return { width, height, data: laid };
}

/** The negative: `255 - v` in red, green and blue; alpha stays. Changes nothing in `pixels`. */
export function inverse(pixels: Pixels): Pixels {
  return finished(inverting(pixels));
}

/** The work of `inverse`: yields the share done every few milliseconds. */
export function* inverting({ width, height, data }: Pixels): Generator<number, Pixels, void> {
  const words = wordsOrCopy(data);
  const inverted = new Uint32Array(words.length);
  const turn = (start: number, end: number) => {
    for (let i = start; i < end; i++) inverted[i] = (words[i] as number) ^ colourMask;
  };
  yield* inStretches(words.length, turn);
  return { width, height, data: new Uint8ClampedArray(inverted.buffer) };
}
