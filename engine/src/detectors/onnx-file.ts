import type { Dim, ForeignType } from "../graph/graph.ts";
import { halfNumbers } from "../graph/half.ts";
import { fileInvalid, incompatible, quoted } from "../models/refusal.ts";
import { type Field, fields, ProtobufError, textOf, wholeNumbers } from "./protobuf.ts";

// What an ONNX file says of itself: inputs, outputs, metadata, and the operations between, as far as they tell how a
// picture is to be given. Field numbers are those of onnx.proto3 (github.com/onnx/onnx).

/** An input or output. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ForeignType;
  /** A number, or a name for a side that is free; null where the file tells no shape. */
  readonly dims: readonly Dim[] | null;
}

/** One operation. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The whole numbers of its attributes. */
  readonly ints: ReadonlyMap<string, readonly number[]>;
}

/** An ONNX file, looked at. */
export interface OnnxFile {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  /** What the writer left under metadata_props. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The numbers of a constant of up to 16; null for what is none, or larger, or of another type. */
  constant(name: string): readonly number[] | null;
}

/** onnx.proto3's `TensorProto.DataType`, as far as it is given to onnxruntime here. */
const types: Readonly<Record<number, ForeignType>> = {
  1: "float32",
  2: "uint8",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
};

/** Whether bytes are those of an ONNX file: its version, a small number, then another field of a model. */
export function looksOnnx(head: Uint8Array): boolean {
  const [first = 0, version = 0, second = 0] = head;
  return first === 0x08 && version > 0 && version < 32 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(second);
}

/** Reads what a whole ONNX file says. Throws `file-invalid` for one that is cut or none, `model-incompatible` for parts. */
export function readOnnx(name: string, bytes: Uint8Array): OnnxFile {
  try {
    const metadata = new Map<string, string>();
    let graph: Uint8Array | null = null;
    for (const field of fields(bytes)) {
      if (field.number === 7) graph = field.bytes;
      if (field.number === 14 && field.bytes) {
        const [key, value] = pair(field.bytes);
        metadata.set(key, value);
      }
    }
    if (!graph) throw new ProtobufError("it holds no graph");
    return { ...readGraph(name, graph), metadata };
  } catch (cause) {
    if (!(cause instanceof ProtobufError)) throw cause;
    throw fileInvalid(name, `it is no whole ONNX file: ${cause.message}. Copy or download it again.`, { cause });
  }
}

function pair(message: Uint8Array): readonly [key: string, value: string] {
  let [key, value] = ["", ""];
  for (const field of fields(message)) {
    if (field.number === 1) key = textOf(field);
    if (field.number === 2) value = textOf(field);
  }
  return [key, value];
}

function readGraph(file: string, graph: Uint8Array): Omit<OnnxFile, "metadata"> {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Uint8Array>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  for (const { number, bytes } of fields(graph)) {
    if (!bytes) continue;
    if (number === 1) nodes.push(readNode(bytes, constants));
    if (number === 5) constants.set(nameOf(file, bytes), bytes);
    if (number === 11) inputs.push(readValue(file, bytes));
    if (number === 12) outputs.push(readValue(file, bytes));
  }
  return {
    nodes,
    // Older files list their weights among the inputs.
    inputs: inputs.filter((input) => !constants.has(input.name)),
    outputs,
    constant(name) {
      const tensor = constants.get(name);
      return tensor ? numbersOf(tensor) : null;
    },
  };
}

/** The name of a weight. Throws for one whose numbers lie in another file. */
function nameOf(file: string, tensor: Uint8Array): string {
  let name = "";
  for (const field of fields(tensor)) {
    if (field.number === 8) name = textOf(field);
    if (field.number === 14 && field.value === 1) {
      const problem = `its weights lie in another file beside it, and one file is read. Join them first: onnx.save(onnx.load("${file}"), "joined.onnx").`;
      throw incompatible(file, problem, { expected: "one file", actual: "external data" });
    }
  }
  return name;
}

function readNode(message: Uint8Array, constants: Map<string, Uint8Array>): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const ints = new Map<string, readonly number[]>();
  let op = "";
  let value: Uint8Array | null = null;
  for (const field of fields(message)) {
    if (field.number === 1) inputs.push(textOf(field));
    if (field.number === 2) outputs.push(textOf(field));
    if (field.number === 4) op = textOf(field);
    if (field.number !== 5 || !field.bytes) continue;
    let name = "";
    const numbers: number[] = [];
    for (const inner of fields(field.bytes)) {
      if (inner.number === 1) name = textOf(inner);
      if (inner.number === 3 || inner.number === 8) numbers.push(...wholeNumbers(inner));
      if (inner.number === 5) value = inner.bytes;
    }
    ints.set(name, numbers);
  }
  if (op === "Constant" && value && outputs[0] !== undefined) constants.set(outputs[0], value);
  return { op, inputs, outputs, ints };
}

function readValue(file: string, message: Uint8Array): OnnxValue {
  let name = "";
  let type = 0;
  let dims: Dim[] | null = null;
  for (const field of fields(message)) {
    if (field.number === 1) name = textOf(field);
    if (field.number !== 2 || !field.bytes) continue;
    const tensor = [...fields(field.bytes)].find(({ number }) => number === 1)?.bytes;
    for (const inner of tensor ? fields(tensor) : []) {
      if (inner.number === 1) type = inner.value;
      if (inner.number === 2 && inner.bytes) dims = [...fields(inner.bytes)].map(dimOf);
    }
  }
  const known = types[type];
  if (!known) {
    const problem = `its ${quoted(name)} is of ONNX's type ${type}, and here are read ${Object.values(types).join(", ")}.`;
    throw incompatible(file, problem, { expected: "tensors of numbers", actual: `type ${type}` });
  }
  return { name, type: known, dims };
}

/** A side: a number, or the name of one that is free. Exporters write 0 or -1 for a free one as well. */
function dimOf(field: Field): Dim {
  for (const inner of field.bytes ? fields(field.bytes) : []) {
    if (inner.number === 1 && inner.value > 0) return inner.value;
    if (inner.number === 2) return textOf(inner) || "free";
  }
  return "free";
}

/** The numbers of a small constant. */
function numbersOf(tensor: Uint8Array): readonly number[] | null {
  let type = 0;
  let raw: Uint8Array | null = null;
  const dims: number[] = [];
  for (const field of fields(tensor)) {
    if (field.number === 1) dims.push(...wholeNumbers(field));
    if (field.number === 2) type = field.value;
    if ((field.number === 4 || field.number === 9) && field.bytes) raw = field.bytes;
  }
  const count = dims.reduce((a, b) => a * b, 1);
  const size = { 1: 4, 10: 2, 11: 8 }[type];
  if (!raw || !size || count > 16 || raw.length < count * size) return null;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: count }, (_, n) =>
    size === 4
      ? view.getFloat32(4 * n, true)
      : size === 8
        ? view.getFloat64(8 * n, true)
        : (halfNumbers[view.getUint16(2 * n, true)] as number),
  );
}
