import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { LoadRequest, LoraRequest, StoredWeights } from "@underdraw/engine";
import type { ModelSource } from "@underdraw/engine/node";
import type { Arguments, Flag } from "./command.ts";
import { ownWord } from "./embedding-words.ts";
import { misused } from "./failure.ts";
import { placedModel } from "./model-place.ts";
import { choiceFrom, readNumber } from "./values.ts";

// The files that a model is loaded with, from flags: LoRAs, embeddings, another VAE, and what its UNet predicts. The word
// "none" in place of a file leaves out what a recipe was made with.

/** The flags of what a model is loaded with. */
export const modelFlags: readonly Flag[] = [
  {
    name: "lora",
    value: "FILE[=WEIGHT]",
    list: true,
    help: "a LoRA, added to the model with this weight, -10 to 10; 1 without it. Several act together, each with a --lora",
  },
  {
    name: "embedding",
    value: "FILE[=NAME]",
    list: true,
    help: "an embedding of textual inversion, which the word NAME stands for in the prompt; without it the file's own word, or else its name",
  },
  { name: "vae", value: "PATH", help: "a VAE in place of the model's own: a folder or a .safetensors file" },
  {
    name: "weights",
    value: "full|half|int8|int4",
    help: "how weights are stored: half loads quickly and takes half the memory, for slower steps; int8 and int4 take less for linear layers, and change the picture a little; full without this",
  },
  {
    name: "previews",
    value: "PATH",
    help: "a tiny VAE (TAESD) that draws the pictures of --show; without it they are colours alone where the VAE is slow",
  },
  {
    name: "prediction",
    value: "epsilon|v",
    help: "what the model's UNet predicts, where a single file cannot tell and pictures come out as noise",
  },
];

/** What flags say of the files beside the model. */
export interface ModelFiles {
  readonly vae?: ModelSource;
  readonly weights?: StoredWeights;
  /** What draws previews. */
  readonly previews?: ModelSource;
  /** Without the weight where no flag says one. */
  readonly loras: readonly (LoraRequest & { readonly file: ModelSource })[];
  readonly embeddings: Readonly<Record<string, ModelSource>>;
  readonly prediction?: "epsilon" | "v_prediction";
  /** The kinds that "none" was given for. */
  readonly none: ReadonlySet<"vae" | "lora" | "embedding">;
}

/** What flags say of them before a file is opened. */
interface AskedFiles extends Omit<ModelFiles, "embeddings"> {
  readonly embeddings: readonly AskedEmbedding[];
}

interface AskedEmbedding {
  readonly path: string;
  /** Without it the file is asked. */
  readonly word?: string;
}

type Given = Pick<Arguments, "flags" | "lists">;

/** Reads the flags, and in the files of embeddings the words that they stand for. */
export async function modelFilesFrom(given: Given, signal: AbortSignal): Promise<ModelFiles> {
  const { embeddings, ...files } = askedFilesFrom(given);
  const named: (readonly [word: string, file: ModelSource])[] = [];
  for (const { path, word } of embeddings) named.push([word ?? (await wordOf(path, signal)), placedModel(path)]);
  checkApart(named.map(([word]) => word));
  return { ...files, embeddings: Object.fromEntries(named) };
}

/** Reads the flags; nothing is opened. Throws `request-invalid` for the first that cannot be meant. */
export function askedFilesFrom({ flags, lists }: Given): AskedFiles {
  const none = new Set<"vae" | "lora" | "embedding">();
  const listed = (name: "lora" | "embedding"): readonly string[] => {
    const values = lists.get(name) ?? [];
    if (!values.includes("none")) return values;
    if (values.length > 1) throw misused(`--${name}`, `--${name} none leaves all out, and another --${name} adds one.`);
    none.add(name);
    return [];
  };
  const loras = listed("lora").map(loraFrom);
  const embeddings = listed("embedding").map(embeddingFrom);
  checkApart(embeddings.flatMap(({ word }) => word ?? []));
  const [vae, previews, prediction] = ["vae", "previews", "prediction"].map((name) => flags.get(name));
  const weights = flags.get("weights");
  if (vae === "none") none.add("vae");
  return {
    ...(vae !== undefined && vae !== "none" && { vae: placedModel(named("--vae", vae)) }),
    ...(previews !== undefined && { previews: placedModel(named("--previews", previews)) }),
    ...(weights !== undefined && { weights: choiceFrom("--weights", weights, ["full", "half", "int8", "int4"]) }),
    loras,
    embeddings,
    ...(prediction !== undefined && { prediction: predictionFrom(prediction) }),
    none,
  };
}

/** What to load besides base and nets. */
export function loadingOf({
  vae,
  previews,
  weights,
  loras,
  embeddings,
  prediction,
}: ModelFiles): Omit<LoadRequest, "base" | "nets"> {
  return {
    ...(vae && { vae }),
    ...(previews && { previews }),
    ...(weights && { weights }),
    ...(loras.length > 0 && { loras }),
    ...(Object.keys(embeddings).length > 0 && { embeddings }),
    ...(prediction && { facts: { scheduler: { prediction_type: prediction } } }),
  };
}

function predictionFrom(text: string): "epsilon" | "v_prediction" {
  return choiceFrom("--prediction", text, ["epsilon", "v"]) === "v" ? "v_prediction" : "epsilon";
}

function loraFrom(text: string): ModelFiles["loras"][number] {
  const [path, after] = parted(text);
  if (after === undefined) return { file: placedModel(named("--lora", path)) };
  const weight = readNumber(after);
  if (weight === undefined) {
    // A path with "=" in it, of a file that is missing or has yet to be told apart from a weight that is none.
    if (!existsSync(path)) return { file: placedModel(text) };
    throw misused("--lora", `--lora ${path} must have a number for its weight, such as =0.8, not "=${after}".`);
  }
  if (Math.abs(weight) > 10) throw misused("--lora", `--lora must have a weight from -10 to 10, not "=${after}".`);
  return { file: placedModel(named("--lora", path)), weight };
}

function embeddingFrom(text: string): AskedEmbedding {
  const [path, word] = parted(text);
  return { path: named("--embedding", path), ...(word !== undefined && { word: checked(word) }) };
}

/** The word of an embedding that no flag names: its file's own, or else the file's name. */
async function wordOf(path: string, signal: AbortSignal): Promise<string> {
  // What diffusers calls the file in a folder.
  const within = join(path, "learned_embeds.safetensors");
  const own = await ownWord(placedModel(existsSync(within) ? within : path), signal);
  return own ?? checked(basename(path).replace(/\.[^.]+$/, ""));
}

function checked(word: string): string {
  if (!/\s/.test(word) && word !== "") return word;
  const message = `--embedding must have a word without spaces for its name, not "${word}": --embedding FILE=word.`;
  throw misused("--embedding", message);
}

function checkApart(words: readonly string[]): void {
  const twice = words.find((word, at) => words.indexOf(word) < at);
  if (twice === undefined) return;
  const message = `--embedding names "${twice}" twice. Give each file a word of its own: --embedding FILE=word.`;
  throw misused("--embedding", message);
}

/** A file and what follows the last "=": a path may hold "=", and one that is there is taken as it is. */
function parted(text: string): readonly [path: string, after: string | undefined] {
  const equals = text.lastIndexOf("=");
  const isWhole = equals < 0 || existsSync(text) || /\.(safetensors|pt|bin|ckpt|pth)$/i.test(text);
  return isWhole ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

function named(flag: string, path: string): string {
  if (path === "") throw misused(flag, `${flag} needs a file.`);
  return path;
}
