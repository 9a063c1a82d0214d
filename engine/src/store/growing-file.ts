import type { Digest } from "./digest.ts";
import type { Part } from "./place.ts";

/** How much is written before it is made sure of. Bytes. */
const FLUSH = 16 << 20;
/** How much of what is here already is hashed at once. Bytes. */
const PIECE = 4 << 20;

/** A part that is hashed while it grows. */
export interface GrowingFile {
  /** How many bytes are in it and hashed. */
  readonly at: number;
  append(bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** Begins again with nothing. */
  anew(): Promise<void>;
  /** SHA-256 of all that is here. Called once, unless it begins again. */
  hex(): string;
}

/** Goes on with a part: what is in it is hashed first. Rejects with the signal's reason when stopped. */
export async function growing(
  part: Part,
  digestOf: () => Digest,
  signal: AbortSignal | undefined,
): Promise<GrowingFile> {
  let digest = digestOf();
  let at = 0;
  while (at < part.size) {
    signal?.throwIfAborted();
    const piece = await part.read(at, Math.min(PIECE, part.size - at));
    digest.update(piece);
    at += piece.length;
  }
  let flushed = at;
  return {
    get at() {
      return at;
    },
    async append(bytes) {
      await part.append(bytes);
      digest.update(bytes);
      at += bytes.length;
      if (at - flushed < FLUSH) return;
      await part.flush();
      flushed = at;
    },
    flush: () => part.flush(),
    async anew() {
      await part.empty();
      digest = digestOf();
      at = 0;
      flushed = 0;
    },
    hex: () => digest.hex(),
  };
}
