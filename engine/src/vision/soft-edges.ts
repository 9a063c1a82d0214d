import type { Pixels } from "../core/pixels.ts";
import { labRow } from "./lab.ts";
import { inRows, inStretches, part } from "./part.ts";
import { doubled, gathered, halved, type Layer, madeRows, type Rows, rowsOf, softened } from "./pyramid.ts";
import { grayWords } from "./words.ts";

// Soft edges without a net, after what nets of soft edges show: the outlines of things strong, texture and noise weak, a
// few pixels wide with a soft rise. Changes of colour in Lab are measured at several sizes; a line must be seen at a
// neighbouring size too (an outline is, grain is not), stand out from what is around it (an outline does, texture does
// not), and be a crest. No meaning is known: a shadow's edge is as good as a face's.

/** How soft edges are drawn. */
export interface SoftEdgeOptions {
  /** From 0, great outlines alone, to 1, texture too. */
  readonly detail: number;
  /** How bright edges become: 1 is usual. */
  readonly strength: number;
}

/** Draws the soft edges of an opaque picture, white on black. Yields the share done, from 0 to 1. */
export function* softEdges(source: Pixels, { detail, strength }: SoftEdgeOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const lab = madeRows(width, height, 3, (y, into) => labRow(source, y, into));
  const fine = softened(lab);
  const coarser = halved(fine);
  // The finest size is large: it is seen while the next one is made, and not kept.
  const first = new Float32Array(width * height);
  let layer: Layer = { ...coarser, data: new Float32Array(coarser.width * coarser.height * 3) };
  const open = (y: number) => {
    changes(fine, y, first.subarray(y * width, (y + 1) * width));
    if (y % 2 === 0) layer.data.set(coarser.at(y / 2), (y / 2) * 3 * layer.width);
  };
  yield* part(inRows(width, height, open, 1 << 15), 0, 0.4);
  const sizes: Layer[] = [{ width, height, channels: 1, data: first }];
  for (let k = 0; k < 3; k++) {
    if (k > 0) layer = yield* part(gathered(halved(rowsOf(layer))), 0.4 + 0.05 * k, 0.02);
    const rows = rowsOf(layer);
    const seen = madeRows(layer.width, layer.height, 1, (y, into) => changes(rows, y, into));
    sizes.push(yield* part(gathered(seen), 0.42 + 0.05 * k, 0.03));
  }
  // From the coarsest size inwards: what each size sees, weighed by what the next coarser one sees in the same place.
  let seen = sizes[3] as Layer;
  for (let k = 2; k >= 0; k--) {
    const here = sizes[k] as Layer;
    const coarse = doubled(rowsOf(seen), here.width, here.height);
    const confirming = inRows(here.width, here.height, (y) =>
      confirm(rowsOf(here).at(y), coarse.at(y), k === 0 ? 0.25 + 0.5 * detail : 0.5),
    );
    yield* part(confirming, 0.6 - 0.02 * k, 0.02);
    seen = here;
  }
  const calm = yield* part(surround(seen), 0.62, 0.08);
  // Lines are written over what was seen.
  const lines = yield* part(gathered(softened(crested(rowsOf(seen), calm, 0.9 * (1 - detail))), seen.data), 0.7, 0.2);
  return yield* part(toned(lines, strength, detail), 0.9, 0.1);
}

/**
 * How strongly colour changes in each pixel, in units of Lab a pixel: the length of the gradient over all channels, and of
 * the bend of lightness with it, which is strongest in the middle of a thin stroke, where the gradient is not.
 */
function changes(rows: Rows, y: number, into: Float32Array): void {
  const [above, here, below] = [rows.at(y - 1), rows.at(y), rows.at(y + 1)];
  const last = 3 * (into.length - 1);
  for (let x = 0, at = 0; x < into.length; x++, at += 3) {
    const left = Math.max(at - 3, 0);
    const right = Math.min(at + 3, last);
    const l1 = (here[right] as number) - (here[left] as number);
    const l2 = (below[at] as number) - (above[at] as number);
    const a1 = (here[right + 1] as number) - (here[left + 1] as number);
    const a2 = (below[at + 1] as number) - (above[at + 1] as number);
    const b1 = (here[right + 2] as number) - (here[left + 2] as number);
    const b2 = (below[at + 2] as number) - (above[at + 2] as number);
    const middle = 2 * (here[at] as number);
    const bend1 = (here[right] as number) + (here[left] as number) - middle;
    const bend2 = (below[at] as number) + (above[at] as number) - middle;
    // Colour without lightness counts half: cameras and JPEG keep it badly.
    const colour = 0.25 * (a1 * a1 + a2 * a2 + b1 * b1 + b2 * b2);
    into[x] = 0.5 * Math.sqrt(l1 * l1 + l2 * l2 + colour + 2 * (bend1 * bend1 + bend2 * bend2));
  }
}

