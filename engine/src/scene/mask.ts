import { type Box, contains, intersection, union } from "./box.ts";
import type { Coverage, Sink } from "./coverage.ts";
import type { Edges } from "./edges.ts";

/** What is let through in an area: 255 is all. */
export interface Mask {
  readonly box: Box;
  /** Rows of the box, one after the other. */
  readonly data: Uint8Array;
}

/** x / 255 rounded, exact for every x up to 255 * 255. */
export function share(value: number, of: number): number {
  const sum = value * of + 128;
  return (sum + (sum >> 8)) >> 8;
}

/** How many of a pass's masks are kept. */
const kept = 8;

/** The masks of clips. Shapes of one group share their clips, so those used last are kept. */
export class Masks {
  readonly #coverage: Coverage;
  readonly #whole: Box;
  readonly #made = new Map<readonly Edges[], Mask>();
  /** The mask made last, and the shape that it was made for. */
  #last: { readonly clips: readonly Edges[]; readonly user: object; readonly mask: Mask } | null = null;

  /** `whole` is the area of the pass. */
  constructor(coverage: Coverage, whole: Box) {
    this.#coverage = coverage;
    this.#whole = whole;
  }

  /**
   * The mask of clips for a part, `area`, of what a shape has to paint, `open`, inside of the pass's area; null where they
   * let all of it through. A list of clips is one and the same for all shapes that share it.
   */
  *of(clips: readonly Edges[], area: Box, open: Box, user: object): Generator<void, Mask | null, void> {
    if (clips.every(({ inside }) => inside && contains(inside, area))) return null;
    const found = this.#made.get(clips);
    if (found) return found;
    const last = this.#last?.clips === clips ? this.#last : null;
    if (last?.user === user && contains(last.mask.box, area)) return last.mask;
    const around = clips.reduce((rest, clip) => intersection(rest, clip.box), this.#whole);
    // The first of several shapes cannot know of the others: only the second pays for all of the clips.
    if (last === null || last.user === user) {
      const mask = yield* this.#make(clips, intersection(around, union(open, area)));
      this.#last = { clips, user, mask };
      return mask;
    }
    const mask = yield* this.#make(clips, around);
    this.#made.set(clips, mask);
    const oldest = this.#made.size > kept ? this.#made.keys().next().value : undefined;
    if (oldest) this.#made.delete(oldest);
    return mask;
  }

  *#make(clips: readonly Edges[], box: Box): Generator<void, Mask, void> {
    let data: Uint8Array | null = null;
    for (const clip of clips) {
      const own = new Uint8Array((box.right - box.left) * (box.bottom - box.top));
      yield* this.#coverage.fillInTurns(clip, box, writing(own, box));
      const soft = clip.soft?.(box);
      if (soft) for (let n = 0; n < own.length; n++) own[n] = share(own[n] as number, soft.data[n] as number);
      if (clip.rim) {
        const rim = new Uint8Array(own.length);
        yield* this.#coverage.fillInTurns(clip.rim, box, writing(rim, box));
        for (let n = 0; n < own.length; n++) own[n] = 255 - share(255 - (own[n] as number), 255 - (rim[n] as number));
      }
      if (data) for (let n = 0; n < own.length; n++) own[n] = share(own[n] as number, data[n] as number);
      data = own;
    }
    return { box, data: data as Uint8Array };
  }
}

/** Writes coverage into the rows of a box. */
export function writing(data: Uint8Array, { left: start, top, right: end }: Box): Sink {
  const width = end - start;
  return {
    mixed(y, left, right, values) {
      const row = (y - top) * width - start;
      for (let x = left; x < right; x++) data[row + x] = values[x] as number;
    },
    solid(y, left, right, value) {
      const row = (y - top) * width - start;
      data.fill(value, row + left, row + right);
    },
  };
}

/** A sink that hands on what a mask lets through. */
export class MaskedSink implements Sink {
  readonly #sink: Sink;
  readonly #mask: Mask;
  readonly #values: Uint8Array;

  constructor(sink: Sink, mask: Mask) {
    this.#sink = sink;
    this.#mask = mask;
    this.#values = new Uint8Array(mask.box.right);
  }

  mixed(y: number, left: number, right: number, values: Uint8Array): void {
    const { box, data } = this.#mask;
    if (y < box.top || y >= box.bottom) return;
    const [from, to] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (from >= to) return;
    const row = (y - box.top) * (box.right - box.left) - box.left;
    for (let x = from; x < to; x++) values[x] = share(values[x] as number, data[row + x] as number);
    this.#sink.mixed(y, from, to, values);
  }

  solid(y: number, left: number, right: number, value: number): void {
    const { box, data } = this.#mask;
    if (y < box.top || y >= box.bottom) return;
    const [from, to] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (from >= to) return;
    const row = (y - box.top) * (box.right - box.left) - box.left;
    const values = this.#values;
    for (let x = from; x < to; x++)
      values[x] = value === 255 ? (data[row + x] as number) : share(value, data[row + x] as number);
    this.#sink.mixed(y, from, to, values);
  }
}
