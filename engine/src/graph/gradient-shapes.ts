import { type GradientRule, intsOf, numberOf } from "./gradient-site.ts";

// The gradients of operations that only move numbers.

export const reshapeGradient: GradientRule = ({ of, dy, x, give }) => give(0, of.reshape(dy, of.sides(x(0))));

export const identityGradient: GradientRule = ({ dy, give }) => give(0, dy);

export const expandGradient: GradientRule = ({ of, dy, x, give }) => give(0, of.unbroadcast(dy, of.sides(x(0))));

export const transposeGradient: GradientRule = ({ of, node, dy, give }) => {
  const perm = intsOf(node, "perm");
  const back = perm.map((_, n) => perm.indexOf(n));
  give(0, of.transpose(dy, back));
};

export const concatGradient: GradientRule = ({ of, node, dy, x, needs, give }) => {
  const axis = numberOf(node, "axis");
  let start = 0;
  node.inputs.forEach((_, at) => {
    const count = of.sides(x(at))[axis] ?? 0;
    if (needs(at)) give(at, of.slice(dy, [{ axis, start, count }]));
    start += count;
  });
};

/** Zeros around have no gradient: what was inside is cut out again. */
export const padGradient: GradientRule = ({ of, dy, x, whole, give }) => {
  const [inner, outer] = [of.sides(x(0)), of.sides(dy)];
  const before = whole(1);
  const parts = inner.flatMap((count, axis) =>
    count === outer[axis] ? [] : [{ axis, start: before[axis] ?? 0, count }],
  );
  give(0, parts.length === 0 ? dy : of.slice(dy, parts));
};

/** Nearest neighbour to twice the sides: each place has four copies. */
export const resizeGradient: GradientRule = ({ of, node, dy, x, give }) => {
  const [, , height = 0, width = 0] = of.sides(x(0));
  const sides = of.sides(x(0));
  const [, , tall, wide] = of.sides(dy);
  if (tall !== 2 * height || wide !== 2 * width)
    throw new RangeError(
      `${node.op} ${node.outputs[0]} enlarges ${height} x ${width} to ${tall} x ${wide}, not twice.`,
    );
  const mean = of.b.node("AveragePool", [dy], sides, {
    kernel_shape: { ints: [2, 2] },
    strides: { ints: [2, 2] },
    pads: { ints: [0, 0, 0, 0] },
  });
  give(0, of.times(mean, 4));
};
