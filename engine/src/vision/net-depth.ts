import type { Pixels } from "../core/pixels.ts";
import type { SeenSize } from "./annotator.ts";
import { rowsOf } from "./answer.ts";
import { grayRow } from "./gray-rows.ts";
import type { FloatPlane } from "./plane.ts";

// Depth maps from what nets answer: near = white, whatever the net's own numbers mean.

/** How a net's numbers become a map. */
export interface NetDepthOptions {
  /** What the net gives to what is near: large numbers (nearness, without a unit), or small ones (distance). */
  readonly near: "large" | "small";
  /** Which numbers become black and white: the least and the greatest, or those at 2 and 85 percent. */
  readonly spread?: "whole" | "middle";
  /** Above 1 makes all but the nearest darker; 1 leaves it. */
  readonly gamma?: number;
  /** What is nearer than this share of the depth, in percent from white, becomes white. */
  readonly removeNear?: number;
  /** What is further than this share, in percent from black, becomes black. */
  readonly removeBackground?: number;
}

/** The shares of all numbers between which the middle lies, as ZoeDepth's maps are made. */
const middle = [0.02, 0.85] as const;

/**
 * Draws the depth map of a net's answer. A flat one is black. Yields the share done, from 0 to 1. Its gamma is not the same
 * to the last bit in every browser.
 */
export function* netDepth(
  answer: FloatPlane,
  seen: SeenSize,
  { width, height }: { readonly width: number; readonly height: number },
  options: NetDepthOptions,
): Generator<number, Pixels, void> {
  const rows = rowsOf(answer, seen, width, height);
  const row = new Float32Array(width);
  const data = new Uint8ClampedArray(4 * width * height);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (options.spread === "middle") [least, most] = quantiles(answer.data);
  else
    for (let y = 0; y < height; y++) {
      rows(y, row);
      for (let x = 0; x < width; x++) {
        const value = row[x] as number;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      if (y % 64 === 63) yield (0.4 * y) / height;
    }
  const level = levelOf(least, most, options);
  for (let y = 0; y < height; y++) {
    rows(y, row);
    for (let x = 0; x < width; x++) row[x] = level(row[x] as number);
    grayRow(data, y * width, row);
    if (y % 64 === 63) yield 0.4 + (0.6 * y) / height;
  }
  return { width, height, data };
}

/** The level from 0 to 255 of a number between the bounds. */
function levelOf(least: number, most: number, options: NetDepthOptions): (value: number) => number {
  const { near, spread = "whole", gamma = 1 } = options;
  const range = Math.fround(most - least);
  if (!(range > 0)) return () => 0;
  const { fround } = Math;
  const cut = cutOf(options);
  const share = (value: number) => fround(fround(value - least) / range);
  // Levels are cut off and not rounded, as all of the annotators do. Distances over all of the depth go through 16 bits, as
  // LeReS's do.
  if (near === "small" && spread === "whole" && gamma === 1)
    return (value) => cut[255 - Math.round((Math.trunc(65535 * share(value)) * 255) / 65535)] as number;
  return (value) => {
    let x = share(value);
    if (near === "small") x = fround(1 - x);
    x = Math.min(Math.max(x, 0), 1);
    if (gamma !== 1) x = x ** gamma;
    return cut[Math.trunc(fround(255 * x))] as number;
  };
}

/** What becomes of each level where near and far are taken away. */
function cutOf({ removeNear = 0, removeBackground = 0 }: NetDepthOptions): Uint8Array {
  const levels = new Uint8Array(256);
  const white = Math.floor(removeNear * 2.55);
  const black = Math.floor(removeBackground * 2.55);
  for (let level = 0; level < 256; level++) {
    const kept = removeNear > 0 && 255 - level <= white ? 255 : level;
    levels[level] = removeBackground > 0 && kept <= black ? 0 : kept;
  }
  return levels;
}

/** The numbers at both shares of all, between two neighbours where none lies there. */
function quantiles(values: Float32Array): [least: number, most: number] {
  const sorted = values.slice().sort();
  const [least = 0, most = 0] = middle.map((share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    return below + ((sorted[Math.ceil(place)] as number) - below) * (place - Math.floor(place));
  });
  return [least, most];
}
