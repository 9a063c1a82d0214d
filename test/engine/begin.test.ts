import { createPixels, Engine, type GenerateRequest, type Init, type Pipeline, type Pixels } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSchedule } from "../../engine/src/diffusion/scheduler.ts";
import { prepareInit } from "../../engine/src/prepared-init.ts";

// Starting from a picture. That the numbers are diffusers' is held by the parity cases; here is what a request may say,
// what is told, and what is computed once.

const pixels = (width: number, height: number, at: (x: number, y: number) => readonly number[]): Pixels => {
  const made = createPixels(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) made.data.set(at(x, y), 4 * (y * width + x));
  return made;
};
const slope = (width: number, height: number) => pixels(width, height, (x, y) => [4 * x, 5 * y, 90, 255]);
const plain = (width: number, height: number, level: number) => pixels(width, height, () => [level, level, level, 255]);
const same = (width: number, height: number, factor = 1, steps = 20) => ({
  size: { asked: { width, height }, drawn: { width, height } },
  factor,
  steps,
});

describe("a picture to begin with is brought to the size that is drawn", () => {
  test("levels become -1 to 1, channel by channel, and transparency white", () => {
    const picture = pixels(2, 1, (x) => (x === 0 ? [255, 0, 51, 255] : [10, 20, 30, 0]));
    const { init, warnings } = prepareInit({ picture }, same(2, 1));
    expect([...init.picture].map((value) => Math.round(value * 10) / 10)).toEqual([1, 1, -1, 1, -0.6, 1]);
    expect(init.strength).toBe(0.6);
    expect(init.mask).toBe(null);
    expect(warnings).toEqual([]);
  });

  test("beyond the picture its outermost pixels are repeated, in the mask too", () => {
    const picture = pixels(2, 2, (x, y) => [255 * x, 255 * y, 0, 255]);
    const mask = pixels(2, 2, (x) => (x === 1 ? [255, 255, 255, 255] : [0, 0, 0, 255]));
    const size = { asked: { width: 2, height: 2 }, drawn: { width: 4, height: 4 } };
    const { init } = prepareInit({ picture, mask }, { size, factor: 1, steps: 20 });
    expect([...init.picture.subarray(0, 16)]).toEqual([0, 1, 2, 3].flatMap(() => [-1, 1, 1, 1]));
    expect([...init.picture.subarray(16, 32)]).toEqual([-1, 1, 1, 1].flatMap((row) => [row, row, row, row]));
    expect([...(init.mask ?? [])]).toEqual([0, 1, 2, 3].flatMap(() => [0, 1, 1, 1]));
  });

  test("a mask has its brightness, and transparent places are black", () => {
    const levels = [
      [127, 127, 127, 255],
      [128, 128, 128, 255],
      [255, 255, 255, 0],
      [0, 255, 0, 255],
      [255, 0, 0, 255],
    ] as const;
    const mask = pixels(5, 1, (x) => levels[x] ?? []);
    const { init } = prepareInit({ picture: plain(5, 1, 9), mask }, same(5, 1));
    expect([...(init.mask ?? [])].map((value) => Math.round(255 * value))).toEqual([127, 128, 0, 150, 76]);
  });

  test("another size is told, with the click that takes it", () => {
    const { init, warnings } = prepareInit({ picture: plain(64, 64, 255) }, same(32, 16, 8));
    expect(init.picture).toEqual(new Float32Array(3 * 32 * 16).fill(1));
    expect(warnings).toMatchObject([{ code: "init-resized", change: { set: { width: 64, height: 64 } } }]);
    expect(warnings[0]?.message).toContain("64x64, was resized to the 32x16");
  });

  test("a mask of another size than its picture is told", () => {
    const told = (mask: Pixels) => prepareInit({ picture: slope(16, 8), mask }, same(16, 8)).warnings;
    expect(told(plain(16, 8, 255))).toEqual([]);
    expect(told(plain(32, 16, 255))).toMatchObject([{ code: "init-mask-resized", remedy: "Give a mask of 16x8." }]);
    expect(told(plain(32, 32, 255))[0]?.message).toContain("each by its own middle");
  });

  test("a strength that leaves no step is told, with the least that leaves one", () => {
    const told = (strength: number, steps: number) =>
      prepareInit({ picture: slope(16, 8), strength }, same(16, 8, 1, steps)).warnings;
    expect(told(0.3, 3)).toMatchObject([{ code: "init-one-step", remedy: expect.stringContaining("0.34 or more") }]);
    expect(told(0.34, 3)).toEqual([]);
  });

  test("a mask without white that the model sees is told", () => {
    const codes = (mask: Pixels) =>
      prepareInit({ picture: slope(16, 16), mask }, same(16, 16, 8)).warnings.map(({ code }) => code);
    const spot = (at: number) =>
      pixels(16, 16, (x, y) => (x === at && y === at ? [255, 255, 255, 255] : [0, 0, 0, 255]));
    expect(codes(plain(16, 16, 0))).toEqual(["init-mask-empty"]);
    expect(codes(spot(3))).toEqual(["init-mask-empty"]);
    expect(codes(spot(8))).toEqual([]);
  });
});

