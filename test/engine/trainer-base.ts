import { readdirSync, readFileSync } from "node:fs";
import { elements, kv, temb, unetDecoder, unetEncoder } from "../../engine/src/graph/index.ts";
import { unetConfig } from "../../engine/src/models/configs.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import type { ModelFolder } from "../../engine/src/models/source.ts";
import { writeSafetensors } from "../../engine/src/models/write-safetensors.ts";
import { randomWeights } from "./random-weights.ts";

// The smallest base that has all that a training meets: text encoder and autoencoder of the small parity base, and a random
// UNet of two levels with attention, so that a training's session opens in a moment.

/** What differs from a base that predicts noise from four channels. */
export interface TinyBase {
  readonly prediction?: "epsilon" | "v_prediction" | "sample";
  readonly inChannels?: number;
  /** Another number makes other weights. */
  readonly seed?: number;
}

const parity = "test/golden/parity/sd15-tiny/base";
const unetPath = "unet/diffusion_pytorch_model.safetensors";

const unetSettings = (inChannels: number) => ({
  _class_name: "UNet2DConditionModel",
  in_channels: inChannels,
  out_channels: 4,
  sample_size: 8,
  block_out_channels: [16, 32],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  mid_block_type: "UNetMidBlock2DCrossAttn",
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 4,
  cross_attention_dim: 32,
  norm_num_groups: 8,
  norm_eps: 1e-5,
  use_linear_projection: false,
});

/** The files of a tiny base, by their paths. */
export async function tinyFiles({
  prediction = "epsilon",
  inChannels = 4,
  seed = 0,
}: TinyBase = {}): Promise<Record<string, Uint8Array<ArrayBuffer> | string>> {
  const files: Record<string, Uint8Array<ArrayBuffer> | string> = {};
  for (const folder of ["text_encoder", "tokenizer", "vae"])
    for (const name of readdirSync(`${parity}/${folder}`))
      files[`${folder}/${name}`] = new Uint8Array(readFileSync(`${parity}/${folder}/${name}`));
  const scheduler = JSON.parse(readFileSync(`${parity}/scheduler/scheduler_config.json`, "utf8")) as object;
  files["scheduler/scheduler_config.json"] = JSON.stringify({ ...scheduler, prediction_type: prediction });
  files["model_index.json"] = readFileSync(`${parity}/model_index.json`, "utf8");
  const settings = unetSettings(inChannels);
  files["unet/config.json"] = JSON.stringify(settings);
  const config = unetConfig(settings, "unet/config.json");
  const parts = [kv, temb, unetEncoder, unetDecoder].flatMap((build) =>
    build(config, "float32").weights.flatMap((weight) => weight.parts),
  );
  const weights = randomWeights({ prefix: seed === 0 ? "" : `${seed}.` });
  const written = writeSafetensors(
    unetPath,
    [...new Map(parts.map(({ key, shape }) => [key, shape]))].map(([key, shape]) => ({
      ...{ name: key, shape, precision: "float32" as const },
      read() {
        const values = new Float32Array(elements(shape));
        weights.read({ name: key, dims: shape, parts: [{ key, shape }] }, "float32", new Uint8Array(values.buffer));
        return values;
      },
    })),
  );
  const bytes = new Uint8Array(written.size);
  let at = 0;
  for await (const piece of written.pieces()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  files[unetPath] = bytes;
  return files;
}

/** A tiny base in memory. */
export const tinyBase = async (base: TinyBase = {}): Promise<ModelFolder> =>
  memoryFolder("a tiny base", await tinyFiles(base));
