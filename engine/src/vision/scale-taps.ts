import type { Pixels } from "../core/pixels.ts";
import { alphaOnes, giveRoom, layOut, takeRoom } from "./kernels.ts";
import type { Taps } from "./taps.ts";

// Scaling of opaque pictures whose new pixels are made of four by four old ones: whole weights of 1/2048 in both
// directions, sums of 32 bits, one rounding.

/** How many new rows are made before they are carried out of the room. */
const block = 16;

/** Scales an opaque picture by four taps in each direction. Yields the share done. */
export function* scaledByTaps(source: Pixels, columns: Taps, rows: Taps): Generator<number, Pixels, void> {
  const [width, height] = [columns.index.length / 4, rows.index.length / 4];
  const data = new Uint8ClampedArray(4 * width * height);
  const pitch = Math.ceil((12 * width + 64) / 16) * 16;
  const { at, size } = layOut(4 * source.width + 64, 4 * pitch, 4 * width * block, 16 * width, 48);
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
    const chunk = Math.max(block, Math.floor((1 << 20) / width / block) * block);
    for (let start = 0; start < height; start += block) {
      const count = Math.min(block, height - start);
      for (let y = start; y < start + count; y++) {
        let all = 0;
        for (let k = 0; k < 4; k++) {
          const weight = 2048 * (rows.weight[4 * y + k] as number);
          all += weight;
          words[mix / 4 + k] = rowAt(rows.index[4 * y + k] as number);
          words[mix / 4 + 4 + k] = (-weight & 0xffff) | (-weight << 20);
        }
        words[mix / 4 + 8] = all << 18;
        kernels.tapRows(out + 4 * width * (y - start), mix, width, alphaOnes);
      }
      data.set(bytes.subarray(out, out + 4 * width * count), 4 * width * start);
      if ((start + count) % chunk === 0 && start + count < height) yield (start + count) / height;
    }
  } finally {
    giveRoom(room);
  }
  return { width, height, data };
}

/** Writes where the four neighbouring pixels of each new one begin, and their weights; those of repeated edges together. */
function writeTaps(words: Int32Array, to: number, { index, weight }: Taps, length: number, width: number): void {
  const shares = new Int32Array(4);
  const last = Math.max(length - 4, 0);
  for (let x = 0, at = to; x < width; x++, at += 4) {
    const first = Math.min(index[4 * x] as number, last);
    shares.fill(0);
    for (let k = 4 * x; k < 4 * x + 4; k++) {
      const place = (index[k] as number) - first;
      shares[place] = (shares[place] as number) + 2048 * (weight[k] as number);
    }
    words[at] = 4 * first;
    words[at + 1] = ((shares[0] as number) & 0xffff) | ((shares[1] as number) << 16);
    words[at + 2] = ((shares[2] as number) & 0xffff) | ((shares[3] as number) << 16);
  }
}
