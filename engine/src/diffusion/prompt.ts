import { UnderdrawError } from "../core/errors.ts";
import { chunked, type PromptToken } from "./prompt-chunks.ts";
import { isBreak, readWeights } from "./prompt-weights.ts";
import type { LoadedText } from "./text.ts";
import type { TextRange } from "./tokenizer-text.ts";

// From a prompt to the chunks that a text encoder takes. "Plain" is one chunk, as diffusers has it; "weighted" is the
// prompt of A1111's web UI, with as many as it needs.

/** As many tokens of a prompt as a text encoder takes at once. */
export interface PromptChunk extends TextRange {
  /** With start, end and padding. */
  readonly ids: Int32Array;
  /** What each of the ids counts, those of start, end and padding 1; null where all count 1. */
  readonly weights: Float32Array | null;
  /** Its tokens, without start, end and padding. */
  readonly used: number;
}

/** A prompt as a text encoder reads it. */
export interface ReadPrompt {
  /** At least one. */
  readonly chunks: readonly PromptChunk[];
  /** All of its tokens, those that are cut too. */
  readonly used: number;
  /** What of it did not fit, as text; "" when all did. */
  readonly cut: string;
}

/** What reads prompts. */
export type PromptReader = Pick<LoadedText, "tokenizer" | "length">;

/** Reads every sign as text, as diffusers does. What does not fit is cut; an added word is cut whole. */
export function readPlain(text: PromptReader, prompt: string): ReadPrompt {
  const tokens = text.tokenizer.read(prompt);
  const room = text.length - 2;
  let [used, read, fitting] = [0, 0, 0];
  for (const [n, { ids }] of tokens.entries()) {
    used += ids.length;
    if (fitting === n && used <= room) [read, fitting] = [used, n + 1];
  }
  const chunk = chunkOf(
    text,
    tokens.slice(0, fitting).map((token) => ({ ...token, weight: 1 })),
    0,
  );
  const cut = used === read ? "" : text.tokenizer.decode(tokens.slice(fitting).flatMap(({ ids }) => ids));
  return { chunks: [chunk], used, cut };
}

/** Reads weights and breaks as A1111's web UI does. Nothing is cut. */
export function readWeighted(text: PromptReader, prompt: string): ReadPrompt {
  const parts: (PromptToken | { readonly breakAt: number })[] = [];
  let used = 0;
  for (const part of readWeights(prompt)) {
    if (isBreak(part)) {
      parts.push({ breakAt: part.at });
      continue;
    }
    const { places, weight } = part;
    for (const { ids, start, end } of text.tokenizer.read(part.text)) {
      used += ids.length;
      parts.push({ ids, weight, start: places[start] as number, end: (places[end - 1] as number) + 1 });
    }
  }
  const comma = text.tokenizer.comma;
  const chunks = chunked(parts, { room: text.length - 2, comma });
  return { chunks: chunks.map(({ tokens, at }) => chunkOf(text, tokens, at)), used, cut: "" };
}

/** A prompt with as many chunks as another one has: with empty ones behind its own. */
export function padded(text: PromptReader, prompt: ReadPrompt, count: number): ReadPrompt {
  const { chunks } = prompt;
  const empty = chunkOf(text, [], chunks.at(-1)?.end ?? 0);
  const more = Array.from({ length: Math.max(0, count - chunks.length) }, () => empty);
  return more.length === 0 ? prompt : { ...prompt, chunks: [...chunks, ...more] };
}

/** Chunks at most that one picture is drawn by: each costs a run of the text encoder, and all of them every step. */
const mostChunks = 64;

/** Refuses a prompt of more chunks than a picture is drawn by: `request-invalid`. `path` names it in its request. */
export function checkChunks(text: PromptReader, { chunks, used }: ReadPrompt, path: string): void {
  if (chunks.length <= mostChunks) return;
  const problem = `has ${used} tokens, which are ${chunks.length} chunks of at most ${text.length - 2}`;
  const message = `The ${path === "prompt" ? "prompt" : "negative prompt"} ${problem}, and ${mostChunks} chunks are the most. Shorten it.`;
  throw new UnderdrawError("request-invalid", message, {
    issues: [{ path, message: `${problem}; ${mostChunks} are the most` }],
  });
}

/** Fills a chunk up. `at` is where an empty one stands. */
function chunkOf({ tokenizer, length }: PromptReader, tokens: readonly PromptToken[], at: number): PromptChunk {
  const [begin = 0, end = 0] = tokenizer.encode("");
  const ids = tokens.flatMap((token) => token.ids);
  const weights = new Float32Array(length).fill(1);
  let filled = 1;
  for (const { ids, weight } of tokens) {
    weights.fill(weight, filled, filled + ids.length);
    filled += ids.length;
  }
  return {
    ids: tokenizer.pad([begin, ...ids, end], length).ids,
    weights: weights.every((weight) => weight === 1) ? null : weights,
    used: ids.length,
    start: tokens[0]?.start ?? at,
    end: tokens.at(-1)?.end ?? at,
  };
}
