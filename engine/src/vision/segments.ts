import type { Pixels } from "../core/pixels.ts";
import { type LevelLines, levelLines, shrunk } from "./level-lines.ts";
import type { Line } from "./line.ts";
import { inStretches, part } from "./part.ts";
import { isMeaningful, type Rectangle, rectangleOf } from "./support.ts";

// Straight pieces of edges, found without a net: pixels whose level lines agree are grown into regions, strongest first; a
// rectangle is laid about each, a region that is bent or ragged is cut back, and what chance would also draw is dropped.
// Written from the idea of von Gioi, Jakubowicz, Morel and Randall, "LSD: a Line Segment Detector", IPOL 2012.
// Directions are vectors and angles are compared by products, so that every engine finds the same segments.

/** A straight piece of an edge, in pixels of the picture, directed: the brighter side is on its left as one looks at it. */
export interface Segment extends Line {
  /** How wide the change is, in pixels. */
  readonly width: number;
}

/** How segments are found. */
export interface SegmentOptions {
  /** The weakest change that counts, in levels of 255 a pixel. */
  readonly strength: number;
}

/** The squared cosine and the sine of 22.5 degrees: level lines further apart belong to different regions. */
const agreement = 0.8535533905932737;
const widest = 0.3826834323650898;

/** Which share of a rectangle its region must fill. */
const dense = 0.7;

/** A region that is being grown: the pixels so far and the sum of their directions. */
interface Region {
  readonly pixels: Int32Array;
  count: number;
  across: number;
  down: number;
}

/** Finds the straight edges of an opaque picture. Yields the share done, from 0 to 1; returns the segments. */
export function* segments(source: Pixels, { strength }: SegmentOptions): Generator<number, readonly Segment[], void> {
  const lines = yield* part(levelLines(source), 0, 0.4);
  const { width, height } = lines;
  const order = yield* part(strongestFirst(lines, strength), 0.4, 0.04);
  const used = new Uint8Array(width * height).fill(1);
  const free = (start: number, end: number) => {
    for (let k = start; k < end; k++) used[order[k] as number] = 0;
  };
  yield* part(inStretches(order.length, free), 0.44, 0.01);
  const region: Region = { pixels: new Int32Array(order.length), count: 0, across: 0, down: 0 };
  // The number of rectangles that could be tried, by the paper, each with 11 precisions.
  const area = width * height;
  const tests = 11 * area * area * Math.sqrt(area);
  const least = leastCount(tests);
  const found: Segment[] = [];
  for (let k = 0, work = 0; k < order.length; k++) {
    const seed = order[k] as number;
    if (used[seed] !== 0) continue;
    grow(lines, used, seed, agreement, region);
    work += region.count + 8;
    if (region.count >= least) {
      const support = dependable(lines, used, seed, region);
      if (support && isMeaningful(lines, support, tests)) found.push(scaled(support));
    }
    if (work < 1 << 16) continue;
    work = 0;
    yield 0.45 + (0.55 * k) / order.length;
  }
  return found;
}

/** The fewest pixels of which chance would not make a straight region: one pixel agrees by chance in one case of eight. */
function leastCount(tests: number): number {
  let count = 1;
  for (let odds = tests; odds > 1; odds /= 8) count++;
  return count;
}

/** All pixels with a change of at least `strength`, sorted by it, in 1,024 bins; within a bin in reading order. */
function* strongestFirst({ size }: LevelLines, strength: number): Generator<number, Int32Array, void> {
  let most = 0;
  let count = 0;
  const look = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const value = size[i] as number;
      if (value > most) most = value;
      if (value > strength) count++;
    }
  };
  yield* part(inStretches(size.length, look), 0, 0.2);
  const bins = 1024;
  const scale = most > 0 ? (bins - 1) / most : 0;
  const starts = new Int32Array(bins + 1);
  const fill = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const value = size[i] as number;
      if (value <= strength) continue;
      const bin = bins - 1 - Math.floor(value * scale);
      starts[bin + 1] = (starts[bin + 1] as number) + 1;
    }
  };
  yield* part(inStretches(size.length, fill), 0.2, 0.3);
  for (let bin = 0; bin < bins; bin++) starts[bin + 1] = (starts[bin + 1] as number) + (starts[bin] as number);
  const order = new Int32Array(count);
  const sort = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const value = size[i] as number;
      if (value <= strength) continue;
      const bin = bins - 1 - Math.floor(value * scale);
      const to = starts[bin] as number;
      order[to] = i;
      starts[bin] = to + 1;
    }
  };
  yield* part(inStretches(size.length, sort), 0.5, 0.5);
  return order;
}

