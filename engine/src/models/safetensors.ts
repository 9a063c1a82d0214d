import { foreignReason } from "./foreign.ts";
import { fileInvalid, quoted } from "./refusal.ts";
import type { ByteSource } from "./source.ts";
import { checkKeys } from "./strict-keys.ts";

// The reader of .safetensors files: 8 bytes of length, a JSON table, then the tensors' bytes, little-endian. Only the
// table is ever held in memory. Everything that a file says of itself is checked before it is believed, so that a
// cut, wrong or hostile file is refused with a reason and never read out of place. The format is described at
// https://github.com/huggingface/safetensors (the README's section "Format").

/** The element types that the format knows, with their sizes in bytes. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** The element type of a tensor in a file. */
export type Dtype = keyof typeof dtypeBytes;

/** Where a tensor lies in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** First byte in the file; any number, odd ones too. */
  readonly at: number;
  readonly bytes: number;
}

/** An open .safetensors file. */
export interface Safetensors {
  readonly name: string;
  /** Where it lies on this machine's disk; absent where it lies elsewhere. */
  readonly path?: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The strings that the writer left under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Fills `into` with bytes of the file. */
  read(into: Uint8Array, at: number): void;
  /** May be called twice. */
  close(): void;
}

/**
 * The longest header that is read. Bytes. The format allows 100 MB; the longest that are published, with the whole history
 * of a training in them, have some 10 MB, and twice the length must fit where a file only claims to be a model.
 */
const LONGEST_HEADER = 25_000_000;
const AGAIN = "Copy or download it again.";

/**
 * Reads the table of a .safetensors file. Throws `file-invalid` with the reason for anything that is not one, is cut
 * short, or contradicts itself; the source is then left open for the caller to close.
 */
export function openSafetensors(source: ByteSource): Safetensors {
  const { name, size, path } = source;
  const header = readHeader(source);
  const table = parseHeader(name, header.text);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorEntry>();
  const start = 8 + header.length;
  for (const [key, value] of table) {
    if (key === "__metadata__") {
      // Some writers leave null there, or numbers under a word; what is no object at all is no metadata.
      if (typeof value !== "object")
        throw fileInvalid(name, `its __metadata__ is ${quoted(value)} and no object. ${AGAIN}`);
      for (const [word, text] of Object.entries(value ?? {})) if (typeof text === "string") metadata.set(word, text);
    } else tensors.set(key, readEntry(name, key, value, start, size));
  }
  checkOverlap(name, [...tensors.values()]);
  return {
    name,
    ...(path !== undefined && { path }),
    tensors,
    metadata,
    read: (into, at) => source.read(into, at),
    close: () => source.close(),
  };
}

function readHeader(source: ByteSource): { readonly length: number; readonly text: string } {
  const { name, size } = source;
  if (size === 0) throw fileInvalid(name, `the file is empty. ${AGAIN}`);
  const head = new Uint8Array(Math.min(16, size));
  source.read(head, 0);
  const refuse = (reason: string) => fileInvalid(name, foreignReason(name, head) ?? reason);
  if (size < 8)
    throw refuse(`the file ends after ${size} bytes, and a .safetensors file begins with 8 bytes of length. ${AGAIN}`);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  const opens = head[8] === 0x7b;
  if (length > LONGEST_HEADER) {
    const problem = `its header would be ${length} bytes long, and ${LONGEST_HEADER} are the limit`;
    throw refuse(`it is no .safetensors file: ${problem}. Take the model as .safetensors.`);
  }
  if (size > 8 && !opens) throw refuse("it is no .safetensors file: its header is no JSON object.");
  if (length < 2) throw refuse("it is no .safetensors file: its header is empty.");
  if (8 + length > size) {
    const problem = `the file ends after ${size} bytes, inside its header of ${length} bytes`;
    throw opens ? fileInvalid(name, `${problem}. ${AGAIN}`) : refuse(`${problem}. ${AGAIN}`);
  }
  const bytes = new Uint8Array(length);
  source.read(bytes, 8);
  try {
    return { length, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    throw fileInvalid(name, `its header is no UTF-8 text. ${AGAIN}`, { cause });
  }
}

function parseHeader(name: string, text: string): readonly (readonly [string, unknown])[] {
  const doubled = checkKeys(text, 4);
  if (doubled) throw fileInvalid(name, `its header ${doubled}. The file is damaged or was made to mislead.`);
  try {
    // `entries` reads own keys only: a tensor named `__proto__` is a tensor and nothing else.
    return Object.entries(JSON.parse(text) as object);
  } catch (cause) {
    throw fileInvalid(name, `its header is no JSON (${(cause as Error).message}). ${AGAIN}`, { cause });
  }
}

function readEntry(file: string, name: string, value: unknown, start: number, size: number): TensorEntry {
  const refuse = (problem: string) => fileInvalid(file, `tensor ${quoted(name)} ${problem}.`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("has no description");
  const own = (key: string): unknown =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  const [dtype, shape, offsets] = [own("dtype"), own("shape"), own("data_offsets")];
  if (typeof dtype !== "string" || !Object.hasOwn(dtypeBytes, dtype))
    throw refuse(`has the type ${quoted(dtype)}, which is none of ${Object.keys(dtypeBytes).join(", ")}`);
  if (!isWholeList(shape)) throw refuse(`has the shape ${quoted(shape)}, which is no list of whole numbers from 0 on`);
  if (!isWholeList(offsets) || offsets.length !== 2)
    throw refuse(`lies at ${quoted(offsets)}, which is no pair of whole numbers from 0 on`);
  const [from = 0, to = 0] = offsets;
  if (to < from) throw refuse(`lies at ${quoted(offsets)}, which ends before it begins`);
  let wanted: number = dtypeBytes[dtype as Dtype];
  for (const side of shape) wanted *= side;
  // Beyond 2^53 the product is not exact, and no file is that large.
  if (shape.includes(0)) wanted = 0;
  if (wanted !== to - from)
    throw refuse(`has ${to - from} bytes, and ${dtype} of the shape ${quoted(shape)} needs ${wanted}`);
  if (start + to > size)
    throw refuse(
      `ends at byte ${start + to}, and the file has only ${size} bytes: it is cut short. ${AGAIN.slice(0, -1)}`,
    );
  return { name, dtype: dtype as Dtype, shape, at: start + from, bytes: to - from };
}

const isWholeList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);

function checkOverlap(file: string, entries: readonly TensorEntry[]): void {
  const placed = entries.filter(({ bytes }) => bytes > 0).sort((a, b) => a.at - b.at);
  for (let i = 1; i < placed.length; i++) {
    const [before, after] = [placed[i - 1] as TensorEntry, placed[i] as TensorEntry];
    if (after.at >= before.at + before.bytes) continue;
    const pair = `${quoted(before.name)} and ${quoted(after.name)}`;
    throw fileInvalid(file, `the tensors ${pair} overlap. The file is damaged or was made to mislead.`);
  }
}
