import { incompatible, quoted } from "../models/refusal.ts";
import type { Tensors } from "../models/tensors.ts";
import { aliasedTensors } from "./aliased.ts";

/** What the graph of a Depth Anything net must know. */
export interface DepthAnythingConfig {
  /** Numbers a token. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenWidth: number;
  readonly epsilon: number;
  readonly queryBias: boolean;
  /** Pixels a side of a patch. */
  readonly patch: number;
  /** Patches a side in the table of positions. */
  readonly grid: number;
  /** The four layers that are read, counted from 1. */
  readonly taps: readonly number[];
  /** Channels of the four feature maps, the largest map first. */
  readonly neck: readonly number[];
  readonly fusion: number;
  readonly head: number;
  /** Metres at most, of a net that gives distances; null for one that gives nearness without a unit. */
  readonly maxDepth: number | null;
  /** Tensors of layers after the last that is read. */
  readonly unread: readonly RegExp[];
}

/** Names of the original checkpoints (github.com/DepthAnything/Depth-Anything-V2) and of transformers before 5.6. */
const spellings: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^pretrained\.cls_token$/, "backbone.embeddings.cls_token"],
  [/^pretrained\.mask_token$/, "backbone.embeddings.mask_token"],
  [/^pretrained\.pos_embed$/, "backbone.embeddings.position_embeddings"],
  [/^pretrained\.patch_embed\.proj\./, "backbone.embeddings.patch_embeddings.projection."],
  [/^pretrained\.blocks\.(\d+)\.attn\.proj\./, "backbone.encoder.layer.$1.attention.o_proj."],
  [/^pretrained\.blocks\.(\d+)\.ls([12])\.gamma$/, "backbone.encoder.layer.$1.layer_scale$2.lambda1"],
  [/^pretrained\.blocks\.(\d+)\./, "backbone.encoder.layer.$1."],
  [/^pretrained\.norm\./, "backbone.layernorm."],
  [/^depth_head\.projects\.(\d)\./, "neck.reassemble_stage.layers.$1.projection."],
  [/^depth_head\.resize_layers\.(\d)\./, "neck.reassemble_stage.layers.$1.resize."],
  [/^depth_head\.scratch\.output_conv1\./, "head.conv1."],
  [/^depth_head\.scratch\.output_conv2\.0\./, "head.conv2."],
  [/^depth_head\.scratch\.output_conv2\.2\./, "head.conv3."],
  [/\.attention\.attention\.query\./, ".attention.q_proj."],
  [/\.attention\.attention\.key\./, ".attention.k_proj."],
  [/\.attention\.attention\.value\./, ".attention.v_proj."],
  [/\.attention\.output\.dense\./, ".attention.o_proj."],
];

/** A tensor by its name of today. */
function today(key: string): string {
  // Counted from the largest map in the original, from the smallest in transformers.
  const map = /^depth_head\.scratch\.layer([1-4])_rn\.weight$/.exec(key);
  if (map) return `neck.convs.${Number(map[1]) - 1}.weight`;
  const fusion = /^depth_head\.scratch\.refinenet([1-4])\.(?:out_conv|resConfUnit([12])\.conv([12]))\.(\w+)$/.exec(key);
  if (fusion) {
    const [, n, unit, conv, end] = fusion;
    const inner = unit ? `residual_layer${unit}.convolution${conv}` : "projection";
    return `neck.fusion_stage.layers.${4 - Number(n)}.${inner}.${end}`;
  }
  for (const [pattern, name] of spellings) if (pattern.test(key)) return key.replace(pattern, name);
  return key;
}

/** The tensors of a net under transformers' names of today. One that holds queries, keys and values becomes three. */
export function depthAnythingTensors(own: Tensors): Tensors {
  return aliasedTensors(own, (key) => {
    const fused = /^pretrained\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)$/.exec(key);
    if (!fused) return [[today(key)]];
    return ["q_proj", "k_proj", "v_proj"].map((part, at) => [
      `backbone.encoder.layer.${fused[1]}.attention.${part}.${fused[2]}`,
      { at, of: 3 },
    ]);
  });
}

/** DINOv2 has heads of 64 numbers in every published size (arxiv.org/abs/2304.07193). */
const HEAD = 64;

/** Which layers version 2 reads, by how many it has: small and base, and large (its repository's `dpt.py`). */
const usualTaps: Readonly<Record<number, readonly number[]>> = { 12: [3, 6, 9, 12], 24: [5, 12, 18, 24] };

/**
 * The config of a net from its shapes, and from transformers' config.json where there is one. A file alone is taken for
 * version 2. Throws `model-incompatible` for what neither tells, or for what the graph does not compute.
 */
