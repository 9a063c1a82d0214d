import type { Graph, Value, Weight } from "./graph.ts";

/** A graph some of whose weights are inputs, so that they can learn; the others stay initialisers and cannot change. */
export interface Trainable {
  readonly graph: Graph;
  /** The weights that are inputs now, under their own names. */
  readonly weights: readonly Weight[];
}

/** Makes inputs of those weights that `learns` picks. */
export function trainable(graph: Graph, learns: (weight: Weight) => boolean): Trainable {
  const weights = graph.weights.filter(learns);
  const inputs = weights.map(({ name, dims }): Value => ({ name, type: graph.precision, dims }));
  const values = new Map(graph.values);
  for (const value of inputs) values.set(value.name, value);
  const locked = graph.weights.filter((weight) => !weights.includes(weight));
  return { graph: { ...graph, inputs: [...graph.inputs, ...inputs], weights: locked, values }, weights };
}
