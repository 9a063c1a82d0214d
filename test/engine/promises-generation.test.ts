import { type Control, Engine, type GenerateRequest, type Pipeline, type Progress } from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bars, control, counted, difference, request, smallBase, smallNets } from "./promises-parts.ts";

// What a generation promises apart from its controls, on a small random model and on the CPU provider.

let engine: Engine;
let pipeline: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  pipeline = await engine.load({ base: smallBase(), nets: smallNets() });
}, 60_000);
afterAll(() => engine.dispose());

const draw = async (controls: readonly Control[], more: Partial<GenerateRequest> = {}) =>
  (await counted(pipeline, request(controls, more), { reuse: false })).result.pixels.data;

describe("a generation", () => {
  test("computes text, time and hint once, outside the step loop", async () => {
    const { ran } = await counted(pipeline, request([control("canny")], { steps: 6 }), { reuse: false });
    expect(ran).toEqual({
      text: 2, // prompt and negative prompt
      kv: 1,
      temb: 1,
      unet_encoder: 6,
      unet_decoder: 6,
      vae_decoder: 1,
      "canny.hint": 1,
      "canny.kv": 1,
      "canny.temb": 1,
      "canny.control": 6,
    });
  });

  test("runs hint once a map, keys and values once a prompt, time once a schedule, over several generations", async () => {
    await using fresh = await engine.load({ base: smallBase(), nets: smallNets() });
    const maps = [bars(1), bars(2)].map((pixels) => ({ condition: "canny", pixels }));
    const before = fresh.runs();
    let generations = 0;
    for (const prompt of ["a boat", "a tree", "a house"])
      for (const map of maps)
        for (const steps of [2, 3])
          for (const seed of [1, 2]) {
            await fresh.generate(request([control("canny", { map })], { prompt, steps, seed }), { measure: false });
            generations++;
          }
    expect(generations).toBe(24);
    expect(difference(before, fresh.runs())).toEqual({
      text: 4, // three prompts and one negative prompt
      kv: 3,
      temb: 2,
      unet_encoder: 60,
      unet_decoder: 60,
      vae_decoder: 24,
      "canny.hint": 2,
      "canny.kv": 3,
      "canny.temb": 2,
      "canny.control": 60,
    });
  });

  test("with the same seed gives the same bytes, and with another one others", async () => {
    const one = await draw([control("canny")], { seed: 2n ** 64n - 1n });
    expect(await draw([control("canny")], { seed: 2n ** 64n - 1n })).toEqual(one);
    expect(await draw([control("canny")], { seed: 0 })).not.toEqual(one);
  });

  test("keeps a seed above 2^53 exactly", async () => {
    const { seed } = await pipeline.generate(request([], { seed: 18446744073709551615n, steps: 1 }));
    expect(seed).toBe(18446744073709551615n);
  });

  test("without guidance runs the prompt alone, at half the batch", async () => {
    const { result, ran } = await counted(pipeline, request([], { guidance: 1, steps: 1 }), { reuse: false });
    expect(ran["text"]).toBe(1);
    const { warnings } = result;
    expect(warnings.map(({ code }) => code)).toEqual(["negative-unused"]);
  });

  test("of a size that is no multiple of the factor is rounded up and cut back, with a word", async () => {
    const { pixels, warnings } = await pipeline.generate(
      request([control("canny")], { width: 61, height: 45, steps: 1 }),
    );
    expect([pixels.width, pixels.height]).toEqual([61, 45]);
    expect(warnings.map(({ code }) => code)).toEqual(["size-rounded", "map-resized"]);
  });

  test("tells progress that never falls and ends at 1", async () => {
    const seen: Progress[] = [];
    await pipeline.generate(request([control("canny")]), {
      reuse: false,
      onProgress: (progress) => seen.push(progress),
    });
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(seen.filter(({ phase }) => phase === "denoise")).toHaveLength(4);
  });

  test("gives a preview of the size that was asked for, on request", async () => {
    const previews: Promise<{ width: number; height: number }>[] = [];
    await pipeline.generate(request([], { width: 61 }), {
      reuse: false,
      onProgress: (progress) => {
        if (progress.phase === "denoise" && progress.step === 2 && progress.preview) previews.push(progress.preview());
      },
    });
    expect(previews).toHaveLength(1);
    expect(await previews[0]).toMatchObject({ width: 61, height: 48 });
  });

  test("a listener that throws does not stop it", async () => {
    const { pixels } = await pipeline.generate(request([], { steps: 1 }), {
      reuse: false,
      onProgress: () => {
        throw new Error("a listener's own fault");
      },
    });
    expect(pixels.width).toBe(64);
  });

  test("stops within a step, with the signal's own reason", async () => {
    const stopping = new AbortController();
    const reason = new Error("enough");
    const before = pipeline.runs()["unet_encoder"] ?? 0;
    const job = pipeline.generate(request([], { steps: 50 }), {
      signal: stopping.signal,
      onProgress: ({ phase }) => phase === "denoise" && stopping.abort(reason),
    });
    await expect(job).rejects.toBe(reason);
    expect((pipeline.runs()["unet_encoder"] ?? 0) - before).toBeLessThanOrEqual(2);
  });

  test("of one step and of a thousand are both possible", { timeout: 120_000 }, async () => {
    const small = { width: 16, height: 16, guidance: 1, negativePrompt: "" };
    for (const steps of [1, 1000]) {
      const { activeSteps } = await pipeline.generate(
        request([control("canny", { weight: 0.1 })], { ...small, steps }),
      );
      expect(activeSteps[0]).toHaveLength(steps);
    }
  });

  test.each([
    ["steps 0", { steps: 0 }, "steps"],
    ["steps 1001", { steps: 1001 }, "steps"],
    ["a half step", { steps: 1.5 }, "steps"],
    ["a negative seed", { seed: -1 }, "seed"],
    ["a seed of 2^64", { seed: 2n ** 64n }, "seed"],
    ["guidance that is no number", { guidance: Number.NaN }, "guidance"],
    ["a width of 0", { width: 0 }, "width"],
    ["an unknown sampler", { sampler: "magic" }, "sampler"],
  ])("with %s is refused by name", async (_, more, path) => {
    const error = await pipeline.generate(request([], more)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "request-invalid" });
    expect(String(error)).toContain(path);
  });
});
