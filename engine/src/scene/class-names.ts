import { isHangul, isInterfaceWord, type LayerWords, layerWords, stems } from "./layer-words.ts";
import type { Palette } from "./palette.ts";
import { realWords } from "./real-words.ts";
import { apart, misspelling, tolerance } from "./spelling.ts";

// From a layer's name to a class of a palette, in English and Korean. Words decide, never parts of words: "skyline" is no
// sky and "산책로" no mountain. A word that is spelled wrong is read as what it comes close to, unless it is a word of its
// own. What is not understood is no class: it comes back with what it might mean.

/** A class that a name stands for. */
export interface ClassFound {
  /** The data set's own name of it. */
  readonly class: string;
  /** Its place in the palette. */
  readonly index: number;
  /** Red, green and blue, each from 0 to 255. */
  readonly colour: readonly [red: number, green: number, blue: number];
  /** False where the name was read as a misspelling. */
  readonly sure: boolean;
}

/** What a name may mean that stands for no class. */
export interface ClassMissing {
  /** Up to three names of classes, the likeliest first; none for a name without words. */
  readonly suggestions: readonly string[];
}

/** What is known of the document that a name comes from. */
export interface ClassifyOptions {
  /** True where it may be a design of screens: "card" and "bar" are then parts of it. True without it. */
  readonly screenDesign?: boolean;
}

interface Key {
  readonly words: readonly string[];
  readonly joined: string;
  readonly hangul: boolean;
  readonly index: number;
}

interface Index {
  /** Words without spaces to the place of their class. */
  readonly exact: ReadonlyMap<string, number>;
  readonly weak: ReadonlyMap<string, readonly number[]>;
  readonly keys: readonly Key[];
  /** Keys by how many words they have and the letter they begin with; all of them, joined, as one word. */
  readonly near: ReadonlyMap<string, readonly Key[]>;
}

const indexes = new WeakMap<Palette, Index>();

/** Finds the class of `palette` that a layer's name stands for, or what it might mean. */
export function classify(name: string, palette: Palette, options: ClassifyOptions = {}): ClassFound | ClassMissing {
  return classOf(name, palette, options) ?? { suggestions: suggestions(name, palette) };
}

/** Finds the class of `palette` that a layer's name stands for; null for none. Quicker than to look for suggestions. */
export function classOf(name: string, palette: Palette, options: ClassifyOptions = {}): ClassFound | null {
  const index = indexOf(palette);
  const screenDesign = options.screenDesign ?? true;
  const words = layerWords(name);
  // In a picture, a lone word of editors without a number is a name that a person gave: "path".
  const lone = !screenDesign && words.telling.length === 0 && words.all.length === 1 && !/\p{N}/u.test(name);
  const found = find(lone ? { all: words.all, telling: words.all } : words, index, screenDesign);
  const entry = found && palette.classes[found.at];
  return found && entry ? { class: entry.name, index: found.at, colour: entry.colour, sure: found.sure } : null;
}

/** Up to three classes of `palette` that a name comes near, the nearest first; none for a name without words. */
export function suggestions(name: string, palette: Palette): readonly string[] {
  return suggest(layerWords(name), indexOf(palette)).map((at) => palette.classes[at]?.name ?? "");
}

function indexOf(palette: Palette): Index {
  const kept = indexes.get(palette);
  if (kept) return kept;
  const made = makeIndex(palette);
  indexes.set(palette, made);
  return made;
}

/** The keys of a palette: its own names before all synonyms. */
function makeIndex({ classes }: Palette): Index {
  const exact = new Map<string, number>();
  const weak = new Map<string, number[]>();
  const keys: Key[] = [];
  const near = new Map<string, Key[]>();
  const take = (word: string | undefined, index: number): void => {
    if (word === undefined || exact.has(word.replaceAll(" ", ""))) return;
    const joined = word.replaceAll(" ", "");
    exact.set(joined, index);
    const key = { words: word.split(" "), joined, hangul: isHangul(joined), index };
    keys.push(key);
    for (const count of new Set([1, key.words.length])) {
      const drawer = `${count}${word[0]}`;
      near.set(drawer, [...(near.get(drawer) ?? []), key]);
    }
  };
  for (const [index, { words }] of classes.entries()) take(words[0], index);
  for (const [index, { words }] of classes.entries()) for (const word of words) take(word, index);
  for (const [index, entry] of classes.entries()) {
    for (const word of entry.weak) {
      const joined = word.replaceAll(" ", "");
      weak.set(joined, [...(weak.get(joined) ?? []), index]);
    }
  }
  return { exact, weak, keys, near };
}

