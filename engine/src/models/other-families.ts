import { type Family, familyOf } from "./infer.ts";
import type { TensorEntry } from "./safetensors.ts";

// What this engine does not run, told by tensors that it must have. The names follow the models' public code: diffusers'
// `loaders/single_file_utils.py`, ComfyUI's `model_detection.py` and the authors' own repositories. Names alone are
// looked at, all at once: a line each.

/** The tensors of a file by their names. */
export type TensorTable = ReadonlyMap<string, Pick<TensorEntry, "name" | "shape">>;

/** Files that are no network to draw with, each a phrase that follows "it is". */
const things: readonly (readonly [what: string, mark: RegExp])[] = [
  ["a Control-LoRA", /^lora_controlnet$/m],
  ["a union ControlNet for Stable Diffusion XL", /^task_embedding$/m],
  ["a ControlNet-XS", /(^|\.)(base_to_ctrl|ctrl_to_base|enc_zero_convs_out)\./m],
  ["a ControlNet-LLLite for Stable Diffusion XL", /^lllite_(unet|dit)_/m],
  ["a T2I-Adapter", /^(adapter\.|body\.\d+\.(in_conv|block1)\.weight$)/m],
  ["an IP-Adapter", /^(ip_adapter|image_proj)\./m],
  ["a video model (SparseCtrl or AnimateDiff)", /(^|\.)motion_modules\./m],
  ["a GLIGEN model", /(^|\.)position_net\./m],
  ["a safety checker", /^concept_embeds$/m],
  ["an upscaler of pictures (ESRGAN or its kin)", /(^|\.)(RRDB_trunk\.0|sub\.0\.RDB1|body\.0\.rdb1|conv_first)\./m],
  ["an upscaler of pictures (a compact ESRGAN)", /^body\.1\.weight$/m],
  ["a quantised model (of bitsandbytes, GPTQ or AWQ)", /\.(absmax|quant_map|SCB|qweight)$|\.quant_state\./m],
  ["a model in scaled FP8, whose scales lie in tensors of their own", /(^|\.)scaled_fp8$|\.scale_weight$/m],
];

/** Families of other builds, by name. The first that fits counts: some share names with those below them. */
const families: readonly (readonly [family: string, mark: RegExp, columns?: readonly number[]])[] = [
  ["Stable Video Diffusion", /\.(time_stack|temporal_transformer_blocks|time_mixer)\./m],
  ["text to video by ModelScope", /(^|\.)(temopral_conv|temp_convs|temp_attentions)\./m],
  ["Stable Diffusion XL's refiner", /^conditioner\.embedders\.0\.model\./m],
  ["Stable Diffusion XL", /^conditioner\.embedders\./m],
  ["Stable Diffusion XL", /^(model\.diffusion_model\.|control_model\.)?label_emb\.0\.0\.weight$/m, [2816]],
  ["Stable Diffusion XL's refiner", /^(model\.diffusion_model\.)?label_emb\.0\.0\.weight$/m, [2560]],
  ["Stable unCLIP", /^(model\.diffusion_model\.)?label_emb\.0\.0\.weight$|^embedder\.model\.visual\./m],
  ["Stable unCLIP", /^class_embedding\.linear_1\.weight$/m],
  ["Stable Diffusion's x4 upscaler", /^(model\.diffusion_model\.label_emb|class_embedding)\.weight$/m],
  ["Kandinsky", /^add_embedding\.image_proj\./m],
  ["Kolors or DeepFloyd IF", /^encoder_hid_proj\.weight$/m],
  ["Stable Diffusion XL", /^add_embedding\.linear_1\.weight$/m],
  ["HunyuanVideo", /(^|\.)(individual_token_refiner|context_embedder\.token_refiner)\./m],
  ["FLUX.2", /(^|\.)single_stream_modulation\./m],
  ["Chroma", /(^|\.)distilled_guidance_layer\./m],
  ["AuraFlow", /(^|\.)(double_layers|joint_transformer_blocks)\.0\./m],
  ["HiDream", /(^|\.)double_stream_blocks\.0\./m],
  ["FLUX", /(^|\.)(double_blocks|single_transformer_blocks)\.0\./m],
  ["Stable Diffusion 3", /(^|\.)joint_blocks\.0\./m],
  ["Wan", /(^|\.)(vace_blocks\.|condition_embedder\.text_embedder\.)|(^|\.)head\.modulation$/m],
  ["Wan", /^(first_stage_model\.|vae\.)?decoder\.middle\.0\.residual\.0\.gamma$/m],
  ["Mochi", /(^|\.)blocks\.0\.attn\.qkv_x\./m],
  ["LTX-Video", /(^|\.)(patchify_proj|per_channel_statistics)\./m],
  ["CogVideoX", /(^|\.)(patch_embed\.text_proj|mixins)\./m],
  ["Cosmos", /^net\.x_embedder\.proj\.1\./m],
  ["Sana", /(^|\.)(transformer_)?blocks\.0\.(mlp|ff)\.(inverted_conv|conv_inverted)\./m],
  ["PixArt", /(^|\.)(adaln_single\.|y_embedder\.y_embedding$)/m],
  ["Hunyuan-DiT", /(^|\.)text_embedding_padding$/m],
  ["Lumina or Z-Image", /(^|\.)cap_embedder\./m],
  ["Qwen-Image", /(^|\.)transformer_blocks\.0\.(img|txt)_mlp\./m],
  ["Stable Diffusion 3", /^((model\.)?diffusion_model\.|transformer\.)?transformer_blocks\.0\.attn\.add_k_proj\./m],
  ["Stable Cascade", /(^|\.)(clip_txt_mapper|clip_mapper|effnet_mapper|down_blocks\.\d+\.\d+\.channelwise)\./m],
];

