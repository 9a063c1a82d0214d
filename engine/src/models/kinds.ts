import type { Safetensors } from "./safetensors.ts";

/** What a single model file is, by the tensors that it must have. */
export type FileKind =
  | "ldm-base"
  | "ldm-net"
  | "diffusers-net"
  | "unet"
  | "ldm-vae"
  | "diffusers-vae"
  | "text-encoder"
  | "lora"
  | "foreign"
  | "unknown";

/** A file's kind, with the prefix of its tensors ("control_model.") and, for a foreign one, what it is in words. */
export interface KindOfFile {
  readonly kind: FileKind;
  readonly prefix: string;
  readonly what: string;
}

/** Kinds that are known and not run here, by a tensor that tells them. */
const foreign: readonly (readonly [mark: RegExp, what: string])[] = [
  [/^lora_controlnet$/, "a Control-LoRA"],
  [/^task_embedding$/, "a union ControlNet for Stable Diffusion XL"],
  [/^(adapter\.|body\.0\.in_conv\.weight$)/, "a T2I-Adapter"],
  [/^down_blocks\.0\.motion_modules\./, "a video model (SparseCtrl or AnimateDiff)"],
  [
    /^(conditioner\.embedders\.|(model\.diffusion_model\.|control_model\.)?label_emb\.0\.0\.weight$)/,
    "a Stable Diffusion XL or unCLIP model",
  ],
  [/^add_embedding\.linear_1\.weight$/, "a Stable Diffusion XL model"],
  [/(^|\.)joint_blocks\.0\./, "a Stable Diffusion 3 model"],
  [/(^|\.)double_blocks\.0\./, "a FLUX model"],
  [/^(model\.diffusion_model\.)?joint_transformer_blocks\.0\./, "a transformer model of another family"],
];

const marks: readonly (readonly [kind: FileKind, prefix: string, mark: string, what: string])[] = [
  ["ldm-net", "control_model.", "control_model.zero_convs.0.0.weight", "a ControlNet in the original layout"],
  ["ldm-net", "", "zero_convs.0.0.weight", "a ControlNet in the original layout"],
  ["diffusers-net", "", "controlnet_cond_embedding.conv_in.weight", "a ControlNet"],
  [
    "ldm-base",
    "model.diffusion_model.",
    "model.diffusion_model.input_blocks.0.0.weight",
    "a checkpoint of Stable Diffusion",
  ],
  ["unet", "", "up_blocks.0.resnets.0.conv1.weight", "a UNet alone"],
  ["ldm-vae", "", "decoder.up.0.block.0.conv1.weight", "a VAE in the original layout"],
  [
    "ldm-vae",
    "first_stage_model.",
    "first_stage_model.decoder.up.0.block.0.conv1.weight",
    "a VAE in the original layout",
  ],
  ["diffusers-vae", "", "decoder.up_blocks.0.resnets.0.conv1.weight", "a VAE"],
  ["text-encoder", "", "text_model.embeddings.token_embedding.weight", "a text encoder"],
  ["text-encoder", "", "embeddings.token_embedding.weight", "a text encoder"],
];

const loraMark = /(\.|^)(lora_(up|down|A|B)\b|lora\.(up|down)\b|lora_linear_layer\b)|^lora_(unet|te)/;

/** Tells what a file is. The order is that of controlnets before bases: a file may hold both. */
export function kindOfFile({ tensors }: Safetensors): KindOfFile {
  for (const key of tensors.keys())
    for (const [mark, what] of foreign) if (mark.test(key)) return { kind: "foreign", prefix: "", what };
  for (const [kind, prefix, mark, what] of marks) if (tensors.has(mark)) return { kind, prefix, what };
  for (const key of tensors.keys()) if (loraMark.test(key)) return { kind: "lora", prefix: "", what: "a LoRA" };
  return { kind: "unknown", prefix: "", what: "a file of no known kind" };
}
