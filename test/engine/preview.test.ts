import { createPixels, Engine, type Pixels } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeLatent } from "../../engine/src/diffusion/latent.ts";
import { cellColours, drawColours, isCheap } from "../../engine/src/diffusion/preview.ts";
import { createNormals } from "../../engine/src/diffusion/random.ts";
import { runWork, unetDecoder, unetEncoder, vaeDecoder } from "../../engine/src/graph/index.ts";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { type Network, openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { errors } from "./golden.ts";
import { clipLarge, sd15Unet, sdVae } from "./published-configs.ts";

describe("the work of a graph", () => {
  const extent = { batch: 1, height: 64, width: 64, context: clipLarge.length };

  test("of Stable Diffusion 1.5 is what others count: 1.2e12 for its decoder, 0.4e12 for its UNet", () => {
    expect(runWork(vaeDecoder(sdVae, "float32"), extent) / 1e12).toBeCloseTo(1.257, 2);
    const unet = [unetEncoder(sd15Unet, "float32"), unetDecoder(sd15Unet, "float32")];
    expect(unet.reduce((sum, graph) => sum + runWork(graph, extent), 0) / 1e12).toBeCloseTo(0.4, 2);
  });

  test("is four times as much on twice the sides where nothing is attention", () => {
    const plain = vaeDecoder({ ...sdVae, middleAttention: false }, "float32");
    const twice = { ...extent, height: 128, width: 128 };
    expect(runWork(plain, twice)).toBe(4 * runWork(plain, extent));
  });
});

describe("the colours of cells", () => {
  let runtime: Runtime;
  let model: BaseModel;
  let decoder: Network;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
    model = await openBase(nodeFolder(miniFolder()));
    decoder = await openNetwork(runtime, vaeDecoder(model.vae.config, "float32"), weightsOf(model.vae.tensors));
  });
  afterAll(async () => {
    model.close();
    await runtime.dispose();
  });

  test("are found of a decoder itself, once", async () => {
    const vae = { config: model.vae.config, decoder };
    const before = decoder.runs;
    const colours = await cellColours(runtime, vae);
    expect(await cellColours(runtime, vae)).toBe(colours);
    expect(decoder.runs - before).toBe(1);
    // On latents that it has not seen: most of what flat cells look like.
    const shape = { channels: 8, height: 12, width: 10 };
    const area = shape.height * shape.width;
    const coarse = createNormals(7n)(8 * 30 + 16);
    const latent = Float32Array.from({ length: 8 * area }, (_, n) => {
      const [c, y, x] = [Math.floor(n / area), Math.floor((n % area) / shape.width), n % shape.width];
      return coarse[c * 30 + (y >> 1) * 5 + (x >> 1)] as number;
    });
    const picture = await decodeLatent(runtime, vae, latent, shape);
    const means = new Float32Array(3 * area);
    for (let i = 0; i < picture.length; i++) {
      const [c, y, x] = [Math.floor(i / (256 * area)), Math.floor(i / 160) % 192, i % 160];
      const at = c * area + (y >> 4) * shape.width + (x >> 4);
      means[at] = (means[at] as number) + Math.max(-1, Math.min(1, picture[i] as number)) / 256;
    }
    const drawn = drawColours(colours, latent, shape);
    const flat = means.map(() => means.reduce((sum, one) => sum + one, 0) / means.length);
    expect(errors(drawn, means).relative).toBeLessThan(0.5 * errors(flat, means).relative);
  });

  test("of a decoder that is linear are those of its channels", async () => {
    // Red is channel 0, green half of channel 1 less a constant, blue nothing of any; four pixels a cell, all alike.
    const colour = [(z: number[]) => 0.2 * (z[0] ?? 0), (z: number[]) => 0.1 * (z[1] ?? 0) - 0.3, () => 0.25];
    const config = { ...model.vae.config, channels: [1, 1, 1], latentChannels: 2, scalingFactor: 0.5 };
    const linear = {
      graph: { name: "linear" },
      runs: 0,
      async run({ latent }: { latent: never }, { height, width }: { height: number; width: number }) {
        const values = await runtime.read(latent);
        const [tall, wide] = [4 * height, 4 * width];
        const out = new Float32Array(3 * tall * wide);
        for (let i = 0; i < out.length; i++) {
          const [c, y, x] = [Math.floor(i / (tall * wide)), Math.floor(i / wide) % tall, i % wide];
          const at = (y >> 2) * width + (x >> 2);
          // What arrives was divided by the scale.
          const z = [0, 1].map((n) => 0.5 * (values[n * height * width + at] as number));
          out[i] = (colour[c] as (z: number[]) => number)(z);
        }
        return { picture: runtime.tensor("float32", [1, 3, tall, wide], out) };
      },
      async release() {},
    } as unknown as Network;
    const colours = await cellColours(runtime, { config, decoder: linear });
    for (const [n, value] of [0.2, 0, 0, 0, 0.1, -0.3, 0, 0, 0.25].entries())
      expect(colours[n], String(n)).toBeCloseTo(value, 4);
  });

  test("are taken where a decoder is dear, and the decoder where it is cheap", () => {
    expect(isCheap(decoder, { height: 16, width: 16 })).toBe(true);
    expect(isCheap(decoder, { height: 32, width: 32 })).toBe(true);
    expect(isCheap(decoder, { height: 64, width: 64 })).toBe(false);
    const dear = { graph: vaeDecoder(sdVae, "float32") } as Network;
    expect(isCheap(dear, { height: 32, width: 32 })).toBe(false);
  });
});

