import { unreadable } from "./raster.ts";
import type { Work } from "./turns.ts";

/** One chunk of a PNG file. `data` is a view into the file; `intact` says whether its checksum holds. */
export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly intact: boolean;
}

/** The eight bytes that a PNG file begins with. */
export const pngSignature: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

// What a byte makes of the sum when it is the last one, and behind it for each further byte that follows: eight bytes are
// then summed up at once.
const table = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  table[byte] = value;
}
for (let at = 256; at < table.length; at++) {
  const before = table[at - 256] as number;
  table[at] = (before >>> 8) ^ (table[before & 255] as number);
}

/** The CRC-32 of bytes (PNG, third edition, annex D); of what follows others, given theirs. */
export function checksum(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low =
      value ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24));
    value =
      (table[1792 + (low & 255)] as number) ^
      (table[1536 + ((low >>> 8) & 255)] as number) ^
      (table[1280 + ((low >>> 16) & 255)] as number) ^
      (table[1024 + (low >>> 24)] as number) ^
      (table[768 + (bytes[i + 4] as number)] as number) ^
      (table[512 + (bytes[i + 5] as number)] as number) ^
      (table[256 + (bytes[i + 6] as number)] as number) ^
      (table[bytes[i + 7] as number] as number);
  }
  for (; i < bytes.length; i++) value = (table[(value ^ (bytes[i] as number)) & 255] as number) ^ (value >>> 8);
  return ~value >>> 0;
}

/** How many bytes are summed up between two yields. */
const summed = 1 << 22;

/** The work of `checksum` over many bytes. */
export function* summing(bytes: Uint8Array, before = 0): Work<number> {
  let sum = before;
  for (let at = 0; at < bytes.length; at += summed) {
    sum = checksum(bytes.subarray(at, at + summed), sum);
    yield;
  }
  return sum;
}

/**
 * Lists the chunks up to IEND. A file that stops earlier gives the chunks before, the last one perhaps cut short and
 * not intact: whether the picture is complete is for its decoder to say.
 */
export function* chunksOf(bytes: Uint8Array): Work<Chunk[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  for (let at = pngSignature.length; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    const intact = end + 4 <= bytes.length && (yield* summing(bytes.subarray(at + 4, end))) === view.getUint32(end);
    chunks.push({ type, data: bytes.subarray(at + 8, end), intact });
    if (type === "IEND") break;
    at = end + 4;
  }
  return chunks;
}

/** What the IHDR chunk says. `samples` is the number of channels as stored. */
export interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly samples: number;
  readonly interlaced: boolean;
}

// Colour type -> channels and the depths that the standard allows (PNG, third edition, table 12).
const kinds: Record<number, { samples: number; depths: readonly number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Reads IHDR, which must come first. */
export function headerOf(file: string, chunk: Chunk | undefined): Header {
  if (chunk?.type === "CgBI") {
    throw unreadable(file, "it is a PNG in the private form that Apple packs into apps. Save it as an ordinary PNG.");
  }
  if (chunk?.type !== "IHDR" || chunk.data.length < 13) {
    throw unreadable(file, "the PNG file's header is missing. The file is cut off or damaged: get it again.");
  }
  if (!chunk.intact) throw damaged(file, "IHDR");
  const view = new DataView(chunk.data.buffer, chunk.data.byteOffset, 13);
  const depth = view.getUint8(8);
  const colourType = view.getUint8(9);
  const kind = kinds[colourType];
  if (!kind?.depths.includes(depth)) {
    throw unreadable(file, `a PNG file has no colour type ${colourType} with ${depth} bits. Export it again.`);
  }
  if (view.getUint8(10) !== 0 || view.getUint8(11) !== 0 || view.getUint8(12) > 1) {
    throw unreadable(file, "it is packed in a way that the PNG standard does not know. Export it again.");
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colourType,
    samples: kind.samples,
    interlaced: view.getUint8(12) === 1,
  };
}

/** The error for a chunk without which there is no picture. */
export function damaged(file: string, type: string): Error {
  return unreadable(file, `its ${type} part is damaged or cut off (the checksum does not hold). Get the file again.`);
}
