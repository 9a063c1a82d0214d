import { quoted } from "../models/refusal.ts";

// Byte pair encoding of one word: its UTF-8 bytes as characters, neighbours merged in order of rank.

/** What ends the last piece of a word in a vocabulary. */
export const wordEnd = "</w>";

/** A token of a word, and the byte of the word's UTF-8 that it begins at. */
export interface WordToken {
  readonly id: number;
  readonly at: number;
}

/** GPT-2's printable character for each byte (openai/gpt-2, encoder.py): itself where it prints, else from U+0100 on. */
export function byteCharacters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(prints ? byte : next++);
  });
}

const characters = byteCharacters();

/** A text's UTF-8 bytes, each as its character. */
export const inByteCharacters = (text: string): string[] =>
  Array.from(new TextEncoder().encode(text), (byte) => characters[byte] as string);

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

/** What words are made of. `refuse` throws for merges that contradict the vocabulary. */
export interface MergeTable {
  readonly vocab: ReadonlyMap<string, number>;
  /** "a b" in order of rank. */
  readonly merges: readonly string[];
  /** Stands for bytes that the vocabulary lacks. */
  readonly unknown: number;
  refuse(reason: string): never;
}

/** Gives the encoder of words. It takes n log n even for a word without end, and remembers words that come again. */
export function wordEncoder({ vocab, merges, unknown, refuse }: MergeTable): (word: string) => readonly WordToken[] {
  const idOf = (token: string): number => vocab.get(token) ?? refuse(`${quoted(token)} is not in the vocabulary`);
  // Pairs of ids as one number; ids are below 2^26, so a pair is exact.
  const pairs = new Map<number, Merge>();
  const pair = (left: number, right: number) => left * 2 ** 26 + right;
  for (const [rank, line] of merges.entries()) {
    const [left = "", right = "", ...more] = line.split(" ");
    if (left === "" || right === "" || more.length > 0) refuse(`merge ${rank + 1} is ${quoted(line)}, not two parts`);
    pairs.set(pair(idOf(left), idOf(right)), { rank, id: idOf(left + right) });
  }

  function encode(word: string): readonly WordToken[] {
    const letters = inByteCharacters(word);
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
    return ids.flatMap((id, at) => (id >= 0 ? [{ id, at }] : []));
  }

  const known = new Map<string, readonly WordToken[]>();
  return (word) => {
    let tokens = known.get(word);
    if (!tokens) {
      tokens = encode(word);
      // Prompts repeat words; a page that is open for days must not keep them all, nor very long ones.
      if (known.size >= 10_000) known.clear();
      if (word.length <= 256) known.set(word, tokens);
    }
    return tokens;
  };
}
