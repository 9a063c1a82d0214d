import {
  createPixels,
  diffRecipes,
  formatRecipe,
  type GenerateRequest,
  parseRecipe,
  type Recipe,
  type RecipeControl,
  recipeOf,
  recipePicture,
  requestOfRecipe,
  UnderdrawError,
} from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";

const model = { name: "model", fingerprint: "0".repeat(64) };
const net = (name: string) => ({ name, fingerprint: name.charCodeAt(0).toString(16).repeat(32) });
const device = { provider: "cpu", precision: "float32" } as const;

function picture(seed: number, width = 6, height = 5) {
  const pixels = createPixels(width, height);
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = (i * 37 + seed * 91) % 256;
  return pixels;
}

/** A request that sets everything there is. */
const whole = {
  prompt: "ein (Löwe:1.2) 🦁",
  negativePrompt: "fog",
  promptSyntax: "weighted",
  controls: [
    {
      map: {
        condition: "canny",
        pixels: picture(1),
        options: { low: 50, high: 150 },
        nets: ["lines"],
        background: [1, 2, 3],
        resize: "thin",
      },
      net: "lines",
      weight: 0.7,
      range: [0.1, 0.9],
      layers: [0.1, 0.2, 1],
      curve: [
        [0, 2],
        [0.5, 0.3],
      ],
      halves: [1, 0.25],
      mask: picture(2, 3, 4),
      resize: "area",
    },
    { map: { condition: "own", pixels: picture(3) }, net: "depth", layers: { softness: 0.3 } },
    { map: { condition: "own", pixels: picture(4) }, net: "scribble", layers: "logspace", weight: 0 },
  ],
  init: {
    picture: picture(5),
    strength: 0.45,
    mask: picture(6),
    grays: "when",
    feather: 7.5,
    keepOutside: false,
    encoding: "mean",
  },
  seed: 2n ** 64n - 1n,
  rng: "cuda",
  variation: { seed: 2n ** 63n, strength: 0.2 },
  batch: { index: 1, size: 3 },
  steps: 7,
  guidance: 4.5,
  guidanceRescale: 0.7,
  clipSkip: 1,
  sampler: { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true },
  tiles: "always",
} as const satisfies GenerateRequest;

async function recipeFor(request: GenerateRequest): Promise<Recipe> {
  const controls = [];
  for (const { map, mask, net: name = "lines" } of request.controls)
    controls.push({
      net: net(name),
      ...(await recipePicture(map.pixels)),
      ...(mask && { mask: await recipePicture(mask) }),
    });
  const { init } = request;
  return recipeOf(
    request,
    { pixels: { width: 64, height: 48 }, seed: BigInt(request.seed ?? 1), steps: 7, guidance: 4.5 },
    {
      model,
      controls,
      ...(init && {
        init: {
          picture: await recipePicture(init.picture),
          ...(init.mask && { mask: await recipePicture(init.mask) }),
        },
      }),
      ...added,
      device,
    },
  );
}

/** Files that the model was loaded with. */
const added = {
  vae: net("vae"),
  loras: [
    { ...net("paint"), weight: 0.8, textWeight: 0.8 },
    { ...net("ink"), weight: -1.5, textWeight: 0 },
  ],
  embeddings: [{ word: "mood", ...net("mood-v2") }],
  weights: "int8",
  prediction: "v_prediction",
} as const;

const recipe = await recipeFor(whole);
const change = (recipe: Recipe, at: number, control: Partial<RecipeControl>): Recipe => ({
  ...recipe,
  controls: recipe.controls.map((one, n) => (n === at ? { ...one, ...control } : one)),
});

