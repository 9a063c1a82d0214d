const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes as base64. */
export function toBase64(data: Uint8Array): string {
  if (!(data instanceof Uint8Array)) throw new Error("in base64Encode: Expected Uint8Array");
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(at, at + 3);
    const bits = (a << 16) | (b << 8) | c;
    const digits = [18, 12, 6, 0].map((shift) => letters[(bits >> shift) & 63]);
    text += digits
      .slice(0, Math.min(4, data.length - at + 1))
      .join("")
      .padEnd(4, "=");
  }
  return text;
}

/** The bytes of a base64 text. */
export function fromBase64(data: string): Uint8Array {
  const digits = data.replace(/=+$/, "");
  if (/[^A-Za-z0-9+/]/.test(digits) || digits.length % 4 === 1)
    throw new Error("in base64Decode: Invalid base64 string");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | letters.indexOf(digit)) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (bits >> held) & 255;
  }
  return bytes;
}
