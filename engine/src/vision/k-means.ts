import { labOf } from "./lab.ts";
import { inStretches, part } from "./part.ts";

// Few colours for many: k-means in Lab over a histogram (5 bits a channel, with the mean colour of each cell), started by
// k-means++ (Arthur and Vassilvitskii 2007) from a seed. Sums and products alone: the same colours in every engine.

/** Colours of a picture with how often each occurs, three numbers a colour. */
export interface Histogram {
  /** The cell of each of the 32,768 colours of 5 bits a channel, or -1. */
  readonly cells: Int32Array;
  /** How many pixels each cell has. */
  readonly counts: Float64Array;
  /** The mean red, green and blue of each cell, from 0 to 255. */
  readonly means: Float64Array;
}

/** Which cell each colour belongs to, as a number below `count`. */
export interface Clusters {
  readonly count: number;
  /** The cluster of each cell of the histogram. */
  readonly of: Int32Array;
}

/** The place of a colour among the 32,768 of 5 bits a channel. */
export function colourCell(red: number, green: number, blue: number): number {
  return ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
}

/** Counts the colours of RGBA bytes; alpha is not looked at. Yields the share done. */
export function* histogramOf(data: Uint8ClampedArray): Generator<number, Histogram, void> {
  const all = 1 << 15;
  const counts = new Float64Array(all);
  const sums = new Float64Array(3 * all);
  const count = (start: number, end: number) => {
    for (let i = 4 * start; i < 4 * end; i += 4) {
      const [red, green, blue] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
      const at = colourCell(red, green, blue);
      counts[at] = (counts[at] as number) + 1;
      sums[3 * at] = (sums[3 * at] as number) + red;
      sums[3 * at + 1] = (sums[3 * at + 1] as number) + green;
      sums[3 * at + 2] = (sums[3 * at + 2] as number) + blue;
    }
  };
  yield* inStretches(data.length / 4, count);
  const cells = new Int32Array(all).fill(-1);
  let found = 0;
  for (let at = 0; at < all; at++) if (counts[at] !== 0) cells[at] = found++;
  const kept = new Float64Array(found);
  const means = new Float64Array(3 * found);
  for (let at = 0; at < all; at++) {
    const cell = cells[at] as number;
    if (cell < 0) continue;
    const count = counts[at] as number;
    kept[cell] = count;
    for (let c = 0; c < 3; c++) means[3 * cell + c] = (sums[3 * at + c] as number) / count;
  }
  return { cells, counts: kept, means };
}

/** Numbers from 0 to 1 that follow from a seed of 32 bits: a Weyl sequence, mixed (Steele and Vigna's 32-bit finaliser). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/**
 * Gathers the colours of a histogram in at most `count` clusters that differ in Lab as little inside as can be found from
 * three starts. The same seed gives the same clusters. Where there are fewer colours than that, each is its own cluster.
 * Yields the share done.
 */
export function* kMeans({ counts, means }: Histogram, count: number, seed: number): Generator<number, Clusters, void> {
  const cells = counts.length;
  const colours = new Float64Array(3 * cells);
  for (let cell = 0; cell < cells; cell++) {
    const [red, green, blue] = [0, 1, 2].map((c) => Math.round(means[3 * cell + c] as number)) as [
      number,
      number,
      number,
    ];
    colours.set(labOf(red, green, blue), 3 * cell);
  }
  if (cells <= count) return { count: cells, of: Int32Array.from({ length: cells }, (_, cell) => cell) };
  const random = seeded(seed);
  let best: { readonly of: Int32Array; readonly cost: number } | null = null;
  for (let start = 0; start < 3; start++) {
    yield start / 3;
    const found = yield* part(settled(colours, counts, started(colours, counts, count, random)), start / 3, 1 / 3);
    if (!best || found.cost < best.cost) best = found;
  }
  return { count, of: (best as { of: Int32Array }).of };
}

/** k-means++: each further centre is a colour, drawn by how many pixels have it and by how far it is from the nearest. */
function started(colours: Float64Array, counts: Float64Array, count: number, random: () => number): Float64Array {
  const cells = counts.length;
  const centres = new Float64Array(3 * count);
  const distance = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
  const weights = Float64Array.from(counts);
  for (let k = 0; k < count; k++) {
    let sum = 0;
    for (let cell = 0; cell < cells; cell++) sum += weights[cell] as number;
    let left = random() * sum;
    let pick = -1;
    for (let cell = 0; cell < cells; cell++) {
      if (weights[cell] === 0) continue;
      pick = cell;
      left -= weights[cell] as number;
      if (left < 0) break;
    }
    const [l, a, b] = [0, 1, 2].map((c) => colours[3 * pick + c] as number) as [number, number, number];
    centres.set([l, a, b], 3 * k);
    for (let cell = 0, at = 0; cell < cells; cell++, at += 3) {
      const dl = (colours[at] as number) - l;
      const da = (colours[at + 1] as number) - a;
      const db = (colours[at + 2] as number) - b;
      const square = dl * dl + da * da + db * db;
      if (square < (distance[cell] as number)) distance[cell] = square;
      weights[cell] = (counts[cell] as number) * (distance[cell] as number);
    }
  }
  return centres;
}

/** Lloyd's rounds: each colour goes to its nearest centre, each centre to the middle of its colours, until none moves. Yields the share done. */
function* settled(
  colours: Float64Array,
  counts: Float64Array,
  centres: Float64Array,
): Generator<number, { readonly of: Int32Array; readonly cost: number }, void> {
  const cells = counts.length;
  const count = centres.length / 3;
  const of = new Int32Array(cells);
  const sums = new Float64Array(4 * count);
  let cost = 0;
  for (let round = 0; round < 30; round++) {
    yield round / 30;
    sums.fill(0);
    cost = 0;
    let moved = round === 0;
    for (let cell = 0, at = 0; cell < cells; cell++, at += 3) {
      const l = colours[at] as number;
      const a = colours[at + 1] as number;
      const b = colours[at + 2] as number;
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0, c = 0; k < count; k++, c += 3) {
        const dl = l - (centres[c] as number);
        const da = a - (centres[c + 1] as number);
        const db = b - (centres[c + 2] as number);
        const square = dl * dl + da * da + db * db;
        if (square < least) {
          least = square;
          nearest = k;
        }
      }
      if (of[cell] !== nearest) {
        of[cell] = nearest;
        moved = true;
      }
      const weight = counts[cell] as number;
      cost += weight * least;
      const to = 4 * nearest;
      sums[to] = (sums[to] as number) + weight * l;
      sums[to + 1] = (sums[to + 1] as number) + weight * a;
      sums[to + 2] = (sums[to + 2] as number) + weight * b;
      sums[to + 3] = (sums[to + 3] as number) + weight;
    }
    if (!moved) break;
    for (let k = 0; k < count; k++) {
      const weight = sums[4 * k + 3] as number;
      if (weight === 0) continue;
      for (let c = 0; c < 3; c++) centres[3 * k + c] = (sums[4 * k + c] as number) / weight;
    }
  }
  return { of, cost };
}
