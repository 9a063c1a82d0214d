import { type Attribute, elements, type Graph, type Node } from "../../engine/src/graph/graph.ts";

// The operations that have gradients, forward alone, in plain loops over float64. Differences of this are what gradients
// are held against: nothing here knows a derivative.

interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

const ints = (attribute: Attribute | undefined): readonly number[] =>
  attribute && "ints" in attribute ? attribute.ints : [];
const scalar = (attribute: Attribute | undefined): number =>
  attribute && "float" in attribute ? attribute.float : attribute && "int" in attribute ? attribute.int : Number.NaN;

/** How far apart neighbours along each side lie. */
const stridesOf = (dims: readonly number[]): number[] => dims.map((_, n) => elements(dims.slice(n + 1)));

/** A tensor whose places are taken from another's: `at` gives the place for an index, or -1 for a zero. */
function moved(x: Numbers, dims: readonly number[], at: (index: readonly number[]) => number): Numbers {
  const data = new Float64Array(elements(dims));
  const index = dims.map(() => 0);
  for (let n = 0; n < data.length; n++) {
    const from = at(index);
    data[n] = from < 0 ? 0 : (x.data[from] as number);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (dims[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return { dims, data };
}

const spread = (x: Numbers, dims: readonly number[]): Numbers => {
  if (x.data.length === elements(dims)) return { dims, data: x.data };
  const skip = dims.length - x.dims.length;
  const strides = stridesOf(x.dims);
  return moved(x, dims, (index) =>
    x.dims.reduce(
      (sum, side, axis) => sum + (side === 1 ? 0 : (index[axis + skip] as number) * (strides[axis] as number)),
      0,
    ),
  );
};

const wider = (a: readonly number[], b: readonly number[]): number[] => {
  const rank = Math.max(a.length, b.length);
  const side = (dims: readonly number[], n: number) => dims[n - rank + dims.length] ?? 1;
  return Array.from({ length: rank }, (_, n) => Math.max(side(a, n), side(b, n)));
};

const joined =
  (join: (a: number, b: number) => number) =>
  ([a, b]: readonly Numbers[]): Numbers => {
    const dims = wider((a as Numbers).dims, (b as Numbers).dims);
    const [x, y] = [spread(a as Numbers, dims), spread(b as Numbers, dims)];
    return { dims, data: x.data.map((value, n) => join(value, y.data[n] as number)) };
  };

const each =
  (f: (x: number, node: Node) => number) =>
  ([x]: readonly Numbers[], node: Node): Numbers => ({
    dims: (x as Numbers).dims,
    data: (x as Numbers).data.map((value) => f(value, node)),
  });

/** The error function by its series, which is exact to the last places for the small numbers of a test. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function conv([x, w, b]: readonly Numbers[], { attributes }: Node): Numbers {
  const [rows = 0, from = 0, high = 0, wide = 0] = (x as Numbers).dims;
  const [to = 0, , kernel = 0] = (w as Numbers).dims;
  const [top = 0, left = 0, bottom = 0, right = 0] = ints(attributes["pads"]);
  const [stride = 1] = ints(attributes["strides"]);
  const [oh, ow] = [
    Math.floor((high + top + bottom - kernel) / stride) + 1,
    Math.floor((wide + left + right - kernel) / stride) + 1,
  ];
  const data = new Float64Array(rows * to * oh * ow);
  for (let at = 0; at < data.length; at++) {
    const [v, u] = [at % ow, Math.floor(at / ow) % oh];
    const [o, row] = [Math.floor(at / (ow * oh)) % to, Math.floor(at / (ow * oh * to))];
    let sum = b?.data[o] ?? 0;
    for (let c = 0; c < from; c++)
      for (let i = 0; i < kernel; i++)
        for (let j = 0; j < kernel; j++) {
          const [y, z] = [u * stride + i - top, v * stride + j - left];
          if (y < 0 || y >= high || z < 0 || z >= wide) continue;
          sum +=
            ((x as Numbers).data[((row * from + c) * high + y) * wide + z] as number) *
            ((w as Numbers).data[((o * from + c) * kernel + i) * kernel + j] as number);
        }
    data[at] = sum;
  }
  return { dims: [rows, to, oh, ow], data };
}

/** [.., rows, inner] x [.., inner, columns]. */
function matmul([a, b]: readonly Numbers[]): Numbers {
  const [x, y] = [a as Numbers, b as Numbers];
  const [rows = 0, inner = 0] = x.dims.slice(-2);
  const columns = y.dims.at(-1) ?? 0;
  const outer = wider(x.dims.slice(0, -2), y.dims.slice(0, -2));
  const [left, right] = [spread(x, [...outer, rows, inner]), spread(y, [...outer, inner, columns])];
  const data = new Float64Array(elements(outer) * rows * columns);
  for (let at = 0; at < data.length; at++) {
    const [j, i] = [at % columns, Math.floor(at / columns)];
    const block = Math.floor(i / rows) * inner * columns;
    for (let k = 0; k < inner; k++)
      data[at] =
        (data[at] as number) + (left.data[i * inner + k] as number) * (right.data[block + k * columns + j] as number);
  }
  return { dims: [...outer, rows, columns], data };
}

/** Does something to each run of so many numbers. */
function runs(x: Numbers, length: number, change: (run: Float64Array) => void): Numbers {
  const data = x.data.slice();
  for (let at = 0; at < data.length; at += length) change(data.subarray(at, at + length));
  return { dims: x.dims, data };
}

const normed = (x: Numbers, length: number, epsilon: number): Numbers =>
  runs(x, length, (run) => {
    const mean = run.reduce((a, b) => a + b, 0) / length;
    const variance = run.reduce((a, b) => a + (b - mean) ** 2, 0) / length;
    run.forEach((value, n) => {
      run[n] = (value - mean) / Math.sqrt(variance + epsilon);
    });
  });

const softmax = (x: Numbers): Numbers =>
  runs(x, x.dims.at(-1) ?? 1, (run) => {
    const most = Math.max(...run);
    const total = run.reduce((sum, value) => sum + Math.exp(value - most), 0);
    run.forEach((value, n) => {
      run[n] = Math.exp(value - most) / total;
    });
  });

const transpose = (x: Numbers, perm: readonly number[]): Numbers => {
  const strides = stridesOf(x.dims);
  return moved(
    x,
    perm.map((axis) => x.dims[axis] as number),
    (index) => perm.reduce((sum, axis, n) => sum + (index[n] as number) * (strides[axis] as number), 0),
  );
};

function attention([q, k, v]: readonly Numbers[], { attributes }: Node): Numbers {
  const heads = scalar(attributes["num_heads"]);
  const { dims } = q as Numbers;
  const size = (dims[2] as number) / heads;
  const split = (x: Numbers): Numbers =>
    x.dims.length === 4
      ? x
      : transpose({ ...x, dims: [x.dims[0] as number, x.dims[1] as number, heads, size] }, [0, 2, 1, 3]);
  const scores = matmul([split(q as Numbers), transpose(split(k as Numbers), [0, 1, 3, 2])]);
  const shares = softmax({ ...scores, data: scores.data.map((score) => score / Math.sqrt(size)) });
  return { dims, data: transpose(matmul([shares, split(v as Numbers)]), [0, 2, 1, 3]).data };
}

function concat(inputs: readonly Numbers[], { attributes }: Node): Numbers {
  const axis = scalar(attributes["axis"]);
  const [first] = inputs as [Numbers];
  const inner = elements(first.dims.slice(axis + 1));
  const outer = elements(first.dims.slice(0, axis));
  const data: number[] = [];
  for (let row = 0; row < outer; row++)
    for (const { dims, data: part } of inputs) {
      const length = (dims[axis] as number) * inner;
      data.push(...part.subarray(row * length, (row + 1) * length));
    }
  const dims = first.dims.map((side, n) => (n === axis ? data.length / outer / inner : side));
  return { dims, data: Float64Array.from(data) };
}

function pad([x, pads]: readonly Numbers[]): Numbers {
  const { dims } = x as Numbers;
  const strides = stridesOf(dims);
  const around = [...(pads as Numbers).data];
  const to = dims.map((side, n) => side + (around[n] as number) + (around[dims.length + n] as number));
  return moved(x as Numbers, to, (index) => {
    let place = 0;
    for (const [axis, side] of dims.entries()) {
      const at = (index[axis] as number) - (around[axis] as number);
      if (at < 0 || at >= side) return -1;
      place += at * (strides[axis] as number);
    }
    return place;
  });
}

const operations: Readonly<Record<string, (inputs: readonly Numbers[], node: Node) => Numbers>> = {
  Add: joined((a, b) => a + b),
  Sub: joined((a, b) => a - b),
  Mul: joined((a, b) => a * b),
  Concat: concat,
  Conv: conv,
  Expand: ([x, to]) => spread(x as Numbers, wider((x as Numbers).dims, [...(to as Numbers).data])),
  Gelu: each((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  Gemm: ([x, w, b]) => {
    const y = matmul([x as Numbers, transpose(w as Numbers, [1, 0])]);
    return b ? joined((p, q) => p + q)([y, b]) : y;
  },
  Identity: ([x]) => x as Numbers,
  InstanceNormalization: ([x], { attributes }) =>
    normed(x as Numbers, elements((x as Numbers).dims.slice(2)), scalar(attributes["epsilon"])),
  LayerNormalization: ([x, scale, shift], { attributes }) => {
    const y = normed(x as Numbers, (x as Numbers).dims.at(-1) ?? 1, scalar(attributes["epsilon"]));
    return joined((p, q) => p + q)([joined((p, q) => p * q)([y, scale as Numbers]), shift as Numbers]);
  },
  MatMul: matmul,
  MultiHeadAttention: attention,
  Pad: pad,
  QuickGelu: each((x, { attributes }) => x / (1 + Math.exp(-scalar(attributes["alpha"]) * x))),
  Reshape: ([x, to]) => {
    const { dims, data } = x as Numbers;
    const asked = [...(to as Numbers).data].map((side, n) => side || (dims[n] as number));
    return { dims: asked.map((side) => (side < 0 ? -data.length / elements(asked) : side)), data };
  },
  Resize: ([x, , , to]) => {
    const { dims } = x as Numbers;
    const strides = stridesOf(dims);
    const sides = [...(to as Numbers).data];
    return moved(x as Numbers, sides, (index) =>
      dims.reduce(
        (sum, side, n) =>
          sum + Math.floor(((index[n] as number) * side) / (sides[n] as number)) * (strides[n] as number),
        0,
      ),
    );
  },
  Sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  Softmax: ([x]) => softmax(x as Numbers),
  Transpose: ([x], { attributes }) => transpose(x as Numbers, ints(attributes["perm"])),
};

/** The first output of a bound graph without weights, from the numbers of its inputs. */
function forward(graph: Graph, inputs: ReadonlyMap<string, Float64Array>): Float64Array {
  const known = new Map<string, Numbers>();
  for (const { name, dims, values } of graph.constants)
    known.set(name, { dims, data: Float64Array.from(values, Number) });
  for (const { name, dims } of graph.inputs)
    known.set(name, { dims: dims as number[], data: inputs.get(name) as Float64Array });
  for (const node of graph.nodes) {
    const run = operations[node.op];
    if (!run) throw new RangeError(`The reference has no ${node.op}.`);
    known.set(node.outputs[0] ?? "", run(node.inputs.map((name) => known.get(name)) as Numbers[], node));
  }
  return known.get(graph.outputs[0]?.name ?? "")?.data as Float64Array;
}

/** The gradient of the weighed sum of a graph's output by an input, as differences to both sides of each number. */
export function differences(
  graph: Graph,
  inputs: ReadonlyMap<string, Float64Array>,
  { by, share, step = 1e-5 }: { readonly by: string; readonly share: ArrayLike<number>; readonly step?: number },
): Float64Array {
  const values = (inputs.get(by) as Float64Array).slice();
  const changed = new Map(inputs).set(by, values);
  return values.map((value, n) => {
    values[n] = value + step;
    const above = forward(graph, changed).slice();
    values[n] = value - step;
    const below = forward(graph, changed).slice();
    values[n] = value;
    // The differences are summed, not the sums subtracted: what does not change is then nothing.
    return above.reduce((sum, y, at) => sum + (y - (below[at] as number)) * (share[at] as number), 0) / (2 * step);
  });
}
