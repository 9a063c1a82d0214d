/** The longest words that are compared; what is longer is taken for that long. */
const longest = 40;

/** Three rows of the table that `apart` fills, one after the other: it never waits, so they are nobody else's meanwhile. */
const rows = [0, 1, 2].map(() => new Uint8Array(longest + 1));

/**
 * How many letters apart two words are: added, left out, exchanged for another, or exchanged with their neighbour. More
 * than `limit` where it is more than that.
 */
export function apart(one: string, other: string, limit: number): number {
  const a = one.slice(0, longest);
  const b = other.slice(0, longest);
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [before, above, row] = rows as [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= b.length; j++) above[j] = j;
  let leastAbove = 0;
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1);
      cost = Math.min(cost, (above[j - 1] as number) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1))
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      row[j] = cost;
      least = Math.min(least, cost);
    }
    // An exchange of neighbours reaches back two rows, so that both must be past the limit.
    if (least > limit && leastAbove > limit) return limit + 1;
    leastAbove = least;
    [before, above, row] = [above, row, before];
  }
  return above[b.length] as number;
}

/** How many letters of a word may be wrong before it is another word: short ones have none to lose. */
export function tolerance(word: string): 0 | 1 | 2 {
  return word.length < 5 ? 0 : word.length < 8 ? 1 : 2;
}

/**
 * How far `word` is from being `key` misspelled: 0 for the same, infinite where it is none. Their first letters agree,
 * since people rarely miss that one.
 */
export function misspelling(word: string, key: string): number {
  if (word === key) return 0;
  const limit = tolerance(word);
  if (limit === 0 || key.length < 4 || word[0] !== key[0]) return Infinity;
  const count = apart(word, key, limit);
  return count <= limit ? count : Infinity;
}
