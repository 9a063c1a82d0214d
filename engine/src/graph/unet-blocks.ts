import { type GraphBuilder, mapDims, type Rows } from "./builder.ts";
import type { ControlNetConfig, UnetConfig } from "./config.ts";
import type { ResnetStep, Step, TransformerStep } from "./unet-plan.ts";

// The blocks that a denoising UNet and a ControlNet are made of (controlnet.md 3: the shapes of Stable Diffusion).
// What does not depend on the latent comes in from outside: the time projection of each ResBlock, keys and values of the
// text for each cross-attention. Both halves of guidance read the same latent, and differ by their text alone: what comes
// before the first cross-attention is computed in one row for both.

/** Where a block finds what was computed outside the step loop. */
export interface Hoisted {
  /** The block's projection of the time embedding, [1, to, 1, 1]. */
  time(step: ResnetStep): string;
  /** Keys and values of the text, [batch, heads, context, c / heads]. */
  text(step: TransformerStep, block: number): { readonly k: string; readonly v: string };
}

/** The inputs that a piece of a UNet has when `temb` and `kv` are graphs of their own. */
export function hoistedInputs(b: GraphBuilder): Hoisted {
  return {
    time: (step) => b.input(`time.${step.time}`, [1, step.to, 1, 1]),
    text: ({ attention, channels, heads }, block) => {
      const dims = ["batch", heads, "context", channels / heads];
      return { k: b.input(`k.${attention + block}`, dims), v: b.input(`v.${attention + block}`, dims) };
    },
  };
}

type Shared = Pick<UnetConfig, "normGroups" | "normEpsilon" | "linearProjection" | "middleScale">;

function resnet(b: GraphBuilder, x: string, step: ResnetStep, config: Shared, time: string): string {
  const { key, from, to, level } = step;
  const norm = { groups: config.normGroups, epsilon: config.normEpsilon, level };
  const first = b.silu(b.groupNorm(x, `${key}.norm1`, { channels: from, ...norm }));
  // An Add, not the convolution's bias: a bias known only at run time costs the CPU provider its blocked layout, and with
  // it a quarter of the convolution's speed (measured, onnxruntime 1.30); the Add costs a fiftieth.
  const middle = b.conv(first, `${key}.conv1`, { from, to, kernel: 3, level });
  const second = b.silu(b.groupNorm(b.add(middle, time), `${key}.norm2`, { channels: to, ...norm }));
  const y = b.conv(second, `${key}.conv2`, { from: to, to, kernel: 3, level });
  const straight = from === to ? x : b.conv(x, `${key}.conv_shortcut`, { from, to, kernel: 1, level });
  const sum = b.add(straight, y);
  return key.startsWith("mid_block.") && config.middleScale !== 1
    ? b.mul(sum, b.filled([1], 1 / config.middleScale))
    : sum;
}

function transformer(b: GraphBuilder, x: string, step: TransformerStep, config: Shared, hoisted: Hoisted): string {
  const { key, channels: c, heads, level } = step;
  const square = { from: c, to: c };
  const project = (y: string, name: string) => b.conv(y, `${key}.${name}`, { ...square, kernel: 1, level });
  // diffusers' Transformer2DModel norms with an epsilon of its own, whatever the ResBlocks have.
  const normed = b.groupNorm(x, `${key}.norm`, { channels: c, groups: config.normGroups, epsilon: 1e-6, level });
  let t = config.linearProjection
    ? b.linear(b.toRows(normed, c, level), `${key}.proj_in`, square)
    : b.toRows(project(normed, "proj_in"), c, level);
  for (let n = 0; n < step.depth; n++) {
    const block = `${key}.transformer_blocks.${n}`;
    const rows = (y: string) => b.sequenceToRows(y, c);
    const sequence = (y: string) => b.toSequence(y, c, level);
    const bare = (y: string, name: string) => b.linear(y, `${block}.${name}`, { ...square, bias: false });

    let y = b.layerNorm(t, `${block}.norm1`, c, 1e-5);
    const own = (name: string) => sequence(bare(y, `attn1.${name}`));
    const self = b.attention(own("to_q"), own("to_k"), own("to_v"), heads);
    t = b.add(t, b.linear(rows(self), `${block}.attn1.to_out.0`, square));

    y = b.layerNorm(t, `${block}.norm2`, c, 1e-5);
    const { k, v } = hoisted.text(step, n);
    const asked = b.sequenceForEachRow(sequence(bare(y, "attn2.to_q")), c, level);
    const cross = b.linear(rows(b.attention(asked, k, v, heads)), `${block}.attn2.to_out.0`, square);
    t = b.rowsOf(t) === "batch" ? b.add(t, cross) : rows(b.add(sequence(cross), sequence(t)));

    y = b.layerNorm(t, `${block}.norm3`, c, 1e-5);
    // GEGLU: two halves of one weight, read as rows, so that nothing has to be split at run time.
    const half = (at: number) => b.linear(y, `${block}.ff.net.0.proj`, { from: c, to: 4 * c, part: { at, of: 8 * c } });
    const gate = half(4 * c);
    const gated = b.mul(half(0), b.node("Gelu", [gate], b.dims(gate), { approximate: { text: "none" } }));
    t = b.add(t, b.linear(gated, `${block}.ff.net.2`, { from: 4 * c, to: c }));
  }
  const out = config.linearProjection
    ? b.toMap(b.linear(t, `${key}.proj_out`, square), c, level)
    : project(b.toMap(t, c, level), "proj_out");
  return b.add(out, x);
}

/** Runs steps of a plan. `skips` is the stack that "save" pushes to and "join" takes from. */
export function runSteps(
  b: GraphBuilder,
  x: string,
  steps: readonly Step[],
  config: UnetConfig | ControlNetConfig,
  hoisted: Hoisted,
  skips: string[],
): string {
  let y = x;
  for (const step of steps) {
    if (step.kind === "resnet") y = resnet(b, y, step, config, hoisted.time(step));
    else if (step.kind === "transformer") y = transformer(b, y, step, config, hoisted);
    else if (step.kind === "save") skips.push(y);
    else if (step.kind === "join") {
      const skip = skips.pop();
      if (skip === undefined) throw new RangeError(`${b.name}: no skip is left to join.`);
      const [, own] = b.dims(y);
      y = b.concat(y, skip, (own as number) + step.channels, step.level);
    } else if (step.kind === "down" || step.kind === "up") {
      const { key, channels, level } = step;
      const square = { from: channels, to: channels, kernel: 3 } as const;
      y =
        step.kind === "down"
          ? b.conv(y, key, { ...square, level, stride: 2 })
          : b.conv(b.enlarge(y, channels, level - 1), key, { ...square, level: level - 1 });
    }
  }
  return y;
}

/** The latent as an input: one row for the whole batch, or one for each of its rows. */
export const latentInput = (b: GraphBuilder, channels: number, of: Rows = "one"): string =>
  b.input("latent", mapDims(channels, 0, of));
