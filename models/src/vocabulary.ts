/** What the pack was taught, for interfaces that suggest words while a person types. */
export interface MiniVocabulary {
  readonly model: { readonly name: string; readonly about: string };
  /** Sentences with {style}, {colour}, {subject} and {ground} in them, the usual one first. */
  readonly phrases: readonly string[];
  readonly styles: readonly string[];
  /** What to offer before a letter was typed. */
  readonly favourites: readonly string[];
  /** The best known first. */
  readonly subjects: readonly string[];
  /** Other words that a subject was trained with. */
  readonly synonyms: Readonly<Record<string, readonly string[]>>;
  readonly colours: readonly string[];
  readonly grounds: readonly string[];
}

/** knows.json, as models/recipe/knows.py writes it. */
interface Knows extends Omit<MiniVocabulary, "model" | "subjects" | "synonyms"> {
  readonly about: string;
  readonly subjects: readonly { readonly name: string; readonly tags: readonly string[] }[];
}

/** Reads the vocabulary from a pack's knows.json. */
export async function readVocabulary(file: ReadableStream<Uint8Array>): Promise<MiniVocabulary> {
  const { about, phrases, styles, favourites, subjects, colours, grounds }: Knows = await new Response(file).json();
  return {
    model: { name: "Pocket model", about },
    phrases,
    styles,
    favourites,
    subjects: subjects.map(({ name }) => name),
    synonyms: Object.fromEntries(subjects.filter(({ tags }) => tags.length > 0).map(({ name, tags }) => [name, tags])),
    colours,
    grounds,
  };
}
