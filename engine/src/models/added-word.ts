/**
 * What tells an added word from others: NFC, one space for white space within and none around, every letter in lower
 * case by itself. Two words with one key are the same word.
 */
export function wordKey(word: string): string {
  const spaced = word
    .normalize("NFC")
    .replace(/\p{White_Space}+/gu, " ")
    .trim();
  return Array.from(spaced, (character) => character.toLowerCase()).join("");
}

/**
 * How many vectors a tensor of this shape holds for a word, and how wide they are: [count, width], [width] for one, or
 * [1, count, width] as some trainers write them. Null for any other shape.
 */
export function vectorSides(shape: readonly number[]): readonly [count: number, width: number] | null {
  const sides = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape;
  const [count = 0, width = 0] = sides.length === 1 ? [1, ...sides] : sides;
  return sides.length === 1 || sides.length === 2 ? [count, width] : null;
}
