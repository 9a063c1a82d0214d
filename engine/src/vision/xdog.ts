import type { Pixels } from "../core/pixels.ts";
import { channelRows, writePair } from "./gaussian.ts";
import { floatKernel, mirrored } from "./kernel.ts";
import type { Room } from "./kernels.ts";
import { part } from "./part.ts";
import { grayness } from "./plane.ts";
import { smoothRows } from "./smooth.ts";
import { grayWords } from "./words.ts";

/** The two Gaussians whose difference finds dark strokes, as WebUI's `scribble_xdog` sets them. */
const [narrow, wide] = [0.5, 5];

/** How far the narrow one reaches. */
const reach = 2;

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
  const channels = (yield* part(grayness(source), 0, 0.05)) ? 1 : 3;
  const sharp = narrowRows(source, channels);
  const smoothing = smoothRows(
    width,
    height,
    channels,
    wide,
    channelRows(source),
    (y, soft, room, spare) => {
      const apart = sharp.apart(y, soft, room, spare);
      mark(room.floats, apart / 4, width, least, map, y * width);
    },
    sharp.bytes,
  );
  yield* part(smoothing, 0.05, 0.95);
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}

/** Writes a row of the map: white where what lies at `from` is more than `least`. */
function mark(floats: Float32Array, from: number, width: number, least: number, map: Uint32Array, to: number): void {
  const [black, white] = [grayWords[0], grayWords[255]] as [number, number];
  for (let x = 0; x < width; x++) map[to + x] = (floats[from + x] as number) > least ? white : black;
}

/** How far the narrow Gaussian lies below rows of the wide one, in `bytes` of a room. */
interface NarrowRows {
  readonly bytes: number;
  /** The address of the row of differences; the least of all channels. */
  apart(y: number, soft: Float32Array, room: Room, at: number): number;
}

function narrowRows(source: Pixels, channels: 1 | 3): NarrowRows {
  const { width, height } = source;
  const load = channelRows(source);
  const kernel = floatKernel(narrow);
  const weights = [(kernel[0] as number) / 2, kernel[1] as number, kernel[2] as number];
  // Rows as planes, after one another with a frame; five of them are held, each with three planes.
  const pitch = 4 * (Math.ceil(width / 16) * 16 + 32);
  const held = 2 * reach + 1;
  let loaded = 0;
  return {
    bytes: (3 * held + 6) * pitch + 2 * 16 * (reach + 1),
    apart(y, soft, room, at) {
      const { floats, kernels } = room;
      const rows = at;
      const lines = rows + 3 * held * pitch;
      const sharp = lines + pitch;
      const result = sharp + 3 * pitch;
      const pixels = result + pitch;
      const table = pixels + pitch;
      const rowAt = (place: number) => rows + (mirrored(place, height) % held) * 3 * pitch;
      if (y === 0) loaded = 0;
      for (; loaded <= Math.min(y + reach, height - 1); loaded++) load(loaded, room, rowAt(loaded), pitch, pixels);
      const line = lines + 16;
      for (let c = 0; c < channels; c++) {
        weights.forEach((weight, k) => {
          writePair(room, table + 16 * k, rowAt(y - k) + c * pitch, rowAt(y + k) + c * pitch, weight);
        });
        kernels.weigh(line, 4 * width, table, weights.length);
        const first = line / 4;
        for (let k = 1; k <= reach; k++) {
          floats[first - k] = floats[first + mirrored(-k, width)] as number;
          floats[first + width - 1 + k] = floats[first + mirrored(width - 1 + k, width)] as number;
        }
        weights.forEach((weight, k) => {
          writePair(room, table + 16 * k, line - 4 * k, line + 4 * k, weight);
        });
        kernels.weigh(sharp + c * pitch, 4 * width, table, weights.length);
      }
      if (channels === 1) kernels.darker(result, soft.byteOffset, 0, sharp, 0, 4 * width);
      else kernels.darker(result, soft.byteOffset, 4 * width, sharp, pitch, 4 * width);
      return result;
    },
  };
}
