import type { Plane } from "../vision/plane.ts";
import type { Sink } from "./coverage.ts";
import { hiding } from "./lines.ts";
import { share } from "./mask.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";
import { type Pass, paint } from "./pass.ts";
import { Room } from "./room.ts";

/** How the cover of shapes is painted. */
export interface CoverOptions {
  /** Leave out what the bodies of other shapes in front hide. */
  readonly visible: boolean;
  /** The opacity from which a body hides; 0.5 without it. */
  readonly opaque?: number;
}

/**
 * Where any of the chosen shapes lies, fill and line, whatever their opacity above 0, with soft edges: 255 is wholly
 * covered. Where two of them share an edge, their covers add up, so that no seam is left. Yields the share done.
 */
export function* paintCover(
  { width, height, shapes }: Outlined,
  which: (shape: OutlinedShape, index: number) => boolean,
  { visible, opaque = 0.5 }: CoverOptions,
): Generator<number, Plane, void> {
  const room = new Room(width, height);
  const cover = new Uint8Array(width * height);
  const chosen = shapes.map((shape, index) => shape.opacity > 0 && which(shape, index));
  const add = adding(cover, room);
  const hide = hiding(room);
  const pass: Pass = {
    room,
    lineSink: (_, index) => (chosen[index] ? add : null),
    bodySink: (shape, index) => (chosen[index] ? add : visible && shape.solidity >= opaque ? hide : null),
  };
  yield* paint(shapes, pass, { left: 0, top: 0, right: width, bottom: height });
  return { width, height, data: cover };
}

/** Adds what is covered to a plane until there is no room left. */
function adding(cover: Uint8Array, { data: room, width }: Room): Sink {
  const put = (at: number, value: number) => {
    const free = room[at] as number;
    // What hides in front has taken its share of the whole pixel; what was added before only stands in the way.
    const seen = value === 255 ? free : Math.min(free, share(value, free + (cover[at] as number)));
    cover[at] = (cover[at] as number) + seen;
    room[at] = free - seen;
  };
  return {
    mixed(y, left, right, values) {
      for (let x = left; x < right; x++) if (values[x] !== 0) put(y * width + x, values[x] as number);
    },
    solid(y, left, right, value) {
      for (let at = y * width + left; at < y * width + right; at++) put(at, value);
    },
  };
}
