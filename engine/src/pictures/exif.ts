/**
 * The orientation, 1..8, that an EXIF block (a TIFF structure, with or without the leading "Exif\0\0") asks for.
 * 1, as stored, where it is missing or makes no sense. Tag 0x0112 as in the EXIF 2.32 standard, section 4.6.4.
 */
export function orientationOf(exif: Uint8Array): number {
  const start = exif[0] === 0x45 && exif[1] === 0x78 && exif[2] === 0x69 && exif[3] === 0x66 ? 6 : 0;
  const view = new DataView(exif.buffer, exif.byteOffset + Math.min(start, exif.length));
  const length = exif.length - Math.min(start, exif.length);
  if (length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > length) return 1;
  const entries = view.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * 12;
    if (at + 12 > length) return 1;
    if (view.getUint16(at, little) !== 0x0112) continue;
    // Type 4 is a 32-bit number, 3 the usual 16-bit one, 1 a byte.
    const type = view.getUint16(at + 2, little);
    const value =
      type === 4 ? view.getUint32(at + 8, little) : type === 1 ? view.getUint8(at + 8) : view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
