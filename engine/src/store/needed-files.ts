import { listed } from "../models/refusal.ts";
import { indexNames, knownVariants, otherVariants } from "../models/weight-files.ts";

// Which files of a diffusers model are needed. Publishers put the same weights there several times: whole and in half
// precision, for other frameworks, as one file beside.

/** The parts of a model that an engine reads. Others, such as a safety checker, draw nothing. */
const parts = /^(?:scheduler|(?:text_encoder|tokenizer)(?:_[23])?|unet|vae)$/;
/** The parts that have weights. */
const weighty = /^(?:text_encoder(?:_[23])?|unet|vae)$/;
/** What is read besides weights. */
const settings =
  /^(?:config|scheduler_config|tokenizer_config|special_tokens_map|added_tokens|vocab|tokenizer)\.json$|^merges\.txt$/;

/** The names of a network's weights without ending, the best first. */
const stems = ["diffusion_pytorch_model", "model", "pytorch_model"];
/** Half precision is half the download; what it loses is below what a picture shows. The others go in the order of folders. */
const preferred = "fp16";
const variants = [preferred, ...knownVariants.filter((variant) => variant !== preferred)];

/** The weights of one network among the names of its folder: one file, or shards with their index; null for none. */
function weightsAmong(names: readonly string[]): readonly string[] | null {
  const has = new Set(names);
  const others = stems.flatMap((stem) => otherVariants(names, stem));
  for (const variant of new Set([...variants, ...others])) {
    const dotted = variant && `.${variant}`;
    for (const stem of stems) {
      const single = `${stem}${dotted}.safetensors`;
      if (has.has(single)) return [single];
      const index = indexNames(stem, variant).find((name) => has.has(name));
      if (index === undefined) continue;
      // model-00001-of-00002.safetensors; of a variant model.fp16-00001-of-00002 or model-00001-of-00002.fp16.
      const shard = new RegExp(
        variant
          ? `^${stem}(?:\\.${variant}-\\d+-of-\\d+|-\\d+-of-\\d+\\.${variant})\\.safetensors$`
          : `^${stem}-\\d+-of-\\d+\\.safetensors$`,
      );
      const shards = names.filter((name) => shard.test(name));
      if (shards.length > 0) return [index, ...shards];
    }
  }
  return null;
}

/** Chooses the files of a model or of a single network by their paths; `reason` says why there is none to choose. */
export function neededFiles(paths: readonly string[]): {
  readonly paths: readonly string[];
  readonly reason: string | null;
} {
  const inFolder = (folder: string): string[] => {
    const prefix = folder === "" ? "" : `${folder}/`;
    return paths
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
      .map((path) => path.slice(prefix.length));
  };
  const none = (reason: string) => ({ paths: [], reason });
  const top = inFolder("");
  const chosen: string[] = [];
  if (top.includes("model_index.json")) {
    chosen.push("model_index.json");
    const folders = new Set(paths.filter((path) => path.includes("/")).map((path) => path.slice(0, path.indexOf("/"))));
    for (const folder of [...folders].filter((name) => parts.test(name)).sort()) {
      const names = inFolder(folder);
      chosen.push(...names.filter((name) => settings.test(name)).map((name) => `${folder}/${name}`));
      if (!weighty.test(folder)) continue;
      const weights = weightsAmong(names);
      if (weights === null)
        return none(
          `its ${folder} has no .safetensors weights, and other kinds are not read. Choose another repository or revision.`,
        );
      chosen.push(...weights.map((name) => `${folder}/${name}`));
    }
    return chosen.length > 1 ? { paths: chosen, reason: null } : none("it names a model and has no files of one.");
  }
  const weights = weightsAmong(top);
  if (top.includes("config.json") && weights !== null)
    return { paths: [...top.filter((name) => settings.test(name)), ...weights], reason: null };
  const single = paths.filter((path) => path.endsWith(".safetensors"));
  if (single.length > 0)
    return none(`it is no folder of diffusers. Name one of its files behind it: ${listed(single)}.`);
  return none("it has no .safetensors weights, and other kinds are not read. Choose another repository or revision.");
}
