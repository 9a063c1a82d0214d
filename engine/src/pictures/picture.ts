// Reads and writes image files for command line, engine and panel alike: bytes in, sRGB pixels out, and back. What a
// person sees in a viewer is what comes out. There is no canvas, no file system and no network here, so that the same
// bytes give the same pixels in Node, in a page and in a worker, at any length of side. The formats' own files know
// their containers and codecs; this one turns what they hand over upright, into sRGB and into 8 bits. It knows no
// condition: what lies under transparent pixels is decided there.

import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import { toSrgb } from "./colours.ts";
import { detectFormat, type ReadFormat, type WriteFormat } from "./format.ts";
import type { Decoded } from "./raster.ts";
import { turn } from "./turn.ts";
import { inRows, inTurns, type Work } from "./turns.ts";

/** A picture that was read. */
export interface Picture {
  /** Upright, in sRGB; where alpha is 0, all four channels are. */
  readonly pixels: Pixels;
  readonly format: ReadFormat;
  /** A PNG file's texts, keyword -> text; empty for the other formats. */
  readonly text: ReadonlyMap<string, string>;
  /** What was done on the way, a sentence each: turned, converted, reduced, one frame of several. */
  readonly notes: readonly string[];
}

/** How a picture is read. */
export interface ReadOptions {
  /** What to call the file in messages. @default "the picture" */
  readonly name?: string;
  /** Stops the reading: it then rejects with the signal's reason, untouched. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a PNG, JPEG, WebP or GIF file, told by its first bytes. Rejects with `picture-unreadable` for a file that is
 * damaged, cut off, larger than `maxPixels` or of another kind; the message says which and what to do.
 */
export async function readPicture(bytes: Uint8Array, options: ReadOptions = {}): Promise<Picture> {
  const { name = "the picture", signal } = options;
  signal?.throwIfAborted();
  const format = detectFormat(bytes, name);
  const decoded = await decode(format, bytes, name, signal);
  signal?.throwIfAborted();
  const notes = [...decoded.notes];
  const pixels = await inTurns(shown(decoded, notes), signal);
  if (decoded.orientation > 1) notes.push(`Turned upright (EXIF orientation ${decoded.orientation}).`);
  return { pixels, format, text: decoded.text ?? new Map(), notes };
}

/** Each format is loaded on its first use, so that who reads PNG alone pays for no other codec. */
async function decode(format: ReadFormat, bytes: Uint8Array, name: string, signal?: AbortSignal): Promise<Decoded> {
  switch (format) {
    case "png":
      return inTurns((await import("./png-read.ts")).readPng(bytes, name), signal);
    case "jpeg":
      return (await import("./jpeg.ts")).readJpeg(bytes, name, signal);
    case "webp":
      return (await import("./webp.ts")).readWebp(bytes, name, signal);
    case "gif":
      return inTurns((await import("./gif.ts")).readGif(bytes, name), signal);
  }
}

/** What a viewer shows: upright and in sRGB, and of what nobody sees, colour under alpha 0, nothing. */
function* shown({ raster, colours, orientation }: Decoded, notes: string[]): Work<Pixels> {
  const pixels = yield* turn(yield* toSrgb(raster, colours, notes), orientation);
  const { width, height, data } = pixels;
  yield* inRows(height, 4 * width, (y) => {
    for (let i = 4 * y * width + 3, end = i + 4 * width; i < end; i += 4) {
      if (data[i] === 0) data[i - 1] = data[i - 2] = data[i - 3] = 0;
    }
  });
  return pixels;
}

/** How a picture is written. */
export interface WriteOptions {
  readonly format: WriteFormat;
  /** 1..100, for JPEG and WebP. @default 92 for JPEG; WebP without one is lossless */
  readonly quality?: number;
  /** Texts to store in a PNG file, keyword -> text. */
  readonly text?: Readonly<Record<string, string>>;
  /** Stops the writing: it then rejects with the signal's reason, untouched. */
  readonly signal?: AbortSignal;
}

/**
 * Writes pixels as a file: PNG as RGB where all is opaque, else RGBA; JPEG over white; WebP as it is. The same pixels
 * give the same bytes. Rejects with `file-unwritable` for a size that the format cannot hold, and with a RangeError or
 * TypeError for options that contradict each other.
 */
export async function writePicture(pixels: Pixels, options: WriteOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { format, quality, text, signal } = options;
  const { width, height, data } = pixels;
  if (!(width >= 1 && height >= 1) || data.length !== width * height * 4) {
    throw new RangeError(`pixels: ${width} x ${height} does not go with ${data.length} bytes of RGBA.`);
  }
  if (quality !== undefined && !(quality >= 1 && quality <= 100)) {
    throw new RangeError(`quality: ${quality} is not within 1..100.`);
  }
  if (text && format !== "png") throw new TypeError(`text: only PNG stores texts, not ${format}.`);
  // The longest sides that libjpeg (JPEG_MAX_DIMENSION) and libwebp (WEBP_MAX_DIMENSION) take.
  const longest = { png: 2 ** 31 - 1, jpeg: 65_500, webp: 16_383 }[format];
  if (Math.max(width, height) > longest) {
    const reason = `a side of a ${format} file has ${longest} pixels at most, and this picture is ${width} x ${height}`;
    throw new UnderdrawError("file-unwritable", `Cannot write the picture: ${reason}. Write a PNG.`, {
      file: "the picture",
      reason,
    });
  }
  signal?.throwIfAborted();
  const bytes = await encode(pixels, options);
  signal?.throwIfAborted();
  return bytes;
}

async function encode(pixels: Pixels, options: WriteOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { format, quality, text, signal } = options;
  switch (format) {
    case "png":
      return inTurns((await import("./png-write.ts")).writingPng(pixels, text), signal);
    case "jpeg": {
      const ground = await inTurns(overWhite(pixels), signal);
      return (await import("./jpeg.ts")).writeJpeg(ground, Math.round(quality ?? 92));
    }
    case "webp": {
      const bytes = await (await import("./webp.ts")).writeWebp(pixels, quality);
      if (bytes) return bytes;
      const reason = "the WebP encoder ran out of memory";
      throw new UnderdrawError("file-unwritable", `Cannot write the picture: ${reason}. Write a PNG.`, {
        file: "the picture",
        reason,
      });
    }
  }
}

/** Lays pixels on white, rounded to the nearest level. */
function* overWhite({ width, height, data: source }: Pixels): Work<Pixels> {
  const data = new Uint8ClampedArray(source.length);
  yield* inRows(height, 4 * width, (y) => {
    for (let i = 4 * y * width, end = i + 4 * width; i < end; i += 4) {
      const alpha = source[i + 3] as number;
      for (let channel = i; channel < i + 3; channel++) {
        data[channel] = Math.round(((source[channel] as number) * alpha + 255 * (255 - alpha)) / 255);
      }
      data[i + 3] = 255;
    }
  });
  return { width, height, data };
}
