import type * as Ort from "onnxruntime-web";
import type { ForeignType } from "../graph/graph.ts";
import { halves, widened } from "../graph/half.ts";

// Numbers between our side (float32, int64) and onnxruntime's tensors beside the device. Half precision goes as 16-bit
// words: onnxruntime takes a Uint16Array everywhere, and gives a Float16Array where JavaScript has one.

/** The numbers of a tensor as onnxruntime takes them. */
export type Packed = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

/** The bytes that a tensor of a type holds for these numbers. Floats are brought to another type, never copied otherwise. */
export function packed(type: ForeignType, values: Float32Array | BigInt64Array): Packed {
  if (values instanceof BigInt64Array) {
    if (type === "int64") return values;
  } else if (type === "float32") return values;
  else if (type === "float16") return halves(values);
  else if (type === "float64") return Float64Array.from(values);
  else if (type === "int32") return Int32Array.from(values, Math.round);
  else if (type === "bool") return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  // Beyond the type's range comes its end, not what a wrapped number would be.
  else if (type === "uint8") return new Uint8Array(new Uint8ClampedArray(values).buffer);
  throw new TypeError(`A tensor of ${type} is not made from a ${values.constructor.name}.`);
}

/** A tensor beside the device, with a copy of the numbers. */
export function cpuTensor(
  ort: Pick<typeof Ort, "Tensor">,
  type: ForeignType,
  dims: readonly number[],
  values: Float32Array | BigInt64Array,
): Ort.Tensor {
  const data = packed(type, values);
  return new ort.Tensor(type, data === values ? data.slice() : data, dims) as Ort.Tensor;
}

/** The numbers behind some bytes of a tensor's type, as float32, in memory of their own. */
export function unpacked(type: string, data: ArrayBufferView): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  if (type === "float16") return widened(new Uint16Array(buffer, byteOffset, byteLength / 2));
  if (type === "int64") return Float32Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number);
  if (type === "float32") return new Float32Array(buffer, byteOffset, byteLength / 4).slice();
  if (type === "int32") return Float32Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
  if (type === "float64") return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
  if (type === "uint8" || type === "bool") return Float32Array.from(new Uint8Array(buffer, byteOffset, byteLength));
  throw new TypeError(`Tensors of ${type} are not read here.`);
}

/** The numbers of a tensor beside the device, as float32. */
export const numbersOf = (tensor: Ort.Tensor): Float32Array<ArrayBuffer> =>
  unpacked(tensor.type, tensor.data as unknown as ArrayBufferView);
