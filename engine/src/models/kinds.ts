import { vectorSides } from "./added-word.ts";
import { loraKin, otherModel } from "./other-families.ts";
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
  | "embedding"
  | "foreign"
  | "unknown";

/** A file's kind, with the prefix of its tensors ("control_model.") and what it is in words, for "it is". */
export interface KindOfFile {
  readonly kind: FileKind;
  readonly prefix: string;
  readonly what: string;
}

/** What a checkpoint must have to be one, whatever else lies in it. */
export const BASE_MARK = "model.diffusion_model.input_blocks.0.0.weight";

const net = "a ControlNet in the original layout";
const vae = "a VAE in the original layout";
const marks: readonly (readonly [kind: FileKind, prefix: string, mark: string, what: string])[] = [
  ["ldm-net", "control_model.", "control_model.zero_convs.0.0.weight", net],
  ["ldm-net", "", "zero_convs.0.0.weight", net],
  ["diffusers-net", "", "controlnet_cond_embedding.conv_in.weight", "a ControlNet"],
  ["ldm-base", "model.diffusion_model.", BASE_MARK, "a checkpoint of Stable Diffusion"],
  ["unet", "", "up_blocks.0.resnets.0.conv1.weight", "a UNet alone"],
  ["unet", "", "input_blocks.0.0.weight", "a UNet alone, in the original layout"],
  ["ldm-vae", "", "decoder.up.0.block.0.conv1.weight", vae],
  ["ldm-vae", "first_stage_model.", "first_stage_model.decoder.up.0.block.0.conv1.weight", vae],
  ["ldm-vae", "vae.", "vae.decoder.up.0.block.0.conv1.weight", vae],
  ["diffusers-vae", "", "decoder.up_blocks.0.resnets.0.conv1.weight", "a VAE"],
  ["text-encoder", "", "text_model.embeddings.token_embedding.weight", "a text encoder"],
  ["text-encoder", "", "embeddings.token_embedding.weight", "a text encoder"],
  ["text-encoder", "", "token_embedding.weight", "a text encoder of OpenCLIP"],
];

/** What only LoRAs have, in the spellings of kohya, peft, diffusers and LyCORIS. */
const loraMark =
  /(\.|_|^)(lora_(up|down|mid|A|B)\b|lora\.(up|down)\b|lora_(linear_)?layer\b)|\.(hada_w[12]|lokr_w[12]|oft_(blocks|diag)|dora_scale)|^(lora_(unet|te)|lycoris)_/;

/** Rows of the longest embedding that is published are some 75: more is no word. */
const MOST_VECTORS = 512;
/** Words in one file at most: more is another kind of table. */
const MOST_WORDS = 64;
/** Below this width, a list of numbers is no vector of a text encoder. Those of published models have 768 and more. */
const LEAST_WIDTH = 8;

/**
 * Whether a file is an embedding of textual inversion: vectors under their usual name, or nothing but vectors of one width,
 * whatever their words are; with a text encoder's name (SDXL's files) each width is its own.
 */
function isEmbedding({ tensors }: Safetensors): boolean {
  if (tensors.has("emb_params")) return true;
  const entries = [...tensors.values()];
  if (entries.length === 0 || entries.length > MOST_WORDS) return false;
  const widths = new Set<number>();
  for (const { name, dtype, shape } of entries) {
    const [rows, width] = vectorSides(shape) ?? [0, 0];
    const isVectors = /^(F|BF)/.test(dtype) && width >= LEAST_WIDTH;
    if (!isVectors || rows < 1 || rows > MOST_VECTORS || name.includes(".")) return false;
    if (!/^(clip_[a-z]|text_encoders_\d)$/.test(name)) widths.add(width);
  }
  return widths.size <= 1;
}

/** Tells what a file is. The order is that of ControlNets before bases: a file may hold both. */
export function kindOfFile(file: Safetensors): KindOfFile {
  const { tensors } = file;
  const own = marks.find(([, , mark]) => tensors.has(mark));
  if (!own) {
    for (const key of tensors.keys()) {
      if (!loraMark.test(key)) continue;
      if (tensors.has("lora_controlnet")) break;
      const { other } = loraKin(tensors);
      return { kind: "lora", prefix: "", what: other === null ? "a LoRA" : `a LoRA for ${other}` };
    }
    if (isEmbedding(file)) return { kind: "embedding", prefix: "", what: "an embedding of textual inversion" };
  }
  const other = otherModel(tensors);
  if (other !== null && !(own?.[0] === "text-encoder" && other === "a CLIP vision encoder"))
    return { kind: "foreign", prefix: "", what: other };
  if (!own) return { kind: "unknown", prefix: "", what: "a file of no known kind" };
  const [kind, prefix, , what] = own;
  return { kind, prefix, what };
}
