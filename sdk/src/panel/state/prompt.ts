import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Pipeline, TokenCount } from "@underdraw/engine";
import type { Vocabulary } from "../options.ts";
import { type Suggestion, suggestionsFor, unknownWords } from "./suggestion.ts";

/** The prompt: its text, what may follow, how long it is, and what of it the model was not taught. */
export interface Prompt {
  readonly text: Signal<string>;
  /** What is offered at the caret; empty while the list is closed. */
  readonly offered: Signal<readonly Suggestion[]>;
  /** The offer that Enter takes; -1 for none. */
  readonly active: Signal<number>;
  /** How much of the prompt the loaded model reads; null while no model is loaded. */
  readonly tokens: ReadonlySignal<TokenCount | null>;
  readonly unknown: ReadonlySignal<readonly string[]>;
  /** Opens the list with what fits at the caret, or closes it where nothing does. */
  offer(caret: number): void;
  close(): void;
  /** Moves among the offers, round and round. */
  move(by: 1 | -1): void;
  /** Takes an offer, and gives where the caret goes; null where there is none. */
  take(at: number, caret: number): number | null;
  /** Counts no more. */
  dispose(): void;
}

/** How long a prompt must be left alone before its tokens are counted, in ms. */
const quietMs = 120;

/** Makes an empty prompt. */
export function createPrompt(vocabulary: Vocabulary | undefined, pipeline: Signal<Pipeline | null>): Prompt {
  const text = signal("");
  const offered = signal<readonly Suggestion[]>([]);
  const active = signal(-1);
  const tokens = signal<TokenCount | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const end = effect(() => {
    const [prompt, model] = [text.value, pipeline.value];
    clearTimeout(timer);
    if (!model) return;
    timer = setTimeout(() => {
      model.countTokens(prompt).then(
        (count) => {
          if (text.peek() === prompt && pipeline.peek() === model) tokens.value = count;
        },
        () => {
          tokens.value = null; // the model was let go
        },
      );
    }, quietMs);
  });

  const close = (): void => {
    if (offered.peek().length > 0) offered.value = [];
    active.value = -1;
  };

  return {
    text,
    offered,
    active,
    tokens,
    unknown: computed(() => (vocabulary ? unknownWords(vocabulary, text.value) : [])),
    offer(caret) {
      const before = text.value.slice(0, caret);
      const inWord = /^[\p{L}\p{N}]/u.test(text.value.slice(caret));
      offered.value = vocabulary && !inWord ? suggestionsFor(vocabulary, before) : [];
      active.value = offered.value[0]?.begun ? 0 : -1;
    },
    close,
    move(by) {
      const count = offered.value.length;
      if (count === 0) return;
      active.value = active.value < 0 ? (by > 0 ? 0 : count - 1) : (active.value + by + count) % count;
    },
    take(at, caret) {
      const suggestion = offered.value[at];
      if (!suggestion) return null;
      const after = text.value.slice(caret);
      // What the suggestion ends with may stand there already.
      const ending = /^\s/.test(after) ? suggestion.text.trimEnd() : suggestion.text;
      text.value = ending + after;
      close();
      return ending.length;
    },
    dispose() {
      end();
      clearTimeout(timer);
    },
  };
}
