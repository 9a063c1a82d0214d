import { zlibSync } from "fflate";
import type { Pixels } from "../core/pixels.ts";
import { checksum, pngSignature } from "./png-chunks.ts";
import { paeth } from "./png-samples.ts";
import { joined, textChunk } from "./png-text.ts";

/**
 * Writes a PNG file: 8 bits a channel, RGB where every pixel is opaque, else RGBA; the same bytes in every realm.
 * Texts follow in the record's order.
 */
export function writePng(pixels: Pixels, text: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  const { width, height, data } = pixels;
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8);
  view.setUint8(9, opaque ? 2 : 6);
  return joined([
    pngSignature,
    chunk("IHDR", header),
    // Says in so many words what the pixels are: sRGB, perceptual.
    chunk("sRGB", Uint8Array.of(0)),
    ...Object.entries(text).map(([keyword, value]) => {
      const { type, data: bytes } = textChunk(keyword, value);
      return chunk(type, bytes);
    }),
    chunk("IDAT", zlibSync(filtered(pixels, opaque ? 3 : 4), { level: 6 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, checksum(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** Filters each row with the one of the five filters whose result has the smallest sum of absolute differences. */
function filtered({ width, height, data }: Pixels, channels: number): Uint8Array {
  const length = width * channels;
  const rows = new Uint8Array(height * (length + 1));
  let above = new Uint8Array(length);
  let line = new Uint8Array(length);
  const tries = Array.from({ length: 5 }, () => new Uint8Array(length));
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = 0, source = y * width * 4; x < width; x++, source += 4) {
      for (let channel = 0; channel < channels; channel++) line[i++] = data[source + channel] as number;
    }
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [filter, result] of tries.entries()) {
      const sum = applyFilter(filter, line, above, channels, result);
      if (sum < least) [best, least] = [filter, sum];
    }
    rows[y * (length + 1)] = best;
    rows.set(tries[best] as Uint8Array, y * (length + 1) + 1);
    [above, line] = [line, above];
  }
  return rows;
}

function applyFilter(
  filter: number,
  line: Uint8Array,
  above: Uint8Array,
  channels: number,
  result: Uint8Array,
): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    const left = i < channels ? 0 : (line[i - channels] as number);
    const up = above[i] as number;
    const guess =
      filter === 0
        ? 0
        : filter === 1
          ? left
          : filter === 2
            ? up
            : filter === 3
              ? (left + up) >> 1
              : paeth(left, up, i < channels ? 0 : (above[i - channels] as number));
    const difference = ((line[i] as number) - guess) & 255;
    result[i] = difference;
    sum += difference < 128 ? difference : 256 - difference;
  }
  return sum;
}
