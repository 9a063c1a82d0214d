import type { MiniVocabulary } from "./vocabulary.ts";

/** Words that carry no picture of their own. */
const small = "a an the of on in at with and or to from for by is are its".split(" ");

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? [];

/** What a word may be the plural or the genitive of. */
const singulars = (word: string): readonly string[] =>
  [/'s?$/, /s$/, /es$/].map((ending) => word.replace(ending, "")).concat(word.replace(/ies$/, "y"));

/** The words of a prompt that no drawing of the pack's training was called by, in small letters, each once. */
export function unknownWords(
  { phrases, styles, subjects, synonyms, colours, grounds }: MiniVocabulary,
  prompt: string,
): readonly string[] {
  const texts = [...phrases.map((phrase) => phrase.replace(/\{\w+\}/g, " ")), ...styles, ...colours, ...grounds];
  texts.push(...subjects, ...Object.values(synonyms).flat());
  const known = new Set([...small, ...texts.flatMap(wordsOf)]);
  return [...new Set(wordsOf(prompt))].filter((word) => ![word, ...singulars(word)].some((form) => known.has(form)));
}