describe("a recipe", () => {
  test("gives the whole request back, picture for picture", async () => {
    const read = parseRecipe(formatRecipe(recipe), "a.png");
    expect(read).toEqual(recipe);
    const { controls, init, ...rest } = await requestOfRecipe(read);
    const { controls: asked, init: begin, ...others } = whole;
    expect(rest).toEqual({ ...others, width: 64, height: 48 });
    const [first, second, third] = controls;
    // Colour under alpha 0 is nothing that is seen, and is not kept.
    const seen = async (pixels: typeof whole.init.picture) =>
      (await readPicture((await recipePicture(pixels)).png)).pixels;
    expect(first).toMatchObject({
      ...asked[0],
      map: { ...asked[0].map, nets: expect.any(Array), pixels: await seen(asked[0].map.pixels) },
      mask: await seen(asked[0].mask),
    });
    expect(second).toEqual({
      map: { condition: "own", pixels: await seen(asked[1].map.pixels), background: [0, 0, 0] },
      net: "depth",
      weight: 1,
      range: [0, 1],
      halves: [1, 1],
      layers: { softness: 0.3 },
    });
    expect(third).toMatchObject({ weight: 0, layers: "logspace" });
    expect(init).toEqual({ ...begin, picture: await seen(begin.picture), mask: await seen(begin.mask) });
  });

  test("is the same again when it is made of what it gave back", async () => {
    expect(await recipeFor(await requestOfRecipe(recipe))).toEqual(recipe);
  });

  test("holds fingerprints of its pictures' pixels, and not of their files", async () => {
    const pixels = picture(1);
    const { fingerprint } = await recipePicture(pixels);
    const bytes = [
      ...new TextEncoder().encode("6x5\n"),
      ...pixels.data.map((value, i) => seenValue(pixels.data, value, i)),
    ];
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
    expect(fingerprint).toBe(Buffer.from(digest).toString("hex"));
    expect(recipe.controls[0]?.mapFingerprint).toBe(fingerprint);
    // The same bytes in another shape are another picture.
    const turned = await recipePicture({ width: 5, height: 6, data: pixels.data });
    expect(turned.fingerprint).not.toBe(fingerprint);
    // What nobody sees makes no other picture.
    const clear = createPixels(2, 2);
    const tinted = { ...clear, data: Uint8ClampedArray.from(clear.data, (_, i) => (i % 4 === 3 ? 0 : 99)) };
    expect(await recipePicture(tinted)).toEqual(await recipePicture(clear));
  });

  const seenValue = (data: Uint8ClampedArray, value: number, i: number) => (data[i | 3] === 0 ? 0 : value);

  test("keeps what a newer Underdraw wrote beside what is known, in a steady order", () => {
    const newer = {
      zest: { b: 1, a: [2] },
      ...recipe,
      controls: recipe.controls.map((control) => ({ ...control, glow: 0.5 })),
      aura: null,
    };
    const text = formatRecipe(parseRecipe(JSON.stringify(newer), "a.png"));
    const data = JSON.parse(text);
    expect(data).toMatchObject({ zest: { a: [2], b: 1 }, aura: null, controls: [{ glow: 0.5 }, {}, {}] });
    expect(Object.keys(data).slice(-2)).toEqual(["aura", "zest"]);
    expect(formatRecipe(parseRecipe(JSON.stringify(Object.fromEntries(Object.entries(newer).reverse())), "a"))).toBe(
      text,
    );
  });

  test("changes no prototype, and refuses what is nested without end", () => {
    const text = formatRecipe(recipe);
    const read = parseRecipe(text.replace("{", '{"__proto__":{"polluted":1},'), "a.png");
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(() => parseRecipe(text.replace("{", `{"more":${deep},`), "a.png")).toThrow(/cannot be used/);
  });

  test.each<[string, Partial<Record<keyof RecipeControl, unknown>>]>([
    ["controls.0.layers", { layers: [1, Number.NaN] }],
    ["controls.0.layers", { layers: "loud" }],
    [
      "controls.0.curve",
      {
        curve: [
          [0.5, 1],
          [0.4, 1],
        ],
      },
    ],
    ["controls.0.halves", { halves: [1] }],
    ["controls.0.mask", { mask: "§" }],
    ["controls.0.maskFingerprint", { maskFingerprint: "0" }],
    ["controls.0.range", { range: [1, 0] }],
    ["controls.0.weight", { weight: -1 }],
    ["controls.0.resize", { resize: "stretch" }],
  ])("with a wrong %s is refused by name", (path, wrong) => {
    const text = JSON.stringify(change(recipe, 0, wrong as Partial<RecipeControl>));
    expect(() => parseRecipe(text, "a.png")).toThrow(
      expect.objectContaining({ code: "file-invalid", message: expect.stringContaining(path) }),
    );
  });

  test("that lacks a picture that its request has cannot be made", () => {
    const parts = { model, controls: [], device };
    const result = { pixels: { width: 8, height: 8 }, seed: 1n, steps: 1, guidance: 1 };
    expect(() => recipeOf(whole, result, parts)).toThrow("parts.controls: 3 are needed");
    expect(() => recipeOf({ ...whole, controls: [] }, result, parts)).toThrow("parts.init: is needed");
    const [control] = whole.controls;
    const png = Uint8Array.of(1);
    expect(() =>
      recipeOf({ prompt: "", controls: [control] }, result, { ...parts, controls: [{ net: net("lines"), png }] }),
    ).toThrow("parts.controls.0.mask: is needed");
  });
});

