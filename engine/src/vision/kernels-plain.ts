import type { Kernels, Room } from "./kernels.ts";

// The loops of kernels.wat in TypeScript, to the bit. Sums of 32-bit floats are rounded after each step, as they are there.

/** The loops over a memory, where WebAssembly is not to be had. */
export function plainKernels({ bytes, shorts, words, floats }: Omit<Room, "kernels">): Kernels {
  const levels = new Uint8ClampedArray(bytes.buffer);
  const counts = new Uint16Array(bytes.buffer);
  const oneOf = (ones: number, i: number) => (ones >>> (8 * (i & 3))) & 255;
  return {
    slideBytes(to, from, count, table, n) {
      const start = to >> 1;
      shorts.fill(0, start, start + count);
      for (let k = 0, at = table >> 2; k < n; k++, at += 4) {
        const ahead = from + (words[at] as number);
        const behind = from + (words[at + 1] as number);
        const weight = words[at + 2] as number;
        for (let i = 0; i < count; i++) {
          shorts[start + i] =
            (shorts[start + i] as number) + weight * ((bytes[ahead + i] as number) - (bytes[behind + i] as number));
        }
      }
    },
    sumPixels(to, count) {
      for (let i = to >> 1, end = (to >> 1) + count; i < end; i++) {
        shorts[i] = (shorts[i] as number) + (shorts[i - 4] as number);
      }
    },
    sumLevels(to, count) {
      for (let i = to >> 1, end = (to >> 1) + count; i < end; i++) {
        shorts[i] = (shorts[i] as number) + (shorts[i - 1] as number);
      }
    },
    slideColumns(to, sums, count, table, n, ones) {
      const start = sums >> 2;
      for (let k = 0, at = table >> 2; k < n; k++, at += 4) {
        const one = (words[at] as number) >> 1;
        const other = (words[at + 1] as number) >> 1;
        const weight = ((words[at + 2] as number) << 16) >> 16;
        for (let i = 0; i < count; i++) {
          words[start + i] =
            (words[start + i] as number) + weight * ((shorts[one + i] as number) - (shorts[other + i] as number));
        }
      }
      for (let i = 0; i < count; i++) levels[to + i] = ((words[start + i] as number) >> 16) | oneOf(ones, i);
    },
    tapPixels(to, from, table, count) {
      for (let x = 0, i = to >> 2, at = table >> 2; x < count; x++, i += 3, at += 4) {
        const place = from + (words[at] as number);
        const [first, second] = [words[at + 1] as number, words[at + 2] as number];
        for (let c = 0; c < 3; c++) {
          const sum =
            ((first << 16) >> 16) * (bytes[place + c] as number) +
            (first >> 16) * (bytes[place + c + 4] as number) +
            ((second << 16) >> 16) * (bytes[place + c + 8] as number) +
            (second >> 16) * (bytes[place + c + 12] as number) -
            262144;
          words[i + c] = ((sum << 12) & 0xffff0000) | (sum & 15);
        }
      }
    },
    tapRows(to, rows, count, ones) {
      const at = rows >> 2;
      const [a, b, c, d] = [0, 1, 2, 3].map((k) => (words[at + k] as number) >> 2) as [number, number, number, number];
      const [wa, wb, wc, wd] = [4, 5, 6, 7].map((k) => -(((words[at + k] as number) << 16) >> 16)) as [
        number,
        number,
        number,
        number,
      ];
      const all = words[at + 8] as number;
      for (let x = 0, i = 0, place = to; x < count; x++, i += 3, place += 4) {
        for (let k = 0; k < 3; k++) {
          const sum =
            all +
            wa * joined(words[a + i + k] as number) +
            wb * joined(words[b + i + k] as number) +
            wc * joined(words[c + i + k] as number) +
            wd * joined(words[d + i + k] as number);
          // Halves go to the even neighbour.
          levels[place + k] = ((sum + 2097151 + ((sum >>> 22) & 1)) >> 22) | 0;
          bytes[place + k] = (bytes[place + k] as number) | oneOf(ones, k);
        }
        bytes[place + 3] = oneOf(ones, 3);
      }
    },
    samplePixels(to, from, width, height, xs, ys, count, ones) {
      for (let i = 0, across = xs >> 2, along = ys >> 2; i < count; i++, across++, along++) {
        const x = within(floats[across] as number, width);
        const y = within(floats[along] as number, height);
        const place = from + 4 * ((y >>> 8) * width + (x >>> 8));
        const below = place + 4 * width;
        const [right, down] = [x & 255, y & 255];
        const [left, up] = [256 - right, 256 - down];
        for (let c = 0; c < 4; c++) {
          const upper = left * (bytes[place + c] as number) + right * (bytes[place + c + 4] as number);
          const lower = left * (bytes[below + c] as number) + right * (bytes[below + c + 4] as number);
          levels[to + 4 * i + c] = ((up * upper + down * lower + 32768) >>> 16) | oneOf(ones, c);
        }
      }
    },
    partPixels(to, from, count, level, above, below) {
      const other = above ^ below;
      for (let i = 0, at = from, place = to >> 2; i < count; i++, at += 4, place++) {
        // Each difference is negative where a channel is above. No branch, which grain would mislead.
        const lit =
          (level - (bytes[at] as number)) & (level - (bytes[at + 1] as number)) & (level - (bytes[at + 2] as number));
        words[place] = below ^ (other & (lit >> 31));
      }
    },
    invertPixels(to, from, count) {
      for (let i = 0, at = from >> 2, place = to >> 2; i < count; i++) {
        words[place + i] = (words[at + i] as number) ^ 0xffffff;
      }
    },
    highestPixels(to, from, count) {
      for (let i = 0, at = from, place = to >> 2; i < count; i++, at += 4, place++) {
        const first = bytes[at] as number;
        const more = (bytes[at + 1] as number) - first;
        const larger = first + (more & ~(more >> 31));
        const most = (bytes[at + 2] as number) - larger;
        words[place] = ((larger + (most & ~(most >> 31))) * 0x10101) | 0xff000000;
      }
    },
    addBytes(to, from, count) {
      for (let i = 0, at = to >> 1; i < count; i++, at++) {
        counts[at] = (counts[at] as number) + (bytes[from + i] as number);
      }
    },
    foldPixels(to, from, count, ratio, scale, tie, ones) {
      const [factor, more] = [Math.fround(scale), Math.fround(tie)];
      for (let i = 0; i < 4 * count; i++) {
        const first = (from >> 1) + (i >> 2) * 4 * ratio + (i & 3);
        let sum = 0;
        for (let k = 0; k < ratio; k++) sum += counts[first + 4 * k] as number;
        levels[to + i] = Math.fround(Math.fround(factor * sum) + more);
        levels[to + i] = (levels[to + i] as number) | oneOf(ones, i);
      }
    },
    weigh(to, count, table, n) {
      const start = to >> 2;
      const length = count >> 2;
      floats.fill(0, start, start + length);
      for (let k = 0, at = table >> 2; k < n; k++, at += 4) {
        const a = (words[at] as number) >> 2;
        const b = (words[at + 1] as number) >> 2;
        const weight = floats[at + 2] as number;
        for (let i = 0; i < length; i++) {
          const both = Math.fround((floats[a + i] as number) + (floats[b + i] as number));
          floats[start + i] = (floats[start + i] as number) + Math.fround(weight * both);
        }
      }
    },
    splitPixels(to, from, count, pitch) {
      for (let i = 0, at = from, place = to >> 2; i < count; i++, at += 4, place++) {
        floats[place] = bytes[at] as number;
        floats[place + (pitch >> 2)] = bytes[at + 1] as number;
        floats[place + (pitch >> 1)] = bytes[at + 2] as number;
      }
    },
    unweave(even, odd, from, count) {
      for (let i = 0, at = from >> 2; i < count >> 2; i++, at += 2) {
        floats[(even >> 2) + i] = floats[at] as number;
        floats[(odd >> 2) + i] = floats[at + 1] as number;
      }
    },
    weave(to, even, odd, count) {
      for (let i = 0, at = to >> 2; i < count >> 2; i++, at += 2) {
        floats[at] = floats[(even >> 2) + i] as number;
        floats[at + 1] = floats[(odd >> 2) + i] as number;
      }
    },
    darker(to, above, apart, below, pitch, count) {
      const start = to >> 2;
      const [up, down] = [apart >> 2, pitch >> 2];
      for (let i = 0, a = above >> 2, b = below >> 2; i < count >> 2; i++, a++, b++) {
        const first = (floats[a] as number) - (floats[b] as number);
        const second = (floats[a + up] as number) - (floats[b + down] as number);
        const third = (floats[a + 2 * up] as number) - (floats[b + 2 * down] as number);
        floats[start + i] = Math.max(0, Math.min(first, second, third));
      }
    },
  };
}

/** The nearest place in units of 1/256, within a side of a picture. */
const within = (place: number, length: number) =>
  Math.max(Math.min(Math.fround(place + 0.5), Math.fround(256 * (length - 1))), 0) | 0;

/** A sum of which the lowest four bits lie in the lower half. */
const joined = (sum: number) => 16 * (sum >> 16) + (sum & 15);
