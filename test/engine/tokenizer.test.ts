import { readFileSync } from "node:fs";
import { UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";
import { clipTokens, clipVocabulary } from "../../engine/src/diffusion/clip-vocabulary.ts";
import { createTokenizer, type Tokenizer, type TokenizerFiles } from "../../engine/src/diffusion/tokenizer.ts";
import { golden, readJson, readTensors } from "./golden.ts";

function filesOf(folder: string): TokenizerFiles {
  const config = readJson(`${folder}/tokenizer_config.json`);
  return {
    vocab: new Map(Object.entries(readJson(`${folder}/vocab.json`) as Record<string, number>)),
    merges: readFileSync(golden(`${folder}/merges.txt`), "utf8")
      .trim()
      .split("\n")
      .slice(1),
    startToken: config.bos_token,
    endToken: config.eos_token,
    padToken: config.pad_token,
    unknownToken: config.unk_token,
    maxLength: config.model_max_length,
    lowerCase: config.do_lower_case,
  };
}

async function clip(extra: Partial<TokenizerFiles> = {}): Promise<Tokenizer> {
  const files = { ...(await clipVocabulary()), ...clipTokens, padToken: clipTokens.endToken };
  return createTokenizer({ ...files, maxLength: 77, lowerCase: true, ...extra });
}

for (const name of ["tokenizer", "tokenizer-cut"])
  test(`every text of the ${name} case has the ids of the reference`, () => {
    const { texts, tokenizer: folder } = readJson(`parity/${name}/case.json`);
    const expected = readTensors(`parity/${name}/expected.safetensors`);
    const files = filesOf(folder.startsWith("../") ? `parity/${folder.slice(3)}` : `parity/${name}/${folder}`);
    const tokenizer = createTokenizer(files);
    const padded = expected.get("padded");
    expect(texts.length).toBe(138);
    for (const [i, text] of (texts as string[]).entries()) {
      const ids = tokenizer.encode(text);
      expect(ids, JSON.stringify(text)).toEqual(Array.from(expected.get(`full.${i}`)?.values ?? []));
      const fit = tokenizer.pad(ids, 77);
      expect(Array.from(fit.ids), JSON.stringify(text)).toEqual(
        Array.from(padded?.values.slice(i * 77, i * 77 + 77) ?? []),
      );
      expect(fit.used).toBe(Math.min(ids.length, 77));
      expect(fit.cut === "").toBe(ids.length <= 77);
    }
  });

test("texts beyond the case have the ids of the reference too", async () => {
  const { full, normalized } = readJson("tokenizer/expected.json") as Record<string, [string, number[]][]>;
  const plain = await clip();
  const late = await clip({ normalizedTokens: Object.values(clipTokens) });
  for (const [text, ids] of full ?? []) expect(plain.encode(text), JSON.stringify(text)).toEqual(ids);
  for (const [text, ids] of normalized ?? []) expect(late.encode(text), JSON.stringify(text)).toEqual(ids);
  expect(full?.length).toBeGreaterThan(50);
});

test("the vocabulary that ships with the engine is the published one", async () => {
  const { vocab, merges } = await clipVocabulary();
  const published = filesOf("parity/sd15-tiny/base/tokenizer");
  expect(merges).toEqual(published.merges);
  expect(vocab).toEqual(published.vocab);
  expect(vocab.size).toBe(49_408);
});

test("a prompt of exactly the text length is not cut, one token more is", async () => {
  const tokenizer = await clip();
  const fits = tokenizer.pad(tokenizer.encode(Array(75).fill("cat").join(" ")), 77);
  expect(fits).toMatchObject({ used: 77, cut: "" });
  const cut = tokenizer.pad(tokenizer.encode(`${Array(75).fill("cat").join(" ")} Blue dog`), 77);
  expect(cut).toMatchObject({ used: 77, cut: "blue dog" });
  expect(cut.ids).toEqual(fits.ids);
  expect(() => tokenizer.pad([1, 2], 1)).toThrow(RangeError);
});

test("what was cut is said in the words of the prompt, whatever their script", async () => {
  const tokenizer = await clip();
  const ids = tokenizer.encode("a café, 猫の絵 🐱!");
  expect(tokenizer.decode(ids)).toBe("a café , 猫の絵 🐱!");
});

test("half a surrogate pair counts as a replacement character", async () => {
  const tokenizer = await clip();
  expect(tokenizer.encode("a \ud83d b")).toEqual(tokenizer.encode("a \ufffd b"));
  expect(tokenizer.encode("\udc00")).toEqual(tokenizer.encode("\ufffd"));
});

test("a word of a hundred thousand letters is encoded in little time", async () => {
  const tokenizer = await clip();
  const started = performance.now();
  const ids = tokenizer.encode("ab".repeat(50_000));
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(ids.length).toBeGreaterThan(1000);
  expect(tokenizer.decode(ids)).toBe("ab".repeat(50_000));
});

test("files that contradict each other are refused by what is wrong", async () => {
  const { vocab, merges } = await clipVocabulary();
  const attempt = (extra: Partial<TokenizerFiles>) => () =>
    createTokenizer({ vocab, merges, ...clipTokens, padToken: "!", maxLength: 77, lowerCase: true, ...extra });
  expect(attempt({})).not.toThrow();
  for (const [extra, words] of [
    [{ padToken: "<pad>" }, '"<pad>" is not in the vocabulary'],
    [{ merges: ["a b c"] }, "not two parts"],
    [{ merges: ["a zzzzzz"] }, '"zzzzzz" is not in the vocabulary'],
  ] as const) {
    let caught: unknown;
    try {
      attempt(extra)();
    } catch (error) {
      caught = error;
    }
    expect(UnderdrawError.is(caught, "file-invalid")).toBe(true);
    expect(String(caught)).toContain(words);
  }
});
