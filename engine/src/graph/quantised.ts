import {
  elements,
  type Graph,
  type Node,
  type Precision,
  type Weight,
  type WeightCode,
  type Weights,
} from "./graph.ts";
import { halves, widened } from "./half.ts";
import { halved } from "./halved.ts";

// Graphs whose weights are stored in fewer bits. Linear layers become onnxruntime's `MatMulNBits`, which multiplies with
// levels of 4 or 8 bits as they lie: each run of 32 numbers of a row has a scale, the level of zero is the middle. Its
// levels and scales are made from any weights while they are read, after whatever was added to them.

/** How many bits a stored weight may have: levels of 4 or 8, or half precision. */
export type WeightBits = 4 | 8 | 16;

/** Numbers of a row that share a scale. Every provider has a kernel for 32, and shorter runs cost more than they give. */
const BLOCK = 32;

/** Rows that are read at once hold so many numbers. */
const CHUNK = 1 << 18;

/** Whether a weight of these sides is stored in fewer bits as part of a linear layer. */
const isLinear = ({ op, attributes }: Node, weight: Weight | undefined): weight is Weight =>
  op === "Gemm" &&
  weight?.dims.length === 2 &&
  (weight.dims[1] ?? 0) % BLOCK === 0 &&
  "int" in (attributes["transB"] ?? {}) &&
  (attributes["transB"] as { int: number }).int === 1;

/** A graph with its weights in so many bits: those of 16 widened as it runs, levels in its linear layers; null changes none. */
export const stored = (graph: Graph, bits: WeightBits | null): Graph =>
  bits === null ? graph : bits === 16 ? halved(graph) : quantised(graph, bits);

/** A graph with its linear layers in so many bits. Layers whose rows do not divide into blocks stay as they are. */
export function quantised(graph: Graph, bits: WeightCode["bits"]): Graph {
  const weights = new Map(graph.weights.map((weight) => [weight.name, weight]));
  const linear = new Set<string>();
  for (const node of graph.nodes) {
    const weight = weights.get(node.inputs[1] ?? "");
    if (isLinear(node, weight)) linear.add(weight.name);
  }
  // What another node reads as well must stay.
  for (const node of graph.nodes)
    for (const [at, input] of node.inputs.entries())
      if (linear.has(input) && !(at === 1 && isLinear(node, weights.get(input)))) linear.delete(input);
  const nodes = graph.nodes.map((node): Node => {
    const [x = "", name = "", bias] = node.inputs;
    if (!linear.has(name)) return node;
    const [rows = 0, width = 0] = weights.get(name)?.dims ?? [];
    return {
      op: "MatMulNBits",
      domain: "com.microsoft",
      inputs: [x, `${name}:levels`, `${name}:scales`, ...(bias === undefined ? [] : ["", "", bias])],
      outputs: node.outputs,
      attributes: {
        K: { int: width },
        N: { int: rows },
        bits: { int: bits },
        block_size: { int: BLOCK },
        accuracy_level: { int: 0 },
      },
    };
  });
  const coded = graph.weights.flatMap((weight): Weight[] => {
    if (!linear.has(weight.name)) return [weight];
    const [rows = 0, width = 0] = weight.dims;
    const code = { of: weight, bits, block: BLOCK } as const;
    const { name, parts } = weight;
    const blocks = width / BLOCK;
    return [
      { name: `${name}:levels`, dims: [rows, blocks, (BLOCK * bits) / 8], parts, code: { ...code, what: "levels" } },
      { name: `${name}:scales`, dims: [rows * blocks], parts, code: { ...code, what: "scales" } },
    ];
  });
  return { ...graph, nodes, weights: coded };
}

/** Weights that give, besides their numbers, what graphs of fewer bits ask for: halves, levels and scales. */
export function storedWeights(weights: Weights): Weights {
  return {
    place({ code, ...weight }: Weight, precision: Precision) {
      if (code?.what === "half") return weights.place?.(code.of, "float16") ?? null;
      return code ? null : (weights.place?.(weight, precision) ?? null);
    },
    read(weight: Weight, precision: Precision, into: Uint8Array) {
      const { code } = weight;
      if (!code) return weights.read(weight, precision, into);
      if (code.what === "half") return weights.read(code.of, "float16", into);
      const [rows = 0, ...rest] = code.of.dims;
      const width = elements(rest);
      const run = code.block ?? width;
      const some = Math.max(1, Math.min(rows, Math.floor(CHUNK / width)));
      const numbers = new Float32Array(some * width);
      for (let row = 0; row < rows; row += some) {
        const count = Math.min(some, rows - row);
        const values = numbers.subarray(0, count * width);
        weights.read(rowsOf(code.of, row, count), "float32", new Uint8Array(values.buffer, 0, values.byteLength));
        const scales = scalesOf(values, { run, bits: code.bits, precision });
        if (code.what === "scales") writeScales(scales, precision, into, (row * width) / run);
        else writeLevels(values, scales, code, into.subarray((row * width * code.bits) / 8));
      }
    },
  };
}

/** Some rows of a weight, as a weight. */
function rowsOf(weight: Weight, from: number, count: number): Weight {
  return {
    name: `${weight.name}[${from}:${from + count}]`,
    dims: [count, ...weight.dims.slice(1)],
    parts: weight.parts.map((part) => {
      const first = (part.rows?.[0] ?? 0) + from;
      return { ...part, rows: [first, first + count] };
    }),
  };
}

/** The scale of each run of numbers: its largest, by size, is the lowest level, so that all levels are used. */
function scalesOf(
  values: Float32Array,
  { run, bits, precision }: { readonly run: number; readonly bits: WeightCode["bits"]; readonly precision: Precision },
): Float32Array {
  const scales = new Float32Array(values.length / run);
  for (let n = 0; n < scales.length; n++) {
    let most = 0;
    for (let i = n * run; i < (n + 1) * run; i++) {
      const value = values[i] as number;
      if (Math.abs(value) > Math.abs(most)) most = value;
    }
    scales[n] = most / -(2 ** (bits - 1));
  }
  // Levels are of the scales as they are stored.
  return precision === "float16" ? widened(halves(scales)) : scales;
}

function writeScales(scales: Float32Array, precision: Precision, into: Uint8Array, at: number): void {
  const stored = precision === "float16" ? halves(scales) : scales;
  into.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), at * stored.BYTES_PER_ELEMENT);
}

/** Levels of runs: bytes about a middle of 128, or signed where each row has one scale; of 4 bits two in a byte. */
function writeLevels(values: Float32Array, scales: Float32Array, { bits, block }: WeightCode, into: Uint8Array): void {
  const run = values.length / scales.length;
  const [least, most] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const middle = block === null ? 0 : -least;
  for (const [n, scale] of scales.entries()) {
    const factor = scale === 0 ? 0 : 1 / scale;
    const level = (i: number): number =>
      Math.max(least, Math.min(most, Math.round((values[i] as number) * factor))) + middle;
    if (bits === 8) for (let i = n * run; i < (n + 1) * run; i++) into[i] = level(i);
    else for (let i = n * run; i < (n + 1) * run; i += 2) into[i / 2] = level(i) | (level(i + 1) << 4);
  }
}
