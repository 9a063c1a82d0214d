import type { UnetConfig } from "../graph/config.ts";
import type { RawConfig } from "./configs.ts";
import { incompatible } from "./refusal.ts";
import type { Tensors } from "./tensors.ts";

// Configs read from the names and shapes of tensors, for files that come without one. What shapes cannot tell (heads,
// groups, activations) follows the family; facts of the caller overrule all. The result is a config in diffusers'
// terms, which then passes the same checks as one from a file.

/** The family of a Stable Diffusion: 1.x, 2.x, or another of the same build. */
export type Family = "sd1" | "sd2" | "other";

/** The family by the width of the text states that the UNet reads: CLIP-L's or OpenCLIP-H's. */
export const familyOf = (contextWidth: number): Family =>
  contextWidth === 768 ? "sd1" : contextWidth === 1024 ? "sd2" : "other";

/** How many tensors there are from number 0 on without a gap. */
export function countWhile(tensors: Tensors, key: (n: number) => string): number {
  let n = 0;
  while (tensors.has(key(n))) n++;
  return n;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** The groups of the norms: 32 in every published model, which only smaller ones cannot have. */
function checkGroups(tensors: Tensors, channels: readonly (number | undefined)[], given: RawConfig): void {
  if (given["norm_num_groups"] !== undefined || channels.every((sides) => (sides ?? 0) % 32 === 0)) return;
  const problem = "its shapes do not tell how many groups its norms have. Give norm_num_groups as a fact.";
  throw incompatible(tensors.label, problem, {
    expected: "norm_num_groups",
    actual: `channels ${channels.join(", ")}`,
  });
}

/** What names and shapes tell of a UNet or ControlNet under diffusers' names. */
function inferNet(tensors: Tensors, given: RawConfig, family?: Family): RawConfig {
  const blocks = numbers(countWhile(tensors, (n) => `down_blocks.${n}.resnets.0.conv2.weight`));
  const hasAttention = (block: string) => tensors.has(`${block}.attentions.0.norm.weight`);
  const transformers = [...blocks.map((n) => `down_blocks.${n}`), "mid_block"]
    .filter(hasAttention)
    .map((block) => `${block}.attentions.0`);
  const [first] = transformers;
  const channels = blocks.map((n) => tensors.shape(`down_blocks.${n}.resnets.0.conv2.weight`)[0] ?? 0);
  const depth = (block: string) => countWhile(tensors, (n) => `${block}.transformer_blocks.${n}.norm1.weight`);
  const middle = hasAttention("mid_block") ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D";
  const linear = first !== undefined && tensors.shape(`${first}.proj_in.weight`).length === 2;
  const contextWidth =
    first === undefined ? undefined : tensors.shape(`${first}.transformer_blocks.0.attn2.to_k.weight`)[1];
  const last = channels.length - 1;
  checkGroups(tensors, channels, given);
  return {
    in_channels: tensors.shape("conv_in.weight")[1],
    block_out_channels: channels,
    layers_per_block: blocks.map((n) => countWhile(tensors, (l) => `down_blocks.${n}.resnets.${l}.conv2.weight`)),
    down_block_types: blocks.map((n) => (hasAttention(`down_blocks.${n}`) ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    mid_block_type: tensors.has("mid_block.resnets.0.conv2.weight") ? middle : null,
    transformer_layers_per_block: blocks.map((n) =>
      // The middle block has as many as the last level, which need not have any of its own.
      Math.max(1, depth(`down_blocks.${n}.attentions.0`), n === last ? depth("mid_block.attentions.0") : 0),
    ),
    ...(contextWidth !== undefined && { cross_attention_dim: contextWidth }),
    use_linear_projection: linear,
    attention_head_dim: headsOf(tensors, channels, { given, linear, contextWidth, family }),
    ...given,
  };
}

function headsOf(
  tensors: Tensors,
  channels: readonly number[],
  about: {
    readonly given: RawConfig;
    readonly linear: boolean;
    readonly contextWidth: number | undefined;
    readonly family: Family | undefined;
  },
): number | number[] | undefined {
  const { given, linear, contextWidth, family } = about;
  if (given["attention_head_dim"] !== undefined || given["num_attention_heads"] !== undefined) return undefined;
  const found = familyOf(contextWidth ?? 0);
  const kin = family ?? (found === "other" ? (linear ? "sd2" : "sd1") : found);
  // Stable Diffusion 1 has 8 heads at every level, Stable Diffusion 2 heads of 64 channels (their config.json).
  if (kin !== "sd2") return 8;
  if (channels.every((sides) => sides % 64 === 0)) return channels.map((sides) => sides / 64);
  const problem = "its shapes do not tell how many attention heads it has. Give attention_head_dim as a fact.";
  throw incompatible(tensors.label, problem, {
    expected: "attention_head_dim",
    actual: `channels ${channels.join(", ")}`,
  });
}

/** What names and shapes tell of a UNet. */
export function inferUnet(tensors: Tensors, given: RawConfig, family?: Family): RawConfig {
  const blocks = numbers(countWhile(tensors, (n) => `up_blocks.${n}.resnets.0.conv2.weight`));
  const types = blocks.map((n) =>
    tensors.has(`up_blocks.${n}.attentions.0.norm.weight`) ? "CrossAttnUpBlock2D" : "UpBlock2D",
  );
  return {
    ...inferNet(tensors, given, family),
    out_channels: tensors.shape("conv_out.weight")[0],
    up_block_types: types,
    ...given,
  };
}

/** What names and shapes tell of a ControlNet. `like`, a UNet of the same channels, tells what they do not. */
export function inferControlNet(tensors: Tensors, given: RawConfig, like?: UnetConfig): RawConfig {
  const hint = "controlnet_cond_embedding";
  const steps = numbers(countWhile(tensors, (n) => `${hint}.blocks.${n}.weight`)).filter((n) => n % 2 === 1);
  const first = tensors.shape(`${hint}.conv_in.weight`);
  const channels = (n: number) => tensors.shape(`down_blocks.${n}.resnets.0.conv2.weight`)[0];
  const same = like?.channels.every(
    (sides, n) => tensors.has(`down_blocks.${n}.resnets.0.conv2.weight`) && channels(n) === sides,
  );
  const kin: RawConfig =
    like && same
      ? {
          attention_head_dim: like.heads,
          norm_num_groups: like.normGroups,
          norm_eps: like.normEpsilon,
          flip_sin_to_cos: like.cosineFirst,
          freq_shift: like.frequencyShift,
          mid_block_scale_factor: like.middleScale,
        }
      : {};
  return {
    ...inferNet(tensors, { ...kin, ...given }),
    conditioning_channels: first[1],
    conditioning_embedding_out_channels: [
      first[0],
      ...steps.map((n) => tensors.shape(`${hint}.blocks.${n}.weight`)[0]),
    ],
    ...given,
  };
}

/** What names and shapes tell of a VAE. Scale and groups are those of Stable Diffusion's (diffusers' defaults). */
export function inferVae(tensors: Tensors, given: RawConfig): RawConfig {
  const blocks = numbers(countWhile(tensors, (n) => `encoder.down_blocks.${n}.resnets.0.conv2.weight`));
  const channels = blocks.map((n) => tensors.shape(`encoder.down_blocks.${n}.resnets.0.conv2.weight`)[0]);
  checkGroups(tensors, channels, given);
  return {
    in_channels: tensors.shape("encoder.conv_in.weight")[1],
    out_channels: tensors.shape("decoder.conv_out.weight")[0],
    latent_channels: tensors.shape("decoder.conv_in.weight")[1],
    block_out_channels: channels,
    down_block_types: blocks.map(() => "DownEncoderBlock2D"),
    up_block_types: blocks.map(() => "UpDecoderBlock2D"),
    layers_per_block: countWhile(tensors, (n) => `encoder.down_blocks.0.resnets.${n}.conv2.weight`),
    mid_block_add_attention: tensors.has("encoder.mid_block.attentions.0.group_norm.weight"),
    use_quant_conv: tensors.has("quant_conv.weight"),
    use_post_quant_conv: tensors.has("post_quant_conv.weight"),
    ...given,
  };
}

/** What names and shapes tell of a text encoder. `open`: OpenCLIP's, which has another activation. */
export function inferText(tensors: Tensors, given: RawConfig, open: boolean): RawConfig {
  const [vocabulary, width = 0] = tensors.shape("text_model.embeddings.token_embedding.weight");
  return {
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: tensors.shape("text_model.encoder.layers.0.mlp.fc1.weight")[0],
    num_hidden_layers: countWhile(tensors, (n) => `text_model.encoder.layers.${n}.mlp.fc1.weight`),
    // Both of CLIP-L (768) and OpenCLIP-H (1024) have heads of 64 channels.
    num_attention_heads: Math.max(1, Math.floor(width / 64)),
    max_position_embeddings: tensors.shape("text_model.embeddings.position_embedding.weight")[0],
    hidden_act: open ? "gelu" : "quick_gelu",
    ...given,
  };
}
