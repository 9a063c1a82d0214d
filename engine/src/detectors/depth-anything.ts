import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { convolve, deconvolve, relu, rowsFrom, sigmoid, stretch } from "../graph/sight.ts";
import type { Tensors } from "../models/tensors.ts";
import type { DepthAnythingConfig } from "./depth-anything-config.ts";
import { asImagenet, type Extra, type NetPlan } from "./net-plan.ts";
import { positionsAt } from "./positions.ts";

// Depth Anything (arxiv.org/abs/2406.09414): a DINOv2 transformer over patches, four of whose layers become feature maps
// at four sizes, are fused from the smallest to the largest and read out as one number a pixel: larger is nearer, or
// for its metric kind the distance. Tensors have the names of transformers' `DepthAnythingForDepthEstimation`.

/** The levels of the four feature maps, seen from the grid of patches: four times as large, twice, the same, half. */
const levels = [-2, -1, 0, 1] as const;

/** The tokens of every layer that is read, after the last norm. */
function backbone(b: GraphBuilder, config: DepthAnythingConfig): string[] {
  const { width, patch, layers, heads, hiddenWidth, epsilon, taps, queryBias } = config;
  const picture = b.input("picture", [1, 3, "picture.height", "picture.width"]);
  const shape = { from: 3, to: width, kernel: patch, stride: patch, pad: 0, level: 0 };
  const patches = b.toRows(convolve(b, picture, "backbone.embeddings.patch_embeddings.projection", shape), width, 0);
  const placed = b.add(patches, b.input("positions", ["tokens", width]));
  let t = b.node("Concat", [b.input("class", [1, width]), placed], ["rows", width], { axis: { int: 0 } });
  const square = { from: width, to: width };
  const found: string[] = [];
  for (let n = 0; n < layers; n++) {
    const layer = `backbone.encoder.layer.${n}`;
    const scaled = (x: string, key: string) => b.mul(x, b.parameter(`${layer}.${key}.lambda1`, [width]));
    const normed = b.layerNorm(t, `${layer}.norm1`, width, epsilon);
    const project = (name: string) =>
      b.reshape(
        b.linear(normed, `${layer}.attention.${name}`, { ...square, bias: queryBias }),
        [1, -1, width],
        [1, "rows", width],
      );
    const mixed = b.attention(project("q_proj"), project("k_proj"), project("v_proj"), heads);
    const out = b.linear(b.reshape(mixed, [-1, width], ["rows", width]), `${layer}.attention.o_proj`, square);
    t = b.add(t, scaled(out, "layer_scale1"));
    const second = b.layerNorm(t, `${layer}.norm2`, width, epsilon);
    const inner = b.linear(second, `${layer}.mlp.fc1`, { from: width, to: hiddenWidth });
    const bent = b.node("Gelu", [inner], b.dims(inner), { approximate: { text: "none" } });
    t = b.add(t, scaled(b.linear(bent, `${layer}.mlp.fc2`, { from: hiddenWidth, to: width }), "layer_scale2"));
    if (taps.includes(n + 1)) found.push(b.layerNorm(t, "backbone.layernorm", width, epsilon));
    if (found.length === taps.length) break;
  }
  return found;
}

/** Tokens as a feature map of its own size. */
function reassembled(b: GraphBuilder, tokens: string, n: number, { width, neck, fusion }: DepthAnythingConfig): string {
  const key = `neck.reassemble_stage.layers.${n}`;
  const channels = neck[n] ?? 0;
  const level = levels[n] ?? 0;
  const grid = b.toMap(rowsFrom(b, tokens, 1, width), width, 0);
  let x = convolve(b, grid, `${key}.projection`, { from: width, to: channels, kernel: 1, level: 0 });
  const same = { from: channels, to: channels, level };
  const factor = 2 ** -level;
  if (level < 0) x = deconvolve(b, x, `${key}.resize`, { ...same, kernel: factor, stride: factor });
  if (level > 0) x = convolve(b, x, `${key}.resize`, { ...same, kernel: 3, stride: 2, pad: 1 });
  return convolve(b, x, `neck.convs.${n}`, { from: channels, to: fusion, kernel: 3, level, bias: false });
}

function residual(b: GraphBuilder, x: string, key: string, channels: number, level: number): string {
  const shape = { from: channels, to: channels, kernel: 3, level };
  const first = convolve(b, relu(b, x), `${key}.convolution1`, shape);
  return b.add(convolve(b, relu(b, first), `${key}.convolution2`, shape), x);
}

