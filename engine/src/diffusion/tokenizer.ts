import { UnderdrawError } from "../core/errors.ts";

// CLIP's tokenizer: text to ids by byte pair encoding (OpenAI CLIP, github.com/openai/CLIP, simple_tokenizer.py). The ids
// are those of the tokenizer that transformers 5 builds for CLIP: NFC, then white space, then lower case letter by
// letter; special tokens that are written in a text are recognised before any of that.

/** What a tokenizer is made of; vocab.json, merges.txt and tokenizer_config.json of a diffusers folder hold it. */
export interface TokenizerFiles {
  readonly vocab: ReadonlyMap<string, number>;
  /** "a b" in order of rank, without the header line. */
  readonly merges: readonly string[];
  readonly startToken: string;
  readonly endToken: string;
  readonly padToken: string;
  /** Stands for characters that the vocabulary lacks; the end token by default. */
  readonly unknownToken?: string;
  /** Tokens at most that the text encoder takes, start and end included. */
  readonly maxLength: number;
  readonly lowerCase: boolean;
  /**
   * Special tokens whose config says `normalized: true`: they are looked for in the lower-cased text. The others are
   * looked for in the text as it was written.
   */
  readonly normalizedTokens?: readonly string[];
}

/** Ids of one prompt at the length that a text encoder wants. */
export interface PaddedTokens {
  readonly ids: Int32Array;
  /** Ids before the padding, start and end included. */
  readonly used: number;
  /** What did not fit, as text; "" when all did. */
  readonly cut: string;
}

/** Turns prompts into ids. */
export interface Tokenizer {
  /** Tokens at most that the text encoder takes, start and end included. */
  readonly maxLength: number;
  /** The ids of a text: start, all tokens, end; not cut and not padded. */
  encode(text: string): number[];
  /** Cuts ids to `length` (at least 2), keeping the end token, and fills up with the padding token. */
  pad(ids: readonly number[], length: number): PaddedTokens;
  /** The text that ids stand for, without start, end and padding; lower case, words apart by one space. */
  decode(ids: readonly number[]): string;
}

const wordEnd = "</w>";
const specials = String.raw`<\|startoftext\|>|<\|endoftext\|>`;
const words = new RegExp(
  String.raw`${specials}|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+`,
  "gu",
);

/** GPT-2's printable character for each byte (openai/gpt-2, encoder.py): itself where it prints, else from U+0100 on. */
export function byteCharacters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(prints ? byte : next++);
  });
}

const characters = byteCharacters();
const bytes = new Map(characters.map((character, byte) => [character, byte]));

function escaped(tokens: Iterable<string>): RegExp | null {
  const sorted = [...new Set(tokens)].filter((token) => token !== "").sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return null;
  return new RegExp(`(${sorted.map((token) => token.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|")})`);
}

// The alternation of plain text and special tokens: every second part is a special one.
function parts(text: string, tokens: RegExp | null): string[] {
  return tokens ? text.split(tokens) : [text];
}

function normalize(text: string, lowerCase: boolean): string {
  const spaced = text.normalize("NFC").replace(/\p{White_Space}+/gu, " ");
  if (!lowerCase) return spaced;
  // One by one: a capital sigma at the end of a word becomes the same small one as anywhere else.
  return Array.from(spaced, (character) => character.toLowerCase()).join("");
}

function invalid(reason: string): never {
  throw new UnderdrawError(
    "file-invalid",
    `The tokenizer's files do not fit each other: ${reason}. Take vocab.json and merges.txt from the same model.`,
    { file: "tokenizer", reason },
  );
}

interface Merge {
  readonly rank: number;
  readonly id: number;
}

// A waiting merge of two neighbours; the lowest rank goes first, then the leftmost.
interface Candidate extends Merge {
  readonly at: number;
}

class Queue {
  readonly #items: Candidate[] = [];

  #before(a: number, b: number): boolean {
    const [first, second] = [this.#items[a] as Candidate, this.#items[b] as Candidate];
    return first.rank < second.rank || (first.rank === second.rank && first.at < second.at);
  }

  #swap(a: number, b: number): void {
    const kept = this.#items[a] as Candidate;
    this.#items[a] = this.#items[b] as Candidate;
    this.#items[b] = kept;
  }

  push(item: Candidate): void {
    let at = this.#items.push(item) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && this.#before(at, parent); at = parent, parent = (at - 1) >> 1)
      this.#swap(at, parent);
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    if (items.length < 2) return items.pop();
    const top = items[0];
    items[0] = items.pop() as Candidate;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = right < items.length && this.#before(right, left) ? right : left;
      if (child >= items.length || !this.#before(child, at)) return top;
      this.#swap(at, child);
      at = child;
    }
  }
}

