import { GraphBuilder, mapDims } from "./builder.ts";
import type { ControlNetConfig, UnetConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";
import { type Hoisted, hoistedInputs, latentInput, runSteps } from "./unet-blocks.ts";
import { planUnet } from "./unet-plan.ts";

// A UNet in two halves, so that several controls share one encoder run and a changed weight replays only the decoder.
// The control is added between them, to the skips and to the middle (controlnet.md 4.3).

function encode(b: GraphBuilder, config: UnetConfig, latent: string, hoisted: Hoisted): string[] {
  const plan = planUnet(config);
  const shape = { from: config.inChannels, to: config.channels[0] ?? 0, kernel: 3, level: 0 } as const;
  const skips: string[] = [];
  const deepest = runSteps(b, b.conv(latent, "conv_in", shape), plan.encoder, config, hoisted, skips);
  const { channels, level } = plan.bottom;
  return [
    ...plan.skips.map((skip, n) => b.forEachRow(skips[n] ?? "", skip.channels, skip.level)),
    b.forEachRow(runSteps(b, deepest, plan.middle, config, hoisted, []), channels, level),
  ];
}

function decode(b: GraphBuilder, config: UnetConfig, sums: readonly string[], hoisted: Hoisted): string {
  const plan = planUnet(config);
  const channels = config.channels[0] ?? 0;
  const middle = sums.at(-1);
  if (middle === undefined) throw new RangeError("The decoder needs the middle.");
  const y = runSteps(b, middle, plan.decoder, config, hoisted, sums.slice(0, -1));
  const norm = { channels, groups: config.normGroups, epsilon: config.normEpsilon, level: 0, wide: true };
  const shape = { from: channels, to: config.outChannels, kernel: 3, level: 0 } as const;
  return b.conv(b.silu(b.groupNorm(y, "conv_norm_out", norm)), "conv_out", shape);
}

/** The names of what passes from encoder to decoder: each skip, the middle last. */
export const sumNames = (config: UnetConfig | ControlNetConfig): string[] => [
  ...planUnet(config).skips.map((_, n) => `skip.${n}`),
  "middle",
];

/** How often the side of each of them was halved, in the same order. */
export function residualLevels(config: UnetConfig | ControlNetConfig): readonly number[] {
  const { skips, bottom } = planUnet(config);
  return [...skips.map(({ level }) => level), bottom.level];
}

/** Inputs `latent` (one row), `time.n`, `k.n`, `v.n`; outputs `skip.n` and `middle`. */
export function unetEncoder(config: UnetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("unet_encoder", precision);
  const found = encode(b, config, latentInput(b, config.inChannels), hoistedInputs(b));
  const names = sumNames(config);
  return b.finish(found.map((tensor, n) => [names[n] ?? "", tensor] as const));
}

/** Inputs `skip.n` and `middle` (with what controls added), `time.n`, `k.n`, `v.n`; output `prediction`. */
export function unetDecoder(config: UnetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("unet_decoder", precision);
  const { skips, bottom } = planUnet(config);
  const sums = [
    ...skips.map((skip, n) => b.input(`skip.${n}`, mapDims(skip.channels, skip.level))),
    b.input("middle", mapDims(bottom.channels, bottom.level)),
  ];
  return b.finish([["prediction", decode(b, config, sums, hoistedInputs(b))]]);
}

/** The two halves of a UNet for graphs that hold more than one of them. */
export const unetHalves = { encode, decode };
