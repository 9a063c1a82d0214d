import type { Vocabulary } from "../options.ts";

// What a person may go on with while writing a prompt, and what of it the model was not taught. The model's sentences are
// taken as they are given, as phrases with slots; nothing here knows a word of any model.

/** What a word is in the model's sentences. */
export type Slot = "style" | "colour" | "subject" | "ground";

/** A way to go on with a prompt. */
export interface Suggestion {
  readonly slot: Slot;
  /** What a person reads in the list. */
  readonly title: string;
  /** The whole text before the caret once the suggestion is taken. */
  readonly text: string;
  /** True where a part of it was typed already, so that it is likely to be meant. */
  readonly begun: boolean;
}

/** One piece of a phrase: text that stands as it is, or a slot for a term. */
type Piece = { readonly text: string } | { readonly slot: Slot };

/** In the order in which they are offered. */
const slots: readonly Slot[] = ["style", "subject", "colour", "ground"];

/** Ways to go on with the text before the caret, the best first, `most` at most. */
export function suggestionsFor(vocabulary: Vocabulary, before: string, most = 6): readonly Suggestion[] {
  const ends = vocabulary.phrases.flatMap((phrase) => [...endsOf(vocabulary, piecesOf(phrase), before)]);
  if (ends.length > 0)
    return offered(
      vocabulary,
      before,
      ends.filter((end) => end !== "complete"),
      most,
    );
  // Free text: the last one to three words may be the beginning of a term, the longest first.
  for (const start of beginnings(before)) {
    const free = (["style", "subject", "colour"] as const).map((slot) => ({ slot, start, ending: "" }));
    const found = offered(vocabulary, before, free, most);
    if (found.length > 0) return found.filter(({ title }) => !before.toLowerCase().endsWith(title));
  }
  return [];
}

/** The suggestions for where a text may go on; where several kinds of word fit, each gets its share. */
function offered(vocabulary: Vocabulary, before: string, ends: readonly Open[], most: number): readonly Suggestion[] {
  const kinds = slots.flatMap((slot) => {
    const found = new Map<string, Suggestion>();
    for (const { start, ending } of ends.filter((end) => end.slot === slot)) {
      const kept = before.slice(0, before.length - start.length);
      for (const title of begunWith(vocabulary, slot, start)) {
        if (!found.has(title)) found.set(title, { slot, title, text: kept + title + ending, begun: start !== "" });
      }
    }
    return found.size > 0 ? [[...found.values()]] : [];
  });
  const share = Math.ceil(most / Math.max(1, kinds.length));
  const lengths = kinds.map(({ length }) => Math.min(length, share));
  for (const [at, { length }] of kinds.entries()) {
    const spare = most - lengths.reduce((sum, one) => sum + one, 0);
    lengths[at] = Math.min(length, (lengths[at] ?? 0) + Math.max(0, spare));
  }
  return kinds.flatMap((kind, at) => kind.slice(0, lengths[at])).slice(0, most);
}

function termsOf({ styles, colours, subjects, grounds }: Vocabulary, slot: Slot): readonly string[] {
  return { style: styles, colour: colours, subject: subjects, ground: grounds }[slot];
}

/** The terms of a slot that begin with a text but are not it, the likeliest first. */
function* begunWith(vocabulary: Vocabulary, slot: Slot, start: string): Generator<string> {
  const typed = start.toLowerCase();
  const { favourites = [], synonyms = {} } = vocabulary;
  const terms =
    slot === "subject" && typed === "" ? [...favourites, ...vocabulary.subjects] : termsOf(vocabulary, slot);
  for (const term of terms) if (term !== typed && term.startsWith(typed)) yield term;
  if (slot !== "subject" || typed === "") return;
  // A word inside a name ("apple": red apple), or another word for it ("kitty": cat).
  for (const term of terms) if (term.includes(` ${typed}`)) yield term;
  if (typed.length < 3) return;
  for (const term of terms) if (synonyms[term]?.some((word) => word.startsWith(typed))) yield term;
}

function piecesOf(phrase: string): readonly Piece[] {
  return phrase
    .split(/(\{\w+\})/)
    .filter((text) => text !== "")
    .map((text) => {
      const slot = slots.find((name) => text === `{${name}}`);
      return slot ? { slot } : { text };
    });
}

