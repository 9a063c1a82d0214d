import { blurRows, pairKernel, type RowLoader, type RowTaker, rowsAtOnce, writePair } from "./gaussian.ts";
import { mirrored } from "./kernel.ts";
import { giveRoom, layOut, type Room, takeRoom } from "./kernels.ts";

// What a wide Gaussian leaves changes so slowly that every second pixel tells all of it: at a sigma of 4.5 a wave of four
// pixels' length keeps 1e-11 of its height. So the sums are made for a quarter of the pixels, and those between follow
// from ten neighbours (Lagrange's interpolation of the ninth degree).

/** From which sigma on every second pixel is enough. */
const wide = 4.5;

/** The weights of the neighbours of a point half-way between them, from the nearest pair outwards; twice their sum is 1. */
const between = [39690, -8820, 2268, -405, 35].map((weight) => weight / 65536);

/** The last rows of the half picture that are kept. */
const kept = 2 * between.length;

/**
 * Blurs as `blurRows` does, and faster for sigmas of 4.5 and more: no value is off by more than 0.02 where those of the
 * source span 255, and most by less than 0.001. Yields the share done. Throws a `RangeError` for a sigma of 0 or less.
 */
export function* smoothRows(
  width: number,
  height: number,
  channels: number,
  sigma: number,
  load: RowLoader,
  take: RowTaker,
  spare = 0,
): Generator<number, void, void> {
  if (sigma < wide) {
    yield* blurRows(width, height, channels, sigma, load, take, spare);
    return;
  }
  const kernel = pairKernel(sigma);
  const taps = kernel.length;
  const reach = taps - 1;
  const half = (width + 1) >> 1;
  const margin = (reach + 3) >> 1;
  const linePitch = 4 * (width + 32);
  const halfBytes = 4 * channels * half;
  const rowPitch = Math.ceil((halfBytes + 128) / 16) * 16;
  const held = Math.min(height, 2 * reach + 1);
  const parted = 4 * (half + 2 * margin);
  const { at, size } = layOut(
    3 * linePitch,
    parted,
    parted,
    held * rowPitch,
    kept * rowPitch,
    halfBytes,
    4 * channels * (width + 1),
    4 * width,
    spare,
    16 * taps,
    16 * taps,
    16 * between.length,
    16 * between.length,
    4 * (half + kept),
    4 * half,
  );
  const [lines, evens, odds, ring, last, middle, full, pixels, own, along, down, over, beside, padded, gaps] = at;
  const room = takeRoom(size);
  try {
    const { floats, kernels } = room;
    const row = floats.subarray(full / 4, full / 4 + channels * width);
    const [even, odd] = [evens + 4 * margin, odds + 4 * margin];
    const rowAt = (y: number) => ring + (mirrored(y, height) % held) * rowPitch;
    const halfRow = (j: number) => last + ((mirrored(2 * j, height) >> 1) % kept) * rowPitch;
    // Of an even place, steps of even length lead to even places, and those of odd length to odd ones.
    kernel.forEach((weight, k) => {
      const step = 4 * (k >> 1);
      if (k % 2 === 0) writePair(room, along + 16 * k, even - step, even + step, weight);
      else writePair(room, along + 16 * k, odd - 4 - step, odd + step, weight);
    });
    const inner = padded + 4 * between.length;
    between.forEach((weight, m) => {
      writePair(room, beside + 16 * m, inner - 4 * m, inner + 4 * (m + 1), weight);
    });

    /** Puts the places between those of a half row. */
    const widen = (from: number) => {
      for (let c = 0; c < channels; c++) {
        const start = (from + 4 * c * half) / 4;
        padHalf(floats, start, inner / 4, width, half);
        kernels.weigh(gaps, 4 * half, beside, between.length);
        kernels.weave(full + 4 * c * width, inner, gaps, 4 * half);
      }
    };
    const give = (y: number) => {
      const j = y >> 1;
      if (y % 2 === 0) widen(halfRow(j));
      else {
        between.forEach((weight, m) => {
          writePair(room, over + 16 * m, halfRow(j - m), halfRow(j + 1 + m), weight);
        });
        kernels.weigh(middle, halfBytes, over, between.length);
        widen(middle);
      }
      take(y, row, room, own);
    };

    const end = (height - 1) >> 1;
    const chunk = rowsAtOnce(half, channels, taps);
    let [loaded, given] = [0, 0];
    for (let j = 0; j <= end; j++) {
      const y = 2 * j;
      for (; loaded <= Math.min(y + reach, height - 1); loaded++) {
        load(loaded, room, lines, linePitch, pixels);
        for (let c = 0; c < channels; c++) {
          part(room, lines + c * linePitch, width, even, odd, half, margin);
          kernels.weigh(rowAt(loaded) + 4 * c * half, 4 * half, along, taps);
        }
      }
      kernel.forEach((weight, k) => {
        writePair(room, down + 16 * k, rowAt(y - k), rowAt(y + k), weight);
      });
      kernels.weigh(last + (j % kept) * rowPitch, halfBytes, down, taps);
      // A row between two needs as many after it; at the end those are mirrored.
      const known = j === end ? height - 1 : 2 * (j - between.length + 1);
      for (; given <= known; given++) give(given);
      if (j % chunk === chunk - 1 && j < end) yield (j + 1) / (end + 1);
    }
  } finally {
    giveRoom(room);
  }
}

/** Even and odd places of a row apart, mirrored over `margin` of each on either side. */
function part(
  { floats, kernels }: Room,
  line: number,
  width: number,
  even: number,
  odd: number,
  half: number,
  margin: number,
): void {
  kernels.unweave(even, odd, line, 4 * half);
  const pairs = width >> 1;
  const from = line / 4;
  for (let i = -margin; i < half + margin; i++) {
    if (i === 0) i = pairs;
    floats[even / 4 + i] = floats[from + mirrored(2 * i, width)] as number;
    floats[odd / 4 + i] = floats[from + mirrored(2 * i + 1, width)] as number;
  }
}

/** Copies a half row and mirrors it over its ends, as the whole row would be. */
function padHalf(floats: Float32Array, from: number, to: number, width: number, half: number): void {
  floats.copyWithin(to, from, from + half);
  for (let k = 1; k <= between.length; k++) {
    floats[to - k] = floats[from + (mirrored(-2 * k, width) >> 1)] as number;
    floats[to + half - 1 + k] = floats[from + (mirrored(2 * (half - 1 + k), width) >> 1)] as number;
  }
}
