import { UnderdrawError } from "@underdraw/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { clipTokens, clipVocabulary } from "../../engine/src/diffusion/clip-vocabulary.ts";
import { checkChunks, padded, readPlain, readWeighted } from "../../engine/src/diffusion/prompt.ts";
import { readWeights } from "../../engine/src/diffusion/prompt-weights.ts";
import { weighted } from "../../engine/src/diffusion/text.ts";
import { createTokenizer, type Tokenizer, type TokenizerFiles } from "../../engine/src/diffusion/tokenizer.ts";

// How prompts are read, beyond what the goldens hold: where chunks stand in a prompt, added words, limits.

let vocabulary: Pick<TokenizerFiles, "vocab" | "merges">;
let tokenizer: Tokenizer;
const added = { "my toy": [49_408, 49_409, 49_410], "<s>": [49_411], Grün: [49_412, 49_413] };
const made = (extra: Partial<TokenizerFiles> = {}): Tokenizer =>
  createTokenizer({
    ...vocabulary,
    ...clipTokens,
    padToken: clipTokens.endToken,
    maxLength: 77,
    lowerCase: true,
    addedWords: Object.entries(added).map(([word, ids]) => ({ word, ids })),
    ...extra,
  });
beforeAll(async () => {
  vocabulary = await clipVocabulary();
  tokenizer = made();
});

/** The parts of a prompt that its chunks stand at. */
const ranges = (prompt: string, length = 77): string[] =>
  readWeighted({ tokenizer, length }, prompt).chunks.map(({ start, end }) => prompt.slice(start, end));
const idsOf = (text: string): readonly number[] => tokenizer.read(text).flatMap(({ ids }) => ids);

describe("where tokens stand in a text", () => {
  test.each([
    ["a red  boat", ["a", "red", "boat"]],
    ["Don't!", ["Don", "'t", "!"]],
    ["cafe\u0301s e\u0327\u0301", ["cafe\u0301s", "e\u0327\u0301"]],
    ["İstanbul, ΑΣ", ["İstanbul", ",", "ΑΣ"]],
    ["\u1112\u1161\u11ab a", ["\u1112\u1161\u11ab", "a"]],
    ["x<|endoftext|>y", ["x", "<|endoftext|>", "y"]],
    ["a \ud83d b", ["a", "\ud83d", "b"]],
    ["\u2000MY\u3000 toy, <S>", ["MY\u3000 toy", ",", "<S>"]],
  ])("%j", (text, parts) => {
    const tokens = tokenizer.read(text);
    const places = new Map(tokens.map(({ start, end }) => [start, text.slice(start, end)]));
    expect([...places.values()].join("")).toBe(parts.join(""));
    let at = 0;
    for (const part of parts) {
      at = text.indexOf(part, at);
      expect(places.has(at), part).toBe(true);
      at += part.length;
    }
  });

  test("tokens that share a letter share its place, and none stands outside the text", () => {
    const text = "😀猫😀 a🏴\u{e0067}b";
    let reached = 0;
    for (const { start, end } of tokenizer.read(text)) {
      expect(start).toBeLessThan(end);
      expect(end).toBeLessThanOrEqual(text.length);
      expect(start).toBeGreaterThanOrEqual(Math.min(reached, start));
      expect(text.slice(start, end)).not.toMatch(/^\p{Surrogate}|\p{Surrogate}$/u);
      reached = end;
    }
    expect(reached).toBe(text.length);
  });
});

