import { Engine, type Pipeline } from "@underdraw/engine";
import { nodeFile, nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clipTokens, clipVocabulary } from "../../engine/src/diffusion/clip-vocabulary.ts";
import { type ReadPrompt, readWeighted } from "../../engine/src/diffusion/prompt.ts";
import { readWeights } from "../../engine/src/diffusion/prompt-weights.ts";
import { createTokenizer, type Tokenizer } from "../../engine/src/diffusion/tokenizer.ts";
import { openVocabulary } from "../../engine/src/models/vocabulary.ts";
import { errors, readJson, readTensors } from "./golden.ts";
import { painted } from "./promises-parts.ts";

// Prompts beside what test/golden/prompt/make.py makes of them by A1111's rules with transformers' tokenizer and text
// encoder, and beside diffusers' textual inversion.

type Runs = readonly (readonly [id: number, weight: number, count: number])[];
const golden = readJson("prompt/expected.json") as {
  readonly weights: readonly [prompt: string, parts: readonly [text: string, weight: number][]][];
  readonly chunks: readonly [prompt: string, chunks: readonly Runs[]][];
  readonly small: readonly [prompt: string, chunks: readonly Runs[]][];
  readonly states: readonly [base: string, prompt: string, skip: number][];
  readonly inversions: readonly [prompt: string][];
  readonly words: readonly [word: string, file: string][];
  readonly drawn: readonly [prompt: string, negativePrompt: string][];
};

test("every prompt is read into the parts and the very weights of the reference", () => {
  for (const [prompt, parts] of golden.weights)
    expect(
      readWeights(prompt).map(({ text, weight }) => [text, weight]),
      JSON.stringify(prompt),
    ).toEqual(parts);
  expect(golden.weights.length).toBeGreaterThan(180);
});

/** A prompt's chunks as the golden has them. */
const runsOf = ({ chunks }: ReadPrompt): Runs[] =>
  chunks.map(({ ids, weights, used }) => {
    const runs: [number, number, number][] = [];
    for (let n = 1; n <= used; n++) {
      const [id, weight] = [ids[n] as number, weights?.[n] ?? 1];
      const last = runs.at(-1);
      if (last && last[0] === id && last[1] === weight) last[2]++;
      else runs.push([id, weight, 1]);
    }
    return runs;
  });

/** Weights as float32, which they are applied in. */
const short = (chunks: readonly Runs[]): Runs[] =>
  chunks.map((runs) => runs.map(([id, weight, count]) => [id, Math.fround(weight), count] as const));

function expectChunks(tokenizer: Tokenizer, length: number, rows: typeof golden.chunks): void {
  const [start, end] = tokenizer.encode("") as [number, number];
  for (const [prompt, chunks] of rows) {
    const read = readWeighted({ tokenizer, length }, prompt);
    expect(runsOf(read), JSON.stringify(prompt)).toEqual(short(chunks));
    expect(read.used).toBe(chunks.flat().reduce((sum, [, , count]) => sum + count, 0));
    expect(read.cut).toBe("");
    for (const { ids, used, weights } of read.chunks) {
      expect([ids.length, ids[0], ids[used + 1]]).toEqual([length, start, end]);
      expect([...ids.slice(used + 2)]).toEqual(Array(length - used - 2).fill(end));
      if (weights) expect([weights[0], ...weights.slice(used + 1)]).toEqual(Array(length - used).fill(1));
    }
  }
}

test("every prompt has the chunks, ids and weights of the reference", async () => {
  const vocabulary = { ...(await clipVocabulary()), ...clipTokens, padToken: clipTokens.endToken };
  expectChunks(createTokenizer({ ...vocabulary, maxLength: 77, lowerCase: true }), 77, golden.chunks);
  expect(golden.chunks.length).toBeGreaterThan(110);
});

test("a text encoder that reads 30 tokens at once has chunks of 30", async () => {
  const vocabulary = await openVocabulary(
    nodeModel("models/pack/tokenizer") as never,
    { length: 32, vocabulary: 6514 } as never,
  );
  if (!vocabulary) throw new Error("The pack has no tokenizer.");
  const { config, ...tables } = vocabulary;
  expectChunks(createTokenizer({ ...config, ...tables }), 32, golden.small);
});

