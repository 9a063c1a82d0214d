// How a call's text and pictures cross a port whose messages have a largest size. The text goes first: within the message
// that begins the transfer if it is short, else in pieces; it tells the lengths of the pictures, whose bytes follow. No
// piece holds parts of two things, and pieces are taken in order, so that none needs an address. At most `limits.window`
// messages are under way unconfirmed: a large picture waits for its reader, and a small message never waits for all of it.
// This file knows neither calls nor pictures.

import { UnderdrawError } from "@underdraw/engine/core";
import * as z from "zod/mini";
import { checksumOf, fromBase64, toBase64 } from "./base64.ts";
import { later } from "./later.ts";
import { limits } from "./limits.ts";

/** What a call carries: plain data that refers to bytes by their place in `parts`. */
export interface Parcel {
  readonly value: unknown;
  readonly parts: readonly Uint8Array[];
}

/** What has arrived. */
export interface Arrived {
  readonly value: unknown;
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** The way a transfer takes. */
export interface Way {
  readonly carries: "bytes" | "json";
  /** The largest message that both ends take, in bytes. */
  readonly largest: number;
}

/** One piece, as it is sent. */
export interface Piece {
  readonly index: number;
  readonly data: string | Uint8Array;
  /** CRC-32 of the bytes in base64; else null. */
  readonly checksum: number | null;
}

/** What a message holds besides its data, in bytes: the names of its fields, an id, numbers. */
const envelope = 512;

/** The error for an end that does not keep to the protocol. */
export function violation(got: string): UnderdrawError<"bridge-protocol"> {
  const message = `The other end of the bridge sent ${got}. Restart the plugin; update it if that does not help.`;
  return new UnderdrawError("bridge-protocol", message, { got });
}

/** A parcel on its way out. */
export interface Outgoing {
  /** What the message that begins the transfer holds of it. */
  readonly head: { readonly length: number; readonly text: string | null };
  /** True when nothing is left to send or to be confirmed. */
  readonly done: boolean;
  /** The other end has taken everything up to a piece: more is sent. */
  taken(index: number): void;
  /** Sends nothing more. */
  stop(): void;
}

/** Gets a parcel ready. Its pieces go through `post` as the other end takes them. Throws a TypeError for what is no JSON. */
export function outgoing({ value, parts }: Parcel, way: Way, post: (piece: Piece) => void): Outgoing {
  const lengths = parts.map(({ length }) => length);
  // Plain ASCII: it can be cut anywhere, and every character is one byte, or two within JSON (quotes, backslashes).
  const text = JSON.stringify({ value: value ?? null, parts: lengths }).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const room = way.largest - envelope;
  const inside = text.length <= Math.min(room / 2, 16_384);
  const pieces = cut(inside ? "" : text, parts, Math.floor(room / 2), way.carries === "json" ? room : null);
  let [next, sent, confirmed, resting] = [pieces.next(), 0, -1, false];

  const pump = (): void => {
    while (confirmed >= 0 && !next.done && !resting && sent - confirmed < limits.window) {
      sent++;
      const data = next.value;
      next = pieces.next();
      if (typeof data === "string" || way.carries === "bytes") post({ index: sent, data, checksum: null });
      else {
        post({ index: sent, data: toBase64(data), checksum: checksumOf(data) });
        // Photoshop's plugins run on its own thread: it gets a turn after each piece.
        resting = true;
        later(0, () => {
          resting = false;
          pump();
        });
      }
    }
  };
  return {
    head: { length: text.length, text: inside ? text : null },
    get done() {
      return next.done === true && (sent === 0 || confirmed === sent);
    },
    taken: (index) => {
      if (index <= confirmed || index > sent) return;
      confirmed = index;
      pump();
    },
    stop: () => {
      next = { done: true, value: undefined };
    },
  };
}

/** The pieces of a text and of bytes: `base64` is the room for base64 where bytes travel so. */
function* cut(
  text: string,
  parts: readonly Uint8Array[],
  characters: number,
  base64: number | null,
): Generator<string | Uint8Array, undefined> {
  for (let at = 0; at < text.length; at += characters) yield text.slice(at, at + characters);
  const bytes = base64 === null ? 2 * characters : Math.floor(base64 / 4) * 3;
  for (const part of parts) {
    // Copies: a structured clone of a view carries all of its buffer.
    for (let at = 0; at < part.length; at += bytes) yield new Uint8Array(part.subarray(at, at + bytes));
  }
  return undefined;
}

/** A parcel on its way in. */
export interface Incoming {
  /** Bytes that it holds, or is going to. */
  readonly bytes: number;
  /** All of it, once it has arrived; null before. */
  readonly arrived: Arrived | null;
  /** Takes a piece and gives the index up to which all have arrived. Throws `bridge-protocol` for one that cannot be. */
  take(piece: Piece): number;
}

/** A parcel's text, read: its value, and the lengths of its parts. */
const letter = z.object({
  value: z.custom<unknown>(),
  parts: z.custom<readonly number[]>(
    (value) =>
      Array.isArray(value) &&
      value.length <= 2 * limits.stack &&
      value.every((length) => Number.isSafeInteger(length) && length >= 0),
  ),
});

/**
 * Begins to receive a parcel. `admit` is told how many bytes more are to come in, and throws where they may not. Throws
 * `bridge-protocol` for a first message that contradicts itself.
 */
export function incoming(head: Outgoing["head"], way: Way, admit: (bytes: number) => void): Incoming {
  const texts: string[] = [];
  let missing = head.length;
  let value: unknown;
  let parts: readonly Uint8Array<ArrayBuffer>[] | null = null;
  let bytes = 0;
  let index = 0;
  let [part, filled] = [0, 0];
  /** Pieces that came too early. */
  const early = new Map<number, Piece>();

  const announce = (more: number): void => {
    admit(more);
    bytes += more;
  };
  const addText = (text: string): void => {
    if (text.length === 0 || text.length > missing) throw violation("text of another length than it said");
    texts.push(text);
    missing -= text.length;
    if (missing > 0) return;
    const read = letter.safeParse(parsed(texts.join("")));
    texts.length = 0;
    if (!read.success) throw violation("text that cannot be read");
    const total = read.data.parts.reduce((sum, length) => sum + length, 0);
    announce(total);
    value = read.data.value;
    parts = read.data.parts.map((length) => new Uint8Array(length));
    skipFull();
  };
  const skipFull = (): void => {
    while (parts && part < parts.length && filled === parts[part]?.length) [part, filled] = [part + 1, 0];
  };
  const addBytes = (data: Uint8Array): void => {
    const into = parts?.[part];
    if (!into || data.length === 0 || data.length > into.length - filled) throw violation("more bytes than it said");
    into.set(data, filled);
    filled += data.length;
    skipFull();
  };
  const add = ({ data, checksum }: Piece): void => {
    if (!parts) {
      if (typeof data !== "string") throw violation("bytes before the text that announces them");
      addText(data);
    } else if (way.carries === "bytes") {
      if (typeof data === "string") throw violation("text in place of bytes");
      addBytes(data);
    } else {
      const decoded = typeof data === "string" ? fromBase64(data) : null;
      if (!decoded) throw violation("bytes that are no base64");
      if (checksumOf(decoded) !== checksum) throw violation("bytes with a wrong checksum");
      addBytes(decoded);
    }
  };

  announce(head.length);
  if (head.text !== null) addText(head.text);
  return {
    get bytes() {
      return bytes;
    },
    get arrived() {
      return parts && part === parts.length ? { value, parts } : null;
    },
    take: (piece) => {
      if (piece.data.length > way.largest) throw violation("a piece larger than was agreed");
      // Far ahead or already here: nothing to keep.
      if (piece.index > index && piece.index <= index + limits.window) early.set(piece.index, piece);
      for (let found = early.get(index + 1); found; found = early.get(index + 1)) {
        index++;
        early.delete(index);
        add(found);
      }
      return index;
    },
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
