import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { cp, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { miniFolder } from "@underdraw/model-mini/node";
import { partsOf } from "../engine/src/diffusion/loaded-base.ts";
import {
  elements,
  kv,
  temb,
  textEncoder,
  unetDecoder,
  unetEncoder,
  vaeDecoder,
  vaeEncoder,
} from "../engine/src/graph/index.ts";
import { textConfig, unetConfig, vaeConfig } from "../engine/src/models/configs.ts";
import { randomWeights } from "./measure/random-weights.ts";
import { megabytes, numberOption, table } from "./measure/report.ts";
import { type Raw, unetShape } from "./measure/shapes.ts";

// Makes a checkpoint of Stable Diffusion 1.5's shape with random weights in half precision, in diffusers' layout, for
// load-node.ts and load-browser.ts. The UNet is whole (860 M parameters, 1.7 GB) unless --scale says less; text encoder
// and autoencoder are small. The same command writes the same bytes.
//
//   node scripts/run.mjs bench/checkpoint.ts FOLDER [--scale 1]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: "string", default: "1" } },
});
const [target] = positionals;
if (target === undefined) throw new TypeError("Which folder? Usage: bench/checkpoint.ts FOLDER [--scale 1]");
const folder = resolve(target);
if (!relative(process.cwd(), folder).startsWith("..") && !folder.startsWith(join(process.cwd(), "out") + sep))
  throw new RangeError(`${folder} lies in the repository. Take a folder elsewhere: the files are large.`);
const scale = numberOption("scale", values.scale, 0.01);

interface Named {
  readonly key: string;
  readonly dims: readonly number[];
}

/** The tensors that graphs read, each once, in the order of their names. */
const distinct = (parts: readonly Named[]): Named[] =>
  [...new Map(parts.map((part) => [part.key, part])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));

/** Writes a .safetensors file of random halves, tensor by tensor; gives its parameters and bytes. */
async function write(path: string, tensors: readonly Named[]): Promise<{ parameters: number; bytes: number }> {
  await mkdir(dirname(path), { recursive: true });
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { key, dims } of tensors) {
    const from = end;
    end += 2 * elements(dims);
    header[key] = { dtype: "F16", shape: dims, data_offsets: [from, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  const weights = randomWeights();
  const file = createWriteStream(`${path}.part`);
  const put = async (bytes: Uint8Array) => {
    if (!file.write(bytes)) await once(file, "drain");
  };
  await put(length);
  await put(json);
  for (const { key, dims } of tensors) {
    const bytes = new Uint8Array(2 * elements(dims));
    weights.read({ name: key, dims, parts: [{ key, shape: dims }] }, "float16", bytes);
    await put(bytes);
  }
  file.end();
  await once(file, "close");
  // Written whole and then named: what was stopped half-way is never taken for a model.
  await rename(`${path}.part`, path);
  return { parameters: end / 2, bytes: 8 + json.length + end };
}

const rawUnet = unetShape(scale);
const rawVae: Raw = {
  _class_name: "AutoencoderKL",
  block_out_channels: [32, 32, 64, 64],
  down_block_types: Array(4).fill("DownEncoderBlock2D"),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 32,
  out_channels: 3,
  scaling_factor: 0.18215,
  up_block_types: Array(4).fill("UpDecoderBlock2D"),
};
const rawText: Raw = {
  architectures: ["CLIPTextModel"],
  model_type: "clip_text_model",
  hidden_act: "quick_gelu",
  hidden_size: 768,
  intermediate_size: 768,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 32,
  num_attention_heads: 12,
  num_hidden_layers: 1,
  vocab_size: 6514,
};
const scheduler: Raw = {
  _class_name: "DDIMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: "epsilon",
  set_alpha_to_one: false,
  steps_offset: 1,
};

const unet = unetConfig(rawUnet, "unet");
const vae = vaeConfig(rawVae, "vae");
const text = textConfig(rawText, "text_encoder");
const embeddings = { key: "text_model.embeddings.token_embedding.weight", dims: [text.vocabulary, text.width] };
const precision = "float16";
const parts: readonly (readonly [folder: string, file: string, config: Raw, tensors: readonly Named[]])[] = [
  [
    "unet",
    "diffusion_pytorch_model.safetensors",
    rawUnet,
    partsOf([kv(unet, precision), temb(unet, precision), unetEncoder(unet, precision), unetDecoder(unet, precision)]),
  ],
  [
    "vae",
    "diffusion_pytorch_model.safetensors",
    rawVae,
    partsOf([vaeDecoder(vae, precision), vaeEncoder(vae, precision)]),
  ],
  ["text_encoder", "model.safetensors", rawText, [embeddings, ...partsOf([textEncoder(text, precision)])]],
];

const started = performance.now();
const rows: string[][] = [];
for (const [name, file, config, tensors] of parts) {
  const all = distinct(tensors);
  const { parameters, bytes } = await write(join(folder, name, file), all);
  await writeFile(join(folder, name, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  rows.push([name, String(all.length), parameters.toLocaleString("en"), megabytes(bytes)]);
}
// The vocabulary is the pack's: a small one that the text encoder above has rows for.
await cp(join(miniFolder(), "tokenizer"), join(folder, "tokenizer"), { recursive: true });
await mkdir(join(folder, "scheduler"), { recursive: true });
const index: Raw = {
  _class_name: "StableDiffusionPipeline",
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
};
await writeFile(join(folder, "scheduler", "scheduler_config.json"), `${JSON.stringify(scheduler, null, 2)}\n`);
await writeFile(join(folder, "model_index.json"), `${JSON.stringify(index, null, 2)}\n`);
console.log(table(["part", "tensors", "parameters", "file"], rows));
console.log(`${folder} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
