import type { Pixels } from "../core/pixels.ts";
import { withoutSmallAreas } from "./areas.ts";
import { barrierDistances } from "./barrier.ts";
import { type InflationOptions, inflated } from "./inflation.ts";
import { colourCell, histogramOf, kMeans } from "./k-means.ts";
import { labDistance, labOf } from "./lab.ts";
import { inStretches, part } from "./part.ts";
import { graying, otsuOf, type Plane } from "./plane.ts";

// The subject of a picture without a net. Where the picture has transparency, that says it. Elsewhere the ground is what
// hangs together with the picture's edge without a jump in colour: right for drawings, logos and things on a plain or
// gently changing ground, and a guess on a photograph whose ground is busy. What the ground encloses, it does not know:
// a ring's hole counts as subject.

/** How a subject is told from its ground. */
export interface SilhouetteOptions {
  /** How large a jump in colour ends the ground, in units of Lab, from 0 to 100; 0 finds it from the picture. */
  readonly tolerance: number;
  /** Areas of fewer pixels, of subject or of ground, are taken for the other. */
  readonly area: number;
}

/** White where a picture's subject is, black on its ground. Yields the share done, from 0 to 1. */
export function* silhouette(source: Pixels, { tolerance, area }: SilhouetteOptions): Generator<number, Plane, void> {
  const { width, height } = source;
  const labels = (yield* part(opaqueness(source), 0, 0.05)) ?? (yield* part(subject(source, tolerance), 0.05, 0.7));
  const found = yield* part(withoutSmallAreas(labels, width, area), 0.75, 0.2);
  const data = new Uint8Array(found.length);
  const whiten = (start: number, end: number) => {
    for (let i = start; i < end; i++) data[i] = found[i] ? 255 : 0;
  };
  yield* part(inStretches(data.length, whiten), 0.95, 0.05);
  return { width, height, data };
}

/** Draws a picture's silhouette, white on black. Yields the share done, from 0 to 1. */
export function* silhouetteMap(source: Pixels, options: SilhouetteOptions): Generator<number, Pixels, void> {
  return yield* part(graying(yield* part(silhouette(source, options), 0, 0.95)), 0.95, 0.05);
}

/** Draws a picture's silhouette blown up like a cushion, near = white. Yields the share done, from 0 to 1. */
export function* cushion(
  source: Pixels,
  options: SilhouetteOptions & InflationOptions,
): Generator<number, Pixels, void> {
  const shape = yield* part(silhouette(source, options), 0, 0.7);
  return yield* part(graying(yield* part(inflated(shape, options), 0.7, 0.25)), 0.95, 0.05);
}

/** 1 where a picture is more opaque than not, 0 elsewhere; null if that says nothing, as it is opaque all over. */
function* opaqueness({ data }: Pixels): Generator<number, Uint8Array | null, void> {
  const labels = new Uint8Array(data.length / 4);
  let opaque = 0;
  const look = (start: number, end: number) => {
    for (let i = start, from = 4 * start + 3; i < end; i++, from += 4) {
      if ((data[from] as number) <= 127) continue;
      labels[i] = 1;
      opaque++;
    }
  };
  yield* inStretches(labels.length, look);
  return opaque === labels.length ? null : labels;
}

/** 1 where the way from the ground's colours at the edge crosses a jump in colour, 0 elsewhere. */
function* subject(source: Pixels, tolerance: number): Generator<number, Uint8Array, void> {
  const seeds = yield* part(groundSeeds(source), 0, 0.02);
  const jumps = yield* part(barrierDistances(source, seeds), 0.02, 0.88);
  const counts = new Float64Array(256);
  const count = (start: number, end: number) => {
    for (let i = start; i < end; i++) counts[jumps[i] as number] = (counts[jumps[i] as number] as number) + 1;
  };
  yield* part(inStretches(jumps.length, count), 0.9, 0.05);
  // Otsu's threshold parts a picture with a subject well; noise and grain alone stay below the least.
  const limit = tolerance > 0 ? tolerance : Math.max(otsuOf(counts, jumps.length) * 0.8, 12);
  const mark = (start: number, end: number) => {
    for (let i = start; i < end; i++) jumps[i] = (jumps[i] as number) > limit ? 1 : 0;
  };
  yield* part(inStretches(jumps.length, mark), 0.95, 0.05);
  return jumps;
}

/**
 * Which pixels of the frame are ground: those in the colours that most of the frame has, or near them. A subject that is
 * cut off by the picture's edge is a small part of the frame.
 */
function* groundSeeds({ width, height, data }: Pixels): Generator<number, Int32Array, void> {
  const frame: number[] = [];
  for (let x = 0; x < width; x++) frame.push(x, (height - 1) * width + x);
  for (let y = 1; y + 1 < height; y++) frame.push(y * width, y * width + width - 1);
  const pixels = new Uint8ClampedArray(4 * frame.length);
  for (const [k, at] of frame.entries()) pixels.set(data.subarray(4 * at, 4 * at + 4), 4 * k);
  const histogram = yield* part(histogramOf(pixels), 0, 0.3);
  const clusters = yield* part(kMeans(histogram, 6, 0), 0.3, 0.7);
  const sums = new Float64Array(4 * clusters.count);
  histogram.counts.forEach((count, cell) => {
    const to = 4 * (clusters.of[cell] as number);
    for (let c = 0; c < 3; c++) {
      sums[to + c] = (sums[to + c] as number) + count * (histogram.means[3 * cell + c] as number);
    }
    sums[to + 3] = (sums[to + 3] as number) + count;
  });
  const share = (k: number) => (sums[4 * k + 3] as number) / frame.length;
  const colours = Array.from({ length: clusters.count }, (_, k) => {
    const [red, green, blue] = [0, 1, 2].map((c) =>
      Math.round((sums[4 * k + c] as number) / Math.max(sums[4 * k + 3] as number, 1)),
    ) as [number, number, number];
    return labOf(red, green, blue);
  });
  let main = 0;
  for (let k = 1; k < clusters.count; k++) if (share(k) > share(main)) main = k;
  const ground = new Set([main]);
  // A ground that changes gently reaches from one colour to the next; another large part of the frame is ground too.
  for (let round = 0, before = 0; round < 6 && ground.size !== before; round++) {
    before = ground.size;
    colours.forEach((colour, k) => {
      const close = [...ground].some((other) => labDistance(colour, colours[other] as typeof colour) < 15 * 15);
      if (close || share(k) >= 0.25) ground.add(k);
    });
  }
  return Int32Array.from(
    frame.filter((at) => {
      const cell = histogram.cells[
        colourCell(data[4 * at] as number, data[4 * at + 1] as number, data[4 * at + 2] as number)
      ] as number;
      return ground.has(clusters.of[cell] as number);
    }),
  );
}
