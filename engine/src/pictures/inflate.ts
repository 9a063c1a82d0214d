import { Inflate } from "fflate";
import { finished, type Work } from "./turns.ts";

// Small pieces keep what one piece can swell to (deflate reaches 1032 : 1) far below what a bomb would take.
const pieceLength = 32_768;

/** What came out of a zlib stream. `complete` is false where the stream ends or breaks before the wanted length. */
export interface Inflated {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly complete: boolean;
}

/**
 * Unpacks a zlib stream that lies in several parts, and stops once `limit` bytes are there: memory follows what
 * arrives, never what a header claims. With `whole`, a stream that ends of itself before the limit is complete too.
 */
export function inflate(
  parts: readonly Uint8Array[],
  limit: number,
  options: { readonly whole?: boolean } = {},
): Inflated {
  return finished(inflating(parts, limit, options));
}

/** The work of `inflate`. */
export function* inflating(
  parts: readonly Uint8Array[],
  limit: number,
  options: { readonly whole?: boolean } = {},
): Work<Inflated> {
  let data = new Uint8Array(Math.min(limit, 1 << 20));
  let length = 0;
  let ended = false;
  const stream = new Inflate((chunk, final) => {
    const wanted = Math.min(chunk.length, limit - length);
    if (length + wanted > data.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(data.length * 2, length + wanted)));
      larger.set(data.subarray(0, length));
      data = larger;
    }
    data.set(chunk.subarray(0, wanted), length);
    length += wanted;
    ended ||= final;
  });
  let header = 2;
  try {
    for (const part of parts) {
      // The two bytes of zlib's own header may fall into the first part or be split over two.
      const skipped = Math.min(header, part.length);
      header -= skipped;
      for (let at = skipped; at < part.length && length < limit; at += pieceLength) {
        stream.push(part.subarray(at, at + pieceLength), false);
        yield;
      }
    }
    if (length < limit) stream.push(new Uint8Array(0), true);
  } catch {
    // A broken stream still gives what came before it; the caller decides whether that is enough.
    return { data: data.subarray(0, length), complete: length === limit };
  }
  return { data: data.subarray(0, length), complete: length === limit || (options.whole === true && ended) };
}
