import { type GradientRule, numberOf } from "./gradient-site.ts";

// The gradients of operations that act place by place.

export const addGradient: GradientRule = ({ of, dy, x, needs, give }) => {
  for (const at of both) if (needs(at)) give(at, of.unbroadcast(dy, of.sides(x(at))));
};

export const subGradient: GradientRule = ({ of, dy, x, needs, give }) => {
  if (needs(0)) give(0, of.unbroadcast(dy, of.sides(x(0))));
  if (needs(1)) give(1, of.times(of.unbroadcast(dy, of.sides(x(1))), -1));
};

export const mulGradient: GradientRule = ({ of, dy, x, needs, give }) => {
  for (const at of both) if (needs(at)) give(at, of.unbroadcast(of.mul(dy, x(1 - at)), of.sides(x(at))));
};

const both = [0, 1] as const;

/** y = x s with s = sigmoid(alpha x): dy/dx = s + alpha y (1 - s). */
export const quickGeluGradient: GradientRule = ({ of, node, dy, y, x, give }) => {
  const alpha = numberOf(node, "alpha");
  const s = of.sigmoid(of.times(x(0), alpha));
  const slope = of.add(s, of.mul(of.times(y, alpha), of.sub(of.number(1), s)));
  give(0, of.mul(dy, slope));
};

export const sigmoidGradient: GradientRule = ({ of, dy, y, give }) =>
  give(0, of.mul(dy, of.mul(y, of.sub(of.number(1), y))));

/** The exact form: d/dx x P(x) = P(x) + x p(x), P the normal distribution and p its density. */
export const geluGradient: GradientRule = ({ of, dy, x, give }) => {
  const z = x(0);
  const share = of.times(of.plus(of.erf(of.times(z, Math.SQRT1_2)), 1), 0.5);
  const density = of.times(of.exp(of.times(of.mul(z, z), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  give(0, of.mul(dy, of.add(share, of.mul(z, density))));
};
