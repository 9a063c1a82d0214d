import { bound } from "../../engine/src/graph/bound.ts";
import { GraphBuilder, mapDims } from "../../engine/src/graph/builder.ts";
import { differentiated, type Loss } from "../../engine/src/graph/gradient.ts";
import type { GradientDevice } from "../../engine/src/graph/gradient-site.ts";
import { elements, type Graph } from "../../engine/src/graph/graph.ts";
import type { RunExtent } from "../../engine/src/graph/memory.ts";
import { trainable } from "../../engine/src/graph/trainable.ts";
import { numbersOf } from "./gradient-numbers.ts";

// Every operation that has a gradient, in every form that our builders make of it, on odd sides. The same cases stand in
// test/golden/training/make_rules.py, in PyTorch.

/** An operation, and inputs to differentiate it by. */
export interface GradientCase {
  readonly name: string;
  /** Bound to its extent; all that is float32 in it is an input. */
  readonly graph: Graph;
  /** Inputs by the names that the goldens have. */
  readonly inputs: readonly { readonly name: string; readonly leaf: string; readonly dims: readonly number[] }[];
  /** The numbers of an input, or of what the loss weighs the output with ("share"). */
  values(leaf: string, dims: readonly number[]): Float32Array<ArrayBuffer>;
}

type Build = (b: GraphBuilder) => string;

const odd: RunExtent = { batch: 2, height: 5, width: 7, context: 3 };
const even: RunExtent = { batch: 3, height: 6, width: 8, context: 5 };
/** Attention costs the square of its tokens. */
const few: RunExtent = { batch: 2, height: 3, width: 3, context: 5 };
const small: RunExtent = { batch: 1, height: 1, width: 3, context: 2 };

const map = (b: GraphBuilder, channels: number, name = "x"): string => b.input(name, mapDims(channels, 0));
const sequence = (b: GraphBuilder, name: string, channels: number): string =>
  b.input(name, ["batch", "tokens.0", channels]);
const text = (b: GraphBuilder, name: string, channels: number): string => b.input(name, ["batch", "context", channels]);

const conv =
  (from: number, to: number, kernel: 1 | 3, more: Partial<Parameters<GraphBuilder["conv"]>[2]> = {}): Build =>
  (b) =>
    b.conv(map(b, from), "conv", { from, to, kernel, level: 0, ...more });
const norm =
  (channels: number, groups: number, epsilon: number): Build =>
  (b) =>
    b.groupNorm(map(b, channels), "norm", { channels, groups, epsilon, level: 0 });
const attention =
  (heads: number, size: number, keys: (b: GraphBuilder, name: string) => string): Build =>
  (b) =>
    b.attention(sequence(b, "q", heads * size), keys(b, "k"), keys(b, "v"), heads);

