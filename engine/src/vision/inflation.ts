import { type Areas, areasOf } from "./areas.ts";
import { distances } from "./distance.ts";
import { inStretches, part } from "./part.ts";
import type { Plane } from "./plane.ts";

/** How a flat shape is rounded. */
export interface InflationOptions {
  /** How near the shape's outline is, from 0 (as far as the ground) to 1 (the shape stays flat). */
  readonly base: number;
  /** Each area that hangs together rises to full height; without it only the widest does. */
  readonly each: boolean;
}

/**
 * A shape blown up like a cushion: depth with near = 255, round as a quarter of a circle from the outline inwards,
 * `sqrt(1 - (1 - d / dmax)²)` of the distance d to the ground. What is not 0 is shape; the ground stays 0. A shape that
 * fills the whole plane has no outline and is 255 all over. Yields the share done.
 */
export function* inflated(shape: Plane, { base, each }: InflationOptions): Generator<number, Plane, void> {
  const { width, height, data } = shape;
  const ways = (yield* part(distances(shape), 0, 0.6)).data;
  // Counted as areas of ground and shape; a ground's distance is 0 and never asked for.
  const areas = each ? yield* part(partsOf(shape), 0.6, 0.2) : null;
  const widest = new Float64Array(areas?.count ?? 1);
  const widen = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const area = areas ? (areas.of[i] as number) : 0;
      const way = ways[i] as number;
      if (way > (widest[area] as number)) widest[area] = way;
    }
  };
  yield* part(inStretches(data.length, widen), 0.8, 0.1);
  const depth = new Uint8Array(data.length);
  const round = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const way = ways[i] as number;
      if (way === 0) continue;
      const rest =
        way === Number.POSITIVE_INFINITY ? 0 : 1 - way / (widest[areas ? (areas.of[i] as number) : 0] as number);
      depth[i] = Math.round(255 * (base + (1 - base) * Math.sqrt(1 - rest * rest)));
    }
  };
  yield* part(inStretches(data.length, round), 0.9, 0.1);
  return { width, height, data: depth };
}

/** What hangs together of a shape, and of its ground. */
function* partsOf({ width, data }: Plane): Generator<number, Areas, void> {
  const labels = new Uint8Array(data.length);
  const mark = (start: number, end: number) => {
    for (let i = start; i < end; i++) labels[i] = data[i] ? 1 : 0;
  };
  yield* part(inStretches(data.length, mark), 0, 0.1);
  return yield* part(areasOf(labels, width), 0.1, 0.9);
}
