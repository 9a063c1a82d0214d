/** Pixels per inch from a PNG's pHYs chunk, which counts per metre (PNG specification, 11.3.4.3); 72 without one. */
export function pngResolution(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "pHYs" && bytes[at + 16] === 1) return Math.round(view.getUint32(at + 8) * 0.0254);
    if (!/^[A-Za-z]{4}$/.test(name) || name === "IDAT") break;
    at += length + 12;
  }
  return 72;
}
