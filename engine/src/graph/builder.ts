import type { Attribute, Constant, Dim, ElementType, Graph, Node, Part, Precision, Value, Weight } from "./graph.ts";

// Makes a graph one operation at a time and keeps the shape of everything that flows. The operations are those that
// every provider of onnxruntime has a right and fast kernel for (`lint.ts` holds the list); which ONNX nodes stand for
// "group norm" or "attention" is decided here and nowhere else.

/** Where a feature map lies: how often its sides were halved since the graph's input (negative: doubled). */
export type Level = number;

/** The side that a side of the graph's input has at a level. Halving rounds up, as a stride-2 convolution does. */
export function sideAt(side: number, level: Level): number {
  let at = side;
  for (let l = 0; l < level; l++) at = Math.ceil(at / 2);
  return level < 0 ? at * 2 ** -level : at;
}

const height = (level: Level): string => `height.${level}`;
const width = (level: Level): string => `width.${level}`;
const tokens = (level: Level): string => `tokens.${level}`;
const rows = (level: Level): string => `rows.${level}`;

/** A row for each row of the batch, or one row that stands for all of them. */
export type Rows = "batch" | "one";

/** The side of feature maps at a level, as symbolic dims: rows, channels, height, width. */
export const mapDims = (channels: number, level: Level, of: Rows = "batch"): Dim[] => [
  of,
  channels,
  height(level),
  width(level),
];

/** Attention with wider heads than this does not use the fused kernel, which then needs many times the memory. */
const FUSED_HEAD = 256;

/**
 * Whether a convolution is one of those that compute wrong numbers, without a word, with onnxruntime 1.30 on WebGPU
 * (measured): it reads 6, 9, 15, 18 ... channels (a multiple of 3 above it, and not of 4), gives a multiple of 4, and its
 * kernel is more than a single pixel.
 */
export const miscounted = ({ from, to, kernel }: { from: number; to: number; kernel: number }): boolean =>
  kernel > 1 && from > 3 && from % 3 === 0 && from % 4 !== 0 && to % 4 === 0;

/** Builds one graph. */
export class GraphBuilder {
  readonly #values = new Map<string, Value>();
  readonly #inputs: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #weights = new Map<string, Weight>();
  #count = 0;
  #prefix = "";

  readonly name: string;
  readonly precision: Precision;

  /** Begins with nothing, or with all that a graph has: its outputs are then tensors like others. */
  constructor(name: string, precision: Precision, begun?: Graph) {
    this.name = name;
    this.precision = precision;
    if (!begun) return;
    for (const [key, value] of begun.values) this.#values.set(key, value);
    for (const constant of begun.constants) this.#constants.set(constant.name, constant);
    for (const weight of begun.weights) this.#weights.set(weight.name, weight);
    this.#inputs.push(...begun.inputs);
    this.#nodes.push(...begun.nodes);
    this.#count = begun.nodes.length;
  }

  /** An input of the graph. Asked for twice, it is the same one. */
  input(name: string, dims: readonly Dim[], type: ElementType = this.precision): string {
    if (!this.#values.has(name)) {
      const value = { name, type, dims };
      this.#values.set(name, value);
      this.#inputs.push(value);
    }
    return name;
  }

  /** The sides of a tensor that flows, of a weight or of a constant. */
  dims(name: string): readonly Dim[] {
    const value = this.#values.get(name) ?? this.#weights.get(name) ?? this.#constants.get(name);
    if (!value) throw new RangeError(`${this.name} has no tensor "${name}".`);
    return value.dims;
  }

  /** Adds a node of one output and gives the output's name. */
  node(
    op: string,
    inputs: readonly string[],
    dims: readonly Dim[],
    attributes: Readonly<Record<string, Attribute>> = {},
    { domain = "", type = this.precision }: { domain?: Node["domain"]; type?: ElementType } = {},
  ): string {
    const name = `${op.toLowerCase()}.${this.#count++}`;
    this.#values.set(name, { name, type, dims });
    this.#nodes.push({ op, domain, inputs, outputs: [name], attributes });
    return name;
  }

  /** Builds a network whose keys get a prefix: how one graph holds two networks. */
  prefixed<T>(prefix: string, build: () => T): T {
    const before = this.#prefix;
    this.#prefix = prefix;
    try {
      return build();
    } finally {
      this.#prefix = before;
    }
  }

