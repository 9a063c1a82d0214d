import { GraphBuilder } from "./builder.ts";
import type { Graph, Weight } from "./graph.ts";
import { Operations } from "./operations.ts";

// AdamW as torch.optim.AdamW computes it, with the gradients first shortened to a norm as torch's clip_grad_norm_ does:
// one graph whose inputs and outputs are the weights and their moments, so that they stay where they are computed.

/** AdamW's constants, torch's own. */
export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** What torch adds to the norm before it divides by it. */
const NORM_EPSILON = 1e-6;

/** Sides without the ones at their end: onnxruntime 1.30 multiplies [n, m, 1, 1] by a number 30 times as slowly as [n, m]. */
function withoutOnes(dims: readonly number[]): readonly number[] {
  const last = dims.findLastIndex((side) => side !== 1);
  return last < 0 ? [1] : dims.slice(0, last + 1);
}

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
  const learning = weights.map(({ name, dims }) => {
    const plain = withoutOnes(dims);
    const tensor = (input: string): string => of.reshape(b.input(input, dims), plain);
    const gradient = tensor(`gradient.${name}`);
    return { name, dims, tensor, gradient, square: of.mul(gradient, gradient) };
  });
  const squares = learning.map(({ square, dims }) => {
    const flat = of.reshape(square, [dims.reduce((a, side) => a * side, 1)]);
    return of.reshape(of.sum(flat, [0]), [1]);
  });
  const norm = of.mul(of.sqrt(squares.reduce((a, one) => of.add(a, one))), share);
  // min(1, clip / norm) without a Min, which not every provider has.
  const room = of.sub(of.number(1), of.div(clip, of.plus(norm, NORM_EPSILON)));
  const factor = of.mul(of.sub(of.number(1), b.node("Relu", [room], [1])), share);
  // What is the same for all numbers of a weight is multiplied before it meets them: each pass over them counts.
  const first = of.times(factor, 1 - adam.beta1);
  const second = of.times(of.mul(factor, factor), 1 - adam.beta2);
  const [pace, epsilon] = [of.div(rate, root), of.div(of.number(adam.epsilon), root)];
  const outputs = learning.flatMap(({ name, dims, tensor, gradient, square }): [string, string][] => {
    const m = of.add(of.times(tensor(`m.${name}`), adam.beta1), of.mul(gradient, first));
    const v = of.add(of.times(tensor(`v.${name}`), adam.beta2), of.mul(square, second));
    const step = of.div(of.mul(m, pace), of.add(of.sqrt(v), epsilon));
    const next = of.sub(of.mul(tensor(name), kept), step);
    const found: [string, string][] = [
      [`next.${name}`, next],
      [`next.m.${name}`, m],
      [`next.v.${name}`, v],
    ];
    if (mean) {
      const old = scalar("old");
      const before = tensor(`mean.${name}`);
      // before + (1 - old) (next - before)
      const toward = of.mul(of.sub(next, before), of.sub(of.number(1), old));
      found.push([`next.mean.${name}`, of.add(before, toward)]);
    }
    return found.map(([output, value]): [string, string] => [output, of.reshape(value, dims)]);
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
