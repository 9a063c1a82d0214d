import { zlibSync } from "fflate";
import type { Pixels } from "../core/pixels.ts";
import { joined } from "./bytes.ts";
import { checksum, pngSignature } from "./png-chunks.ts";
import { paeth } from "./png-samples.ts";
import { textChunk } from "./png-text.ts";

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
  // A pixel of zeros before each row spares the filters the question where the row begins.
  let above = new Uint8Array(channels + length);
  let line = new Uint8Array(channels + length);
  const tries = Array.from({ length: 5 }, () => new Uint8Array(length));
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = channels, source = y * width * 4; x < width; x++, source += 4) {
      for (let channel = 0; channel < channels; channel++) line[i++] = data[source + channel] as number;
    }
    const best = applyFilters(line, above, channels, tries);
    rows[y * (length + 1)] = best;
    rows.set(tries[best] as Uint8Array, y * (length + 1) + 1);
    [above, line] = [line, above];
  }
  return rows;
}

/** Writes what each filter makes of the row, and says which is best. */
function applyFilters(line: Uint8Array, above: Uint8Array, channels: number, tries: readonly Uint8Array[]): number {
  const [none, sub, up, average, path] = tries as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const sums = [0, 0, 0, 0, 0] as [number, number, number, number, number];
  const size = (difference: number): number => (difference < 128 ? difference : 256 - difference);
  for (let i = 0, at = channels; at < line.length; i++, at++) {
    const value = line[at] as number;
    const left = line[i] as number;
    const high = above[at] as number;
    none[i] = value;
    sub[i] = value - left;
    up[i] = value - high;
    average[i] = value - ((left + high) >> 1);
    path[i] = value - paeth(left, high, above[i] as number);
    sums[0] += size(value);
    sums[1] += size(sub[i] as number);
    sums[2] += size(up[i] as number);
    sums[3] += size(average[i] as number);
    sums[4] += size(path[i] as number);
  }
  return sums.indexOf(Math.min(...sums));
}
