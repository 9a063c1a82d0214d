import type { Pixels, Rect } from "../core/pixels.ts";

/** A part of a picture that lies wholly in it; the picture itself where the part is all of it. */
export function cropped(source: Pixels, { x, y, width, height }: Rect): Pixels {
  if (x === 0 && y === 0 && width === source.width && height === source.height) return source;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((y + row) * source.width + x);
    data.set(source.data.subarray(from, from + 4 * width), 4 * row * width);
  }
  return { width, height, data };
}
