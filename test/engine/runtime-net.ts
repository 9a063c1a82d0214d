import type { Graph, Node, Precision, Value } from "../../engine/src/graph/graph.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";

// A net with what our graphs are made of, small enough for a software GPU: convolution with a bias from outside, group
// norm, SiLU, a transformer's attention over its own tokens and over split keys, a resize to run-time sides.

const channels = 8;
const heads = 2;
const out = 5;
const context = 3;

/** The test net in a precision. Sides are free; shapes that are known at run time come in as int64 inputs. */
export function testNet(precision: Precision): Graph {
  const nodes: Node[] = [];
  const node = (
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Node["attributes"] = {},
    domain: Node["domain"] = "",
  ) => {
    nodes.push({ op, domain, inputs, outputs: [output], attributes });
    return output;
  };
  const window = (kernel: number): Node["attributes"] => ({
    kernel_shape: { ints: [kernel, kernel] },
    pads: { ints: Array.from({ length: 4 }, () => kernel >> 1) },
    strides: { ints: [1, 1] },
    dilations: { ints: [1, 1] },
    group: { int: 1 },
  });
  const rows = { alpha: { float: 1 }, beta: { float: 1 }, transA: { int: 0 }, transB: { int: 1 } };
  const mha = { num_heads: { int: heads } };

  node("Conv", ["x", "conv.weight", "time"], "c", window(3));
  node("Reshape", ["c", "grouped"], "g");
  node("InstanceNormalization", ["g", "ones", "zeros"], "n", { epsilon: { float: 1e-5 } });
  node("Reshape", ["n", "map"], "m");
  node("QuickGelu", ["m"], "s", { alpha: { float: 1 } }, "com.microsoft");
  node("Transpose", ["s"], "t", { perm: { ints: [0, 2, 3, 1] } });
  node("Reshape", ["t", "rows"], "r");
  for (const name of ["q", "k", "v"]) {
    node("Gemm", ["r", `${name}.weight`, ...(name === "q" ? ["q.bias"] : [])], `${name}.rows`, rows);
    node("Reshape", [`${name}.rows`, "tokens"], name);
  }
  node("MultiHeadAttention", ["q", "k", "v"], "a", mha, "com.microsoft");
  node("MultiHeadAttention", ["a", "context.k", "context.v"], "b", mha, "com.microsoft");
  node("Reshape", ["b", "image"], "i");
  node("Transpose", ["i"], "u", { perm: { ints: [0, 3, 1, 2] } });
  node("Add", ["u", "c"], "sum");
  node("Resize", ["sum", "", "", "sizes"], "z", {
    mode: { text: "nearest" },
    coordinate_transformation_mode: { text: "asymmetric" },
    nearest_mode: { text: "floor" },
  });
  node("Conv", ["z", "out.weight", "out.bias"], "y", window(1));

  const value = (name: string, dims: Value["dims"], type: Value["type"] = precision): Value => ({ name, type, dims });
  const weight = (name: string, dims: readonly number[]) => ({ name, dims, parts: [{ key: name, shape: dims }] });
  const split: Value["dims"] = ["batch", heads, context, channels / heads];
  const inputs = [
    value("x", ["batch", 3, "height", "width"]),
    value("time", [channels]),
    value("context.k", split),
    value("context.v", split),
    value("map", [4], "int64"),
    value("tokens", [3], "int64"),
    value("image", [4], "int64"),
    value("sizes", [4], "int64"),
  ];
  const outputs = [value("y", ["batch", out, "tall", "wide"]), value("a", ["batch", "count", channels])];
  return {
    name: `test-net.${precision}`,
    precision,
    inputs,
    outputs,
    nodes,
    constants: [
      { name: "grouped", type: "int64", dims: [3], values: BigInt64Array.of(0n, 4n, -1n) },
      { name: "rows", type: "int64", dims: [2], values: BigInt64Array.of(-1n, 8n) },
      { name: "ones", type: precision, dims: [4], values: new Float32Array(4).fill(1) },
      { name: "zeros", type: precision, dims: [4], values: new Float32Array(4) },
    ],
    // Odd sides put most of them at places that no wider number is aligned to.
    weights: [
      weight("conv.weight", [channels, 3, 3, 3]),
      weight("out.bias", [out]),
      weight("q.bias", [channels]),
      weight("q.weight", [channels, channels]),
      weight("k.weight", [channels, channels]),
      weight("v.weight", [channels, channels]),
      weight("out.weight", [out, channels, 1, 1]),
    ],
    values: new Map([...inputs, ...outputs].map((each) => [each.name, each])),
  };
}

/** Numbers for each input of the test net. */
export type Feeds = Record<string, { dims: readonly number[]; values: Float32Array | BigInt64Array }>;

/** Inputs of the test net for a batch and a size. */
export function feeds(
  batch: number,
  height: number,
  width: number,
  numbers: (count: number, seed: number) => Float32Array,
): Feeds {
  const floats = (dims: readonly number[], seed: number) => ({
    dims,
    values: numbers(
      dims.reduce((a, b) => a * b, 1),
      seed,
    ),
  });
  const shape = (...sides: number[]) => ({ dims: [sides.length], values: BigInt64Array.from(sides, BigInt) });
  return {
    x: floats([batch, 3, height, width], 1),
    time: floats([channels], 2),
    "context.k": floats([batch, heads, context, channels / heads], 3),
    "context.v": floats([batch, heads, context, channels / heads], 4),
    map: shape(batch, channels, height, width),
    tokens: shape(batch, height * width, channels),
    image: shape(batch, height, width, channels),
    sizes: shape(batch, channels, height * 2 - 1, width + 3),
  };
}

/** Puts inputs on a runtime, in the types that the graph has. */
export function place(runtime: Runtime, graph: Graph, from: Feeds): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.flatMap(({ name, type }) => {
      const feed = from[name];
      return feed ? [[name, runtime.tensor(type, feed.dims, feed.values)] as const] : [];
    }),
  );
}
