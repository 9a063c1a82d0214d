import type { Pixels } from "../core/pixels.ts";
import { alphaOnes, giveRoom, layOut, takeRoom } from "./kernels.ts";
import type { Taps } from "./taps.ts";

// Scaling of opaque pictures whose new pixels are made of up to four by four old ones: whole weights of 1/2048 in both
// directions, sums of 32 bits, one rounding.

/** Scales an opaque picture by two or four taps in each direction. Yields the share done. */
export function* scaledByTaps(source: Pixels, columns: Taps, rows: Taps): Generator<number, Pixels, void> {
  const [width, height] = [columns.index.length / columns.count, rows.index.length / rows.count];
  const data = new Uint8ClampedArray(4 * width * height);
  const pitch = Math.ceil((16 * width + 64) / 16) * 16;
  const { at, size } = layOut(4 * source.width + 64, 4 * pitch, 4 * width, 16 * width, 32);
  const [line, ring, out, table, mix] = at;
  const room = takeRoom(size);
  try {
    const { bytes, words, kernels } = room;
    writeTaps(words, table / 4, columns, source.width, width);
    const held = new Int32Array(4).fill(-1);
    const rowAt = (from: number): number => {
      const slot = from % 4;
      const to = ring + slot * pitch;
      if (held[slot] !== from) {
        bytes.set(source.data.subarray(4 * from * source.width, 4 * (from + 1) * source.width), line);
        kernels.tapPixels(to, line, table, width);
        held[slot] = from;
      }
      return to;
    };
    const chunk = Math.max(1, Math.floor((1 << 20) / width));
    for (let y = 0; y < height; y++) {
      for (let k = 0; k < 4; k++) {
        const tap = y * rows.count + Math.min(k, rows.count - 1);
        words[mix / 4 + k] = rowAt(rows.index[tap] as number);
        words[mix / 4 + 4 + k] = k < rows.count ? 2048 * (rows.weight[tap] as number) : 0;
      }
      kernels.tapRows(out, mix, 4 * width, alphaOnes);
      data.set(bytes.subarray(out, out + 4 * width), 4 * y * width);
      if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
    }
  } finally {
    giveRoom(room);
  }
  return { width, height, data };
}

/** Writes where the four neighbouring pixels of each new one begin, and their weights; those of repeated edges together. */
function writeTaps(words: Int32Array, to: number, { count, index, weight }: Taps, length: number, width: number): void {
  const shares = new Int32Array(4);
  const last = Math.max(length - 4, 0);
  for (let x = 0; x < width; x++) {
    const first = Math.min(index[x * count] as number, last);
    shares.fill(0);
    for (let k = x * count; k < (x + 1) * count; k++) {
      const place = (index[k] as number) - first;
      shares[place] = (shares[place] as number) + 2048 * (weight[k] as number);
    }
    const [a, b, c, d] = shares as unknown as [number, number, number, number];
    words.set([4 * first, (a & 0xffff) | (b << 16), (c & 0xffff) | (d << 16)], to + 4 * x);
  }
}
