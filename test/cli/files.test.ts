import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseRecipe, type Recipe, recipeKeyword } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { beforeAll, describe, expect, test } from "vitest";
import { unheldWords } from "../../cli/src/embedding-words.ts";
import { askedFilesFrom, modelFilesFrom } from "../../cli/src/model-flags.ts";
import { safetensorsFile } from "../engine/safetensors-file.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";

// What a model is loaded with: LoRAs, embeddings, a VAE of its own. On a small random model, where every byte counts.

const folder = scratch();
const wave = (count: number, seed: number, size: number) =>
  Float32Array.from({ length: count }, (_, n) => size * Math.sin(1.7 * n * seed + seed));

/** A LoRA in kohya's names on one layer of the UNet and one of the text encoder, of rank 2. */
function loraFile(name: string, seed: number): string {
  const layers = [
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
    "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
  ];
  const tensors = layers.flatMap((layer, at) => [
    [`${layer}.lora_down.weight`, { dtype: "F32", shape: [2, 32], data: wave(64, seed + at, 1) }] as const,
    [`${layer}.lora_up.weight`, { dtype: "F32", shape: [32, 2], data: wave(64, seed + at + 2, 1) }] as const,
    [`${layer}.alpha`, { dtype: "F32", shape: [], data: Float32Array.of(2) }] as const,
  ]);
  const path = join(folder, name);
  writeFileSync(path, safetensorsFile(Object.fromEntries(tensors)));
  return path;
}

const ink = loraFile("ink=1 bold.safetensors", 1);
const paint = loraFile("paint.safetensors", 5);
const mood = join(folder, "mood.safetensors");
writeFileSync(mood, safetensorsFile({ emb_params: { dtype: "F32", shape: [2, 32], data: wave(64, 9, 0.5) } }));
/** Files whose one tensor has a name: of a word, and of none. */
const [cat, unnamed] = (
  [
    ["learned.safetensors", "<cat>"],
    ["unnamed.safetensors", "*"],
  ] as const
).map(([name, tensor]) => {
  const path = join(folder, name);
  writeFileSync(path, safetensorsFile({ [tensor]: { dtype: "F32", shape: [32], data: wave(32, 3, 0.5) } }));
  return path;
}) as [string, string];
const vae = join(folder, "vae-fair");
cpSync(`${tinyModel.base}/vae`, vae, { recursive: true });
{
  const path = join(vae, "diffusion_pytorch_model.safetensors");
  const bytes = readFileSync(path);
  // Another VAE: each number a little off.
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  for (let at = start; at < bytes.length; at += 2) bytes.writeUInt8((bytes[at] as number) ^ 0x80, at);
  writeFileSync(path, bytes);
}

const lists = (name: string, ...values: readonly string[]) => ({
  flags: new Map<string, string>(),
  lists: new Map([[name, values]]),
});

describe("the flags of files", () => {
  test("a LoRA's weight follows the last =, and a path may hold more of them", () => {
    const weightsOf = (...values: readonly string[]) =>
      askedFilesFrom(lists("lora", ...values)).loras.map(({ file, weight }) => [file.name, weight]);
    expect(weightsOf(paint, `${paint}=0.5`, `${tinyModel.net}=2`, `${paint}=-1e-1`)).toEqual([
      ["paint.safetensors", undefined],
      ["paint.safetensors", 0.5],
      ["canny", 2],
      ["paint.safetensors", -0.1],
    ]);
    // A file that is there, with = in its name.
    expect(weightsOf(ink, `${ink}=0.25`)).toEqual([
      ["ink=1 bold.safetensors", undefined],
      ["ink=1 bold.safetensors", 0.25],
    ]);
  });

  test("an embedding is called what its flag says, or what its file calls it, or what its file is", async () => {
    const words = async (...values: readonly string[]) => {
      const { embeddings } = await modelFilesFrom(lists("embedding", ...values), AbortSignal.timeout(60_000));
      return Object.entries(embeddings).map(([word, { name }]) => [word, name]);
    };
    const [dotted, equals, proto] = ["easy.v2.safetensors", "a=b.safetensors", "__proto__.safetensors"].map((name) => {
      const path = join(folder, name);
      cpSync(mood, path);
      return path;
    }) as [string, string, string];
    expect(await words(dotted, equals, `${mood}=fair`, proto)).toEqual([
      ["easy.v2", "easy.v2.safetensors"],
      ["a=b", "a=b.safetensors"],
      ["fair", "mood.safetensors"],
      ["__proto__", "__proto__.safetensors"],
    ]);
    const inFolder = mkdtempSync(join(folder, "learned-"));
    cpSync(cat, join(inFolder, "learned_embeds.safetensors"));
    expect(await words(cat, `${cat}=kitten`, unnamed)).toEqual([
      ["<cat>", "learned.safetensors"],
      ["kitten", "learned.safetensors"],
      ["unnamed", "unnamed.safetensors"],
    ]);
    expect(await words(inFolder)).toEqual([["<cat>", basename(inFolder)]]);
    // Two files that call themselves the same.
    await expect(words(cat, inFolder)).rejects.toThrow('--embedding names "<cat>" twice');
  });

  test("a word that neither prompt holds is told, however it is written where it is held", () => {
    const unheld = (words: readonly string[], prompt: string, negativePrompt?: string) =>
      unheldWords(words, { prompt, ...(negativePrompt !== undefined && { negativePrompt }) }).map(({ code }) => code);
    for (const [word, prompt, negative] of [
      ["<cat>", "a<CAT>house", ""],
      ["Mood", "x", "(mood:1.2)"],
      ["a(b)", String.raw`an a\(b\) house`, ""],
      ["mood", "moody mood", ""],
    ] as const)
      expect(unheld([word], prompt, negative)).toEqual([]);
    for (const prompt of ["a cat", "moody", "\u{1d400}mood", ""])
      expect(unheld(["<cat>", "mood"], prompt)).toEqual(["embedding-unused", "embedding-unused"]);
  });
});

