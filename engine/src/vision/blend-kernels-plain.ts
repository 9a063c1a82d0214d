import type { BlendKernels } from "./blend-kernels.ts";
import type { Views } from "./room.ts";

// The loops of blend-kernels.wat in TypeScript, to the bit.

/** The loops over a memory, where WebAssembly is not to be had. */
export function plainBlendKernels({ bytes, shorts, words }: Views): BlendKernels {
  const levels = new Uint8ClampedArray(bytes.buffer);
  return {
    widenPixels(to, from, count) {
      for (let i = 0, at = from, place = to >> 1; i < count; i++, at += 4, place += 3) {
        shorts[place] = bytes[at] as number;
        shorts[place + 1] = bytes[at + 1] as number;
        shorts[place + 2] = bytes[at + 2] as number;
      }
    },
    widenLevels(to, from, count) {
      for (let i = 0, place = to >> 1; i < count; i++) shorts[place + i] = bytes[from + i] as number;
    },
    spreadPixels(to, from, count, ones) {
      for (let i = 0, at = from, place = to; i < count; i++, at += 3, place += 4) {
        for (let c = 0; c < 3; c++) bytes[place + c] = (bytes[at + c] as number) | ((ones >>> (8 * c)) & 255);
        bytes[place + 3] = ones >>> 24;
      }
    },
    blendAlong(to, one, other, count, table, n) {
      for (const [k, place] of [one, other].entries()) {
        const [from, row] = [place >> 1, (to >> 1) + k];
        const middle = words[(table >> 2) + 2] as number;
        for (let i = 0; i < count; i++) shorts[row + 2 * i] = middle * (shorts[from + i] as number) - 32768;
        for (let at = (table >> 2) + 4, last = (table >> 2) + 4 * n; at < last; at += 4) {
          const before = from + ((words[at] as number) >> 1);
          const behind = from + ((words[at + 1] as number) >> 1);
          const weight = words[at + 2] as number;
          for (let i = 0; i < count; i++) {
            shorts[row + 2 * i] =
              (shorts[row + 2 * i] as number) +
              weight * ((shorts[before + i] as number) + (shorts[behind + i] as number));
          }
        }
      }
    },
    blendDown(one, other, count, table, n) {
      const sums = new Int32Array(count);
      for (const [k, to] of [one, other].entries()) {
        sums.fill(0x808000);
        for (let entry = 0, at = table >> 2; entry < n; entry++, at += 4) {
          const from = (words[at] as number) >> 1;
          const both = words[at + 1 + k] as number;
          const [upper, lower] = [(both << 16) >> 16, both >> 16];
          for (let i = 0; i < count; i++) {
            const place = from + 2 * i;
            sums[i] = (sums[i] as number) + upper * (shorts[place] as number) + lower * (shorts[place + 1] as number);
          }
        }
        for (let i = 0; i < count; i++) levels[to + i] = (sums[i] as number) >> 16;
      }
    },
  };
}
