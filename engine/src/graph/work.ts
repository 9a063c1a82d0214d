import type { Graph, Node } from "./graph.ts";
import { countOf, type RunExtent } from "./memory.ts";

/**
 * How many multiplications with additions a run of a graph takes: convolutions, linear layers, products of matrices and
 * attention. What goes over each number once or twice (norms, sums) is left out: it is a percent of them.
 */
export function runWork(graph: Graph, extent: RunExtent): number {
  const shapes = new Map(graph.weights.map(({ name, dims }) => [name, dims]));
  const dimsOf = (name: string) => graph.values.get(name)?.dims ?? shapes.get(name) ?? [];
  const count = (name: string): number => countOf({ dims: dimsOf(name) }, extent) ?? 0;
  const side = (name: string, at: number): number => countOf({ dims: dimsOf(name).slice(at).slice(0, 1) }, extent) ?? 0;
  const work = ({ op, inputs: [a = "", b = ""], outputs: [out = ""] }: Node): number => {
    // A weight [to, from, ..] is read once for each number of the output, but for its rows.
    if (op === "Conv") return count(out) * (countOf({ dims: dimsOf(b).slice(1) }, extent) ?? 0);
    if (op === "Gemm") return count(out) * side(b, 1);
    if (op === "MatMul") return count(out) * side(a, -1);
    // Scores of each query with each key, and their sum of values; keys are [batch, m, c] or [batch, heads, m, c / heads].
    if (op === "MultiHeadAttention") return 2 * count(out) * side(b, dimsOf(b).length - 2);
    return 0;
  };
  return graph.nodes.reduce((sum, node) => sum + work(node), 0);
}