/** Makes a row of a finer size the geometric mean of two sizes, and a part of the finer one for itself. */
function confirm(fine: Float32Array, coarse: Float32Array, alone: number): void {
  for (let x = 0; x < fine.length; x++) {
    const here = fine[x] as number;
    const there = coarse[x] as number;
    fine[x] = (1 - alone) * Math.sqrt(here * there) + alone * Math.min(here, there);
  }
}

/** How much changes about each pixel, some sixteen pixels around. Yields the share done. */
function* surround(layer: Layer): Generator<number, Rows, void> {
  const sizes = [layer];
  for (let k = 0; k < 4; k++) {
    sizes.push(
      yield* part(gathered(halved(rowsOf(sizes[k] as Layer))), k < 1 ? 0 : 0.6 + 0.05 * k, k < 1 ? 0.6 : 0.05),
    );
  }
  let wide = softened(rowsOf(sizes[4] as Layer));
  for (let k = 3; k >= 0; k--) {
    const { width, height } = sizes[k] as Layer;
    wide = doubled(wide, width, height);
  }
  return wide;
}

/** The crests of what stands out: the height over the ground two pixels to either side, across the steepest way. */
function crested(seen: Rows, calm: Rows, quiet: number): Rows {
  const { width, height } = seen;
  const reach = 2;
  return madeRows(width, height, 1, (y, into) => {
    const [above, row, below] = [seen.at(y - reach), seen.at(y), seen.at(y + reach)];
    const around = calm.at(y);
    for (let x = 0; x < width; x++) {
      const here = row[x] as number;
      const stands = here - quiet * (around[x] as number);
      into[x] = 0;
      if (stands <= 0) continue;
      const left = Math.max(x - reach, 0);
      const right = Math.min(x + reach, width - 1);
      const twice = 2 * here;
      const flat = twice - (row[left] as number) - (row[right] as number);
      const tall = twice - (above[x] as number) - (below[x] as number);
      const falling = 0.7 * (twice - (above[left] as number) - (below[right] as number));
      const rising = 0.7 * (twice - (above[right] as number) - (below[left] as number));
      const crest = Math.max(flat, tall, falling, rising);
      if (crest > 0) into[x] = Math.sqrt(stands * crest);
    }
  });
}

/** Levels of gray: white where a line is as strong as the picture's strong lines, with a floor under which all is black. Yields the share done. */
function* toned({ width, height, data }: Layer, strength: number, detail: number): Generator<number, Pixels, void> {
  const bins = new Int32Array(1024);
  const count = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const bin = Math.min(Math.floor((data[i] as number) * 20), 1023);
      bins[bin] = (bins[bin] as number) + 1;
    }
  };
  yield* part(inStretches(data.length, count), 0, 0.4);
  // Strong is what one pixel in forty reaches; a picture with little in it is not blown up.
  let strong = 1023;
  for (let above = bins[strong] as number; strong > 0 && above < data.length / 40; strong--) {
    above += bins[strong - 1] as number;
  }
  const white = Math.min(Math.max(strong / 20, 4), 14) / strength;
  const floor = white * 0.12 * (1 - 0.6 * detail);
  const map = new Uint32Array(data.length);
  const draw = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const height = ((data[i] as number) - floor) / (white - floor);
      // Soft at the foot, which keeps lines thin and the ground black, and soft at the shoulder.
      const square = height * height;
      const level = height <= 0 ? 0 : Math.min(Math.round((320 * square) / (square + 0.25)), 255);
      map[i] = grayWords[level] as number;
    }
  };
  yield* part(inStretches(data.length, draw), 0.4, 0.6);
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}
