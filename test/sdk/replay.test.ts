import { canny, createPixels, Engine, type Pixels, parseRecipe } from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { openMini } from "@underdraw/model-mini";
import { type Capture, type DrawRequest, parseLayerRecipe, Session } from "@underdraw/sdk";
import { type FakeHost, fakeHost } from "@underdraw/sdk/testing";
import { describe, expect, test } from "vitest";
import { stillEngine } from "./still-engine.ts";

const request: DrawRequest = {
  prompt: "a fox",
  seed: 2n ** 60n + 1n,
  controls: [{ from: canny(), weight: 0.5, range: [0, 0.75] }],
};

/** A layer's recipe as plain data, for changing it. */
interface LayerText {
  readonly layer: number;
  readonly recipe: Record<string, unknown> & { readonly controls: Record<string, unknown>[] };
  readonly bounds: Record<string, unknown>;
  readonly picture: Record<string, unknown>;
  readonly mask: string;
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => Promise.reject(new Error(`It gave ${String(value)}.`)),
    (error: unknown) => error,
  );

/** Selects a picture with an edge in it, and an area of it with a soft mask. */
async function selected(host: FakeHost): Promise<void> {
  const picture = createPixels(100, 80);
  for (let i = 0; i < picture.data.length; i += 4) {
    const tone = (i / 4) % 100 < 40 ? 20 : 230;
    picture.data.set([tone, tone, tone, 255], i);
  }
  await host.kit.select(picture, { x: 10, y: 12, width: 100, height: 80 });
  const mask = createPixels(61, 47);
  for (let i = 3; i < mask.data.length; i += 4) mask.data[i] = (i * 11) % 256;
  await host.kit.selectArea({ x: 20, y: 22, width: 61, height: 47 }, mask);
}

/** A layer that was drawn and placed, and everything that did it. */
async function placed() {
  const host = fakeHost();
  await selected(host);
  const work = stillEngine();
  const session = new Session({ host, engine: work.engine });
  const drawn = await session.generate(request, (await session.capture()) as Capture);
  const id = await session.place(drawn);
  const recipe = (await session.recipe(id)) as string;
  return { ...work, host, session, drawn, id, recipe };
}

