import * as z from "zod/mini";
import type { TextConfig } from "../graph/config.ts";
import { checked, openObject, openText, parseObject } from "./json.ts";
import { fileInvalid, incompatible, quoted } from "./refusal.ts";
import type { ModelFolder } from "./source.ts";

/** How a model's tokenizer treats text around its vocabulary. */
export interface TokenizerConfig {
  readonly padToken: string;
  readonly startToken: string;
  readonly endToken: string;
  readonly unknownToken: string;
  /** Tokens at most, start and end included. */
  readonly maxLength: number;
  readonly lowerCase: boolean;
  /** Special tokens that are looked for in the text after it was brought to lower case (`normalized: true`). */
  readonly normalizedTokens: readonly string[];
}

/** The byte pair encoding of a model's tokenizer. */
export interface Vocabulary {
  /** Token to id. */
  readonly vocab: ReadonlyMap<string, number>;
  /** Pairs "left right", the first one merged first. */
  readonly merges: readonly string[];
  readonly config: TokenizerConfig;
}

const START = "<|startoftext|>";
const END = "<|endoftext|>";
/** How many tokens CLIP has, the vocabulary that an engine brings along. */
const CLIP_TOKENS = 49408;
/** CLIP has 48,894 merges; the largest vocabularies of other models have some 500,000. */
const MOST_MERGES = 2_000_000;

/** A special token, in the short spelling or the long one. */
const token = z.nullish(
  z.union([
    z.pipe(
      z.string(),
      z.transform((content: string) => ({ content, normalized: false })),
    ),
    z.looseObject({ content: z.string(), normalized: z._default(z.boolean(), false) }),
  ]),
);
const special = z.looseObject({ bos_token: token, eos_token: token, unk_token: token, pad_token: token });
const settings = z.extend(special, {
  model_max_length: z.nullish(z.number()),
  do_lower_case: z.nullish(z.boolean()),
});
const pair = z.union([
  z.string(),
  z.pipe(
    z.tuple([z.string(), z.string()]),
    z.transform((sides: [string, string]) => sides.join(" ")),
  ),
]);
const whole = z.looseObject({
  model: z.looseObject({
    vocab: z.record(z.string(), z.number()),
    merges: z.array(pair).check(z.maxLength(MOST_MERGES)),
  }),
});

/**
 * Reads the tokenizer of a model's folder; null when it has none and CLIP's own vocabulary fits the text encoder.
 * Throws `file-invalid`, or `model-incompatible` when it and the text encoder do not belong together.
 */
export async function openVocabulary(
  folder: ModelFolder,
  text: TextConfig,
  signal?: AbortSignal,
): Promise<Vocabulary | null> {
  const found = await openWords(folder, signal);
  if (!found) {
    if (text.vocabulary === CLIP_TOKENS) return null;
    const problem = `the text encoder knows ${text.vocabulary} tokens and no tokenizer says which. Add vocab.json and merges.txt.`;
    throw incompatible(folder.name, problem, { expected: "vocab.json and merges.txt", actual: "neither" });
  }
  const { name, vocab, merges } = found;
  const config = await openSettings(folder, text, signal);
  let highest = -1;
  for (const id of vocab.values()) highest = Math.max(highest, id);
  if (highest >= text.vocabulary) {
    const problem = `a token has the id ${highest}, and the text encoder knows ${text.vocabulary} tokens. Take both from one model.`;
    throw incompatible(name, problem, { expected: `ids below ${text.vocabulary}`, actual: String(highest) });
  }
  for (const word of [config.padToken, config.startToken, config.endToken, config.unknownToken])
    if (!vocab.has(word))
      throw fileInvalid(name, `the special token ${quoted(word)} is not in it. Copy the tokenizer again.`);
  return { vocab, merges, config };
}

