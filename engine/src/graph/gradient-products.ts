import { type GradientRule, intsOf, numberOf } from "./gradient-site.ts";
import type { Operations } from "./operations.ts";

// The gradients of matrix products, of attention and of convolutions (webgpu.md 16.2).

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

export const convGradient: GradientRule = ({ of, node, device, dy, x, needs, give }) => {
  const shape = shapeOf(of, node.outputs[0] ?? "", x(1), {
    pads: intsOf(node, "pads"),
    strides: intsOf(node, "strides"),
  });
  if (needs(2)) give(2, of.sum(dy, [0, 2, 3]));
  if (needs(0)) give(0, inputGradient(of, dy, x(0), x(1), shape, device));
  if (needs(1)) give(1, weightGradient(of, dy, x(0), shape, device));
};

interface Shape {
  readonly to: number;
  readonly from: number;
  readonly kernel: number;
  readonly stride: number;
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
}

function shapeOf(
  of: Operations,
  name: string,
  weight: string,
  { pads, strides }: { readonly pads: readonly number[]; readonly strides: readonly number[] },
): Shape {
  const [to = 0, from = 0, kernel = 1, across] = of.sides(weight);
  if (kernel !== across) throw new RangeError(`Conv ${name} has a kernel of ${kernel} x ${across}.`);
  return { to, from, kernel, stride: strides[0] ?? 1, pads };
}

const convolution = (kernel: number, pads: readonly number[], { stride = 1, dilation = 1 } = {}) => ({
  kernel_shape: { ints: [kernel, kernel] },
  pads: { ints: pads },
  strides: { ints: [stride, stride] },
  dilations: { ints: [dilation, dilation] },
  group: { int: 1 },
});

function inputGradient(
  of: Operations,
  dy: string,
  x: string,
  weight: string,
  { to, from, kernel, stride, pads }: Shape,
  device: "cpu" | "gpu",
): string {
  const sides = of.sides(x);
  if (stride === 1 && (device === "cpu" || kernel === 1)) {
    // The same convolution with the weight turned over: a weight that is locked is turned once, when the graph is loaded.
    const turned = of.transpose(weight, [1, 0, 2, 3]);
    const axis = (at: number) => ({ axis: at, start: kernel - 1, count: kernel, step: -1 });
    const over = kernel === 1 ? turned : of.slice(turned, [axis(2), axis(3)]);
    const around = pads.map((pad) => kernel - 1 - pad);
    return of.b.node("Conv", [dy, over], sides, convolution(kernel, around));
  }
  const [, , height = 0, width = 0] = sides;
  const rest = (side: number, at: 0 | 1) => (side + (pads[at] ?? 0) + (pads[2 + at] ?? 0) - kernel) % stride;
  void [to, from];
  return of.b.node("ConvTranspose", [dy, weight], sides, {
    ...convolution(kernel, pads, { stride }),
    output_padding: { ints: [rest(height, 0), rest(width, 1)] },
  });
}

/** [to, from, k, k]: for each place of the kernel the product of the gradient with the input moved there. */
function weightGradient(of: Operations, dy: string, x: string, shape: Shape, device: "cpu" | "gpu"): string {
  const { to, from, kernel, stride, pads } = shape;
  const [rows = 0, , height = 0, width = 0] = of.sides(dy);
  const area = height * width;
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  void device;
  const padded = of.pad(x, [0, 0, top, left, 0, 0, bottom, right]);
  const taps: string[] = [];
  for (let i = 0; i < kernel; i++)
    for (let j = 0; j < kernel; j++) {
      const whole = kernel === 1 && stride === 1;
      const tap = whole
        ? padded
        : of.slice(padded, [
            { axis: 2, start: i, count: height, step: stride },
            { axis: 3, start: j, count: width, step: stride },
          ]);
      taps.push(of.reshape(tap, [rows, from, area]));
    }
  const d = of.reshape(dy, [rows, to, area]);
  const all = taps.length === 1 ? (taps[0] ?? "") : of.concat(taps, 1);
  // [rows, to, area] x [rows, area, taps x from], summed over the rows.
  const product = of.sum(of.matmul(d, of.turned(all)), [0]);
  const places = kernel * kernel;
  if (places === 1) return of.reshape(product, [to, from, 1, 1]);
  const ordered = of.transpose(of.reshape(product, [to, places, from]), [0, 2, 1]);
  return of.reshape(ordered, [to, from, kernel, kernel]);
}
