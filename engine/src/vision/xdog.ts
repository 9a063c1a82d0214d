import type { Pixels } from "../core/pixels.ts";
import { type Numbers, numbers } from "./columns.ts";
import { channelRows } from "./gaussian.ts";
import { floatKernel, mirrored } from "./kernel.ts";
import { isGray } from "./plane.ts";
import { smoothRows } from "./smooth.ts";
import { grayWords } from "./words.ts";

/** The two Gaussians whose difference finds dark strokes, as WebUI's `scribble_xdog` sets them. */
const [narrow, wide] = [0.5, 5];

/**
 * Strokes that are darker than their surroundings, white on black: where the difference of a wide and a narrow Gaussian,
 * rounded up and doubled, is above `threshold` in each of red, green and blue. Alpha is not looked at. Yields the share
 * done.
 */
export function* xdog(source: Pixels, threshold: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const map = new Uint32Array(width * height);
  // Twice a whole number is above the threshold where the number is above half of it, cut off; and a difference rounded
  // up is above a whole number where the difference itself is.
  const least = Math.floor(threshold / 2);
  const channels = isGray(source) ? 1 : 3;
  const sharp = narrowRows(source, channels);
  const store = (y: number, soft: Numbers) => {
    if (channels === 1) markGray(map, y * width, width, soft, sharp(y), least);
    else markColour(map, y * width, width, soft, sharp(y), least);
  };
  yield* smoothRows(width, height, channels, wide, channelRows(source), store);
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** Writes a row of the map: white where `soft` is above `sharp` by more than `least`. */
function markGray(map: Uint32Array, start: number, width: number, soft: Numbers, sharp: Numbers, least: number): void {
  const [black, white] = [grayWords[0], grayWords[255]] as [number, number];
  for (let x = 0; x < width; x++) {
    map[start + x] = (soft[x] as number) - (sharp[x] as number) > least ? white : black;
  }
}

/** The same for three channels, which all must be. */
function markColour(
  map: Uint32Array,
  start: number,
  width: number,
  soft: Numbers,
  sharp: Numbers,
  least: number,
): void {
  const [black, white] = [grayWords[0], grayWords[255]] as [number, number];
  for (let red = 0, green = width, blue = 2 * width; red < width; red++, green++, blue++) {
    const dark =
      (soft[red] as number) - (sharp[red] as number) > least &&
      (soft[green] as number) - (sharp[green] as number) > least &&
      (soft[blue] as number) - (sharp[blue] as number) > least;
    map[start + red] = dark ? white : black;
  }
}

/** Rows of the narrow Gaussian, channel after channel: five pixels, first down and then along. */
function narrowRows({ width, height, data }: Pixels, channels: 1 | 3): (y: number) => Numbers {
  const kernel = floatKernel(narrow);
  const line = numbers(width + 4);
  const row = numbers(channels * width);
  return (y) => {
    const starts = [-2, -1, 0, 1, 2].map((k) => 4 * width * mirrored(y + k, height));
    for (let channel = 0; channel < channels; channel++) {
      down(data, starts, channel, width, line, kernel);
      for (let k = 1; k <= 2; k++) {
        line[2 - k] = line[2 + mirrored(-k, width)] as number;
        line[width + 1 + k] = line[2 + mirrored(width - 1 + k, width)] as number;
      }
      along(line, row, channel * width, width, kernel);
    }
    return row;
  };
}

function down(
  data: Uint8ClampedArray,
  starts: readonly number[],
  channel: number,
  width: number,
  line: Numbers,
  kernel: Float64Array,
): void {
  const [w0, w1, w2] = kernel as unknown as [number, number, number];
  const [up2, up1, here, down1, down2] = starts as [number, number, number, number, number];
  for (let x = 2, i = channel; x < width + 2; x++, i += 4) {
    line[x] =
      w0 * (data[here + i] as number) +
      w1 * ((data[up1 + i] as number) + (data[down1 + i] as number)) +
      w2 * ((data[up2 + i] as number) + (data[down2 + i] as number));
  }
}

function along(line: Numbers, row: Numbers, start: number, width: number, kernel: Float64Array): void {
  const [w0, w1, w2] = kernel as unknown as [number, number, number];
  for (let x = 0, to = start; x < width; x++, to++) {
    row[to] =
      w0 * (line[x + 2] as number) +
      w1 * ((line[x + 1] as number) + (line[x + 3] as number)) +
      w2 * ((line[x] as number) + (line[x + 4] as number));
  }
}
