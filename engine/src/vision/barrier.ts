import type { Pixels } from "../core/pixels.ts";
import { labRow } from "./lab.ts";
import { inRows, inStretches, part } from "./part.ts";
import { madeRows, softened } from "./pyramid.ts";

/**
 * How far each pixel's colour is from some seeds by the easiest way there: along a way, the range of lightness and of both
 * colours that it runs through, summed up, in units of Lab, up to 255. A gentle change costs little, a jump all of
 * itself, wherever the way crosses it (the minimum barrier distance of Strand and others 2013, in a few raster passes as
 * Zhang and others 2015 find it). Yields the share done, from 0 to 1.
 */
export function* barrierDistances(source: Pixels, seeds: Int32Array): Generator<number, Uint8Array, void> {
  const { width, height } = source;
  const count = width * height;
  const field: Field = {
    colours: new Uint8Array(3 * count),
    low: new Uint8Array(3 * count),
    high: new Uint8Array(3 * count),
    cost: new Uint16Array(count),
  };
  const lab = softened(madeRows(width, height, 3, (y, into) => labRow(source, y, into)));
  const begin = (y: number) => beginRow(field, lab.at(y), y * width);
  yield* part(inRows(width, height, begin, 1 << 16), 0, 0.3);
  for (const seed of seeds) field.cost[seed] = 0;
  const chunk = Math.max(1, Math.floor((1 << 16) / width));
  const rows = new RowTurns(height);
  // Two passes reach everything. Those that follow are for ways that wind, and leave small gains alone.
  const passes = 12;
  for (let pass = 0, better = 1; pass < passes && better > 0; pass++) {
    const forward = pass % 2 === 0;
    better = 0;
    for (let k = 0; k < height; k++) {
      const y = forward ? k : height - 1 - k;
      if (rows.isDue(y, forward)) {
        const taken = sweepRow(field, width, height, y, forward, pass < 2 ? 0 : 3);
        rows.swept(y, forward, taken > 0);
        better += taken;
      }
      if (k % chunk === chunk - 1) yield 0.3 + 0.6 * (1 - 0.6 ** (pass + k / height));
    }
  }
  const { cost } = field;
  const found = new Uint8Array(cost.length);
  const clamp = (start: number, end: number) => {
    for (let i = start; i < end; i++) found[i] = Math.min(cost[i] as number, 255);
  };
  yield* part(inStretches(cost.length, clamp), 0.9, 0.1);
  return found;
}

/** Farther than any way. */
const far = 1024;

/** Begins a row with its colours, from pixel `start` on: no way is known. */
function beginRow({ colours, low, high, cost }: Field, lab: Float32Array, start: number): void {
  for (let i = 0, to = 3 * start; i < lab.length; i += 3, to += 3) {
    colours[to] = Math.round(lab[i] as number);
    colours[to + 1] = Math.round((lab[i + 1] as number) + 128);
    colours[to + 2] = Math.round((lab[i + 2] as number) + 128);
  }
  const row = colours.subarray(3 * start, 3 * start + lab.length);
  low.set(row, 3 * start);
  high.set(row, 3 * start);
  cost.fill(far, start, start + lab.length / 3);
}

/** Which rows a pass must look at: where neither the row nor the one before it has changed since the last, none takes a way. */
class RowTurns {
  readonly #changed: Int32Array;
  readonly #downward: Int32Array;
  readonly #upward: Int32Array;
  #time = 1;

  constructor(height: number) {
    this.#changed = new Int32Array(height).fill(1);
    this.#downward = new Int32Array(height);
    this.#upward = new Int32Array(height);
  }

  /** True where a sweep of a row may find something. */
  isDue(y: number, forward: boolean): boolean {
    const last = (forward ? this.#downward : this.#upward)[y] as number;
    const before = this.#changed[forward ? y - 1 : y + 1] ?? 0;
    return Math.max(before, this.#changed[y] as number) > last;
  }

  /** Notes that a row has been swept, and whether that changed it. What a sweep has done it would not do again. */
  swept(y: number, forward: boolean, changed: boolean): void {
    this.#time++;
    if (changed) this.#changed[y] = this.#time;
    (forward ? this.#downward : this.#upward)[y] = this.#time;
  }
}

/** Colours, three a pixel, and of the best way to each pixel so far the least and the most of each, and its cost. */
interface Field {
  readonly colours: Uint8Array;
  readonly low: Uint8Array;
  readonly high: Uint8Array;
  readonly cost: Uint16Array;
}

/**
 * Offers each pixel of a row the ways of the neighbour in the row before and of the one before it. A pixel takes one that
 * gains more than `least`; tells how many did.
 */
function sweepRow(field: Field, width: number, height: number, y: number, forward: boolean, least: number): number {
  const step = forward ? -1 : 1;
  const start = y * width + (forward ? 0 : width - 1);
  const before = (forward ? y > 0 : y + 1 < height) ? offer(field, start, width, step, step * width, least) : 0;
  return before + offer(field, start - step, width - 1, step, step, least);
}

/** Offers `count` pixels from `start` on, against `step`, the way of the neighbour that lies `toward` away. */
function offer(
  { colours, low, high, cost }: Field,
  start: number,
  count: number,
  step: number,
  toward: number,
  least: number,
): number {
  let better = 0;
  for (let k = 0, at = start; k < count; k++, at -= step) {
    const limit = (cost[at] as number) - least;
    if ((cost[at + toward] as number) >= limit) continue;
    const here = 3 * at;
    const from = here + 3 * toward;
    const l = colours[here] as number;
    const a = colours[here + 1] as number;
    const b = colours[here + 2] as number;
    const lowL = Math.min(low[from] as number, l);
    const highL = Math.max(high[from] as number, l);
    const lowA = Math.min(low[from + 1] as number, a);
    const highA = Math.max(high[from + 1] as number, a);
    const lowB = Math.min(low[from + 2] as number, b);
    const highB = Math.max(high[from + 2] as number, b);
    const range = highL - lowL + highA - lowA + highB - lowB;
    if (range >= limit) continue;
    better++;
    cost[at] = range;
    low[here] = lowL;
    low[here + 1] = lowA;
    low[here + 2] = lowB;
    high[here] = highL;
    high[here + 1] = highA;
    high[here + 2] = highB;
  }
  return better;
}
