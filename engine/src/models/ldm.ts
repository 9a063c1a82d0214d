import { textKey } from "./names.ts";
import { incompatible } from "./refusal.ts";
import { dtypeBytes, type Safetensors, type TensorEntry } from "./safetensors.ts";
import { placedTensors, type TensorPlace, type Tensors } from "./tensors.ts";

// The names of the original checkpoints of Stable Diffusion and ControlNet ("LDM", after the code that wrote them),
// turned into those of diffusers. Which block is which is read from the names that are there, so that networks of
// other depths come out right. The tables follow diffusers' `loaders/single_file_utils.py`.

type Rename = (key: string) => string;

/** The layers of a ResBlock: the original names, and those of diffusers. */
export const resnetNames: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  skip_connection: "conv_shortcut",
};

/** The layers of a UNet or ControlNet outside of its blocks: the original names, and those of diffusers. */
export const fixedNames: Readonly<Record<string, string>> = {
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "input_blocks.0.0": "conv_in",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
  "middle_block_out.0": "controlnet_mid_block",
};

/** Renames by the longest known beginning of whole segments; what follows it is kept. */
function byPrefix(table: ReadonlyMap<string, string>): Rename {
  return (key) => {
    for (let end = key.length; end > 0; end = key.lastIndexOf(".", end - 1)) {
      const found = table.get(key.slice(0, end));
      if (found !== undefined) return found + key.slice(end);
    }
    return key;
  };
}

const numbersAfter = (keys: ReadonlySet<string>, prefix: string): number[] => {
  const found = new Set<number>();
  for (const key of keys) {
    const number = key.startsWith(prefix) ? /^\d+/.exec(key.slice(prefix.length)) : null;
    if (number) found.add(Number(number[0]));
  }
  return [...found].sort((a, b) => a - b);
};

/** The renames of a UNet or ControlNet, from its names without a prefix. */
export function unetRename(keys: ReadonlySet<string>): Rename {
  const table = new Map(Object.entries(fixedNames));
  const addResnet = (from: string, to: string) => {
    for (const [old, name] of Object.entries(resnetNames)) table.set(`${from}.${old}`, `${to}.${name}`);
  };
  let [block, layer] = [0, 0];
  for (const n of numbersAfter(keys, "input_blocks.")) {
    const from = `input_blocks.${n}`;
    if (keys.has(`${from}.0.op.weight`)) {
      table.set(`${from}.0.op`, `down_blocks.${block++}.downsamplers.0.conv`);
      layer = 0;
    } else if (keys.has(`${from}.0.in_layers.0.weight`)) {
      addResnet(`${from}.0`, `down_blocks.${block}.resnets.${layer}`);
      if (keys.has(`${from}.1.norm.weight`)) table.set(`${from}.1`, `down_blocks.${block}.attentions.${layer}`);
      layer++;
    }
  }
  [block, layer] = [0, 0];
  for (const n of numbersAfter(keys, "output_blocks.")) {
    const from = `output_blocks.${n}`;
    addResnet(`${from}.0`, `up_blocks.${block}.resnets.${layer}`);
    if (keys.has(`${from}.1.norm.weight`)) table.set(`${from}.1`, `up_blocks.${block}.attentions.${layer}`);
    layer++;
    // It stands second in a block without attention, and third in one with it.
    const upsampler = [1, 2].find((place) => keys.has(`${from}.${place}.conv.weight`));
    if (upsampler === undefined) continue;
    table.set(`${from}.${upsampler}.conv`, `up_blocks.${block++}.upsamplers.0.conv`);
    layer = 0;
  }
  addResnet("middle_block.0", "mid_block.resnets.0");
  table.set("middle_block.1", "mid_block.attentions.0");
  addResnet("middle_block.2", "mid_block.resnets.1");
  for (const n of numbersAfter(keys, "zero_convs.")) table.set(`zero_convs.${n}.0`, `controlnet_down_blocks.${n}`);
  const hints = numbersAfter(keys, "input_hint_block.");
  hints.forEach((n, place) => {
    const last = place === hints.length - 1;
    const name = place === 0 ? "conv_in" : last ? "conv_out" : `blocks.${place - 1}`;
    table.set(`input_hint_block.${n}`, `controlnet_cond_embedding.${name}`);
  });
  return byPrefix(table);
}

