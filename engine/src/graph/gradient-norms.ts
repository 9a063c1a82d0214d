import { type GradientRule, numberOf } from "./gradient-site.ts";
import type { Operations } from "./operations.ts";

// The gradients of norms. What a norm has inside (mean, deviation) is computed anew: it costs little, and nothing has to be
// kept of the forward pass but what is there anyway.

/** 1 over the deviation along axes, with an epsilon under the root. */
function deviation(of: Operations, x: string, axes: readonly number[], epsilon: number): string {
  const centred = of.sub(x, of.mean(x, axes));
  return of.sqrt(of.plus(of.mean(of.mul(centred, centred), axes), epsilon));
}

/** (d - mean(d) - y mean(d y)) / deviation: from the gradient `d` of what was normed, `y`, to that of what came in. */
function through(of: Operations, d: string, y: string, deviated: string, axes: readonly number[]): string {
  const projected = of.mul(y, of.mean(of.mul(d, y), axes));
  return of.div(of.sub(of.sub(d, of.mean(d, axes)), projected), deviated);
}

/** The builder's group norm is one of groups as rows, scaled by ones; its own scale comes behind. */
export const instanceNormGradient: GradientRule = ({ of, node, dy, y, x, needs, give }) => {
  if (needs(1) || needs(2)) throw new RangeError(`${node.op} ${node.outputs[0]} has a scale that is to learn.`);
  give(0, through(of, dy, y, deviation(of, x(0), [2], numberOf(node, "epsilon")), [2]));
};

export const layerNormGradient: GradientRule = ({ of, node, dy, x, needs, give }) => {
  const sides = of.sides(x(0));
  const last = sides.length - 1;
  const leading = sides.slice(0, -1).map((_, n) => n);
  const deviated = deviation(of, x(0), [last], numberOf(node, "epsilon"));
  const normed = of.div(of.sub(x(0), of.mean(x(0), [last])), deviated);
  if (needs(1)) give(1, of.sum(of.mul(dy, normed), leading));
  if (needs(2)) give(2, of.sum(dy, leading));
  if (needs(0)) give(0, through(of, of.mul(dy, x(1)), normed, deviated, [last]));
};

/** p (d - sum of d p). */
export const softmaxGradient: GradientRule = ({ of, node, dy, y, x, give }) => {
  const axis = numberOf(node, "axis");
  const at = axis < 0 ? of.sides(x(0)).length + axis : axis;
  give(0, of.mul(y, of.sub(dy, of.sum(of.mul(dy, y), [at], { keep: true }))));
};
