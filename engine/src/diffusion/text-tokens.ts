import type { BaseModel } from "../models/base.ts";
import { embeddingRows } from "../models/weights.ts";
import { clipTokens, clipVocabulary } from "./clip-vocabulary.ts";
import type { LoadedText } from "./text.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

// What stands before a text encoder: the tokenizer of a checkpoint and its table of embeddings, both with the words that
// were added by textual inversion.

/** The tensor of the table, [vocabulary, width]. */
export const tokenEmbeddings = "text_model.embeddings.token_embedding.weight";

/** The checkpoint's own tokenizer, or CLIP's whole vocabulary for a file that carries none; with its added words. */
export async function tokenizerOf({ tokenizer, family, text, words }: BaseModel): Promise<Tokenizer> {
  // Their vectors lie behind the table of tokens, one row each.
  let next = text.config.vocabulary;
  const addedWords = words.map(({ word, count }) => ({
    word,
    ids: Array.from({ length: count }, () => next++),
  }));
  if (tokenizer)
    return createTokenizer({ ...tokenizer.config, vocab: tokenizer.vocab, merges: tokenizer.merges, addedWords });
  // OpenCLIP fills up with token 0, OpenAI's CLIP with the end token.
  const padToken = family === "sd2" ? "!" : clipTokens.endToken;
  const vocabulary = { ...(await clipVocabulary()), ...clipTokens, padToken, maxLength: 77, lowerCase: true };
  return createTokenizer({ ...vocabulary, addedWords });
}

/** Looks up the embeddings of tokens, in rows: in the table, and behind it in the vectors of added words. */
export function embedderOf({ text, words }: BaseModel): LoadedText["embed"] {
  const { vocabulary, width } = text.config;
  const vectors = words.flatMap(({ vectors, count }) =>
    Array.from({ length: count }, (_, n) => vectors.subarray(n * width, (n + 1) * width)),
  );
  return (ids) => {
    const isAdded = (id: number): boolean => id >= vocabulary && id < vocabulary + vectors.length;
    const own = embeddingRows(
      text.tensors,
      tokenEmbeddings,
      ids.filter((id) => !isAdded(id)),
    );
    if (own.length === ids.length * width) return own;
    const rows = new Float32Array(ids.length * width);
    let read = 0;
    for (const [n, id] of ids.entries()) {
      const row = isAdded(id) ? vectors[id - vocabulary] : own.subarray(read * width, (read + 1) * width);
      if (!isAdded(id)) read++;
      rows.set(row as Float32Array, n * width);
    }
    return rows;
  };
}
