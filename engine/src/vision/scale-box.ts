import type { Pixels } from "../core/pixels.ts";
import { alphaOnes, giveRoom, layOut, takeRoom } from "./kernels.ts";

/** The largest ratio whose sums of bytes fit into 16 bits. */
const largest = 256;

/** True where a picture can be made smaller by `shrunkByBoxes`: in whole ratios that are not too large. */
export function shrinksByBoxes(source: Pixels, width: number, height: number): boolean {
  return (
    source.width % width === 0 &&
    source.height % height === 0 &&
    source.width / width <= largest &&
    source.height / height <= largest
  );
}

/** An opaque picture made smaller by whole ratios: each new pixel is the mean of those it covers. Yields the share done. */
export function* shrunkByBoxes(source: Pixels, width: number, height: number): Generator<number, Pixels, void> {
  const [across, down] = [source.width / width, source.height / height];
  const data = new Uint8ClampedArray(4 * width * height);
  const pitch = 4 * source.width;
  // As many rows of the source at a time as fit into the nearest memory.
  const most = Math.max(1, Math.min(down, Math.floor((1 << 16) / pitch)));
  const { at, size } = layOut(most * pitch, 2 * pitch, 4 * width);
  const [lines, sums, out] = at;
  const room = takeRoom(size);
  try {
    const { bytes, kernels } = room;
    // A factor of 32 bits, and of 2 x 2 pixels a tie goes up: as OpenCV has it.
    const scale = Math.fround(1 / (across * down));
    const tie = across === 2 && down === 2 ? 1e-3 : 0;
    const chunk = Math.max(1, Math.floor((1 << 21) / (source.width * down)));
    for (let y = 0; y < height; y++) {
      bytes.fill(0, sums, sums + 2 * pitch);
      for (let k = y * down; k < (y + 1) * down; k += most) {
        const count = Math.min(most, (y + 1) * down - k);
        bytes.set(source.data.subarray(k * pitch, (k + count) * pitch), lines);
        for (let row = 0; row < count; row++) kernels.addBytes(sums, lines + row * pitch, pitch);
      }
      kernels.foldPixels(out, sums, width, across, scale, tie, alphaOnes);
      data.set(bytes.subarray(out, out + 4 * width), 4 * y * width);
      if (y % chunk === chunk - 1 && y + 1 < height) yield (y + 1) / height;
    }
  } finally {
    giveRoom(room);
  }
  return { width, height, data };
}
