// The names of the original checkpoints from those of diffusers: the opposite way of engine/src/models/ldm.ts, written
// for tests from the block layout of openaimodel.py and model.py of CompVis/latent-diffusion. `layers` is the number
// of ResBlocks in a level of the encoder.

const inner = (rest: string): string =>
  rest
    .replace(/^norm1\./, "in_layers.0.")
    .replace(/^conv1\./, "in_layers.2.")
    .replace(/^time_emb_proj\./, "emb_layers.1.")
    .replace(/^norm2\./, "out_layers.0.")
    .replace(/^conv2\./, "out_layers.3.")
    .replace(/^conv_shortcut\./, "skip_connection.");

/** A tensor of a UNet or ControlNet. `attention` tells whether a decoder block has transformers. */
export function originalUnetKey(
  key: string,
  layers: number,
  hints: number,
  attention: (block: number) => boolean,
): string {
  const block = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/.exec(key);
  if (block) {
    const [, way, level, kind, place, rest = ""] = block;
    const [b, l] = [Number(level), Number(place)];
    const step = layers + 1;
    if (kind === "downsamplers") return `input_blocks.${(b + 1) * step}.0.${rest.replace("conv.", "op.")}`;
    if (kind === "upsamplers") return `output_blocks.${b * step + layers}.${attention(b) ? 2 : 1}.${rest}`;
    const at = way === "down" ? `input_blocks.${1 + b * step + l}` : `output_blocks.${b * step + l}`;
    return kind === "resnets" ? `${at}.0.${inner(rest)}` : `${at}.1.${rest}`;
  }
  return key
    .replace(/^time_embedding\.linear_1/, "time_embed.0")
    .replace(/^time_embedding\.linear_2/, "time_embed.2")
    .replace(/^conv_in\./, "input_blocks.0.0.")
    .replace(/^conv_norm_out\./, "out.0.")
    .replace(/^conv_out\./, "out.2.")
    .replace(/^mid_block\.resnets\.0\.(.+)$/, (_, rest: string) => `middle_block.0.${inner(rest)}`)
    .replace(/^mid_block\.attentions\.0/, "middle_block.1")
    .replace(/^mid_block\.resnets\.1\.(.+)$/, (_, rest: string) => `middle_block.2.${inner(rest)}`)
    .replace(/^controlnet_mid_block/, "middle_block_out.0")
    .replace(/^controlnet_down_blocks\.(\d+)/, "zero_convs.$1.0")
    .replace(/^controlnet_cond_embedding\.conv_in/, "input_hint_block.0")
    .replace(/^controlnet_cond_embedding\.blocks\.(\d+)/, (_, n: string) => `input_hint_block.${2 * Number(n) + 2}`)
    .replace(/^controlnet_cond_embedding\.conv_out/, `input_hint_block.${2 * hints + 2}`);
}

/** A tensor of a VAE with so many levels. */
export function originalVaeKey(key: string, levels: number): string {
  const names: Readonly<Record<string, string>> = {
    group_norm: "norm",
    to_q: "q",
    to_k: "k",
    to_v: "v",
    "to_out.0": "proj_out",
  };
  return key
    .replace(/^encoder\.down_blocks\.(\d+)\.resnets/, "encoder.down.$1.block")
    .replace(/^encoder\.down_blocks\.(\d+)\.downsamplers\.0/, "encoder.down.$1.downsample")
    .replace(/^decoder\.up_blocks\.(\d+)\.resnets/, (_, n: string) => `decoder.up.${levels - 1 - Number(n)}.block`)
    .replace(
      /^decoder\.up_blocks\.(\d+)\.upsamplers\.0/,
      (_, n: string) => `decoder.up.${levels - 1 - Number(n)}.upsample`,
    )
    .replace(/mid_block\.resnets\.(\d)/, (_, n: string) => `mid.block_${Number(n) + 1}`)
    .replace(
      /mid_block\.attentions\.0\.(group_norm|to_q|to_k|to_v|to_out\.0)/,
      (_, name: string) => `mid.attn_1.${names[name]}`,
    )
    .replace("conv_norm_out", "norm_out")
    .replace("conv_shortcut", "nin_shortcut");
}

/** A tensor of a text encoder in OpenCLIP's names; null for queries, keys and values, which OpenCLIP joins. */
export function openClipKey(key: string): string | null {
  if (/self_attn\.[qkv]_proj/.test(key)) return null;
  return key
    .replace("text_model.embeddings.token_embedding", "token_embedding")
    .replace("text_model.embeddings.position_embedding.weight", "positional_embedding")
    .replace("text_model.final_layer_norm", "ln_final")
    .replace("text_model.encoder.layers", "transformer.resblocks")
    .replace(/layer_norm([12])/, "ln_$1")
    .replace("mlp.fc1", "mlp.c_fc")
    .replace("mlp.fc2", "mlp.c_proj")
    .replace("self_attn.out_proj", "attn.out_proj");
}
