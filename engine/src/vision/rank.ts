import type { Plane } from "./plane.ts";

/**
 * Spearman's rank correlation of two planes, -1 to 1: whether what is brighter in one is brighter in the other, however
 * much. Equal levels share the mean of their ranks. Where one plane has one level alone nothing can be said: 0, or 1
 * where both have.
 */
export function rankCorrelation({ data: one }: Plane, { data: other }: Plane): number {
  const [first, second] = [ranks(one), ranks(other)];
  if (first.spread === 0 || second.spread === 0) return first.spread === second.spread ? 1 : 0;
  // Pairs of levels are counted, so that the long sums run over 65,536 numbers at most, and exactly.
  const pairs = new Float64Array(1 << 16);
  for (let i = 0; i < one.length; i++) {
    const pair = ((one[i] as number) << 8) | (other[i] as number);
    pairs[pair] = (pairs[pair] as number) + 1;
  }
  let shared = 0;
  for (let pair = 0; pair < pairs.length; pair++) {
    const count = pairs[pair] as number;
    if (count > 0) shared += count * (first.offset[pair >> 8] as number) * (second.offset[pair & 255] as number);
  }
  return Math.min(1, Math.max(-1, shared / Math.sqrt(first.spread * second.spread)));
}

/** The rank of each level, less the mean rank, and the sum of their squares over all pixels. */
function ranks(data: Uint8Array): { readonly offset: Float64Array; readonly spread: number } {
  const counts = new Float64Array(256);
  for (let i = 0; i < data.length; i++) {
    const level = data[i] as number;
    counts[level] = (counts[level] as number) + 1;
  }
  const offset = new Float64Array(256);
  let [before, spread] = [0, 0];
  for (let level = 0; level < 256; level++) {
    const count = counts[level] as number;
    const rank = before + count / 2 - data.length / 2;
    offset[level] = rank;
    spread += count * rank * rank;
    before += count;
  }
  return { offset, spread: Math.max(...counts) === data.length ? 0 : spread };
}
