import type { Graph, Node, Precision, Value, Weights } from "../graph/graph.ts";
import type { Device, Verdict } from "./backend.ts";

// Whether a device computes rightly, before anybody trusts it. On devices with small subgroups onnxruntime's attention
// kernel gives wrong numbers without an error (microsoft/onnxruntime pull request 28520 tells the public part of it),
// and half precision is only as good as its driver. So a few small operations are computed twice, there and here.

/** Right results are below 1e-6 and wrong ones above 1e-2 in float32. */
export const ATTENTION_BOUND = 1e-3;

/** Right results are below 3e-3 in half precision. */
export const HALF_BOUND = 1e-2;

/** Fewer than 32 queries, or heads wider than 256, take another kernel and would pass on a device that fails. */
const queries = 32;
const keys = 40;
const heads = 2;
/** The narrowest and the widest heads of Stable Diffusion 1.x: each size is a kernel of its own, and takes time. */
const headSizes = [40, 160];

const conv = { channels: 32, side: 6 };
const gemm = { rows: 8, inner: 320, columns: 24 };

/** Numbers in -1..1 that every machine makes alike (a linear congruential generator, Numerical Recipes' constants). */
function numbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Ten bits are exact in half precision.
    return (state >>> 22) / 512 - 1;
  });
}

function attention(q: Float32Array, k: Float32Array, v: Float32Array, size: number): Float32Array {
  const width = heads * size;
  const out = new Float32Array(queries * width);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < queries; i++) {
      const scores = Array.from({ length: keys }, (_, j) => {
        let sum = 0;
        for (let c = head * size; c < (head + 1) * size; c++) sum += (q[i * width + c] ?? 0) * (k[j * width + c] ?? 0);
        return sum / Math.sqrt(size);
      });
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((a, b) => a + b, 0);
      for (let c = head * size; c < (head + 1) * size; c++)
        out[i * width + c] = shares.reduce((sum, share, j) => sum + share * (v[j * width + c] ?? 0), 0) / total;
    }
  }
  return out;
}

function convolution(x: Float32Array, w: Float32Array): Float32Array {
  const { channels, side } = conv;
  const out = new Float32Array(channels * side * side);
  for (let o = 0; o < channels; o++)
    for (let y = 0; y < side; y++)
      for (let x0 = 0; x0 < side; x0++) {
        let sum = 0;
        for (let c = 0; c < channels; c++)
          for (let dy = -1; dy <= 1; dy++)
            for (let dx = -1; dx <= 1; dx++) {
              if (y + dy < 0 || y + dy >= side || x0 + dx < 0 || x0 + dx >= side) continue;
              const from = x[(c * side + y + dy) * side + x0 + dx] ?? 0;
              sum += from * (w[((o * channels + c) * 3 + dy + 1) * 3 + dx + 1] ?? 0);
            }
        out[(o * side + y) * side + x0] = sum;
      }
  return out;
}

function product(a: Float32Array, b: Float32Array): Float32Array {
  const { rows, inner, columns } = gemm;
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const row = Math.floor(at / columns) * inner;
    const column = (at % columns) * inner;
    let sum = 0;
    for (let i = 0; i < inner; i++) sum += (a[row + i] ?? 0) * (b[column + i] ?? 0);
    return sum;
  });
}

interface Check {
  readonly node: Omit<Node, "inputs" | "outputs">;
  readonly inputs: readonly { readonly dims: readonly number[]; readonly values: Float32Array }[];
  readonly dims: readonly number[];
  readonly expected: Float32Array;
}

function attentionCheck(size: number): Check {
  const width = heads * size;
  const q = numbers(queries * width, 1 + size);
  const k = numbers(keys * width, 2 + size);
  const v = numbers(keys * width, 3 + size);
  return {
    node: { op: "MultiHeadAttention", domain: "com.microsoft", attributes: { num_heads: { int: heads } } },
    inputs: [
      { dims: [1, queries, width], values: q },
      { dims: [1, keys, width], values: k },
      { dims: [1, keys, width], values: v },
    ],
    dims: [1, queries, width],
    expected: attention(q, k, v, size),
  };
}

