import { elements, type Graph, type Node, type Value, type Weight } from "./graph.ts";

// Graphs in float32 whose weights are stored in half precision. Each is widened, which is exact, right before the node
// that reads it, and forgotten after it: what stays in memory is half as much, and every run widens anew.

/** Smaller weights, and all biases, are stored as they are: a node would cost more than they take. */
const LEAST = 4096;

/** A graph with its large weights in half precision. One that computes in half precision stays as it is. */
export function halved(graph: Graph): Graph {
  if (graph.precision === "float16") return graph;
  const isLarge = ({ dims, code }: Weight): boolean => !code && dims.length > 1 && elements(dims) >= LEAST;
  const large = graph.weights.filter(isLarge);
  const widen = ({ name }: Weight): Node => ({
    op: "Cast",
    domain: "",
    inputs: [halfOf(name)],
    outputs: [name],
    attributes: { to: { int: 1 } },
  });
  return {
    ...graph,
    // Before all others, since onnxruntime then widens each when nothing else of its reader is left to do
    // (execution-order.ts): right after one another, they would all be there at once.
    nodes: [...large.map(widen), ...graph.nodes],
    weights: graph.weights.map((weight) =>
      isLarge(weight)
        ? { name: halfOf(weight.name), dims: weight.dims, parts: weight.parts, code: { of: weight, what: "half" } }
        : weight,
    ),
    values: new Map<string, Value>([
      ...graph.values,
      ...large.map(({ name, dims }) => [name, { name, type: "float32", dims }] as const),
    ]),
  };
}

const halfOf = (name: string): string => `${name}:half`;

/** Whether weights of a graph are widened as it runs: then none may be widened once and for all while it is loaded. */
export const isHalved = ({ weights }: Pick<Graph, "weights">): boolean =>
  weights.some(({ code }) => code?.what === "half");