/** A recipe as version 2 wrote it: without all that came with version 3. */
function second(recipe: Recipe): Record<string, unknown> {
  const { vae: _, loras: _1, embeddings: _2, prediction: _3, promptSyntax: _4, ...rest } = recipe;
  const { rng: _5, variation: _6, batch: _7, weights: _12, tiles: _13, init, ...kept } = rest;
  const { grays: _8, feather: _9, keepOutside: _10, encoding: _11, ...begin } = init as NonNullable<Recipe["init"]>;
  return { ...kept, init: begin, version: 2 };
}

describe("a recipe of version 2", () => {
  test("is read as the newest, and draws what it drew", async () => {
    const read = parseRecipe(JSON.stringify({ ...second(recipe), aura: 1 }), "old.png");
    expect(read).toEqual({
      ...recipe,
      ...{ vae: null, loras: [], embeddings: [], prediction: null, promptSyntax: "plain" },
      ...{ rng: "torch", variation: null, batch: null, weights: "full", tiles: "auto", aura: 1 },
      init: { ...recipe.init, grays: "blend", feather: 0, keepOutside: false, encoding: "sample" },
    });
    expect(parseRecipe(formatRecipe(read), "new.png")).toEqual(read);
    const request = await requestOfRecipe(read);
    for (const name of ["promptSyntax", "rng", "variation", "batch", "tiles"]) expect(request).not.toHaveProperty(name);
    // The whole picture came from the decoder then.
    expect(request.init).toMatchObject({ strength: 0.45, keepOutside: false });
  });

  test("is refused by name where it is wrong, as a recipe of today is", () => {
    const broken = { ...second(recipe), guidanceRescale: 2, loras: [{ name: "no LoRA was known then" }] };
    expect(() => parseRecipe(JSON.stringify(broken), "old.png")).toThrow(/guidanceRescale/);
    expect(parseRecipe(JSON.stringify({ ...broken, guidanceRescale: 1 }), "old.png").loras).toEqual([]);
  });
});

describe("a recipe of version 1", () => {
  const first = async (weight: number, condition = "canny") => ({
    version: 1,
    model,
    prompt: "a fox",
    negativePrompt: "",
    controls: [
      {
        condition,
        map: Buffer.from((await recipePicture(picture(1))).png).toString("base64"),
        net: net("lines"),
        weight,
        range: [0, 0.75],
      },
    ],
    width: 64,
    height: 48,
    seed: 7,
    steps: 16,
    guidance: 3,
    sampler: null,
    device,
  });

  test("is read as the newest, with all that it did not say at what it meant", async () => {
    const read = parseRecipe(JSON.stringify(await first(0.5)), "old.png");
    expect(read).toMatchObject({
      version: 3,
      vae: null,
      loras: [],
      embeddings: [],
      weights: "full",
      prediction: null,
      promptSyntax: "plain",
      rng: "torch",
      variation: null,
      batch: null,
      tiles: "auto",
      init: null,
      guidanceRescale: 0,
      clipSkip: 0,
      controls: [{ weight: 0.5, range: [0, 0.75], layers: null, curve: null, halves: [1, 1], mask: null }],
    });
    expect(read.controls[0]).not.toHaveProperty("mapFingerprint");
    expect(parseRecipe(formatRecipe(read), "new.png")).toEqual(read);
    const request = await requestOfRecipe(read);
    expect(request).toMatchObject({ prompt: "a fox", width: 64, height: 48, seed: 7n, steps: 16, guidance: 3 });
    expect(request.controls[0]).toMatchObject({ net: "lines", weight: 0.5, range: [0, 0.75] });
  });

  test("whose map has another ground than black gets that of its condition", async () => {
    const read = parseRecipe(JSON.stringify(await first(1, "normal-layers")), "old.png");
    expect((await requestOfRecipe(read)).controls[0]?.map.background).toEqual([128, 128, 255]);
  });

  test("with a weight that is too much today keeps its strength to the bit where it can", async () => {
    for (const weight of [2, 2.3, 3.1, 4]) {
      const [control] = parseRecipe(JSON.stringify(await first(weight)), "old.png").controls;
      expect((control?.weight ?? 0) * (control?.curve?.[0]?.[1] ?? 1)).toBe(weight);
      expect(control?.weight).toBeLessThanOrEqual(2);
    }
    const strong = parseRecipe(JSON.stringify(await first(9)), "old.png");
    expect(strong.controls[0]).toMatchObject({ weight: 9, curve: null });
  });

  test("with a key that nobody knows was no recipe then, and is refused", async () => {
    const text = JSON.stringify({ ...(await first(1)), hidden: 1 });
    expect(() => parseRecipe(text, "old.png")).toThrow(/hidden/);
  });
});