const place = mkdtempSync(join(folder, "out-"));
const tiny = ["--model", tinyModel.base];
const plain = [...tiny, "--prompt", "a mood house", "--size", "64x64", "--steps", "2", "--seed", "5"];
const all = ["--lora", ink, "--lora", `${paint}=-0.5`, "--embedding", mood, "--vae", vae];

const at = (name: string) => join(place, name);
const recipeIn = async (path: string): Promise<Recipe> => {
  const { text } = await readPicture(readFileSync(path));
  return parseRecipe(text.get(recipeKeyword) ?? "", path);
};
const same = (one: string, other: string) => readFileSync(at(one)).equals(readFileSync(at(other)));
const pixels = async (name: string) => (await readPicture(readFileSync(at(name)))).pixels.data;

async function drawn(out: string, ...argv: readonly string[]) {
  const outcome = await underdraw(["draw", ...argv, "--out", at(out), "--json"]);
  expect([outcome.code, outcome.code === 0 ? "" : said(outcome)]).toEqual([0, ""]);
  return { told: JSON.parse(outcome.stdout), words: said(outcome) };
}

async function refused(...argv: readonly string[]) {
  const outcome = await underdraw(["draw", ...argv, "--out", at("refused.png")]);
  expect(outcome.code).toBe(1);
  return said(outcome);
}

