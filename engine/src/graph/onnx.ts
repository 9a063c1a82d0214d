import {
  type Attribute,
  type Constant,
  type Dim,
  type Graph,
  type Node,
  type Value,
  type Weight,
  weightType,
} from "./graph.ts";
import { halves } from "./half.ts";

// A graph as the bytes of an ONNX model, written without a protobuf library. Field numbers and the values of the enums
// are those of onnx.proto3 (github.com/onnx/onnx). Weights are not in the bytes: each is an external initialiser, and
// `locate` says where its numbers lie. The network is not checked here: that is what `lint` does.

/** Where a weight lies in the external data of a model. */
export interface Location {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** ONNX's `TensorProto.DataType`. */
const types = { float32: 1, uint8: 2, int8: 3, int64: 7, float16: 10 } as const;

/** onnx.proto3's version 10, with the operators of opset 20 (`Gelu`) and onnxruntime's own. */
const irVersion = 10;
const opsets: readonly (readonly [domain: string, version: number])[] = [
  ["", 20],
  ["com.microsoft", 1],
];

type Bytes = Uint8Array<ArrayBuffer>;

const text = new TextEncoder();

function joined(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function varint(value: number | bigint): Bytes {
  // A negative number is written as the 64 bits of its two's complement, as protobuf has it.
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...out, Number(rest));
}

const integer = (field: number, value: number): Bytes => joined([varint(field << 3), varint(value)]);

function float(field: number, value: number): Bytes {
  const four = new Uint8Array(4);
  new DataView(four.buffer).setFloat32(0, value, true);
  return joined([varint((field << 3) | 5), four]);
}

function put(field: number, value: string | Uint8Array): Bytes {
  const bytes = typeof value === "string" ? text.encode(value) : value;
  return joined([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function attributeBytes(name: string, value: Attribute): Bytes {
  const start = put(1, name);
  if ("float" in value) return joined([start, float(2, value.float), integer(20, 1)]);
  if ("int" in value) return joined([start, integer(3, value.int), integer(20, 2)]);
  if ("text" in value) return joined([start, put(4, value.text), integer(20, 3)]);
  return joined([start, ...value.ints.map((int) => integer(8, int)), integer(20, 7)]);
}

const nodeBytes = ({ op, domain, inputs, outputs, attributes }: Node): Bytes =>
  joined([
    ...inputs.map((name) => put(1, name)),
    ...outputs.map((name) => put(2, name)),
    put(3, `${op}:${outputs[0] ?? ""}`),
    put(4, op),
    ...Object.entries(attributes).map(([name, value]) => put(5, attributeBytes(name, value))),
    put(7, domain),
  ]);

const dimBytes = (dim: Dim): Bytes => put(1, typeof dim === "number" ? integer(1, dim) : put(2, dim));

const valueBytes = ({ name, type, dims }: Value): Bytes =>
  joined([put(1, name), put(2, put(1, joined([integer(1, types[type]), put(2, joined(dims.map(dimBytes)))])))]);

const tensorBytes = (
  name: string,
  type: keyof typeof types,
  dims: readonly number[],
  data: readonly Uint8Array[],
): Bytes => joined([...dims.map((dim) => integer(1, dim)), integer(2, types[type]), put(8, name), ...data]);

/** Little-endian, as `raw_data` must be; every machine that runs JavaScript with these arrays is. */
function constantBytes({ name, type, dims, values }: Constant): Bytes {
  if ((type === "int64") !== values instanceof BigInt64Array)
    throw new TypeError(`The constant ${name} is ${type}, but its values are a ${values.constructor.name}.`);
  const data = type === "float16" && values instanceof Float32Array ? halves(values) : values;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return tensorBytes(name, type, dims, [put(9, raw)]);
}

/** Writes a graph as an ONNX model (opset 20, com.microsoft 1) whose weights are external data where `locate` says. */
export function onnxBytes(graph: Graph, locate: (weight: Weight) => Location): Uint8Array<ArrayBuffer> {
  const weightBytes = (weight: Weight): Bytes => {
    const { file, offset, bytes } = locate(weight);
    const entries = { location: file, offset: String(offset), length: String(bytes) };
    return tensorBytes(weight.name, weightType(weight, graph.precision), weight.dims, [
      ...Object.entries(entries).map(([key, value]) => put(13, joined([put(1, key), put(2, value)]))),
      integer(14, 1),
    ]);
  };
  const body = joined([
    ...graph.nodes.map((node) => put(1, nodeBytes(node))),
    put(2, graph.name),
    ...graph.constants.map((constant) => put(5, constantBytes(constant))),
    ...graph.weights.map((weight) => put(5, weightBytes(weight))),
    ...graph.inputs.map((value) => put(11, valueBytes(value))),
    ...graph.outputs.map((value) => put(12, valueBytes(value))),
  ]);
  return joined([
    integer(1, irVersion),
    put(2, "underdraw"),
    put(7, body),
    ...opsets.map(([domain, version]) => put(8, joined([put(1, domain), integer(2, version)]))),
  ]);
}