/** The renames of a VAE, from its names without a prefix. */
export function vaeRename(keys: ReadonlySet<string>): Rename {
  const table = new Map<string, string>();
  const top = numbersAfter(keys, "decoder.up.").length - 1;
  for (const n of numbersAfter(keys, "encoder.down.")) {
    table.set(`encoder.down.${n}.block`, `encoder.down_blocks.${n}.resnets`);
    table.set(`encoder.down.${n}.downsample`, `encoder.down_blocks.${n}.downsamplers.0`);
  }
  for (const n of numbersAfter(keys, "decoder.up.")) {
    table.set(`decoder.up.${n}.block`, `decoder.up_blocks.${top - n}.resnets`);
    table.set(`decoder.up.${n}.upsample`, `decoder.up_blocks.${top - n}.upsamplers.0`);
  }
  for (const half of ["encoder", "decoder"]) {
    const middle = `${half}.mid_block`;
    table.set(`${half}.mid.block_1`, `${middle}.resnets.0`);
    table.set(`${half}.mid.block_2`, `${middle}.resnets.1`);
    const attention = { norm: "group_norm", q: "to_q", k: "to_k", v: "to_v", proj_out: "to_out.0" };
    for (const [old, name] of Object.entries(attention))
      table.set(`${half}.mid.attn_1.${old}`, `${middle}.attentions.0.${name}`);
    table.set(`${half}.norm_out`, `${half}.conv_norm_out`);
  }
  const rename = byPrefix(table);
  return (key) => rename(key).replace(".nin_shortcut.", ".conv_shortcut.");
}

const openClip: ReadonlyMap<string, string> = new Map([
  ["token_embedding", "text_model.embeddings.token_embedding"],
  ["positional_embedding", "text_model.embeddings.position_embedding.weight"],
  ["ln_final", "text_model.final_layer_norm"],
]);

const openClipLayer: Readonly<Record<string, string>> = {
  ln_1: "layer_norm1",
  ln_2: "layer_norm2",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
  "attn.out_proj": "self_attn.out_proj",
};

/** The tensors below a prefix of a file, with the rest of their names. */
export function entriesUnder(file: Safetensors, prefix: string): Map<string, TensorEntry> {
  const found = new Map<string, TensorEntry>();
  for (const entry of file.tensors.values())
    if (entry.name.startsWith(prefix)) found.set(entry.name.slice(prefix.length), entry);
  return found;
}

/** The tensors of a part of a file under the names that a rule gives them. Null leaves a tensor out. */
export function renamedTensors(
  file: Safetensors,
  label: string,
  entries: ReadonlyMap<string, TensorEntry>,
  rename: (key: string) => string | null,
): Tensors {
  const places = new Map<string, TensorPlace>();
  for (const [old, entry] of entries) {
    const key = rename(old);
    if (key !== null) places.set(key, { file, entry });
  }
  return placedTensors(label, places, () => file.close());
}

/** A text encoder under the names of transformers, below a prefix of a checkpoint, with its first `layers` layers. */
export function clipTensors(
  file: Safetensors,
  label: string,
  prefix: string,
  layers = Number.POSITIVE_INFINITY,
): Tensors {
  return renamedTensors(file, label, entriesUnder(file, prefix), (old) => {
    const key = textKey(old);
    const layer = key === null ? null : /^text_model\.encoder\.layers\.(\d+)\./.exec(key);
    return layer && Number(layer[1]) >= layers ? null : key;
  });
}

/**
 * OpenCLIP's text encoder of an original checkpoint of Stable Diffusion 2, with its first `layers` layers. The one
 * tensor that holds queries, keys and values becomes three.
 */
export function openClipTensors(file: Safetensors, label: string, prefix: string, layers: number): Tensors {
  const places = new Map<string, TensorPlace>();
  const rename = byPrefix(openClip);
  for (const [old, entry] of entriesUnder(file, prefix)) {
    const layer = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(old);
    if (!layer) {
      if (!["text_projection", "logit_scale", "attn_mask"].includes(old)) places.set(rename(old), { file, entry });
      continue;
    }
    const [, n, inner = ""] = layer;
    if (Number(n) >= layers) continue;
    const to = `text_model.encoder.layers.${n}`;
    const fused = /^attn\.in_proj_(weight|bias)$/.exec(inner);
    if (!fused) {
      const name = byPrefix(new Map(Object.entries(openClipLayer)))(inner);
      places.set(`${to}.${name}`, { file, entry });
      continue;
    }
    for (const [third, letter] of ["q", "k", "v"].entries())
      places.set(`${to}.self_attn.${letter}_proj.${fused[1]}`, thirdOf(file, entry, third));
  }
  return placedTensors(label, places, () => file.close());
}

/** How many layers OpenCLIP's text encoder has below a prefix. */
export const openClipLayers = (file: Safetensors, prefix: string): number =>
  numbersAfter(new Set(file.tensors.keys()), `${prefix}transformer.resblocks.`).length;

function thirdOf(file: Safetensors, entry: TensorEntry, third: number): TensorPlace {
  const [rows = 0, ...rest] = entry.shape;
  if (rows % 3 !== 0) {
    const actual = `[${entry.shape.join(", ")}]`;
    throw incompatible(
      file.name,
      `the tensor "${entry.name}" ${actual} does not divide into queries, keys and values.`,
      {
        expected: "three equal parts",
        actual,
      },
    );
  }
  const bytes = (rows / 3) * rest.reduce((a, b) => a * b, 1) * dtypeBytes[entry.dtype];
  return { file, entry, shape: [rows / 3, ...rest], at: entry.at + third * bytes };
}