describe("a layer's recipe", () => {
  test("draws the same pixels, mask and recipe again, at the same place", async () => {
    const { engine, host, drawn, id, recipe } = await placed();
    expect(recipe).toBe(drawn.recipe);
    // Another session, as after the document was closed and opened again.
    const session = new Session({ host, engine });
    const again = await session.replay(recipe);
    expect(again.pixels).toEqual(drawn.pixels);
    expect(again.mask).toEqual(drawn.mask);
    expect(again.bounds).toEqual(drawn.bounds);
    expect(again.recipe).toBe(recipe);
    expect(again.result.warnings).toEqual([]);
    expect(again.request.controls[0]?.map.pixels).toEqual(drawn.request.controls[0]?.map.pixels);
    const other = await session.place(again);
    expect((await host.kit.layer(other)).pixels).toEqual((await host.kit.layer(id)).pixels);
  });

  test("asks the engine for the same, seed and all", async () => {
    const { session, asked, recipe } = await placed();
    await session.replay(recipe);
    const [first, second] = asked.requests;
    expect(second).toMatchObject({ prompt: "a fox", seed: 2n ** 60n + 1n, width: first?.width, height: first?.height });
    expect(second?.controls[0]).toMatchObject({ net: "lines", weight: 0.5, range: [0, 0.75] });
    expect(second?.controls[0]?.map.pixels).toEqual(first?.controls[0]?.map.pixels);
  });

  test("keeps how strongly, where and in which half each control acts, and what was begun with", async () => {
    const { session, asked } = await placed();
    const capture = (await session.capture()) as Capture;
    // Right half white; in the size of the capture, and the picture to begin with in another.
    const mask = createPixels(61, 47);
    for (let i = 0; i < mask.data.length; i += 4)
      mask.data.set((i / 4) % 61 > 30 ? [255, 255, 255, 255] : [0, 0, 0, 255], i);
    const begin = createPixels(122, 94);
    begin.data.fill(200);
    const steering = {
      layers: { softness: 0.25 },
      curve: [
        [0, 1],
        [1, 0.5],
      ],
      halves: [1, 0.5],
      mask,
      resize: "thin",
    } as const;
    const controls = [
      { from: canny(), weight: 0.5, ...steering },
      { from: canny(), layers: "soft" },
    ] as const;
    const init = { picture: begin, strength: 0.5, mask };
    const drawn = await session.generate({ ...request, controls, init, guidanceRescale: 0.5, clipSkip: 1 }, capture);
    const made = asked.requests.at(-1);
    const { width = 0, height = 0 } = made ?? {};
    expect(made).toMatchObject({ guidanceRescale: 0.5, clipSkip: 1, init: { strength: 0.5 } });
    const { mask: _, ...rest } = steering;
    expect(made?.controls[0]).toMatchObject({ weight: 0.5, ...rest });
    expect(made?.controls[1]).toMatchObject({ layers: "soft" });
    expect(made?.controls[1]).not.toHaveProperty("mask");
    // What is sampled is larger than the picture, and masks lie over it as the map does: what is beyond is black.
    const over = made?.controls[0]?.mask;
    expect(over && Math.abs(over.width / over.height - width / height)).toBeLessThan(0.03);
    expect(over?.data.subarray(0, 4 * 61)).toEqual(mask.data.subarray(0, 4 * 61));
    expect([...(over?.data.slice(-4) ?? [])]).toEqual([0, 0, 0, 255]);
    expect([...(made?.init?.picture.data.slice(-4) ?? [])]).toEqual([255, 255, 255, 255]);

    const again = await session.replay(drawn.recipe);
    expect(again.recipe).toBe(drawn.recipe);
    const replayed = asked.requests.at(-1);
    expect(replayed?.init).toEqual(made?.init);
    expect(replayed?.controls[0]).toMatchObject({ ...rest, weight: 0.5, mask: over as Pixels });
    expect(replayed?.controls[0]?.map.pixels).toEqual(made?.controls[0]?.map.pixels);
    // What a person sees of it is the picture's part, which can be asked for again as it is.
    expect(again.request.controls[0]?.mask).toEqual(drawn.request.controls[0]?.mask);
    expect(drawn.request.controls[0]?.mask).toEqual(mask);
    expect(again.request.init).toEqual(drawn.request.init);
  });

  test("goes over a capture that is given, in its size", async () => {
    const { session, host, id, recipe } = await placed();
    await host.kit.choose(id);
    const capture = (await session.capture()) as Capture;
    expect(capture.layer).toBe(id);
    const moved = { ...capture, bounds: { x: 5, y: 6, width: 122, height: 94 } };
    const again = await session.replay(recipe, { over: moved });
    expect(again.bounds).toEqual(moved.bounds);
    expect(again.pixels).toMatchObject({ width: 122, height: 94 });
    const other = await session.place(again);
    const layers = await host.kit.layers();
    expect(layers.indexOf(other)).toBe(layers.indexOf(id) + 1);
  });

  test("is JSON with the engine's own recipe in it, which other programs read", async () => {
    const { recipe } = await placed();
    const data = JSON.parse(recipe) as { layer: number; recipe: object; bounds: object };
    expect(data).toMatchObject({ layer: 1, bounds: { x: 20, y: 22, width: 61, height: 47 } });
    const { prompt, width, height, seed } = parseRecipe(JSON.stringify(data.recipe), "a test");
    expect({ prompt, width, height, seed }).toMatchObject({ prompt: "a fox", seed: "1152921504606846977" });
    expect([width % 16, height % 16]).toEqual([0, 0]);
    const read = await parseLayerRecipe(recipe);
    expect(read.recipe.prompt).toBe("a fox");
    expect(read.mask).toMatchObject({ width: 61, height: 47 });
  });

  test("says when another kind of device draws it", async () => {
    const { session, still, recipe } = await placed();
    still.device = { provider: "webgpu", precision: "float16" };
    const { warnings } = (await session.replay(recipe)).result;
    expect(warnings.map(({ code }) => code)).toEqual(["device-differs"]);
    expect(warnings[0]?.message).toContain("cpu in float32");
    expect(warnings[0]?.message).toContain("webgpu in float16");
  });

  test("of another model is refused with both names, before anything is drawn", async () => {
    const { session, asked, still, recipe } = await placed();
    still.print = "b";
    const error = await rejection(session.replay(recipe));
    expect(error).toMatchObject({
      code: "model-incompatible",
      details: { id: "still life", expected: '"still life" (aaaaaaaaaaaa)', actual: '"still life" (bbbbbbbbbbbb)' },
    });
    expect(String(error)).toMatch(/Load the model/);
    expect(asked.requests).toHaveLength(1);
  });

  test("of a net that is not there says which", async () => {
    const { engine, host, still, recipe } = await placed();
    still.nets = [];
    const error = await rejection(new Session({ host, engine }).replay(recipe));
    expect(error).toMatchObject({ code: "model-unknown", details: { id: "lines" } });
  });

  test("cannot be had from a host that keeps none, and null is none", async () => {
    const { engine, host, session } = await placed();
    const plain = new Session({ host: fakeHost({ abilities: [] }), engine });
    expect(await rejection(plain.recipe("1"))).toMatchObject({
      code: "host-unsupported",
      details: { ability: "recipe" },
    });
    const [drawnByHand] = await host.kit.layers();
    expect(await session.recipe(drawnByHand as string)).toBeNull();
  });

  test("that cannot be made costs nobody the picture", async () => {
    const { engine, host } = await placed();
    const load = engine.load;
    engine.load = async (...all) => ({
      ...(await load(...all)),
      recipe: () => Promise.reject(new Error("no SHA-256 in this page")),
    });
    const session = new Session({ host, engine });
    const drawn = await session.generate(request, (await session.capture()) as Capture);
    expect(drawn.recipe).toBe("");
    expect(drawn.result.warnings).toMatchObject([
      { code: "recipe-missing", message: expect.stringContaining("SHA-256") },
    ]);
    expect(await session.recipe(await session.place(drawn))).toBeNull();
  });
});

