import type { Pixels, Rect } from "@underdraw/engine/core";

/** How much each pixel of an area belongs to something: one byte a pixel, 0 to 255, rows from the top. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The size and place of what a mask holds; null when it holds nothing. */
export function maskBounds({ width, height, data }: Mask): Rect | null {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The alpha of pixels as a mask. */
export function maskOf({ width, height, data }: Pixels): Mask {
  const mask = new Uint8ClampedArray(width * height);
  for (let i = 0; i < mask.length; i++) mask[i] = data[4 * i + 3] ?? 0;
  return { width, height, data: mask };
}

/** A mask as white pixels with its values as alpha: as hosts take it. */
export function maskPixels({ width, height, data }: Mask): Pixels {
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < data.length; i++) pixels[4 * i + 3] = data[i] ?? 0;
  return { width, height, data: pixels };
}

/** Pixels with the alpha of a mask of the same size multiplied in, rounded to the nearest level. */
export function masked(pixels: Pixels, mask: Pixels): Pixels {
  const data = new Uint8ClampedArray(pixels.data);
  for (let i = 3; i < data.length; i += 4) data[i] = ((data[i] ?? 0) * (mask.data[i] ?? 0)) / 255;
  return { width: pixels.width, height: pixels.height, data };
}
