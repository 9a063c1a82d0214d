// Numbers that follow from a name, here and in the scripts beside the goldens: nothing has to be stored to have the same.

/** `count` numbers in -1..1 that float32 holds exactly: FNV-1a of the name, then MurmurHash3's last mixing of each place. */
export function numbersOf(name: string, count: number): Float32Array<ArrayBuffer> {
  let seed = 2166136261;
  for (const letter of name) seed = Math.imul(seed ^ letter.charCodeAt(0), 16777619);
  return Float32Array.from({ length: count }, (_, n) => {
    let h = (Math.imul(n + 1, 0x9e3779b9) ^ seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) >>> 0;
    return (h >>> 8) / 2 ** 23 - 1;
  });
}

/** Root of the sum of squared differences, over that of the right numbers. */
export function relativeError(actual: ArrayLike<number>, right: ArrayLike<number>): number {
  if (actual.length !== right.length) return Number.POSITIVE_INFINITY;
  let [off, size] = [0, 0];
  for (let n = 0; n < right.length; n++) {
    off += ((actual[n] as number) - (right[n] as number)) ** 2;
    size += (right[n] as number) ** 2;
  }
  if (Number.isNaN(off)) return Number.POSITIVE_INFINITY;
  return Math.sqrt(off) / (Math.sqrt(size) || 1);
}
