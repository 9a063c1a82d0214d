import type * as Ort from "onnxruntime-web";
import type { ElementType } from "../graph/graph.ts";
import { halves, widened } from "../graph/half.ts";

// Numbers between our side (float32, int64) and onnxruntime's tensors beside the device. Half precision goes as 16-bit
// words: onnxruntime takes a Uint16Array everywhere, and gives a Float16Array where JavaScript has one.

/** The bytes that a tensor of a type holds for these numbers. Floats are narrowed for float16, never copied otherwise. */
export function packed(
  type: ElementType,
  values: Float32Array | BigInt64Array,
): Float32Array | Uint16Array | BigInt64Array {
  if ((type === "int64") !== values instanceof BigInt64Array)
    throw new TypeError(`A tensor of ${type} is not made from a ${values.constructor.name}.`);
  return type === "float16" && values instanceof Float32Array ? halves(values) : values;
}

/** A tensor beside the device, with a copy of the numbers. */
export function cpuTensor(
  ort: Pick<typeof Ort, "Tensor">,
  type: ElementType,
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
  throw new TypeError(`No graph of ours has a tensor of ${type}.`);
}

/** The numbers of a tensor beside the device, as float32. */
export const numbersOf = (tensor: Ort.Tensor): Float32Array<ArrayBuffer> =>
  unpacked(tensor.type, tensor.data as unknown as ArrayBufferView);
