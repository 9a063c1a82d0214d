import type { DiskPlace } from "../graph/graph.ts";
import { decode } from "./decode.ts";
import { incompatible } from "./refusal.ts";
import { type Dtype, dtypeBytes, type Safetensors, type TensorEntry } from "./safetensors.ts";

// The tensors of one network, by the names that diffusers gives them today, wherever they lie: in one file, in shards,
// as rows of a fused tensor, under an older spelling. Nothing above this file knows how a checkpoint spells anything.

/** The tensors of one network. Names are those of today's diffusers and transformers. */
export interface Tensors {
  /** The network and where it came from, for messages. */
  readonly label: string;
  keys(): Iterable<string>;
  has(key: string): boolean;
  shape(key: string): readonly number[];
  dtype(key: string): Dtype;
  /** The file that a tensor lies in. */
  file(key: string): string;
  /** What the file calls it. */
  nameInFile(key: string): string;
  /** Fills `into` with the tensor's stored bytes from byte `at` on. */
  bytes(key: string, into: Uint8Array, at: number): void;
  /** Where on this machine's disk those bytes lie, one after the other; null where they do not. */
  place(key: string): DiskPlace | null;
  /** Fills `into` with the tensor's elements from element `from` on, as float32. May hold NaN and infinity. */
  floats(key: string, into: Float32Array, from: number): void;
  /** Reads a whole tensor, or rows of its first side: as float32, or its stored bytes. */
  read(key: string, into: Float32Array | Uint8Array, rows?: readonly [from: number, to: number]): void;
  /** Closes the files. May be called twice. */
  close(): void;
}

/** A tensor under its name of today: an entry of an open file, or some of its rows. */
export interface TensorPlace {
  readonly file: Safetensors;
  readonly entry: TensorEntry;
  /** The shape and place of what is meant, where it is not the whole entry. */
  readonly shape?: readonly number[];
  readonly at?: number;
}

/** How many elements a shape has. */
export const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What every `Tensors` needs to tell; `read` follows from it. */
export type TensorsCore = Omit<Tensors, "read">;

/** Adds `read`. */
export function withRead(core: TensorsCore): Tensors {
  return {
    ...core,
    read(key, into, rows) {
      const shape = core.shape(key);
      const [sides = 1, ...rest] = shape;
      const [from, to] = rows ?? [0, sides];
      if (!(from >= 0 && from <= to && to <= sides)) throw new RangeError(`${key} has no rows ${from} to ${to}.`);
      const row = countOf(rest);
      const size = into instanceof Float32Array ? 1 : dtypeBytes[core.dtype(key)];
      const wanted = (to - from) * row * size;
      if (into.length !== wanted) throw new RangeError(`${key} needs room for ${wanted} and got ${into.length}.`);
      if (into instanceof Float32Array) core.floats(key, into, from * row);
      else core.bytes(key, into, from * row * size);
    },
  };
}

/** The tensors at places of open files. */
export function placedTensors(label: string, places: ReadonlyMap<string, TensorPlace>, close: () => void): Tensors {
  const find = (key: string): TensorPlace => {
    const place = places.get(key);
    if (place) return place;
    throw incompatible(label, `it has no tensor "${key}".`, { expected: key, actual: "no such tensor" });
  };
  const bytes = (key: string, into: Uint8Array, at: number): void => {
    const { file, entry, at: start = entry.at } = find(key);
    file.read(into, start + at);
  };
  return withRead({
    label,
    keys: () => places.keys(),
    has: (key) => places.has(key),
    shape: (key) => find(key).shape ?? find(key).entry.shape,
    dtype: (key) => find(key).entry.dtype,
    file: (key) => find(key).file.name,
    nameInFile: (key) => find(key).entry.name,
    bytes,
    place: (key) => {
      const { file, entry, at = entry.at } = find(key);
      return file.path === undefined ? null : { path: file.path, at };
    },
    floats: (key, into, from) => {
      const { entry, file } = find(key);
      const size = dtypeBytes[entry.dtype];
      decode(entry.dtype, into, (raw, done) => bytes(key, raw, (from + done) * size), file.name, entry.name);
    },
    close,
  });
}

/** The places of all tensors of a file under new names. A rule gives the new name, or null to leave a tensor out. */
export function placesOf(
  file: Safetensors,
  rename: (key: string) => string | null = (key) => key,
): Map<string, TensorPlace> {
  const places = new Map<string, TensorPlace>();
  for (const entry of file.tensors.values()) {
    const key = rename(entry.name);
    if (key === null) continue;
    const taken = places.get(key);
    if (taken) {
      const actual = `"${taken.entry.name}" and "${entry.name}"`;
      throw incompatible(file.name, `${actual} are both the tensor "${key}".`, { expected: `one "${key}"`, actual });
    }
    places.set(key, { file, entry });
  }
  return places;
}

/** Several networks as one: each key with its network's prefix ("" for none). Closing closes all. */
export function joinTensors(label: string, parts: readonly (readonly [prefix: string, tensors: Tensors])[]): Tensors {
  const find = (key: string): readonly [Tensors, string] => {
    for (const [prefix, tensors] of parts) {
      if (!key.startsWith(prefix)) continue;
      const inner = key.slice(prefix.length);
      if (tensors.has(inner)) return [tensors, inner];
    }
    throw incompatible(label, `it has no tensor "${key}".`, { expected: key, actual: "no such tensor" });
  };
  const on =
    <Rest extends unknown[], Out>(pick: (tensors: Tensors) => (key: string, ...rest: Rest) => Out) =>
    (key: string, ...rest: Rest): Out => {
      const [tensors, inner] = find(key);
      return pick(tensors)(inner, ...rest);
    };
  return withRead({
    label,
    keys: () => parts.flatMap(([prefix, tensors]) => Array.from(tensors.keys(), (key) => prefix + key)),
    has: (key) => parts.some(([prefix, tensors]) => key.startsWith(prefix) && tensors.has(key.slice(prefix.length))),
    shape: on((tensors) => tensors.shape),
    dtype: on((tensors) => tensors.dtype),
    file: on((tensors) => tensors.file),
    nameInFile: on((tensors) => tensors.nameInFile),
    bytes: on((tensors) => tensors.bytes),
    place: on((tensors) => tensors.place),
    floats: on((tensors) => tensors.floats),
    close: () => {
      for (const [, tensors] of parts) tensors.close();
    },
  });
}
