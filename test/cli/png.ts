import { crc32, deflateSync } from "node:zlib";

/** How a PNG file stores its samples. */
export interface Layout {
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly depth: 8 | 16;
}

/**
 * A PNG file of a grey picture, written here and not by the engine, so that its reader is held against something else.
 * `grey` gives each pixel's level, 0..255; `alpha` its cover where the layout has one.
 */
export function pngOf(
  width: number,
  height: number,
  { colourType, depth }: Layout,
  grey: (x: number, y: number) => number,
  alpha: (x: number, y: number) => number = () => 255,
): Buffer {
  const rows: number[] = [];
  const put = (level: number): void => {
    // 257 * level: what 8 bits are in 16.
    if (depth === 16) rows.push(level, level);
    else rows.push(level);
  };
  for (let y = 0; y < height; y++) {
    rows.push(0);
    for (let x = 0; x < width; x++) {
      const level = grey(x, y);
      for (let n = 0; n < (colourType === 2 || colourType === 6 ? 3 : 1); n++) put(level);
      if (colourType >= 4) put(alpha(x, y));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType], 8);
  const palette = Buffer.from(Array.from({ length: 256 }, (_, level) => [level, level, level]).flat());
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(colourType === 3 ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** White lines on black: the outline of a house. */
export function house(x: number, y: number): number {
  const wall = x >= 16 && x <= 48 && y >= 28 && y <= 54 && (x < 18 || x > 46 || y > 52);
  const roof = y >= 10 && y <= 28 && Math.abs(Math.abs(x - 32) - (y - 10)) <= 1;
  return wall || roof ? 255 : 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, "latin1");
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, data.length + 8)), data.length + 8);
  return bytes;
}