/** Makes a tokenizer; `file-invalid` when the files contradict each other. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { vocab, lowerCase, maxLength } = files;
  const idOf = (token: string): number => vocab.get(token) ?? invalid(`"${token}" is not in the vocabulary`);
  const [start, end, padding] = [idOf(files.startToken), idOf(files.endToken), idOf(files.padToken)];
  const unknownToken = files.unknownToken ?? files.endToken;
  const unknown = idOf(unknownToken);
  const all = [files.startToken, files.endToken, files.padToken, unknownToken];
  const late = new Set(files.normalizedTokens);
  const written = escaped(all.filter((token) => !late.has(token)));
  const normalized = escaped(all.filter((token) => late.has(token)));

  // Pairs of ids as one number; ids are below 2^26, so a pair is exact.
  const pairs = new Map<number, Merge>();
  const pair = (left: number, right: number) => left * 2 ** 26 + right;
  for (const [rank, line] of files.merges.entries()) {
    const [left = "", right = "", ...more] = line.split(" ");
    if (left === "" || right === "" || more.length > 0) invalid(`merge ${rank + 1} is "${line}", not two parts`);
    pairs.set(pair(idOf(left), idOf(right)), { rank, id: idOf(left + right) });
  }

  // One word in bytes to ids: neighbours merge in order of rank, in n log n even for a word without end.
  function encodeWord(word: string): number[] {
    const letters = Array.from(new TextEncoder().encode(word), (byte) => characters[byte] as string);
    const ids = letters.map((letter, i) => vocab.get(i === letters.length - 1 ? letter + wordEnd : letter) ?? unknown);
    const next = ids.map((_, i) => i + 1);
    const previous = ids.map((_, i) => i - 1);
    const queue = new Queue();
    const offer = (at: number) => {
      const right = ids[next[at] as number];
      const merge = at < 0 || right === undefined ? undefined : pairs.get(pair(ids[at] as number, right));
      if (merge) queue.push({ ...merge, at });
    };
    for (const at of ids.keys()) offer(at);
    for (let item = queue.pop(); item; item = queue.pop()) {
      const { at } = item;
      const right = next[at] as number;
      const current = (ids[at] as number) < 0 ? undefined : pairs.get(pair(ids[at] as number, ids[right] ?? -1));
      if (current?.id !== item.id) continue; // one of the two has merged with another meanwhile
      ids[at] = item.id;
      ids[right] = -1;
      next[at] = next[right] as number;
      const after = next[at] as number;
      if (after < ids.length) previous[after] = at;
      offer(at);
      if ((previous[at] as number) >= 0) offer(previous[at] as number);
    }
    return ids.filter((id) => id >= 0);
  }

  const cache = new Map<string, readonly number[]>();
  function cachedWord(word: string): readonly number[] {
    let ids = cache.get(word);
    if (!ids) {
      ids = encodeWord(word);
      // Prompts repeat words; a page that is open for days must not keep them all, nor very long ones.
      if (cache.size >= 10_000) cache.clear();
      if (word.length <= 256) cache.set(word, ids);
    }
    return ids;
  }

  function* plain(text: string): Generator<number> {
    for (const [piece] of text.matchAll(words)) {
      // A special token that only the lower case made is no special one: its letters and its brackets are words.
      const bracketed = /^<\|(startoftext|endoftext)\|>$/.exec(piece);
      for (const word of bracketed ? ["<|", bracketed[1] as string, "|>"] : [piece]) yield* cachedWord(word);
    }
  }

  const names = new Map<number, string>();
  for (const [token, id] of vocab) names.set(id, token);

  const tokenizer: Tokenizer = {
    maxLength,
    encode(text) {
      const ids = [start];
      // UTF-8 cannot say half a surrogate pair.
      const wellFormed = text.replace(/\p{Surrogate}/gu, "\ufffd");
      for (const [i, piece] of parts(wellFormed, written).entries()) {
        if (i % 2 === 1) {
          ids.push(idOf(piece));
          continue;
        }
        for (const [j, part] of parts(normalize(piece, lowerCase), normalized).entries())
          if (j % 2 === 1) ids.push(idOf(part));
          else for (const id of plain(part)) ids.push(id);
      }
      ids.push(end);
      return ids;
    },
    pad(ids, length) {
      if (!Number.isInteger(length) || length < 2)
        throw new RangeError(`length is ${length}, not a whole number from 2 on.`);
      const result = new Int32Array(length).fill(padding);
      if (ids.length <= length) {
        result.set(ids);
        return { ids: result, used: ids.length, cut: "" };
      }
      result.set(ids.slice(0, length - 1));
      result[length - 1] = end;
      return { ids: result, used: length, cut: tokenizer.decode(ids.slice(length - 1, -1)) };
    },
    decode(ids) {
      const left = new Set([start, end, padding]);
      const text = ids
        .map((id) => (left.has(id) ? "" : (names.get(id) ?? "")))
        .join("")
        .replaceAll(wordEnd, " ");
      const encoded = Array.from(text, (character) => bytes.get(character) ?? 32);
      return new TextDecoder().decode(Uint8Array.from(encoded)).trim();
    },
  };
  return tokenizer;
}