  /** A parameter that is a tensor of the checkpoint, or rows of it, or the sum of several. */
  weight(dims: readonly number[], ...asked: readonly [Part, ...Part[]]): string {
    const parts = asked.map((part) => ({ ...part, key: this.#prefix + part.key }));
    const name = `${parts.map(({ key, rows: part }) => (part ? `${key}[${part[0]}:${part[1]}]` : key)).join("+")}:${dims}`;
    if (!this.#weights.has(name)) this.#weights.set(name, { name, dims, parts });
    return name;
  }

  /** A parameter that is one whole tensor, perhaps with sides of 1 added. */
  parameter(key: string, shape: readonly number[], dims: readonly number[] = shape): string {
    return this.weight(dims, { key, shape });
  }

  /** A small tensor of one number. */
  filled(dims: readonly number[], value: number): string {
    const values = new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value);
    return this.#constant({ name: `fill.${dims.join("x")}.${value}`, type: this.precision, dims, values });
  }

  /** A fixed list of whole numbers. */
  whole(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant({ name: `whole.${values.join(",")}`, type: "int64", dims: [values.length], values: data });
  }

  #constant(constant: Constant): string {
    if (!this.#constants.has(constant.name)) this.#constants.set(constant.name, constant);
    return constant.name;
  }

  /** Reshapes to sides that are known now; 0 keeps a side and -1 is the rest. `dims` says what comes out. */
  reshape(x: string, to: readonly number[], dims: readonly Dim[], type: ElementType = this.precision): string {
    return this.node("Reshape", [x, this.whole(to)], dims, {}, { type });
  }

  /** The run-time sides of a feature map, as an int64 input of the graph; `shape-inputs.ts` fills it. */
  #sides(kind: "nchw" | "nhwc" | "nsc" | "text", channels: number, level: Level, of: Rows = "batch"): string {
    const name = `shape.${of === "one" ? "one." : ""}${kind}.${channels}.${level}`;
    return this.input(name, [kind.startsWith("n") ? kind.length : 3], "int64");
  }

  /** Whether a feature map, a sequence or its tokens as rows have a row for each row of the batch. */
  rowsOf(x: string): Rows {
    const [first] = this.dims(x);
    return first === "one" || (typeof first === "string" && first.startsWith("tokens.")) ? "one" : "batch";
  }

  /** A feature map with a row for each row of the batch: repeated where it has one for all. */
  forEachRow(x: string, channels: number, level: Level): string {
    if (this.rowsOf(x) === "batch") return x;
    return this.node("Expand", [x, this.#sides("nchw", channels, level)], mapDims(channels, level));
  }

  /** The same for a sequence [rows, tokens, c]. */
  sequenceForEachRow(x: string, channels: number, level: Level): string {
    if (this.rowsOf(x) === "batch") return x;
    return this.node("Expand", [x, this.#sides("nsc", channels, level)], ["batch", tokens(level), channels]);
  }

  add(a: string, b: string): string {
    return this.node("Add", [a, b], this.dims(a));
  }

  mul(a: string, b: string): string {
    return this.node("Mul", [a, b], this.dims(a));
  }

  /** x * sigmoid(x), as one kernel on every provider. */
  silu(x: string): string {
    return this.node("QuickGelu", [x], this.dims(x), { alpha: { float: 1 } }, { domain: "com.microsoft" });
  }

  /** A 2-D convolution on a feature map at `level`; gives the map at `level` or one deeper (stride 2). */
  conv(x: string, key: string, { from, to, kernel, level, stride = 1, pads, bias = true }: ConvShape): string {
    const p = kernel >> 1;
    const own = this.parameter(`${key}.weight`, [to, from, kernel, kernel]);
    const [input, weight] = miscounted({ from, to, kernel })
      ? this.#widened(x, own, { from, to, kernel }, level)
      : [x, own];
    const inputs = bias ? [input, weight, this.parameter(`${key}.bias`, [to])] : [input, weight];
    return this.node("Conv", inputs, mapDims(to, stride === 2 ? level + 1 : level, this.rowsOf(x)), {
      kernel_shape: { ints: [kernel, kernel] },
      pads: { ints: pads ?? [p, p, p, p] },
      strides: { ints: [stride, stride] },
      dilations: { ints: [1, 1] },
      group: { int: 1 },
    });
  }

  /** The input and the weight of a convolution with channels of zeros behind, up to a multiple of 4: the same result. */
  #widened(
    x: string,
    weight: string,
    { from, to, kernel }: Pick<ConvShape, "from" | "to" | "kernel">,
    level: Level,
  ): [input: string, weight: string] {
    const more = 4 - (from % 4);
    const pads = this.whole([0, 0, 0, 0, 0, more, 0, 0]);
    const dims = [to, from + more, kernel, kernel];
    return [
      this.node("Pad", [x, pads], mapDims(from + more, level, this.rowsOf(x)), { mode: { text: "constant" } }),
      this.node("Concat", [weight, this.filled([to, more, kernel, kernel], 0)], dims, { axis: { int: 1 } }),
    ];
  }

  /** A linear layer on rows [n, from]: PyTorch's [to, from] weight in place. `part` takes rows of the weight. */
  linear(x: string, key: string, { from, to, bias = true, part }: LinearShape): string {
    const whole = part ? part.of : to;
    const at: { rows?: readonly [number, number] } = part ? { rows: [part.at, part.at + to] } : {};
    const inputs = [x, this.weight([to, from], { key: `${key}.weight`, shape: [whole, from], ...at })];
    if (bias) inputs.push(this.weight([to], { key: `${key}.bias`, shape: [whole], ...at }));
    return this.node("Gemm", inputs, [this.dims(x)[0] ?? "rows", to], {
      alpha: { float: 1 },
      beta: { float: 1 },
      transA: { int: 0 },
      transB: { int: 1 },
    });
  }

  /** Group norm of a feature map. With `wide`, a half-precision graph takes the statistics in float32. */
  groupNorm(x: string, key: string, { channels, groups, epsilon, level, wide = false }: GroupNormShape): string {
    const half = wide && this.precision === "float16";
    const type: ElementType = half ? "float32" : this.precision;
    const from = half ? this.node("Cast", [x], this.dims(x), { to: { int: 1 } }, { type }) : x;
    const of = this.rowsOf(x);
    const grouped = this.reshape(from, [0, groups, -1], [of, groups, "group"], type);
    const one = this.#numbers(groups, 1, type);
    const zero = this.#numbers(groups, 0, type);
    const normed = this.node(
      "InstanceNormalization",
      [grouped, one, zero],
      this.dims(grouped),
      { epsilon: { float: epsilon } },
      { type },
    );
    const sides = this.#sides("nchw", channels, level, of);
    let y = this.node("Reshape", [normed, sides], mapDims(channels, level, of), {}, { type });
    if (half) y = this.node("Cast", [y], this.dims(y), { to: { int: 10 } });
    const gamma = this.parameter(`${key}.weight`, [channels], [channels, 1, 1]);
    return this.add(this.mul(y, gamma), this.parameter(`${key}.bias`, [channels], [channels, 1, 1]));
  }

  #numbers(length: number, value: number, type: ElementType): string {
    const values = new Float32Array(length).fill(value);
    return this.#constant({ name: `fill.${length}.${value}.${type}`, type, dims: [length], values });
  }

  layerNorm(x: string, key: string, width: number, epsilon: number): string {
    const inputs = [x, this.parameter(`${key}.weight`, [width]), this.parameter(`${key}.bias`, [width])];
    const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } };
    return this.node("LayerNormalization", inputs, this.dims(x), attributes);
  }

  /** A feature map as rows of tokens: [batch, c, h, w] to [batch x h x w, c]. */
  toRows(x: string, channels: number, level: Level): string {
    const of = this.rowsOf(x);
    const nhwc = this.node("Transpose", [x], [of, height(level), width(level), channels], {
      perm: { ints: [0, 2, 3, 1] },
    });
    return this.reshape(nhwc, [-1, channels], [of === "one" ? tokens(level) : rows(level), channels]);
  }

  /** Rows of tokens as a feature map again. */
  toMap(x: string, channels: number, level: Level): string {
    const of = this.rowsOf(x);
    const sides = [of, height(level), width(level), channels];
    const nhwc = this.node("Reshape", [x, this.#sides("nhwc", channels, level, of)], sides);
    return this.node("Transpose", [nhwc], mapDims(channels, level, of), { perm: { ints: [0, 3, 1, 2] } });
  }

  /** Rows of tokens as [batch, tokens, c]. */
  toSequence(x: string, channels: number, level: Level): string {
    const of = this.rowsOf(x);
    return this.node("Reshape", [x, this.#sides("nsc", channels, level, of)], [of, tokens(level), channels]);
  }

  /** Rows of text states as [batch, context, c]. */
  toText(x: string, channels: number): string {
    return this.node("Reshape", [x, this.#sides("text", channels, 0)], ["batch", "context", channels]);
  }

  /** A sequence [batch, tokens, c] as rows. */
  sequenceToRows(x: string, channels: number): string {
    const [, count = ""] = this.dims(x);
    return this.reshape(x, [-1, channels], [this.rowsOf(x) === "one" ? count : `rows.${count}`, channels]);
  }

  /** Splits [batch, n, heads x d] into [batch, heads, n, d]. */
  splitHeads(x: string, heads: number, size: number): string {
    const [batch = "batch", count = "tokens"] = this.dims(x);
    const split = this.reshape(x, [0, 0, heads, size], [batch, count, heads, size]);
    return this.node("Transpose", [split], [batch, heads, count, size], { perm: { ints: [0, 2, 1, 3] } });
  }

  /**
   * softmax(q k' / sqrt(d)) v. q is [batch, n, heads x d]; k and v are the same, or already split as
   * [batch, heads, m, d]. Gives [batch, n, heads x d].
   */
  attention(q: string, k: string, v: string, heads: number, { causal = false }: { causal?: boolean } = {}): string {
    const [batch = "batch", count = "tokens", channels] = this.dims(q);
    if (typeof channels !== "number" || channels % heads !== 0)
      throw new RangeError(`${this.name}: ${channels} channels do not divide into ${heads} heads.`);
    const size = channels / heads;
    const dims = [batch, count, channels];
    if (size <= FUSED_HEAD) {
      const attributes = { num_heads: { int: heads }, ...(causal ? { unidirectional: { int: 1 } } : {}) };
      return this.node("MultiHeadAttention", [q, k, v], dims, attributes, { domain: "com.microsoft" });
    }
    if (causal) throw new RangeError(`${this.name}: causal attention with heads of ${size} is not emitted.`);
    const split = (x: string) => (this.dims(x).length === 4 ? x : this.splitHeads(x, heads, size));
    const [q4, k4, v4] = [split(q), split(k), split(v)];
    const m = this.dims(k4)[2] ?? "context";
    const turned = this.node("Transpose", [k4], [batch, heads, size, m], { perm: { ints: [0, 1, 3, 2] } });
    const scaled = this.mul(q4, this.filled([1], 1 / Math.sqrt(size)));
    const scores = this.node("MatMul", [scaled, turned], [batch, heads, count, m]);
    const shares = this.node("Softmax", [scores], this.dims(scores), { axis: { int: -1 } });
    const mixed = this.node("MatMul", [shares, v4], [batch, heads, count, size]);
    const joined = this.node("Transpose", [mixed], [batch, count, heads, size], { perm: { ints: [0, 2, 1, 3] } });
    return this.reshape(joined, [0, 0, channels], dims);
  }

  /** Enlarges a feature map to the sides of `level` by nearest neighbour: source index floor(i x in / out). */
  enlarge(x: string, channels: number, level: Level): string {
    const of = this.rowsOf(x);
    return this.node("Resize", [x, "", "", this.#sides("nchw", channels, level, of)], mapDims(channels, level, of), {
      mode: { text: "nearest" },
      coordinate_transformation_mode: { text: "asymmetric" },
      nearest_mode: { text: "floor" },
    });
  }

  /** Joins feature maps along their channels. */
  concat(a: string, b: string, channels: number, level: Level): string {
    return this.node("Concat", [a, b], mapDims(channels, level), { axis: { int: 1 } });
  }

  /** Ends the graph. Outputs are given as [name, tensor]: the tensor is renamed. */
  finish(outputs: readonly (readonly [name: string, tensor: string])[]): Graph {
    const renamed = new Map<string, string>();
    for (const [name, tensor] of outputs) {
      this.dims(tensor);
      // A tensor that is an input, or leaves twice, needs a name of its own.
      const taken = this.#inputs.some((input) => input.name === tensor) || renamed.has(tensor);
      const value = taken ? this.node("Identity", [tensor], this.dims(tensor)) : tensor;
      renamed.set(value, name);
    }
    const name = (tensor: string) => renamed.get(tensor) ?? tensor;
    const values = new Map<string, Value>();
    for (const value of this.#values.values()) values.set(name(value.name), { ...value, name: name(value.name) });
    const order = new Map([...renamed].map(([tensor, out]) => [out, tensor]));
    return {
      name: this.name,
      precision: this.precision,
      inputs: this.#inputs,
      outputs: outputs.map(([out]) => values.get(name(order.get(out) ?? out)) as Value),
      nodes: this.#nodes.map((node) => ({ ...node, inputs: node.inputs.map(name), outputs: node.outputs.map(name) })),
      constants: [...this.#constants.values()],
      weights: [...this.#weights.values()],
      values,
    };
  }
}

/** The shape of a convolution, and where it acts. */
export interface ConvShape {
  readonly from: number;
  readonly to: number;
  readonly kernel: 1 | 3;
  readonly level: Level;
  readonly stride?: 1 | 2;
  /** Top, left, bottom, right; half the kernel without it. */
  readonly pads?: readonly [number, number, number, number];
  readonly bias?: boolean;
}

/** The shape of a linear layer. `part`: only rows `at` to `at + to` of a weight that has `of` rows. */
export interface LinearShape {
  readonly from: number;
  readonly to: number;
  readonly bias?: boolean;
  readonly part?: { readonly at: number; readonly of: number };
}

/** The shape of a group norm, and where it acts. */
export interface GroupNormShape {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly level: Level;
  readonly wide?: boolean;
}
