import type { ProductLoop } from "./product.ts";

/** The loop of product.wat in TypeScript, to the bit, where WebAssembly is not to be had. */
export const plainProduct =
  (floats: Float32Array): ProductLoop =>
  (to, up, down, rows, width, pitch, rank) => {
    const sums = new Float32Array(width);
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      const factors = (up >> 2) + (row >> 2) * rank * 4 + (row & 3);
      for (let k = 0; k < rank; k++) {
        const factor = floats[factors + 4 * k] as number;
        const from = (down >> 2) + k * pitch;
        for (let i = 0; i < width; i++)
          sums[i] = (sums[i] as number) + Math.fround(factor * (floats[from + i] as number));
      }
      const place = (to >> 2) + row * pitch;
      for (let i = 0; i < width; i++) floats[place + i] = (floats[place + i] as number) + (sums[i] as number);
    }
  };
