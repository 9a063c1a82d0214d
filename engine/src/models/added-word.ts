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
