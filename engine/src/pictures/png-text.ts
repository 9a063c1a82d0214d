import { joined, latin1 } from "./bytes.ts";
import { inflate } from "./inflate.ts";
import type { Chunk } from "./png-chunks.ts";

/** The most bytes that one compressed text may unpack to. */
const longestText = 16_777_216;

/**
 * Reads tEXt, zTXt and iTXt chunks into keyword -> text. Of chunks with the same keyword the last one counts. Damaged
 * ones are left out: a text is never worth refusing a picture.
 */
export function textsOf(chunks: readonly Chunk[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { type, data, intact } of chunks) {
    if (!intact || (type !== "tEXt" && type !== "zTXt" && type !== "iTXt")) continue;
    const end = data.indexOf(0);
    if (end < 1 || end > 79) continue;
    const text = textOf(type, data.subarray(end + 1));
    if (text !== undefined) texts.set(latin1(data.subarray(0, end)), text);
  }
  return texts;
}

function textOf(type: string, rest: Uint8Array): string | undefined {
  if (type === "tEXt") return latin1(rest);
  if (type === "zTXt") {
    const unpacked = rest[0] === 0 ? unpack(rest.subarray(1)) : undefined;
    return unpacked && latin1(unpacked);
  }
  // iTXt: a flag and a method, then the language and the translated keyword, each with a closing zero.
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const text = rest.subarray(translated + 1);
  if (rest[0] !== 1) return new TextDecoder().decode(text);
  const unpacked = rest[1] === 0 ? unpack(text) : undefined;
  return unpacked && new TextDecoder().decode(unpacked);
}

function unpack(packed: Uint8Array): Uint8Array | undefined {
  const { data, complete } = inflate([packed], longestText, { whole: true });
  return complete && data.length < longestText ? data : undefined;
}

/**
 * Makes the data and the type of the chunk that stores a text: tEXt where ISO 8859-1 can write it, iTXt elsewhere.
 * Throws a RangeError for a keyword that PNG does not allow.
 */
export function textChunk(keyword: string, text: string): { type: string; data: Uint8Array } {
  if (!/^[\x21-\x7e\xa1-\xff]+(?: [\x21-\x7e\xa1-\xff]+)*$/.test(keyword) || keyword.length > 79) {
    throw new RangeError(`text: "${keyword}" is no PNG keyword. Use 1 to 79 Latin-1 characters with single spaces.`);
  }
  const name = Uint8Array.from(keyword, (character) => character.charCodeAt(0));
  // Control characters other than a line feed have no place in tEXt; a zero has none in any text.
  if (/^[\n\x20-\x7e\xa0-\xff]*$/.test(text)) {
    const plain = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return { type: "tEXt", data: joined([name, Uint8Array.of(0), plain]) };
  }
  const encoded = new TextEncoder().encode(text.replaceAll("\0", "\ufffd"));
  return { type: "iTXt", data: joined([name, Uint8Array.of(0, 0, 0, 0, 0), encoded]) };
}
