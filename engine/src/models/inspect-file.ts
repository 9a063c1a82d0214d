import { familyOf } from "./infer.ts";
import { inspectEmbedding, inspectLora } from "./inspect-lora.ts";
import { partsOfFile } from "./inspected-parts.ts";
import type { Inspection, ModelKind } from "./inspection.ts";
import { BASE_MARK, type FileKind, kindOfFile } from "./kinds.ts";
import { loraKin } from "./other-families.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import type { ByteSource } from "./source.ts";
import { isTinyVae } from "./tiny-vae.ts";

/** What is filled in step by step. */
export type Draft = { -readonly [Key in keyof Inspection]: Inspection[Key] };

const kinds: Readonly<Record<FileKind, ModelKind>> = {
  "ldm-base": "base",
  "ldm-net": "net",
  "diffusers-net": "net",
  unet: "unet",
  "ldm-vae": "vae",
  "diffusers-vae": "vae",
  "text-encoder": "text-encoder",
  lora: "lora",
  embedding: "embedding",
  foreign: "unknown",
  unknown: "unknown",
};

/** What the tensors of a file without a known prefix are part of. */
const wholes: Readonly<Record<ModelKind, string>> = {
  base: "other",
  net: "controlnet",
  unet: "unet",
  vae: "vae",
  "tiny-vae": "vae",
  "text-encoder": "text_encoder",
  lora: "lora",
  embedding: "embedding",
  unknown: "other",
};

/** Tells what one file is by its table alone. Throws what reading a .safetensors file or a LoRA's keys throws. */
export function inspectFile(bytes: ByteSource, draft: Draft): void {
  draft.bytes = bytes.size;
  const file = openSafetensors(bytes);
  const { kind, what } = kindOfFile(file);
  const tiny = kind === "unknown" && isTinyVae(file);
  draft.kind = tiny ? "tiny-vae" : kinds[kind];
  draft.what = tiny ? "a tiny VAE (TAESD), which draws previews" : what;
  // A full dump of a net holds a base's tensors, and what has no prefix there is the base's.
  const dump = draft.kind === "net" && file.tensors.has(BASE_MARK);
  draft.parts = partsOfFile(file, dump ? "other" : wholes[draft.kind]);
  if (dump) draft.warnings = ["It holds a whole base model besides: it can be given as a base, too."];
  if (draft.kind === "unknown") draft.problems = [`It is ${what}, which this engine does not run.`];
  if (kind === "unet") draft.problems = ["It is a UNet without a VAE and a text encoder: give the whole model."];
  if (kind === "text-encoder") draft.problems = ["It is a text encoder alone: give the whole model."];
  if (kind === "embedding") fillEmbedding(file, draft);
  if (kind === "lora") fillLora(file, draft);
}

function fillEmbedding(file: Safetensors, draft: Draft): void {
  if (["clip_g", "text_encoders_1"].some((key) => file.tensors.has(key))) {
    draft.what = "an embedding for Stable Diffusion XL";
    draft.problems = [
      "It holds vectors for two text encoders, as Stable Diffusion XL has, which this engine does not run.",
    ];
  }
  draft.embedding = inspectEmbedding(file);
  draft.family = draft.problems.length > 0 ? "other" : familyOf(draft.embedding.width);
}

function fillLora(file: Safetensors, draft: Draft): void {
  const { family, other } = loraKin(file.tensors);
  draft.family = other === null ? family : "other";
  if (other !== null) draft.problems = [`It is a LoRA for ${other}, which this engine does not run.`];
  draft.lora = inspectLora(file);
}
