import type { TokenizerFiles } from "./tokenizer.ts";
import { byteCharacters } from "./tokenizer-merges.ts";

/** The names of CLIP's two special tokens. */
export const clipTokens = { startToken: "<|startoftext|>", endToken: "<|endoftext|>" } as const;

/**
 * The vocabulary of OpenAI's CLIP, 49,408 tokens, for checkpoints that bring none: every byte, every byte at the end of
 * a word, the merges in order, start and end. The merges are loaded with the first call and not before.
 */
export async function clipVocabulary(): Promise<Pick<TokenizerFiles, "vocab" | "merges">> {
  const { clipMerges } = await import("./clip-merges.ts");
  const merges = clipMerges.trim().split("\n");
  // In the vocabulary the bytes that print stand before those that do not, each in order.
  const bytes = [...byteCharacters()].sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0));
  const tokens = [
    ...bytes,
    ...bytes.map((byte) => `${byte}</w>`),
    ...merges.map((merge) => merge.replace(" ", "")),
    clipTokens.startToken,
    clipTokens.endToken,
  ];
  return { vocab: new Map(tokens.map((token, id) => [token, id])), merges };
}
