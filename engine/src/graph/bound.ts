import { elements, type Graph, type Node, type Value } from "./graph.ts";
import { type RunExtent, sideOf } from "./memory.ts";
import { broadcast, type Sides } from "./operations.ts";
import { shapeInputs } from "./shape-inputs.ts";

// A graph for one extent alone: every side is a number, and what was a shape input is a constant. Differentiation works
// on such graphs, since a gradient has the sides of what it is the gradient of.

/** What the sides of a node's output follow from. */
interface Given {
  readonly node: Node;
  /** The sides of its inputs; empty for one that is left out. */
  readonly inputs: readonly Sides[];
  /** The whole numbers of an input that is a constant. */
  whole(at: number): Sides;
}

const ints = (node: Node, name: string): Sides => {
  const value = node.attributes[name];
  if (value && "ints" in value) return value.ints;
  throw new RangeError(`${node.op} ${node.outputs[0]} has no ${name}.`);
};

const same = ({ inputs: [x = []] }: Given): Sides => x;
const both = ({ inputs: [a = [], b = []] }: Given): Sides => broadcast(a, b);

const rules: Readonly<Record<string, (given: Given) => Sides>> = {
  Add: both,
  Concat: ({ node, inputs }) => {
    const axis = node.attributes["axis"];
    const at = axis && "int" in axis ? axis.int : 0;
    return (inputs[0] ?? []).map((side, n) =>
      n === at ? inputs.reduce((sum, sides) => sum + (sides[n] ?? 0), 0) : side,
    );
  },
  Conv: ({ node, inputs: [x = [], w = []] }) => {
    const [pads, strides, kernel] = [ints(node, "pads"), ints(node, "strides"), ints(node, "kernel_shape")];
    const side = (at: 0 | 1) =>
      Math.floor(((x[2 + at] ?? 0) + (pads[at] ?? 0) + (pads[2 + at] ?? 0) - (kernel[at] ?? 1)) / (strides[at] ?? 1)) +
      1;
    return [x[0] ?? 0, w[0] ?? 0, side(0), side(1)];
  },
  Expand: ({ inputs: [x = []], whole }) => broadcast(x, whole(1)),
  Gelu: same,
  Gemm: ({ inputs: [x = [], w = []] }) => [x[0] ?? 0, w[0] ?? 0],
  Identity: same,
  InstanceNormalization: same,
  LayerNormalization: same,
  MatMul: ({ inputs: [a = [], b = []] }) => [
    ...broadcast(a.slice(0, -2), b.slice(0, -2)),
    a.at(-2) ?? 0,
    b.at(-1) ?? 0,
  ],
  Mul: both,
  "com.microsoft.MultiHeadAttention": same,
  Pad: ({ inputs: [x = []], whole }) => {
    const pads = whole(1);
    return x.map((side, n) => side + (pads[n] ?? 0) + (pads[x.length + n] ?? 0));
  },
  "com.microsoft.QuickGelu": same,
  Reshape: ({ inputs: [x = []], whole }) => {
    const asked = whole(1).map((side, n) => (side === 0 ? (x[n] ?? 0) : side));
    const rest = elements(x) / -elements(asked);
    return asked.map((side) => (side === -1 ? rest : side));
  },
  Resize: ({ whole }) => whole(3),
  Sigmoid: same,
  Softmax: same,
  Sub: both,
  Transpose: ({ node, inputs: [x = []] }) => ints(node, "perm").map((from) => x[from] ?? 0),
};

/**
 * The graph for an extent. Throws a RangeError for an operation whose sides are not known here, and for a side of an input
 * that the extent does not tell.
 */
export function bound(graph: Graph, extent: RunExtent): Graph {
  const values = new Map<string, Value>();
  const sides = new Map<string, Sides>();
  const wholes = new Map<string, Sides>();
  const constants = [...graph.constants];
  for (const [name, numbers] of shapeInputs(graph, extent))
    constants.push({ name, type: "int64", dims: [numbers.length], values: numbers });
  for (const { name, dims, values: numbers } of constants) {
    sides.set(name, dims);
    if (numbers instanceof BigInt64Array) wholes.set(name, Array.from(numbers, Number));
  }
  for (const { name, dims } of graph.weights) sides.set(name, dims);
  const inputs = graph.inputs
    .filter(({ name }) => !wholes.has(name))
    .map((value) => {
      const dims = value.dims.map((dim) => {
        const side = typeof dim === "number" ? dim : sideOf(dim, extent);
        if (side === null) throw new RangeError(`${graph.name}: the side ${dim} of "${value.name}" is not known.`);
        return side;
      });
      sides.set(value.name, dims);
      values.set(value.name, { ...value, dims });
      return { ...value, dims };
    });
  for (const node of graph.nodes) {
    const [output = ""] = node.outputs;
    const name = node.domain ? `${node.domain}.${node.op}` : node.op;
    const rule = rules[name];
    if (!rule) throw new RangeError(`${graph.name}: what sides ${name} ${output} has is not known.`);
    const dims = rule({
      node,
      inputs: node.inputs.map((input) => sides.get(input) ?? []),
      whole: (at) => {
        const known = wholes.get(node.inputs[at] ?? "");
        if (known) return known;
        throw new RangeError(`${graph.name}: ${name} ${output} has sides that no constant tells.`);
      },
    });
    sides.set(output, dims);
    const value = graph.values.get(output);
    if (value) values.set(output, { ...value, dims });
  }
  const outputs = graph.outputs.map(({ name }) => values.get(name) as Value);
  return { ...graph, inputs, outputs, constants, values };
}
