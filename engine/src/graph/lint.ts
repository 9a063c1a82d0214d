import { miscounted } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";

// Reads a graph before anything loads it: structure, types, and the operations that every provider has a right kernel
// for (webgpu.md 8 and 9). A fault here is a fault of a builder, so the message names graph, node and rule.

/** Operations that run on WebGPU, wasm and the CPU provider, with the attributes that must be written out. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  Add: [],
  AveragePool: ["kernel_shape", "strides", "pads"],
  Cast: ["to"],
  Concat: ["axis"],
  Conv: ["kernel_shape", "pads", "strides", "dilations", "group"],
  ConvTranspose: ["kernel_shape", "pads", "strides", "dilations", "group", "output_padding"],
  Div: [],
  Erf: [],
  Exp: [],
  Expand: [],
  Gather: ["axis"],
  Gelu: [],
  Gemm: ["transA", "transB"],
  GlobalAveragePool: [],
  Identity: [],
  InstanceNormalization: ["epsilon"],
  LayerNormalization: ["axis", "epsilon"],
  MatMul: [],
  MaxPool: ["kernel_shape", "pads", "strides"],
  Mul: [],
  Pad: ["mode"],
  ReduceMean: ["keepdims"],
  ReduceSum: ["keepdims"],
  Relu: [],
  Reshape: [],
  Resize: ["mode", "coordinate_transformation_mode", "nearest_mode"],
  Sigmoid: [],
  Slice: [],
  Softmax: ["axis"],
  Sqrt: [],
  Sub: [],
  Transpose: ["perm"],
  "com.microsoft.MatMulNBits": ["K", "N", "bits", "block_size"],
  "com.microsoft.MultiHeadAttention": ["num_heads"],
  "com.microsoft.QuickGelu": ["alpha"],
};

/** Which inputs of an operation are int64; all others compute in floating point. */
const WHOLE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Expand: [1],
  Gather: [1],
  Pad: [1],
  ReduceMean: [1],
  ReduceSum: [1],
  Reshape: [1],
  Resize: [3],
  Slice: [1, 2, 3, 4],
};

/** The faults of a graph, one sentence each; none for a sound one. */
export function lint(graph: Graph): string[] {
  const faults: string[] = [];
  const types = new Map<string, string>();
  const declare = (name: string, type: string) => {
    if (name === "") faults.push(`${graph.name}: a tensor has no name.`);
    if (types.has(name)) faults.push(`${graph.name}: "${name}" is made twice.`);
    types.set(name, type);
  };
  for (const { name, type } of graph.inputs) declare(name, type);
  for (const { name, type, dims, values } of graph.constants) {
    declare(name, type);
    if (values.length !== dims.reduce((a, b) => a * b, 1))
      faults.push(`${graph.name}: "${name}" has not the numbers of its sides.`);
    if (values instanceof BigInt64Array !== (type === "int64")) faults.push(`${graph.name}: "${name}" is not ${type}.`);
  }
  for (const { name, dims: stored, parts, code } of graph.weights) {
    declare(name, graph.precision);
    const dims = code?.of.dims ?? stored;
    for (const { key, shape, rows } of parts) {
      const [first = 1, ...rest] = shape;
      const [from, to] = rows ?? [0, first];
      const count = rest.reduce((a, b) => a * b, to - from);
      if (from < 0 || to > first || from >= to) faults.push(`${graph.name}: "${key}" has no rows ${from} to ${to}.`);
      if (count !== dims.reduce((a, b) => a * b, 1)) faults.push(`${graph.name}: "${key}" does not fill "${name}".`);
    }
  }
  const used = new Set<string>();
  for (const node of graph.nodes) {
    faults.push(...operation(graph, node));
    node.inputs.forEach((input, at) => {
      if (input === "") return;
      used.add(input);
      const type = types.get(input);
      if (type === undefined) faults.push(`${graph.name}: ${node.outputs[0]} reads "${input}" before it is made.`);
      else if ((type === "int64") !== (WHOLE_INPUTS[node.op] ?? []).includes(at))
        faults.push(`${graph.name}: ${node.op} ${node.outputs[0]} reads "${input}" as ${type}.`);
    });
    for (const output of node.outputs) declare(output, graph.values.get(output)?.type ?? "");
  }
  faults.push(...miscountedConvolutions(graph));
  for (const { name, dims } of graph.outputs) {
    used.add(name);
    if (!types.has(name)) faults.push(`${graph.name}: the output "${name}" is never made.`);
    if (dims.length === 0) faults.push(`${graph.name}: the output "${name}" has no sides.`);
  }
  for (const name of types.keys()) if (!used.has(name)) faults.push(`${graph.name}: nothing reads "${name}".`);
  return faults;
}

function operation(graph: Graph, node: Node): string[] {
  const name = node.domain ? `${node.domain}.${node.op}` : node.op;
  const needed = OPERATIONS[name];
  if (!needed) return [`${graph.name}: no provider-independent kernel is known for ${name} (${node.outputs[0]}).`];
  return needed
    .filter((attribute) => !(attribute in node.attributes))
    .map((attribute) => `${graph.name}: ${name} ${node.outputs[0]} leaves ${attribute} out.`);
}

/** Convolutions that WebGPU computes wrongly; the builder's own `conv` widens them. */
function miscountedConvolutions(graph: Graph): string[] {
  const shapes = new Map(graph.weights.map(({ name, dims }) => [name, dims]));
  return graph.nodes.flatMap((node) => {
    const weight = node.inputs[1] ?? "";
    const sides = shapes.get(weight) ?? graph.values.get(weight)?.dims ?? [];
    const [to, from, kernel] = sides.map(Number);
    if (node.op !== "Conv" || to === undefined || from === undefined || kernel === undefined) return [];
    if (!miscounted({ from, to, kernel })) return [];
    return [`${graph.name}: Conv ${node.outputs[0]} from ${from} channels to ${to} is computed wrongly on WebGPU.`];
  });
}
