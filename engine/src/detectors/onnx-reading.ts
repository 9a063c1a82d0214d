import { incompatible } from "../models/refusal.ts";
import { asBytes, asImagenet, asShares, type Reading } from "./net-plan.ts";
import type { OnnxFile, OnnxNode, OnnxValue } from "./onnx-file.ts";

// How a picture is given to an ONNX model that nobody here knows: from the shape of its input, from what its writer left
// as metadata, from what its first operations do to it. The name of the file tells nothing. What is left is what most
// models of its role want, and that it was assumed is told.

/** How a picture is given to a model, and how that is known. */
export interface OnnxReading {
  readonly input: OnnxValue;
  /** Channels last: [1, height, width, 3]. */
  readonly last: boolean;
  /** Without a batch: three sides. */
  readonly single: boolean;
  /** Sides that are fixed; null for one that is free. */
  readonly height: number | null;
  readonly width: number | null;
  /** What free sides are multiples of. */
  readonly multiple: number;
  readonly reading: Reading;
  /** Why the values are given so: "metadata", "graph", "type" or "assumed". */
  readonly known: "metadata" | "graph" | "type" | "assumed";
}

/** Finds out how a picture is given to a model. Throws `model-incompatible` for one that reads no single picture. */
export function readingOf(name: string, file: OnnxFile, assumed: Reading): OnnxReading {
  const pictures = file.inputs.flatMap((input) => {
    const layout = layoutOf(input);
    return layout ? [{ input, ...layout }] : [];
  });
  const [picture] = pictures;
  if (!picture || pictures.length > 1 || file.inputs.length > 1) {
    const actual = file.inputs.map(({ name: one, dims }) => `${one} [${dims ?? "?"}]`).join(", ") || "no inputs";
    const problem = `it reads ${actual}, and a model that sees has one input, a picture of three channels.`;
    throw incompatible(name, problem, { expected: "one picture of three channels", actual });
  }
  const found = fromMetadata(file.metadata) ?? fromGraph(file, picture.input) ?? null;
  const { reading, known } = found ?? { reading: assumed, known: "assumed" as const };
  return { ...picture, multiple: multipleOf(file), reading, known };
}

type Layout = Pick<OnnxReading, "last" | "single" | "height" | "width">;

/** Where the three channels stand; null for what is no picture. Without a shape the usual one is taken. */
function layoutOf({ dims }: OnnxValue): Layout | null {
  if (!dims) return { last: false, single: false, height: null, width: null };
  const side = (dim: number | string | undefined): number | null => (typeof dim === "number" ? dim : null);
  const single = dims.length === 3;
  if (!single && dims.length !== 4) return null;
  const [a, b, c] = single ? dims : dims.slice(1);
  const batch = single ? 1 : dims[0];
  if (typeof batch === "number" && batch !== 1) return null;
  // Three channels first, unless they stand last and the first side is something else.
  if (a === 3 || (typeof a === "string" && c !== 3)) return { last: false, single, height: side(b), width: side(c) };
  if (c === 3) return { last: true, single, height: side(a), width: side(b) };
  return null;
}

/** Numbers from a piece of metadata: JSON, or with commas or blanks between. */
function numbersIn(text: string | undefined): readonly number[] | null {
  const found = text?.match(/-?\d+(?:\.\d*)?(?:e[-+]?\d+)?/gi)?.map(Number) ?? [];
  return found.length > 0 && found.every(Number.isFinite) ? found : null;
}

const three = (values: readonly number[] | null): readonly number[] | null =>
  values?.length === 1
    ? [values[0] as number, values[0] as number, values[0] as number]
    : values?.length === 3
      ? values
      : null;

/**
 * What metadata says: mean and deviation (of values from 0 to 1, or from 0 to 255 where they are above 1), a range, an
 * order of channels; under the keys of transformers' preprocessor_config.json, which may stand there as a whole, and others
 * that exporters write.
 */
