import { type Graph, type Weight, type Weights, weightSize } from "../graph/graph.ts";
import type { Location } from "../graph/onnx.ts";

// How weights reach onnxruntime-web without lying in memory. For each initialiser with external data it calls
// `data.subarray(offset, offset + length)` once and copies the bytes at once, into the device's staging buffer or into
// its heap. So a file that only makes its bytes when it is asked is enough: one tensor is in memory at a time.
// Subclassing Uint8Array for that is no contract of onnxruntime's; the version is pinned and the tests hold it.

/** onnxruntime-web refuses external data that ends at or after 4 GiB of one file, whatever the file is. */
const FILE_LIMIT = 2 ** 32 - 1;

/** A file that is made while it is read. Give it to onnxruntime and nothing else: it holds nothing. */
export class WeightFile extends Uint8Array<ArrayBuffer> {
  readonly #pieces = new Map<number, Weight>();
  readonly #read: (weight: Weight, bytes: number) => Uint8Array<ArrayBuffer>;
  #end = 0;

  constructor(read: (weight: Weight, bytes: number) => Uint8Array<ArrayBuffer>) {
    super(new ArrayBuffer(0));
    this.#read = read;
    for (const name of ["length", "byteLength"]) Object.defineProperty(this, name, { get: () => this.#end });
  }

  /** Gives a weight its place, after those before it. */
  add(weight: Weight, bytes: number): number {
    const offset = this.#end;
    this.#pieces.set(offset, weight);
    this.#end += bytes;
    return offset;
  }

  override subarray(begin = 0, end = this.#end): Uint8Array<ArrayBuffer> {
    const weight = this.#pieces.get(begin);
    if (!weight) throw new RangeError(`No weight begins at byte ${begin}.`);
    return this.#read(weight, end - begin);
  }
}

/** A graph's weights as files for `externalData`. */
export interface WeightFiles {
  readonly files: readonly { readonly path: string; readonly data: WeightFile }[];
  readonly locate: (weight: Weight) => Location;
  /** What a read threw. onnxruntime swallows it and reports an "unknown error" of its own. */
  readonly failure: { readonly error: unknown } | null;
  /** Lets go of the scratch memory. */
  close(): void;
}

/** Lays a graph's weights out as virtual files, none of which reaches `limit` bytes. */
export function weightFiles(
  graph: Graph,
  weights: Weights,
  { signal, limit = FILE_LIMIT }: { readonly signal?: AbortSignal | undefined; readonly limit?: number } = {},
): WeightFiles {
  const places = new Map<Weight, Location>();
  const files: { path: string; data: WeightFile }[] = [];
  let scratch = new Uint8Array(0);
  let failure: { error: unknown } | null = null;

  const read = (weight: Weight, bytes: number): Uint8Array<ArrayBuffer> => {
    try {
      signal?.throwIfAborted();
      if (bytes !== weightSize(weight, graph.precision))
        throw new RangeError(`"${weight.name}" of ${graph.name} has not ${bytes} bytes.`);
      if (scratch.length < bytes) scratch = new Uint8Array(bytes);
      const view = scratch.subarray(0, bytes);
      weights.read(weight, graph.precision, view);
      return view;
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  };

  for (const weight of graph.weights) {
    const bytes = weightSize(weight, graph.precision);
    if (bytes > limit) throw new RangeError(`"${weight.name}" of ${graph.name} has ${bytes} bytes: no file holds it.`);
    let last = files.at(-1);
    if (!last || last.data.length + bytes > limit) {
      last = { path: `weights.${files.length}`, data: new WeightFile(read) };
      files.push(last);
    }
    places.set(weight, { file: last.path, offset: last.data.add(weight, bytes), bytes });
  }
  return {
    files,
    locate: (weight) => {
      const place = places.get(weight);
      if (!place) throw new RangeError(`"${weight.name}" is no weight of ${graph.name}.`);
      return place;
    },
    get failure() {
      return failure;
    },
    close: () => {
      scratch = new Uint8Array(0);
    },
  };
}
