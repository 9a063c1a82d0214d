import type { Pixels } from "../core/pixels.ts";
import { type MapRules, mapRules } from "./map-rules.ts";
import type { TrainingPair } from "./pair.ts";

/** How a pair is moved. */
export interface PairMove {
  /** Left and right exchanged. Not for every condition: see `mirrors`. */
  readonly mirror: boolean;
  /** Pixels by which all is moved after that, whole numbers; below 0 to the left and up. */
  readonly right: number;
  readonly down: number;
  /** Of the condition that the maps are of. */
  readonly rules?: MapRules;
}

/**
 * Mirrors and moves map and picture alike. What comes in from outside is the picture's edge again; in a map that too, or
 * its background where its condition draws strokes. Changes nothing in `pair`. Throws a `RangeError` for map and picture
 * of different sizes (see `fitPair`) and for a move that is not whole or as wide as the picture.
 */
export function varyPair(pair: TrainingPair, { mirror, right, down, rules = mapRules() }: PairMove): TrainingPair {
  const { map, picture } = pair;
  const { width, height } = picture;
  if (map.width !== width || map.height !== height)
    throw new RangeError(
      `pair: the map of ${map.width}x${map.height} and the picture of ${width}x${height} are moved alike, so fit them first.`,
    );
  check("right", right, width);
  check("down", down, height);
  if (!mirror && right === 0 && down === 0) return pair;
  const move = { mirror, right, down };
  const ground = rules.edges === "background" ? rules.background : null;
  return { ...pair, map: moved(map, move, ground), picture: moved(picture, move, null) };
}

function check(name: string, distance: number, side: number): void {
  if (Number.isInteger(distance) && Math.abs(distance) < side) return;
  throw new RangeError(`${name}: a picture ${side} pixels long moves by less, in whole pixels, not by ${distance}.`);
}

function moved(
  { width, height, data }: Pixels,
  { mirror, right, down }: Omit<PairMove, "rules">,
  ground: MapRules["background"] | null,
): Pixels {
  const words = new Uint32Array(data.slice().buffer);
  const result = new Uint32Array(width * height);
  // The bytes decide what a word is, whichever end of it comes first.
  const empty = ground ? (new Uint32Array(Uint8Array.of(...ground, 255).buffer)[0] as number) : 0;
  for (let y = 0, to = 0; y < height; y++) {
    const row = y - down;
    const isOutside = row < 0 || row >= height;
    const start = Math.min(height - 1, Math.max(0, row)) * width;
    for (let x = 0; x < width; x++, to++) {
      const column = x - right;
      if (ground && (isOutside || column < 0 || column >= width)) {
        result[to] = empty;
        continue;
      }
      const inside = Math.min(width - 1, Math.max(0, column));
      result[to] = words[start + (mirror ? width - 1 - inside : inside)] as number;
    }
  }
  return { width, height, data: new Uint8ClampedArray(result.buffer) };
}
