import * as z from "zod/mini";
import type { ControlNetConfig, TextConfig, UnetConfig, VaeConfig } from "../graph/config.ts";
import { checked } from "./json.ts";
import { incompatible, quoted } from "./refusal.ts";

// From the configs of diffusers and transformers to those of the graphs: every spelling of the same thing becomes one,
// a key that is left out has the default of diffusers' or transformers' class, and a setting that asks for layers which
// no graph has is refused by name. Numbers are bounded, so that no file can ask for more memory than a model needs.

/** A config as a JSON file holds it. */
export type RawConfig = Readonly<Record<string, unknown>>;

const count = (most: number) => z.int().check(z.minimum(1), z.maximum(most));
const width = count(16384);
const epsilon = z.number().check(z.minimum(0), z.maximum(1));
const activation = z._default(z.enum(["silu", "swish"]), "silu");
const levels = z.array(width).check(z.minLength(1), z.maxLength(10));
/** A setting that is one number for all levels or one for each. */
const perLevel = (most: number) => z.union([count(most), z.array(count(most)).check(z.minLength(1), z.maxLength(10))]);

/** Settings that would need other layers, with the values that need none. Anything else is refused. */
const plainNet = {
  class_embed_type: [null],
  num_class_embeds: [null],
  addition_embed_type: [null],
  encoder_hid_dim: [null],
  encoder_hid_dim_type: [null],
  resnet_time_scale_shift: ["default"],
  downsample_padding: [1],
  only_cross_attention: [false],
} as const;

const plainUnet = {
  ...plainNet,
  center_input_sample: [false],
  dual_cross_attention: [false],
  time_embedding_type: ["positional"],
  time_embedding_act_fn: [null],
  timestep_post_act: [null],
  time_cond_proj_dim: [null],
  conv_in_kernel: [3],
  conv_out_kernel: [3],
  attention_type: ["default"],
  class_embeddings_concat: [false],
  mid_block_only_cross_attention: [null, false],
  cross_attention_norm: [null],
  resnet_skip_time_act: [false],
  resnet_out_scale_factor: [1],
} as const;

const plainVae = { latents_mean: [null], latents_std: [null] } as const;

function refuseOthers(raw: RawConfig, where: string, plain: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [key, values] of Object.entries(plain)) {
    const given = raw[key];
    const all = Array.isArray(given) && given.length > 0 ? given : [given];
    if (given === undefined || all.every((value) => values.includes(value))) continue;
    throw refused(where, key, given, values.map((value) => quoted(value)).join(" or "));
  }
}

function refuseClass(raw: RawConfig, where: string, wanted: string): void {
  const given = raw["_class_name"];
  if (given !== undefined && given !== wanted) throw refused(where, "_class_name", given, wanted);
}

function refused(where: string, key: string, actual: unknown, expected: string): Error {
  const problem = `${key} is ${quoted(actual)}, and this engine runs models with ${expected} only.`;
  return incompatible(where, problem, { expected: `${key} ${expected}`, actual: quoted(actual) });
}

/** One value a level. */
function spread(value: number | readonly number[], channels: readonly number[], key: string, where: string): number[] {
  if (typeof value === "number") return channels.map(() => value);
  if (value.length === channels.length) return [...value];
  throw refused(where, key, value, `one number or ${channels.length} (one a level)`);
}

/** Which blocks have attention, by their type names. */
function attentions(
  types: readonly string[],
  names: readonly [attention: string, plain: string],
  channels: readonly number[],
  { key, where }: { readonly key: string; readonly where: string },
): boolean[] {
  if (types.length !== channels.length) throw refused(where, key, types, `${channels.length} blocks (one a level)`);
  for (const type of types) if (!names.includes(type)) throw refused(where, key, type, names.join(" and "));
  return types.map((type) => type === names[0]);
}

function divides(channels: readonly number[], by: readonly number[], key: string, where: string): void {
  channels.forEach((sides, n) => {
    const share = by[n] ?? 1;
    if (sides % share !== 0) throw refused(where, key, share, `a number that divides its ${sides} channels`);
  });
}

const netSchema = z.looseObject({
  in_channels: z._default(width, 4),
  block_out_channels: z._default(levels, [320, 640, 1280, 1280]),
  layers_per_block: z._default(perLevel(16), 2),
  down_block_types: z._default(z.array(z.string()), [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ]),
  mid_block_type: z._default(z.nullable(z.string()), "UNetMidBlock2DCrossAttn"),
  attention_head_dim: z._default(perLevel(1024), 8),
  num_attention_heads: z.nullish(perLevel(1024)),
  transformer_layers_per_block: z._default(perLevel(32), 1),
  cross_attention_dim: z._default(perLevel(16384), 1280),
  act_fn: activation,
  norm_num_groups: z._default(width, 32),
  norm_eps: z._default(epsilon, 1e-5),
  use_linear_projection: z._default(z.boolean(), false),
  flip_sin_to_cos: z._default(z.boolean(), true),
  freq_shift: z._default(z.number().check(z.minimum(-16), z.maximum(16)), 0),
  mid_block_scale_factor: z._default(z.number().check(z.minimum(1e-6), z.maximum(1e6)), 1),
});

