import { fixedNames, resnetNames } from "./ldm.ts";
import type { Tensors } from "./tensors.ts";

// The names under which LoRAs know the layers of a base. Names with underscores cannot be taken apart again without
// guessing, so they are never parsed: each layer that the base has is spelled in every way that files use, and looked up.

/** A layer of a base that a LoRA can change. */
export interface BaseLayer {
  readonly network: "unet" | "text";
  /** Its name as diffusers has it: its weight is `${name}.weight`. */
  readonly name: string;
}

/** What stands before a layer's name, and whether its dots became underscores. */
const prefixes = {
  unet: {
    dotted: [
      "",
      "unet.",
      "base_model.model.",
      "base_model.model.unet.",
      "unet.base_model.model.",
      "diffusion_model.",
      "model.diffusion_model.",
    ],
    joined: ["lora_unet_", "lycoris_", "lycoris_unet_"],
  },
  text: {
    dotted: [
      "",
      "text_encoder.",
      "base_model.model.",
      "base_model.model.text_encoder.",
      "text_encoder.base_model.model.",
      "text_encoders.clip_l.transformer.",
      "clip_l.transformer.",
      "cond_stage_model.transformer.",
    ],
    joined: ["lora_te_", "lora_te1_", "lycoris_text_encoder_"],
  },
} as const;

/** All names of all layers. */
export function layerNames(unet: Tensors, text: Tensors): ReadonlyMap<string, BaseLayer> {
  const names = new Map<string, BaseLayer>();
  const add = (network: BaseLayer["network"], name: string, spellings: readonly string[]) => {
    const { dotted, joined } = prefixes[network];
    const layer = { network, name };
    for (const spelling of spellings) {
      for (const prefix of dotted) names.set(prefix + spelling, layer);
      for (const prefix of joined) names.set(prefix + spelling.replaceAll(".", "_"), layer);
    }
  };
  const layers = layersOf(unet);
  const original = originalNames(new Set(layers));
  for (const name of layers)
    add(
      "unet",
      name,
      [name, original(name)].flatMap((path) => [path, ...processorNames(path)]),
    );
  for (const name of layersOf(text)) {
    const short = name.replace(/^text_model\./, "");
    add(
      "text",
      name,
      [name, short].flatMap((path) => [path, ...oldTextNames(path)]),
    );
  }
  return names;
}

const layersOf = (tensors: Tensors): string[] =>
  Array.from(tensors.keys()).flatMap((key) => (key.endsWith(".weight") ? [key.slice(0, -".weight".length)] : []));

/** Early diffusers put LoRAs into the processors of attention, where the last projection has no number. */
function processorNames(path: string): string[] {
  const found = /^(.+)\.(to_[qkv]|to_out)(\.0)?$/.exec(path);
  if (!found) return [];
  const [, attention, projection] = found;
  return [`${attention}.processor.${projection}`, `${attention}.${projection}`];
}

/** For a short time it gave the projections of text encoders the names of the UNet's. */
function oldTextNames(path: string): string[] {
  const found = /^(.+\.self_attn)\.([qkv]|out)_proj$/.exec(path);
  if (!found) return [];
  const projection = `to_${found[2]}`;
  return [`${found[1]}.${projection}`, `${found[1]}.processor.${projection}`];
}

/** What a UNet's layers are called in the original code, whose blocks are counted through all levels. */
function originalNames(layers: ReadonlySet<string>): (layer: string) => string {
  /** From the beginning of a name in diffusers to the original one. */
  const table = new Map(Object.entries(fixedNames).map(([original, name]) => [name, original]));
  const addResnet = (name: string, original: string) => {
    for (const [inner, own] of Object.entries(resnetNames)) table.set(`${name}.${own}`, `${original}.${inner}`);
  };
  const isThere = (name: string) => layers.has(name);
  const eachResnet = (block: string, each: (name: string, attention: string | null, layer: number) => void) => {
    for (let layer = 0; isThere(`${block}.resnets.${layer}.conv1`); layer++) {
      const attention = `${block}.attentions.${layer}`;
      each(`${block}.resnets.${layer}`, isThere(`${attention}.proj_in`) ? attention : null, layer);
    }
  };
  // Block 0 is the first convolution.
  for (let [level, n] = [0, 1]; isThere(`down_blocks.${level}.resnets.0.conv1`); level++) {
    eachResnet(`down_blocks.${level}`, (name, attention) => {
      addResnet(name, `input_blocks.${n}.0`);
      if (attention) table.set(attention, `input_blocks.${n}.1`);
      n++;
    });
    const sampler = `down_blocks.${level}.downsamplers.0.conv`;
    if (isThere(sampler)) table.set(sampler, `input_blocks.${n++}.0.op`);
  }
  addResnet("mid_block.resnets.0", "middle_block.0");
  table.set("mid_block.attentions.0", "middle_block.1");
  addResnet("mid_block.resnets.1", "middle_block.2");
  for (let [level, n] = [0, 0]; isThere(`up_blocks.${level}.resnets.0.conv1`); level++) {
    eachResnet(`up_blocks.${level}`, (name, attention) => {
      addResnet(name, `output_blocks.${n}.0`);
      if (attention) table.set(attention, `output_blocks.${n}.1`);
      // It stands in the level's last block, behind its attention where it has one.
      table.set(`up_blocks.${level}.upsamplers.0.conv`, `output_blocks.${n}.${attention ? 2 : 1}.conv`);
      n++;
    });
  }
  return (layer) => {
    for (let end = layer.length; end > 0; end = layer.lastIndexOf(".", end - 1)) {
      const found = table.get(layer.slice(0, end));
      if (found !== undefined) return found + layer.slice(end);
    }
    return layer;
  };
}
