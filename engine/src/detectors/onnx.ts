import { UnderdrawError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ForeignType } from "../graph/graph.ts";
import { incompatible } from "../models/refusal.ts";
import type { Tensor as DeviceTensor, Runtime } from "../runtime/runtime.ts";
import { type Detector, type DetectorWarning, taken } from "./detector.ts";
import type { Reading } from "./net-plan.ts";
import { type OnnxFile, type OnnxValue, readOnnx } from "./onnx-file.ts";
import { assumptionFor, type OnnxReading, readingOf } from "./onnx-reading.ts";
import { nextMultiple, pictureOf, readAs, stretched } from "./picture-input.ts";

// A model of somebody else's as an ONNX file. Whoever knows it gives its inputs by their own names, or by any name where
// it has one; `picture` asks for the model to be looked at, and gives the picture in the layout, size and range it wants.
// `mean`, `deviation` and `order` beside the picture (three numbers each) say how, where the asker knows better.

/** How an ONNX model is opened. */
export interface OnnxOptions {
  readonly role: "depth" | "edges" | null;
  /** The family that it should be of, where the condition knows. */
  readonly family: string | null;
  readonly warnings: readonly DetectorWarning[];
}

/** Opens an ONNX model from its whole bytes. */
export async function openOnnx(
  runtime: Runtime,
  name: string,
  bytes: Uint8Array,
  options: OnnxOptions,
): Promise<Detector> {
  const file = readOnnx(name, bytes);
  const [assumed, words] = assumptionFor(options.role, options.family);
  // A model with a role has to be readable before it is loaded; of one without, only its asker knows.
  const reading = options.role ? readingOf(name, file, assumed) : null;
  const warnings = [...options.warnings];
  if (reading?.known === "assumed")
    warnings.push({
      code: "model-range-assumed",
      message: `${name} does not tell which values it reads; ${words} were assumed.`,
      remedy: "If its map is wrong, say what it reads.",
    });
  const opening = runtime.openModel({ name, bytes, inputs: file.inputs });
  const session = await ofModel(runtime, name, "it cannot be loaded", opening);
  return {
    warnings,
    async run(given, { signal } = {}) {
      signal?.throwIfAborted();
      const wanted =
        "picture" in given
          ? pictureFeeds(name, given, reading ?? readingOf(name, file, assumed))
          : ownFeeds(name, given, file);
      const feeds: Record<string, DeviceTensor> = {};
      try {
        for (const { input, dims, values } of wanted) feeds[input.name] = tensorFor(runtime, input.type, dims, values);
      } catch (error) {
        for (const tensor of Object.values(feeds)) tensor.dispose();
        throw error;
      }
      const sizes = wanted.map(({ dims }) => `[${dims.join(", ")}]`).join(" and ");
      const running = session.run(feeds, signal ? { signal } : {});
      return taken(runtime, Object.values(feeds), ofModel(runtime, name, `it fails on ${sizes}`, running));
    },
    release: () => session.release(),
  };
}

/** What onnxruntime cannot do with a model, while it is sound itself, is a fault of the model. */
async function ofModel<T>(runtime: Runtime, name: string, what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!UnderdrawError.is(cause, "runtime-failed") || runtime.lost) throw cause;
    const { reason } = cause.details;
    const problem = `${what}: ${reason} Take another export of the model.`;
    throw incompatible(name, problem, { expected: "a model that onnxruntime runs", actual: reason }, { cause });
  }
}

interface Feed {
  readonly input: OnnxValue;
  readonly dims: readonly number[];
  readonly values: Float32Array | Int32Array;
}

function tensorFor(
  runtime: Runtime,
  type: ForeignType,
  dims: readonly number[],
  values: Float32Array | Int32Array,
): DeviceTensor {
  if (type === "int64")
    return runtime.tensor(
      type,
      dims,
      BigInt64Array.from(values, (value) => BigInt(Math.round(value))),
    );
  return runtime.tensor(type, dims, values instanceof Float32Array ? values : Float32Array.from(values));
}

/** Inputs by the model's own names, or the one there is whatever it is called. */
function ownFeeds(name: string, given: Readonly<Record<string, Tensor>>, { inputs }: OnnxFile): readonly Feed[] {
  const entries = Object.entries(given);
  const [only] = inputs;
  if (inputs.length === 1 && entries.length === 1 && only && entries[0]) {
    const { dims, values } = entries[0][1];
    return [{ input: only, dims, values }];
  }
  return entries.map(([key, { dims, values }]) => {
    const input = inputs.find((one) => one.name === key);
    if (input) return { input, dims, values };
    const known = inputs.map((one) => one.name).join(", ");
    throw new TypeError(`The model "${name}" has no input "${key}"; it has ${known}.`);
  });
}

/** The picture as the model wants it. */
function pictureFeeds(name: string, given: Readonly<Record<string, Tensor>>, found: OnnxReading): readonly Feed[] {
  const { input, last, single, multiple } = found;
  const picture = pictureOf(name, given);
  const width = found.width ?? nextMultiple(picture.width, multiple);
  const height = found.height ?? nextMultiple(picture.height, multiple);
  if (width * height > 2 ** 26)
    throw incompatible(name, `it reads pictures of ${width}x${height} pixels, which are too many.`, {
      expected: "at most 67 million pixels",
      actual: `${width}x${height}`,
    });
  const values = readAs(stretched(picture, width, height), readingBy(name, given, found.reading), last);
  const dims = last ? [height, width, 3] : [3, height, width];
  return [{ input, dims: single ? dims : [1, ...dims], values }];
}

/** How the asker says that the picture is read; as was found out for what it does not say. */
function readingBy(name: string, given: Readonly<Record<string, Tensor>>, found: Reading): Reading {
  const said = (key: keyof Reading): readonly number[] => {
    const tensor = given[key];
    if (!tensor) return found[key];
    if (tensor.values.length !== 3) throw new TypeError(`"${key}" for the model "${name}" has three numbers.`);
    return [...tensor.values];
  };
  return { mean: said("mean"), deviation: said("deviation"), order: said("order") };
}