/** What a UNet and a ControlNet have in common. */
function netConfig(raw: RawConfig, where: string): Omit<UnetConfig, "outChannels" | "upAttention"> {
  for (const key of ["transformer_layers_per_block", "attention_head_dim", "num_attention_heads"]) {
    const value = raw[key];
    if (Array.isArray(value) && value.some(Array.isArray)) throw refused(where, key, value, "one number a level");
  }
  if (raw["norm_num_groups"] === null) throw refused(where, "norm_num_groups", null, "group norms");
  const net = checked(where, raw, netSchema);
  const channels = net.block_out_channels;
  const one = (key: string, value: number | readonly number[]) => spread(value, channels, key, where);
  // The name misleads: without `num_attention_heads` (which diffusers added later) it is the number of heads.
  const heads = one("attention_head_dim", net.num_attention_heads ?? net.attention_head_dim);
  divides(channels, heads, "attention_head_dim", where);
  divides(channels, one("norm_num_groups", net.norm_num_groups), "norm_num_groups", where);
  const [contextWidth = 0, ...others] = [net.cross_attention_dim].flat();
  if (others.some((other) => other !== contextWidth))
    throw refused(where, "cross_attention_dim", net.cross_attention_dim, "the same width at every level");
  const middles: Record<string, UnetConfig["middle"]> = {
    UNetMidBlock2DCrossAttn: "attention",
    // diffusers builds it with no layers and no attention: one ResBlock is left.
    UNetMidBlock2D: "plain",
    null: "none",
  };
  const middle = Object.hasOwn(middles, String(net.mid_block_type)) ? middles[String(net.mid_block_type)] : undefined;
  if (!middle) throw refused(where, "mid_block_type", net.mid_block_type, Object.keys(middles).join(" or "));
  const downNames = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
  return {
    inChannels: net.in_channels,
    channels,
    layers: one("layers_per_block", net.layers_per_block),
    downAttention: attentions(net.down_block_types, downNames, channels, { key: "down_block_types", where }),
    middle,
    heads,
    depth: one("transformer_layers_per_block", net.transformer_layers_per_block),
    contextWidth,
    normGroups: net.norm_num_groups,
    normEpsilon: net.norm_eps,
    linearProjection: net.use_linear_projection,
    cosineFirst: net.flip_sin_to_cos,
    frequencyShift: net.freq_shift,
    middleScale: net.mid_block_scale_factor,
  };
}

const unetSchema = z.looseObject({
  out_channels: z._default(width, 4),
  up_block_types: z._default(z.array(z.string()), [
    "UpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
  ]),
  time_embedding_dim: z.nullish(z.int()),
  reverse_transformer_layers_per_block: z.nullish(z.array(z.unknown())),
});

/** The config of a UNet2DConditionModel. Throws `file-invalid` or `model-incompatible` that names the key. */
export function unetConfig(raw: RawConfig, where: string): UnetConfig {
  refuseClass(raw, where, "UNet2DConditionModel");
  refuseOthers(raw, where, plainUnet);
  const net = netConfig(raw, where);
  const unet = checked(where, raw, unetSchema);
  const { channels, depth } = net;
  const embedding = 4 * (channels[0] ?? 0);
  if ((unet.time_embedding_dim ?? embedding) !== embedding)
    throw refused(where, "time_embedding_dim", unet.time_embedding_dim, String(embedding));
  const reversed = unet.reverse_transformer_layers_per_block;
  if (reversed && JSON.stringify(reversed) !== JSON.stringify(depth.toReversed()))
    throw refused(where, "reverse_transformer_layers_per_block", reversed, quoted(depth.toReversed()));
  const upNames = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;
  const upAttention = attentions(unet.up_block_types, upNames, channels, { key: "up_block_types", where });
  return { ...net, outChannels: unet.out_channels, upAttention };
}

const controlNetSchema = z.looseObject({
  conditioning_channels: z._default(width, 3),
  conditioning_embedding_out_channels: z._default(
    z.array(width).check(z.minLength(2), z.maxLength(9)),
    [16, 32, 96, 256],
  ),
  controlnet_conditioning_channel_order: z._default(z.enum(["rgb", "bgr"]), "rgb"),
  global_pool_conditions: z._default(z.boolean(), false),
});

