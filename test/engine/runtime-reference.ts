import { type Attribute, elements, type Graph, type Node, type Weights } from "../../engine/src/graph/graph.ts";
import { halves } from "../../engine/src/graph/half.ts";

// The operations of the runtime's test net in plain loops over float64, straight from their definitions.

interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

const ints = (attribute: Attribute | undefined): readonly number[] =>
  attribute && "ints" in attribute ? attribute.ints : [];
const scalar = (attribute: Attribute | undefined, otherwise: number): number =>
  attribute && "float" in attribute ? attribute.float : attribute && "int" in attribute ? attribute.int : otherwise;

const make = (dims: readonly number[], at: (index: number[]) => number): Numbers => {
  const data = new Float64Array(elements(dims));
  const index = dims.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = at(index);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (dims[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
  return { dims, data };
};
const pick = ({ dims, data }: Numbers, ...index: number[]): number =>
  data[index.reduce((sum, each, axis) => sum * (dims[axis] ?? 0) + each, 0)] ?? Number.NaN;

/** Broadcast to the right, as ONNX has it. */
const broadcast = (a: Numbers, b: Numbers, join: (x: number, y: number) => number): Numbers => {
  const skip = a.dims.length - b.dims.length;
  return make(a.dims, (index) =>
    join(pick(a, ...index), pick(b, ...b.dims.map((dim, axis) => (dim === 1 ? 0 : (index[axis + skip] ?? 0))))),
  );
};

const reshaped = (x: Numbers, to: Numbers): Numbers => {
  const dims = [...to.data].map((dim, axis) => (dim === 0 ? (x.dims[axis] ?? 0) : dim));
  const known = dims.filter((dim) => dim > 0).reduce((a, b) => a * b, 1);
  return { dims: dims.map((dim) => (dim < 0 ? x.data.length / known : dim)), data: x.data };
};

function conv(x: Numbers, w: Numbers, b: Numbers | undefined, node: Node): Numbers {
  const [n = 0, c = 0, h = 0, wide = 0] = x.dims;
  const [o = 0, , kh = 0, kw = 0] = w.dims;
  const [top = 0, left = 0] = ints(node.attributes["pads"]);
  const [sy = 1, sx = 1] = ints(node.attributes["strides"]);
  const out = (side: number, kernel: number, pad: number, stride: number) =>
    Math.floor((side + 2 * pad - kernel) / stride) + 1;
  return make([n, o, out(h, kh, top, sy), out(wide, kw, left, sx)], ([i = 0, j = 0, y0 = 0, x0 = 0]) => {
    let sum = b?.data[j] ?? 0;
    for (let k = 0; k < c; k++)
      for (let u = 0; u < kh; u++)
        for (let v = 0; v < kw; v++) {
          const [y, z] = [y0 * sy + u - top, x0 * sx + v - left];
          if (y >= 0 && y < h && z >= 0 && z < wide) sum += pick(x, i, k, y, z) * pick(w, j, k, u, v);
        }
    return sum;
  });
}

function instanceNorm(x: Numbers, node: Node): Numbers {
  const [n = 0, c = 0, ...rest] = x.dims;
  const size = elements(rest);
  const data = x.data.slice();
  for (let row = 0; row < n * c; row++) {
    const part = data.subarray(row * size, (row + 1) * size);
    const mean = part.reduce((a, b) => a + b, 0) / size;
    const variance = part.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
    part.forEach((value, i) => {
      part[i] = (value - mean) / Math.sqrt(variance + scalar(node.attributes["epsilon"], 1e-5));
    });
  }
  return { dims: x.dims, data };
}

function attention(q: Numbers, k: Numbers, v: Numbers, heads: number): Numbers {
  const [, , width = 0] = q.dims;
  const size = width / heads;
  const split = k.dims.length === 4;
  const count = k.dims[split ? 2 : 1] ?? 0;
  const at = (x: Numbers, b: number, t: number, channel: number) =>
    split ? pick(x, b, Math.floor(channel / size), t, channel % size) : pick(x, b, t, channel);
  return make(q.dims, ([b = 0, i = 0, channel = 0]) => {
    const first = Math.floor(channel / size) * size;
    const scores = Array.from({ length: count }, (_, t) => {
      let sum = 0;
      for (let c = first; c < first + size; c++) sum += pick(q, b, i, c) * at(k, b, t, c);
      return Math.exp(sum / Math.sqrt(size));
    });
    const total = scores.reduce((a, s) => a + s, 0);
    return scores.reduce((sum, score, t) => sum + (score / total) * at(v, b, t, channel), 0);
  });
}

const operations: Record<string, (inputs: readonly Numbers[], node: Node) => Numbers> = {
  Conv: ([x, w, b], node) => conv(x as Numbers, w as Numbers, b, node),
  InstanceNormalization: ([x], node) => instanceNorm(x as Numbers, node),
  Reshape: ([x, to]) => reshaped(x as Numbers, to as Numbers),
  QuickGelu: ([x], node) => {
    const alpha = scalar(node.attributes["alpha"], 1.702);
    return make((x as Numbers).dims, (index) => {
      const value = pick(x as Numbers, ...index);
      return value / (1 + Math.exp(-alpha * value));
    });
  },
  Transpose: ([x], node) => {
    const perm = ints(node.attributes["perm"]);
    const from = x as Numbers;
    return make(
      perm.map((axis) => from.dims[axis] ?? 0),
      (index) => pick(from, ...from.dims.map((_, axis) => index[perm.indexOf(axis)] ?? 0)),
    );
  },
  Gemm: ([a, b, c]) => {
    const [rows = 0, inner = 0] = (a as Numbers).dims;
    return make([rows, (b as Numbers).dims[0] ?? 0], ([i = 0, j = 0]) => {
      let sum = c?.data[j] ?? 0;
      for (let k = 0; k < inner; k++) sum += pick(a as Numbers, i, k) * pick(b as Numbers, j, k);
      return sum;
    });
  },
  MultiHeadAttention: ([q, k, v], node) =>
    attention(q as Numbers, k as Numbers, v as Numbers, scalar(node.attributes["num_heads"], 1)),
  Add: ([a, b]) => broadcast(a as Numbers, b as Numbers, (x, y) => x + y),
  Resize: ([x, , , sizes]) => {
    const { dims } = x as Numbers;
    const to = [...(sizes as Numbers).data];
    return make(to, (index) =>
      pick(x as Numbers, ...index.map((each, axis) => Math.floor((each * (dims[axis] ?? 0)) / (to[axis] ?? 1)))),
    );
  },
};

/** Computes a graph in float64. Weights are read in float32. */
export function evaluate(
  graph: Graph,
  weights: Weights,
  inputs: Readonly<Record<string, { readonly dims: readonly number[]; readonly values: Float32Array | BigInt64Array }>>,
): Record<string, Numbers> {
  const known = new Map<string, Numbers>();
  for (const { name, dims, values } of graph.constants)
    known.set(name, { dims, data: Float64Array.from(values, Number) });
  for (const [name, { dims, values }] of Object.entries(inputs))
    known.set(name, { dims, data: Float64Array.from(values, Number) });
  for (const weight of graph.weights) {
    const bytes = new Uint8Array(elements(weight.dims) * 4);
    weights.read(weight, "float32", bytes);
    known.set(weight.name, { dims: weight.dims, data: Float64Array.from(new Float32Array(bytes.buffer)) });
  }
  for (const node of graph.nodes) {
    const run = operations[node.op];
    if (!run) throw new RangeError(`The reference has no ${node.op}.`);
    const from = node.inputs.map((name) => known.get(name));
    known.set(node.outputs[0] ?? "", run(from as Numbers[], node));
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, known.get(name) as Numbers]));
}

/** Numbers in -1..1 from a seed. */
export function seeded(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** Weights that are made from their names; counts what is read. */
export function seededWeights(scale = 0.3): Weights & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    read({ name, dims }, precision, into) {
      reads.push(name);
      const values = seeded(
        elements(dims),
        [...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7),
      ).map((value) => value * scale);
      const data = precision === "float16" ? halves(values) : values;
      if (into.length !== data.byteLength) throw new RangeError(`"${name}" is asked for with ${into.length} bytes.`);
      into.set(new Uint8Array(data.buffer));
    },
  };
}

/** Largest distance, relative to the largest right value. */
export function distance(values: Float32Array, right: Numbers): number {
  if (values.length !== right.data.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let largest = 0;
  right.data.forEach((each, i) => {
    const off = Math.abs((values[i] ?? Number.NaN) - each);
    error = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(error, off);
    largest = Math.max(largest, Math.abs(each));
  });
  return error / largest;
}
