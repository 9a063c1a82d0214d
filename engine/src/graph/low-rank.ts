import type { Dim, Node, Part, Value, Weight } from "./graph.ts";
import type { Trainable } from "./trainable.ts";

// Low-rank parts beside the layers of a network: y + up(down(x)), which is the layer with up x down added to its weight. A
// convolution's first part has its kernel and stride, the second is a single pixel (controlnet.md 9, Control-LoRA).

/** A low-rank part: which weight it is added to, and the two that learn. */
export interface LowRankPart {
  readonly of: Weight;
  /** [rank, from] or [rank, from, k, k]. */
  readonly down: Weight;
  /** [to, rank] or [to, rank, 1, 1]; zeros at first, so that nothing changes. */
  readonly up: Weight;
}

/** A graph with low-rank parts that learn. */
export interface LowRank extends Trainable {
  readonly parts: readonly LowRankPart[];
}

/** Puts low-rank parts beside each layer whose weight is one of those that `besides` picks and does not learn itself. */
export function lowRank({ graph, weights }: Trainable, besides: (weight: Weight) => boolean, rank: number): LowRank {
  const locked = new Map(graph.weights.filter(besides).map((weight) => [weight.name, weight]));
  const values = new Map(graph.values);
  const parts: LowRankPart[] = [];
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const weight = locked.get(node.inputs[1] ?? "");
    const isLayer = node.op === "Conv" || (node.op === "Gemm" && node.attributes["transB"] !== undefined);
    if (!weight || !isLayer) return [node];
    const part = partOf(weight, rank);
    parts.push(part);
    return beside(node, part, values);
  });
  const inputs = parts.flatMap(({ down, up }) => [down, up]);
  for (const { name, dims } of inputs) values.set(name, { name, type: graph.precision, dims });
  const added = inputs.map(({ name, dims }): Value => ({ name, type: graph.precision, dims }));
  return {
    graph: { ...graph, nodes, values, inputs: [...graph.inputs, ...added] },
    weights: [...weights, ...inputs],
    parts,
  };
}

const nameOf = ({ key, rows }: Part): string => (rows ? `${key}[${rows[0]}:${rows[1]}]` : key);

function partOf(of: Weight, asked: number): LowRankPart {
  const [to = 0, from = 0, ...kernel] = of.dims;
  const rank = Math.min(asked, to, from * kernel.reduce((a, side) => a * side, 1));
  const own = (what: "down" | "up", dims: readonly number[]): Weight => ({
    name: `${of.name}.${what}`,
    dims,
    // Two halves of one tensor have parts of their own.
    parts: of.parts.map((part) => ({ key: `${nameOf(part)}.${what}`, shape: dims })),
  });
  return { of, down: own("down", [rank, from, ...kernel]), up: own("up", [to, rank, ...kernel.map(() => 1)]) };
}

/** A layer and its low-rank part, whose sum has the layer's name. */
function beside(node: Node, { down, up }: LowRankPart, values: Map<string, Value>): Node[] {
  const [output = ""] = node.outputs;
  const whole = values.get(output);
  if (!whole) throw new RangeError(`There is no tensor "${output}".`);
  const rank = down.dims[0] ?? 0;
  const name = (what: string): string => `${output}.${what}`;
  const made = (what: string, dims: readonly Dim[]): string => {
    values.set(name(what), { ...whole, name: name(what), dims });
    return name(what);
  };
  const plain = made("layer", whole.dims);
  const inner = made(
    "down",
    whole.dims.map((dim, n) => (n === 1 ? rank : dim)),
  );
  const outer = made("up", whole.dims);
  const [x = ""] = node.inputs;
  const single = {
    ...node.attributes,
    ...(node.op === "Conv"
      ? { kernel_shape: { ints: [1, 1] }, pads: { ints: [0, 0, 0, 0] }, strides: { ints: [1, 1] } }
      : {}),
  };
  return [
    { ...node, outputs: [plain] },
    { ...node, inputs: [x, down.name], outputs: [inner] },
    { ...node, inputs: [inner, up.name], outputs: [outer], attributes: single },
    { op: "Add", domain: "", inputs: [plain, outer], outputs: [output], attributes: {} },
  ];
}
