// A text as a tokenizer sees it, with the way back to the text as it was written.

/** A text in NFC with single spaces, in lower case if wanted. */
export function normalized(text: string, lowerCase: boolean): string {
  const spaced = text.normalize("NFC").replace(/\p{White_Space}+/gu, " ");
  if (!lowerCase) return spaced;
  // One by one: a capital sigma at the end of a word becomes the same small one as anywhere else.
  return Array.from(spaced, (character) => character.toLowerCase()).join("");
}

/** Where a part of a text stands: the index of its first sign, and the one behind its last. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Finds what a part of a normalized text was in the text as it was written. Parts that share a sign share its range. */
export type WayBack = (start: number, end: number) => TextRange;

// What nothing outside of it can compose with: white space, or a letter with its marks, Hangul's vowels and finals too.
const clusters = /\p{White_Space}+|[^\p{M}\p{White_Space}][\p{M}\u1161-\u11ff]*|[\p{M}\u1161-\u11ff]+/gu;

/** The way back from `normal`, which is `text` normalized. */
export function wayBack(text: string, normal: string, lowerCase: boolean): WayBack {
  // Most texts differ in the case of letters at the most.
  if (text === normal || (lowerCase && inLowerCase(text) === normal)) return (start, end) => ({ start, end });
  const starts = new Int32Array(normal.length);
  const ends = new Int32Array(normal.length);
  let filled = 0;
  for (const { 0: cluster, index } of text.matchAll(clusters)) {
    const length = normalized(cluster, lowerCase).length;
    // What lies beyond the end of the two lists is not written.
    for (let n = 0; n < length; n++, filled++) {
      starts[filled] = length === cluster.length ? index + n : index;
      ends[filled] = length === cluster.length ? index + n + 1 : index + cluster.length;
    }
  }
  // Scripts whose letters compose with letters before them: all that can be said is that it stands in the text.
  if (filled !== normal.length) return () => ({ start: 0, end: text.length });
  return (start, end) =>
    start < end
      ? { start: starts[start] as number, end: ends[end - 1] as number }
      : { start: starts[start] ?? text.length, end: starts[start] ?? text.length };
}

/** A text of the same length in lower case: letters that would grow by it stay. */
export const inLowerCase = (text: string): string =>
  Array.from(text, (character) => {
    const lower = character.toLowerCase();
    return lower.length === character.length ? lower : character;
  }).join("");

/** Splits a text at its special tokens: `special` tells which parts are some. */
export function* splitAt(
  text: string,
  tokens: RegExp | null,
): Generator<{ readonly text: string; readonly at: number; readonly special: boolean }> {
  let from = 0;
  if (tokens)
    for (const { 0: found, index } of text.matchAll(tokens)) {
      if (index > from) yield { text: text.slice(from, index), at: from, special: false };
      yield { text: found, at: index, special: true };
      from = index + found.length;
    }
  if (from < text.length) yield { text: text.slice(from), at: from, special: false };
}

/** A pattern that finds any of some texts, the longest first; null for none. */
export function anyOf(texts: Iterable<string>): RegExp | null {
  const sorted = [...new Set(texts)].filter((text) => text !== "").sort((a, b) => b.length - a.length);
  return sorted.length === 0 ? null : new RegExp(sorted.map(escaped).join("|"), "g");
}

/** A pattern that finds any of some words whole, the longest first; null for none. */
export function anyWord(words: readonly string[]): RegExp | null {
  const sorted = [...words].sort((a, b) => b.length - a.length);
  const edge = String.raw`[\p{L}\p{M}\p{N}_]`;
  const [begins, ends] = [new RegExp(`^${edge}`, "u"), new RegExp(`${edge}$`, "u")];
  // A sign at a word's end is an edge by itself: "<toy>" stands alone wherever it stands.
  const whole = sorted.map(
    (word) => (begins.test(word) ? `(?<!${edge})` : "") + escaped(word) + (ends.test(word) ? `(?!${edge})` : ""),
  );
  return whole.length === 0 ? null : new RegExp(whole.join("|"), "gu");
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
