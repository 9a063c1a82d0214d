import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import { inStretches } from "./part.ts";
import type { Plane } from "./plane.ts";

// What a net for filling in is shown: the picture, and where it shall paint, -1 in all three channels, which no colour is.
// Eight bits have no -1. In a map of eight bits the area is pure black, and a pixel of the picture that is pure black
// itself is one level of blue above it, so that a map alone still says where to paint.

/** White where a picture's alpha is at or below `threshold`, which is where something shall be filled in; black elsewhere. */
export function fillMask({ width, height, data }: Pixels, threshold: number): Plane {
  const mask = new Uint8Array(width * height);
  for (let i = 0, from = 3; i < mask.length; i++, from += 4) mask[i] = (data[from] as number) <= threshold ? 255 : 0;
  return { width, height, data: mask };
}

/**
 * The picture, opaque, with what `fillMask` finds at `threshold` black; pure black elsewhere becomes 0, 0, 1. Yields the
 * share done.
 */
export function* fillMap({ width, height, data }: Pixels, threshold: number): Generator<number, Pixels, void> {
  const map = new Uint8ClampedArray(data.length);
  const draw = (start: number, end: number) => {
    map.set(data.subarray(4 * start, 4 * end), 4 * start);
    for (let i = 4 * start; i < 4 * end; i += 4) {
      if ((map[i + 3] as number) <= threshold) {
        map[i] = 0;
        map[i + 1] = 0;
        map[i + 2] = 0;
      } else if (map[i] === 0 && map[i + 1] === 0 && map[i + 2] === 0) map[i + 2] = 1;
      map[i + 3] = 255;
    }
  };
  yield* inStretches(data.length / 4, draw);
  return { width, height, data: map };
}

/** The mask that a map of `fillMap` was made with: white where the map is pure black. */
export function fillMapMask({ width, height, data }: Pixels): Plane {
  const mask = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < mask.length; i++, from += 4) {
    mask[i] = data[from] === 0 && data[from + 1] === 0 && data[from + 2] === 0 ? 255 : 0;
  }
  return { width, height, data: mask };
}

/**
 * The hint of a net for filling in, [1, 3, height, width]: red, green and blue from 0 to 1, and -1 in all three where the
 * mask is above 127. Alpha is not looked at. Throws a RangeError if picture and mask differ in size.
 */
export function inpaintHint(source: Pixels, mask: Plane): Tensor {
  checkSizes(source, mask);
  const { width, height, data } = source;
  const count = width * height;
  const values = new Float32Array(3 * count);
  for (let i = 0, from = 0; i < count; i++, from += 4) {
    const fill = (mask.data[i] as number) > 127;
    for (let c = 0; c < 3; c++) values[c * count + i] = fill ? -1 : (data[from + c] as number) / 255;
  }
  return { dims: [1, 3, height, width], values };
}

function checkSizes(source: Pixels, mask: Plane): void {
  if (source.width === mask.width && source.height === mask.height) return;
  const sizes = `${mask.width}x${mask.height} for a picture of ${source.width}x${source.height}`;
  throw new RangeError(`mask: it must be as large as the picture; it is ${sizes}.`);
}
