import {
  canny,
  createPixels,
  Engine,
  fingerprintOf,
  formatRecipe,
  type ModelFile,
  type ModelFolder,
  type Pipeline,
  recipeOf,
  recipePicture,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const folder = "test/golden/parity/five-levels";
const models = nodeFolder(folder);
let engine: Engine;
let pipeline: Pipeline;
beforeAll(async () => {
  engine = new Engine({ models });
  pipeline = await engine.load({ base: "base", nets: { lines: "controlnets/n" } });
});
afterAll(() => engine.dispose());

const map = { condition: "canny", pixels: createPixels(16, 24) };
map.pixels.data.fill(255, 400, 900);
const request = { prompt: "a red boat", controls: [{ map, weight: 0.5 }], width: 32, height: 40, steps: 2, seed: 7 };

test("fingerprints are those of the models, and read once", async () => {
  const found = await pipeline.fingerprints();
  expect(found).toEqual({
    base: await fingerprintOf(nodeFolder(`${folder}/base`)),
    nets: { lines: await fingerprintOf(nodeFolder(`${folder}/controlnets/n`)) },
    vae: null,
    loras: [],
    embeddings: {},
  });
  expect(await pipeline.fingerprints()).toBe(found);
});

test("a recipe holds all that draws the picture again", async () => {
  const result = await pipeline.generate(request);
  const recipe = await pipeline.recipe(request, result);
  const { base, nets } = await pipeline.fingerprints();
  expect(recipe).toEqual(
    recipeOf(request, result, {
      model: { name: pipeline.name, fingerprint: base },
      controls: [
        {
          net: { name: "lines", fingerprint: nets["lines"] as string },
          ...(await recipePicture(map.pixels)),
        },
      ],
      prediction: "v_prediction",
      device: await engine.device(),
    }),
  );
  expect(() => formatRecipe(recipe)).not.toThrow();
  const [control] = recipe.controls;
  const { pixels } = await readPicture(Buffer.from(control?.map ?? "", "base64"));
  const again = await pipeline.generate({
    ...request,
    seed: recipe.seed as number,
    controls: [{ map: { condition: control?.condition ?? "", pixels }, net: "lines", weight: control?.weight ?? 1 }],
  });
  expect(again.pixels).toEqual(result.pixels);
});

test("a recipe for what is no request, or for a net that is not there, is refused", async () => {
  const result = { pixels: { width: 32, height: 32 }, seed: 1n, steps: 1, guidance: 1 };
  await expect(pipeline.recipe({ ...request, steps: -1 }, result)).rejects.toMatchObject({ code: "request-invalid" });
  const controls = [{ map, net: "depth" }];
  await expect(pipeline.recipe({ ...request, controls }, result)).rejects.toMatchObject({ code: "model-unknown" });
});

test("where there is no SHA-256, recipes say what is missing", async () => {
  await using other = await engine.load({ base: "base" });
  const result = { pixels: { width: 32, height: 32 }, seed: 1n, steps: 1, guidance: 1 };
  vi.stubGlobal("crypto", {});
  try {
    await expect(other.recipe({ ...request, controls: [] }, result)).rejects.toMatchObject({
      code: "feature-missing",
      details: { feature: "crypto.subtle" },
      message: expect.stringContaining("https"),
    });
  } finally {
    vi.unstubAllGlobals();
  }
  // It is not held against a page that has it.
  expect((await other.fingerprints()).nets).toEqual({});
});

test("whoever stops waiting for fingerprints stops nobody else", async () => {
  await using other = await engine.load({ base: "base" });
  const stopping = new AbortController();
  const stopped = other.fingerprints({ signal: stopping.signal }).catch((error: unknown) => error);
  const kept = other.fingerprints();
  stopping.abort("enough");
  expect(await stopped).toBe("enough");
  expect((await kept).base).toMatch(/^[0-9a-f]{64}$/);
});

test("no weights are opened a second time for their fingerprint, and all are closed at the end", async () => {
  const opened: string[] = [];
  let open = 0;
  const counted: ModelFolder = {
    ...models,
    async open(path, options) {
      const source = await models.open(path, options);
      if (!source) return null;
      opened.push(path);
      open++;
      let closed = false;
      return {
        ...source,
        close() {
          if (!closed) open--;
          closed = true;
          source.close();
        },
      };
    },
  };
  const own = new Engine({ models: counted });
  const loaded = await own.load({ base: "base", nets: { lines: "controlnets/n" } });
  const weights = () => opened.filter((path) => path.endsWith(".safetensors"));
  const before = weights();
  expect(before.length).toBe(4);
  await loaded.fingerprints();
  expect(weights()).toEqual(before);
  await own.dispose();
  await expect.poll(() => open).toBe(0);
});

test("a file that can be opened once has a fingerprint too", async () => {
  const net = "controlnets/n/diffusion_pytorch_model.safetensors";
  let times = 0;
  const once: ModelFile = {
    kind: "file",
    name: net,
    async open(options) {
      if (times++ > 0) throw new Error("it was read");
      const source = await models.open(net, options);
      if (!source) throw new Error("it is not there");
      return source;
    },
  };
  await using loaded = await engine.load({ base: "base", nets: { lines: once } });
  expect((await loaded.fingerprints()).nets["lines"]).toBe(await fingerprintOf(nodeFile()));
  function nodeFile(): ModelFile {
    return {
      ...once,
      open: async (options) => (await models.open(net, options)) as Awaited<ReturnType<ModelFile["open"]>>,
    };
  }
});

test("tokens are counted without begin and end, and what is too long is named", async () => {
  expect(await pipeline.countTokens("")).toMatchObject({ used: 0, cut: "" });
  const { used, limit, cut } = await pipeline.countTokens("a b c");
  expect([used, cut]).toEqual([3, ""]);
  const long = await pipeline.countTokens(
    Array(limit + 2)
      .fill("a")
      .join(" "),
  );
  expect(long).toMatchObject({ used: limit + 2, limit, cut: "a a" });
  const fitting = await pipeline.countTokens(Array(limit).fill("a").join(" "));
  expect(fitting).toMatchObject({ used: limit, limit, cut: "" });
  const drawn = await pipeline.generate({
    ...request,
    controls: [],
    prompt: Array(limit + 2)
      .fill("a")
      .join(" "),
    steps: 1,
  });
  expect(drawn.warnings.find(({ code }) => code === "prompt-cut")?.message).toContain(`${limit} tokens`);
});

test("a pipeline that was disposed tells nothing", async () => {
  const other = await engine.load({ base: "base" });
  await other.dispose();
  const disposed = { code: "disposed", details: { what: "pipeline" } };
  await expect(other.fingerprints()).rejects.toMatchObject(disposed);
  await expect(other.countTokens("a")).rejects.toMatchObject(disposed);
  const result = { pixels: { width: 32, height: 32 }, seed: 1n, steps: 1, guidance: 1 };
  await expect(other.recipe({ ...request, controls: [] }, result)).rejects.toMatchObject(disposed);
  expect(canny().options).toHaveProperty("low");
});
