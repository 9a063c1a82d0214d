import type { CallOptions } from "../call.ts";
import type { AddedWord, BaseModel } from "./base.ts";
import type { ModelSource } from "./source.ts";

/** Reads an embedding of textual inversion: not built yet. */
export async function openEmbedding(word: string, source: ModelSource, _options: CallOptions = {}): Promise<AddedWord> {
  throw new RangeError(`Embeddings are not read yet: ${word} of ${source.name}.`);
}

/** The base with words that its prompts may hold. */
export const withWords = (base: BaseModel, words: readonly AddedWord[]): BaseModel => ({
  ...base,
  words: [...base.words, ...words],
});
