import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import { bicubic } from "./bicubic.ts";
import { resample } from "./resample.ts";

// How large a picture is when a net looks at it, and what the net then gets. Proportions are kept: what a net needs beyond
// the picture repeats its last column and row, and what it answers there is left out.

/** The sides that a net sees: those of the scaled picture, and with what is put beside and below it. */
export interface SeenSize {
  readonly width: number;
  readonly height: number;
  readonly wholeWidth: number;
  readonly wholeHeight: number;
}

/** The most pixels that a net gets: at its own choice of size, and where a user asks for one. */
const mostPixels = { own: 1 << 21, asked: 1 << 23 };

/** The shorter side at which a net of edges looks where nobody says: the picture's own, within these. */
const ownSide = { least: 64, most: 1024 };

/** Both sides are filled up to multiples of this, after WebUI's `resize_image_with_pad`. */
const multiple = 64;

/**
 * The size at which a net of edges looks at a picture: its shorter side becomes `resolution` pixels, or stays as it is
 * between 64 and 1024 (a strip less than 64). Very long pictures are seen smaller, so that a net never gets more pixels than it can bear.
 */
export function seenSize(width: number, height: number, resolution?: number): SeenSize {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  // What is small is enlarged as far as the longer side bears it.
  const least = Math.max(short, Math.min(ownSide.least, (ownSide.most * short) / long));
  const wanted = resolution ?? Math.min(least, ownSide.most);
  const most = resolution === undefined ? mostPixels.own : mostPixels.asked;
  // A strip is filled up to a whole multiple in its short side.
  const scale = Math.min(wanted / short, Math.sqrt(most / (width * height)), most / (multiple * long));
  const side = (length: number) => Math.max(1, roundEven(length * scale));
  const whole = (length: number) => Math.ceil(length / multiple) * multiple;
  const [w, h] = [side(width), side(height)];
  return { width: w, height: h, wholeWidth: whole(w), wholeHeight: whole(h) };
}

/** A picture as a net of edges sees it: enlarged by the cubic filter, made smaller by the mean, filled up at its end. */
export function seenPicture(source: Pixels, size: SeenSize): Pixels {
  const { width, height, wholeWidth, wholeHeight } = size;
  const same = width === source.width && height === source.height;
  const larger = width * height > source.width * source.height;
  const scaled = same ? source : resample(source, width, height, larger ? "cubic" : "area");
  if (wholeWidth === width && wholeHeight === height) return scaled;
  const data = new Uint8ClampedArray(4 * wholeWidth * wholeHeight);
  const from = new Uint32Array(scaled.data.buffer, scaled.data.byteOffset, width * height);
  const to = new Uint32Array(data.buffer);
  for (let y = 0; y < wholeHeight; y++) {
    const row = Math.min(y, height - 1) * width;
    const start = y * wholeWidth;
    to.set(from.subarray(row, row + width), start);
    to.fill(from[row + width - 1] as number, start + width, start + wholeWidth);
  }
  return { width: wholeWidth, height: wholeHeight, data };
}

/** The sides of a patch of DINOv2, in pixels. */
const patch = 14;

/**
 * The size at which Depth Anything looks at a picture, as its processor in transformers has it: as little scaling as brings
 * one side to `resolution`, both sides rounded to whole patches, at least one.
 */
export function depthSize(width: number, height: number, resolution: number): SeenSize {
  const [across, down] = [resolution / width, resolution / height];
  const scale = Math.abs(1 - across) < Math.abs(1 - down) ? across : down;
  const side = (length: number) => Math.max(1, roundEven((scale * length) / patch)) * patch;
  const [w, h] = [side(width), side(height)];
  return { width: w, height: h, wholeWidth: w, wholeHeight: h };
}

/** A picture as Depth Anything sees it, by the filter of its processor. */
export const depthPicture = (source: Pixels, { width, height }: SeenSize): Pixels => bicubic(source, width, height);

/** An opaque picture as nets take it: [1, 3, height, width], red, green and blue from 0 to 255. */
export function pictureTensor({ width, height, data }: Pixels): Tensor {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let i = 0, from = 0; i < area; i++, from += 4) {
    values[i] = data[from] as number;
    values[area + i] = data[from + 1] as number;
    values[2 * area + i] = data[from + 2] as number;
  }
  return { dims: [1, 3, height, width], values };
}

/** Rounds, halves to the even neighbour, as Python does. */
function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
