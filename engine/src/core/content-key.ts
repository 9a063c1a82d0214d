// What tells contents apart: the same bytes have the same key, and it is not to be expected that others have it. It
// guards nothing against somebody who looks for two contents with one key: fingerprints of models are SHA-256.

const seeds = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const; // the first bits of pi's fraction
const factors = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const; // primes of xxHash (Yann Collet)

/** A key of 128 bits for bytes, or for a text, as 32 hex digits. */
export function contentKey(content: ArrayBufferView | string): string {
  const bytes =
    typeof content === "string"
      ? new Uint8Array(Uint16Array.from({ length: content.length }, (_, i) => content.charCodeAt(i)).buffer)
      : new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  const whole = bytes.byteLength >>> 2;
  const isAligned = bytes.byteOffset % 4 === 0;
  const words = isAligned
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, whole)
    : new Uint32Array(bytes.slice(0, 4 * whole).buffer);
  let [a, b, c, d] = seeds as readonly number[] as [number, number, number, number];
  const [fa, fb, fc, fd] = factors;
  for (let i = 0; i < whole; i++) {
    const word = words[i] as number;
    a = Math.imul(a ^ word, fa);
    a ^= a >>> 15;
    b = Math.imul(b + word, fb);
    b ^= b >>> 13;
    c = Math.imul(c ^ (word + a), fc);
    c ^= c >>> 16;
    d = Math.imul(d + (word ^ b), fd);
    d ^= d >>> 14;
  }
  let rest = bytes.byteLength;
  for (let i = 4 * whole; i < bytes.byteLength; i++) rest = Math.imul(rest, 257) ^ (bytes[i] as number);
  const ends = [a ^ rest, b + rest, c ^ bytes.byteLength, d + bytes.byteLength];
  return ends
    .map((end, n) =>
      mixed(end ^ (ends[(n + 1) % 4] as number))
        .toString(16)
        .padStart(8, "0"),
    )
    .join("");
}

/** Lets each bit of a word act on all others (the end of MurmurHash3, Austin Appleby). */
function mixed(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
