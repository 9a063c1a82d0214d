import { GraphBuilder, mapDims } from "../graph/builder.ts";
import { elements, type Graph } from "../graph/graph.ts";
import { convolve, maxPool, relu, sigmoid, stretch } from "../graph/sight.ts";
import { type Tensors, withRead } from "../models/tensors.ts";
import { asShares, type NetPlan } from "./net-plan.ts";

// PiDiNet (arxiv.org/abs/2108.07009), the network of its table 5: convolutions of differences between pixels. Each of them
// is a plain convolution with other weights, which are made here while the file is read. Tensors have the names of its
// published checkpoint, as trained or as converted by its authors.

/** What each of the 16 blocks looks at: differences to the centre, around it, outward from it, or plain values. */
const kinds = ["centre", "angular", "radial", "plain"] as const;
type Kind = (typeof kinds)[number];
const kindOf = (block: number): Kind => kinds[block % 4] ?? "plain";

/** Blocks of each stage, from the name of the first on. */
const counts = [3, 4, 4, 4];
const dilations = [5, 7, 9, 11];

/** The keys of the difference convolutions, each with its kind. */
function differences(): Map<string, Kind> {
  const found = new Map<string, Kind>([["init_block.weight", kindOf(0)]]);
  let block = 1;
  counts.forEach((count, stage) => {
    for (let n = 1; n <= count; n++) found.set(`block${stage + 1}_${n}.conv1.weight`, kindOf(block++));
  });
  return found;
}

/** Where each of nine weights goes for its angular neighbour, clockwise; the centre has none. */
const clockwise = [3, 0, 1, 6, 4, 2, 7, 8, 5];
/** The places of a 5x5 kernel that the eight outer weights go to, and those that they are taken from. */
const outer = [0, 2, 4, 10, 14, 20, 22, 24];
const inner = [6, 7, 8, 11, 13, 16, 17, 18];

/** Writes the plain kernel of a difference convolution's nine weights. */
function convert(kind: Kind, nine: Float32Array, at: number, into: Float32Array, to: number): void {
  const weight = (n: number) => nine[at + n] as number;
  if (kind === "radial") {
    into.fill(0, to, to + 25);
    for (let n = 0; n < 8; n++) {
      into[to + (outer[n] as number)] = weight(n + 1);
      into[to + (inner[n] as number)] = -weight(n + 1);
    }
    return;
  }
  let sum = 0;
  for (let n = 0; n < 9; n++) {
    sum += weight(n);
    into[to + n] = kind === "angular" ? weight(n) - weight(clockwise[n] as number) : weight(n);
  }
  if (kind === "centre") into[to + 4] = weight(4) - sum;
}

/** The tensors with plain convolutions in place of those of differences; as they are where the file has plain ones. */
function plainTensors(own: Tensors): Tensors {
  const all = differences();
  const radial = [...all].find(([, kind]) => kind === "radial")?.[0] ?? "";
  // Converted kernels of the radial kind are larger, which tells a converted file.
  if (own.has(radial) && own.shape(radial)[2] === 5) return own;
  const kindAt = (key: string): Kind => (own.has(key) ? (all.get(key) ?? "plain") : "plain");
  const side = (key: string) => (kindAt(key) === "radial" ? 5 : 3);
  const shape = (key: string): readonly number[] =>
    kindAt(key) === "plain" ? own.shape(key) : [...own.shape(key).slice(0, 2), side(key), side(key)];
  const floats: Tensors["floats"] = (key, into, from) => {
    const kind = kindAt(key);
    if (kind === "plain") return own.floats(key, into, from);
    // Small: the largest has 240 kernels.
    const kernels = elements(own.shape(key).slice(0, 2));
    const nine = new Float32Array(9 * kernels);
    own.floats(key, nine, 0);
    const size = side(key) ** 2;
    const whole = new Float32Array(size * kernels);
    for (let n = 0; n < kernels; n++) convert(kind, nine, 9 * n, whole, size * n);
    into.set(whole.subarray(from, from + into.length));
  };
  return withRead({
    ...own,
    shape,
    dtype: (key) => (kindAt(key) === "plain" ? own.dtype(key) : "F32"),
    floats,
    place: (key) => (kindAt(key) === "plain" ? own.place(key) : null),
    bytes(key, into, at) {
      if (kindAt(key) === "plain") return own.bytes(key, into, at);
      const numbers = new Float32Array(elements(shape(key)));
      floats(key, numbers, 0);
      into.set(new Uint8Array(numbers.buffer, at, into.length));
    },
  });
}

