import type { Pixels } from "../core/pixels.ts";
import { runCodec } from "./codec.ts";
import { orientationOf } from "./exif.ts";
import { checkSize, type Decoded, layOnCanvas, type Raster, unreadable } from "./raster.ts";
import { inTurns } from "./turns.ts";
import { webpHeader } from "./webp-chunks.ts";

interface Decoder {
  decode(bytes: Uint8Array): { data: Uint8ClampedArray; width: number; height: number } | null;
}

interface Encoder {
  encode(data: Uint8ClampedArray, width: number, height: number, options: object): Uint8Array | null;
}

/** Reads a WebP file, lossy or lossless, with or without alpha; of a moving one the first frame on its canvas. */
export async function readWebp(bytes: Uint8Array, file: string, signal?: AbortSignal): Promise<Decoded> {
  const { width, height, still, frame, frames, profile, exif } = webpHeader(bytes, file);
  checkSize(file, width, height);
  if (frame.x + frame.width > width || frame.y + frame.height > height) {
    throw unreadable(file, "its first frame does not lie on its canvas. Export it again.");
  }
  const decoded = await runCodec<Decoder, Raster>(
    "@jsquash/webp/codec/dec/webp_dec.wasm",
    () => import("@jsquash/webp/codec/dec/webp_dec.js"),
    ({ exports }) => {
      signal?.throwIfAborted();
      let result: ReturnType<Decoder["decode"]> = null;
      let cause: unknown;
      try {
        result = exports.decode(still);
      } catch (error) {
        cause = error;
      }
      if (!result || result.width !== frame.width || result.height !== frame.height) {
        throw unreadable(file, "its picture data is cut off or damaged. Get the file again.", cause);
      }
      return { width: result.width, height: result.height, data: new Uint8Array(result.data) };
    },
  );
  return {
    raster: await inTurns(layOnCanvas(decoded, frame.x, frame.y, width, height), signal),
    orientation: exif ? orientationOf(exif) : 1,
    ...(profile ? { colours: { profile } } : {}),
    notes: frames > 1 ? [`Took the first of ${frames} frames.`] : [],
  };
}

/** Writes a WebP file: lossless without a quality, else lossy with a quality of 1 to 100. Sides up to 16,383. */
export async function writeWebp(pixels: Pixels, quality: number | undefined): Promise<Uint8Array<ArrayBuffer> | null> {
  return runCodec<Encoder, Uint8Array<ArrayBuffer> | null>(
    // The plain encoder and not the one with SIMD, so that every machine writes the same bytes.
    "@jsquash/webp/codec/enc/webp_enc.wasm",
    () => import("@jsquash/webp/codec/enc/webp_enc.js"),
    ({ exports }) => {
      const bytes = exports.encode(pixels.data, pixels.width, pixels.height, webpOptions(quality));
      return bytes && new Uint8Array(bytes);
    },
  );
}

// libwebp's settings by the names of its C interface (encode.h), at its own defaults.
function webpOptions(quality: number | undefined): object {
  return {
    quality: quality ?? 75,
    target_size: 0,
    target_PSNR: 0,
    method: 4,
    sns_strength: 50,
    filter_strength: 60,
    filter_sharpness: 0,
    filter_type: 1,
    partitions: 0,
    segments: 4,
    pass: 1,
    show_compressed: 0,
    preprocessing: 0,
    autofilter: 0,
    partition_limit: 0,
    alpha_compression: 1,
    alpha_filtering: 1,
    alpha_quality: 100,
    lossless: quality === undefined ? 1 : 0,
    exact: 0,
    image_hint: 0,
    emulate_jpeg_size: 0,
    thread_level: 0,
    low_memory: 0,
    near_lossless: 100,
    use_delta_palette: 0,
    use_sharp_yuv: 0,
  };
}
