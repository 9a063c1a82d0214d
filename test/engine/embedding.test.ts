import { Engine, type LoadRequest, type ModelFile, type Pipeline, UnderdrawError } from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BaseModel } from "../../engine/src/models/base.ts";
import { openEmbedding, withWords } from "../../engine/src/models/embedding.ts";
import type { ModelFolder } from "../../engine/src/models/source.ts";
import { drawToy, loadWords, partsOf } from "../../examples/generate/prompts.ts";
import { counted, request, smallBase } from "./promises-parts.ts";
import { fileWith, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

// Embeddings of textual inversion: every layout of their files, what is refused, and what they do in a prompt.

const fileOf = (bytes: Uint8Array, name = "toy.safetensors") => {
  const opened: ReturnType<typeof sourceOf>[] = [];
  const file: ModelFile = {
    kind: "file",
    name,
    open: async () => {
      opened.push(sourceOf(name, bytes));
      return opened.at(-1) as ReturnType<typeof sourceOf>;
    },
  };
  return { file, closed: () => opened.every(({ closed }) => closed > 0) && opened.length > 0 };
};
const vectors = (...shape: number[]): Written => ({
  dtype: "F32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => Math.sin(n + 1) / 9),
});
const open = (tensors: Record<string, Written>, word = "toy") =>
  openEmbedding(word, fileOf(safetensorsFile(tensors)).file);

async function refusal(work: Promise<unknown> | (() => unknown)): Promise<UnderdrawError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (UnderdrawError.is(error)) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

describe("a file", () => {
  test.each([
    ["emb_params of several vectors", { emb_params: vectors(3, 8) }, 3],
    ["emb_params of one side", { emb_params: vectors(8) }, 1],
    ["emb_params in a batch of one", { emb_params: vectors(1, 3, 8) }, 3],
    ["the word itself", { toy: vectors(1, 8) }, 1],
    ["the word in another case, among others", { "<other>": vectors(8), TOY: vectors(2, 8) }, 2],
    ["any name, if it is the only one", { "<cat-toy>": vectors(8) }, 1],
    ["clip_l alone", { clip_l: vectors(2, 8) }, 2],
    ["emb_params among other things", { emb_params: vectors(2, 8), step: { dtype: "I64", shape: [1] } }, 2],
  ] as const)("has its vectors under %s", async (_, tensors, count) => {
    const found = await open(tensors);
    expect([found.word, found.count]).toEqual(["toy", count]);
    expect([...found.vectors]).toEqual([...(vectors(count, 8).data as Float32Array)]);
  });

  test("may have any float type, at any place", async () => {
    const halves = Uint16Array.of(0x3c00, 0xb800, 0x0001, 0x7bff);
    const brains = Uint16Array.of(0x3f80, 0xbf00, 0x0001, 0x4780);
    const tensor = (dtype: string, data: Uint8Array | Uint16Array): Written => ({ dtype, shape: [2, 2], data });
    expect([...(await open({ a: tensor("F16", halves) })).vectors]).toEqual([1, -0.5, 2 ** -24, 65504]);
    expect([...(await open({ a: tensor("BF16", brains) })).vectors.subarray(0, 2)]).toEqual([1, -0.5]);
    expect([...(await open({ a: tensor("F8_E4M3", Uint8Array.of(0x38, 0xb8, 0x01, 0x7e)) })).vectors]).toEqual([
      1,
      -1,
      2 ** -9,
      448,
    ]);
    const odd = safetensorsFile({ a: tensor("F16", halves) }, { gap: 1 });
    expect([...(await openEmbedding("toy", fileOf(odd).file)).vectors]).toEqual([1, -0.5, 2 ** -24, 65504]);
  });

  test("is closed, read or refused", async () => {
    for (const tensors of [{ emb_params: vectors(2, 8) }, { a: vectors(1), b: vectors(1) }] as Record<
      string,
      Written
    >[]) {
      const { file, closed } = fileOf(safetensorsFile(tensors));
      await openEmbedding("toy", file).catch(() => undefined);
      expect(closed()).toBe(true);
    }
  });

  test.each([
    ["for SDXL", { clip_l: vectors(2, 8), clip_g: vectors(2, 12) }, "model-incompatible", "SDXL"],
    ["for SDXL, whatever else it holds", { toy: vectors(2, 8), clip_g: vectors(2, 12) }, "model-incompatible", "SDXL"],
    ["of several words", { "<s0>": vectors(8), "<s1>": vectors(8) }, "model-incompatible", "2 tensors: <s0>, <s1>"],
    ["of nothing", {}, "model-incompatible", "no tensor"],
    ["of a convolution", { a: vectors(2, 2, 3, 3) }, "model-incompatible", "[2, 2, 3, 3]"],
    ["of two batches", { emb_params: vectors(2, 3, 8) }, "model-incompatible", "[2, 3, 8]"],
    ["of a single number", { a: vectors() }, "model-incompatible", "shape []"],
    ["of no vectors", { a: vectors(0, 8) }, "model-incompatible", "[0, 8]"],
    ["of empty vectors", { a: vectors(3, 0) }, "model-incompatible", "[3, 0]"],
    ["of a whole table of tokens", { a: vectors(2000, 8) }, "model-incompatible", "[2000, 8]"],
    ["of whole numbers", { a: { dtype: "I32", shape: [1, 8] } }, "model-incompatible", "whole numbers"],
    ["with NaN", { a: { dtype: "F16", shape: [2], data: Uint16Array.of(0, 0x7e00) } }, "weights-not-finite", "NaN"],
    [
      "with infinity",
      { a: { dtype: "BF16", shape: [2], data: Uint16Array.of(0, 0x7f80) } },
      "weights-not-finite",
      "NaN or infinity",
    ],
  ] as const)("%s is refused", async (_, tensors, code, words) => {
    const error = await refusal(open(tensors));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message).toContain("toy.safetensors");
  });

  test.each([
    ["toy.pt", "PK\x03\x04 some zip that torch wrote", "pickle"],
    ["toy.bin", "\x80\x02}q\x00(X\x04\x00\x00\x00", "pickle"],
    ["toy.pt", "something else that is long enough", "pickle"],
    ["toy.png", "\x89PNG\r\n\x1a\n and so on, long enough", "picture"],
    ["toy.safetensors", "", "empty"],
  ])("%s that begins %j is refused: %s", async (name, text, words) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const error = await refusal(openEmbedding("toy", fileOf(bytes, name).file));
    expect(error.code).toBe("file-invalid");
    expect(error.message).toContain(words);
  });

  test("that is damaged is refused", async () => {
    const bytes = fileWith({ emb_params: { dtype: "F32", shape: [4], data_offsets: [0, 16] } }, new Uint8Array(8));
    expect((await refusal(openEmbedding("toy", fileOf(bytes).file))).code).toBe("file-invalid");
  });
});