test("a preview of a large picture looks like it from afar, without a run of its decoder", async () => {
  await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
  await using pipeline = await engine.load();
  let look: Promise<Pixels> | undefined;
  const { pixels } = await pipeline.generate(
    { prompt: "a red mushroom", seed: 4, steps: 2, width: 690, height: 610, controls: [] },
    {
      onProgress: (progress) => {
        if (progress.phase === "denoise" && progress.step === 2) look = progress.preview?.();
      },
    },
  );
  const preview = await look;
  expect(preview).toMatchObject({ width: 690, height: 610 });
  // Once for the colours, once for the picture.
  expect(pipeline.runs()["vae_decoder"]).toBe(2);
  const [seen, drawn] = [small(preview as Pixels), small(pixels)];
  const flat = drawn.map(() => drawn.reduce((sum, one) => sum + one, 0) / drawn.length);
  expect(errors(seen, drawn).relative).toBeLessThan(0.5 * errors(flat, drawn).relative);
});

/** The mean colours of squares of 32 pixels. */
function small({ width, height, data }: Pixels): Float32Array {
  const [across, down] = [Math.floor(width / 32), Math.floor(height / 32)];
  const means = new Float32Array(3 * across * down);
  for (let y = 0; y < 32 * down; y++)
    for (let x = 0; x < 32 * across; x++)
      for (let c = 0; c < 3; c++) {
        const at = 3 * ((y >> 5) * across + (x >> 5)) + c;
        means[at] = (means[at] as number) + (data[4 * (y * width + x) + c] as number) / 1024;
      }
  return means;
}

describe("a picture in tiles", () => {
  test("is drawn where it is asked for, near the whole, with progress between tiles, and is kept apart from it", async () => {
    await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
    await using pipeline = await engine.load();
    const request = { prompt: "a blue boat", seed: 5, steps: 2, width: 530, height: 640, controls: [] };
    const whole = await pipeline.generate(request, { measure: false });
    const told: number[] = [];
    const before = pipeline.runs()["vae_decoder"] ?? 0;
    const tiled = await pipeline.generate(
      { ...request, tiles: "always" },
      {
        measure: false,
        onProgress: ({ phase, fraction }) => phase === "decode" && told.push(fraction),
      },
    );
    expect((pipeline.runs()["vae_decoder"] ?? 0) - before).toBe(4);
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    let sum = 0;
    for (let i = 0; i < whole.pixels.data.length; i++)
      sum += Math.abs((whole.pixels.data[i] as number) - (tiled.pixels.data[i] as number));
    const mean = sum / (0.75 * whole.pixels.data.length);
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(4);
    expect((await pipeline.generate(request, { measure: false })).pixels).toEqual(whole.pixels);
  });

  test("begins with a picture that is encoded in tiles", async () => {
    await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
    await using pipeline = await engine.load();
    const picture = createPixels(560, 64);
    for (let i = 0; i < picture.data.length; i++) picture.data[i] = i % 4 === 3 ? 255 : 128 + 100 * Math.sin(i / 5000);
    const request = { prompt: "", seed: 5, steps: 2, width: 560, height: 64, controls: [], tiles: "always" as const };
    await pipeline.generate({ ...request, init: { picture, strength: 0.5 } }, { measure: false });
    expect(pipeline.runs()).toMatchObject({ vae_encoder: 2, vae_decoder: 2 });
  });

  test("is refused of a word that is none", async () => {
    await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
    await using pipeline = await engine.load();
    const asked = { prompt: "", controls: [], tiles: "sometimes" as "auto" };
    await expect(pipeline.generate(asked)).rejects.toMatchObject({ code: "request-invalid" });
  });
});
