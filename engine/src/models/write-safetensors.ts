import { UnderdrawError } from "../core/errors.ts";
import { elements, type Precision } from "../graph/graph.ts";
import { narrowHalf } from "../graph/half.ts";
import { quoted } from "./refusal.ts";
import { findNotFinite, findNotFiniteHalf } from "./short-floats.ts";

// The writer of .safetensors files, of which `safetensors.ts` is the reader: the table first, then one tensor after the
// other, so that a file of any size is written with one tensor in memory. Bytes are those that the format's own library
// writes: no spaces in the table but those that fill it up to 8 bytes, wide types first, then by name.

/** A tensor to be written. */
export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its type in the file; numbers are rounded to it. */
  readonly precision: Precision;
  /** Its numbers in float32, as many as the shape has. Asked once each time that a file is written. */
  read(): Float32Array | Promise<Float32Array>;
}

/** A file that is not written yet. */
export interface SafetensorsWriting {
  /** Of the whole file. Bytes. */
  readonly size: number;
  /**
   * The file from its first byte to its last. A piece is good until the next one is asked for. Throws
   * `weights-not-finite` for NaN, infinity, and what float16 cannot hold; a RangeError for numbers that do not fill the shape.
   */
  pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

/** Numbers that are rounded at once. */
const CHUNK = 1 << 18;
/** The longest table that is written: what the reader reads. Bytes. */
const LONGEST_TABLE = 25_000_000;

/**
 * Lays a file out. `metadata` comes before the table; "format" says that PyTorch may read it. Throws a TypeError for two
 * tensors of one name, and a RangeError for a table that no reader takes.
 */
export function writeSafetensors(
  file: string,
  tensors: Iterable<WrittenTensor>,
  { metadata = { format: "pt" } }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): SafetensorsWriting {
  const sorted = [...tensors].sort(byTypeAndName);
  const lines = [`"__metadata__":${JSON.stringify(metadata)}`];
  let end = 0;
  sorted.forEach(({ name, shape, precision }, n) => {
    if (name === "__metadata__" || name === sorted[n - 1]?.name)
      throw new TypeError(`${file}: a tensor cannot be called ${quoted(name)}, that name is taken.`);
    const from = end;
    end += elements(shape) * bytesOf(precision);
    const dtype = precision === "float32" ? "F32" : "F16";
    lines.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [from, end] })}`);
  });
  const table = new TextEncoder().encode(`{${lines.join(",")}}`);
  const length = Math.ceil(table.length / 8) * 8;
  if (length > LONGEST_TABLE)
    throw new RangeError(`${file}: its table would have ${length} bytes, and readers take ${LONGEST_TABLE}.`);
  return {
    size: 8 + length + end,
    async *pieces() {
      const head = new Uint8Array(8 + length).fill(0x20);
      new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
      head.set(table, 8);
      yield head;
      const halves = new Uint16Array(sorted.some(({ precision }) => precision === "float16") ? CHUNK : 0);
      for (const tensor of sorted) {
        const values = await tensor.read();
        const count = elements(tensor.shape);
        if (values.length !== count)
          throw new RangeError(`${file}: ${tensor.name} has ${values.length} numbers, and its shape ${count}.`);
        for (let at = 0; at < count; at += CHUNK) yield stored(file, tensor, values.subarray(at, at + CHUNK), halves);
      }
    },
  };
}

const bytesOf = (precision: Precision): number => (precision === "float32" ? 4 : 2);

function byTypeAndName(a: WrittenTensor, b: WrittenTensor): number {
  if (a.precision !== b.precision) return a.precision === "float32" ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Some numbers of a tensor as its file holds them. */
function stored(
  file: string,
  { name, precision }: WrittenTensor,
  values: Float32Array,
  scratch: Uint16Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  if (findNotFinite(bits) >= 0) throw notFinite(file, name, "would hold NaN or infinity");
  if (precision === "float32")
    return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const halves = scratch.subarray(0, values.length);
  narrowHalf(bits, halves);
  if (findNotFiniteHalf(halves) >= 0) throw notFinite(file, name, "has numbers beyond float16 (65504)");
  return new Uint8Array(halves.buffer, 0, halves.byteLength);
}

function notFinite(file: string, tensor: string, problem: string): UnderdrawError<"weights-not-finite"> {
  const message = `Could not write ${quoted(file)}: its tensor ${quoted(tensor)} ${problem}. Go on from a checkpoint before, with a lower learning rate.`;
  return new UnderdrawError("weights-not-finite", message, { file, tensor });
}
