import { GraphBuilder, mapDims, type Rows } from "./builder.ts";
import type { ControlNetConfig, UnetConfig } from "./config.ts";
import { controlNetHalves } from "./controlnet.ts";
import type { Graph, Precision } from "./graph.ts";
import { textProjection, timeEmbedding, timeProjection } from "./hoisted.ts";
import { unetHalves } from "./unet.ts";
import { type Hoisted, latentInput } from "./unet-blocks.ts";

// One step of a UNet with one ControlNet as a single graph, everything inside the loop and every row of the batch on its
// own, as other engines run it. Tests hold the split graphs against it, and the benchmarks measure what the split saves.
// The blocks are the same ones.

/** The ControlNet's keys begin with this in a whole graph; the UNet's are bare. */
export const CONTROL_PREFIX = "control_model.";

/** What a block needs, computed where it stands instead of outside the loop. */
function inside(b: GraphBuilder, config: UnetConfig | ControlNetConfig, sinusoid: string, states: string): Hoisted {
  const embedding = timeEmbedding(b, config, sinusoid);
  const projection = (step: Parameters<Hoisted["text"]>[0], block: number, side: "k" | "v") =>
    textProjection(b, states, step, { block, side, width: config.contextWidth });
  return {
    time: (step) => {
      const row = timeProjection(b, embedding, step, 4 * (config.channels[0] ?? 0));
      return b.reshape(row, [-1, step.to, 1, 1], [b.dims(row)[0] ?? "batch", step.to, 1, 1]);
    },
    text: (step, block) => ({ k: projection(step, block, "k"), v: projection(step, block, "v") }),
  };
}

/**
 * Inputs `latent` [batch, ..], `sinusoid` [1, c], `states` [batch, context, width], `map` [1, 3, ..] and `scale` [batch, 1, 1, 1];
 * output `prediction`. The map lies `hintChannels.length - 1` levels above the latent. With rows `of` "batch" each row has a
 * sinusoid and a map of its own.
 */
export function wholeStep(unet: UnetConfig, net: ControlNetConfig, precision: Precision, of: Rows = "one"): Graph {
  const b = new GraphBuilder("whole", precision);
  const latent = latentInput(b, unet.inChannels, "batch");
  const sinusoid = b.input("sinusoid", [of === "one" ? 1 : of, unet.channels[0] ?? 0]);
  const states = b.input("states", ["batch", "context", unet.contextWidth]);
  const map = b.input("map", mapDims(net.mapChannels, 1 - net.hintChannels.length, of));
  const scale = b.input("scale", ["batch", 1, 1, 1]);
  const residuals = b.prefixed(CONTROL_PREFIX, () => {
    const features = controlNetHalves.hintFeatures(b, net, map);
    return controlNetHalves.residuals(b, net, latent, features, inside(b, net, sinusoid, states));
  });
  const hoisted = inside(b, unet, sinusoid, states);
  const sums = unetHalves
    .encode(b, unet, latent, hoisted)
    .map((skip, n) => b.add(skip, b.mul(residuals[n] ?? "", scale)));
  return b.finish([["prediction", unetHalves.decode(b, unet, sums, hoisted)]]);
}