describe("a picture of a model with files", () => {
  let told: Record<string, unknown>;
  beforeAll(async () => {
    await drawn("plain.png", ...plain);
    told = (await drawn("all.png", ...plain, ...all)).told;
  });

  test("is another one for each of them", async () => {
    const before = await pixels("plain.png");
    for (const [name, flags] of [
      ["lora.png", ["--lora", ink]],
      ["embedding.png", ["--embedding", mood]],
      ["vae.png", ["--vae", vae]],
    ] as const) {
      await drawn(name, ...plain, ...flags);
      expect(await pixels(name)).not.toEqual(before);
    }
    await drawn("zero.png", ...plain, "--lora", `${ink}=0`);
    expect(await pixels("zero.png")).toEqual(before);
  });

  test("holds an embedding by the word that its file gives it, and says where no prompt does", async () => {
    const named = [...tiny, "--prompt", "a <cat> house", ...plain.slice(4), "--embedding"];
    expect((await drawn("cat.png", ...named, cat)).words).toBe("");
    expect((await recipeIn(at("cat.png"))).embeddings).toMatchObject([{ word: "<cat>", name: "learned.safetensors" }]);
    expect((await drawn("no-cat.png", ...named, `${cat}=dog`)).words).toMatch(/Neither prompt holds the word "dog"/);
    expect(await pixels("cat.png")).not.toEqual(await pixels("no-cat.png"));
  });

  test("tells them, and its recipe names them without a path", async () => {
    expect(told).toMatchObject({
      loras: [
        { name: "ink=1 bold.safetensors", weight: 1 },
        { name: "paint.safetensors", weight: -0.5 },
      ],
      embeddings: ["mood"],
      vae: "vae-fair",
    });
    const recipe = await recipeIn(at("all.png"));
    const fingerprint = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(recipe).toMatchObject({
      vae: { name: "vae-fair", fingerprint },
      loras: [
        { name: "ink=1 bold.safetensors", fingerprint, weight: 1, textWeight: 1 },
        { name: "paint.safetensors", fingerprint, weight: -0.5, textWeight: -0.5 },
      ],
      embeddings: [{ word: "mood", name: "mood.safetensors", fingerprint }],
      prediction: "epsilon",
    });
    expect(JSON.stringify(recipe)).not.toContain(folder);
    const { stdout } = await underdraw(["diff", at("plain.png"), at("all.png")]);
    expect(stdout).toMatch(/^VAE the model's own → "vae-fair".*\nLoRA "ink=1 bold.safetensors" was added\n/);
    expect(stdout).toContain('Embedding "mood" was added');
  });

  test("is drawn again from the recipe when they are given, in any order and under any name", async () => {
    const [copy, other] = [at("copy.safetensors"), at("feeling.safetensors")];
    cpSync(ink, copy);
    cpSync(mood, other);
    const files = ["--lora", paint, "--lora", copy, "--embedding", other, "--vae", vae];
    const { words } = await drawn("again.png", ...tiny, "--recipe", at("all.png"), ...files);
    expect(words).toBe("");
    expect(same("again.png", "all.png")).toBe(true);
  });

  test("is not drawn again without them: each is named with its flag", async () => {
    const again = [...tiny, "--recipe", at("all.png")];
    expect(await refused(...again)).toMatch(/with the LoRA "ink=1 bold.safetensors" at 1 .*--lora FILE .*--lora none/);
    const first = ["--lora", ink];
    expect(await refused(...again, ...first)).toMatch(/the LoRA "paint.safetensors" at -0.5.* --lora FILE=-0.5 /);
    const both = [...first, "--lora", paint];
    expect(await refused(...again, ...both)).toMatch(/the embedding "mood.safetensors".* --embedding FILE=mood /);
    expect(await refused(...again, ...both, "--embedding", mood)).toMatch(/the VAE "vae-fair".* --vae PATH /);
    const none = ["--lora", "none", "--embedding", "none", "--vae", "none"];
    expect((await drawn("none.png", ...again, ...none)).words).toBe("");
    expect(same("none.png", "plain.png")).toBe(true);
  });

  test("with another file in place of one of them says so, and takes its weight over", async () => {
    const newer = loraFile("ink-v2.safetensors", 11);
    const files = ["--lora", newer, "--lora", paint, "--embedding", mood, "--vae", vae];
    const { words } = await drawn("newer.png", ...tiny, "--recipe", at("all.png"), ...files);
    expect(words).toMatch(/another LoRA "ink=1 bold.safetensors" than the "ink-v2.safetensors".*--lora/);
    expect((await recipeIn(at("newer.png"))).loras.map(({ name, weight }) => [name, weight])).toEqual([
      ["ink-v2.safetensors", 1],
      ["paint.safetensors", -0.5],
    ]);
    const stronger = ["--lora", `${ink}=2`, ...all.slice(2)];
    await drawn("stronger.png", ...tiny, "--recipe", at("all.png"), ...stronger);
    expect((await recipeIn(at("stronger.png"))).loras[0]).toMatchObject({ weight: 2, textWeight: 2 });
  });

  test("of another prediction keeps it in the recipe, for that model alone", async () => {
    await drawn("v.png", ...plain, "--prediction", "v");
    expect(await pixels("v.png")).not.toEqual(await pixels("plain.png"));
    expect(await recipeIn(at("v.png"))).toMatchObject({ prediction: "v_prediction" });
    await drawn("v-again.png", ...tiny, "--recipe", at("v.png"));
    expect(same("v-again.png", "v.png")).toBe(true);
    await drawn("back.png", ...tiny, "--recipe", at("v.png"), "--prediction", "epsilon");
    expect(await pixels("back.png")).toEqual(await pixels("plain.png"));
  });

  test("names a LoRA that is not there", async () => {
    expect(await refused(...plain, "--lora", at("nowhere.safetensors"))).toMatch(
      /No model lies at .*nowhere\.safetensors/,
    );
  });
});

describe("underdraw inspect", () => {
  const looked = async (...argv: readonly string[]) => {
    const { code, stdout } = await underdraw(["inspect", ...argv]);
    expect(stdout.split("\n").length).toBeLessThan(25);
    return { code, lines: stdout.trimEnd().split("\n") };
  };

  test("tells a LoRA's layers, rank and spelling, whether it fits, and how to use it", async () => {
    const { code, lines } = await looked(ink, "--base", tinyModel.base);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^ink=1 bold.safetensors: .*LoRA.* parameters/);
    expect(lines).toContainEqual(
      expect.stringMatching(/changes 1 layer of the unet and 1 layer of the text encoder, rank 2/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/written as kohya: 2 LoRA/));
    expect(lines).toContain("  fits the base");
    expect(lines.at(-1)).toBe(`  use it: underdraw draw --lora ${JSON.stringify(ink)}=1 --model BASE …`);
    const misfit = await looked(ink, "--base", "pack");
    expect([misfit.code, misfit.lines.join()]).toEqual([1, expect.stringContaining("does not fit the base")]);
  });

  test("tells an embedding's vectors and what stands for it, and a VAE", async () => {
    const { code, lines } = await looked(mood, "--base", tinyModel.base);
    expect([code, lines[0]]).toEqual([0, expect.stringMatching(/embedding/)]);
    expect(lines).toContain("  2 vectors of 32 numbers: 2 tokens of a prompt");
    expect(lines.at(-1)).toBe(`  use it: underdraw draw --embedding ${mood}=mood --model BASE --prompt "… mood …"`);
    const own = await looked(vae);
    expect([own.code, own.lines.at(-1)]).toEqual([0, `  use it: underdraw draw --vae ${vae} --model BASE …`]);
  });
});