const builds: Readonly<Record<string, Build | readonly [RunExtent, Build]>> = {
  conv: conv(3, 4, 3),
  "conv-without-bias": conv(3, 4, 3, { bias: false }),
  "conv-stride": conv(3, 5, 3, { stride: 2 }),
  "conv-stride-even": [even, conv(3, 2, 3, { stride: 2 })],
  "conv-stride-asymmetric": conv(3, 2, 3, { stride: 2, pads: [0, 0, 1, 1] }),
  "conv-stride-asymmetric-even": [even, conv(2, 3, 3, { stride: 2, pads: [0, 0, 1, 1] })],
  "conv-asymmetric": conv(2, 3, 3, { pads: [0, 1, 2, 1] }),
  "conv-unpadded": conv(2, 3, 3, { pads: [0, 0, 0, 0] }),
  "conv-pixel": conv(3, 4, 1),
  "conv-pixel-without-bias": conv(3, 5, 1, { bias: false }),
  "conv-pixel-stride": conv(3, 4, 1, { stride: 2 }),
  "conv-pixel-stride-even": [even, conv(2, 4, 1, { stride: 2 })],
  "conv-widened": conv(6, 4, 3),
  linear: (b) => b.linear(b.input("x", ["rows.0", 5]), "linear", { from: 5, to: 3 }),
  "linear-without-bias": (b) => b.linear(b.input("x", ["rows.0", 5]), "linear", { from: 5, to: 3, bias: false }),
  "linear-halves": (b) => {
    const x = b.input("x", ["rows.0", 5]);
    const half = (at: number) => b.linear(x, "linear", { from: 5, to: 3, part: { at, of: 6 } });
    const gate = half(3);
    return b.mul(half(0), b.node("Gelu", [gate], b.dims(gate), { approximate: { text: "none" } }));
  },
  silu: (b) => b.silu(map(b, 3)),
  "quick-gelu": (b) =>
    b.node("QuickGelu", [map(b, 3)], mapDims(3, 0), { alpha: { float: 1.702 } }, { domain: "com.microsoft" }),
  gelu: (b) => b.node("Gelu", [map(b, 3)], mapDims(3, 0), { approximate: { text: "none" } }),
  sigmoid: (b) => b.node("Sigmoid", [map(b, 3)], mapDims(3, 0)),
  "group-norm": norm(6, 2, 1e-5),
  "group-norm-single": norm(3, 3, 1e-6),
  "group-norm-constant": norm(4, 2, 1e-5),
  "layer-norm": (b) => b.layerNorm(b.input("x", ["rows.0", 7]), "norm", 7, 1e-5),
  "layer-norm-sequence": (b) => b.layerNorm(text(b, "x", 5), "norm", 5, 1e-5),
  "self-attention": [few, attention(2, 3, (b, name) => sequence(b, name, 6))],
  "cross-attention": [few, attention(2, 3, (b, name) => text(b, name, 6))],
  "cross-attention-split": [few, attention(2, 3, (b, name) => b.input(name, ["batch", 2, "context", 3]))],
  "cross-attention-one-head": [few, attention(1, 5, (b, name) => b.input(name, ["batch", 1, "context", 5]))],
  "attention-wide": [small, attention(1, 257, (b, name) => text(b, name, 257))],
  softmax: (b) => {
    const x = text(b, "x", 5);
    return b.node("Softmax", [x], b.dims(x), { axis: { int: -1 } });
  },
  matmul: (b) =>
    b.node(
      "MatMul",
      [text(b, "x", 5), text(b, "z", 5)].map((x, n) => (n ? turned(b, x) : x)),
      ["batch", "context", "context"],
    ),
  "matmul-repeated": (b) => b.node("MatMul", [text(b, "x", 5), b.input("z", [5, 4])], ["batch", "context", 4]),
  resize: (b) => b.enlarge(map(b, 3), 3, -1),
  concat: (b) => b.concat(map(b, 3), map(b, 2, "z"), 5, 0),
  "concat-same": (b) => b.concat(map(b, 3), "x", 6, 0),
  pad: (b) =>
    b.node("Pad", [map(b, 3), b.whole([0, 1, 0, 2, 0, 0, 3, 1])], ["batch", 4, 8, 10], { mode: { text: "constant" } }),
  expand: (b) => b.forEachRow(b.input("x", mapDims(3, 0, "one")), 3, 0),
  add: (b) => b.add(map(b, 3), map(b, 3, "z")),
  "add-time": (b) => b.add(map(b, 3), b.input("z", ["batch", 3, 1, 1])),
  "add-wider": (b) => b.node("Add", [b.input("x", [3, 1, 1]), map(b, 3, "z")], mapDims(3, 0)),
  "add-both-ways": (b) => b.node("Add", [b.input("x", [3, 1]), b.input("z", [1, 4])], [3, 4]),
  mul: (b) => b.mul(map(b, 3), map(b, 3, "z")),
  "mul-scale": (b) => b.mul(map(b, 3), b.input("z", ["batch", 1, 1, 1])),
  "mul-number": (b) => b.mul(map(b, 3), b.filled([1], 0.375)),
  sub: (b) => b.node("Sub", [map(b, 3), map(b, 3, "z")], mapDims(3, 0)),
  "sub-channels": (b) => b.node("Sub", [map(b, 3), b.input("z", [3, 1, 1])], mapDims(3, 0)),
  transpose: (b) => b.node("Transpose", [map(b, 3)], [5, "batch", 7, 3], { perm: { ints: [2, 0, 3, 1] } }),
  rows: (b) => b.toRows(map(b, 3), 3, 0),
  map: (b) => b.toMap(b.input("x", ["rows.0", 3]), 3, 0),
  reshape: (b) => b.reshape(map(b, 4), [0, 2, -1], ["batch", 2, "rest"]),
  identity: (b) => b.node("Identity", [map(b, 2)], mapDims(2, 0)),
  "two-uses": (b) => {
    const x = map(b, 3);
    return b.add(b.mul(b.silu(x), x), x);
  },
  // One weight in two layers, and a tensor that is read by three.
  "shared-weight": (b) => {
    const once = b.linear(b.input("x", ["rows.0", 4]), "linear", { from: 4, to: 4 });
    return b.add(b.mul(b.linear(once, "linear", { from: 4, to: 4 }), once), once);
  },
};