/** A slot in which a text ends: what was typed of its term, and what follows the term. */
interface Open {
  readonly slot: Slot;
  readonly start: string;
  readonly ending: string;
}

/** Where a text ends in a phrase: in a slot, or after a term. */
type End = Open | "complete";

/** Walks a phrase along a text, each slot over each term that fits, and tells where the text ends. */
function* endsOf(vocabulary: Vocabulary, pieces: readonly Piece[], text: string): Generator<End> {
  const [piece, ...rest] = pieces;
  const lower = text.toLowerCase();
  if (!piece) {
    if (lower.trim() === "") yield "complete";
    return;
  }
  if ("text" in piece) {
    if (lower.startsWith(piece.text)) yield* endsOf(vocabulary, rest, text.slice(piece.text.length));
    else if (piece.text.startsWith(lower)) yield "complete";
    return;
  }
  const article = /^(?:an?|the) /.exec(lower)?.[0];
  if (article !== undefined) {
    yield* endsOf(vocabulary, pieces, text.slice(article.length));
    return;
  }
  const { slot } = piece;
  const typed = lower.trimStart();
  if (typed === "" || !begunWith(vocabulary, slot, typed).next().done) {
    const after = rest[0];
    // " background" ends its phrase and is always meant; " on a " begins a part that may be left out.
    const isMeant = rest.length <= 1 || slot !== "subject";
    yield { slot, start: text.trimStart(), ending: after && "text" in after && isMeant ? after.text : "" };
  }
  for (const term of termsOf(vocabulary, slot)) {
    if (!lower.startsWith(term) || !/^(?:$|[\s,])/.test(lower.slice(term.length))) continue;
    const after = text.slice(term.length);
    yield* endsOf(vocabulary, rest, after);
    // Colours come in several: "orange and white fox".
    const more = slot === "colour" ? /^(?:,| and) /.exec(after.toLowerCase())?.[0] : undefined;
    if (more !== undefined) yield* endsOf(vocabulary, pieces, after.slice(more.length));
  }
}

/** The last three, two and one words of a text. */
function beginnings(text: string): readonly string[] {
  const words = (/[^,]*$/.exec(text)?.[0] ?? "").trimStart().split(" ");
  return [3, 2, 1]
    .filter((count) => count <= words.length)
    .map((count) => words.slice(-count).join(" "))
    .filter((start) => start.trim() !== "");
}

/** Words that carry no picture of their own. */
const small = new Set("a an the of on in at with and or to from for by".split(" "));

/**
 * The words of a prompt that the model was not taught. The word at the end, which may still grow into one that it knows,
 * does not count.
 */
export function unknownWords(vocabulary: Vocabulary, prompt: string): readonly string[] {
  const known = knownWords(vocabulary);
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? [];
  const growing = /[\p{L}\p{N}'-]$/u.test(prompt) ? words.at(-1) : undefined;
  const grows = growing !== undefined && [...known].some((word) => word.startsWith(growing));
  const looked = grows ? words.slice(0, -1) : words;
  return [...new Set(looked.filter((word) => ![word, ...singulars(word)].some((form) => known.has(form))))];
}

/** What a word may be the plural or the genitive of. */
const singulars = (word: string): readonly string[] => [
  ...[/'s?$/, /s$/, /es$/].map((ending) => word.replace(ending, "")),
  word.replace(/ies$/, "y"),
];

const memory = new WeakMap<Vocabulary, ReadonlySet<string>>();

function knownWords(vocabulary: Vocabulary): ReadonlySet<string> {
  let known = memory.get(vocabulary);
  if (!known) {
    const { phrases, styles, subjects, colours, grounds, synonyms = {} } = vocabulary;
    const texts = [...phrases.map((phrase) => phrase.replace(/\{\w+\}/g, " ")), ...styles, ...subjects];
    texts.push(...colours, ...grounds, ...Object.values(synonyms).flat());
    known = new Set([...small, ...texts.flatMap((text) => text.toLowerCase().match(/[\p{L}\p{N}'-]+/gu) ?? [])]);
    memory.set(vocabulary, known);
  }
  return known;
}