describe("what the UNet reads", () => {
  let engine: Engine;
  beforeAll(() => {
    engine = new Engine({ runtime: { device: "cpu" } });
  });
  afterAll(() => engine.dispose());
  const tensors = readTensors("prompt/expected.safetensors");
  const drawn = { negativePrompt: "", controls: [], width: 64, height: 64, steps: 1, seed: 1 } as const;

  const load = (base: string, embeddings = {}) =>
    engine.load({ base: nodeModel(`test/golden/parity/${base}/base`), embeddings });

  /** What a generation traces of its prompt. */
  async function traced(pipeline: Pipeline, request: object) {
    const seen = new Map<string, { readonly dims: readonly number[]; readonly values: ArrayLike<number> }>();
    await pipeline.generate(
      { ...drawn, prompt: "", ...request },
      { trace: (name, tensor) => void seen.set(name, tensor), measure: false },
    );
    return seen;
  }

  test.each(golden.states.map((row, n) => [n, ...row] as const))(
    "case %i has the states of transformers, weighted by A1111's rule",
    async (n, base, prompt, clipSkip) => {
      await using pipeline = await load(base);
      const seen = await traced(pipeline, { prompt, clipSkip, promptSyntax: "weighted" });
      const [ids, states] = [tensors.get(`${n}.ids`), tensors.get(`${n}.states`)];
      const own = seen.get("text.cond.ids");
      expect(own?.dims).toEqual(ids?.dims);
      expect(Array.from(own?.values ?? [])).toEqual(Array.from(ids?.values ?? []));
      // The negative prompt is empty, and has as many chunks.
      expect(seen.get("text.uncond.ids")?.dims).toEqual(ids?.dims);
      const [chunks = 0, length = 0, width = 0] = seen.get("text.cond.states")?.dims ?? [];
      const values = Float32Array.from(seen.get("text.cond.states")?.values ?? []);
      const rows = Array.from({ length: chunks * length }, (_, row) => row).filter((row) => (row % length) % 3 === 0);
      const every = Float32Array.from(rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));
      const { relative } = errors(every, states?.values ?? []);
      // float32 on both sides; the mean that emphasis divides by is a small difference of large sums.
      expect(relative).toBeLessThan(5e-6);
    },
  );

  test("base and ControlNet draw by two chunks what diffusers draws by the same states", async () => {
    await using pipeline = await engine.load({
      base: nodeModel("test/golden/parity/sd15-tiny/base"),
      nets: { canny: nodeModel("test/golden/parity/sd15-tiny/controlnets/canny") },
    });
    const [prompt = "", negativePrompt = ""] = golden.drawn[0] ?? [];
    const pixels = painted(64, 48, (x) => (x % 7 === 0 ? 255 : 0));
    let latents = new Float32Array();
    await pipeline.generate(
      {
        ...{ prompt, negativePrompt, promptSyntax: "weighted", width: 64, height: 48, steps: 2, guidance: 5 },
        controls: [{ map: { condition: "canny", pixels }, net: "canny" }],
      },
      {
        measure: false,
        noise: (name) => (name === "initial" ? Float32Array.from(tensors.get("drawn.noise")?.values ?? []) : undefined),
        trace: (name, { values }) => {
          if (name === "latents.final") latents = Float32Array.from(values);
        },
      },
    );
    // As the parity cases: float32 on both sides, over all layers and steps.
    expect(errors(latents, tensors.get("drawn.latents")?.values ?? []).relative).toBeLessThan(1e-5);
  });

  test("embeddings have the ids and states that diffusers' textual inversion gives", async () => {
    const embeddings = Object.fromEntries(
      golden.words.map(([word, file]) => [word, nodeFile(`test/golden/prompt/${file}`)]),
    );
    await using pipeline = await load("sd15-tiny", embeddings);
    for (const [n, [prompt]] of golden.inversions.entries())
      for (const promptSyntax of ["plain", "weighted"] as const) {
        if (promptSyntax === "weighted" && /[([]/.test(prompt)) continue;
        const seen = await traced(pipeline, { prompt, promptSyntax });
        expect(Array.from(seen.get("text.cond.ids")?.values ?? []), prompt).toEqual(
          Array.from(tensors.get(`inversion.${n}.ids`)?.values ?? []),
        );
        const states = Float32Array.from(seen.get("text.cond.states")?.values ?? []).subarray(0, 24 * 32);
        expect(errors(states, tensors.get(`inversion.${n}.states`)?.values ?? []).relative, prompt).toBeLessThan(3e-6);
      }
  });
});
