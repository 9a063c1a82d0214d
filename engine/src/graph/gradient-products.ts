import { type GradientRule, numberOf } from "./gradient-site.ts";

// The gradients of matrix products and of attention (webgpu.md 16.2).

/** y = x w' + b, with the weight as PyTorch stores it. */
export const gemmGradient: GradientRule = ({ of, node, dy, x, needs, give }) => {
  if (numberOf(node, "transB") !== 1 || numberOf(node, "transA") !== 0)
    throw new RangeError(`${node.op} ${node.outputs[0]} is no linear layer.`);
  if (needs(0)) give(0, of.gemm(dy, x(1)));
  if (needs(1)) give(1, of.gemm(dy, x(0), { turnX: true }));
  if (needs(2)) give(2, of.sum(dy, [0]));
};

export const matmulGradient: GradientRule = ({ of, dy, x, needs, give }) => {
  if (needs(0)) give(0, of.unbroadcast(of.matmul(dy, of.turned(x(1))), of.sides(x(0))));
  if (needs(1)) give(1, of.unbroadcast(of.matmul(of.turned(x(0)), dy), of.sides(x(1))));
};

/** softmax(q k' / sqrt(d)) v of [rows, n, heads x d]; keys and values perhaps already [rows, heads, m, d]. */
export const attentionGradient: GradientRule = ({ of, node, dy, x, needs, give }) => {
  const heads = numberOf(node, "num_heads");
  if ("unidirectional" in node.attributes) throw new RangeError(`${node.op} ${node.outputs[0]} is causal.`);
  const size = (of.sides(x(0))[2] ?? 0) / heads;
  const split = (tensor: string): string => {
    const sides = of.sides(tensor);
    if (sides.length === 4) return tensor;
    const [rows = 0, count = 0] = sides;
    return of.transpose(of.reshape(tensor, [rows, count, heads, size]), [0, 2, 1, 3]);
  };
  const joined = (tensor: string, like: string): string =>
    of.sides(like).length === 4 ? tensor : of.reshape(of.transpose(tensor, [0, 2, 1, 3]), of.sides(like));
  const [q, k, v, d] = [split(x(0)), split(x(1)), split(x(2)), split(dy)];
  const scale = 1 / Math.sqrt(size);
  const scores = of.matmul(of.times(q, scale), of.turned(k));
  const shares = of.b.node("Softmax", [scores], of.sides(scores), { axis: { int: -1 } });
  if (needs(2)) give(2, joined(of.matmul(of.turned(shares), d), x(2)));
  if (!needs(0) && !needs(1)) return;
  const dShares = of.matmul(d, of.turned(v));
  // The sum over keys of dShares x shares is that over a head's channels of d x (what attention gave).
  const sum = of.sum(of.mul(dShares, shares), [3], { keep: true });
  const dScores = of.times(of.mul(shares, of.sub(dShares, sum)), scale);
  if (needs(0)) give(0, joined(of.matmul(dScores, k), x(0)));
  if (needs(1)) give(1, joined(of.matmul(of.turned(dScores), q), x(1)));
};
