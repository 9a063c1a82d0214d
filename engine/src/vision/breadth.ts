import type { Plane } from "./plane.ts";

/**
 * How broad the marks of a plane (what is not 0) are, 0 to 1: at how many places a square of `side` x `side` pixels fits
 * into them, as a part of all marks. A line has none that is thinner than that; an area has nearly one a pixel.
 */
export function broadShare({ width, height, data }: Plane, side: number): number {
  // The run of marks that ends at a pixel along its row, and, where that is long enough, how many such rows lie above it.
  const above = new Int32Array(width);
  let [marks, fitting] = [0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    let run = 0;
    for (let x = 0; x < width; x++, i++) {
      run = data[i] ? run + 1 : 0;
      if (run > 0) marks++;
      above[x] = run >= side ? (above[x] as number) + 1 : 0;
      if ((above[x] as number) >= side) fitting++;
    }
  }
  return marks > 0 ? fitting / marks : 0;
}
