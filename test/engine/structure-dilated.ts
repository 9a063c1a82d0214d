import type { Plane } from "../../engine/src/vision/plane.ts";

/** 1 within `reach` pixels of what is not 0, each way. */
export function dilated({ width, height, data }: Plane, reach: number): Uint8Array {
  const near = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0) continue;
      for (let ny = Math.max(y - reach, 0); ny <= Math.min(y + reach, height - 1); ny++) {
        near.fill(1, ny * width + Math.max(x - reach, 0), ny * width + Math.min(x + reach, width - 1) + 1);
      }
    }
  }
  return near;
}
