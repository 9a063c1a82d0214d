import type { Plane } from "../vision/plane.ts";
import { intersection, isEmpty } from "./box.ts";
import { Coverage, type Sink } from "./coverage.ts";
import { paintIds } from "./ids.ts";
import { Masks, share } from "./mask.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";
import { type Pass, paint } from "./pass.ts";
import { Room } from "./room.ts";
import { drawThin } from "./thin-line.ts";
import { standing, within } from "./turns.ts";

/** How lines are painted. */
export interface LineOptions {
  /** Remove what lies behind the bodies of shapes further in front. */
  readonly hidden: boolean;
  /** The opacity from which a body hides; 0.5 without it. */
  readonly opaque?: number;
}

/** Soft white lines on black, from the front to the back. */
export class LinePass implements Pass {
  readonly room: Room;
  readonly lines: Uint8Array<ArrayBuffer>;
  readonly #hidden: boolean;
  readonly #opaque: number;
  readonly #draw: Sink;
  readonly #hide: Sink;

  constructor(width: number, height: number, { hidden, opaque = 0.5 }: LineOptions) {
    this.room = new Room(width, height);
    this.lines = new Uint8Array(width * height);
    this.#hidden = hidden;
    this.#opaque = opaque;
    this.#draw = drawing(this.lines, this.room);
    this.#hide = hiding(this.room);
  }

  lineSink(shape: OutlinedShape): Sink | null {
    return shape.opacity > 0 ? this.#draw : null;
  }

  bodySink(shape: OutlinedShape): Sink | null {
    return this.#hidden && shape.solidity >= this.#opaque ? this.#hide : null;
  }
}

/** Adds what is covered to a plane, as far as there is room for it. */
function drawing(plane: Uint8Array, { data: room, width }: Room): Sink {
  return {
    mixed(y, left, right, values) {
      const row = y * width;
      for (let x = left; x < right; x++) {
        const value = values[x] as number;
        if (value === 0) continue;
        const free = room[row + x] as number;
        if (free === 0) continue;
        const drawn = value === 255 ? free : share(value, free);
        plane[row + x] = (plane[row + x] as number) + drawn;
        room[row + x] = free - drawn;
      }
    },
    solid(y, left, right, value) {
      for (let at = y * width + left; at < y * width + right; at++) {
        const free = room[at] as number;
        if (free === 0) continue;
        const drawn = value === 255 ? free : share(value, free);
        plane[at] = (plane[at] as number) + drawn;
        room[at] = free - drawn;
      }
    },
  };
}

/** Takes the room of what is covered. */
export function hiding({ data: room, width }: Room): Sink {
  return {
    mixed(y, left, right, values) {
      const row = y * width;
      for (let x = left; x < right; x++) {
        const value = values[x] as number;
        if (value === 0) continue;
        const free = room[row + x] as number;
        if (free !== 0) room[row + x] = value === 255 ? 0 : free - share(value, free);
      }
    },
    solid(y, left, right, value) {
      const row = y * width;
      if (value === 255) room.fill(0, row + left, row + right);
      else
        for (let at = row + left; at < row + right; at++)
          room[at] = (room[at] as number) - share(value, room[at] as number);
    },
  };
}

/** Soft white lines on black. Yields the share done. */
export function* paintLines({ width, height, shapes }: Outlined, options: LineOptions): Generator<number, Plane, void> {
  const pass = new LinePass(width, height, options);
  yield* paint(shapes, pass, { left: 0, top: 0, right: width, bottom: height });
  return { width, height, data: pass.lines };
}

/** White lines on black, one pixel wide with hard edges, whatever their width and opacity. Yields the share done. */
export function* paintThinLines(
  outlined: Outlined,
  { hidden, opaque = 0.5 }: LineOptions,
): Generator<number, Plane, void> {
  const { width, height, shapes } = outlined;
  const ids = hidden ? yield* within(paintIds(outlined, { opaque }), 0, 0.5) : null;
  const data = new Uint8Array(width * height);
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const masks = new Masks(new Coverage(), whole);
  for (const [index, shape] of shapes.entries()) {
    const { reach, runs, lineClips, opacity } = shape;
    const done = (hidden ? 0.5 : 0) + (index / shapes.length) * (hidden ? 0.5 : 1);
    yield done;
    const box = intersection(reach, whole);
    if (!(opacity > 0) || isEmpty(box)) continue;
    const mask =
      lineClips.length > 0 && runs.length > 0 ? yield* standing(masks.of(lineClips, box, box, shape), done) : null;
    const pen = { box, mask, ids, id: index + 1, data, width };
    for (const run of runs) drawThin(run, pen);
  }
  return { width, height, data };
}