describe("a folder", () => {
  const folder = (files: Record<string, Uint8Array>): ModelFolder => ({
    kind: "folder",
    name: "cat-toy",
    open: async (path) => (files[path] ? sourceOf(`cat-toy/${path}`, files[path]) : null),
  });

  test("has learned_embeds.safetensors, as diffusers writes it", async () => {
    const found = await openEmbedding(
      "toy",
      folder({ "learned_embeds.safetensors": safetensorsFile({ "<cat-toy>": vectors(8) }) }),
    );
    expect(found.count).toBe(1);
  });

  test("without it is refused, with a pickle for being one", async () => {
    expect((await refusal(openEmbedding("toy", folder({})))).message).toContain("learned_embeds.safetensors");
    const error = await refusal(openEmbedding("toy", folder({ "learned_embeds.bin": new Uint8Array(20) })));
    expect([error.code, error.message.includes("pickle")]).toEqual(["file-invalid", true]);
  });
});

describe("a word", () => {
  const base = (width: number, length = 77): BaseModel =>
    ({ text: { config: { width, length } }, tokenizer: null, words: [] }) as unknown as BaseModel;
  const word = (name: string, count = 1, width = 8) => ({
    word: name,
    count,
    vectors: new Float32Array(count * width),
  });

  test.each(["", " ", "\t\u3000\n"])("of no letter is refused: %j", async (name) => {
    const error = await refusal(open({ a: vectors(8) }, name));
    expect(error.code).toBe("request-invalid");
  });

  test("has one space for white space within and none around", async () => {
    expect((await open({ a: vectors(8) }, "  my\n toy ")).word).toBe("my toy");
  });

  test("of vectors of another width is refused, with both widths", async () => {
    const error = await refusal(() => withWords(base(768), [word("toy", 2, 1024)]));
    expect(error.code).toBe("model-incompatible");
    expect(error.message).toMatch(/1024, as Stable Diffusion 2 has.*768, as Stable Diffusion 1 has/);
    expect(error.details).toMatchObject({ expected: "vectors of 768", actual: "1024" });
  });

  test("of more vectors than fit is refused", async () => {
    expect((await refusal(() => withWords(base(8), [word("toy", 76)]))).message).toContain("76 vectors");
    expect(withWords(base(8), [word("toy", 75)]).words.length).toBe(1);
  });

  test("is refused when it is there already, in any case, or is the tokenizer's own", async () => {
    for (const words of [[word("Toy"), word("toy")], [word("Gru\u0308n"), word("GRÜN")], [word("<|EndOfText|>")]])
      expect((await refusal(() => withWords(base(8), words))).code).toBe("request-invalid");
    const once = withWords(base(8), [word("toy")]);
    expect((await refusal(() => withWords(once, [word("TOY")]))).code).toBe("request-invalid");
    expect(withWords(once, [word("toys")]).words.map(({ word }) => word)).toEqual(["toy", "toys"]);
  });
});

