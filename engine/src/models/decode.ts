import { widenHalf } from "../graph/half.ts";
import { incompatible } from "./refusal.ts";
import type { Dtype } from "./safetensors.ts";
import { widenBrain, widenE4M3, widenE5M2 } from "./short-floats.ts";

/** Float64 numbers that are narrowed at once. */
const DOUBLES = 1 << 16;

/**
 * Reads numbers of a type as float32. `read(raw, done)` must fill `raw` with the stored bytes of the elements from
 * number `done` on. Short types are read into the end of `into` and widened in place: no other memory is used.
 */
export function decode(
  dtype: Dtype,
  into: Float32Array,
  read: (raw: Uint8Array, done: number) => void,
  file: string,
  name: string,
): void {
  const { buffer, byteOffset, byteLength, length } = into;
  /** The last bytes of `into`, for elements of so many bytes. */
  const end = (size: number) => byteOffset + byteLength - length * size;
  switch (dtype) {
    case "F32":
      read(new Uint8Array(buffer, byteOffset, byteLength), 0);
      break;
    case "F16":
      read(new Uint8Array(buffer, end(2), length * 2), 0);
      widenHalf(new Uint16Array(buffer, end(2), length), into);
      break;
    case "BF16":
      read(new Uint8Array(buffer, end(2), length * 2), 0);
      widenBrain(new Uint16Array(buffer, end(2), length), new Uint32Array(buffer, byteOffset, length));
      break;
    case "F8_E4M3":
      read(new Uint8Array(buffer, end(1), length), 0);
      widenE4M3(new Uint8Array(buffer, end(1), length), into);
      break;
    case "F8_E5M2":
      read(new Uint8Array(buffer, end(1), length), 0);
      widenE5M2(new Uint8Array(buffer, end(1), length), into);
      break;
    case "F64": {
      const doubles = new Float64Array(Math.min(length, DOUBLES));
      for (let done = 0; done < length; done += doubles.length) {
        const piece = doubles.subarray(0, length - done);
        read(new Uint8Array(piece.buffer, 0, piece.byteLength), done);
        into.set(piece, done);
      }
      break;
    }
    default:
      throw incompatible(
        file,
        `the tensor "${name}" holds whole numbers (${dtype}), as quantised models do. Take the model in F16 or F32.`,
        { expected: "F16, F32, BF16 or F8", actual: dtype },
      );
  }
}
