import { UnderdrawError } from "../core/errors.ts";
import { inRows, type Work } from "./turns.ts";

/** RGBA samples with straight alpha in a file's own colours: 0..255 in bytes, 0..65535 in 16-bit samples. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>;
}

/** What a decoder hands over: the samples, what the file says about them, and remarks for the person who reads it. */
export interface Decoded {
  readonly raster: Raster;
  /** EXIF's orientation, 1..8. */
  readonly orientation: number;
  /** How the samples' colours are meant; absent where the file says nothing or says sRGB. */
  readonly colours?: ColourClaim;
  readonly text?: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** What a file says about its colours: an ICC profile's bytes, or a curve and primaries given as numbers. */
export type ColourClaim =
  | { readonly profile: Uint8Array }
  | { readonly curve: Curve; readonly primaries: Primaries; readonly said: string };

/** Turns a stored sample, 0..1, into light, 0..1. */
export type Curve = (sample: number) => number;

/** CIE xy of white, red, green and blue, in that order: eight numbers. */
export type Primaries = readonly number[];

/**
 * The most pixels that a picture may have: 2^27, for example 16,384 x 8,192. Such a picture takes 512 MiB as RGBA.
 * A file that claims more is refused before memory is asked for.
 */
export const maxPixels = 134_217_728;

/** Makes the error for a file that cannot be read. The reason is a sentence and says what to do. */
export function unreadable(file: string, reason: string, cause?: unknown): UnderdrawError<"picture-unreadable"> {
  const options = cause === undefined ? undefined : { cause };
  return new UnderdrawError("picture-unreadable", `Cannot read ${file}: ${reason}`, { file, reason }, options);
}

/** Refuses a size that is empty or beyond `maxPixels`, before any memory is asked for. */
export function checkSize(file: string, width: number, height: number): void {
  if (width < 1 || height < 1) {
    throw unreadable(file, `it says that it is ${width} x ${height} pixels, which is no picture. Export it again.`);
  }
  if (width * height > maxPixels) {
    throw unreadable(
      file,
      `it says that it is ${width} x ${height} pixels; the limit is ${maxPixels} pixels in all. Scale it down first.`,
    );
  }
}

/** Lays a frame on a larger, transparent canvas. What lies outside the canvas is cut off. */
export function* layOnCanvas(frame: Raster, x: number, y: number, width: number, height: number): Work<Raster> {
  if (x === 0 && y === 0 && frame.width === width && frame.height === height) return frame;
  const wide = frame.data instanceof Uint16Array;
  const data = wide ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  const columns = Math.min(frame.width, width - x);
  const rows = Math.min(frame.height, height - y);
  if (columns <= 0) return { width, height, data };
  yield* inRows(rows, columns, (row) => {
    const from = row * frame.width * 4;
    data.set(frame.data.subarray(from, from + columns * 4), ((y + row) * width + x) * 4);
  });
  return { width, height, data };
}
