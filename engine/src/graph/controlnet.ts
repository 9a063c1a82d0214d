import { GraphBuilder, mapDims } from "./builder.ts";
import type { ControlNetConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";
import { sumNames } from "./unet.ts";
import { type Hoisted, hoistedInputs, latentInput, runSteps } from "./unet-blocks.ts";
import { planUnet } from "./unet-plan.ts";

// A ControlNet in two graphs: the hint block, which sees only the map and runs once, and the copy of the encoder with
// its zero convolutions, which runs in every step (controlnet.md 4.1 and 4.2).

function hintFeatures(b: GraphBuilder, config: ControlNetConfig, map: string): string {
  const key = "controlnet_cond_embedding";
  const [first = 0, ...rest] = config.hintChannels;
  let y = b.silu(b.conv(map, `${key}.conv_in`, { from: config.mapChannels, to: first, kernel: 3, level: 0 }));
  let from = first;
  rest.forEach((to, n) => {
    const block = (k: number) => `${key}.blocks.${2 * n + k}`;
    y = b.silu(b.conv(y, block(0), { from, to: from, kernel: 3, level: n }));
    y = b.silu(b.conv(y, block(1), { from, to, kernel: 3, level: n, stride: 2 }));
    from = to;
  });
  const to = config.channels[0] ?? 0;
  return b.conv(y, `${key}.conv_out`, { from, to, kernel: 3, level: rest.length });
}

/** Input `map`, [batch, 3, picture height, picture width] in 0..1; output `features`, of the latent's size. */
export function hint(config: ControlNetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("hint", precision);
  return b.finish([["features", hintFeatures(b, config, b.input("map", mapDims(config.mapChannels, 0)))]]);
}

function residuals(
  b: GraphBuilder,
  config: ControlNetConfig,
  latent: string,
  features: string,
  hoisted: Hoisted,
): string[] {
  const plan = planUnet(config);
  const shape = { from: config.inChannels, to: config.channels[0] ?? 0, kernel: 3, level: 0 } as const;
  const skips: string[] = [];
  const start = b.add(b.conv(latent, "conv_in", shape), features);
  const deepest = runSteps(b, start, plan.encoder, config, hoisted, skips);
  const middle = runSteps(b, deepest, plan.middle, config, hoisted, []);
  const zero = (x: string, key: string, channels: number, level: number) =>
    b.forEachRow(b.conv(x, key, { from: channels, to: channels, kernel: 1, level }), channels, level);
  return [
    ...plan.skips.map(({ channels, level }, n) => zero(skips[n] ?? "", `controlnet_down_blocks.${n}`, channels, level)),
    zero(middle, "controlnet_mid_block", plan.bottom.channels, plan.bottom.level),
  ];
}

/** Inputs `latent` and `features` (one row each), `time.n`, `k.n`, `v.n`; outputs `skip.n` and `middle`, unscaled. */
export function control(config: ControlNetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("control", precision);
  const latent = latentInput(b, config.inChannels);
  const features = b.input("features", mapDims(config.channels[0] ?? 0, 0, "one"));
  const names = sumNames(config);
  const found = residuals(b, config, latent, features, hoistedInputs(b));
  return b.finish(found.map((tensor, n) => [names[n] ?? "", tensor] as const));
}

/** The two halves of a ControlNet for graphs that hold more than one of them. */
export const controlNetHalves = { hintFeatures, residuals };