describe("a batch", () => {
  test("is written picture by picture, each with the recipe that draws it alone", async () => {
    const { told } = await drawn("batch.png", ...plain, "--batch", "3");
    expect(told.pictures.map(({ file, seed }: { file: string; seed: number }) => [file, seed])).toEqual([
      [at("batch-1.png"), 5],
      [at("batch-2.png"), 5],
      [at("batch-3.png"), 5],
    ]);
    expect(same("batch-1.png", "batch-2.png")).toBe(false);
    expect(await recipeIn(at("batch-2.png"))).toMatchObject({ seed: 5, batch: { index: 1, size: 3 } });
    await drawn("second.png", ...tiny, "--recipe", at("batch-2.png"));
    expect(same("second.png", "batch-2.png")).toBe(true);
    const { told: again } = await drawn("anew.png", ...tiny, "--recipe", at("batch-2.png"), "--batch", "1");
    expect(again.file).toBe(at("anew.png"));
    expect(await recipeIn(at("anew.png"))).toMatchObject({ batch: null });
  });

  test("of cuda's numbers takes one seed after the other, and a seed that nobody gave is one for all", async () => {
    const { told } = await drawn("cuda.png", ...plain, "--rng", "cuda", "--batch", "2");
    expect(told.pictures.map(({ seed }: { seed: number }) => seed)).toEqual([5, 6]);
    expect(await recipeIn(at("cuda-2.png"))).toMatchObject({ seed: 6, batch: null, rng: "cuda" });
    // With a variation it is the variation's seed that is counted up, as A1111 does it; one of no strength is none.
    for (const [strength, seeds, towards] of [
      ["0.5", [5, 5], 0],
      ["0", [5, 6], "18446744073709551615"],
    ] as const) {
      const flags = ["--rng", "cuda", "--batch", "2", "--variation", `18446744073709551615=${strength}`];
      const { told: varied } = await drawn("varied.png", ...plain, ...flags);
      expect(varied.pictures.map(({ seed }: { seed: number }) => seed)).toEqual(seeds);
      expect((await recipeIn(at("varied-1.png"))).variation?.seed).toBe("18446744073709551615");
      expect((await recipeIn(at("varied-2.png"))).variation?.seed).toBe(towards);
      expect(same("varied-1.png", "varied-2.png")).toBe(false);
    }
    const unseeded = plain.filter((word, n) => word !== "--seed" && plain[n - 1] !== "--seed");
    const { told: random } = await drawn("random.png", ...unseeded, "--batch", "2");
    const [one, other] = random.pictures.map(({ seed }: { seed: number | string }) => String(seed));
    expect(one).toBe(other);
  });
});
