import { createPixels, type Pixels } from "../core/pixels.ts";
import { inRows, type Work } from "./turns.ts";

/** Turns and mirrors pixels as EXIF's orientation (1..8) asks. 5 to 8 swap width and height. 1 gives the same pixels. */
export function* turn(pixels: Pixels, orientation: number): Work<Pixels> {
  if (orientation <= 1 || orientation > 8) return pixels;
  const { width, height } = pixels;
  const swapped = orientation >= 5;
  const turned = createPixels(swapped ? height : width, swapped ? width : height);
  const from = new Uint32Array(pixels.data.buffer, pixels.data.byteOffset, width * height);
  const to = new Uint32Array(turned.data.buffer);
  // Where the first stored pixel lands, and how far one step right and one step down in the file move in the result.
  const right = width - 1;
  const bottom = height - 1;
  const [start, across, down] = (
    {
      2: [right, -1, width],
      3: [bottom * width + right, -1, -width],
      4: [bottom * width, 1, -width],
      5: [0, height, 1],
      6: [bottom, height, -1],
      7: [right * height + bottom, -height, -1],
      8: [right * height, -height, 1],
    } as Record<number, readonly [number, number, number]>
  )[orientation] ?? [0, 1, width];
  yield* inRows(height, width, (y) => {
    for (let source = y * width, end = source + width, target = start + y * down; source < end; source++) {
      to[target] = from[source] as number;
      target += across;
    }
  });
  return turned;
}
