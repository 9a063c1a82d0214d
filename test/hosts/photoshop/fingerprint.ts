// A name for bytes: equal bytes, equal name. Not for secrets. Four lanes of MurmurHash3's 32-bit mixing (Austin Appleby,
// public domain) with different seeds, so that two documents of a test do not meet by chance.

/** The fingerprint of bytes, as 32 hex digits. */
export function fingerprint(bytes: Uint8Array): string {
  const lanes = [0x9747b28c, 0x3c6ef372, 0x510e527f, 0x1f83d9ab].map((seed) => lane(bytes, seed));
  return lanes.map((value) => value.toString(16).padStart(8, "0")).join("");
}

function lane(bytes: Uint8Array, seed: number): number {
  let hash = seed ^ bytes.length;
  const words = bytes.length >>> 2;
  for (let i = 0; i < words; i++) {
    const at = i * 4;
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = mix(hash, word);
  }
  let tail = 0;
  for (let at = words * 4, shift = 0; at < bytes.length; at++, shift += 8) tail |= (bytes[at] as number) << shift;
  hash = mix(hash, tail);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const turned = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  const mixed = hash ^ turned;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