describe("added words", () => {
  test.each([
    ["a my toy", true],
    ["A MY  Toy.", true],
    ["my-my toy-s", true],
    ["amy toy", false],
    ["my toys", false],
    ["my_toy", false],
    ["my toy2", false],
    ["x<s>y", true],
    ["Gru\u0308n", true],
    ["GRÜN'S", true],
    ["Grüne", false],
  ])("%j holds one: %s", (text, holds) => {
    expect(idsOf(text).some((id) => id >= 49_408)).toBe(holds);
  });

  test("are found in the case of letters alone where the vocabulary keeps it", () => {
    const keeping = made({ lowerCase: false });
    expect(keeping.read("My Toy CAT").flatMap(({ ids }) => ids)).toEqual([
      ...added["my toy"],
      ...made({ lowerCase: false, addedWords: [] })
        .read("CAT")
        .flatMap(({ ids }) => ids),
    ]);
  });

  test("are the longest of two that begin alike", () => {
    const both = made({
      addedWords: [
        { word: "toy", ids: [1] },
        { word: "toy car", ids: [2] },
      ],
    });
    expect(both.read("toy car toy cars").map(({ ids }) => ids[0])).toEqual([2, 1, ...idsOf("cars")]);
  });

  test("keep their vectors together where a chunk ends", () => {
    const cats = Array(73).fill("cat").join(" ");
    const read = readWeighted({ tokenizer, length: 77 }, `${cats} (my toy:1.2)`);
    expect(read.chunks.map(({ used }) => used)).toEqual([73, 3]);
    expect([...(read.chunks[1]?.weights?.subarray(0, 5) ?? [])]).toEqual([1, ...Array(3).fill(Math.fround(1.2)), 1]);
    expect(ranges(`${cats} (my toy:1.2)`)).toEqual([cats, "my toy"]);
  });

  test("move behind a comma whole", () => {
    const chunks = ranges(`${Array(58).fill("cat").join(" ")}, my toy ${Array(14).fill("dog").join(" ")}`);
    expect(chunks[1]).toBe(`my toy ${Array(14).fill("dog").join(" ")}`);
  });

  test("are cut whole where a plain prompt ends, and named", () => {
    const cats = Array(73).fill("cat").join(" ");
    const read = readPlain({ tokenizer, length: 77 }, `${cats} My Toy dog`);
    expect(read).toMatchObject({ used: 77, cut: "my toy dog", chunks: [{ used: 73, start: 0, end: cats.length }] });
    const [chunk] = read.chunks;
    expect([...(chunk?.ids.slice(73) ?? [])]).toEqual([idsOf("cat")[0], ...Array(3).fill(49_407)]);
    expect(readPlain({ tokenizer, length: 77 }, `${cats.slice(4)} my toy`)).toMatchObject({ used: 75, cut: "" });
  });
});

