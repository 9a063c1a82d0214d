import { GraphBuilder, mapDims } from "./builder.ts";
import type { TinyVaeConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";

// The decoder of a tiny autoencoder: convolutions and rectifiers alone, a hundredth of the work of the real one. The
// layers are those of diffusers' AutoencoderTiny (models/autoencoders/vae.py, DecoderTiny), under its names.

/** What a layer of the decoder's list is; what has no weights is in it too, since names count it. */
export type TinyVaeLayer = "first" | "rectify" | "block" | "enlarge" | "plain" | "last";

/** The decoder's layers in their order: number n is named decoder.layers.n. */
export function tinyVaeLayers({ blocks }: Pick<TinyVaeConfig, "blocks">): TinyVaeLayer[] {
  return [
    "first",
    "rectify",
    ...blocks.flatMap((count, stage): TinyVaeLayer[] => [
      ...Array.from({ length: count }, () => "block" as const),
      ...(stage === blocks.length - 1 ? (["last"] as const) : (["enlarge", "plain"] as const)),
    ]),
  ];
}

/** Three convolutions and what came in, rectified. */
function block(b: GraphBuilder, x: string, key: string, channels: number, level: number): string {
  const shape = { from: channels, to: channels, kernel: 3, level } as const;
  const rectified = (y: string) => b.node("Relu", [y], b.dims(y));
  const one = rectified(b.conv(x, `${key}.conv.0`, shape));
  const two = rectified(b.conv(one, `${key}.conv.2`, shape));
  return rectified(b.add(b.conv(two, `${key}.conv.4`, shape), x));
}

/** Input `latent` [batch, c, h, w], as the UNet has it divided by the scaling factor; output `picture` [batch, 3, ..], about -1..1. */
export function tinyVaeDecoder(config: TinyVaeConfig, precision: Precision): Graph {
  const b = new GraphBuilder("preview", precision);
  const { latentChannels, outChannels, channels } = config;
  const latent = b.input("latent", mapDims(latentChannels, 0));
  // 3 tanh(z / 3), by the sigmoid that every provider has: tanh(y) = 2 sigmoid(2 y) - 1.
  const share = b.node("Sigmoid", [b.mul(latent, b.filled([1], 2 / 3))], b.dims(latent));
  let y = b.add(b.mul(share, b.filled([1], 6)), b.filled([1], -3));
  let level = 0;
  for (const [n, layer] of tinyVaeLayers(config).entries()) {
    const key = `decoder.layers.${n}`;
    const inner = { from: channels, to: channels, kernel: 3 } as const;
    if (layer === "first") y = b.conv(y, key, { ...inner, from: latentChannels, level });
    else if (layer === "rectify") y = b.node("Relu", [y], b.dims(y));
    else if (layer === "block") y = block(b, y, key, channels, level);
    else if (layer === "enlarge") y = b.enlarge(y, channels, --level);
    else if (layer === "plain") y = b.conv(y, key, { ...inner, level, bias: false });
    else y = b.conv(y, key, { ...inner, to: outChannels, level });
  }
  // It draws from 0 to 1.
  return b.finish([["picture", b.add(b.mul(y, b.filled([1], 2)), b.filled([1], -1))]]);
}