function arithmeticChecks(): Check[] {
  const { channels, side } = conv;
  const x = numbers(channels * side * side, 11);
  const w = numbers(channels * channels * 9, 12);
  const { rows, inner, columns } = gemm;
  const a = numbers(rows * inner, 13);
  const b = numbers(columns * inner, 14);
  const shape = { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] }, strides: { ints: [1, 1] } };
  return [
    {
      node: { op: "Conv", domain: "", attributes: { ...shape, dilations: { ints: [1, 1] }, group: { int: 1 } } },
      inputs: [
        { dims: [1, channels, side, side], values: x },
        { dims: [channels, channels, 3, 3], values: w },
      ],
      dims: [1, channels, side, side],
      expected: convolution(x, w),
    },
    {
      node: { op: "Gemm", domain: "", attributes: { transB: { int: 1 } } },
      inputs: [
        { dims: [rows, inner], values: a },
        { dims: [columns, inner], values: b },
      ],
      dims: [rows, columns],
      expected: product(a, b),
    },
  ];
}

/** A graph of one operation: nothing in it is a weight, so that nothing is folded away. */
function testGraph({ node, inputs, dims }: Check, precision: Precision): Graph {
  const values = inputs.map((input, i): Value => ({ name: `x${i}`, type: precision, dims: input.dims }));
  const output: Value = { name: "y", type: precision, dims };
  return {
    name: `self-test.${node.op}.${precision}`,
    precision,
    inputs: values,
    outputs: [output],
    nodes: [{ ...node, inputs: values.map(({ name }) => name), outputs: ["y"] }],
    constants: [],
    weights: [],
    values: new Map([...values, output].map((value) => [value.name, value])),
  };
}

const noWeights: Weights = {
  read: (weight) => {
    throw new RangeError(`The self-test has no weight "${weight.name}".`);
  },
};

/** The largest error of a check on a device, relative to the largest right value; infinite for a NaN. */
async function errorOf(device: Device, check: Check, precision: Precision): Promise<number> {
  const loaded = await device.load(testGraph(check, precision), noWeights);
  const feeds = Object.fromEntries(
    check.inputs.map(({ dims, values }, i) => [`x${i}`, device.upload(precision, dims, values)] as const),
  );
  try {
    const { y } = await loaded.run(feeds);
    const values = y ? await device.download(y) : new Float32Array();
    y?.dispose();
    if (values.length !== check.expected.length) return Number.POSITIVE_INFINITY;
    let error = 0;
    let largest = 0;
    for (const [at, right] of check.expected.entries()) {
      const distance = Math.abs((values[at] ?? Number.NaN) - right);
      if (!Number.isFinite(distance)) return Number.POSITIVE_INFINITY;
      error = Math.max(error, distance);
      largest = Math.max(largest, Math.abs(right));
    }
    return error / largest;
  } finally {
    for (const tensor of Object.values(feeds)) tensor.dispose();
    await loaded.release();
  }
}

/** The largest error of some checks; the rest are left out when one is beyond the bound. */
async function largestError(device: Device, checks: readonly Check[], precision: Precision, bound: number) {
  let worst = 0;
  for (const check of checks) {
    worst = Math.max(worst, await errorOf(device, check, precision));
    if (!(worst < bound)) break;
  }
  return worst;
}

/** Computes small attention, and with `half` also attention, convolution and product in half precision. */
export async function selfTest(device: Device, half: boolean): Promise<Verdict> {
  const attentions = headSizes.map(attentionCheck);
  const attentionError = await largestError(device, attentions, "float32", ATTENTION_BOUND);
  if (!half || !(attentionError < ATTENTION_BOUND)) return { attentionError, halfError: null };
  // A device that claims half precision and then refuses it is judged as one that computes it wrongly.
  const halfError = await largestError(device, [...attentions, ...arithmeticChecks()], "float16", HALF_BOUND).catch(
    () => Number.POSITIVE_INFINITY,
  );
  return { attentionError, halfError };
}
