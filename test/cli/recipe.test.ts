import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  fingerprintOf,
  formatRecipe,
  type GenerateRequest,
  type GenerateResult,
  parseRecipe,
  type Recipe,
  recipeKeyword,
  recipeOf,
} from "@underdraw/engine";
import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { writePicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import { said, scratch, tinyModel, underdraw } from "./command.ts";

const folder = scratch();
const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 255, 255, 255, 255, 255) };
const request: GenerateRequest = { prompt: "ein Löwe 🦁", controls: [{ map: { condition: "canny", pixels } }] };
const result: GenerateResult = {
  pixels,
  seed: 18446744073709551615n,
  steps: 16,
  guidance: 3,
  scheduler: "DDIMScheduler",
  activeSteps: [[0]],
  fidelity: [],
  reused: { text: [], maps: [], steps: 0, picture: false },
  warnings: [],
};
const identity = { name: "model", fingerprint: "0".repeat(64) };
const parts = {
  model: identity,
  controls: [{ net: { name: "lines", fingerprint: "1".repeat(64) }, png: Uint8Array.of(0, 1, 254, 255) }],
  device: { provider: "cpu", precision: "float32" },
} as const;

describe("a recipe", () => {
  const recipe = recipeOf(request, result, parts);

  test("fills in everything that the request left open", () => {
    expect(recipe).toEqual({
      version: 3,
      model: identity,
      vae: null,
      loras: [],
      embeddings: [],
      weights: "full",
      prediction: null,
      prompt: "ein Löwe 🦁",
      negativePrompt: "",
      promptSyntax: "plain",
      controls: [
        {
          condition: "canny",
          map: "AAH+/w==",
          mapOptions: null,
          mapResize: null,
          background: [0, 0, 0],
          net: { name: "lines", fingerprint: "1".repeat(64) },
          weight: 1,
          range: [0, 1],
          layers: null,
          curve: null,
          halves: [1, 1],
          mask: null,
          resize: null,
        },
      ],
      init: null,
      width: 2,
      height: 1,
      seed: "18446744073709551615",
      rng: "torch",
      variation: null,
      batch: null,
      steps: 16,
      guidance: 3,
      guidanceRescale: 0,
      clipSkip: 0,
      sampler: null,
      tiles: "auto",
      device: { provider: "cpu", precision: "float32" },
    });
  });

  test("comes back from its text as it was, and its text is always the same", () => {
    const text = formatRecipe(recipe);
    expect(parseRecipe(text, "a.png")).toEqual(recipe);
    const shuffled = Object.fromEntries(Object.entries(recipe).reverse()) as Recipe;
    expect(formatRecipe(shuffled)).toBe(text);
  });

  test.each([
    [0n, 0],
    [9007199254740991n, 9007199254740991],
    [9007199254740992n, "9007199254740992"],
  ])("keeps the seed %s exactly", (seed, kept) => {
    const text = formatRecipe(recipeOf(request, { ...result, seed }, parts));
    const { seed: found } = parseRecipe(text, "a.png");
    expect([found, BigInt(found)]).toEqual([kept, seed]);
  });

  test("knows a sampler with its settings", () => {
    const sampler = { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true };
    const text = formatRecipe(recipeOf({ ...request, sampler }, result, parts));
    expect(parseRecipe(text, "a.png").sampler).toEqual(sampler);
  });

  test.each<[string, (recipe: Record<string, unknown>) => unknown, string]>([
    ["of a newer version", (it) => ({ ...it, version: 4 }), "it has version 4, and 3 is the newest known here. Update"],
    ["with a seed of 2^64", (it) => ({ ...it, seed: "18446744073709551616" }), "seed"],
    ["with a seed that JSON rounds", (it) => ({ ...it, seed: 2 ** 53 }), "seed"],
    [
      "with a map that is no base64",
      (it) => ({ ...it, controls: [{ ...(it["controls"] as object[])[0], map: "<>" }] }),
      "controls.0.map",
    ],
    ["without steps", (it) => ({ ...it, steps: 0 }), "steps"],
    ["that is a list", () => [], "recipe"],
  ])("%s is refused with the reason", (_, change, reason) => {
    const text = JSON.stringify(change(JSON.parse(formatRecipe(recipe))));
    expect(() => parseRecipe(text, "a.png")).toThrow(
      expect.objectContaining({ code: "file-invalid", message: expect.stringContaining(reason) }),
    );
  });

  test("that is no JSON is refused", () => {
    expect(() => parseRecipe("{", "a.png")).toThrow("The recipe in a.png cannot be used: it is no JSON");
  });
});

describe("a model's fingerprint", () => {
  const weights = "unet/diffusion_pytorch_model.safetensors";

  test("is the same wherever the model lies, and another one when one of its networks or its schedule is", async () => {
    const first = await fingerprintOf(nodeFolder(tinyModel.base));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    const copy = join(folder, "elsewhere");
    cpSync(tinyModel.base, copy, { recursive: true });
    cpSync(tinyModel.net, join(copy, "controlnet"), { recursive: true });
    expect(await fingerprintOf(nodeFolder(copy))).toBe(first);
    const schedule = join(copy, "scheduler/scheduler_config.json");
    const before = readFileSync(schedule, "utf8");
    writeFileSync(schedule, before.replace("epsilon", "v_prediction"));
    expect(await fingerprintOf(nodeFolder(copy))).not.toBe(first);
    writeFileSync(schedule, before);
    // Other numbers under the same names, as a fine-tune has them.
    const bytes = readFileSync(join(copy, weights));
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    for (let at = start; at < bytes.length; at += 2) bytes.writeUInt8((bytes[at] as number) ^ 1, at);
    writeFileSync(join(copy, weights), bytes);
    expect(await fingerprintOf(nodeFolder(copy))).not.toBe(first);
  });

  test("is one of a single file too, and never that of another file", async () => {
    const file = join(tinyModel.base, weights);
    const one = await fingerprintOf(nodeFile(file));
    expect(one).not.toBe(await fingerprintOf(nodeFile(join(tinyModel.net, "diffusion_pytorch_model.safetensors"))));
    expect(await fingerprintOf(nodeFile(file))).toBe(one);
  });

  test("of a folder without weights is refused", async () => {
    await expect(fingerprintOf(nodeFolder(folder, "nothing"))).rejects.toThrow(
      '"nothing" holds no .safetensors weights',
    );
  });
});

describe("a picture without a usable recipe", () => {
  const again = (path: string) => underdraw(["draw", "--recipe", path, "--out", join(folder, "again.png")]);

  test("says that it holds none", async () => {
    const outcome = await again(tinyModel.map);
    expect([outcome.code, said(outcome)]).toEqual([1, expect.stringMatching(/it holds no recipe: .*Give a PNG file/)]);
  });

  test("says that JPEG keeps none", async () => {
    const path = join(folder, "a.jpg");
    writeFileSync(path, await writePicture(pixels, { format: "jpeg" }));
    const outcome = await again(path);
    expect([outcome.code, said(outcome)]).toEqual([1, expect.stringContaining("only PNG files keep one")]);
  });

  test("says that its map cannot be read", async () => {
    const path = join(folder, "odd.png");
    const text = { [recipeKeyword]: formatRecipe(recipeOf(request, result, parts)) };
    writeFileSync(path, await writePicture(pixels, { format: "png", text }));
    const outcome = await again(path);
    expect([outcome.code, said(outcome)]).toEqual([
      1,
      expect.stringMatching(/odd\.png cannot be used: its map of "canny" /),
    ]);
  });
});
