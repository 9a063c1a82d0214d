import { UnderdrawError } from "../core/errors.ts";
import { textConfig, unetConfig, vaeConfig } from "./configs.ts";
import { within } from "./folder.ts";
import { familyOf } from "./infer.ts";
import { type Draft, inspectFile } from "./inspect-file.ts";
import { countTensors } from "./inspected-parts.ts";
import type { ModelKind } from "./inspection.ts";
import { openObject } from "./json.ts";
import { textKey, vaeKey } from "./names.ts";
import type { ModelFolder } from "./source.ts";
import { openWeightFiles } from "./weight-files.ts";

/** A folder that is one network alone, by the class in its config. */
const lone: Readonly<Record<string, readonly [kind: ModelKind, what: string]>> = {
  ControlNetModel: ["net", "a ControlNet"],
  UNet2DConditionModel: ["unet", "a UNet alone"],
  AutoencoderKL: ["vae", "a VAE"],
  AutoencoderTiny: ["tiny-vae", "a tiny VAE (TAESD), which draws previews"],
  CLIPTextModel: ["text-encoder", "a text encoder"],
};

/** Folders that hold one file without a config, as diffusers and peft write them. */
const loneFiles = ["pytorch_lora_weights.safetensors", "adapter_model.safetensors", "learned_embeds.safetensors"];

const layout = "in diffusers' layout";

/** Tells what a folder is by its configs and tables. `problem` hears what is wrong with a network that is told anyhow. */
export async function inspectFolder(
  folder: ModelFolder,
  draft: Draft,
  { signal }: { readonly signal?: AbortSignal },
  problem: (error: unknown) => void,
): Promise<void> {
  if (await openObject(folder, "model_index.json", signal)) {
    [draft.kind, draft.what] = ["base", `a model ${layout}`];
    return;
  }
  for (const name of loneFiles) {
    const bytes = await folder.open(name, signal ? { signal } : {});
    if (!bytes) continue;
    try {
      return inspectFile(bytes, draft);
    } finally {
      bytes.close();
    }
  }
  const config = await openObject(folder, "config.json", signal);
  if (!config) {
    draft.what = "a folder of no known kind";
    draft.problems = ["It holds neither model_index.json (a base model) nor config.json (one network)."];
    return;
  }
  const { value, name } = config;
  const architecture = Array.isArray(value["architectures"]) ? value["architectures"][0] : undefined;
  const named = String(value["_class_name"] ?? architecture ?? value["model_type"] ?? "a network without a name");
  const className = /^clip(_text_model)?$|^CLIPText/.test(named) ? "CLIPTextModel" : named;
  const [kind, what] = (Object.hasOwn(lone, className) && lone[className]) || [
    "unknown" as const,
    className.slice(0, 80),
  ];
  [draft.kind, draft.what] = [kind, kind === "unknown" ? what : `${what} ${layout}`];
  if (kind === "unknown") draft.problems = [`It is ${what}, which this engine does not run.`];
  if (kind === "unet") draft.problems = ["It is a UNet without a VAE and a text encoder: give the whole model."];
  const read = { unet: unetConfig, vae: vaeConfig, "text-encoder": textConfig }[kind as "unet"];
  if (!read && kind !== "tiny-vae") return;
  try {
    const resolved = read?.(value, name);
    if (resolved && "contextWidth" in resolved) draft.family = familyOf(resolved.contextWidth);
  } catch (error) {
    problem(error);
  }
  const rename = { vae: vaeKey, "text-encoder": textKey }[kind as string];
  const stems = ["diffusion_pytorch_model", "model"];
  const tensors = await openWeightFiles(folder, { stems, what: kind, ...(rename && { rename }) }, signal);
  draft.parts = [countTensors(kind, tensors)];
  tensors.close();
}

/** Counts the networks that a folder has although it is no whole model. */
export async function countWhatIsThere(
  folder: ModelFolder,
  draft: Draft,
  { signal }: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const part of ["unet", "vae", "text_encoder"]) {
    const stems = part === "text_encoder" ? ["model"] : ["diffusion_pytorch_model"];
    try {
      const tensors = await openWeightFiles(within(folder, part), { stems, what: part }, signal);
      draft.parts = [...draft.parts, countTensors(part, tensors)];
      tensors.close();
    } catch (error) {
      if (!UnderdrawError.is(error)) throw error; // What is wrong with a model is told already.
    }
  }
}
