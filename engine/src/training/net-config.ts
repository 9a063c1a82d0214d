import type { ControlNetConfig } from "../graph/config.ts";
import { incompatible } from "../models/refusal.ts";

/** The diffusers whose fields these are; it says so in every config that it writes. */
const diffusersVersion = "0.42.1";

/** One number where all levels have the same, as diffusers' own configs have it. */
const shortened = (levels: readonly number[]): number | readonly number[] => {
  const [first = 0] = levels;
  return levels.every((level) => level === first) ? first : levels;
};

/**
 * The config.json of diffusers' ControlNetModel: every field that it writes, by name. `controlNetConfig` reads the same
 * net from it. Throws `model-incompatible` for a net that diffusers cannot build.
 */
export function diffusersConfig(config: ControlNetConfig): Readonly<Record<string, unknown>> {
  const [layers = 0] = config.layers;
  if (config.layers.some((other) => other !== layers)) {
    const problem =
      "diffusers builds nets with one number of layers at all levels only. Train on a base that has such.";
    const actual = `layers ${config.layers.join(", ")}`;
    throw incompatible("The net", problem, { expected: `layers ${layers}`, actual });
  }
  return {
    _class_name: "ControlNetModel",
    _diffusers_version: diffusersVersion,
    act_fn: "silu",
    addition_embed_type: null,
    addition_embed_type_num_heads: 64,
    addition_time_embed_dim: null,
    // The number of heads: the name misleads in diffusers too.
    attention_head_dim: shortened(config.heads),
    block_out_channels: config.channels,
    class_embed_type: null,
    conditioning_channels: config.mapChannels,
    conditioning_embedding_out_channels: config.hintChannels,
    controlnet_conditioning_channel_order: config.bgr ? "bgr" : "rgb",
    cross_attention_dim: config.contextWidth,
    down_block_types: config.downAttention.map((attends) => (attends ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    downsample_padding: 1,
    encoder_hid_dim: null,
    encoder_hid_dim_type: null,
    flip_sin_to_cos: config.cosineFirst,
    freq_shift: config.frequencyShift,
    global_pool_conditions: config.globalPool,
    in_channels: config.inChannels,
    layers_per_block: layers,
    mid_block_scale_factor: config.middleScale,
    mid_block_type: config.middle === "attention" ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D",
    norm_eps: config.normEpsilon,
    norm_num_groups: config.normGroups,
    num_attention_heads: null,
    num_class_embeds: null,
    only_cross_attention: false,
    projection_class_embeddings_input_dim: null,
    resnet_time_scale_shift: "default",
    transformer_layers_per_block: shortened(config.depth),
    upcast_attention: false,
    use_linear_projection: config.linearProjection,
  };
}
