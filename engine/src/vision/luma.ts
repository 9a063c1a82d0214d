import type { Pixels } from "../core/pixels.ts";

/** A row's luma, OpenCV's since 4: 0.299 red, 0.587 green, 0.114 blue in steps of 1/32768. The edge repeats `reach` times. */
export function unpackLuma({ width, data }: Pixels, y: number, reach: number, luma: Int32Array): void {
  for (let x = reach, i = y * width * 4; x < width + reach; x++, i += 4) {
    luma[x] =
      ((data[i] as number) * 9798 + (data[i + 1] as number) * 19235 + (data[i + 2] as number) * 3735 + 16384) >> 15;
  }
  repeatEdge(luma, width, reach);
}

/** Repeats the first and the last of `width` numbers that begin at `reach`, to both ends of a row. */
export function repeatEdge(row: Int32Array, width: number, reach: number): void {
  row.fill(row[reach] as number, 0, reach);
  row.fill(row[width + reach - 1] as number, width + reach);
}
