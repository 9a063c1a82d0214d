// Base64 and a checksum for ports that carry only text, by hand: Figma's sandbox has neither atob nor btoa nor a text
// encoder, and so every realm does it alike. Whoever calls cuts long values up: a loop over megabytes would freeze an
// editor whose plugins run on its own thread.

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const codes = Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
/** The code of "=". */
const padding = 61;
/** So many characters are made at a time: as many as one call may safely have arguments. */
const step = 8_192;

/** Bytes as base64, as RFC 4648 defines it, with padding. */
export function toBase64(bytes: Uint8Array): string {
  const made = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    // What lies beyond the end is undefined, which counts as 0 here.
    const bits = ((bytes[from] as number) << 16) | ((bytes[from + 1] as number) << 8) | (bytes[from + 2] as number);
    made[to] = codes[bits >> 18] as number;
    made[to + 1] = codes[(bits >> 12) & 63] as number;
    made[to + 2] = codes[(bits >> 6) & 63] as number;
    made[to + 3] = codes[bits & 63] as number;
  }
  if (bytes.length % 3 > 0) made.fill(padding, made.length - 3 + (bytes.length % 3));
  let text = "";
  // `apply` takes a typed array as it is; spread would go through its iterator, ten times as slow.
  for (let at = 0; at < made.length; at += step) {
    text += String.fromCharCode.apply(null, made.subarray(at, at + step) as unknown as number[]);
  }
  return text;
}

let values: Uint8Array | null = null;

/** The bytes of a base64 text; null for what is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  values ??= Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, codes.indexOf(code)));
  const bytes = new Uint8Array((text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0));
  for (let from = 0, to = 0; from < text.length; to += 3) {
    let bits = 0;
    for (const end = from + 4; from < end; from++) bits = (bits << 6) | (values[text.charCodeAt(from)] as number);
    // A typed array ignores what is written beyond its end: the bytes of the padding.
    bytes[to] = bits >> 16;
    bytes[to + 1] = bits >> 8;
    bytes[to + 2] = bits;
  }
  return bytes;
}

let table: Uint32Array | null = null;

/** CRC-32 of bytes, as ISO 3309 and PNG define it: polynomial 0xEDB88320, reflected. */
export function checksumOf(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ (table[(sum ^ (bytes[i] as number)) & 255] as number);
  return (sum ^ 0xffffffff) >>> 0;
}
