import { GraphBuilder } from "./builder.ts";
import type { Graph, Weight } from "./graph.ts";
import { Operations } from "./operations.ts";

// AdamW as torch.optim.AdamW computes it, with the gradients first shortened to a norm as torch's clip_grad_norm_ does:
// one graph whose inputs and outputs are the weights and their moments, so that they stay where they are computed.

/** AdamW's constants, torch's own. */
export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** What torch adds to the norm before it divides by it. */
const NORM_EPSILON = 1e-6;

/**
 * Inputs, for each weight `w`: `w`, `m.w`, `v.w`, `gradient.w`, and `mean.w` with `mean`; and of [1]: `share` (what gradients
 * are times first: 1 / batches), `clip`, `kept` (1 - rate x decay), `rate` (divided by 1 - beta1^t), `root` (1 / sqrt(1 -
 * beta2^t)), and `old` (the share of the mean that stays) with `mean`. Outputs `next.w`, `next.m.w`, `next.v.w`, `next.mean.w`, and `norm` [1],
 * that of all gradients together before they are shortened.
 */
export function adamwStep(weights: readonly Weight[], { mean = false }: { readonly mean?: boolean } = {}): Graph {
  const b = new GraphBuilder("adamw", "float32");
  const of = new Operations(b);
  const scalar = (name: string): string => b.input(name, [1]);
  const [share, clip, kept, rate, root] = ["share", "clip", "kept", "rate", "root"].map(scalar) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const gradients = weights.map(({ name, dims }) => of.mul(b.input(`gradient.${name}`, dims), share));
  const squares = gradients.map((gradient) => {
    const flat = of.reshape(gradient, [of.sides(gradient).reduce((a, side) => a * side, 1)]);
    return of.reshape(of.sum(of.mul(flat, flat), [0]), [1]);
  });
  const norm = of.sqrt(squares.reduce((a, one) => of.add(a, one)));
  // min(1, clip / norm) without a Min, which not every provider has.
  const room = of.sub(of.number(1), of.div(clip, of.plus(norm, NORM_EPSILON)));
  const factor = of.sub(of.number(1), b.node("Relu", [room], [1]));
  const outputs = weights.flatMap(({ name, dims }, n): [string, string][] => {
    const gradient = of.mul(gradients[n] ?? "", factor);
    const blend = (before: string, now: string, beta: number) =>
      of.add(of.times(before, beta), of.times(now, 1 - beta));
    const m = blend(b.input(`m.${name}`, dims), gradient, adam.beta1);
    const v = blend(b.input(`v.${name}`, dims), of.mul(gradient, gradient), adam.beta2);
    const deviation = of.plus(of.mul(of.sqrt(v), root), adam.epsilon);
    const next = of.sub(of.mul(b.input(name, dims), kept), of.mul(of.div(m, deviation), rate));
    const found: [string, string][] = [
      [`next.${name}`, next],
      [`next.m.${name}`, m],
      [`next.v.${name}`, v],
    ];
    if (mean) {
      const old = scalar("old");
      const before = b.input(`mean.${name}`, dims);
      // before + (1 - old) (next - before)
      const toward = of.mul(of.sub(next, before), of.sub(of.number(1), old));
      found.push([`next.mean.${name}`, of.add(before, toward)]);
    }
    return found;
  });
  return b.finish([["norm", norm], ...outputs]);
}

/** Inputs `one.w` and `other.w` for each weight `w`; outputs `gradient.w`, their sums: batches that make one step together. */
export function gradientSum(weights: readonly Weight[]): Graph {
  const b = new GraphBuilder("gradient_sum", "float32");
  const of = new Operations(b);
  return b.finish(
    weights.map(({ name, dims }) => [
      `gradient.${name}`,
      of.add(b.input(`one.${name}`, dims), b.input(`other.${name}`, dims)),
    ]),
  );
}
