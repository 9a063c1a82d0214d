// Which candidates hang together with an edge, also by a corner, found for 32 pixels at a time: one bit a pixel, the first
// in the lowest bit of its word. A word takes from the eight about it what touches its own candidates, spreads that along
// itself, and wakes those of the eight that it touches in turn.

/** A picture's candidates and edges, one bit a pixel. */
export interface Ridges {
  /** Words from a row to the next: one more than its pixels need, so that zeros lie between the ends of any two rows. */
  readonly pitch: number;
  /** Every ridge, with a row of zeros above the first row and below the last. */
  readonly candidates: Int32Array<ArrayBuffer>;
  /** Those of them that are known to be edges. */
  readonly edges: Int32Array<ArrayBuffer>;
  /** Which words wait to be looked at again, the newest last. */
  readonly open: number[];
  /** 1 for each word that waits. */
  readonly waits: Uint8Array<ArrayBuffer>;
}

/** No ridges, in a picture of `width` x `height`. */
export function noRidges(width: number, height: number): Ridges {
  const pitch = ((width + 31) >> 5) + 1;
  const length = pitch * (height + 2) + 1;
  const [candidates, edges, waits] = [new Int32Array(length), new Int32Array(length), new Uint8Array(length)];
  return { pitch, candidates, edges, open: [], waits };
}

/** Where row `y` begins in the words. */
export function firstWord({ pitch }: Ridges, y: number): number {
  return (y + 1) * pitch + 1;
}

/**
 * Looks at row `y`, which has just come, and again at the one above it. Rows come in order; when all have and `follow` has
 * nothing left, every candidate that hangs together with an edge is one.
 */
export function sweep(ridges: Ridges, y: number): void {
  const { pitch, candidates, edges } = ridges;
  const first = firstWord(ridges, y);
  for (let word = first; word < first + pitch - 1; word++) {
    if (candidates[word] !== edges[word]) grow(ridges, word);
  }
  for (let word = first - 2; word >= first - pitch; word--) {
    if (candidates[word] !== edges[word]) grow(ridges, word);
  }
}

/** Looks at words that wait, at most `limit` of them. */
export function follow(ridges: Ridges, limit: number): void {
  const { open, waits } = ridges;
  for (let count = 0; count < limit; count++) {
    const word = open.pop();
    if (word === undefined) return;
    waits[word] = 0;
    grow(ridges, word);
  }
}

/** Makes edges of a word's candidates that touch one. */
function grow(ridges: Ridges, word: number): void {
  const { pitch, candidates, edges } = ridges;
  const [above, below] = [word - pitch, word + pitch];
  const own = edges[word] as number;
  const about = own | (edges[above] as number) | (edges[below] as number);
  const before = (edges[word - 1] as number) | (edges[above - 1] as number) | (edges[below - 1] as number);
  const after = (edges[word + 1] as number) | (edges[above + 1] as number) | (edges[below + 1] as number);
  const mask = candidates[word] as number;
  const touched = (about | (about << 1) | (about >>> 1) | (before >>> 31) | (after << 31)) & mask;
  if (touched === own) return;

  // Upwards by a carry: added to its run of candidates, a bit turns over all that lie between it and the run's end.
  let all = touched | (((mask + touched) ^ mask) & mask);
  // Downwards by steps that double, as far as candidates lie without a gap.
  if (((all >>> 1) & mask & ~all) !== 0) {
    let gapless = mask;
    for (let step = 1; step < 32; step *= 2) {
      all |= gapless & (all >>> step);
      gapless &= gapless >>> step;
    }
  }
  edges[word] = all;

  const fresh = all & ~own;
  const near = fresh | (fresh << 1) | (fresh >>> 1);
  wake(ridges, above, near);
  wake(ridges, below, near);
  if ((fresh & 1) !== 0) for (const at of [above, word, below]) wake(ridges, at - 1, 1 << 31);
  if (fresh < 0) for (const at of [above, word, below]) wake(ridges, at + 1, 1);
}

/** Has a word looked at where it has candidates among some pixels. */
function wake({ candidates, edges, open, waits }: Ridges, word: number, pixels: number): void {
  if ((pixels & (candidates[word] as number) & ~(edges[word] as number)) === 0 || waits[word] === 1) return;
  waits[word] = 1;
  open.push(word);
}
