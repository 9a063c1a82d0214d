import { dtypeBytes } from "../../engine/src/models/safetensors.ts";
import type { ByteSource, ModelFolder } from "../../engine/src/models/source.ts";

/** A tensor to write: its bytes, or float32 numbers for one of type F32. */
export interface Written {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data?: Uint8Array | Float32Array | Uint16Array;
}

/** A .safetensors file with any header: an object, or text as it is. */
export function fileWith(header: object | string, body: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

/** Writes tensors one after the other, with `gap` bytes before each. Without data they are zeros. */
export function safetensorsFile(
  tensors: Readonly<Record<string, Written>>,
  { metadata, gap = 0 }: { readonly metadata?: Record<string, string>; readonly gap?: number } = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const pieces: [at: number, bytes: Uint8Array][] = [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const size = shape.reduce((a, b) => a * b, 1) * dtypeBytes[dtype as "F32"];
    const bytes = data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(size);
    header[name] = { dtype, shape, data_offsets: [end + gap, end + gap + size] };
    pieces.push([end + gap, bytes]);
    end += gap + size;
  }
  const body = new Uint8Array(end);
  for (const [at, bytes] of pieces) body.set(bytes, at);
  return fileWith(header, body);
}

/** Float32 numbers as a tensor of one side. */
export const numbers = (...values: number[]): Written => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values),
});

/** A folder with some files put in place of its own, or taken away (null). */
export function overlay(
  folder: ModelFolder,
  files: Readonly<Record<string, Uint8Array | string | object | null>>,
): ModelFolder {
  return {
    kind: "folder",
    name: folder.name,
    async open(path, options) {
      const file = files[path];
      if (file === undefined) return folder.open(path, options);
      if (file === null) return null;
      const text = (value: string) => new TextEncoder().encode(value);
      return sourceOf(
        `${folder.name}/${path}`,
        file instanceof Uint8Array ? file : text(typeof file === "string" ? file : JSON.stringify(file)),
      );
    },
  };
}

/** Bytes as a file that counts how often it was closed. */
export function sourceOf(name: string, bytes: Uint8Array): ByteSource & { readonly closed: number } {
  let closed = 0;
  return {
    name,
    size: bytes.length,
    get closed() {
      return closed;
    },
    read(into, at) {
      if (at + into.length > bytes.length) throw new Error(`${name} was read beyond its end`);
      into.set(bytes.subarray(at, at + into.length));
    },
    close: () => {
      closed++;
    },
  };
}
