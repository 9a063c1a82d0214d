import type { EdgeKernels } from "./edge-kernels.ts";
import type { Views } from "./room.ts";

// The loops of edge-kernels.wat in TypeScript, to the bit.

/** The loops over a memory, where WebAssembly is not to be had. */
export function plainEdgeKernels({ bytes, shorts, words }: Views): EdgeKernels {
  return {
    splitPixels(to, from, count, pitch) {
      for (let i = 0, at = from, place = to; i < count; i++, at += 4, place++) {
        bytes[place] = bytes[at] as number;
        bytes[place + pitch] = bytes[at + 1] as number;
        bytes[place + 2 * pitch] = bytes[at + 2] as number;
      }
    },
    lumaPixels(to, from, count) {
      for (let i = 0, at = from; i < count; i++, at += 4) {
        const [red, green, blue] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
        bytes[to + i] = (red * 9798 + green * 19235 + blue * 3735 + 16384) >> 15;
      }
    },
    columns(smoothed, changed, count, table, n) {
      const [s, c] = [smoothed >> 1, changed >> 1];
      for (let k = 0, at = table >> 2; k < n; k++, at += 4) {
        const [a, b] = [words[at] as number, words[at + 1] as number];
        const [weight, other] = [words[at + 2] as number, words[at + 3] as number];
        const keep = k === 0 ? 0 : -1;
        for (let i = 0; i < count; i++) {
          const before = bytes[a + i] as number;
          const after = bytes[b + i] as number;
          shorts[s + i] = ((shorts[s + i] as number) & keep) + weight * (before + after);
          shorts[c + i] = ((shorts[c + i] as number) & keep) + other * (after - before);
        }
      }
    },
    along(across, down, smoothed, changed, count, table, n) {
      const [x, y] = [across >> 1, down >> 1];
      for (let k = 0, at = table >> 2; k < n; k++, at += 4) {
        const [a, b] = [words[at] as number, words[at + 1] as number];
        const [weight, other] = [words[at + 2] as number, words[at + 3] as number];
        const [left, right] = [(smoothed + a) >> 1, (smoothed + b) >> 1];
        const [before, after] = [(changed + a) >> 1, (changed + b) >> 1];
        const keep = k === 0 ? 0 : -1;
        for (let i = 0; i < count; i++) {
          const step = (shorts[right + i] as number) - (shorts[left + i] as number);
          const sum = (shorts[after + i] as number) + (shorts[before + i] as number);
          shorts[x + i] = ((shorts[x + i] as number) & keep) + other * step;
          shorts[y + i] = ((shorts[y + i] as number) & keep) + weight * sum;
        }
      }
    },
    alongSixteenths(across, down, smoothed, changed, count, table, n) {
      for (let i = 0; i < count; i++) {
        const [s, c] = [(smoothed >> 1) + i, (changed >> 1) + i];
        let [dx, dy] = [0, 0];
        for (let at = table >> 2; at < (table >> 2) + 4 * n; at += 4) {
          const [a, b] = [(words[at] as number) >> 1, (words[at + 1] as number) >> 1];
          dy += (words[at + 2] as number) * ((shorts[c + b] as number) + (shorts[c + a] as number));
          dx += (words[at + 3] as number) * ((shorts[s + b] as number) - (shorts[s + a] as number));
        }
        shorts[(across >> 1) + i] = sixteenth(dx);
        shorts[(down >> 1) + i] = sixteenth(dy);
      }
    },
    strongest(across, down, sizes, fromAcross, fromDown, pitch, planes, count, squared) {
      const [x, y, most] = [across >> 1, down >> 1, sizes >> 2];
      for (let k = 0; k < planes; k++) {
        const [fromX, fromY] = [(fromAcross + k * pitch) >> 1, (fromDown + k * pitch) >> 1];
        for (let i = 0; i < count; i++) {
          const dx = shorts[fromX + i] as number;
          const dy = shorts[fromY + i] as number;
          const size = (squared ? Math.imul(dx, dx) + Math.imul(dy, dy) : Math.abs(dx) + Math.abs(dy)) | 0;
          const before = k === 0 ? -1 : (words[most + i] as number);
          // Which channel wins is noise in most pictures: taken by masks, since a guessed branch costs more than the sums.
          const isMore = (before - size) >> 31;
          const oldX = shorts[x + i] as number;
          const oldY = shorts[y + i] as number;
          shorts[x + i] = oldX ^ ((oldX ^ dx) & isMore);
          shorts[y + i] = oldY ^ ((oldY ^ dy) & isMore);
          words[most + i] = before ^ ((before ^ size) & isMore);
        }
      }
    },
    ridges(candidates, edges, across, down, above, here, below, count, low, high) {
      bytes.fill(0, candidates, candidates + ((count + 15) >> 4) * 2);
      bytes.fill(0, edges, edges + ((count + 15) >> 4) * 2);
      for (let i = 0; i < count; i++) {
        const own = (here >> 2) + i;
        const size = words[own] as number;
        if (size <= low) continue;
        const dx = shorts[(across >> 1) + i] as number;
        const dy = shorts[(down >> 1) + i] as number;
        // At most 12,240 with aperture 5: all of it stays within 31 bits.
        const wide = Math.abs(dx);
        const tall = Math.abs(dy) << 15;
        const flat = Math.imul(wide, slope);
        const isFlat = (tall - flat) >> 31;
        const isTall = (flat + (wide << 16) - tall) >> 31;
        const side = (((dx ^ dy) >> 31) | 1) & ~isTall;
        // Which neighbours count is worked out by masks: a direction that a processor guesses wrong costs more.
        const before = words[(((above >> 2) + i - side) & ~isFlat) | ((own - 1) & isFlat)] as number;
        const after = words[(((below >> 2) + i + side) & ~isFlat) | ((own + 1) & isFlat)] as number;
        // Of two equals along a row or a column the first is the ridge; along a diagonal neither is.
        if (((before - size) & (after - size + (isFlat | isTall))) >= 0) continue;
        const bit = 1 << (i & 7);
        bytes[candidates + (i >> 3)] = (bytes[candidates + (i >> 3)] as number) | bit;
        if (size > high) bytes[edges + (i >> 3)] = (bytes[edges + (i >> 3)] as number) | bit;
      }
    },
  };
}

/** tan(22.5 degrees) in units of 1/32768, as OpenCV rounds it: the border between the four directions of a gradient. */
const slope = 13573;

/** An integer divided by 16 and rounded, halves to even. */
function sixteenth(value: number): number {
  // Half a sixteenth less one lifts all but halves; a half is lifted where the whole part is odd.
  return (value + 7 + ((value >> 4) & 1)) >> 4;
}