describe("in a pipeline", () => {
  let engine: Engine;
  let pipeline: Pipeline;
  const load = (embeddings: LoadRequest["embeddings"]) =>
    engine.load({ base: smallBase(), ...(embeddings && { embeddings }) });
  const toy = fileOf(safetensorsFile({ emb_params: vectors(3, 32) })).file;
  beforeAll(async () => {
    engine = new Engine({ runtime: { device: "cpu" } });
    pipeline = await load({ Toy: toy });
  }, 60_000);
  afterAll(() => engine.dispose());
  const drawn = (prompt: string, more = {}) => counted(pipeline, request([], { prompt, steps: 1, ...more }));

  test("a word counts as its vectors, and stands where it is written", async () => {
    expect(await pipeline.countTokens("a TOY, toys")).toMatchObject({ used: 6, cut: "" });
    const cats = Array(74).fill("cat").join(" ");
    expect(await pipeline.countTokens(`${cats} (toy)`, { syntax: "weighted" })).toEqual({
      used: 77,
      limit: 150,
      cut: "",
      chunks: [
        { start: 0, end: cats.length, used: 74 },
        { start: cats.length + 2, end: cats.length + 5, used: 3 },
      ],
    });
    expect((await refusal(pipeline.countTokens("a", { syntax: "fancy" as "plain" }))).code).toBe("request-invalid");
  });

  test("it changes the picture, and without it the word is only letters", async () => {
    await using plain = await load(undefined);
    const [one, other] = [await drawn("a toy"), await counted(plain, request([], { prompt: "a toy", steps: 1 }))];
    expect(one.result.pixels.data).not.toEqual(other.result.pixels.data);
    const same = [await drawn("a boat"), await counted(plain, request([], { prompt: "a boat", steps: 1 }))];
    expect(same[0]?.result.pixels.data).toEqual(same[1]?.result.pixels.data);
  });

  test("the guide's example draws with two words, and says where its prompt is divided", async () => {
    const bad = fileOf(safetensorsFile({ "<any>": vectors(32) })).file;
    await using both = await loadWords(engine, smallBase(), { toy, bad });
    expect((await both.countTokens("<my-toy> easynegative")).used).toBe(4);
    expect(await partsOf(both, "a (<my-toy>:1.2) BREAK oil painting")).toEqual({
      parts: ["a (<my-toy>", "oil painting"],
      fill: "6/150",
    });
    // As large and as long as it would draw by itself is too much for a test.
    const small = { width: 64, height: 64, steps: 1, seed: 3 };
    const generate: Pipeline["generate"] = (asked) => both.generate({ ...asked, ...small });
    const picture = await drawToy({ generate } as Pipeline);
    const other = await generate({ prompt: "", controls: [] });
    expect([picture.width, picture.data.length]).toEqual([64, 4 * 64 * 64]);
    expect(picture.data).not.toEqual(other.pixels.data);
  });

  test("vectors of another model are refused when the model is loaded", async () => {
    const wide = fileOf(safetensorsFile({ emb_params: vectors(1, 48) })).file;
    expect((await refusal(load({ wide }))).message).toMatch(/48.*32/);
    expect((await refusal(load({ a: toy, A: toy }))).code).toBe("request-invalid");
  });

  test("chunks are encoded by themselves, once each, and weights ask for no run of the text encoder", async () => {
    const syntax = { promptSyntax: "weighted", negativePrompt: "mist" } as const;
    const first = await drawn("one BREAK two", syntax);
    expect([first.ran["text"], first.result.reused.text]).toEqual([4, []]); // one, two, mist, nothing
    const second = await drawn("(one:1.3) BREAK [two]", syntax);
    expect([second.ran["text"], second.result.reused.text]).toEqual([undefined, ["prompt", "negativePrompt"]]);
    expect(second.result.pixels.data).not.toEqual(first.result.pixels.data);
    const third = await drawn("(one:1.3) BREAK three", { ...syntax, guidance: 1 });
    expect([third.ran["text"], third.result.reused.text]).toEqual([1, []]);
  });

  test("without weights and within one chunk both syntaxes draw the same picture", async () => {
    const [plain, weighted] = [await drawn("a red toy"), await drawn("a red toy", { promptSyntax: "weighted" })];
    expect(weighted.result.pixels.data).toEqual(plain.result.pixels.data);
    const literal = await drawn("a (red) toy");
    expect(literal.result.pixels.data).not.toEqual(
      (await drawn("a (red) toy", { promptSyntax: "weighted" })).result.pixels.data,
    );
  });

  test("a prompt that is far too long, or weighted beyond all numbers, is refused before anything is drawn", async () => {
    for (const [prompt, words] of [
      ["cat ".repeat(25_000), "64 chunks"],
      [`${"(".repeat(10_000)}cat`, "weights of the prompt"],
      ["(cat:1e9)", null],
    ] as const) {
      const weighted = { promptSyntax: "weighted" } as const;
      if (words === null) await drawn(prompt, weighted);
      else {
        const error = await refusal(drawn(prompt, weighted));
        expect([error.code, error.message.includes(words)]).toEqual(["request-invalid", true]);
      }
    }
  });

  test("what a prompt takes of memory grows with its chunks", async () => {
    await using poor = new Engine({ runtime: { device: "cpu" }, memory: 60e6 });
    await using small = await poor.load({ base: smallBase() });
    const needed = async (prompt: string) => {
      const large = { prompt, promptSyntax: "weighted", width: 4096, height: 4096 } as const;
      const error = await refusal(small.generate(request([], large)));
      return UnderdrawError.is(error, "out-of-memory") ? (error.details.needed as number) : 0;
    };
    const [one, three] = [await needed("a"), await needed("a BREAK b BREAK c")];
    // Keys and values of two more chunks for both halves of guidance, in float32: more than their states have.
    expect(three - one).toBeGreaterThan(2 * 2 * 77 * 32 * 4);
  });
});
