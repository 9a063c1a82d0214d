import type { Pixels } from "../core/pixels.ts";
import { toLab } from "./lab.ts";
import { grayPixels } from "./plane.ts";
import { doubled, halved, type Layer, softened } from "./pyramid.ts";

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
  let layer: Layer = softened({ width, height, channels: 3, data: toLab(source) });
  yield 0.2;
  const sizes: Layer[] = [changes(layer)];
  yield 0.3;
  for (let k = 0; k < 3; k++) {
    layer = halved(layer);
    sizes.push(changes(layer));
    yield 0.4 + k * 0.03;
  }
  // From the coarsest size inwards: what each size sees, weighed by what the next coarser one sees in the same place.
  let seen = sizes[3] as Layer;
  for (let k = 2; k >= 0; k--) {
    const here = sizes[k] as Layer;
    seen = confirmed(here, doubled(seen, here.width, here.height), k === 0 ? 0.25 + 0.5 * detail : 0.5);
    yield 0.6 - 0.05 * k;
  }
  const calm = surround(seen);
  yield 0.7;
  const crests = crested(seen, calm, 0.9 * (1 - detail));
  yield 0.85;
  const lines = softened(crests);
  yield 0.9;
  return toned(lines, strength, detail);
}

/**
 * How strongly colour changes in each pixel, in units of Lab a pixel: the length of the gradient over all channels, and of
 * the bend of lightness with it, which is strongest in the middle of a thin stroke, where the gradient is not.
 */
function changes({ width, height, data }: Layer): Layer {
  const result = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const above = 3 * width * Math.max(y - 1, 0);
    const below = 3 * width * Math.min(y + 1, height - 1);
    const here = 3 * width * y;
    for (let x = 0; x < width; x++, to++) {
      const left = here + 3 * (x > 0 ? x - 1 : 0);
      const right = here + 3 * (x + 1 < width ? x + 1 : x);
      const up = above + 3 * x;
      const down = below + 3 * x;
      const l1 = (data[right] as number) - (data[left] as number);
      const l2 = (data[down] as number) - (data[up] as number);
      const a1 = (data[right + 1] as number) - (data[left + 1] as number);
      const a2 = (data[down + 1] as number) - (data[up + 1] as number);
      const b1 = (data[right + 2] as number) - (data[left + 2] as number);
      const b2 = (data[down + 2] as number) - (data[up + 2] as number);
      const middle = 2 * (data[here + 3 * x] as number);
      const bend1 = (data[right] as number) + (data[left] as number) - middle;
      const bend2 = (data[down] as number) + (data[up] as number) - middle;
      // Colour without lightness counts half: cameras and JPEG keep it badly.
      const colour = 0.25 * (a1 * a1 + a2 * a2 + b1 * b1 + b2 * b2);
      result[to] = 0.5 * Math.sqrt(l1 * l1 + l2 * l2 + colour + 2 * (bend1 * bend1 + bend2 * bend2));
    }
  }
  return { width, height, channels: 1, data: result };
}

/** The geometric mean of two sizes, and a part of the finer one for itself. */
function confirmed(fine: Layer, coarse: Layer, alone: number): Layer {
  const { width, height, data } = fine;
  const result = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const here = data[i] as number;
    result[i] =
      (1 - alone) * Math.sqrt(here * (coarse.data[i] as number)) + alone * Math.min(here, coarse.data[i] as number);
  }
  return { width, height, channels: 1, data: result };
}

/** How much changes about each pixel, some sixteen pixels around. */
function surround(layer: Layer): Layer {
  const sizes = [layer];
  for (let k = 0; k < 4; k++) sizes.push(halved(sizes[k] as Layer));
  let wide = softened(sizes[4] as Layer);
  for (let k = 3; k >= 0; k--) {
    const { width, height } = sizes[k] as Layer;
    wide = doubled(wide, width, height);
  }
  return wide;
}

/** The crests of what stands out: the height over the ground two pixels to either side, across the steepest way. */
function crested({ width, height, data }: Layer, calm: Layer, quiet: number): Layer {
  const result = new Float32Array(data.length);
  const reach = 2;
  for (let y = 0, i = 0; y < height; y++) {
    const up = width * (Math.max(y - reach, 0) - y);
    const down = width * (Math.min(y + reach, height - 1) - y);
    for (let x = 0; x < width; x++, i++) {
      const here = data[i] as number;
      const stands = here - quiet * (calm.data[i] as number);
      if (stands <= 0) continue;
      const left = x >= reach ? -reach : -x;
      const right = x + reach < width ? reach : width - 1 - x;
      const twice = 2 * here;
      const flat = twice - (data[i + left] as number) - (data[i + right] as number);
      const tall = twice - (data[i + up] as number) - (data[i + down] as number);
      const falling = 0.7 * (twice - (data[i + up + left] as number) - (data[i + down + right] as number));
      const rising = 0.7 * (twice - (data[i + up + right] as number) - (data[i + down + left] as number));
      const crest = Math.max(flat, tall, falling, rising);
      if (crest > 0) result[i] = Math.sqrt(stands * crest);
    }
  }
  return { width, height, channels: 1, data: result };
}

/** Levels of gray: white where a line is as strong as the picture's strong lines, with a floor under which all is black. */
function toned({ width, height, data }: Layer, strength: number, detail: number): Pixels {
  const bins = new Int32Array(1024);
  for (let i = 0; i < data.length; i++) {
    const bin = Math.min(Math.floor((data[i] as number) * 20), 1023);
    bins[bin] = (bins[bin] as number) + 1;
  }
  // Strong is what one pixel in forty reaches; a picture with little in it is not blown up.
  let strong = 1023;
  for (let above = bins[strong] as number; strong > 0 && above < data.length / 40; strong--) {
    above += bins[strong - 1] as number;
  }
  const white = Math.min(Math.max(strong / 20, 4), 14) / strength;
  const floor = white * 0.12 * (1 - 0.6 * detail);
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const height = ((data[i] as number) - floor) / (white - floor);
    if (height <= 0) continue;
    // Soft at the foot, which keeps lines thin and the ground black, and soft at the shoulder.
    const square = height * height;
    levels[i] = Math.min(Math.round((320 * square) / (square + 0.25)), 255);
  }
  return grayPixels({ width, height, data: levels });
}