async function openWords(
  folder: ModelFolder,
  signal?: AbortSignal,
): Promise<{ readonly name: string; readonly vocab: Map<string, number>; readonly merges: readonly string[] } | null> {
  const vocab = await openObject(folder, "vocab.json", signal);
  const merges = await openText(folder, "merges.txt", signal);
  if (vocab && merges) {
    const pairs = mergesOf(merges.name, merges.text);
    return { name: vocab.name, vocab: idsOf(vocab.name, vocab.value), merges: checkMerges(merges.name, pairs) };
  }
  // Newer folders hold both in one file.
  const file = await openText(folder, "tokenizer.json", signal);
  if (file) {
    const { model } = checked(file.name, parseObject(file.name, file.text), whole);
    return { name: file.name, vocab: idsOf(file.name, model.vocab), merges: checkMerges(file.name, model.merges) };
  }
  if (!vocab && !merges) return null;
  const [has, lacks] = vocab ? ["vocab.json", "merges.txt"] : ["merges.txt", "vocab.json"];
  throw incompatible(folder.name, `the tokenizer has ${has} and no ${lacks}. Add it.`, {
    expected: lacks,
    actual: "none",
  });
}

/** The lines of merges.txt without its first, which names a version, and without empty ones. */
function mergesOf(name: string, text: string): readonly string[] {
  const pairs: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, "");
    if (line !== "" && !(at === 0 && line.startsWith("#version"))) pairs.push(line);
    if (pairs.length > MOST_MERGES) throw fileInvalid(name, `it has more than ${MOST_MERGES} lines.`);
    at = end < 0 ? text.length : end + 1;
  }
  return pairs;
}

function idsOf(name: string, value: Readonly<Record<string, unknown>>): Map<string, number> {
  const vocab = new Map<string, number>();
  const ids = new Set<unknown>();
  for (const [word, id] of Object.entries(value)) {
    if (!Number.isSafeInteger(id) || (id as number) < 0)
      throw fileInvalid(name, `the token ${quoted(word)} has the id ${quoted(id)}, which is no whole number.`);
    if (ids.has(id)) throw fileInvalid(name, `the id ${quoted(id)} stands for two tokens.`);
    ids.add(id);
    vocab.set(word, id as number);
  }
  return vocab;
}

function checkMerges(name: string, merges: readonly string[]): readonly string[] {
  const wrong = merges.find((line) => !/^[^ ]+ [^ ]+$/.test(line));
  if (wrong === undefined) return merges;
  throw fileInvalid(name, `the line ${quoted(wrong)} is no pair of pieces with a space between.`);
}

async function openSettings(folder: ModelFolder, text: TextConfig, signal?: AbortSignal): Promise<TokenizerConfig> {
  const main = await openObject(folder, "tokenizer_config.json", signal);
  const more = await openObject(folder, "special_tokens_map.json", signal);
  const own = main ? checked(main.name, main.value, settings) : settings.parse({});
  const map = more ? checked(more.name, more.value, special) : special.parse({});
  // The two files may contradict each other: Stable Diffusion 2 pads with "!" by the map alone. transformers lets the
  // map win in folders from before `added_tokens_decoder`.
  const [first, second] = "added_tokens_decoder" in own ? [own, map] : [map, own];
  const pick = (key: "pad_token" | "bos_token" | "eos_token" | "unk_token", otherwise: string) =>
    first[key] ?? second[key] ?? { content: otherwise, normalized: false };
  const limit = own.model_max_length ?? text.length;
  const [start, end] = [pick("bos_token", START), pick("eos_token", END)];
  const [pad, unknown] = [pick("pad_token", END), pick("unk_token", END)];
  const normalized = [start, end, pad, unknown].filter((word) => word.normalized).map(({ content }) => content);
  return {
    padToken: pad.content,
    startToken: start.content,
    endToken: end.content,
    unknownToken: unknown.content,
    maxLength: Math.max(3, Math.min(Math.floor(limit), text.length)),
    lowerCase: own.do_lower_case ?? true,
    normalizedTokens: [...new Set(normalized)],
  };
}
