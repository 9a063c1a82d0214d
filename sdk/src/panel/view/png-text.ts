/** The PNG file's eight first bytes and its IHDR chunk, which always has 13 bytes of data: what texts come after. */
const head = 8 + 12 + 13;

/** Puts a text into a PNG file as an iTXt chunk (PNG specification, 11.3.3.4), uncompressed, right after its header. */
export function withText(png: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  // Keyword, end, not compressed, method 0, no language, no translated keyword, text.
  const data = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const made = new Uint8Array(png.length + data.length + 8);
  const view = new DataView(made.buffer);
  made.set(png.subarray(0, head));
  view.setUint32(head, data.length - 4);
  made.set(data, head + 4);
  view.setUint32(head + 4 + data.length, checksum(data));
  made.set(png.subarray(head), head + 8 + data.length);
  return made;
}

/** CRC-32 as PNG has it (polynomial 0xedb88320, PNG specification, annex D). */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
