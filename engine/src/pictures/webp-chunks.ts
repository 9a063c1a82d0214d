import { joined } from "./bytes.ts";
import { unreadable } from "./raster.ts";

/** Where a moving picture's first frame lies on its canvas. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a WebP file's chunks say before anything is decoded. */
export interface WebpHeader {
  readonly width: number;
  readonly height: number;
  /** A WebP file of one still picture: the file itself, or the first frame wrapped anew. */
  readonly still: Uint8Array;
  readonly frame: Frame;
  readonly frames: number;
  readonly profile?: Uint8Array;
  readonly exif?: Uint8Array;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** False where the file ends before the chunk does. */
  readonly whole: boolean;
}

const u24 = (data: Uint8Array, at: number): number =>
  (data[at] as number) | ((data[at + 1] as number) << 8) | ((data[at + 2] as number) << 16);

function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const data = bytes.subarray(at + 8, at + 8 + length);
    chunks.push({ type, data, whole: data.length === length });
    at += 8 + length + (length & 1);
  }
  return chunks;
}

/** Walks the chunks (RFC 9649, section 2). */
export function webpHeader(bytes: Uint8Array, file: string): WebpHeader {
  const cut = (): Error => unreadable(file, "its picture is missing or cut off. Get the file again.");
  const chunks = chunksOf(bytes.subarray(12));
  const find = (type: string): Uint8Array | undefined => chunks.find((chunk) => chunk.type === type)?.data;
  const canvas = find("VP8X");
  const moving = chunks.filter(({ type }) => type === "ANMF");
  const profile = find("ICCP");
  const exif = find("EXIF");
  const about = { ...(profile ? { profile } : {}), ...(exif ? { exif } : {}) };
  if (canvas && canvas.length < 10) throw cut();
  if (canvas && moving.length > 0) {
    const { data: first, whole } = moving[0] as Chunk;
    if (!whole || first.length < 24) throw cut();
    const frame = { x: u24(first, 0) * 2, y: u24(first, 3) * 2, width: u24(first, 6) + 1, height: u24(first, 9) + 1 };
    const still = wrapped(chunksOf(first.subarray(16)), frame);
    return { width: u24(canvas, 4) + 1, height: u24(canvas, 7) + 1, still, frame, frames: moving.length, ...about };
  }
  const size = canvas ? { width: u24(canvas, 4) + 1, height: u24(canvas, 7) + 1 } : sizeOf(find("VP8 "), find("VP8L"));
  if (!size) throw cut();
  return { ...size, still: bytes, frame: { x: 0, y: 0, ...size }, frames: 1, ...about };
}

function sizeOf(
  lossy: Uint8Array | undefined,
  lossless: Uint8Array | undefined,
): Pick<Frame, "width" | "height"> | null {
  if (lossy && lossy.length >= 10) {
    return { width: u24(lossy, 6) & 0x3fff, height: u24(lossy, 8) & 0x3fff };
  }
  if (lossless && lossless.length >= 5) {
    const bits = (u24(lossless, 1) | ((lossless[4] as number) << 24)) >>> 0;
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return null;
}

/** Makes a file of its own out of a frame's chunks. */
function wrapped(chunks: readonly Pick<Chunk, "type" | "data">[], frame: Frame): Uint8Array {
  const picture = chunks.filter(({ type }) => type === "ALPH" || type === "VP8 " || type === "VP8L");
  const extended = new Uint8Array(10);
  const [width, height] = [frame.width - 1, frame.height - 1];
  // 0x10 says that there is alpha.
  extended.set([0x10, 0, 0, 0, width, width >> 8, width >> 16, height, height >> 8, height >> 16]);
  const body = [{ type: "VP8X", data: extended }, ...picture].flatMap(({ type, data }) => {
    const head = new Uint8Array(8);
    head.set([...type].map((character) => character.charCodeAt(0)));
    new DataView(head.buffer).setUint32(4, data.length, true);
    return [head, data, new Uint8Array(data.length & 1)];
  });
  const whole = joined([Uint8Array.from("RIFF\0\0\0\0WEBP", (character) => character.charCodeAt(0)), ...body]);
  new DataView(whole.buffer).setUint32(4, whole.length - 8, true);
  return whole;
}
