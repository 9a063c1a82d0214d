import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { vectorSides, wordKey } from "./added-word.ts";
import type { AddedWord, BaseModel } from "./base.ts";
import { foreignReason } from "./foreign.ts";
import { fileInvalid, incompatible, listed, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors, type TensorEntry } from "./safetensors.ts";
import type { ByteSource, ModelFolder, ModelSource } from "./source.ts";
import { placedTensors } from "./tensors.ts";

// Embeddings of textual inversion: vectors that stand for a word, learned for one kind of text encoder (Gal and others
// 2022, arXiv 2208.01618). Trainers write them under names of their own: kohya's and A1111's converters "emb_params",
// diffusers the word itself.

/** What diffusers calls the file in a folder. */
const inFolder = "learned_embeds.safetensors";
/** The name of the one tensor, whatever the word is. */
const usual = "emb_params";
/** Vectors at most: more than any text encoder here reads at once. A table of all tokens is none of these files. */
const mostVectors = 1000;
/** Numbers of a vector at most. Text encoders of Stable Diffusion have 768 to 1280. */
const widest = 16_384;

/**
 * Reads an embedding of textual inversion for a word: a `.safetensors` file with one tensor of [count, width], [width] or
 * [1, count, width] in any float type, or a folder with `learned_embeds.safetensors`. Throws `request-invalid` for a word without letters,
 * `file-invalid` for a damaged file or a pickle, `model-incompatible` for a file of something else or of SDXL, and
 * `weights-not-finite`.
 */
export async function openEmbedding(
  word: string,
  source: ModelSource,
  { signal }: CallOptions = {},
): Promise<AddedWord> {
  const name = nameOf(word);
  const options = signal ? { signal } : {};
  const bytes = source.kind === "file" ? await source.open(options) : await openIn(source, options);
  try {
    const file = openSafetensors(bytes);
    return { word: name, ...vectorsOf(file, tensorOf(file, name)) };
  } finally {
    bytes.close();
  }
}

function nameOf(word: string): string {
  const name = word.replace(/\p{White_Space}+/gu, " ").trim();
  if (name !== "") return name;
  throw refusedWord(word, "has no letter by which a prompt could call it. Give it one");
}

function refusedWord(word: string, problem: string): UnderdrawError<"request-invalid"> {
  const message = `The word ${quoted(word)} of an embedding ${problem}.`;
  return new UnderdrawError("request-invalid", message, { issues: [{ path: "embeddings", message }] });
}

async function openIn(folder: ModelFolder, options: { readonly signal?: AbortSignal }): Promise<ByteSource> {
  const found = await folder.open(inFolder, options);
  if (found) return found;
  const pickle = await folder.open("learned_embeds.bin", options);
  pickle?.close();
  if (pickle)
    throw fileInvalid(pickle.name, foreignReason("learned_embeds.bin", new Uint8Array()) ?? "it is a pickle.");
  const problem = `a folder of an embedding has the file ${inFolder}, and this one has none. Name the file itself.`;
  throw incompatible(folder.name, problem, { expected: inFolder, actual: "no such file" });
}

/** The tensor that holds a word's vectors. */
function tensorOf({ name, tensors }: Safetensors, word: string): TensorEntry {
  const own = [...tensors.values()].find((entry) => wordKey(entry.name) === wordKey(word));
  const only = tensors.size === 1 ? tensors.values().next().value : undefined;
  // SDXL reads a prompt by two text encoders, and its files have vectors for each.
  const isOfTwo = ["clip_g", "text_encoders_1"].some((key) => tensors.has(key));
  const found = tensors.get(usual) ?? own ?? only;
  if (found && !isOfTwo) return found;
  if (isOfTwo)
    throw incompatible(
      name,
      "it is an embedding for SDXL, with vectors for two text encoders (clip_l and clip_g). Stable Diffusion 1 and 2 have one: take the embedding's file for them.",
      { expected: "vectors of one text encoder", actual: listed([...tensors.keys()]) },
    );
  const actual = tensors.size === 0 ? "no tensor" : `${tensors.size} tensors: ${listed([...tensors.keys()])}`;
  const problem = `it holds ${actual}, and an embedding is one tensor, called "${usual}" or as its word. It is something else, or it holds several words: give the word that one of them is called by.`;
  throw incompatible(name, problem, { expected: `"${usual}" or ${quoted(word)}`, actual });
}

function vectorsOf(file: Safetensors, entry: TensorEntry): Pick<AddedWord, "vectors" | "count"> {
  const { name, shape } = entry;
  const [count, width] = vectorSides(shape) ?? [0, 0];
  if (!(count >= 1 && count <= mostVectors && width >= 1 && width <= widest)) {
    const problem = `the tensor ${quoted(name)} has the shape [${shape.join(", ")}], and an embedding has [vectors, width] or [width]. It is something else: a checkpoint or a LoRA is loaded as such.`;
    throw incompatible(file.name, problem, { expected: "[vectors, width]", actual: `[${shape.join(", ")}]` });
  }
  const vectors = new Float32Array(count * width);
  placedTensors(file.name, new Map([[name, { file, entry }]]), () => {}).floats(name, vectors, 0);
  if (vectors.every(Number.isFinite)) return { vectors, count };
  const message = `${file.name}: the tensor "${name}" holds NaN or infinity. The file is damaged, or its training failed: get it again.`;
  throw new UnderdrawError("weights-not-finite", message, { file: file.name, tensor: name });
}

/** What is known by the width of its text encoder. */
const families: Readonly<Record<number, string>> = {
  768: "Stable Diffusion 1",
  1024: "Stable Diffusion 2",
  1280: "SDXL's second text encoder",
};

/**
 * The base with words that its prompts may hold. Throws `model-incompatible` for vectors of another width than the text
 * encoder's or more than it reads at once, `request-invalid` for a word that is there twice or is the tokenizer's own.
 */
export function withWords(base: BaseModel, words: readonly AddedWord[]): BaseModel {
  const { width, length } = base.text.config;
  const room = Math.min(length, base.tokenizer?.config.maxLength ?? length) - 2;
  const known = new Set(base.words.map(({ word }) => wordKey(word)));
  for (const { word, vectors, count } of words) {
    const own = vectors.length / count;
    const id = `the embedding ${quoted(word)}`;
    if (own !== width) {
      const kind = (width: number) => `${width}${families[width] ? `, as ${families[width]} has` : ""}`;
      const problem = `its vectors have ${kind(own)}, and this checkpoint's text encoder reads ${kind(width)}. It was made for another kind of model.`;
      throw incompatible(id, problem, { expected: `vectors of ${width}`, actual: String(own) });
    }
    if (count > room) {
      const problem = `it has ${count} vectors, and this checkpoint's text encoder reads ${room} tokens at once. Take one with fewer.`;
      throw incompatible(id, problem, { expected: `at most ${room} vectors`, actual: String(count) });
    }
    if (known.has(wordKey(word)))
      throw refusedWord(word, "is there twice, upper and lower case being the same. Call one of them otherwise");
    if (special(base).has(wordKey(word)))
      throw refusedWord(word, "is a sign of the tokenizer's own. Call it otherwise");
    known.add(wordKey(word));
  }
  return { ...base, words: [...base.words, ...words] };
}

/** The signs that a tokenizer finds before any word. */
function special({ tokenizer }: BaseModel): ReadonlySet<string> {
  const { startToken, endToken, padToken, unknownToken } = tokenizer?.config ?? {};
  const own = [startToken, endToken, padToken, unknownToken].filter((token) => token !== undefined);
  return new Set(["<|startoftext|>", "<|endoftext|>", ...own].map(wordKey));
}
