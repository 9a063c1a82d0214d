import type { Pixels } from "./core/pixels.ts";
import type { DrawnSize } from "./drawn-size.ts";
import { distances } from "./vision/distance.ts";
import { finished } from "./vision/part.ts";
import type { Plane } from "./vision/plane.ts";

// Where a picture to begin with may change, as levels from 0 to 255, and what becomes of the places where it may not.

/** The brightness of an opaque picture. It is that of ITU-R BT.601 in 16 bits, as Pillow has it. */
export function brightness({ width, height, data }: Pixels): Plane {
  const levels = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < levels.length; i++, from += 4) {
    const [red, green, blue] = [data[from] as number, data[from + 1] as number, data[from + 2] as number];
    levels[i] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
  }
  return { width, height, data: levels };
}

/**
 * A mask whose edge is softened outwards: what is at least half white stays as it is, and around it the level falls to
 * black within `pixels`, smoothly at both ends. Where the mask is brighter by itself, it stays so. Changes nothing it was
 * given.
 */
export function feathered(mask: Plane, pixels: number): Plane {
  if (pixels === 0) return mask;
  const isBlack = mask.data.map((level) => (level >= 128 ? 0 : 1));
  const away = finished(distances({ ...mask, data: isBlack })).data;
  const soft = mask.data.map((level, i) => {
    // The first pixel that is black again lies just beyond the width that was asked for.
    const near = Math.max(0, 1 - (away[i] as number) / (pixels + 1));
    return Math.max(level, Math.round(255 * near * near * (3 - 2 * near)));
  });
  return { ...mask, data: soft };
}

/** A mask of the size that was asked for, at the size that is drawn: from 0 to 1, the outermost pixels repeated. */
export function placesOf({ width, height, data }: Plane, { drawn }: Pick<DrawnSize, "drawn">): Float32Array {
  const places = new Float32Array(drawn.width * drawn.height);
  for (let y = 0; y < drawn.height; y++) {
    const row = Math.min(y, height - 1) * width;
    for (let x = 0; x < drawn.width; x++)
      places[y * drawn.width + x] = (data[row + Math.min(x, width - 1)] as number) / 255;
  }
  return places;
}

/**
 * A picture laid over what was drawn from it: where the mask is black its pixels come back byte for byte, transparent
 * ones too, where it is white what was drawn stays, and between both are mixed by the mask's level (as the overlay of
 * diffusers' inpainting pipelines). All three are of one size.
 */
export function laidOver(picture: Pixels, drawn: Pixels, mask: Plane): Pixels {
  const data = drawn.data.slice();
  for (let i = 0, at = 0; i < mask.data.length; i++, at += 4) {
    const level = mask.data[i] as number;
    if (level === 255) continue;
    if (level === 0) {
      data.set(picture.data.subarray(at, at + 4), at);
      continue;
    }
    // Alpha is straight: colours count by what they cover.
    const above = (255 - level) * (picture.data[at + 3] as number);
    const below = level * (drawn.data[at + 3] as number);
    const covered = above + below;
    for (let c = 0; c < 3; c++)
      data[at + c] = Math.round(
        (above * (picture.data[at + c] as number) + below * (drawn.data[at + c] as number)) / Math.max(1, covered),
      );
    data[at + 3] = Math.round(covered / 255);
  }
  return { ...drawn, data };
}
