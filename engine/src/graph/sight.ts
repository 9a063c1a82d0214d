import { type GraphBuilder, type Level, mapDims } from "./builder.ts";

// The operations of networks that see: convolutions of any kernel, with groups and holes, and what lies between them.
// All act on feature maps [batch, channels, height, width]; the level says where the result lies.

/** The shape of a convolution of any kind, and where its result lies. */
export interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly level: Level;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** On all four sides; what keeps the size at stride 1 without it. */
  readonly pad?: number;
  readonly bias?: boolean;
}

const square = (value: number, count = 2) => ({ ints: new Array<number>(count).fill(value) });

/** A convolution by the keys `key.weight` and `key.bias`. */
export function convolve(b: GraphBuilder, x: string, key: string, shape: Convolution): string {
  const { from, to, kernel, level, stride = 1, dilation = 1, groups = 1, bias = true } = shape;
  const { pad = (dilation * (kernel - 1)) >> 1 } = shape;
  const inputs = [x, b.parameter(`${key}.weight`, [to, from / groups, kernel, kernel])];
  if (bias) inputs.push(b.parameter(`${key}.bias`, [to]));
  return b.node("Conv", inputs, mapDims(to, level), {
    kernel_shape: square(kernel),
    pads: square(pad, 4),
    strides: square(stride),
    dilations: square(dilation),
    group: { int: groups },
  });
}

/** A transposed convolution by the keys `key.weight` and `key.bias`; `grow` is PyTorch's output_padding. */
export function deconvolve(
  b: GraphBuilder,
  x: string,
  key: string,
  { from, to, kernel, level, stride = 1, pad = 0, grow = 0 }: Convolution & { readonly grow?: number },
): string {
  const inputs = [x, b.parameter(`${key}.weight`, [from, to, kernel, kernel]), b.parameter(`${key}.bias`, [to])];
  return b.node("ConvTranspose", inputs, mapDims(to, level), {
    kernel_shape: square(kernel),
    pads: square(pad, 4),
    strides: square(stride),
    dilations: square(1),
    group: { int: 1 },
    output_padding: square(grow),
  });
}

/** What is below 0 becomes 0. */
export const relu = (b: GraphBuilder, x: string): string => b.node("Relu", [x], b.dims(x));

/** 1 / (1 + exp(-x)). */
export const sigmoid = (b: GraphBuilder, x: string): string => b.node("Sigmoid", [x], b.dims(x));

/** The largest of each window. */
export function maxPool(b: GraphBuilder, x: string, { channels, kernel, level, pad = 0 }: Pool): string {
  return b.node("MaxPool", [x], mapDims(channels, level), {
    kernel_shape: square(kernel),
    pads: square(pad, 4),
    strides: square(2),
  });
}

/** The window of a pooling by two, and where its result lies. */
export interface Pool {
  readonly channels: number;
  readonly kernel: number;
  readonly level: Level;
  readonly pad?: number;
}

/** Mirrors the outermost rows and columns outward, the edge itself not repeated. */
export function mirrored(b: GraphBuilder, x: string, pad: number): string {
  const [batch = "batch", channels = 0] = b.dims(x);
  const pads = b.whole([0, 0, pad, pad, 0, 0, pad, pad]);
  return b.node("Pad", [x, pads], [batch, channels, `${x}.height`, `${x}.width`], { mode: { text: "reflect" } });
}

/** Each channel of each picture brought to mean 0 and deviation 1, without parameters. */
export function instanceNorm(b: GraphBuilder, x: string, channels: number, epsilon: number): string {
  const inputs = [x, b.filled([channels], 1), b.filled([channels], 0)];
  return b.node("InstanceNormalization", inputs, b.dims(x), { epsilon: { float: epsilon } });
}

/** Rows from number `from` on. */
export function rowsFrom(b: GraphBuilder, x: string, from: number, width: number): string {
  const inputs = [x, b.whole([from]), b.whole([2 ** 31 - 1]), b.whole([0])];
  return b.node("Slice", inputs, [`${x}.from${from}`, width]);
}

/**
 * Scales a feature map to the sides that the int64 input `sides` holds, by the nearest four places: corners upon corners,
 * or the centres of pixels by their share of the whole.
 */
export function stretch(
  b: GraphBuilder,
  x: string,
  sides: string,
  channels: number,
  level: Level,
  on: "corners" | "centres" = "corners",
): string {
  return b.node("Resize", [x, "", "", sides], mapDims(channels, level), {
    mode: { text: "linear" },
    coordinate_transformation_mode: { text: on === "corners" ? "align_corners" : "half_pixel" },
    // Has no say in this mode; written out because every resize of ours writes it.
    nearest_mode: { text: "floor" },
  });
}
