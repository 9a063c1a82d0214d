import { GraphBuilder, mapDims } from "./builder.ts";
import type { VaeConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";

// The autoencoder, each way a graph. Its norms take their statistics in float32: some published autoencoders leave the
// range of half precision, which shows as a black picture.

const EPSILON = 1e-6; // diffusers' AutoencoderKL, whatever the UNet has

function norm(b: GraphBuilder, x: string, key: string, channels: number, level: number, config: VaeConfig): string {
  return b.groupNorm(x, key, { channels, groups: config.normGroups, epsilon: EPSILON, level, wide: true });
}

function resnet(b: GraphBuilder, x: string, key: string, shape: Resnet, config: VaeConfig): string {
  const { from, to, level } = shape;
  const kernel = 3;
  const first = b.silu(norm(b, x, `${key}.norm1`, from, level, config));
  const middle = b.conv(first, `${key}.conv1`, { from, to, kernel, level });
  const second = b.silu(norm(b, middle, `${key}.norm2`, to, level, config));
  const y = b.conv(second, `${key}.conv2`, { from: to, to, kernel, level });
  return b.add(from === to ? x : b.conv(x, `${key}.conv_shortcut`, { from, to, kernel: 1, level }), y);
}

interface Resnet {
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

/** One head as wide as the feature map, over all its places. */
function attention(
  b: GraphBuilder,
  x: string,
  key: string,
  channels: number,
  level: number,
  config: VaeConfig,
): string {
  const rows = b.toRows(norm(b, x, `${key}.group_norm`, channels, level, config), channels, level);
  const square = { from: channels, to: channels };
  const project = (name: string) => b.toSequence(b.linear(rows, `${key}.${name}`, square), channels, level);
  const mixed = b.attention(project("to_q"), project("to_k"), project("to_v"), 1);
  const out = b.linear(b.sequenceToRows(mixed, channels), `${key}.to_out.0`, square);
  return b.add(b.toMap(out, channels, level), x);
}

function middle(b: GraphBuilder, x: string, side: string, channels: number, level: number, config: VaeConfig): string {
  const key = `${side}.mid_block`;
  const shape = { from: channels, to: channels, level };
  let y = resnet(b, x, `${key}.resnets.0`, shape, config);
  if (config.middleAttention) y = attention(b, y, `${key}.attentions.0`, channels, level, config);
  y = resnet(b, y, `${key}.resnets.1`, shape, config);
  return y;
}

/** Input `picture` [batch, 3, height, width] in -1..1; output `moments` [batch, 2 c, h, w]: means, log-variances. */
export function vaeEncoder(config: VaeConfig, precision: Precision): Graph {
  const b = new GraphBuilder("vae_encoder", precision);
  const { channels, layers, inChannels, latentChannels } = config;
  const picture = b.input("picture", mapDims(inChannels, 0));
  let from = channels[0] ?? 0;
  let y = b.conv(picture, "encoder.conv_in", { from: inChannels, to: from, kernel: 3, level: 0 });
  channels.forEach((to, level) => {
    const key = `encoder.down_blocks.${level}`;
    for (let n = 0; n < layers; n++) {
      y = resnet(b, y, `${key}.resnets.${n}`, { from, to, level }, config);
      from = to;
    }
    if (level === channels.length - 1) return;
    // diffusers pads this convolution on the right and below only.
    const shape = { from: to, to, kernel: 3, level, stride: 2, pads: [0, 0, 1, 1] } as const;
    y = b.conv(y, `${key}.downsamplers.0.conv`, shape);
  });
  const level = channels.length - 1;
  y = b.silu(norm(b, middle(b, y, "encoder", from, level, config), "encoder.conv_norm_out", from, level, config));
  const to = 2 * latentChannels;
  y = b.conv(y, "encoder.conv_out", { from, to, kernel: 3, level });
  if (config.quantConv) y = b.conv(y, "quant_conv", { from: to, to, kernel: 1, level });
  return b.finish([["moments", y]]);
}

/** Input `latent` [batch, c, h, w], already divided by the scaling factor; output `picture` [batch, 3, ..], about -1..1. */
export function vaeDecoder(config: VaeConfig, precision: Precision): Graph {
  const b = new GraphBuilder("vae_decoder", precision);
  const { channels, layers, outChannels, latentChannels: c } = config;
  const reversed = [...channels].reverse();
  let y = b.input("latent", mapDims(c, 0));
  if (config.postQuantConv) y = b.conv(y, "post_quant_conv", { from: c, to: c, kernel: 1, level: 0 });
  let from = reversed[0] ?? 0;
  y = b.conv(y, "decoder.conv_in", { from: c, to: from, kernel: 3, level: 0 });
  y = middle(b, y, "decoder", from, 0, config);
  reversed.forEach((to, block) => {
    const key = `decoder.up_blocks.${block}`;
    for (let n = 0; n <= layers; n++) {
      y = resnet(b, y, `${key}.resnets.${n}`, { from, to, level: -block }, config);
      from = to;
    }
    if (block === reversed.length - 1) return;
    const level = -block - 1;
    y = b.conv(b.enlarge(y, to, level), `${key}.upsamplers.0.conv`, { from: to, to, kernel: 3, level });
  });
  const level = 1 - reversed.length;
  y = b.silu(norm(b, y, "decoder.conv_norm_out", from, level, config));
  return b.finish([["picture", b.conv(y, "decoder.conv_out", { from, to: outChannels, kernel: 3, level })]]);
}
