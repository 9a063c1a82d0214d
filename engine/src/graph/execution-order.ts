import type { Graph, Node } from "./graph.ts";

// In which order onnxruntime runs a graph: not as the nodes stand, but back from those that nothing reads, the last first, and from each to what it reads, the last first again. A gradient
// that waits for its turn keeps all that it is made of, so that what stands last decides how much is kept. Its profile has all
// nodes of a step in this order (1.30, where it changes no nodes; gradient-segments.test.ts).

/** The nodes as onnxruntime runs them. */
export function executionOrder({ nodes }: Pick<Graph, "nodes">): Node[] {
  const makers = new Map(nodes.flatMap(({ outputs }, n) => outputs.map((output) => [output, n] as const)));
  const from = nodes.map(({ inputs }) =>
    [...new Set(inputs.flatMap((input) => makers.get(input) ?? []))].sort((a, b) => a - b),
  );
  const read = new Set(from.flat());
  const stack = nodes.flatMap((_, n) => (read.has(n) ? [] : [{ n, leave: false }]));
  const seen = new Set<number>();
  const order: Node[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { n, leave } = top;
    if (leave) order.push(nodes[n] as Node);
    if (leave || seen.has(n)) continue;
    seen.add(n);
    stack.push({ n, leave: true });
    for (const each of from[n] ?? []) if (!seen.has(each)) stack.push({ n: each, leave: false });
  }
  return order;
}

/**
 * The graph with the nodes that nothing reads behind all others, the first last: onnxruntime then runs what each of them
 * needs in the order in which they stood.
 */
export function inTurn(graph: Graph): Graph {
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const isRead = ({ outputs }: Node): boolean => outputs.some((output) => read.has(output));
  const last = graph.nodes.filter((node) => !isRead(node)).reverse();
  return { ...graph, nodes: [...graph.nodes.filter(isRead), ...last] };
}
