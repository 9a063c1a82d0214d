import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobFolder, createPixels, Engine, type GenerateRequest, type LoadRequest } from "@underdraw/engine";
import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, describe, expect, test } from "vitest";
import { loadInput, loadRequest } from "../../engine/src/worker/inputs.ts";
import { mark, readCall } from "../../engine/src/worker/protocol.ts";
import { safetensorsFile } from "./safetensors-file.ts";
import { fakeWorkers } from "./worker-pair.ts";

// Whatever a model is loaded with, and whatever is asked of it, goes over to a worker and draws the same there.

const folder = mkdtempSync(join(tmpdir(), "underdraw-worker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync("test/golden/parity/sd15-tiny/base", join(folder, "base"), { recursive: true });
const models = nodeFolder(folder);
const wave = (count: number, seed: number) => Float32Array.from({ length: count }, (_, n) => Math.sin(seed * n + seed));
const layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
const put = (name: string, tensors: Parameters<typeof safetensorsFile>[0]) => {
  mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, name, name === "ink" ? "pytorch_lora_weights.safetensors" : "learned_embeds.safetensors"),
    safetensorsFile(tensors),
  );
};
put("ink", {
  [`${layer}.lora_down.weight`]: { dtype: "F32", shape: [2, 32], data: wave(64, 1) },
  [`${layer}.lora_up.weight`]: { dtype: "F32", shape: [32, 2], data: wave(64, 2) },
});
put("mood", { emb_params: { dtype: "F32", shape: [2, 32], data: wave(64, 3) } });
const whole: LoadRequest = {
  base: "base",
  vae: "base/vae",
  weights: "int8",
  loras: [
    { file: "ink", weight: 0.5, textWeight: 0 },
    { file: "ink", weight: -0.1 },
  ],
  embeddings: { mood: "mood", calm: "mood" },
};

const cross = (request: LoadRequest) => {
  const sent = { ...mark, id: 1, call: "load", request: structuredClone(loadInput(request)) };
  return readCall(sent as unknown as typeof mark);
};

describe("what is loaded", () => {
  test("crosses as data, in its order, and is the same request there", () => {
    const call = cross(whole);
    if (!("call" in call) || call.call !== "load") throw new Error(JSON.stringify(call));
    expect(loadRequest(call.request)).toEqual(whole);
    expect(Object.keys(loadRequest(call.request).embeddings ?? {})).toEqual(["mood", "calm"]);
    // Files of a page come as what they are made of.
    const files = blobFolder({ "model.safetensors": new Blob(["x"]) }, "mine");
    const blobs = cross({ vae: files, previews: files, loras: [{ file: files }], embeddings: { mood: files } });
    if (!("call" in blobs) || blobs.call !== "load") throw new Error(JSON.stringify(blobs));
    const mine = expect.objectContaining({ kind: "folder", name: "mine" });
    expect(loadRequest(blobs.request)).toEqual({
      ...{ vae: mine, previews: mine, loras: [{ file: mine }], embeddings: { mood: mine } },
    });
  });

  test("that is no model, no weight or no way to store weights is refused at the border", () => {
    for (const [wrong, path] of [
      [{ loras: [{ weight: 1 }] }, "request.loras.0.file"],
      [{ loras: [{ file: "a", weight: "1" }] }, "request.loras.0.weight"],
      [{ vae: 7 }, "request.vae"],
      [{ previews: null }, "request.previews"],
      [{ embeddings: [["a"]] }, "request.embeddings.0"],
      [{ weights: "int2" }, "request.weights"],
    ] as const) {
      const call = readCall({ ...mark, id: 1, call: "load", request: wrong } as unknown as typeof mark);
      expect(call).toMatchObject({ wrong: expect.stringContaining(path) });
    }
  });

  test("from a function of this page cannot cross, and is named", () => {
    const path = "test/golden/parity/sd15-tiny/base/vae/diffusion_pytorch_model.safetensors";
    expect(() => loadInput({ vae: nodeFile(path) })).toThrow(/The VAE "diffusion_pytorch_model.safetensors" cannot/);
    expect(() => loadInput({ loras: [{ file: nodeFile(path) }] })).toThrow(/The LoRA/);
    expect(() => loadInput({ embeddings: { mood: nodeFile(path) } })).toThrow(/The embedding "mood"/);
  });
});

describe("an engine in a worker", () => {
  const { start } = fakeWorkers({ models });
  const far = connectEngine(start);
  const near = new Engine({ models });
  afterAll(() => Promise.all([near.dispose(), far.dispose()]));

  test("draws with LoRAs, embeddings, another VAE and every new setting what an engine here does", async () => {
    const [there, here] = [await far.load(whole), await near.load(whole)];
    const picture = createPixels(64, 64);
    picture.data.forEach((_, n) => {
      picture.data[n] = n % 4 === 3 ? 255 : (n * 7) % 256;
    });
    const mask = createPixels(64, 64);
    for (let n = 0; n < mask.data.length; n += 4) mask.data.set(Array(3).fill((n >> 2) % 64 < 40 ? 255 : 90), n);
    for (let n = 3; n < mask.data.length; n += 4) mask.data[n] = 255;
    const request: GenerateRequest = {
      prompt: "a (mood:1.3) house BREAK [sky]",
      negativePrompt: "fog",
      promptSyntax: "weighted",
      controls: [],
      width: 64,
      height: 64,
      seed: 7n,
      rng: "cuda",
      variation: { seed: 2n ** 64n - 1n, strength: 0.25 },
      steps: 3,
      tiles: "never",
      init: { picture, mask, grays: "when", feather: 3, keepOutside: false, encoding: "mean", strength: 0.9 },
    };
    const drawn = await there.generate(request);
    const expected = await here.generate(request);
    expect(drawn).toEqual(expected);
    const fingerprints = await there.fingerprints();
    expect(fingerprints).toEqual(await here.fingerprints());
    expect(fingerprints.loras).toHaveLength(2);
    const recipe = await there.recipe(request, drawn);
    expect(recipe).toEqual(await here.recipe(request, expected));
    expect(recipe).toMatchObject({
      weights: "int8",
      vae: { name: expect.stringMatching(/base\/vae$/) },
      loras: [
        { name: expect.stringMatching(/ink$/), weight: 0.5, textWeight: 0 },
        { name: expect.stringMatching(/ink$/), weight: -0.1, textWeight: -0.1 },
      ],
      embeddings: [{ word: "mood" }, { word: "calm" }],
      promptSyntax: "weighted",
      rng: "cuda",
      variation: { seed: "18446744073709551615", strength: 0.25 },
      tiles: "never",
      init: { grays: "when", feather: 3, keepOutside: false, encoding: "mean" },
    });
    const batch = { ...request, rng: "torch", batch: { index: 1, size: 2 } } as const;
    expect((await there.generate(batch)).pixels).toEqual((await here.generate(batch)).pixels);
    await Promise.all([there.dispose(), here.dispose()]);
  });
});
