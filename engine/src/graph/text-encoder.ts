import { GraphBuilder } from "./builder.ts";
import type { TextConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";

// CLIP's text encoder. Token embeddings are looked up outside: the table (76 MB for SD1.5) never goes to the device.

function activate(b: GraphBuilder, x: string, activation: TextConfig["activation"]): string {
  if (activation === "quick-gelu")
    return b.node("QuickGelu", [x], b.dims(x), { alpha: { float: 1.702 } }, { domain: "com.microsoft" });
  return b.node("Gelu", [x], b.dims(x), { approximate: { text: activation === "gelu" ? "none" : "tanh" } });
}

/**
 * Input `embeddings` [batch, length, width], the token embeddings of a text padded to the config's length; output
 * `states` [batch, length, width] after the final norm. `skip` leaves out so many layers at the end.
 */
export function textEncoder(config: TextConfig, precision: Precision, skip = 0): Graph {
  const { width, length, heads, hiddenWidth, normEpsilon } = config;
  if (skip < 0 || skip >= config.layers)
    throw new RangeError(`${config.layers} text layers leave nothing to skip ${skip}.`);
  const b = new GraphBuilder("text", precision);
  const positions = b.parameter("text_model.embeddings.position_embedding.weight", [length, width]);
  const start = b.add(b.input("embeddings", ["batch", length, width]), positions);
  const square = { from: width, to: width };
  let t = b.reshape(start, [-1, width], ["rows", width]);
  const sequence = (x: string) => b.reshape(x, [-1, length, width], ["batch", length, width]);
  for (let n = 0; n < config.layers - skip; n++) {
    const layer = `text_model.encoder.layers.${n}`;
    const normed = b.layerNorm(t, `${layer}.layer_norm1`, width, normEpsilon);
    const project = (name: string) => sequence(b.linear(normed, `${layer}.self_attn.${name}`, square));
    const mixed = b.attention(project("q_proj"), project("k_proj"), project("v_proj"), heads, { causal: true });
    const rows = b.reshape(mixed, [-1, width], ["rows", width]);
    t = b.add(t, b.linear(rows, `${layer}.self_attn.out_proj`, square));
    const inner = b.linear(b.layerNorm(t, `${layer}.layer_norm2`, width, normEpsilon), `${layer}.mlp.fc1`, {
      from: width,
      to: hiddenWidth,
    });
    const outer = b.linear(activate(b, inner, config.activation), `${layer}.mlp.fc2`, { from: hiddenWidth, to: width });
    t = b.add(t, outer);
  }
  return b.finish([["states", sequence(b.layerNorm(t, "text_model.final_layer_norm", width, normEpsilon))]]);
}