/** The shape of a PiDiNet. */
export interface PidinetShape {
  /** Channels of the first stage. */
  readonly width: number;
  /** Channels of the dilated convolutions; null for a net without them. */
  readonly dilated: number | null;
  readonly attention: boolean;
}

/** A stage's features as a map of the picture's size, before the sigmoid. */
function readOut(
  b: GraphBuilder,
  x: string,
  stage: number,
  width: number,
  { dilated, attention }: PidinetShape,
): string {
  const level = stage;
  let y = x;
  let from = width;
  if (dilated !== null) {
    const key = `dilations.${stage}`;
    const thin = convolve(b, relu(b, y), `${key}.conv1`, { from, to: dilated, kernel: 1, level });
    from = dilated;
    y = dilations
      .map((dilation, n) =>
        convolve(b, thin, `${key}.conv2_${n + 1}`, { from, to: from, kernel: 3, dilation, level, bias: false }),
      )
      .reduce((sum, one) => b.add(sum, one));
  }
  if (attention) {
    const key = `attentions.${stage}`;
    const four = convolve(b, relu(b, y), `${key}.conv1`, { from, to: 4, kernel: 1, level });
    y = b.mul(y, sigmoid(b, convolve(b, four, `${key}.conv2`, { from: 4, to: 1, kernel: 3, level, bias: false })));
  }
  const map = convolve(b, y, `conv_reduces.${stage}.conv`, { from, to: 1, kernel: 1, level });
  return stretch(b, map, b.input("sides", [4], "int64"), 1, 0, "centres");
}

/** Input `picture`, blue, green, red from 0 to 1; outputs `side.0` to `side.3` and `edges`, all after the sigmoid. */
export function pidinetGraph(shape: PidinetShape): Graph {
  const { width } = shape;
  const b = new GraphBuilder("pidinet", "float32");
  const picture = b.input("picture", mapDims(3, 0));
  let x = convolve(b, picture, "init_block", { from: 3, to: width, kernel: 3, level: 0, bias: false });
  let from = width;
  let block = 1;
  const maps: string[] = [];
  counts.forEach((count, stage) => {
    // The fourth stage is as wide as the third.
    const to = width << Math.min(stage, 2);
    for (let n = 1; n <= count; n++) {
      const key = `block${stage + 1}_${n}`;
      const halves = stage > 0 && n === 1;
      if (halves) x = maxPool(b, x, { channels: from, kernel: 2, level: stage });
      const kernel = kindOf(block++) === "radial" ? 5 : 3;
      const seen = convolve(b, x, `${key}.conv1`, { from, to: from, kernel, groups: from, level: stage, bias: false });
      const mixed = convolve(b, relu(b, seen), `${key}.conv2`, { from, to, kernel: 1, level: stage, bias: false });
      x = b.add(mixed, halves ? convolve(b, x, `${key}.shortcut`, { from, to, kernel: 1, level: stage }) : x);
      from = to;
    }
    maps.push(readOut(b, x, stage, from, shape));
  });
  const joined = b.node("Concat", maps, mapDims(4, 0), { axis: { int: 1 } });
  const fused = convolve(b, joined, "classifier", { from: 4, to: 1, kernel: 1, level: 0 });
  const outputs = maps.map((map, n) => [`side.${n}`, sigmoid(b, map)] as const);
  return b.finish([...outputs, ["edges", sigmoid(b, fused)]]);
}

/** How PiDiNet is opened and run. */
export function pidinet(own: Tensors): NetPlan {
  const tensors = plainTensors(own);
  const dilated = tensors.has("dilations.0.conv1.weight") ? (tensors.shape("dilations.0.conv1.weight")[0] ?? 0) : null;
  return {
    graph: pidinetGraph({
      width: tensors.shape("init_block.weight")[0] ?? 0,
      dilated,
      attention: tensors.has("attentions.0.conv1.weight"),
    }),
    tensors,
    // Its authors' code reads files in the order of OpenCV.
    reading: { ...asShares, order: [2, 1, 0] },
    multiple: 8,
    extent: (height, width) => ({ batch: 1, height, width }),
    extras: (height, width) => ({
      sides: { type: "int64", dims: [4], values: BigInt64Array.from([1, 1, height, width], BigInt) },
    }),
  };
}