/** The config of a ControlNetModel. Throws `file-invalid` or `model-incompatible` that names the key. */
export function controlNetConfig(raw: RawConfig, where: string): ControlNetConfig {
  refuseClass(raw, where, "ControlNetModel");
  refuseOthers(raw, where, plainNet);
  const net = netConfig(raw, where);
  if (net.middle === "none") throw refused(where, "mid_block_type", null, "a middle block");
  const own = checked(where, raw, controlNetSchema);
  return {
    ...net,
    hintChannels: own.conditioning_embedding_out_channels,
    mapChannels: own.conditioning_channels,
    bgr: own.controlnet_conditioning_channel_order === "bgr",
    globalPool: own.global_pool_conditions,
  };
}

const vaeSchema = z.looseObject({
  in_channels: z._default(width, 3),
  out_channels: z._default(width, 3),
  latent_channels: z._default(count(1024), 4),
  block_out_channels: z._default(levels, [64]),
  down_block_types: z._default(z.array(z.string()), ["DownEncoderBlock2D"]),
  up_block_types: z._default(z.array(z.string()), ["UpDecoderBlock2D"]),
  layers_per_block: z._default(count(16), 1),
  act_fn: activation,
  norm_num_groups: z._default(width, 32),
  mid_block_add_attention: z._default(z.boolean(), true),
  use_quant_conv: z._default(z.boolean(), true),
  use_post_quant_conv: z._default(z.boolean(), true),
  scaling_factor: z._default(z.number().check(z.minimum(1e-6), z.maximum(1e6)), 0.18215),
  shift_factor: z.nullish(z.number().check(z.minimum(-1e6), z.maximum(1e6))),
});

/** The config of an AutoencoderKL. Throws `file-invalid` or `model-incompatible` that names the key. */
export function vaeConfig(raw: RawConfig, where: string): VaeConfig {
  refuseClass(raw, where, "AutoencoderKL");
  refuseOthers(raw, where, plainVae);
  const vae = checked(where, raw, vaeSchema);
  const channels = vae.block_out_channels;
  attentions(vae.down_block_types, ["DownEncoderBlock2D", "DownEncoderBlock2D"], channels, {
    key: "down_block_types",
    where,
  });
  attentions(vae.up_block_types, ["UpDecoderBlock2D", "UpDecoderBlock2D"], channels, { key: "up_block_types", where });
  divides(channels, spread(vae.norm_num_groups, channels, "norm_num_groups", where), "norm_num_groups", where);
  return {
    inChannels: vae.in_channels,
    outChannels: vae.out_channels,
    latentChannels: vae.latent_channels,
    channels,
    layers: vae.layers_per_block,
    normGroups: vae.norm_num_groups,
    middleAttention: vae.mid_block_add_attention,
    quantConv: vae.use_quant_conv,
    postQuantConv: vae.use_post_quant_conv,
    scalingFactor: vae.scaling_factor,
    shiftFactor: vae.shift_factor ?? 0,
  };
}

const textSchema = z.looseObject({
  vocab_size: z._default(count(1_000_000), 49408),
  hidden_size: z._default(width, 512),
  intermediate_size: z._default(count(65536), 2048),
  num_hidden_layers: z._default(count(64), 12),
  num_attention_heads: z._default(count(1024), 8),
  max_position_embeddings: z._default(z.int().check(z.minimum(3), z.maximum(4096)), 77),
  hidden_act: z._default(z.string(), "quick_gelu"),
  layer_norm_eps: z._default(epsilon, 1e-5),
});

/** The config of a CLIPTextModel. Throws `file-invalid` or `model-incompatible` that names the key. */
export function textConfig(given: RawConfig, where: string): TextConfig {
  const kind = given["model_type"] ?? "clip_text_model";
  if (kind !== "clip_text_model" && kind !== "clip") throw refused(where, "model_type", kind, "clip_text_model");
  // The config of a whole CLIP has that of its text half inside.
  const inner = given["text_config"];
  const raw = typeof inner === "object" && inner !== null && kind === "clip" ? (inner as RawConfig) : given;
  const text = checked(where, raw, textSchema);
  const activations: Record<string, TextConfig["activation"]> = {
    quick_gelu: "quick-gelu",
    gelu: "gelu",
    gelu_new: "gelu-tanh",
    gelu_pytorch_tanh: "gelu-tanh",
  };
  const act = Object.hasOwn(activations, text.hidden_act) ? activations[text.hidden_act] : undefined;
  if (!act) throw refused(where, "hidden_act", text.hidden_act, Object.keys(activations).join(" or "));
  divides([text.hidden_size], [text.num_attention_heads], "num_attention_heads", where);
  return {
    vocabulary: text.vocab_size,
    width: text.hidden_size,
    hiddenWidth: text.intermediate_size,
    layers: text.num_hidden_layers,
    heads: text.num_attention_heads,
    length: text.max_position_embeddings,
    activation: act,
    normEpsilon: text.layer_norm_eps,
  };
}