/** The int64 input that holds the sides of a feature map at a level, and of the whole picture ("picture"). */
const sidesAt = (b: GraphBuilder, level: number | "picture"): string => b.input(`sides.${level}`, [4], "int64");

/** Inputs `picture`, `class`, `positions` and `sides.*`; output `depth` [1, 1, height, width], or `distance`. */
export function depthAnythingGraph(config: DepthAnythingConfig): Graph {
  const b = new GraphBuilder("depth-anything", "float32");
  const { fusion, head } = config;
  const maps = backbone(b, config).map((tokens, n) => reassembled(b, tokens, n, config));
  let fused: string | null = null;
  for (let n = 3; n >= 0; n--) {
    const key = `neck.fusion_stage.layers.${3 - n}`;
    const level = levels[n] ?? 0;
    const map = maps[n] ?? "";
    const joined: string =
      fused === null ? map : b.add(fused, residual(b, map, `${key}.residual_layer1`, fusion, level));
    const refined = residual(b, joined, `${key}.residual_layer2`, fusion, level);
    // One level up: the sides of the next feature map, and twice those of the last.
    const larger = stretch(b, refined, sidesAt(b, level - 1), fusion, level - 1);
    fused = convolve(b, larger, `${key}.projection`, { from: fusion, to: fusion, kernel: 1, level: level - 1 });
  }
  const half = fusion >> 1;
  const small = convolve(b, fused ?? "", "head.conv1", { from: fusion, to: half, kernel: 3, level: -3 });
  const large = stretch(b, small, sidesAt(b, "picture"), half, -4);
  const features = relu(b, convolve(b, large, "head.conv2", { from: half, to: head, kernel: 3, level: -4 }));
  const read = convolve(b, features, "head.conv3", { from: head, to: 1, kernel: 1, level: -4 });
  const result = config.maxDepth === null ? relu(b, read) : b.mul(sigmoid(b, read), b.filled([1], config.maxDepth));
  return b.finish([[config.maxDepth === null ? "depth" : "distance", result]]);
}

/** How a Depth Anything net is opened and run. */
export function depthAnything(tensors: Tensors, config: DepthAnythingConfig): NetPlan {
  const { width, patch, grid, fusion } = config;
  const cls = "backbone.embeddings.cls_token";
  const table = "backbone.embeddings.position_embeddings";
  /** Of the last size, which is most often the next one's too. */
  let known: { readonly key: string; readonly extras: Readonly<Record<string, Extra>> } | null = null;
  const make = (h: number, w: number): Readonly<Record<string, Extra>> => {
    const places = new Float32Array((grid * grid + 1) * width);
    tensors.read(table, places);
    const first = new Float32Array(width);
    tensors.read(cls, first);
    for (let i = 0; i < width; i++) first[i] = (first[i] as number) + (places[i] as number);
    const sides = (height: number, across: number, channels = fusion): Extra => ({
      type: "int64",
      dims: [4],
      values: BigInt64Array.from([1, channels, height, across], BigInt),
    });
    return {
      class: { type: "float32", dims: [1, width], values: first },
      positions: {
        type: "float32",
        dims: [h * w, width],
        values: positionsAt(places.subarray(width), { grid, width }, h, w),
      },
      "sides.0": sides(h, w),
      "sides.-1": sides(2 * h, 2 * w),
      "sides.-2": sides(4 * h, 4 * w),
      "sides.-3": sides(8 * h, 8 * w),
      "sides.picture": sides(patch * h, patch * w, fusion >> 1),
    };
  };
  return {
    graph: depthAnythingGraph(config),
    tensors,
    reading: asImagenet,
    multiple: patch,
    extent: (height, across) => ({ batch: 1, height: height / patch, width: across / patch }),
    extras(height, across) {
      const key = `${height} ${across}`;
      if (known?.key !== key) known = { key, extras: make(height / patch, across / patch) };
      return known.extras;
    },
    beside: [cls, table],
    // The smallest feature map has nothing to be fused with, and a mask is for training.
    unused: [
      /^backbone\.embeddings\.mask_token$/,
      /^neck\.fusion_stage\.layers\.0\.residual_layer1\./,
      ...config.unread,
    ],
  };
}