function turned(b: GraphBuilder, x: string): string {
  const [rows = 0, count = 0, channels = 0] = b.dims(x);
  return b.node("Transpose", [x], [rows, channels, count], { perm: { ints: [0, 2, 1] } });
}

/** The first group of this case is constant, and has no deviation but epsilon's. */
const constant = (name: string, leaf: string) => name === "group-norm-constant" && leaf === "x";

const caseOf = (name: string, given: Build | readonly [RunExtent, Build]): GradientCase => {
  const [extent, build] = typeof given === "function" ? [odd, given] : given;
  const b = new GraphBuilder(name, "float32");
  const graph = bound(trainable(b.finish([["y", build(b)]]), () => true).graph, extent);
  return {
    name,
    graph,
    inputs: graph.inputs.map(({ name: input, dims }) => ({
      name: input,
      leaf: input.replace(/:[\d,]+$/, ""),
      dims: dims as number[],
    })),
    values(leaf, dims) {
      const values = numbersOf(`${name}/${leaf}`, elements(dims));
      if (constant(name, leaf)) for (let row = 0; row < 2; row++) values.fill(0.5, row * 140, row * 140 + 70);
      return values;
    },
  };
};

/** All of them. */
export const gradientCases: readonly GradientCase[] = Object.entries(builds).map(([name, build]) =>
  caseOf(name, build),
);

const large: RunExtent = { batch: 2, height: 241, width: 247, context: 3 };
const larger: RunExtent = { batch: 2, height: 345, width: 351, context: 3 };

/**
 * Convolutions on maps so large that the gradients of their weights are made in pieces, of several lines each. They have
 * no goldens: their right numbers are those of the other form, which has goldens on small maps.
 */
export const largeConvolutions: readonly GradientCase[] = Object.entries<readonly [RunExtent, Build]>({
  "large-conv": [large, conv(3, 4, 3)],
  "large-conv-asymmetric": [large, conv(3, 5, 3, { pads: [0, 1, 2, 1] })],
  "large-conv-stride": [larger, conv(3, 5, 3, { stride: 2 })],
  "large-conv-stride-even": [{ ...larger, height: 346, width: 352 }, conv(3, 4, 3, { stride: 2 })],
  "large-conv-stride-asymmetric": [larger, conv(3, 5, 3, { stride: 2, pads: [0, 0, 1, 1] })],
}).map(([name, build]) => caseOf(name, build));

/** The sum of the output's numbers, each times one of "share". */
const weighed: Loss = (of, y) => {
  const sides = of.sides(y);
  const share = of.b.input("share", sides);
  const all = of.sum(
    of.mul(y, share),
    sides.map((_, n) => n),
  );
  return { value: of.reshape(all, [1]), gradient: share };
};

/** The graph of a case with outputs `loss` and `gradient.<input>`. */
export function gradientGraph({ graph, inputs }: GradientCase, device: GradientDevice): Graph {
  const by = inputs.map(({ name }) => name);
  const { b, gradients, loss } = differentiated(graph, { of: "y", by, device }, weighed);
  return b.finish([
    ["loss", loss],
    ...by.map((name): [string, string] => [`gradient.${name}`, gradients.get(name) ?? ""]),
  ]);
}
