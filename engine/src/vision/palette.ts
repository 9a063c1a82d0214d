import type { Pixels } from "../core/pixels.ts";
import { withoutSmallAreas } from "./areas.ts";
import { colourCell, histogramOf, kMeans } from "./k-means.ts";
import { inStretches, part } from "./part.ts";

/** How a picture is brought to few colours. */
export interface PaletteOptions {
  /** How many colours at most, from 1 to 256. */
  readonly colours: number;
  /** A whole number of 32 bits; the same one gives the same colours. */
  readonly seed: number;
  /** Areas of fewer pixels than this go to a neighbour. */
  readonly area: number;
}

/** Draws an opaque picture in few flat colours, each the mean of what it stands for. Yields the share done, from 0 to 1. */
export function* palette(source: Pixels, { colours, seed, area }: PaletteOptions): Generator<number, Pixels, void> {
  const { width, height, data } = source;
  const histogram = yield* part(histogramOf(data), 0, 0.1);
  const clusters = yield* part(kMeans(histogram, colours, seed), 0.1, 0.4);
  const table = Uint8Array.from(histogram.cells, (cell) => (cell < 0 ? 0 : (clusters.of[cell] as number)));
  const nearest = new Uint8Array(width * height);
  const look = (start: number, end: number) => {
    for (let i = start, from = 4 * start; i < end; i++, from += 4) {
      const cell = colourCell(data[from] as number, data[from + 1] as number, data[from + 2] as number);
      nearest[i] = table[cell] as number;
    }
  };
  yield* part(inStretches(nearest.length, look), 0.5, 0.1);
  const labels = yield* part(withoutSmallAreas(nearest, width, area), 0.6, 0.3);

  const sums = new Float64Array(4 * clusters.count);
  const add = (start: number, end: number) => {
    for (let i = start, from = 4 * start; i < end; i++, from += 4) {
      const to = 4 * (labels[i] as number);
      sums[to] = (sums[to] as number) + (data[from] as number);
      sums[to + 1] = (sums[to + 1] as number) + (data[from + 1] as number);
      sums[to + 2] = (sums[to + 2] as number) + (data[from + 2] as number);
      sums[to + 3] = (sums[to + 3] as number) + 1;
    }
  };
  yield* part(inStretches(labels.length, add), 0.9, 0.05);
  const bytes = new Uint8Array(4 * clusters.count).fill(255);
  for (let k = 0; k < bytes.length; k++) {
    if (k % 4 < 3) bytes[k] = Math.round((sums[k] as number) / Math.max(1, sums[k - (k % 4) + 3] as number));
  }
  const flat = new Uint32Array(bytes.buffer);
  const map = new Uint32Array(width * height);
  const draw = (start: number, end: number) => {
    for (let i = start; i < end; i++) map[i] = flat[labels[i] as number] as number;
  };
  yield* part(inStretches(map.length, draw), 0.95, 0.05);
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}