test("a picture in a recipe that cannot be read is refused with what it is", async () => {
  const png = async (seed: number) => Buffer.from((await recipePicture(picture(seed))).png);
  const bomb = await png(1);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const cases: readonly [Recipe, RegExp][] = [
    [change(recipe, 0, { map: btoa("x".repeat(99)) }), /map of "canny" is no PNG/],
    [change(recipe, 0, { map: bomb.toString("base64") }), /map of "canny" has 60000 x 60000 pixels/],
    [change(recipe, 0, { mask: (await png(1)).subarray(0, 60).toString("base64") }), /mask of "canny" cannot be read/],
    [
      { ...recipe, init: { ...(recipe.init as NonNullable<Recipe["init"]>), picture: "A" } },
      /picture to begin with is no/,
    ],
  ];
  for (const [broken, words] of cases) {
    const error: unknown = await requestOfRecipe(broken, { name: "b.png" }).catch((error: unknown) => error);
    expect(UnderdrawError.is(error, "file-invalid") && error.details.file).toBe("b.png");
    expect(String(error)).toMatch(words);
  }
  const signal = AbortSignal.abort("enough");
  await expect(requestOfRecipe(recipe, { signal })).rejects.toBe("enough");
});

describe("the difference of two recipes", () => {
  const sentences = (a: Recipe, b: Recipe) => diffRecipes(a, b).map(({ sentence }) => sentence);

  test("is nothing for a recipe and itself, written and read", () => {
    expect(diffRecipes(recipe, parseRecipe(formatRecipe(recipe), "a.png"))).toEqual([]);
  });

  test("names each setting, in the order of a recipe", () => {
    const other: Recipe = {
      ...change(change(recipe, 0, { weight: 0.6, curve: null, halves: [1, 0], mask: null }), 1, { layers: null }),
      model: { name: "other", fingerprint: "a".repeat(64) },
      vae: null,
      weights: "full",
      tiles: "never",
      prompt: 'a "fox"',
      promptSyntax: "plain",
      width: 72,
      seed: 8,
      rng: "torch",
      variation: null,
      batch: { index: 2, size: 3 },
      steps: 9,
      guidance: 1,
      sampler: null,
      device: { provider: "webgpu", precision: "float16" },
    };
    expect(sentences(recipe, other)).toEqual([
      'Model "model" (000000000000) → "other" (aaaaaaaaaaaa)',
      'VAE "vae" (767676767676) → the model\'s own',
      "Stored weights int8 → full",
      'Prompt "ein (Löwe:1.2) 🦁" → "a \\"fox\\""',
      "Prompt syntax weighted → plain",
      "Weight of control 1 (lines): 0.7 → 0.6",
      "Curve of control 1 (lines): 2 at 0, 0.3 at 0.5 → none",
      "Halves of guidance of control 1 (lines): 1 and 0.25 → 1 and 0",
      "The mask of control 1 (lines) was taken away",
      "Layers of control 2 (depth): softness 0.3 → all alike",
      "Size 64x48 → 72x48",
      "Seed 18446744073709551615 → 8",
      "Random numbers cuda → torch",
      "Variation 0.2 towards seed 9223372036854775808 → none",
      "Place in the batch 2 of 3 → 3 of 3",
      "Steps 7 → 9",
      "Guidance 4.5 → 1",
      'Sampler {"_class_name":"EulerDiscreteScheduler","use_karras_sigmas":true} → the model\'s own',
      "Tiles of the VAE always → never",
      "Device cpu in float32 → webgpu in float16",
    ]);
    expect(diffRecipes(recipe, other)[5]).toEqual({
      path: "controls.0.weight",
      label: "Weight of control 1 (lines)",
      before: "0.7",
      after: "0.6",
      sentence: "Weight of control 1 (lines): 0.7 → 0.6",
    });
  });

  test("sees maps by their pixels, and by their files where those are not known", async () => {
    const { png, fingerprint } = await recipePicture(picture(9));
    const base64 = Buffer.from(png).toString("base64");
    expect(sentences(recipe, change(recipe, 1, { map: base64, mapFingerprint: fingerprint }))).toEqual([
      "The map of control 2 (depth) changed",
    ]);
    // Another file of the same pixels.
    expect(sentences(recipe, change(recipe, 1, { map: base64 }))).toEqual([]);
    const { mapFingerprint: _, ...bare } = recipe.controls[1] as RecipeControl;
    const without = { ...recipe, controls: recipe.controls.map((one, n) => (n === 1 ? bare : one)) };
    expect(sentences(recipe, without)).toEqual([]);
    expect(sentences(without, change(recipe, 1, { map: base64 }))).toEqual(["The map of control 2 (depth) changed"]);
  });

  test("knows controls again by what they are, wherever they stand", () => {
    const [first, second, third] = recipe.controls as readonly [RecipeControl, RecipeControl, RecipeControl];
    const moved = { ...recipe, controls: [third, { ...first, weight: 1.5 }, second] };
    expect(sentences(recipe, moved)).toEqual(["Weight of control 2 (lines): 0.7 → 1.5"]);
    expect(diffRecipes(recipe, { ...recipe, controls: [second, third] })).toEqual([
      {
        path: "controls.0",
        label: "Control 1 (lines)",
        before: "lines",
        after: null,
        sentence: "Control 1 (lines) was taken away",
      },
    ]);
    expect(sentences({ ...recipe, controls: [third] }, { ...recipe, controls: [first, third] })).toEqual([
      "Control 1 (lines) was added",
    ]);
    expect(sentences(recipe, change(recipe, 0, { net: net("scribble") }))).toEqual([
      `Net of control 1 (scribble): "lines" (${net("lines").fingerprint.slice(0, 12)}) → "scribble" (${net("scribble").fingerprint.slice(0, 12)})`,
    ]);
  });

  test("knows files again by what is in them, then LoRAs by their names and embeddings by their words", () => {
    const [paint, ink] = recipe.loras as readonly [Recipe["loras"][number], Recipe["loras"][number]];
    const renamed = { ...paint, name: "paint-copy" };
    expect(sentences(recipe, { ...recipe, loras: [ink, renamed] })).toEqual([]);
    const newer = { ...ink, fingerprint: "b".repeat(64), weight: 1, textWeight: 1 };
    expect(sentences(recipe, { ...recipe, loras: [newer] })).toEqual([
      'LoRA "ink": "ink" (696969696969) → "ink" (bbbbbbbbbbbb)',
      'Weight of LoRA "ink": -1.5, 0 on the text encoder → 1',
      'LoRA "paint" was taken away',
    ]);
    expect(diffRecipes({ ...recipe, loras: [] }, { ...recipe, loras: [ink] })).toEqual([
      { path: "loras.0", label: 'LoRA "ink"', before: null, after: "ink", sentence: 'LoRA "ink" was added' },
    ]);
    const mood = { word: "mood", name: "mood-v3", fingerprint: "c".repeat(64) };
    expect(sentences(recipe, { ...recipe, embeddings: [mood, { ...mood, word: "calm" }], vae: null })).toEqual([
      'VAE "vae" (767676767676) → the model\'s own',
      'Embedding "mood": "mood-v2" (6d6d6d6d6d6d) → "mood-v3" (cccccccccccc)',
      'Embedding "calm" was added',
    ]);
    expect(sentences(recipe, { ...recipe, embeddings: [], prediction: "epsilon" })).toEqual([
      'Embedding "mood" was taken away',
      "Prediction v_prediction → epsilon",
    ]);
    // A recipe that does not tell what was predicted is not said to differ in it.
    expect(sentences(recipe, { ...recipe, prediction: null })).toEqual([]);
  });

  test("tells of what is begun with, and of what only a newer Underdraw knows", () => {
    expect(sentences(recipe, { ...recipe, init: null })).toEqual(["The picture to begin with was taken away"]);
    const begin = recipe.init as NonNullable<Recipe["init"]>;
    const init = { ...begin, strength: 0.8, mask: null, feather: 0, grays: "blend", keepOutside: true } as const;
    expect(sentences(recipe, { ...recipe, init: { ...init, encoding: "sample" } })).toEqual([
      "Share of the picture that may change: 0.45 → 0.8",
      "The mask of the picture to begin with was taken away",
      "Grays of that mask: when → blend",
      "Softening of its edge: 7.5 px → 0 px",
      "What it leaves out: drawn again → as it was",
      "Latents of the picture to begin with: mean → sample",
    ]);
    expect(sentences(recipe, { ...recipe, aura: { deep: 1 } } as Recipe)).toEqual([
      '"aura" of the recipe: none → {"deep":1}',
    ]);
    const glowing = change(recipe, 2, { glow: 3 } as Partial<RecipeControl>);
    expect(sentences(recipe, glowing)).toEqual(['"glow" of control 3 (scribble): none → 3']);
  });
});
