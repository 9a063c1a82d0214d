import type { Warning } from "@underdraw/engine";
import { type MiniVocabulary, miniVocabulary, unknownWords } from "@underdraw/model-mini/node";
import { edits } from "./arguments.ts";

// A small model knows few things, and draws something else for the rest. Better said in a word than found out by eye.

/** How many things a hint names at most. */
const most = 5;

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? [];

/** What of a prompt the pack was not taught, and what it knows instead; null where it knows all of it. */
export async function promptHint(prompt: string, signal: AbortSignal): Promise<Warning | null> {
  return hintFrom(await miniVocabulary({ signal }), prompt);
}

/** The same, of a vocabulary that is at hand. */
export function hintFrom(vocabulary: MiniVocabulary, prompt: string): Warning | null {
  const unknown = unknownWords(vocabulary, prompt);
  if (unknown.length === 0) return null;
  const { styles, subjects, synonyms, favourites } = vocabulary;
  const plainStyle = styles.find((style) => style.startsWith("flat")) ?? styles[0];
  // For each word, the subjects that it stands for.
  const named = new Map<string, string[]>();
  for (const subject of subjects)
    for (const word of [subject, ...(synonyms[subject] ?? [])].flatMap(wordsOf)) {
      const others = named.get(word) ?? [];
      if (!others.includes(subject)) named.set(word, [...others, subject]);
    }
  const near = [...new Set(unknown.flatMap((word) => nearby(word, named)))].slice(0, most);
  const shown = near.length > 0 ? near : favourites.slice(0, most);
  const instead = near.length > 0 ? listed(shown) : `${subjects.length} other things, such as ${listed(shown)}`;
  return {
    code: "prompt-unknown",
    message: `The pack has seen no drawing of ${listed(unknown.map((word) => `"${word}"`))}; it knows ${instead}.`,
    remedy: `It draws ${vocabulary.model.about}: say it as in "${plainStyle} of a red apple", or name a larger model with --model.`,
  };
}

/** What a word may have been meant for: subjects named by a word that is written nearly like it, the nearest first. */
function nearby(word: string, known: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const limit = word.length < 4 ? 1 : Math.max(1, Math.floor(word.length / 4));
  const found: { readonly distance: number; readonly subjects: readonly string[] }[] = [];
  for (const [candidate, subjects] of known) {
    // One word inside the other, as "cottage" in "cottages" or "boat" in "steamboat", is nearly the same thing.
    const [short, long] = candidate.length < word.length ? [candidate, word] : [word, candidate];
    const isPart = short.length >= 4 && (long.startsWith(short) || long.endsWith(short));
    if (!isPart && long.length - short.length > limit) continue;
    const distance = isPart ? 0.5 : edits(word, candidate);
    if (distance > limit) continue;
    // A subject of that name before one that is only told by it.
    const named = subjects.filter((subject) => wordsOf(subject).includes(candidate));
    found.push({ distance, subjects: [...named, ...subjects.filter((subject) => !named.includes(subject))] });
  }
  found.sort((one, other) => one.distance - other.distance);
  return found.flatMap(({ subjects }) => subjects.slice(0, 2)).slice(0, 3);
}

function listed(words: readonly string[]): string {
  const [last = "", ...others] = [...words].reverse();
  return others.length === 0 ? last : `${others.reverse().join(", ")} and ${last}`;
}