/** The class that the last words stand for, the longest run of words first. */
function find(words: LayerWords, index: Index, screenDesign: boolean): { at: number; sure: boolean } | null {
  for (let count = 3; count >= 1; count--) {
    // Words that editors add may belong to a name of several words: "garden path".
    for (const list of count > 1 ? [words.all, words.telling] : [words.telling]) {
      if (list.length < count) continue;
      const run = list.slice(-count);
      if (screenDesign && count === 1 && stems(run[0] as string).some(isInterfaceWord)) continue;
      const exact = spelledAs(run, index);
      if (exact !== null) return { at: exact, sure: true };
      const close = spelledLike(run, index);
      if (close !== null) return { at: close, sure: false };
    }
  }
  return null;
}

function spelledAs(run: readonly string[], { exact }: Index): number | null {
  const before = run.slice(0, -1).join("");
  for (const stem of stems(run.at(-1) as string)) {
    const at = exact.get(before + stem);
    if (at !== undefined) return at;
  }
  return null;
}

/** The one class whose words these are with some letters wrong; none where two are as near. */
function spelledLike(run: readonly string[], { near }: Index): number | null {
  if (run.some(isHangul) || !run.some((word) => tolerance(word) > 0)) return null;
  let best = Infinity;
  let found: number | null = null;
  for (const { words, joined, index } of near.get(`${run.length}${run[0]?.[0]}`) ?? []) {
    for (const end of stems(run.at(-1) as string)) {
      let off = run.length > 1 || words.length === 1 ? strayed(end, words.at(-1) as string) : strayed(end, joined);
      for (let at = 0; at < run.length - 1; at++) off += strayed(run[at] as string, words[at] as string);
      if (off > best || off === Infinity) continue;
      if (off === best && found !== index) found = null;
      else found = index;
      best = off;
    }
  }
  return found;
}

/** How far a word is from a key; a word of its own is no misspelling. */
function strayed(word: string, key: string): number {
  if (word === key) return 0;
  return realWords.has(word) ? Infinity : misspelling(word, key);
}

/** The classes that come nearest: those that a word may mean, then those that share one, then by letters. */
function suggest({ all, telling }: LayerWords, { weak, exact, keys }: Index): readonly number[] {
  const words = (telling.length > 0 ? telling : all.filter((word) => exact.has(word))).filter(
    (word) => isHangul(word) || /^[a-z]+$/.test(word),
  );
  const forms = words.slice(-4).flatMap((word) => stems(word.slice(0, 40)));
  if (forms.length === 0) return [];
  const likely = forms.flatMap((form) => [...(weak.get(form) ?? []), ...(exact.has(form) ? [exact.get(form)] : [])]);
  const scripts = forms.map((form) => [form, isHangul(form)] as const);
  const near = keys.map((key) => ({
    index: key.index,
    off: Math.min(...scripts.map(([form, hangul]) => unlike(form, hangul, key))),
  }));
  near.sort((a, b) => a.off - b.off || a.index - b.index);
  const order = [...likely, ...near.map(({ index }) => index)].filter((at) => at !== undefined);
  return [...new Set(order)].slice(0, 3);
}

/** How unlike a word and a key are, from 0 to 2: shared words, then one within the other, then letters. */
function unlike(form: string, hangul: boolean, key: Key): number {
  if (hangul !== key.hangul) return 2;
  const { words, joined } = key;
  if (words.includes(form)) return 0.1 * words.length;
  const [short, long] = form.length < joined.length ? [form, joined] : [joined, form];
  const share = short.length / long.length;
  if (hangul || short.length > 2) {
    if (long.startsWith(short)) return 0.6 - 0.3 * share;
    if (long.endsWith(short)) return 0.7 - 0.3 * share;
  }
  const limit = Math.ceil(0.7 * long.length);
  return 0.7 + apart(form, joined, limit) / long.length;
}
