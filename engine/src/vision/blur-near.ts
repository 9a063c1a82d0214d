import { blendRooms } from "./blend-kernels.ts";
import { mirrored, mirroredEnds } from "./kernel.ts";
import { alphaOnes, layOut } from "./kernels.ts";
import type { Views } from "./room.ts";

// The Gaussian of blur.ts for kernels that do not reach far: each sum is made of all its places, which are few. Two rows
// go through it at a time, their numbers woven, so that a product of two pairs weighs both; alpha is left out.

/** Carries `rows` rows from the room, where they lie one after the other, to where they belong. */
export type RowStore = (y: number, room: Views, from: number, rows: number) => void;

/** Carries a row into the room. */
export type RowLoad = (y: number, room: Views, to: number) => void;

/** Blurs rows of `channels` bytes a pixel by a kernel of whole 1/256, from its middle outwards. Yields the share done. */
export function* blurNear(
  width: number,
  height: number,
  channels: 1 | 4,
  kernel: Int32Array,
  load: RowLoad,
  store: RowStore,
): Generator<number, void, void> {
  const reach = kernel.length - 1;
  const seen = channels === 4 ? 3 : 1;
  const count = width * seen;
  const margin = 2 * reach * seen;
  const linePitch = Math.ceil((2 * count + 2 * margin + 192) / 16) * 16;
  const wovenPitch = 4 * Math.ceil((count + 48) / 32) * 32;
  // Of two rows from an even one on: all pairs of rows that either of them reaches.
  const first = Math.floor(-reach / 2);
  const pairs = Math.floor((reach + 1) / 2) - first + 1;
  const { at, size } = layOut(
    channels * width,
    2 * linePitch,
    pairs * wovenPitch,
    2 * (count + 16),
    2 * channels * width,
    16 * kernel.length,
    16 * pairs,
  );
  const [line, wide, ring, levels, out, along, down] = at;
  const room = blendRooms.take(size);
  try {
    const { shorts, words, kernels } = room;
    kernel.forEach((weight, k) => {
      words.set([-2 * k * seen, 2 * k * seen, weight], along / 4 + 4 * k);
    });
    const share = (distance: number) => kernel[Math.abs(distance)] ?? 0;
    const both = (row: number) => share(row) | (share(row + 1) << 16);
    for (let k = 0; k < pairs; k++) {
      const row = 2 * (first + k);
      words[down / 4 + 4 * k + 1] = both(row);
      words[down / 4 + 4 * k + 2] = both(row - 1);
    }
    const ends = mirroredEnds(width, reach);
    const one = wide + Math.ceil(margin / 16) * 16;
    const other = one + linePitch;
    const bring = (y: number, to: number) => {
      load(mirrored(y, height), room, line);
      if (channels === 4) kernels.widenPixels(to, line, width);
      else kernels.widenLevels(to, line, width);
      mirrorEnds(shorts, to / 2, width, seen, ends);
    };
    const wovenAt = (pair: number) => ring + ((pair - first) % pairs) * wovenPitch;
    const chunk = Math.max(2, Math.floor((1 << 19) / (width * channels) / 2) * 2);
    let next = first;
    for (let y = 0; y < height; y += 2) {
      const begin = y / 2 + first;
      for (; next < begin + pairs; next++) {
        bring(2 * next, one);
        bring(2 * next + 1, other);
        kernels.blendAlong(wovenAt(next), one, other, count, along, kernel.length);
      }
      for (let k = 0; k < pairs; k++) words[down / 4 + 4 * k] = wovenAt(begin + k);
      const second = channels === 4 ? levels + count + 16 : out + width;
      const rows = Math.min(2, height - y);
      if (channels === 4) {
        kernels.blendDown(levels, second, count, down, pairs);
        kernels.spreadPixels(out, levels, width, alphaOnes);
        kernels.spreadPixels(out + 4 * width, second, width, alphaOnes);
        store(y, room, out, rows);
      } else {
        kernels.blendDown(levels, levels + count + 16, count, down, pairs);
        store(y, room, levels, 1);
        if (rows > 1) store(y + 1, room, levels + count + 16, 1);
      }
      if ((y + 2) % chunk === 0 && y + 2 < height) yield (y + 2) / height;
    }
  } finally {
    blendRooms.give(room);
  }
}

/** Mirrors a row of `seen` numbers a pixel over its ends. */
function mirrorEnds(shorts: Int16Array, line: number, width: number, seen: number, ends: Int32Array): void {
  const reach = ends.length / 2;
  for (let k = 0; k < reach; k++) {
    const [first, last] = [line + seen * (ends[k] as number), line + seen * (ends[reach + k] as number)];
    const [before, behind] = [line - (k + 1) * seen, line + (width + k) * seen];
    for (let c = 0; c < seen; c++) {
      shorts[before + c] = shorts[first + c] as number;
      shorts[behind + c] = shorts[last + c] as number;
    }
  }
}