/** Encoders that other models need; whole checkpoints hold them too, so they are asked for last. */
const encoders: readonly (readonly [what: string, mark: RegExp])[] = [
  ["a T5 text encoder", /(^|\.)encoder\.block\.0\.layer\.0\.SelfAttention\./m],
  ["a language model", /^((language_)?model\.)*layers\.0\.self_attn\.q_proj\./m],
  ["a CLIP vision encoder", /^((vision_)?model\.)?(vision_model\.|visual\.)/m],
];

const netMark =
  /(^|\.)(controlnet_(blocks|x_embedder|cond_embedding|down_blocks)|zero_convs|input_hint_block|control_layers)\./m;

/** All names, a line each. */
const linesOf = (tensors: TensorTable): string => [...tensors.keys()].join("\n");

/** What a file is that this engine does not run, as a phrase that follows "it is"; null when nothing tells. */
export function otherModel(tensors: TensorTable): string | null {
  const names = linesOf(tensors);
  for (const [what, mark] of things) if (mark.test(names)) return what;
  for (const [family, mark, columns] of families) {
    const [found] = mark.exec(names) ?? [];
    if (found === undefined || (columns && !columns.includes(tensors.get(found)?.shape[1] ?? 0))) continue;
    return netMark.test(names) ? `a ControlNet for ${family}` : `a model of ${family}`;
  }
  // Weights with a side for time.
  for (const { shape } of tensors.values()) if (shape.length === 5) return "a video model";
  for (const [what, mark] of encoders) if (mark.test(names)) return what;
  return null;
}

/** LoRAs of other builds. Names of kohya have underscores where others have dots. */
const loraFamilies: readonly (readonly [family: string, mark: RegExp])[] = [
  ["AnimateDiff", /motion_modules/m],
  ["Stable Diffusion XL", /^(lora_te2_|text_encoder_2\.|text_encoders\.clip_g\.|clip_g\.)/m],
  ["Stable Diffusion 3", /(^|[._])joint_blocks[._]\d/m],
  ["Qwen-Image", /(^|[._])transformer_blocks[._]\d+[._](img|txt)_(mlp|mod)/m],
  ["FLUX, HunyuanVideo or another transformer of their build", /(^|[._])(double|single)_(transformer_)?blocks[._]\d/m],
  ["Wan", /(^|[._])blocks[._]\d+[._](cross|self)_attn[._]/m],
  ["Lumina or Z-Image", /(^|[._])layers[._]\d+[._](attention[._]|feed_forward|adaLN)/m],
  ["Stable Diffusion 3", /^(transformer\.|lora_transformer_)transformer_blocks[._]\d+[._]attn[._]add_k_proj/m],
  [
    "PixArt, LTX-Video, CogVideoX or another transformer",
    /^(lora_)?(transformer|diffusion_model)[._]transformer_blocks/m,
  ],
  ["Stable Cascade", /^(lora_prior_|prior_unet\.)/m],
  ["a transformer model such as Stable Diffusion 3", /^(lora_)?transformer[._]/m],
];

/** Widths of text states that other families read. */
const otherWidths: Readonly<Record<number, string>> = {
  1280: "Stable Diffusion XL's refiner",
  2048: "Stable Diffusion XL",
  4096: "Kolors",
};

const crossAttention = /attn2[._](processor[._])?to_[kv][._]/;
const textAttention = /^(lora_te1?_|text_encoder\.|base_model\.model\.text_model|text_model\.).*self_attn/;
const downwards = /(lora_down|lora_A(\.[^.]+)?|lora\.down|lora_(linear_)?layer\.down)\.weight$|\.hada_w[12]_b$/;

/** Whose LoRA a file is. */
export interface LoraKin {
  /** Of the families that are run; null where nothing tells, or it is of another. */
  readonly family: Family | null;
  /** The family that is not run, by its name; null for the others. */
  readonly other: string | null;
  /** Of the text states that it reads; null where no layer tells. */
  readonly width: number | null;
}

/** Tells the family of a LoRA: of another build by its names, else by the width of the text states that it reads. */
export function loraKin(tensors: TensorTable): LoraKin {
  const names = linesOf(tensors);
  const width = widthOf(tensors, crossAttention) ?? widthOf(tensors, textAttention);
  const named = loraFamilies.find(([, mark]) => mark.test(names))?.[0];
  const other = named ?? (width === null ? undefined : otherWidths[width]) ?? null;
  return { family: other !== null || width === null ? null : familyOf(width), other, width };
}

function widthOf(tensors: TensorTable, layer: RegExp): number | null {
  for (const { name, shape } of tensors.values())
    if (layer.test(name) && downwards.test(name) && shape.length >= 2) return shape[1] ?? null;
  return null;
}
