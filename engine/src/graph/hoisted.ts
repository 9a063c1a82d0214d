import { GraphBuilder } from "./builder.ts";
import type { ControlNetConfig, UnetConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";
import { planUnet, type ResnetStep, resnetsOf, type TransformerStep, transformersOf } from "./unet-plan.ts";

// What a UNet or a ControlNet computes from the timestep or from the text alone. It leaves the step loop: `temb` runs
// once per schedule, `kv` once per prompt.

/** The time MLP on `sinusoid` [n, c], and its activation: what every ResBlock projects. */
export function timeEmbedding(b: GraphBuilder, config: UnetConfig | ControlNetConfig, sinusoid: string): string {
  const width = config.channels[0] ?? 0;
  const first = b.linear(sinusoid, "time_embedding.linear_1", { from: width, to: 4 * width });
  return b.silu(b.linear(b.silu(first), "time_embedding.linear_2", { from: 4 * width, to: 4 * width }));
}

/** One ResBlock's projection of the time embedding [n, 4 c], [n, to]. */
export function timeProjection(b: GraphBuilder, embedding: string, { key, to }: ResnetStep, width: number): string {
  return b.linear(embedding, `${key}.time_emb_proj`, { from: width, to });
}

/** Input `sinusoid` [steps, c]; outputs `time.n` [steps, channels of ResBlock n]. */
export function temb(config: UnetConfig | ControlNetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("temb", precision);
  const width = config.channels[0] ?? 0;
  const embedding = timeEmbedding(b, config, b.input("sinusoid", ["steps", width]));
  return b.finish(
    resnetsOf(planUnet(config)).map((step) => [`time.${step.time}`, timeProjection(b, embedding, step, 4 * width)]),
  );
}

/** Keys or values of one cross-attention, split into heads, from text states [batch, context, width]. */
export function textProjection(
  b: GraphBuilder,
  states: string,
  { key, channels, heads }: TransformerStep,
  { block, side, width }: { readonly block: number; readonly side: "k" | "v"; readonly width: number },
): string {
  const rows = b.reshape(states, [-1, width], ["rows.context", width]);
  const name = `${key}.transformer_blocks.${block}.attn2.to_${side}`;
  const projected = b.linear(rows, name, { from: width, to: channels, bias: false });
  return b.splitHeads(b.toText(projected, channels), heads, channels / heads);
}

/** Input `states` [batch, context, width]; outputs `k.n` and `v.n` [batch, heads, context, c / heads]. */
export function kv(config: UnetConfig | ControlNetConfig, precision: Precision): Graph {
  const b = new GraphBuilder("kv", precision);
  const states = b.input("states", ["batch", "context", config.contextWidth]);
  const outputs: [string, string][] = [];
  for (const step of transformersOf(planUnet(config)))
    for (let block = 0; block < step.depth; block++)
      for (const side of ["k", "v"] as const)
        outputs.push([
          `${side}.${step.attention + block}`,
          textProjection(b, states, step, { block, side, width: config.contextWidth }),
        ]);
  return b.finish(outputs);
}
