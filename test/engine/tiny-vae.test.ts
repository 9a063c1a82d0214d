import { Engine, type Pixels } from "@underdraw/engine";
import { nodeFile, nodeFolder, nodeModel } from "@underdraw/engine/node";
import { describe, expect, test } from "vitest";
import { drawTiny, openTinyDecoder } from "../../engine/src/diffusion/preview.ts";
import { lint, tinyVaeDecoder, tinyVaeLayers } from "../../engine/src/graph/index.ts";
import { openTinyVae } from "../../engine/src/models/tiny-vae.ts";
import { checkCoverage } from "../../engine/src/models/weights.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import { errors, golden, readTensors } from "./golden.ts";
import { overlay } from "./safetensors-file.ts";

const at = (path: string): string => golden(`tiny-vae/${path}`).pathname;

test("TAESD's own decoder has twenty layers, ten of them blocks", () => {
  const layers = tinyVaeLayers({ blocks: [3, 3, 3, 1] });
  expect(layers).toHaveLength(19);
  expect(layers.filter((layer) => layer === "block")).toHaveLength(10);
  const taesd = { latentChannels: 4, outChannels: 3, channels: 64, blocks: [3, 3, 3, 1], scalingFactor: 1 };
  for (const precision of ["float32", "float16"] as const) expect(lint(tinyVaeDecoder(taesd, precision))).toEqual([]);
});

describe("a tiny VAE", () => {
  test.each([
    ["a folder of diffusers", "eight", () => nodeFolder(at("eight"))],
    ["a folder with a scale and other stages", "four", () => nodeFolder(at("four"))],
    ["a file with the names of diffusers", "eight", () => nodeFile(at("eight/diffusion_pytorch_model.safetensors"))],
    ["TAESD's own file", "eight", () => nodeFile(at("taesd_decoder.safetensors"))],
  ])("from %s draws what diffusers draws", async (_, name, source) => {
    const model = await openTinyVae(source());
    const graph = tinyVaeDecoder(model.config, "float32");
    const parts = graph.weights.flatMap((weight) => weight.parts);
    checkCoverage(
      model.tensors,
      parts.map(({ key, shape }) => ({ key, dims: shape })),
    );
    const runtime = await openRuntime({ device: "cpu" });
    try {
      const tiny = await openTinyDecoder(runtime, model);
      const expected = readTensors("tiny-vae/expected.safetensors");
      const latent = expected.get(`${name}.latent`);
      const [channels = 0, height = 0, width = 0] = latent?.dims ?? [];
      const shape = { channels, height, width };
      const values = Float32Array.from(latent?.values ?? []);
      const picture = await drawTiny(runtime, tiny, values, shape);
      expect(errors(picture, expected.get(`${name}.picture`)?.values ?? []).relative).toBeLessThan(1e-5);
    } finally {
      model.close();
      await runtime.dispose();
    }
  });

  test("in tiles draws all but the same: it has neither norms nor attention", async () => {
    const model = await openTinyVae(nodeFolder(at("eight")));
    const runtime = await openRuntime({ device: "cpu" });
    try {
      const tiny = await openTinyDecoder(runtime, model);
      const shape = { channels: 4, height: 65, width: 9 };
      const latent = Float32Array.from({ length: 4 * 65 * 9 }, (_, n) => Math.sin(n * 0.7));
      const whole = await drawTiny(runtime, tiny, latent, shape);
      const tiles = { rows: 2, columns: 1, height: 41, width: 9 };
      expect(errors(await drawTiny(runtime, tiny, latent, shape, { tiles }), whole).relative).toBeLessThan(1e-3);
    } finally {
      model.close();
      await runtime.dispose();
    }
  });

  test.each([
    ["an encoder alone", nodeFile(at("taesd_encoder.safetensors")), "model-incompatible", /its decoder/],
    ["a VAE", nodeFile(golden("vae/original.safetensors").pathname), "model-incompatible", /is a VAE/],
    ["a VAE's folder", nodeFolder(golden("vae/diffusers").pathname), "model-incompatible", /AutoencoderKL/],
    ["a folder without a config", nodeFolder(golden("vae").pathname), "model-unknown", /config\.json/],
    ["one with other upsampling", changed({ upsampling_scaling_factor: 4 }), "model-incompatible", /upsampling/],
    [
      "one with uneven channels",
      changed({ decoder_block_out_channels: [6, 6, 6, 8] }),
      "model-incompatible",
      /as many/,
    ],
    ["one with too few stages", changed({ num_decoder_blocks: [1, 1] }), "model-incompatible", /4 stages/],
    ["one with settings that are none", changed({ num_decoder_blocks: "many" }), "file-invalid", /num_decoder_blocks/],
  ])("is not %s", async (_, source, code, message) => {
    const opening = openTinyVae(source);
    await expect(opening).rejects.toMatchObject({ code });
    await expect(opening).rejects.toThrow(message);
  });
});

function changed(settings: object) {
  const config = { _class_name: "AutoencoderTiny", decoder_block_out_channels: [6, 6, 6, 6] };
  return overlay(nodeFolder(at("eight")), {
    "config.json": { ...config, num_decoder_blocks: [2, 1, 2, 1], ...settings },
  });
}

describe("previews by a tiny VAE", () => {
  // The only part that fits: latents of 4 channels, 8 pixels a side.
  const base = () => nodeModel("test/golden/parity/sd15-tiny/base");

  test("are drawn by it and not by the decoder, of the size that was asked for", async () => {
    await using engine = new Engine({ runtime: { device: "cpu" } });
    await using pipeline = await engine.load({ base: base(), previews: nodeFolder(at("eight")) });
    const looks: Promise<Pixels>[] = [];
    const request = { prompt: "a boat", seed: 2, steps: 3, width: 61, height: 48, controls: [] };
    const drawn = await pipeline.generate(request, {
      onProgress: (progress) => {
        if (progress.phase === "denoise" && progress.preview) looks.push(progress.preview());
      },
    });
    const pictures = await Promise.all(looks);
    expect(pictures).toHaveLength(3);
    for (const picture of pictures) expect(picture).toMatchObject({ width: 61, height: 48 });
    expect(new Set(pictures[0]?.data).size).toBeGreaterThan(10);
    expect(pipeline.runs()).toMatchObject({ preview: 3, vae_decoder: 1 });
    await using plain = await engine.load({ base: base() });
    expect((await plain.generate(request)).pixels).toEqual(drawn.pixels);
  });

  test("are refused of another kind of latents, and nothing stays open", async () => {
    await using engine = new Engine({ runtime: { device: "cpu" } });
    const loading = engine.load({ base: base(), previews: nodeFolder(at("four")) });
    await expect(loading).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(loading).rejects.toThrow(/latents of 8 channels, 4 pixels a side/);
  });
});
