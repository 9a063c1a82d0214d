import { type GradientDevice, type GradientRule, intsOf } from "./gradient-site.ts";
import type { Operations } from "./operations.ts";

// The gradients of convolutions (webgpu.md 16.2), in the forms that measured fastest: bench/training.ts.

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
  readonly pads: readonly [number, number, number, number];
}

function shapeOf(
  of: Operations,
  name: string,
  weight: string,
  { pads, strides }: { readonly pads: readonly number[]; readonly strides: readonly number[] },
): Shape {
  const [to = 0, from = 0, kernel = 1, across] = of.sides(weight);
  if (kernel !== across) throw new RangeError(`Conv ${name} has a kernel of ${kernel} x ${across}.`);
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  return { to, from, kernel, stride: strides[0] ?? 1, pads: [top, left, bottom, right] };
}

const convolution = (kernel: number, pads: readonly number[], stride: number) => ({
  kernel_shape: { ints: [kernel, kernel] },
  pads: { ints: pads },
  strides: { ints: [stride, stride] },
  dilations: { ints: [1, 1] },
  group: { int: 1 },
});

function inputGradient(
  of: Operations,
  dy: string,
  x: string,
  weight: string,
  { to, from, kernel, stride, pads }: Shape,
  device: GradientDevice,
): string {
  const sides = of.sides(x);
  if (stride === 1 && (device === "cpu" || kernel === 1)) {
    // The same convolution with the weight turned over: a weight that is locked is turned once, when the graph is loaded.
    const places = kernel * kernel;
    const turned = of.transpose(weight, [1, 0, 2, 3]);
    const back = { axis: 2, start: places - 1, count: places, step: -1 };
    const over = places === 1 ? turned : of.slice(of.reshape(turned, [from, to, places]), [back]);
    const whole = of.reshape(over, [from, to, kernel, kernel]);
    const around = pads.map((pad) => kernel - 1 - pad);
    return of.b.node("Conv", [dy, whole], sides, convolution(kernel, around, 1));
  }
  const [, , height = 0, width = 0] = sides;
  const rest = (side: number, at: 0 | 1) => (side + pads[at] + pads[(2 + at) as 2 | 3] - kernel) % stride;
  return of.b.node("ConvTranspose", [dy, weight], sides, {
    ...convolution(kernel, pads, stride),
    output_padding: { ints: [rest(height, 0), rest(width, 1)] },
  });
}

/** So many numbers of all of a kernel's taps are laid out at once: 4 MiB, about what a core keeps near (measured). */
const GATHERED = 1 << 20;

/** [to, from, k, k]: for each place of the kernel the product of the gradient with the input moved there. */
function weightGradient(of: Operations, dy: string, x: string, shape: Shape, device: GradientDevice): string {
  const { to, from, kernel, stride } = shape;
  const [rows = 0, , height = 0, width = 0] = of.sides(dy);
  const places = kernel * kernel;
  const sides = [to, from, kernel, kernel];
  const count = rows * height * width;
  if (places === 1 || (device === "cpu" && count * from * places <= GATHERED)) {
    // [to, rows x area] x [rows x area, from x taps]: the product lies as the weight does.
    const d = of.reshape(of.transpose(dy, [1, 0, 2, 3]), [to, count]);
    const moved = stepped(of, of.transpose(x, [1, 0, 2, 3]), shape, [height, width]);
    const parts = moved.map((tap) => of.reshape(tap(), [from, 1, count]));
    const all = parts.length === 1 ? (parts[0] ?? "") : of.concat(parts, 1);
    return of.reshape(of.gemm(d, of.reshape(all, [from * places, count]), { turnY: true }), sides);
  }
  // Tap by tap, so that one is there at a time: [rows, to, area] x [rows, area, from], summed over the rows.
  const { d, taps } =
    stride === 1
      ? shifted(of, dy, x, shape)
      : {
          d: of.reshape(dy, [rows, to, height * width]),
          taps: stepped(of, x, shape, [height, width]).map(
            (tap) => () => of.reshape(tap(), [rows, from, height * width]),
          ),
        };
  const products = taps.map((tap) => of.reshape(of.sum(of.matmul(d, of.turned(tap())), [0]), [to, from, 1]));
  return of.reshape(of.concat(products, 2), sides);
}

/** The taps of a kernel as they are: [a, b, height, width] each. */
function stepped(
  of: Operations,
  x: string,
  { kernel, stride, pads: [top, left, bottom, right] }: Shape,
  [height, width]: readonly [number, number],
): (() => string)[] {
  if (kernel === 1 && stride === 1) return [() => x];
  const padded = of.pad(x, [0, 0, top, left, 0, 0, bottom, right]);
  return Array.from({ length: kernel * kernel }, (_, n) => () => {
    const [i, j] = [Math.floor(n / kernel), n % kernel];
    return of.slice(padded, [
      { axis: 2, start: i, count: height, step: stride },
      { axis: 3, start: j, count: width, step: stride },
    ]);
  });
}

/**
 * The taps of a kernel without a stride, each one piece of memory: lines are so far apart that a tap over a line's end
 * meets zeros of the gradient, which has its lines equally far apart.
 */
function shifted(
  of: Operations,
  dy: string,
  x: string,
  { to, from, kernel, pads: [top, left, , right] }: Shape,
): { readonly d: string; readonly taps: readonly (() => string)[] } {
  const [rows = 0, , height = 0, width = 0] = of.sides(dy);
  const [, , high = 0, wide = 0] = of.sides(x);
  // What is behind a line of the input is before the next.
  const line = Math.max(wide + Math.max(left, right), width);
  const area = height * line;
  // The last tap reads a little beyond the last line.
  const lines = height + kernel;
  const d = of.reshape(of.pad(dy, [0, 0, 0, 0, 0, 0, 0, line - width]), [rows, to, area]);
  const padded = of.pad(x, [0, 0, top, left, 0, 0, lines - top - high, line - wide - left]);
  const flat = of.reshape(padded, [rows, from, lines * line]);
  const taps = Array.from({ length: kernel * kernel }, (_, n) => () => {
    const start = Math.floor(n / kernel) * line + (n % kernel);
    return of.slice(flat, [{ axis: 2, start, count: area }]);
  });
  return { d, taps };
}
