import { type Word, words } from "./en.ts";
import { type CardWords, cards, type Topic } from "./en-cards.ts";
import { terms } from "./en-terms.ts";
import { type Message, speak, type Values } from "./speak.ts";

/** All texts of one language. A key that is missing does not compile. */
export interface Language {
  /** A BCP 47 tag. */
  readonly tag: string;
  readonly words: Readonly<Record<Word, Message>>;
  readonly cards: Readonly<Record<Topic, CardWords>>;
  /**
   * What conditions and their options are called, where their own words will not do: "canny" -> title, "canny.listed" ->
   * title under a heading that says what maps come from, "canny.short" -> title beside what follows it, "canny.low" -> label, "canny.low.help" -> help,
   * "canny.colours.rgb" -> value of a choice.
   */
  readonly terms: Readonly<Record<string, string>>;
}

/** Says things in one language. */
export interface Speaker {
  readonly tag: string;
  /** A text of the panel. */
  say(word: Word, values?: Values): string;
  /** What a card says. */
  card(topic: Topic, values?: Values): CardWords;
  /** What a condition, or an option of one, is called; `own` where the language has no word of its own. */
  term(key: string, own: string): string;
}

/** Gives the speaker of a language. */
function speaker({ tag, words, cards, terms }: Language): Speaker {
  const filled = (text: string, values: Values) => speak(tag, { text })("text", values);
  return {
    tag,
    say: speak(tag, words),
    card: (topic, values = {}) => ({
      title: filled(cards[topic].title, values),
      text: filled(cards[topic].text, values),
    }),
    term: (key, own) => (Object.hasOwn(terms, key) ? (terms[key] as string) : own),
  };
}

const english: Language = { tag: "en", words, cards, terms };

/** The languages that are loaded on demand, by the first part of their tags. */
const others: Readonly<Record<string, () => Promise<Language>>> = {
  ko: async () => (await import("./ko.ts")).korean,
};

/** The speaker for a BCP 47 tag: at once where it is English or not spoken, else loaded; English if that fails. */
export function speakerFor(tag: string): Speaker | Promise<Speaker> {
  const [primary = ""] = tag.toLowerCase().split("-");
  const load = Object.hasOwn(others, primary) ? others[primary] : undefined;
  return load ? load().then(speaker, () => speaker(english)) : speaker(english);
}
