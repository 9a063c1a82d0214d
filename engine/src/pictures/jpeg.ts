import type { Pixels } from "../core/pixels.ts";
import { runCodec } from "./codec.ts";
import { jpegHeader } from "./jpeg-markers.ts";
import { checkSize, type Decoded, unreadable } from "./raster.ts";

interface Decoder {
  decode(bytes: Uint8Array, preserveOrientation: boolean): { data: Uint8ClampedArray; width: number; height: number };
}

interface Encoder {
  encode(data: Uint8ClampedArray, width: number, height: number, options: object): Uint8Array;
}

/** Reads a JPEG file: baseline or progressive, grey or colour, 8 bits. Inks (CMYK, YCCK) are refused in words. */
export async function readJpeg(bytes: Uint8Array, file: string, signal?: AbortSignal): Promise<Decoded> {
  const header = jpegHeader(bytes, file);
  checkSize(file, header.width, header.height);
  if (header.components === 4) {
    throw unreadable(file, "it is a JPEG of printing inks (CMYK). Convert it to RGB and save it again.");
  }
  if (header.components !== 1 && header.components !== 3) {
    throw unreadable(file, `it is a JPEG with ${header.components} channels. Save it as RGB or grey.`);
  }
  // No block of 8 x 8 pixels takes less than a bit, so that a few bytes cannot claim a wall of pixels.
  if (header.remaining * 8 < Math.ceil(header.width / 8) * Math.ceil(header.height / 8)) {
    throw unreadable(file, "it has far too little data for its size. The file is cut off or damaged: get it again.");
  }
  if (!header.ends) throw broken(file, []);
  const raster = await runCodec<Decoder, Decoded["raster"]>(
    "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
    () => import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js"),
    ({ exports, complaints }) => {
      signal?.throwIfAborted();
      let decoded: ReturnType<Decoder["decode"]>;
      try {
        decoded = exports.decode(bytes, false);
      } catch (error) {
        throw broken(file, complaints, error);
      }
      // Of what decoders complain about, only this costs pixels; cameras write the rest, and it harms nothing.
      if (complaints.some((line) => /premature end|bad Huffman|instead of RST/i.test(line))) {
        throw broken(file, complaints);
      }
      if (!decoded || decoded.data.length !== header.width * header.height * 4) throw broken(file, complaints);
      return { width: decoded.width, height: decoded.height, data: new Uint8Array(decoded.data) };
    },
  );
  return {
    raster,
    orientation: header.orientation,
    ...(header.profile ? { colours: { profile: header.profile } } : {}),
    notes: [],
  };
}

function broken(file: string, complaints: readonly string[], cause?: unknown): Error {
  const said = complaints.length > 0 ? ` (the decoder says: ${complaints.join("; ")})` : "";
  return unreadable(file, `its picture data is cut off or damaged${said}. Get the file again.`, cause);
}

/** Writes a progressive JPEG file of quality 1 to 100. Opaque pixels are asked for: JPEG has no alpha. */
export async function writeJpeg(pixels: Pixels, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  return runCodec<Encoder, Uint8Array<ArrayBuffer>>(
    "@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm",
    () => import("@jsquash/jpeg/codec/enc/mozjpeg_enc.js"),
    ({ exports }) => new Uint8Array(exports.encode(pixels.data, pixels.width, pixels.height, jpegOptions(quality))),
  );
}

// MozJPEG's settings by the names of its C interface: its own defaults, and 3 stands for YCbCr.
function jpegOptions(quality: number): object {
  return {
    quality,
    baseline: false,
    arithmetic: false,
    progressive: true,
    optimize_coding: true,
    smoothing: 0,
    color_space: 3,
    quant_table: 3,
    trellis_multipass: false,
    trellis_opt_zero: false,
    trellis_opt_table: false,
    trellis_loops: 1,
    auto_subsample: true,
    chroma_subsample: 2,
    separate_chroma_quality: false,
    chroma_quality: quality,
  };
}
