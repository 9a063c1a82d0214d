// Reads and writes small .safetensors files whole. The engine's own reader is not used to check the engine.

/** A tensor of float32 or int64 numbers. */
export interface FileTensor {
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** Every tensor of a file of float32 and int64 ones. */
export function parseTensors(path: string, bytes: Uint8Array): Map<string, FileTensor> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  );
  const found = new Map<string, FileTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    const { buffer } = bytes.slice(8 + length + from, 8 + length + to);
    if (entry.dtype !== "F32" && entry.dtype !== "I64") throw new Error(`${path}: ${name} is ${entry.dtype}.`);
    const values = entry.dtype === "F32" ? new Float32Array(buffer) : new BigInt64Array(buffer);
    found.set(name, { dims: entry.shape, values });
  }
  return found;
}

/** Tensors as one file. */
export function formatTensors(tensors: ReadonlyMap<string, FileTensor>): Uint8Array {
  let at = 0;
  const entries = [...tensors].map(([name, { dims, values }]) => {
    const dtype = values instanceof Float32Array ? "F32" : "I64";
    const entry = { dtype, shape: dims, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
    return [name, entry] as const;
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(8 + header.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let place = 8 + header.length;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), place);
    place += values.byteLength;
  }
  return bytes;
}