describe("a recipe from a stranger", () => {
  const sound: Promise<LayerText> = placed().then(({ recipe }) => JSON.parse(recipe));
  const png = async (width: number, height: number) =>
    Buffer.from(await writePicture(createPixels(width, height), { format: "png" })).toString("base64");
  /** A PNG whose header claims a size that it has not. */
  const bomb = async () => {
    const bytes = Buffer.from(await png(8, 8), "base64");
    bytes.writeUInt32BE(100_000, 16);
    bytes.writeUInt32BE(100_000, 20);
    return bytes.toString("base64");
  };

  test.each<[what: string, change: (recipe: LayerText) => unknown, words: RegExp]>([
    ["no JSON", () => "not JSON", /no JSON/],
    ["empty", () => "", /no JSON/],
    ["cut off", (recipe) => JSON.stringify(recipe).slice(0, -40), /no JSON/],
    ["a list", () => "[]", /recipe/],
    ["null", () => "null", /recipe/],
    ["too long", () => " ".repeat(8 * 1024 * 1024 + 1), /8388609 characters/],
    ["too new", (recipe) => ({ ...recipe, layer: 2 }), /version 2/],
    ["with an engine's part that is too new", (recipe) => ({ ...recipe, recipe: { version: 9 } }), /version 9/],
    ["without an engine's part", ({ recipe: _, ...rest }) => rest, /recipe/],
    ["with a stranger's key", (recipe) => ({ ...recipe, more: 1 }), /more/],
    [
      "with a prototype",
      (recipe) => JSON.stringify(recipe).replace("{", '{"__proto__":{"layer":1},'),
      /__proto__|nrecognized/,
    ],
    ["nested without end", () => `{"layer":1,"recipe":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, /./],
    ["with bounds between pixels", (recipe) => ({ ...recipe, bounds: { ...recipe.bounds, x: 0.5 } }), /bounds\.x/],
    ["with bounds without area", (recipe) => ({ ...recipe, bounds: { ...recipe.bounds, width: 0 } }), /bounds\.width/],
    ["with endless bounds", (recipe) => ({ ...recipe, bounds: { ...recipe.bounds, width: 1e9 } }), /bounds\.width/],
    [
      "with a picture larger than itself",
      (recipe) => ({ ...recipe, picture: { width: 9999, height: 9999 } }),
      /larger/,
    ],
    [
      "with an endless picture",
      (recipe) => ({ ...recipe, recipe: { ...recipe.recipe, width: 100_000, height: 100_000 } }),
      /100000 x 100000/,
    ],
    ["with a mask that is no base64", (recipe) => ({ ...recipe, mask: "§§§§" }), /mask is no base64/],
    ["with a mask that is no picture", (recipe) => ({ ...recipe, mask: btoa("x".repeat(99)) }), /mask is no PNG/],
    ["with a mask that bursts", async (recipe) => ({ ...recipe, mask: await bomb() }), /100000 x 100000/],
    ["with a mask that is damaged", async (recipe) => ({ ...recipe, mask: (await png(9, 9)).slice(0, 60) }), /mask/],
  ])("%s is refused in words", async (_, change, words) => {
    const changed = await change(structuredClone(await sound));
    const text = typeof changed === "string" ? changed : JSON.stringify(changed);
    const { engine, asked } = stillEngine();
    const session = new Session({ host: fakeHost(), engine });
    const error = await rejection(session.replay(text));
    expect(error).toMatchObject({ code: "file-invalid", details: { file: "the layer" } });
    expect(String(error)).toMatch(words);
    expect(asked.requests).toEqual([]);
  });

  test.each<[what: string, map: () => string | Promise<string>]>([
    ["is no PNG", () => btoa("x".repeat(99))],
    ["bursts", bomb],
    ["is damaged", async () => `${(await png(16, 16)).slice(0, 64)}`],
  ])("whose map %s is refused in words", async (_, map) => {
    const recipe = structuredClone(await sound);
    for (const control of recipe.recipe.controls) control["map"] = await map();
    const { engine, asked } = stillEngine();
    const error = await rejection(new Session({ host: fakeHost(), engine }).replay(JSON.stringify(recipe)));
    expect(error).toMatchObject({ code: "file-invalid" });
    expect(String(error)).toContain('map of "canny"');
    expect(asked.requests).toEqual([]);
  });

  test("in a layer is refused when it is read, too", async () => {
    const { session, host } = await placed();
    const bounds = { x: 0, y: 0, width: 4, height: 4 };
    const [id] = await host.place("Other", [{ name: "Other", pixels: createPixels(4, 4), bounds, recipe: "{}" }]);
    expect(await rejection(session.recipe(id as string))).toMatchObject({ code: "file-invalid" });
  });
});

test("with the model pack, a layer draws its own pixels again, byte for byte", async () => {
  const host = fakeHost();
  await selected(host);
  await using engine = new Engine({ models: openMini, runtime: { device: "cpu" } });
  await using first = new Session({ host, engine });
  const capture = (await first.capture()) as Capture;
  const drawn = await first.generate({ ...request, prompt: "flat emoji of a red apple", steps: 2 }, capture);
  expect(drawn.pixels).toMatchObject({ width: 61, height: 47 });
  expect(new Set(drawn.result.pixels.data).size).toBeGreaterThan(20);
  const id = await first.place(drawn);
  await first.dispose();

  await using later = new Session({ host, engine });
  const again = await later.replay((await later.recipe(id)) as string);
  expect(again.result.warnings.map(({ code }) => code)).not.toContain("device-differs");
  expect(Buffer.from(again.pixels.data).equals(Buffer.from(drawn.pixels.data))).toBe(true);
  expect(again.recipe).toBe(drawn.recipe);
  expect(await later.place(again)).not.toBe(id);

  // The engine's part alone draws the same: the picture is its top left part.
  const { recipe, picture } = await parseLayerRecipe(drawn.recipe);
  const [control] = recipe.controls;
  const map = await readPicture(Buffer.from(control?.map ?? "", "base64"));
  const alone = await later.pipeline?.generate({
    ...{ prompt: recipe.prompt, width: recipe.width, height: recipe.height, steps: recipe.steps },
    ...{ guidance: recipe.guidance, seed: BigInt(recipe.seed) },
    controls: [{ map: { condition: "canny", pixels: map.pixels }, net: "lines", weight: 0.5, range: [0, 0.75] }],
  });
  expect(recipe.width).toBeGreaterThan(picture.width);
  for (let y = 0; y < picture.height; y++)
    expect(alone?.pixels.data.slice(4 * y * recipe.width, 4 * (y * recipe.width + picture.width))).toEqual(
      drawn.result.pixels.data.slice(4 * y * picture.width, 4 * (y + 1) * picture.width),
    );
});
