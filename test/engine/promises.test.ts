import {
  type Control,
  createPixels,
  Engine,
  type GenerateRequest,
  type Pipeline,
  type Progress,
} from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// What a control promises, on a small random model and on the CPU provider, where equal means equal in every bit.

const base = "test/golden/parity/two-controls";
const folder = (path: string) => nodeModel(`test/golden/parity/${path}`);
let engine: Engine;
let pipeline: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  pipeline = await engine.load({
    base: folder("sd15-tiny/base"),
    nets: { canny: folder("sd15-tiny/controlnets/canny"), depth: nodeModel(`${base}/controlnets/depth`) },
  });
}, 60_000);
afterAll(() => engine.dispose());

/** A map with a few white bars; `seed` moves them. */
function bars(seed: number, width = 64, height = 48) {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = (x + seed * 7) % 16 < 2 || (y + seed * 3) % 20 < 2 ? 255 : 0;
      pixels.data.set([value, value, value, 255], 4 * (y * width + x));
    }
  return pixels;
}
const control = (net: string, more: Partial<Control> = {}): Control => ({
  map: { condition: net, pixels: bars(net.length) },
  net,
  ...more,
});
const request = (controls: readonly Control[], more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompt: "a small boat",
  negativePrompt: "fog",
  width: 64,
  height: 48,
  steps: 4,
  guidance: 4,
  seed: 11,
  controls,
  ...more,
});
const draw = async (controls: readonly Control[], more: Partial<GenerateRequest> = {}) =>
  (await pipeline.generate(request(controls, more))).pixels.data;

describe("a control", () => {
  test("steers: the picture differs from one without it", async () => {
    expect(await draw([control("canny")])).not.toEqual(await draw([]));
  });

  test("of weight 0 is the same as none, and its net does not run", async () => {
    const before = pipeline.runs()["canny.control"];
    expect(await draw([control("canny", { weight: 0 })])).toEqual(await draw([]));
    expect(pipeline.runs()["canny.control"]).toBe(before);
  });

  test("whose range holds no step is the same as none, never runs and says so", async () => {
    const before = pipeline.runs()["canny.control"];
    const result = await pipeline.generate(request([control("canny", { range: [0.4, 0.6] })]));
    expect(result.pixels.data).toEqual(await draw([]));
    expect(result.activeSteps).toEqual([[]]);
    expect(result.warnings.map(({ code }) => code)).toContain("control-inactive");
    expect(pipeline.runs()["canny.control"]).toBe(before);
  });

  test("runs in the steps of its range and in no other", async () => {
    const before = pipeline.runs()["canny.control"] ?? 0;
    const { activeSteps } = await pipeline.generate(request([control("canny", { range: [0.25, 0.75] })]));
    expect(activeSteps).toEqual([[1, 2]]);
    expect(pipeline.runs()["canny.control"]).toBe(before + 2);
  });

  test("may stand before or after another: the sum is the same", async () => {
    const one = await draw([control("canny", { weight: 0.7 }), control("depth", { weight: 0.4 })]);
    const other = await draw([control("depth", { weight: 0.4 }), control("canny", { weight: 0.7 })]);
    const most = Math.max(...one.map((value, n) => Math.abs(value - (other[n] ?? 0))));
    expect(most).toBeLessThanOrEqual(1);
  });
});

describe("a generation", () => {
  test("computes text, time and hint once, outside the step loop", async () => {
    const before = pipeline.runs();
    await draw([control("canny")], { steps: 6 });
    const after = pipeline.runs();
    const ran = Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
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
      "depth.hint": 0,
      "depth.kv": 0,
      "depth.temb": 0,
      "depth.control": 0,
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
    const before = pipeline.runs()["text"] ?? 0;
    const { warnings } = await pipeline.generate(request([], { guidance: 1, steps: 1 }));
    expect(pipeline.runs()["text"]).toBe(before + 1);
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
    await pipeline.generate(request([control("canny")]), { onProgress: (progress) => seen.push(progress) });
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(seen.filter(({ phase }) => phase === "denoise")).toHaveLength(4);
  });

  test("gives a preview of the size that was asked for, on request", async () => {
    const previews: Promise<{ width: number; height: number }>[] = [];
    await pipeline.generate(request([], { width: 61 }), {
      onProgress: (progress) => {
        if (progress.phase === "denoise" && progress.step === 2 && progress.preview) previews.push(progress.preview());
      },
    });
    expect(previews).toHaveLength(1);
    expect(await previews[0]).toMatchObject({ width: 61, height: 48 });
  });

  test("a listener that throws does not stop it", async () => {
    const { pixels } = await pipeline.generate(request([], { steps: 1 }), {
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
