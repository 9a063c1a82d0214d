// Graphs as data: nodes, types and shapes, before they are bytes. Builders of this room make them from a model's
// config, `lint` reads them, `onnx.ts` writes them, tests and the differentiation of later work read them too.
// Nothing here knows onnxruntime, a file or a device.

/** The element types that our graphs use. */
export type ElementType = "float32" | "float16" | "int64";

/** The element types that a model of somebody else's may take or give besides. */
export type ForeignType = ElementType | "int32" | "uint8" | "bool" | "float64";

/** The floating-point type that a graph computes in. */
export type Precision = "float32" | "float16";

/** One side of a tensor: a number, or the name of a side that is known when the graph runs ("batch", "height.1"). */
export type Dim = number | string;

/** A tensor that flows through a graph. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

/** An attribute of a node, in the kind that ONNX stores. A whole-numbered float stays a float. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** One operation. An absent optional input is "". */
export interface Node {
  readonly op: string;
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Small numbers that the builder itself puts into a graph. Float values are written in the constant's own type. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** A tensor of a checkpoint, or rows of its first side. */
export interface Part {
  readonly key: string;
  /** The shape that the whole tensor must have in the checkpoint. */
  readonly shape: readonly number[];
  readonly rows?: readonly [from: number, to: number];
}

/** A parameter of a graph: the sum of its parts (most have one), in the graph's precision and row order. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly parts: readonly Part[];
  /** Where it is not the numbers of the graph's precision that are stored: see `quantised.ts` and `halved.ts`. */
  readonly code?: WeightCode | HalfCode;
}

/** A weight of a graph in float32 that is stored in half precision. */
export interface HalfCode {
  readonly of: Weight;
  readonly what: "half";
}

/** What is stored of a weight in fewer bits. */
export interface WeightCode {
  /** The weight whose numbers it stands for, rows first. */
  readonly of: Weight;
  /** Levels, as bytes, or the scales that they are times, in the graph's precision. */
  readonly what: "levels" | "scales";
  readonly bits: 4 | 8;
  /** So many numbers of a row share a scale; null where all of a row do. */
  readonly block: number | null;
}

/** The element type that a weight is stored in. */
export const weightType = ({ code }: Weight, precision: Precision): Precision | "uint8" | "int8" =>
  code?.what === "half" ? "float16" : code?.what !== "levels" ? precision : code.block === null ? "int8" : "uint8";

/** How many bytes a weight has in a graph of a precision. */
export const weightSize = (weight: Weight, precision: Precision): number => {
  const type = weightType(weight, precision);
  return elements(weight.dims) * (type === "float32" ? 4 : type === "float16" ? 2 : 1);
};

/** A network, or a piece of one. */
export interface Graph {
  readonly name: string;
  readonly precision: Precision;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly weights: readonly Weight[];
  /** Every tensor that flows, by name: inputs, outputs and what lies between. */
  readonly values: ReadonlyMap<string, Value>;
}

/** What a runtime reads the weights of a graph from, one tensor in memory at a time. */
export interface Weights {
  /** Writes a weight into `into` (its elements x 2 or 4 bytes, little-endian). Synchronous; may be asked again. */
  read(weight: Weight, precision: Precision, into: Uint8Array): void;
  /** Where on this machine's disk the bytes lie that `read` would write; null, or no such method, where they do not. */
  place?(weight: Weight, precision: Precision): WeightPlace | null;
}

/** Where a weight's bytes lie on a disk. */
export interface WeightPlace extends DiskPlace {
  /** Reads them once, piece by piece, and throws what `read` would. */
  check(): void;
}

/** Where bytes lie on a disk. */
export interface DiskPlace {
  readonly path: string;
  /** The first byte. */
  readonly at: number;
}

/** How many numbers a tensor of these sides holds. */
export const elements = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
