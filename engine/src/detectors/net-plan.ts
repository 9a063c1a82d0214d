import type { Graph } from "../graph/graph.ts";
import type { Extent } from "../graph/index.ts";
import type { Tensors } from "../models/tensors.ts";

/** What a net makes of red, green and blue from 0 to 255 before it looks: (value - mean) / deviation, in its own order. */
export interface Reading {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Which channel stands first, second, third: 0 is red, 1 green, 2 blue. */
  readonly order: readonly number[];
}

/** Red, green and blue as they are: from 0 to 255. */
export const asBytes: Reading = { mean: [0, 0, 0], deviation: [1, 1, 1], order: [0, 1, 2] };

/** From 0 to 1. */
export const asShares: Reading = { ...asBytes, deviation: [255, 255, 255] };

/** Mean 0 and deviation 1 over ImageNet's pictures: .485 .456 .406 and .229 .224 .225, of 255. */
export const asImagenet: Reading = {
  ...asBytes,
  mean: [123.675, 116.28, 103.53],
  deviation: [58.395, 57.12, 57.375],
};

/** Numbers that a graph reads besides the picture. */
export interface Extra {
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** A net that sees, ready to be opened: its graph, its numbers, and how a picture is given to it. */
export interface NetPlan {
  readonly graph: Graph;
  readonly tensors: Tensors;
  readonly reading: Reading;
  /** The sides of a picture are multiples of this; one of other sides is stretched a little. */
  readonly multiple: number;
  /** The sides of the graph's feature maps for a picture. */
  extent(height: number, width: number): Extent;
  /** What the graph reads besides the picture, for this size. */
  extras?(height: number, width: number): Readonly<Record<string, Extra>>;
  /** Tensors that are read outside of the graph, and those of the file that nobody needs. */
  readonly beside?: readonly string[];
  readonly unused?: readonly RegExp[];
}
