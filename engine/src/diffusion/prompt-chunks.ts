import type { TextToken } from "./tokenizer.ts";

// Where a long prompt is divided, by the rules of AUTOMATIC1111's web UI (sd_hijack_clip.py): at a BREAK, where a chunk
// is full, and then rather behind a comma that is near. Vectors of an added word stay together.

/** A token with its weight. */
export interface PromptToken extends TextToken {
  readonly weight: number;
}

/** Tokens that go through the text encoder together. */
export interface TokenChunk {
  readonly tokens: readonly PromptToken[];
  /** Where in the prompt it would stand if it is empty. */
  readonly at: number;
}

/** How chunks are made. */
export interface ChunkRules {
  /** Ids that a chunk holds, start and end not counted. No token has more. */
  readonly room: number;
  /** The id of a comma that ends a word; null where the vocabulary has none. */
  readonly comma: number | null;
}

/** How many ids back a comma may lie behind which a full chunk is divided: the web UI's own setting without another. */
const nearComma = 20;

/** Divides a prompt's tokens and breaks into chunks, at least one. A chunk between two breaks may be empty. */
export function chunked(
  parts: readonly (PromptToken | { readonly breakAt: number })[],
  { room, comma }: ChunkRules,
): TokenChunk[] {
  const chunks: TokenChunk[] = [];
  let tokens: PromptToken[] = [];
  /** Ids in the chunk so far. */
  let filled = 0;
  /** The chunk's last comma: its number among the tokens, and ids up to it. */
  let last: { readonly token: number; readonly ids: number } | null = null;
  let [at, end] = [0, 0];
  const next = (carried: PromptToken[] = []) => {
    chunks.push({ tokens, at });
    tokens = carried;
    filled = carried.reduce((sum, { ids }) => sum + ids.length, 0);
    last = null;
    at = end;
  };
  for (const part of parts) {
    if ("breakAt" in part) {
      at = part.breakAt;
      end = at;
      next();
      continue;
    }
    const { length } = part.ids;
    if (length === 1 && part.ids[0] === comma) last = { token: tokens.length, ids: filled };
    else if (filled === room && last && filled - last.ids <= nearComma) {
      const carried = tokens.slice(last.token + 1);
      tokens = tokens.slice(0, last.token + 1);
      next(carried);
    }
    if (filled + length > room) next();
    tokens.push(part);
    filled += length;
    end = part.end;
  }
  if (tokens.length > 0 || chunks.length === 0) next();
  return chunks;
}
