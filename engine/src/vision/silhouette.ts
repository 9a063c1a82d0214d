import type { Pixels } from "../core/pixels.ts";
import { withoutSmallAreas } from "./areas.ts";
import { barrierDistances } from "./barrier.ts";
import { type InflationOptions, inflated } from "./inflation.ts";
import { colourCell, histogramOf, kMeans } from "./k-means.ts";
import { labDistance, labOf } from "./lab.ts";
import { grayPixels, otsu, type Plane } from "./plane.ts";

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
  const labels = opaqueness(source) ?? (yield* subject(source, tolerance));
  const merging = withoutSmallAreas(labels, width, area);
  let step = merging.next();
  for (; !step.done; step = merging.next()) yield 0.8 + 0.2 * step.value;
  return { width, height, data: step.value.map((label) => (label ? 255 : 0)) };
}

/** Draws a picture's silhouette, white on black. Yields the share done, from 0 to 1. */
export function* silhouetteMap(source: Pixels, options: SilhouetteOptions): Generator<number, Pixels, void> {
  return grayPixels(yield* silhouette(source, options));
}

/** Draws a picture's silhouette blown up like a cushion, near = white. Yields the share done, from 0 to 1. */
export function* cushion(
  source: Pixels,
  options: SilhouetteOptions & InflationOptions,
): Generator<number, Pixels, void> {
  const work = silhouette(source, options);
  let step = work.next();
  for (; !step.done; step = work.next()) yield 0.7 * step.value;
  return grayPixels(inflated(step.value, options));
}

/** 1 where a picture is more opaque than not, 0 elsewhere; null if that says nothing, as it is opaque all over. */
function opaqueness({ data }: Pixels): Uint8Array | null {
  const labels = new Uint8Array(data.length / 4);
  let opaque = 0;
  for (let i = 0, from = 3; i < labels.length; i++, from += 4) {
    if ((data[from] as number) <= 127) continue;
    labels[i] = 1;
    opaque++;
  }
  return opaque === labels.length ? null : labels;
}

/** 1 where the way from the ground's colours at the edge crosses a jump in colour, 0 elsewhere. */
function* subject(source: Pixels, tolerance: number): Generator<number, Uint8Array, void> {
  const { width, height } = source;
  const work = barrierDistances(source, groundSeeds(source));
  let step = work.next();
  for (; !step.done; step = work.next()) yield 0.7 * step.value;
  const jumps = step.value;
  // Otsu's threshold parts a picture with a subject well; noise and grain alone stay below the least.
  const limit = tolerance > 0 ? tolerance : Math.max(otsu({ width, height, data: jumps }) * 0.8, 12);
  return jumps.map((jump) => (jump > limit ? 1 : 0));
}

/**
 * Which pixels of the frame are ground: those in the colours that most of the frame has, or near them. A subject that is
 * cut off by the picture's edge is a small part of the frame.
 */
function groundSeeds({ width, height, data }: Pixels): Int32Array {
  const frame: number[] = [];
  for (let x = 0; x < width; x++) frame.push(x, (height - 1) * width + x);
  for (let y = 1; y + 1 < height; y++) frame.push(y * width, y * width + width - 1);
  const pixels = new Uint8ClampedArray(4 * frame.length);
  for (const [k, at] of frame.entries()) pixels.set(data.subarray(4 * at, 4 * at + 4), 4 * k);
  const histogram = histogramOf(pixels);
  const clusters = kMeans(histogram, 6, 0);
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