function fromMetadata(metadata: ReadonlyMap<string, string>): Pick<OnnxReading, "reading" | "known"> | null {
  const words = new Map<string, string>();
  const put = (key: string, value: unknown): void => {
    words.set(key.toLowerCase().replace(/[\s.-]+/g, "_"), typeof value === "string" ? value : JSON.stringify(value));
  };
  for (const [key, value] of metadata) {
    put(key, value);
    if (!value.trimStart().startsWith("{")) continue;
    try {
      for (const [inner, one] of Object.entries(JSON.parse(value) as object)) put(inner, one);
    } catch {
      // Text that begins like JSON and is none says nothing.
    }
  }
  const said = (...keys: readonly string[]) => keys.map((key) => words.get(key)).find((value) => value !== undefined);
  const mean = three(numbersIn(said("image_mean", "mean", "input_mean", "normalize_mean", "pixel_mean")));
  const deviation = three(numbersIn(said("image_std", "std", "input_std", "normalize_std", "pixel_std")));
  const range = numbersIn(said("input_range", "value_range", "range")?.replace(/(\d)\s*-\s*(?=\d)/, "$1 "));
  const order = said(
    "channel_order",
    "color_order",
    "colour_order",
    "input_color",
    "color_space",
    "color_format",
    "color_mode",
  )?.toLowerCase();
  const bgr = order?.includes("bgr") ?? false;
  let reading: Reading | null = null;
  if (mean && deviation?.every((one) => one > 0)) {
    // A mean of bytes lies above 1; some are 0, and then the deviation tells.
    const scale = [...mean, ...deviation].some((one) => one > 1) ? 1 : 255;
    reading = {
      mean: mean.map((one) => one * scale),
      deviation: deviation.map((one) => one * scale),
      order: [0, 1, 2],
    };
  } else if (range?.length === 2 && (range[1] as number) > (range[0] as number)) {
    const [low = 0, high = 1] = range;
    const deviations = 255 / (high - low);
    reading = { mean: Array(3).fill(-low * deviations), deviation: Array(3).fill(deviations), order: [0, 1, 2] };
  } else if (bgr) reading = asShares;
  if (!reading) return null;
  // Mean and deviation are told in the model's own order.
  return { reading: bgr ? { ...reading, order: [2, 1, 0] } : reading, known: "metadata" };
}

/** Operations that do not change what values mean. */
const neutral = new Set([
  "Cast",
  "Transpose",
  "Identity",
  "Reshape",
  "Resize",
  "Unsqueeze",
  "Squeeze",
  "Pad",
  "Slice",
  "Gather",
]);
const arithmetic = new Set(["Sub", "Add", "Mul", "Div"]);

/**
 * What the first operations say: a model that brings values to its own range itself wants bytes, or numbers from 0 to 1
 * where what it takes off or divides by is that small.
 */
function fromGraph(file: OnnxFile, input: OnnxValue): Pick<OnnxReading, "reading" | "known"> | null {
  if (input.type === "uint8") return { reading: asBytes, known: "type" };
  let name = input.name;
  const constants: number[] = [];
  for (let step = 0; step < 16; step++) {
    const node: OnnxNode | undefined = file.nodes.find(({ inputs }) => inputs.includes(name));
    const next = node?.outputs[0];
    if (!node || next === undefined || !(neutral.has(node.op) || arithmetic.has(node.op))) break;
    if (arithmetic.has(node.op)) {
      const other = node.inputs.map((one) => (one === name ? null : file.constant(one))).find((one) => one !== null);
      if (!other) break;
      constants.push(...other.map((value) => (node.op === "Mul" && value !== 0 ? 1 / value : value)).map(Math.abs));
    }
    name = next;
  }
  if (constants.length === 0) return null;
  return { reading: Math.max(...constants) > 4 ? asBytes : asShares, known: "graph" };
}

/** What free sides are multiples of: a patch, where the first convolution cuts the picture into some; else 32. */
function multipleOf(file: OnnxFile): number {
  const first = file.nodes.find(({ op }) => op === "Conv");
  const [kernel = 0] = first?.ints.get("kernel_shape") ?? [];
  const [stride = 1] = first?.ints.get("strides") ?? [];
  if (kernel === stride && kernel > 4 && kernel <= 64) return kernel % 8 === 0 ? Math.max(32, kernel) : kernel;
  return 32;
}

/** What is assumed of a model that shows this where nothing tells, and how it is said. */
export function assumptionFor(role: "depth" | "edges" | null, family: string | null): readonly [Reading, string] {
  if (family === "HED" || family === "TEED") return [asBytes, "0 to 255"];
  if (family === "PiDiNet") return [{ ...asShares, order: [2, 1, 0] }, "0 to 1, blue first"];
  if (role === "depth") return [asImagenet, "the mean and deviation of ImageNet"];
  return [asShares, "0 to 1"];
}
