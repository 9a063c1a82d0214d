import { type GenerateRequest, inspect, type Warning } from "@underdraw/engine";
import type { ModelSource } from "@underdraw/engine/node";

// The words that embeddings of textual inversion stand for: what a file calls its own, and whether a prompt holds it.

/** The word that an embedding's file gives itself, as diffusers takes it; null where no prompt could call it by that. */
export async function ownWord(file: ModelSource, signal: AbortSignal): Promise<string | null> {
  const { embedding } = await inspect(file, undefined, { signal });
  const word = embedding?.word ?? null;
  // What converters write where they know of no word, and the name of a text encoder.
  return word === null || /[\s*]/.test(word) || word === "" || word === "clip_l" ? null : word;
}

/** A warning for each word that neither prompt holds: its embedding was loaded for nothing. */
export function unheldWords(
  words: readonly string[],
  { prompt, negativePrompt = "" }: Pick<GenerateRequest, "prompt" | "negativePrompt">,
): readonly Warning[] {
  const written = [prompt, negativePrompt].map(plainly);
  // Beside the texts as they stand: a bracket that is meant has a backslash before it.
  const texts = [...written, ...written.map((text) => text.replace(/\\([()[\]\\])/g, "$1"))];
  return words
    .filter((word) => !texts.some((text) => holds(text, plainly(word))))
    .map((word) => ({
      code: "embedding-unused",
      message: `Neither prompt holds the word "${word}", which an embedding stands for: it did not act.`,
      remedy: `Write ${word} where it is to act, or give the embedding the word that is written: --embedding FILE=word.`,
    }));
}

/** A text as words are looked for in it: upper and lower case are the same, and so is all white space. */
const plainly = (text: string): string =>
  text
    .normalize("NFC")
    .replace(/\p{White_Space}+/gu, " ")
    .toLowerCase();

/** Whether a word stands in a text, and not within another word. */
function holds(text: string, word: string): boolean {
  const isLetter = (sign: string | undefined): boolean => sign !== undefined && /[\p{L}\p{M}\p{N}_]/u.test(sign);
  const [first, last] = [Array.from(word)[0], Array.from(word).at(-1)];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1);
    const after = Array.from(text.slice(at + word.length, at + word.length + 2))[0];
    if (!(isLetter(first) && isLetter(before)) && !(isLetter(last) && isLetter(after))) return true;
  }
  return false;
}
