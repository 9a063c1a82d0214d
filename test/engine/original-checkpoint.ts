import { fileURLToPath } from "node:url";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import type { ModelFile } from "../../engine/src/models/source.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { openClipKey, originalUnetKey, originalVaeKey } from "./original-names.ts";
import { numbers, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

// The pack as one checkpoint, in the layouts in which people publish checkpoints.

/** The pack, a folder as diffusers lays it out. */
export const pack = nodeFolder(fileURLToPath(new URL("../../models/pack", import.meta.url)));

/** What its shapes do not tell of the pack. */
export const packFacts = {
  unet: { attention_head_dim: 4 },
  vae: { norm_num_groups: 8, scaling_factor: 1 },
  text_encoder: { num_attention_heads: 3 },
};

/** A tensor's bytes as they are stored: halves. */
export function stored(tensors: Tensors, key: string): Uint8Array {
  const bytes = new Uint8Array(countOf(tensors.shape(key)) * 2);
  tensors.read(key, bytes);
  return bytes;
}

/** The first tensor whose bytes differ between two networks; null when all are the same. */
export function firstDifference(one: Tensors, other: Tensors, keys: Iterable<string> = other.keys()): string | null {
  for (const key of keys) if (Buffer.compare(stored(one, key), stored(other, key)) !== 0) return key;
  return null;
}

/** Tensors as one file in memory. */
export function fileOf(
  tensors: Readonly<Record<string, Written>>,
  name = "model.safetensors",
  options: Parameters<typeof safetensorsFile>[1] = {},
): ModelFile {
  const bytes = safetensorsFile(tensors, options);
  return { kind: "file", name, open: async () => sourceOf(name, bytes) };
}

/** A network's tensors to write, under other names. */
export const writtenBy = (tensors: Tensors, rename: (key: string) => string = (key) => key): Record<string, Written> =>
  Object.fromEntries(
    Array.from(tensors.keys(), (key) => [
      rename(key),
      { dtype: tensors.dtype(key), shape: tensors.shape(key), data: stored(tensors, key) },
    ]),
  );

/** A ControlNet's tensors under the original names. `hints` is the number of the hint block's inner convolutions. */
export const originalNet = (tensors: Tensors, prefix: string, hints = 8): Record<string, Written> =>
  writtenBy(tensors, (key) => prefix + originalUnetKey(key, 1, hints, () => false));

/** The names that a text encoder has in a checkpoint. */
export type TextNames = "transformers" | "older" | "openclip";

/** The pack's tensors under the original names. */
export function originalTensors(model: BaseModel, text: TextNames = "transformers"): Record<string, Written> {
  const written: Record<string, Written> = {
    ...writtenBy(
      model.unet.tensors,
      (key) => `model.diffusion_model.${originalUnetKey(key, 1, 0, (block) => block < 2)}`,
    ),
    ...writtenBy(model.vae.tensors, (key) => `first_stage_model.${originalVaeKey(key, 5)}`),
    "first_stage_model.loss.logvar": numbers(0),
    alphas_cumprod: numbers(1),
  };
  const inner = (key: string) => (text === "older" ? key.replace(/^text_model\./, "") : key);
  if (text !== "openclip")
    return {
      ...written,
      ...writtenBy(model.text.tensors, (key) => `cond_stage_model.transformer.${inner(key)}`),
      [`cond_stage_model.transformer.${inner("text_model.embeddings.position_ids")}`]: { dtype: "I64", shape: [1, 32] },
    };
  return { ...written, ...openClip(model.text.tensors) };
}

/** OpenCLIP's names, with queries, keys and values in one tensor. */
function openClip(tensors: Tensors): Record<string, Written> {
  const written: Record<string, Written> = {
    "cond_stage_model.model.text_projection": { dtype: "F16", shape: [192, 192] },
    "cond_stage_model.model.logit_scale": { dtype: "F16", shape: [] },
  };
  for (const key of tensors.keys()) {
    const name = openClipKey(key);
    const [dtype, shape] = [tensors.dtype(key), tensors.shape(key)];
    if (name) written[`cond_stage_model.model.${name}`] = { dtype, shape, data: stored(tensors, key) };
  }
  for (const kind of ["weight", "bias"])
    for (let n = 0; tensors.has(`text_model.encoder.layers.${n}.self_attn.q_proj.${kind}`); n++) {
      const thirds = ["q", "k", "v"].map((letter) => `text_model.encoder.layers.${n}.self_attn.${letter}_proj.${kind}`);
      const [rows = 0, ...rest] = tensors.shape(thirds[0] ?? "");
      const data = Buffer.concat(thirds.map((key) => stored(tensors, key)));
      written[`cond_stage_model.model.transformer.resblocks.${n}.attn.in_proj_${kind}`] = {
        dtype: "F16",
        shape: [rows * 3, ...rest],
        data,
      };
    }
  return written;
}

/** The pack, open, and as one checkpoint. The pack must be closed. */
export async function checkpoint({
  text = "transformers",
  more = {},
  rename = (key) => key,
  options = {},
}: {
  readonly text?: TextNames;
  readonly more?: Readonly<Record<string, Written>>;
  /** Null leaves a tensor out. */
  readonly rename?: (key: string) => string | null;
  readonly options?: Parameters<typeof safetensorsFile>[1];
} = {}): Promise<{ readonly model: BaseModel; readonly file: ModelFile }> {
  const model = await openBase(pack);
  const tensors: Record<string, Written> = {};
  for (const [key, tensor] of Object.entries({ ...originalTensors(model, text), ...more })) {
    const name = rename(key);
    if (name !== null) tensors[name] = tensor;
  }
  return { model, file: fileOf(tensors, "pack.safetensors", options) };
}
