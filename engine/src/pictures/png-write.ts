import { Zlib } from "fflate";
import type { Pixels } from "../core/pixels.ts";
import { joined } from "./bytes.ts";
import { checksum, pngSignature, summing } from "./png-chunks.ts";
import { filterRow } from "./png-filters.ts";
import { textChunk } from "./png-text.ts";
import { finished, stretch, type Work } from "./turns.ts";

/**
 * Writes a PNG file: 8 bits a channel, RGB where every pixel is opaque, else RGBA; the same bytes in every realm.
 * Texts follow in the record's order.
 */
export function writePng(pixels: Pixels, text: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  return finished(writingPng(pixels, text));
}

/** The work of `writePng`. */
export function* writingPng(
  pixels: Pixels,
  text: Readonly<Record<string, string>> = {},
): Work<Uint8Array<ArrayBuffer>> {
  const { width, height, data } = pixels;
  const channels = (yield* isOpaque(data)) ? 3 : 4;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8);
  view.setUint8(9, channels === 3 ? 2 : 6);
  const texts = Object.entries(text).map(([keyword, value]) => textChunk(keyword, value));
  return joined([
    pngSignature,
    ...(yield* chunk("IHDR", [header])),
    // Says in so many words what the pixels are: sRGB, perceptual.
    ...(yield* chunk("sRGB", [Uint8Array.of(0)])),
    ...(yield* chunks(texts)),
    ...(yield* chunk("IDAT", yield* packed(pixels, channels))),
    ...(yield* chunk("IEND", [])),
  ]);
}

function* isOpaque(data: Uint8ClampedArray): Work<boolean> {
  for (let start = 3; start < data.length; start += 8 * stretch) {
    const end = Math.min(start + 8 * stretch, data.length);
    for (let i = start; i < end; i += 4) if (data[i] !== 255) return false;
    yield;
  }
  return true;
}

function* chunks(all: readonly { readonly type: string; readonly data: Uint8Array }[]): Work<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (const { type, data } of all) parts.push(...(yield* chunk(type, [data])));
  return parts;
}

/** A chunk in its parts: length and type, the data, the checksum over type and data. */
function* chunk(type: string, data: readonly Uint8Array[]): Work<Uint8Array[]> {
  const [before, after] = [new Uint8Array(8), new Uint8Array(4)];
  new DataView(before.buffer).setUint32(
    0,
    data.reduce((sum, { length }) => sum + length, 0),
  );
  for (let i = 0; i < 4; i++) before[4 + i] = type.charCodeAt(i);
  let sum = checksum(before.subarray(4));
  for (const part of data) sum = yield* summing(part, sum);
  new DataView(after.buffer).setUint32(0, sum);
  return [before, ...data, after];
}

/** About how many bytes of rows are packed at once. */
const pieceLength = 65_536;

/** From so many pixels on, time counts more than the twentieth by which a photo's file becomes larger: it is halved. */
const many = 1 << 23;

/** The rows, filtered and packed. */
function* packed({ width, height, data }: Pixels, channels: number): Work<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  const stream = fromStart(new Zlib({ level: width * height < many ? 6 : 2 }, (part) => parts.push(part)));
  const length = 1 + width * channels;
  const rows = Math.max(1, Math.min(height, Math.floor(pieceLength / length)));
  let above = new Uint8Array(channels + width * channels);
  let line = new Uint8Array(channels + width * channels);
  for (let y = 0; y < height; ) {
    const piece = new Uint8Array(Math.min(rows, height - y) * length);
    for (let at = 0; at < piece.length; at += length, y++) {
      const source = data.subarray(4 * y * width, 4 * (y + 1) * width);
      if (channels === 4) line.set(source, 4);
      else withoutAlpha(source, line);
      filterRow(line, above, channels, piece.subarray(at, at + length));
      [above, line] = [line, above];
    }
    stream.push(piece, y === height);
    yield;
  }
  return parts;
}

/**
 * A stream that begins with nothing before it. fflate 0.8.3 begins one behind 32 KiB of zeros and finds black rows again
 * in them, at distances that lead out of the file: no reader can follow. Its state is set to where its buffer begins.
 */
function fromStart(stream: Zlib): Zlib {
  const { s: state } = stream as unknown as { readonly s: { i: number; w: number; z: number } };
  state.i = state.w = state.z = 0;
  return stream;
}

/** Copies red, green and blue, from the second pixel of `line` on. */
function withoutAlpha(source: Uint8ClampedArray, line: Uint8Array): void {
  for (let from = 0, to = 3; from < source.length; from += 4, to += 3) {
    line[to] = source[from] as number;
    line[to + 1] = source[from + 1] as number;
    line[to + 2] = source[from + 2] as number;
  }
}
