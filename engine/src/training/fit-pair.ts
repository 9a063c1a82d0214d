import type { Pixels } from "../core/pixels.ts";
import { flattened, isOpaque } from "../vision/matte.ts";
import { resample } from "../vision/resample.ts";
import { resizeMap } from "../vision/resize.ts";
import { type MapRules, mapRules } from "./map-rules.ts";
import type { TrainingPair } from "./pair.ts";
import { unfit } from "./pair-fault.ts";

/** How often a picture's shorter side may lie in its longer one: more than this, and nearly all of it is cut off. */
const mostProportion = 8;

/** What a pair is fitted to. Pixels. */
export interface PairFit {
  readonly width: number;
  readonly height: number;
  /** Of the condition that the maps are of. */
  readonly rules?: MapRules;
}

/**
 * Brings map and picture to exactly `width` x `height`: both cover it, and the same middle of both is cut out. The picture
 * is scaled by areas where it shrinks, and the map so that it stays one: thin lines stay thin, flat colours make no new
 * ones. What is transparent is laid on white in a picture and on the condition's background in a map. Changes nothing
 * in `pair`. Throws a `RangeError` for a size that is not whole or below 1, and `training-data` for a picture more than 8
 * times as long as it is wide.
 */
export function fitPair(pair: TrainingPair, { width, height, rules = mapRules() }: PairFit): TrainingPair {
  for (const [side, length] of Object.entries({ width, height }))
    if (!Number.isInteger(length) || length < 1)
      throw new RangeError(`${side}: a pair is fitted to 1 pixel or more, not ${length}.`);
  const problem = proportionProblem(pair.picture);
  if (problem !== null)
    throw unfit("A pair cannot be fitted.", [{ pair: pair.name, problem }], "Cut it, or leave it out.");
  const picture = opaque(pair.picture, [255, 255, 255]);
  const map = opaque(pair.map, rules.background);
  const scale = Math.max(width / picture.width, height / picture.height);
  const across = Math.max(width, Math.round(picture.width * scale));
  const along = Math.max(height, Math.round(picture.height * scale));
  // Sizes of the picture for both, so that a map whose own were rounded lies on it to the pixel.
  const filter = scale < 1 ? "area" : "cubic";
  const scaled = scale === 1 ? picture : resample(picture, across, along, filter);
  return {
    name: pair.name,
    map: middle(resizeMap(map, across, along, rules.resize), width, height),
    picture: middle(scaled, width, height),
    prompt: pair.prompt,
  };
}

/** What is wrong with a picture's proportions, as a sentence; null where nothing is. */
export function proportionProblem({ width, height }: Pixels): string | null {
  if (Math.max(width, height) <= mostProportion * Math.min(width, height)) return null;
  return `it is ${width}x${height}, more than ${mostProportion} times as long as it is wide, and nearly all of it would be cut off.`;
}

const opaque = (pixels: Pixels, ground: readonly [number, number, number]): Pixels =>
  isOpaque(pixels) ? pixels : flattened(pixels, ground);

/** The middle of a picture that is at least so large. */
function middle(pixels: Pixels, width: number, height: number): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  const left = Math.trunc((pixels.width - width) / 2);
  const top = Math.trunc((pixels.height - height) / 2);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((y + top) * pixels.width + left);
    data.set(pixels.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { width, height, data };
}
