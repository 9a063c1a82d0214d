import type { Pixels } from "@underdraw/engine/core";
import type { ColourSpace } from "./colour.ts";

// PNG files as an editor writes them: quickly, RGBA, each row as its difference to the one above.

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The remainders of PNG's CRC for each byte. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** A PNG file of pixels, which says its space. sRGB is what a file without a word is taken for. */
export async function pngFile({ width, height, data }: Pixels, space: ColourSpace): Promise<Uint8Array> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  // 8 bits a channel, RGBA, nothing interlaced.
  for (const [index, value] of [8, 6, 0, 0, 0].entries()) header.setUint8(8 + index, value);
  const parts = [
    Uint8Array.from(signature),
    chunk("IHDR", new Uint8Array(header.buffer)),
    // Primaries 12 (P3 D65), transfer 13 (sRGB), matrix 0, full range; as ITU-T H.273 numbers them.
    ...(space === "display-p3" ? [chunk("cICP", Uint8Array.from([12, 13, 0, 1]))] : []),
    chunk("IDAT", await deflated(filtered(width, height, data))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The rows, each behind its filter type: 2, "up". */
function filtered(width: number, height: number, data: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const row = width * 4;
  const bytes = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) {
    const at = y * (row + 1);
    bytes[at] = 2;
    for (let x = 0; x < row; x++) {
      const above = y === 0 ? 0 : (data[(y - 1) * row + x] as number);
      bytes[at + 1 + x] = (data[y * row + x] as number) - above;
    }
  }
  return bytes;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (remainders[(value ^ byte) & 255] as number);
  return ~value >>> 0;
}