/** Grows a region from one pixel through all neighbours whose level lines agree with its own; marks them as used. */
function grow(lines: LevelLines, used: Uint8Array, seed: number, agreement: number, region: Region): void {
  const { width, across, down } = lines;
  const { pixels } = region;
  const around = Int32Array.of(-width - 1, -width, 1 - width, -1, 1, width - 1, width, width + 1);
  let sumAcross = across[seed] as number;
  let sumDown = down[seed] as number;
  let count = 1;
  pixels[0] = seed;
  used[seed] = 1;
  // The last column and the last row have no level lines and count as used: no neighbour needs a test for the border but
  // those above the first row.
  for (let k = 0; k < count; k++) {
    const from = pixels[k] as number;
    for (let side = from < width ? 3 : 0; side < 8; side++) {
      const at = from + (around[side] as number);
      if (used[at] !== 0) continue;
      const dx = across[at] as number;
      const dy = down[at] as number;
      const along = dx * sumAcross + dy * sumDown;
      if (along <= 0 || along * along < agreement * (sumAcross * sumAcross + sumDown * sumDown)) continue;
      used[at] = 1;
      pixels[count++] = at;
      sumAcross += dx;
      sumDown += dy;
    }
  }
  region.count = count;
  region.across = sumAcross;
  region.down = sumDown;
}

/**
 * The rectangle about a region. A region that fills too little of it is bent: it is grown again with level lines that
 * agree as closely as those about its seed do, and if that is not enough, cut to a circle about the seed that shrinks.
 */
function dependable(lines: LevelLines, used: Uint8Array, seed: number, region: Region): Rectangle | null {
  let support = rectangleOf(lines, region);
  if (fill(support, region) >= dense) return support;
  const spread = Math.min(widest, spreadAbout(lines, seed, region, support.width));
  release(used, region, 0);
  grow(lines, used, seed, 1 - spread * spread, region);
  if (region.count < 2) return null;
  support = rectangleOf(lines, region);
  if (fill(support, region) >= dense) return support;
  const { width } = lines;
  const x = seed % width;
  const y = (seed - x) / width;
  let radius = Math.max(
    (support.x0 - x) * (support.x0 - x) + (support.y0 - y) * (support.y0 - y),
    (support.x1 - x) * (support.x1 - x) + (support.y1 - y) * (support.y1 - y),
  );
  while (fill(support, region) < dense) {
    // Three quarters of the radius a step; it is held squared.
    radius *= 0.5625;
    cut(lines, used, x, y, radius, region);
    if (region.count < 2) return null;
    support = rectangleOf(lines, region);
  }
  return support;
}

function fill(support: Rectangle, region: Region): number {
  return region.count / (support.length * support.width);
}

/** Twice the standard deviation of the directions near the seed, as a sine. */
function spreadAbout(lines: LevelLines, seed: number, { pixels, count }: Region, near: number): number {
  const { width, across, down } = lines;
  const x = seed % width;
  const y = (seed - x) / width;
  const dx = across[seed] as number;
  const dy = down[seed] as number;
  let sum = 0;
  let squares = 0;
  let counted = 0;
  for (let k = 0; k < count; k++) {
    const at = pixels[k] as number;
    const px = at % width;
    const py = (at - px) / width;
    if ((px - x) * (px - x) + (py - y) * (py - y) > near * near) continue;
    const turn = dx * (down[at] as number) - dy * (across[at] as number);
    sum += turn;
    squares += turn * turn;
    counted++;
  }
  const mean = sum / counted;
  return 2 * Math.sqrt(Math.max(0, squares / counted - mean * mean));
}

function release(used: Uint8Array, { pixels, count }: Region, from: number): void {
  for (let k = from; k < count; k++) used[pixels[k] as number] = 0;
}

/** Drops the pixels of a region outside a circle, given by its squared radius. */
function cut(lines: LevelLines, used: Uint8Array, x: number, y: number, radius: number, region: Region): void {
  const { width, across, down } = lines;
  const { pixels } = region;
  let kept = 0;
  region.across = 0;
  region.down = 0;
  for (let k = 0; k < region.count; k++) {
    const at = pixels[k] as number;
    const px = at % width;
    const py = (at - px) / width;
    if ((px - x) * (px - x) + (py - y) * (py - y) > radius) {
      used[at] = 0;
      continue;
    }
    pixels[kept++] = at;
    region.across += across[at] as number;
    region.down += down[at] as number;
  }
  region.count = kept;
}

/** From the smaller copy to the picture: level lines lie between pixels, half a pixel on. */
function scaled({ x0, y0, x1, y1, width }: Rectangle): Segment {
  const place = (value: number) => (value + 1) / shrunk - 0.5;
  return { x0: place(x0), y0: place(y0), x1: place(x1), y1: place(y1), width: width / shrunk };
}