test("however small the strength, one step is left", () => {
  const trained = { beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012 };
  const left = (_class_name: string, steps: number, strength: number, more = {}) =>
    createSchedule({ _class_name, ...trained, ...more }, steps, { strength }).timesteps;
  const ddim = { timestep_spacing: "leading", steps_offset: 1 };
  expect(left("DDIMScheduler", 10, 0.01, ddim)).toEqual([1]);
  expect(left("DDIMScheduler", 10, 0.3, ddim)).toEqual([201, 101, 1]);
  expect(left("DDIMScheduler", 10, 1, ddim)).toHaveLength(10);
  // 61 steps make 61 timesteps of which rounding takes one away.
  expect(left("DDIMScheduler", 61, 0.001, { timestep_spacing: "trailing" })).toHaveLength(1);
});

describe("a generation that begins with a picture", () => {
  let engine: Engine;
  let pipeline: Pipeline;
  let nine: Pipeline;
  beforeAll(async () => {
    engine = new Engine({ runtime: { device: "cpu" } });
    pipeline = await engine.load({
      base: nodeModel("test/golden/parity/sd15-tiny/base"),
      nets: { canny: nodeModel("test/golden/parity/sd15-tiny/controlnets/canny") },
    });
    nine = await engine.load({ base: nodeModel("test/golden/parity/inpaint-nine/base") });
  }, 60_000);
  afterAll(() => engine.dispose());

  const asked = (init: Init | null, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: "a boat",
    controls: [],
    ...{ width: 64, height: 48, steps: 4, guidance: 1, seed: 5 },
    ...(init ? { init } : {}),
    ...more,
  });
  const latentsOf = async (of: Pipeline, request: GenerateRequest, name: string) => {
    const seen = new Map<string, Float32Array>();
    const result = await of.generate(request, {
      trace: (key, { values }) => seen.set(key, Float32Array.from(values)),
    });
    return { result, latents: seen.get(name) ?? new Float32Array(), seen };
  };

  test("the autoencoder's encoder is loaded at the first picture, and each picture is encoded once", async () => {
    await pipeline.generate(asked(null));
    expect(pipeline.runs()).not.toHaveProperty("vae_encoder");
    const picture = slope(64, 48);
    for (const [init, runs] of [
      [{ picture }, 1],
      [{ picture, strength: 0.3 }, 1],
      [{ picture, mask: plain(64, 48, 255) }, 1],
      [{ picture: slope(64, 40) }, 2],
    ] as const) {
      await pipeline.generate(asked(init));
      expect(pipeline.runs()["vae_encoder"]).toBe(runs);
    }
  });

  test("what is known from an earlier picture makes no other picture", async () => {
    const half = pixels(64, 48, (x) => (x < 32 ? [0, 0, 0, 255] : [255, 255, 255, 255]));
    const requests = [0.3, 0.75, 1].flatMap((strength) =>
      [undefined, half, plain(64, 48, 255)].flatMap((mask) =>
        (["ddim", "euler-ancestral", "unipc"] as const).map((sampler) =>
          asked({ picture: slope(64, 48), strength, ...(mask ? { mask } : {}) }, { sampler, width: 32, height: 24 }),
        ),
      ),
    );
    for (const request of [...requests, ...requests.slice(0, 9)]) {
      const warm = await pipeline.generate(request);
      const cold = await pipeline.generate(request, { reuse: false });
      expect(warm.pixels.data).toEqual(cold.pixels.data);
    }
  }, 60_000);

  test("outside the mask the picture's latents stay, inside they change", async () => {
    const mask = pixels(64, 48, (x) => (x < 32 ? [0, 0, 0, 255] : [255, 255, 255, 255]));
    const { seen } = await latentsOf(pipeline, asked({ picture: slope(64, 48), strength: 1, mask }), "");
    const other = await latentsOf(
      pipeline,
      asked({ picture: slope(64, 48), strength: 0.5, mask }, { prompt: "x" }),
      "",
    );
    const [one, two] = [seen.get("latents.final"), other.seen.get("latents.final")];
    let [kept, changed] = [0, 0];
    for (let i = 0; i < 4 * 6 * 8; i++) {
      const isSame = one?.[i] === two?.[i];
      if (i % 8 < 4 && isSame) kept++;
      if (i % 8 >= 4 && !isSame) changed++;
    }
    expect([kept, changed]).toEqual([4 * 6 * 4, 4 * 6 * 4]);
  });

  test("control ranges count the steps that are executed", async () => {
    const control = { map: { condition: "canny", pixels: plain(64, 48, 255) }, range: [0.25, 0.8] } as const;
    const init = { picture: slope(64, 48), strength: 0.5 };
    const result = await pipeline.generate(asked(init, { steps: 8, controls: [control] }));
    expect([result.steps, result.activeSteps]).toEqual([8, [[1, 2]]]);
  });

  test("a UNet that reads a mask draws from nothing as if everything may change", async () => {
    const nothing = await latentsOf(nine, asked(null), "unet.input");
    const all = await latentsOf(
      nine,
      asked({ picture: slope(64, 48), strength: 1, mask: plain(64, 48, 255) }),
      "unet.input",
    );
    expect(nothing.latents).toHaveLength(9 * 6 * 8);
    expect([...nothing.latents.subarray(4 * 48, 5 * 48)]).toEqual(Array.from({ length: 48 }, () => 1));
    expect(all.latents).toEqual(nothing.latents);
    expect(all.result.pixels.data).toEqual(nothing.result.pixels.data);
  });

  test("draws come in the order of diffusers' pipelines", async () => {
    const names = async (of: Pipeline, init: Init) => {
      const found: string[] = [];
      await of.generate(asked(init, { sampler: "euler-ancestral", steps: 4 }), {
        noise: (name) => {
          found.push(name);
          return undefined;
        },
      });
      return found.join(" ");
    };
    const picture = slope(64, 48);
    const mask = plain(64, 48, 255);
    expect(await names(pipeline, { picture, strength: 0.5 })).toBe("posterior.init initial step.0");
    expect(await names(pipeline, { picture, strength: 0.5, mask })).toBe("posterior.init initial step.0");
    expect(await names(nine, { picture, strength: 0.5, mask })).toBe("posterior.init initial posterior.masked step.0");
    expect(await names(nine, { picture, strength: 1, mask })).toMatch(/^initial posterior.masked step.0/);
  });

  test("text layers can be left out, each depth loaded once, and not all of them", async () => {
    const plainStates = await latentsOf(pipeline, asked(null), "text.cond.states");
    const shorter = await latentsOf(pipeline, asked(null, { clipSkip: 1 }), "text.cond.states");
    expect(shorter.latents).not.toEqual(plainStates.latents);
    await pipeline.generate(asked(null, { clipSkip: 1, prompt: "another" }));
    expect(pipeline.runs()).toMatchObject({ text_without_1: 2 });
    await expect(pipeline.generate(asked(null, { clipSkip: 3 }))).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("Give at most 2"),
    });
  });

  test("a signal stops it while the picture is prepared", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const stopped = pipeline.generate(asked({ picture: slope(56, 48) }), {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.phase === "encode" && progress.what === "picture") controller.abort(reason);
      },
    });
    await expect(stopped).rejects.toBe(reason);
  });

  test("a wide one is encoded in tiles, which are told one by one, and a stop acts between two", async () => {
    const init = { picture: slope(560, 64), mask: plain(560, 64, 255), strength: 0.5 };
    const wide = asked(init, { width: 560, height: 64, steps: 2, tiles: "always" });
    const toldBy = async (of: Pipeline, request: GenerateRequest): Promise<readonly number[]> => {
      const fractions: number[] = [];
      const tiles: number[] = [];
      await of.generate(request, {
        onProgress: (progress) => {
          fractions.push(progress.fraction);
          if (progress.phase === "encode" && progress.what === "picture") tiles.push(progress.fraction);
        },
      });
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      return tiles.map((fraction) => Math.round(fraction * 1e5) / 1e5);
    };
    expect(await toldBy(pipeline, wide)).toEqual([0.015, 0.0175, 0.02]);
    // The picture and, for a UNet that reads it, what of it must stay: two pictures of two tiles.
    expect(await toldBy(nine, wide)).toEqual([0.015, 0.01625, 0.0175, 0.01875, 0.02]);
    // What is kept is not encoded again.
    expect(await toldBy(pipeline, wide)).toEqual([0.015]);

    const controller = new AbortController();
    const reason = new Error("enough");
    const before = pipeline.runs()["vae_encoder"] ?? 0;
    const stopped = pipeline.generate(wide, {
      reuse: false,
      signal: controller.signal,
      onProgress: ({ phase, fraction }) => {
        if (phase === "encode" && fraction > 0.017) controller.abort(reason);
      },
    });
    await expect(stopped).rejects.toBe(reason);
    expect(pipeline.runs()["vae_encoder"]).toBe(before + 1);
  });
});
