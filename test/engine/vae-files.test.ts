import { readFileSync } from "node:fs";
import { Engine, type Pipeline } from "@underdraw/engine";
import { nodeFile, nodeFolder, nodeModel } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { describe, expect, test } from "vitest";
import { decodeLatent, encodePicture } from "../../engine/src/diffusion/latent.ts";
import { type VaeConfig, vaeDecoder, vaeEncoder } from "../../engine/src/graph/index.ts";
import { type ModelFacts, openBase } from "../../engine/src/models/base.ts";
import { within } from "../../engine/src/models/folder.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import type { ModelFile, ModelSource } from "../../engine/src/models/source.ts";
import { openVae } from "../../engine/src/models/vae.ts";
import { checkCoverage, weightsOf } from "../../engine/src/models/weights.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import { errors, golden, readTensors } from "./golden.ts";
import { overlay, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

// One VAE in every layout: the numbers are those that diffusers gets of it.

const at = (path: string): string => golden(path).pathname;
const folder = () => nodeFolder(at("vae/diffusers"));
const facts = { norm_num_groups: 4, scaling_factor: 0.3 };
/** What a small checkpoint's file does not tell of itself. */
const tinyFile: ModelFacts = {
  unet: { norm_num_groups: 4, attention_head_dim: 2 },
  vae: { norm_num_groups: 4 },
  text_encoder: { num_attention_heads: 2 },
};

/** A file with the tensors of another one under other names; null leaves one out. */
function renamed(path: string, name: (key: string) => string | null, more: Record<string, Written> = {}): ModelFile {
  const bytes = new Uint8Array(readFileSync(golden(path)));
  const file = openSafetensors(sourceOf(path, bytes));
  const tensors: Record<string, Written> = { ...more };
  for (const entry of file.tensors.values()) {
    const key = name(entry.name);
    if (key === null) continue;
    const data = bytes.slice(entry.at, entry.at + entry.bytes);
    tensors[key] = { dtype: entry.dtype, shape: entry.shape, data };
  }
  const written = safetensorsFile(tensors);
  return { kind: "file", name: "vae.safetensors", open: async () => sourceOf("vae.safetensors", written) };
}

const spelledAsBefore = (key: string): string =>
  key.replace(
    /(attentions\.0)\.(to_q|to_k|to_v|to_out\.0)\./,
    (_, block: string, name: string) =>
      `${block}.${{ to_q: "query", to_k: "key", to_v: "value", "to_out.0": "proj_attn" }[name]}.`,
  );

const weights = "vae/diffusers/diffusion_pytorch_model.fp16.safetensors";
const layouts = {
  "a folder of diffusers, with its variant's name": folder,
  "a whole model's folder": () =>
    overlay(nodeFolder(at("vae")), {
      "config.json": null,
      "model_index.json": {},
      "vae/config.json": readFileSync(golden("vae/diffusers/config.json"), "utf8"),
      "vae/diffusion_pytorch_model.safetensors": new Uint8Array(readFileSync(golden(weights))),
    }),
  "a file with the names of diffusers": () => nodeFile(at(weights)),
  "a file with those of its first versions": () => renamed(weights, spelledAsBefore),
  "a file with the original names": () => nodeFile(at("vae/original.safetensors")),
  "a checkpoint": () => renamed("vae/original.safetensors", (key) => `first_stage_model.${key}`),
  "a file of its training": () =>
    renamed("vae/original.safetensors", (key) => key, {
      "loss.discriminator.main.0.weight": { dtype: "F32", shape: [2] },
      "model_ema.decay": { dtype: "F32", shape: [1] },
    }),
} as const;

describe("a VAE", () => {
  test.each(Object.entries(layouts))("is read from %s", async (_, source) => {
    const vae = await openVae(source(), { facts });
    const config: VaeConfig = {
      inChannels: 3,
      outChannels: 3,
      latentChannels: 4,
      channels: [8, 8, 16],
      layers: 1,
      normGroups: 4,
      middleAttention: true,
      quantConv: true,
      postQuantConv: true,
      scalingFactor: 0.3,
      shiftFactor: 0,
    };
    expect(vae.config).toEqual(config);
    expect(vae.warnings).toEqual([]);
    const runtime = await openRuntime({ device: "cpu" });
    try {
      const graphs = { decoder: vaeDecoder(config, "float32"), encoder: vaeEncoder(config, "float32") };
      const parts = Object.values(graphs).flatMap((graph) => graph.weights.flatMap((weight) => weight.parts));
      checkCoverage(
        vae.tensors,
        parts.map(({ key, shape }) => ({ key, dims: shape })),
      );
      const decoder = await openNetwork(runtime, graphs.decoder, weightsOf(vae.tensors));
      const encoder = await openNetwork(runtime, graphs.encoder, weightsOf(vae.tensors));
      const expected = readTensors("vae/expected.safetensors");
      const take = (name: string): Float32Array => Float32Array.from(expected.get(name)?.values ?? []);
      const shape = { channels: 4, height: 7, width: 5 };
      const picture = await decodeLatent(runtime, { config, decoder }, take("latent"), shape);
      expect(errors(picture, take("picture")).relative).toBeLessThan(1e-5);
      const size = { height: 20, width: 28 };
      const moments = await encodePicture(runtime, { config, encoder }, take("source"), size);
      expect(errors(moments, take("moments")).relative).toBeLessThan(1e-5);
    } finally {
      vae.close();
      await runtime.dispose();
    }
  });

  test("says what a single file does not tell, and follows the VAE whose place it takes", async () => {
    const file = () => nodeFile(at(weights));
    await expect(openVae(file())).rejects.toThrow(/how many groups/);
    const alone = await openVae(file(), { facts: { norm_num_groups: 4 } });
    expect(alone.config.scalingFactor).toBe(0.18215);
    expect(alone.warnings.join()).toContain("0.18215 was assumed");
    const like = { block_out_channels: [8, 8, 16], norm_num_groups: 4, scaling_factor: 0.5, shift_factor: 0.1 };
    const other = await openVae(file(), { like });
    expect(other.config).toMatchObject({ normGroups: 4, scalingFactor: 0.5, shiftFactor: 0.1 });
    expect(other.warnings.join()).toContain("the base's own");
    // Groups of other channels say nothing about these.
    await expect(openVae(file(), { like: { ...like, block_out_channels: [8, 8] } })).rejects.toThrow(/how many groups/);
    const scaled = await openVae(folder(), { like });
    expect(scaled.config.scalingFactor).toBe(0.3);
    expect(scaled.warnings.join()).toContain("scaled by 0.3");
    for (const vae of [alone, other, scaled]) vae.close();
  });

  test.each([
    ["a text encoder", "sd15-tiny/base/text_encoder/model.safetensors", /is a text encoder and has no VAE/],
    ["a tiny VAE", "../tiny-vae/taesd_decoder.safetensors", /LoadRequest\.previews/],
    ["a tiny VAE's folder", "../tiny-vae/eight", /LoadRequest\.previews/],
    ["a UNet's folder", "sd15-tiny/base/unet", /UNet2DConditionModel/],
  ])("is not %s, and the refusal says so", async (_, path, message) => {
    const opening = openVae(nodeModel(at(`parity/${path}`)));
    await expect(opening).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(opening).rejects.toThrow(message);
  });

  test("is not a folder without a config", async () => {
    await expect(openVae(nodeFolder(at("vae")))).rejects.toMatchObject({ code: "model-unknown" });
  });
});

describe("a checkpoint with another VAE", () => {
  const draw = async (pipeline: Pipeline) =>
    (await pipeline.generate({ prompt: "a cat", seed: 3, steps: 2, width: 64, height: 64, controls: [] })).pixels.data;

  test("draws the same with the file of its own, and other pixels with another's weights", async () => {
    const base = nodeFolder(miniFolder());
    const file = nodeFile(`${miniFolder()}/vae/diffusion_pytorch_model.safetensors`);
    await using engine = new Engine({ models: base, runtime: { device: "cpu" } });
    await using plain = await engine.load();
    await using given = await engine.load({ vae: file });
    expect(await draw(given)).toEqual(await draw(plain));
    await using scaled = await engine.load({ vae: file, facts: { vae: { scaling_factor: 1.3 } } });
    expect(await draw(scaled)).not.toEqual(await draw(plain));
    await using path = await engine.load({ vae: "vae" });
    expect(await draw(path)).toEqual(await draw(plain));
  });

  test("needs none of its own", async () => {
    const base = overlay(nodeFolder(miniFolder()), { "vae/config.json": null });
    await expect(openBase(base)).rejects.toThrow(/has no VAE/);
    const model = await openBase(base, { vae: within(nodeFolder(miniFolder()), "vae") });
    expect(model.vae.config.latentChannels).toBe(8);
    expect(model.warnings).toEqual([]);
    model.close();
  });

  test("is refused where the UNet's latents have other channels", async () => {
    const opening = openBase(nodeFolder(miniFolder()), { vae: folder() });
    await expect(opening).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(opening).rejects.toThrow(/latents of 8 channels, and the VAE \(diffusers\) reads 4/);
  });

  test("of other channels is refused beside a single file, too", async () => {
    const vae = within(nodeFolder(at("parity/five-levels/base")), "vae");
    const opening = openBase(nodeFile(at("parity/difference/base.safetensors")), { facts: tinyFile, vae });
    await expect(opening).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(opening).rejects.toThrow(/latents of 4 channels, and the VAE \(.+\) reads 8/);
  });

  test("of another factor draws in its own size, and both factors and scales are said", async () => {
    const base = overlay(nodeFolder(at("parity/sd15-tiny/base")), { "manifest.json": { canvas: 64 } });
    await using engine = new Engine({ runtime: { device: "cpu" } });
    await using pipeline = await engine.load({ base, vae: folder() });
    expect(pipeline.defaults.multiple).toBe(4);
    const request = { prompt: "a cat", seed: 3, steps: 2, width: 36, height: 20, controls: [] };
    const { pixels, warnings } = await pipeline.generate(request);
    expect(pixels).toMatchObject({ width: 36, height: 20 });
    expect(new Set(pixels.data).size).toBeGreaterThan(20);
    expect(warnings).toEqual([
      {
        code: "model-assumed",
        message:
          "diffusers: its latents are scaled by 0.3, and those of the VAE whose place it takes by 0.18215. It may belong to another model; colours will be wrong then.",
      },
      {
        code: "model-assumed",
        message:
          "diffusers: each place of its latents stands for 4 x 4 pixels, and of the VAE's whose place it takes for 8 x 8 pixels. Unless it was made for this model, pictures will be wrong: take the VAE of the checkpoint's family.",
      },
    ]);
    // A net's map is as large as the picture.
    const net = nodeModel(at("parity/sd15-tiny/controlnets/canny"));
    await expect(engine.load({ base, vae: folder(), nets: { canny: net } })).rejects.toThrow(
      /map is 8 times as large as its latent, and the base's pictures are 4 times as large/,
    );
  });

  test("of another factor or scale is named beside a single file, and one of its own kind is not", async () => {
    const file = () => nodeFile(at("parity/difference/base.safetensors"));
    const warningsWith = async (vae: ModelSource, more: ModelFacts["vae"] = {}) => {
      const model = await openBase(file(), { facts: { ...tinyFile, vae: { ...facts, ...more } }, vae });
      model.close();
      return model.warnings.filter((warning) => /whose place it takes/.test(warning));
    };
    const [scale, factor, ...more] = await warningsWith(folder());
    expect(scale).toContain("scaled by 0.3, and those of the VAE whose place it takes by 0.18215");
    expect(factor).toContain("stands for 4 x 4 pixels, and of the VAE's whose place it takes for 8 x 8 pixels");
    expect(more).toEqual([]);
    expect(await warningsWith(nodeFile(at(weights)))).toEqual([
      factor?.replace("diffusers:", "diffusion_pytorch_model.fp16.safetensors:"),
    ]);
    const same = within(nodeFolder(at("parity/sd15-tiny/base")), "vae");
    expect(await warningsWith(same, { norm_num_groups: 4, scaling_factor: 0.18215 })).toEqual([]);
  });
});
