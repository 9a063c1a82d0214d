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

/**
 * Where no more channels come out than this, the CPU spends more on cutting the taps of a kernel than on multiplying them
 * (measured: 32 to 64 channels at 64 x 64 are even).
 */
const FEW = 64;

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
  if (device === "cpu" && to <= FEW) return byLines(of, dy, x, shape);
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

/**
 * The products of a few lines at a time, added up. The input carries the kernel's rows, as lines that are taken for each of
 * them, and the gradient its columns, as zeros before it: six copies of a kernel of nine taps. They are made by Gather and
 * Concat, since Slice and Pad run on one thread (onnxruntime 1.30). With a stride, columns that a tap never meets together
 * are channels of their own.
 */
function byLines(of: Operations, dy: string, x: string, shape: Shape): string {
  const { to, from, kernel, stride, pads } = shape;
  const [rows = 0, , height = 0, width = 0] = of.sides(dy);
  const [, , high = 0, wide = 0] = of.sides(x);
  const [top, left] = pads;
  const columns = Math.ceil(kernel / stride);
  // Room for the gradient behind the zeros of each column.
  const line = width + columns - 1;
  const area = rows * Math.max(to, from * stride * kernel) * line;
  const most = Math.ceil(height / Math.ceil((height * area) / GATHERED));
  const products: string[] = [];
  for (let at = 0; at < height; at += most) {
    const lines = Math.min(most, height - at);
    const begin = stride * at - top;
    const end = begin + stride * (lines - 1) + kernel;
    const [first, last] = [Math.max(0, begin), Math.min(high, end)];
    let near = zerosAround(of, of.gather(x, 2, wholes(first, last)), 3, left, stride * line - left - wide);
    near = zerosAround(of, near, 2, first - begin, end - last);
    if (stride > 1) {
      const apart = of.reshape(near, [rows, from, end - begin, line, stride]);
      near = of.reshape(of.transpose(apart, [0, 1, 4, 2, 3]), [rows, from * stride, end - begin, line]);
    }
    const places = wholes(0, kernel).flatMap((i) => wholes(0, lines).map((n) => i + stride * n));
    const taps = of.reshape(of.gather(near, 2, places), [rows, from * stride * kernel, lines * line]);
    const d = of.gather(dy, 2, wholes(at, at + lines));
    const parts = wholes(0, columns).map((j) => {
      const moved = of.reshape(zerosAround(of, d, 3, j, line - width - j), [rows, to, lines * line]);
      return of.reshape(of.matmul(taps, of.turned(moved)), [rows, from, stride, kernel, 1, to]);
    });
    products.push(of.concat(parts, 4));
  }
  const sum = of.sum(
    products.reduce((a, one) => of.add(a, one)),
    [0],
  );
  const all = of.reshape(of.transpose(sum, [4, 0, 2, 3, 1]), [to, from, kernel, columns * stride]);
  return columns * stride === kernel ? all : of.slice(all, [{ axis: 3, start: 0, count: kernel }]);
}

const wholes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** Zeros before and behind an axis. */
function zerosAround(of: Operations, x: string, axis: number, before: number, behind: number): string {
  const zeros = (count: number) => {
    const sides = of.sides(x).map((side, n) => (n === axis ? count : side));
    return count === 0 ? [] : [of.b.filled(sides, 0)];
  };
  return before === 0 && behind === 0 ? x : of.concat([...zeros(before), x, ...zeros(behind)], axis);
}
