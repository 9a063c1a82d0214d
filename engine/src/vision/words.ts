/** Opaque black, white and every gray between as the 32-bit words that their four bytes are in memory, by level. */
export const grayWords: Uint32Array = wordsOf((level) => [level, level, level, 255]);

/** A word whose bytes are all ones but that of alpha: what inverts a colour and leaves its alpha. */
export const colourMask: number = wordsOf(() => [255, 255, 255, 0])[0] as number;

/** A word whose byte of alpha alone is all ones. */
export const alphaMask: number = wordsOf(() => [0, 0, 0, 255])[0] as number;

/** How far red, green and blue lie from the lower end of a word. */
export const channelShifts: readonly [red: number, green: number, blue: number] =
  alphaMask === 0xff000000 ? [0, 8, 16] : [24, 16, 8];

/** Words by level, in whatever order this machine keeps its bytes. */
function wordsOf(bytes: (level: number) => readonly number[]): Uint32Array {
  const all = new Uint8Array(1024);
  for (let level = 0; level < 256; level++) all.set(bytes(level), 4 * level);
  return new Uint32Array(all.buffer);
}

/** The bytes of pixels as words, copied only where they do not begin at the start of one. */
export const wordsOrCopy = (data: Uint8ClampedArray): Uint32Array =>
  wordsIn(data) ?? new Uint32Array(data.slice().buffer);

/** The bytes of pixels as words; null where they do not begin at the start of a word. */
export function wordsIn(data: Uint8ClampedArray): Uint32Array | null {
  return data.byteOffset % 4 === 0 ? new Uint32Array(data.buffer, data.byteOffset, data.length >> 2) : null;
}
