import { type ReadonlySignal, signal } from "@preact/signals";
import type { Word } from "../words/en.ts";
import type { Topic } from "../words/en-cards.ts";
import type { Values } from "../words/speak.ts";

/** Something that can be done about a card. */
export interface Remedy {
  readonly word: Word;
  readonly values?: Values;
  run(): void;
}

/** What a card belongs to, so that it goes when that is well again. */
export type Place = "host" | "selection" | "map" | "job" | "apply" | "layer" | "results" | "health";

/** Something to tell a person: what, how bad, and what can be done. */
export interface Card {
  readonly topic: Topic;
  readonly tone: "bad" | "warn";
  readonly place: Place;
  readonly values?: Values;
  /** What was reported, as it was, for those who want to know more. */
  readonly detail?: string;
  readonly remedies?: readonly Remedy[];
}

/** The cards that are shown, the newest last. */
export interface Cards {
  readonly shown: ReadonlySignal<readonly Card[]>;
  /** Adds a card, in place of one that says the same. */
  show(card: Card): void;
  /** Makes these the cards of a place. */
  replace(place: Place, cards: readonly Card[]): void;
  /** Takes one card away. */
  dismiss(card: Card): void;
}

/** Makes an empty list of cards; `onNew` hears of each that says something new. */
export function createCards(onNew: (card: Card) => void): Cards {
  const shown = signal<readonly Card[]>([]);
  const set = (next: readonly Card[]): void => {
    const before = shown.peek(); // an effect that tells something must not depend on what was told
    if (next.length === 0 && before.length === 0) return;
    shown.value = next;
    for (const card of next) if (!before.some((old) => old === card || isSame(old, card))) onNew(card);
  };
  return {
    shown,
    show: (card) => set([...shown.peek().filter((old) => !isSame(old, card)), card]),
    replace: (place, cards) => set([...shown.peek().filter((old) => old.place !== place), ...cards]),
    dismiss: (card) => set(shown.peek().filter((old) => old !== card)),
  };
}

const isSame = (one: Card, other: Card): boolean => one.topic === other.topic && one.place === other.place;