export function depthAnythingConfig(
  tensors: Tensors,
  raw: Readonly<Record<string, unknown>> | null,
): DepthAnythingConfig {
  const refuse = (what: string, expected: string, actual: unknown): Error =>
    incompatible(tensors.label, `${what} is ${quoted(actual)}, and Depth Anything is run here with ${expected} only.`, {
      expected: `${what} ${expected}`,
      actual: quoted(actual),
    });
  const shape = (key: string) => tensors.shape(key);
  const within = (raw?.["backbone_config"] ?? {}) as Readonly<Record<string, unknown>>;
  const told = (key: string, from: Readonly<Record<string, unknown>> = within): number | undefined => {
    const value = from[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number" || !(value > 0) || value > 1e6) throw refuse(key, "a number above 0", value);
    return value;
  };
  const [, , width = 0] = shape("backbone.embeddings.cls_token");
  let layers = 0;
  while (tensors.has(`backbone.encoder.layer.${layers}.norm1.weight`)) layers++;
  const [, , patch = 0, across = 0] = shape("backbone.embeddings.patch_embeddings.projection.weight");
  const [, places = 0] = shape("backbone.embeddings.position_embeddings");
  const grid = Math.round(Math.sqrt(places - 1));
  if (patch < 1 || patch !== across) throw refuse("the patch", "square patches", [patch, across]);
  if (grid < 1 || grid * grid !== places - 1)
    throw refuse("the table of positions", "a square grid and a class", places);
  const heads = told("num_attention_heads") ?? width / HEAD;
  if (!Number.isInteger(heads) || width % heads !== 0)
    throw unclear(tensors.label, `how many heads its attention has at a width of ${width}`);
  const taps = tapsOf(within, layers) ?? usualTaps[layers];
  if (!taps) throw unclear(tensors.label, `which of its ${layers} layers are read`);
  if (taps.length !== 4 || taps.some((tap, n) => !(tap > (taps[n - 1] ?? 0)) || tap > layers || !Number.isInteger(tap)))
    throw refuse("out_indices", `four layers of ${layers}, each after the one before`, taps);
  const fixed: readonly (readonly [string, unknown, readonly unknown[]])[] = [
    ["use_swiglu_ffn", within["use_swiglu_ffn"], [false]],
    ["hidden_act", within["hidden_act"], ["gelu"]],
    ["apply_layernorm", within["apply_layernorm"], [true]],
    ["head_in_index", raw?.["head_in_index"], [-1, 3]],
    ["depth_estimation_type", raw?.["depth_estimation_type"], ["relative", "metric"]],
    ["reassemble_factors", JSON.stringify(raw?.["reassemble_factors"]), ["[4,2,1,0.5]"]],
  ];
  for (const [key, value, known] of fixed)
    if (value !== undefined && !known.includes(value)) throw refuse(key, known.join(" or "), value);
  const metric = raw?.["depth_estimation_type"] === "metric";
  const last = Math.max(...taps);
  return {
    width,
    layers: last,
    heads,
    hiddenWidth: shape("backbone.encoder.layer.0.mlp.fc1.weight")[0] ?? 0,
    epsilon: told("layer_norm_eps") ?? 1e-6,
    queryBias: tensors.has("backbone.encoder.layer.0.attention.q_proj.bias"),
    patch,
    grid,
    taps,
    neck: [0, 1, 2, 3].map((n) => shape(`neck.reassemble_stage.layers.${n}.projection.weight`)[0] ?? 0),
    fusion: shape("head.conv1.weight")[1] ?? 0,
    head: shape("head.conv2.weight")[0] ?? 0,
    maxDepth: metric ? (told("max_depth", raw ?? {}) ?? 1) : null,
    unread: Array.from({ length: layers - last }, (_, n) => new RegExp(`^backbone\\.encoder\\.layer\\.${last + n}\\.`)),
  };
}

/** The layers that are read, as transformers writes them: by number, or by the names of stages. */
function tapsOf(config: Readonly<Record<string, unknown>>, layers: number): readonly number[] | undefined {
  const { out_indices: indices, out_features: features } = config as {
    readonly out_indices?: unknown;
    readonly out_features?: unknown;
  };
  const list = Array.isArray(indices) ? indices : Array.isArray(features) ? features : undefined;
  return list?.map((entry) => {
    const number = Number(typeof entry === "string" ? entry.replace(/^stage/, "") : entry);
    return number < 0 ? layers + 1 + number : number;
  });
}

const unclear = (label: string, what: string): Error =>
  incompatible(
    label,
    `the file does not tell ${what}. Give its folder, in which config.json lies beside model.safetensors.`,
    { expected: "config.json", actual: "no config.json" },
  );
