import { UnderdrawError } from "../core/errors.ts";
import { wordKey } from "../models/added-word.ts";
import { quoted } from "../models/refusal.ts";
import { byteCharacters, inByteCharacters, type WordToken, wordEncoder, wordEnd } from "./tokenizer-merges.ts";
import { anyOf, anyWord, inLowerCase, normalized, splitAt, type TextRange, wayBack } from "./tokenizer-text.ts";

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
  /** Words that stand for ids of their own, beyond the vocabulary. They are found whole, in any case of letters. */
  readonly addedWords?: readonly { readonly word: string; readonly ids: readonly number[] }[];
}

/** A token and where it stands in its text. */
export interface TextToken {
  /** One id; those of an added word are together. */
  readonly ids: readonly number[];
  /** The index of its first sign. */
  readonly start: number;
  /** The index behind its last sign. */
  readonly end: number;
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
  /** The id of a comma that ends a word; null where the vocabulary has none. */
  readonly comma: number | null;
  /** The tokens of a text, without start and end. */
  read(text: string): TextToken[];
  /** The ids of a text: start, all tokens, end; not cut and not padded. */
  encode(text: string): number[];
  /** Cuts ids to `length` (at least 2), keeping the end token, and fills up with the padding token. */
  pad(ids: readonly number[], length: number): PaddedTokens;
  /** The text that ids stand for, without start, end and padding; lower case, words apart by one space. */
  decode(ids: readonly number[]): string;
}

const specials = String.raw`<\|startoftext\|>|<\|endoftext\|>`;
const words = new RegExp(
  String.raw`${specials}|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+`,
  "gu",
);

const bytes = new Map(byteCharacters().map((character, byte) => [character, byte]));

function invalid(reason: string): never {
  throw new UnderdrawError(
    "file-invalid",
    `The tokenizer's files do not fit each other: ${reason}. Take vocab.json and merges.txt from the same model.`,
    { file: "tokenizer", reason },
  );
}

/** Where tokens stand in a word. Those that share a sign, as the bytes of an emoji do, share its range. */
function rangesOf(word: string, tokens: readonly WordToken[]): TextRange[] {
  const ranges: TextRange[] = [];
  let [index, byte] = [0, 0];
  /** Goes on to the sign that holds a byte. */
  const reach = (at: number): void => {
    for (let next = sizeOf(word, index); index < word.length && byte + next.bytes <= at; next = sizeOf(word, index)) {
      byte += next.bytes;
      index += next.units;
    }
  };
  for (const [n, { at }] of tokens.entries()) {
    reach(at);
    const start = index;
    const last = tokens[n + 1]?.at;
    if (last !== undefined) reach(last - 1);
    ranges.push({ start, end: last === undefined ? word.length : index + sizeOf(word, index).units });
  }
  return ranges;
}

/** How many bytes of UTF-8 and units of UTF-16 a sign has. */
function sizeOf(text: string, index: number): { readonly bytes: number; readonly units: number } {
  const point = text.codePointAt(index) ?? 0;
  return { bytes: point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4, units: point < 0x10000 ? 1 : 2 };
}

/** Makes a tokenizer; `file-invalid` when the files contradict each other. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { vocab, merges, lowerCase, maxLength, addedWords = [] } = files;
  const idOf = (token: string): number => vocab.get(token) ?? invalid(`${quoted(token)} is not in the vocabulary`);
  const [start, end, padding] = [idOf(files.startToken), idOf(files.endToken), idOf(files.padToken)];
  const unknownToken = files.unknownToken ?? files.endToken;
  const encodeWord = wordEncoder({ vocab, merges, unknown: idOf(unknownToken), refuse: invalid });
  const all = [files.startToken, files.endToken, files.padToken, unknownToken];
  const late = new Set(files.normalizedTokens);
  const written = anyOf(all.filter((token) => !late.has(token)));
  const lowered = anyOf(all.filter((token) => late.has(token)));
  const added = new Map(addedWords.map(({ word, ids }) => [wordKey(word), ids]));
  const addedWord = anyWord([...added.keys()]);

  const names = new Map<number, string>();
  for (const [token, id] of vocab) names.set(id, token);
  for (const { word, ids } of addedWords)
    for (const [n, id] of ids.entries()) names.set(id, n === 0 ? inByteCharacters(word).join("") + wordEnd : "");

  /** The tokens of a normalized text without special ones. `at` is where it begins. */
  function* plain(text: string, at: number): Generator<TextToken> {
    for (const { 0: piece, index } of text.matchAll(words)) {
      // A special token that only the lower case made is no special one: its letters and its brackets are words.
      const bracketed = /^<\|(startoftext|endoftext)\|>$/.exec(piece);
      let from = at + index;
      for (const word of bracketed ? ["<|", bracketed[1] as string, "|>"] : [piece]) {
        const tokens = encodeWord(word);
        const ranges = tokens.length === 1 ? [{ start: 0, end: word.length }] : rangesOf(word, tokens);
        for (const [n, { id }] of tokens.entries()) {
          const range = ranges[n] as TextRange;
          yield { ids: [id], start: from + range.start, end: from + range.end };
        }
        from += word.length;
      }
    }
  }

  /** The tokens of a normalized text. */
  function* normal(text: string): Generator<TextToken> {
    for (const part of splitAt(text, lowered)) {
      if (part.special) yield { ids: [idOf(part.text)], start: part.at, end: part.at + part.text.length };
      else
        for (const { text, at, special } of splitAt(lowerCase ? part.text : inLowerCase(part.text), addedWord)) {
          const from = part.at + at;
          const ids = special ? added.get(text) : undefined;
          if (ids) yield { ids, start: from, end: from + text.length };
          else yield* plain(part.text.slice(at, at + text.length), from);
        }
    }
  }

  const tokenizer: Tokenizer = {
    maxLength,
    comma: vocab.get(`,${wordEnd}`) ?? null,
    read(text) {
      const tokens: TextToken[] = [];
      // UTF-8 cannot say half a surrogate pair.
      const wellFormed = text.replace(/\p{Surrogate}/gu, "\ufffd");
      for (const { text, at, special } of splitAt(wellFormed, written)) {
        if (special) {
          tokens.push({ ids: [idOf(text)], start: at, end: at + text.length });
          continue;
        }
        const brought = normalized(text, lowerCase);
        const back = wayBack(text, brought, lowerCase);
        for (const { ids, ...range } of normal(brought)) {
          const { start, end } = back(range.start, range.end);
          tokens.push({ ids, start: at + start, end: at + end });
        }
      }
      return tokens;
    },
    encode(text) {
      const ids = [start];
      for (const token of tokenizer.read(text)) ids.push(...token.ids);
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
