import * as z from "zod/mini";
import { checkPath } from "./folder.ts";
import { foreignReason } from "./foreign.ts";
import { checked, openObject } from "./json.ts";
import { fileInvalid, incompatible, listed, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import type { ByteSource, ModelFolder } from "./source.ts";
import { placedTensors, placesOf, type TensorPlace, type Tensors } from "./tensors.ts";

/** Spellings of a file's precision or kind that publishers put into its name. The plain name is taken first. */
export const knownVariants: readonly string[] = ["", "fp16", "bf16", "fp32", "non_ema"];
/** What lies in the place of .safetensors files: pickles, in one file or in shards, and weights of other frameworks. */
const others = [".bin", ".fp16.bin", ".bin.index.json", ".ckpt", ".onnx", ".msgpack", ".h5"];

/** How many shards a network may have. The largest that are published have some 200. */
const MOST_SHARDS = 1000;

const shardIndex = z.looseObject({ weight_map: z.looseObject({}) });

/** What the weights of a network in a folder are called. */
export interface WeightFiles {
  /** The names without ending, in the order in which they are looked for: "diffusion_pytorch_model". */
  readonly stems: readonly string[];
  /** The network in words, for messages: "UNet". */
  readonly what: string;
  readonly rename?: (key: string) => string | null;
}

/**
 * Opens the weights of a network in a folder: one .safetensors file, or shards with their index. Throws
 * `model-incompatible` when there are none, and `file-invalid` for a pickle in their place or a file that is not sound.
 */
export async function openWeightFiles(folder: ModelFolder, files: WeightFiles, signal?: AbortSignal): Promise<Tensors> {
  for (const stem of files.stems)
    for (const variant of knownVariants) {
      const found = await openVariant(folder, stem, variant, files.rename, signal);
      if (found) return found;
    }
  for (const stem of files.stems)
    for (const variant of otherVariants((await folder.list?.()) ?? [], stem)) {
      const found = await openVariant(folder, stem, variant, files.rename, signal);
      if (found) return found;
    }
  throw await noWeights(folder, files, signal ? { signal } : {});
}

/** The weights under a name with a variant in it ("" for none), in one file or in shards; null when there are none. */
async function openVariant(
  folder: ModelFolder,
  stem: string,
  variant: string,
  rename: WeightFiles["rename"],
  signal?: AbortSignal,
): Promise<Tensors | null> {
  const dotted = variant && `.${variant}`;
  const source = await folder.open(`${stem}${dotted}.safetensors`, signal ? { signal } : {});
  if (source) {
    const file = openOrClose(source);
    return closingOnError([file], () => placedTensors(folder.name, placesOf(file, rename), () => file.close()));
  }
  for (const name of indexNames(stem, variant)) {
    const index = await openObject(folder, name, signal);
    if (index) return openShards(folder, index, rename, signal);
  }
  return null;
}

/** What an index of shards is called. Two spellings of the same: publishers' tools put the variant into either place. */
export function indexNames(stem: string, variant: string): readonly string[] {
  const dotted = variant && `.${variant}`;
  return [...new Set([`${stem}.safetensors.index${dotted}.json`, `${stem}${dotted}.safetensors.index.json`])];
}

/** Other variants among the names of a folder's files ("ema", "fp8"). */
export function otherVariants(names: readonly string[], stem: string): readonly string[] {
  const found = new Set<string>();
  for (const file of names) {
    const match = /^\.([\w-]+)\.safetensors(\.index\.json)?$|^\.safetensors\.index\.([\w-]+)\.json$/.exec(
      file.startsWith(stem) ? file.slice(stem.length) : "",
    );
    const variant = match?.[1] ?? match?.[3];
    // "model.fp8-00001-of-00002" is a part of a variant.
    if (variant === undefined || /-\d+-of-\d+$/.test(variant)) continue;
    if (!knownVariants.includes(variant)) found.add(variant);
  }
  return [...found].sort();
}

/** Opens a .safetensors file, or closes it again when it is none. */
function openOrClose(source: ByteSource): Safetensors {
  try {
    return openSafetensors(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Runs `make`; closes all files when it throws. */
function closingOnError<T>(files: Iterable<{ close(): void }>, make: () => T): T {
  try {
    return make();
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
}

async function openShards(
  folder: ModelFolder,
  index: { readonly name: string; readonly value: Record<string, unknown> },
  rename: WeightFiles["rename"],
  signal?: AbortSignal,
): Promise<Tensors> {
  const map = Object.entries(checked(index.name, index.value, shardIndex).weight_map);
  for (const [key, path] of map) {
    if (typeof path !== "string" || !path.endsWith(".safetensors"))
      throw fileInvalid(
        index.name,
        `it puts the tensor ${quoted(key)} into ${quoted(path)}, which is no .safetensors file.`,
      );
    checkPath(path, folder.name);
  }
  const paths = [...new Set(map.map(([, path]) => path as string))];
  if (paths.length > MOST_SHARDS)
    throw fileInvalid(index.name, `it names ${paths.length} files, and ${MOST_SHARDS} are the limit.`);
  const shards = new Map<string, Safetensors>();
  const close = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const path of paths) {
      const source = await folder.open(path, signal ? { signal } : {});
      if (!source)
        throw fileInvalid(`${folder.name}/${path}`, `the file is missing, and ${quoted(index.name)} needs it. Add it.`);
      shards.set(path, openOrClose(source));
    }
    const places = new Map<string, TensorPlace>();
    for (const [key, path] of map) {
      const file = shards.get(path as string) as Safetensors;
      const entry = file.tensors.get(key);
      if (!entry)
        throw fileInvalid(file.name, `it has no tensor ${quoted(key)}, which ${quoted(index.name)} puts there.`);
      const name = rename ? rename(key) : key;
      if (name !== null) places.set(name, { file, entry });
    }
    return placedTensors(folder.name, places, close);
  } catch (error) {
    close();
    throw error;
  }
}

async function noWeights(
  folder: ModelFolder,
  { stems, what }: WeightFiles,
  options: { readonly signal?: AbortSignal },
): Promise<Error> {
  for (const name of [...stems, "pytorch_model"].flatMap((stem) => others.map((ending) => stem + ending))) {
    const source = await folder.open(name, options);
    if (!source) continue;
    source.close();
    const reason = foreignReason(name.replace(/\.index\.json$/, ""), new Uint8Array());
    return fileInvalid(source.name, reason ?? "it is no .safetensors file.");
  }
  const expected = listed(stems.map((stem) => `${stem}.safetensors`));
  const problem = `the weights of the ${what} are missing. Add ${expected}.`;
  return incompatible(folder.name, problem, { expected, actual: "no such file" });
}