describe("the chunks of a prompt", () => {
  test.each([
    ["", [""]],
    ["((a)) cat", ["a)) cat"]],
    ["  (red:1.2) boat ", ["red:1.2) boat"]],
    ["a \\(b\\) BREAK (c", ["a \\(b\\)", "c"]],
    ["BREAK a BREAK BREAK", ["", "a", ""]],
    ["(e\u0301:1.2)BREAK\u2003x", ["e\u0301", "x"]],
  ])("of %j stand at %j", (prompt, parts) => expect(ranges(prompt)).toEqual(parts));

  test("of a long word end within it", () => {
    const prompt = "zx".repeat(100);
    const chunks = readWeighted({ tokenizer, length: 12 }, prompt).chunks;
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.map(({ start, end }) => prompt.slice(start, end)).join("")).toBe(prompt);
  });

  test("end behind a comma that is near, in a model of any length", () => {
    expect(ranges("a b c, d e f", 8)).toEqual(["a b c,", "d e f"]);
    expect(ranges("a b c d e f g, h i", 8)).toEqual(["a b c d e f", "g, h i"]);
    expect(ranges("a, b c d e, f", 8)).toEqual(["a, b c d e", ", f"]);
  });

  test("are as many for both prompts, with empty ones behind the shorter", () => {
    const text = { tokenizer, length: 77 };
    const [short, long] = [readWeighted(text, "fog"), readWeighted(text, "a BREAK b BREAK c")];
    const same = padded(text, short, long.chunks.length);
    expect(same.chunks.map(({ used, start, end }) => [used, start, end])).toEqual([
      [1, 0, 3],
      [0, 3, 3],
      [0, 3, 3],
    ]);
    expect([...(same.chunks[2]?.ids ?? [])]).toEqual([49_406, ...Array(76).fill(49_407)]);
    expect(padded(text, long, 1)).toBe(long);
  });

  test("are filled up with the padding token behind one end token", () => {
    const text = { tokenizer: made({ padToken: "!" }), length: 9 };
    const { chunks } = readWeighted(text, "a BREAK");
    expect([...(chunks[0]?.ids ?? [])]).toEqual([49_406, ...idsOf("a"), 49_407, 0, 0, 0, 0, 0, 0]);
    expect([...(padded(text, { chunks, used: 1, cut: "" }, 2).chunks[1]?.ids ?? [])]).toEqual([
      49_406, 49_407, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  test("have no comma where the vocabulary has none", () => {
    const { vocab, merges } = vocabulary;
    const without = new Map([...vocab].map(([token, id]) => [token === ",</w>" ? "\u0100\u0100" : token, id]));
    const text = {
      tokenizer: made({ vocab: without, merges: merges.filter((pair) => !pair.includes(",</w>")) }),
      length: 8,
    };
    expect(text.tokenizer.comma).toBe(null);
    expect(readWeighted(text, "a b c, d e f").chunks.map(({ used }) => used)).toEqual([6, 1]);
  });

  test("are 64 at the most for a picture", () => {
    const text = { tokenizer, length: 77 };
    expect(() => checkChunks(text, readWeighted(text, "BREAK ".repeat(64)), "prompt")).not.toThrow();
    let caught: unknown;
    try {
      checkChunks(
        text,
        readWeighted(
          text,
          Array(64 * 75 + 1)
            .fill("cat")
            .join(" "),
        ),
        "negativePrompt",
      );
    } catch (error) {
      caught = error;
    }
    expect(UnderdrawError.is(caught, "request-invalid") && caught.details.issues[0]?.path).toBe("negativePrompt");
    expect(String(caught)).toContain("4801 tokens");
    expect(String(caught)).toContain("65 chunks");
  });
});

describe("weights", () => {
  test("that are no numbers are text, and their brackets plain ones", () => {
    expect(readWeights("(a:1.2.3) b").map(({ text, weight }) => [text, weight])).toEqual([
      ["a:1.2.3", 1.1],
      [" b", 1],
    ]);
    expect(readWeights("(a:.)").map(({ text, weight }) => [text, weight])).toEqual([["a:.", 1.1]]);
  });

  test("leave the mean of a chunk as it was", () => {
    const states = Float32Array.from({ length: 6 * 4 }, (_, n) => Math.sin(n) + 0.3);
    const found = weighted(states, Float32Array.of(1, 2, 0.5, -1, 1, 1), "prompt");
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(found)).toBeCloseTo(mean(states), 6);
    const ratio = (found[0] as number) / (states[0] as number);
    for (const [n, weight] of [1, 2, 0.5, -1, 1, 1].entries())
      expect(found[n * 4 + 2]).toBeCloseTo((states[n * 4 + 2] as number) * weight * ratio, 5);
  });

  test("beyond all numbers are refused by what they are", () => {
    const states = new Float32Array(8).fill(1);
    for (const weight of [1e39, Number.POSITIVE_INFINITY, Number.NaN])
      expect(() => weighted(states, Float32Array.of(1, weight), "negativePrompt")).toThrow(/negative prompt/);
  });
});

// Prompts of 100,000 signs, each the worst of its kind. A machine that is busy takes a few seconds for the slowest.
const many = 100_000;
test.each([
  ["open brackets", "(".repeat(many)],
  ["open brackets with text", "(a".repeat(many / 2)],
  ["nested brackets", "[a".repeat(many / 3) + "]".repeat(many / 3)],
  ["nested weights", "(a".repeat(10_000) + ":1.01)".repeat(10_000)],
  ["crossing brackets", "([)]".repeat(many / 4)],
  ["weights that never end", `(a:${"1".repeat(many)}`],
  ["colons", ":".repeat(many)],
  ["breaks", "BREAK ".repeat(many / 6)],
  ["white space before a break", `a${" ".repeat(many)}BREAK`],
  ["white space", " ".repeat(many)],
  ["marks", `e${"\u0301".repeat(many)}`],
  ["half surrogates", "\ud83d".repeat(many)],
  ["control characters", "\u0000\u001f".repeat(many / 2)],
  ["commas", ",".repeat(many)],
  ["special tokens", "<|endoftext|>".repeat(many / 13)],
])("a hundred thousand signs take little time: %s", (_, prompt) => {
  const text = { tokenizer, length: 77 };
  const started = performance.now();
  const [plain, chunked] = [readPlain(text, prompt), readWeighted(text, prompt)];
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(plain.chunks.length).toBe(1);
  expect(plain.chunks[0]?.used).toBe(Math.min(75, plain.used));
  expect(chunked.chunks.reduce((sum, { used }) => sum + used, 0)).toBe(chunked.used);
  for (const { start, end, used } of chunked.chunks)
    expect(0 <= start && start <= end && end <= prompt.length && used <= 75).toBe(true);
});

test("ten thousand brackets that nobody closes leave the word in them", () => {
  for (const bracket of ["(", "["]) {
    const read = readWeighted({ tokenizer, length: 77 }, `${bracket.repeat(10_000)}cat`);
    expect(read).toMatchObject({ used: 1, chunks: [{ start: 10_000, end: 10_003, used: 1 }] });
    expect(read.chunks[0]?.weights?.[1]).toBe(bracket === "(" ? Number.POSITIVE_INFINITY : Math.fround(1.1 ** -1000));
  }
});
