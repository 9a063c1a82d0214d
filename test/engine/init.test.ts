import { readFileSync } from "node:fs";
import { createPixels, Engine, type GenerateRequest, type Init, type Pipeline, type Pixels } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseSize } from "../../engine/src/drawn-size.ts";
import { prepareInit } from "../../engine/src/prepared-init.ts";
import { brightness, feathered, laidOver } from "../../engine/src/prepared-init-mask.ts";
import { errors, golden, readTensors } from "./golden.ts";

// Where a picture to begin with may change: soft masks, softened edges, what comes back byte for byte, and which latents
// it has. Against diffusers where it does the same (test/golden/init/make.py).

const painted = (width: number, height: number, at: (x: number, y: number) => readonly number[]): Pixels => {
  const made = createPixels(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) made.data.set(at(x, y), 4 * (y * width + x));
  return made;
};
const level = (value: number) => [value, value, value, 255] as const;
const pictureOf = async (name: string): Promise<Pixels> =>
  (await readPicture(new Uint8Array(readFileSync(golden(`init/${name}`))), { name })).pixels;
/** Colours in all places, and every alpha from 0 to 255. */
const glassy = (width: number, height: number) =>
  painted(width, height, (x, y) => [(37 * x) % 256, (91 * y) % 256, (x * y) % 256, (7 * x + 11 * y) % 256]);
const size = (width: number, height: number, factor = 1) => ({
  size: { asked: { width, height }, drawn: { width, height } },
  factor,
  steps: 20,
});

describe("a mask with a softened edge", () => {
  const spot = painted(41, 9, (x) => level(x >= 18 && x <= 22 ? 255 : 0));

  test("stays white where it was, falls steadily outwards, and is black again beyond the width", () => {
    const soft = feathered(brightness(spot), 6);
    const row = [...soft.data.subarray(4 * 41, 5 * 41)];
    expect(row.slice(18, 23)).toEqual([255, 255, 255, 255, 255]);
    const right = row.slice(22, 31);
    for (let i = 1; i <= 7; i++) expect(right[i]).toBeLessThan(right[i - 1] as number);
    expect(right.slice(0, 7).every((value) => value > 0)).toBe(true);
    expect(right.slice(7)).toEqual([0, 0]);
    expect(row.toReversed()).toEqual(row);
    // Symmetric about the middle of the edge: what is missing at one end is there at the other.
    for (let i = 0; i <= 7; i++) expect((right[i] ?? 0) + (right[7 - i] ?? 0)).toBeCloseTo(255, -0.5);
  });

  test("of no width is the mask itself, and one without white stays black", () => {
    const plain = brightness(spot);
    expect(feathered(plain, 0)).toBe(plain);
    const black = brightness(painted(5, 4, () => level(0)));
    expect([...feathered(black, 12).data]).toEqual(Array.from({ length: 20 }, () => 0));
  });

  test("keeps what is brighter by itself", () => {
    const slope = brightness(painted(32, 1, (x) => level(255 - 8 * x)));
    const soft = feathered(slope, 3);
    expect(soft.data.every((value, i) => value >= (slope.data[i] as number))).toBe(true);
    expect([...soft.data.subarray(20)]).toEqual([...slope.data.subarray(20)]);
  });
});

describe("what must not change is laid over what was drawn", () => {
  test("as diffusers' overlay does, within one level, and to the byte where the mask is black or white", async () => {
    const [picture, gray] = [await pictureOf("picture.png"), brightness(await pictureOf("mask.png"))];
    const [drawn, expected] = [await pictureOf("drawn.png"), await pictureOf("overlay.png")];
    const over = laidOver(picture, drawn, gray);
    let [largest, exact] = [0, 0];
    for (const [i, mask] of gray.data.entries())
      for (let c = 0; c < 3; c++) {
        const difference = Math.abs((over.data[4 * i + c] ?? 0) - (expected.data[4 * i + c] ?? 0));
        largest = Math.max(largest, difference);
        if (mask === 0 || mask === 255) exact = Math.max(exact, difference);
      }
    expect(exact).toBe(0);
    expect(largest).toBeLessThanOrEqual(1);
  });

  test("transparent pixels too, whose colours count by what they cover", () => {
    const picture = painted(
      3,
      1,
      (x) =>
        [
          [10, 20, 30, 0],
          [200, 0, 0, 128],
          [9, 8, 7, 255],
        ][x] as number[],
    );
    const drawn = painted(3, 1, () => [100, 100, 100, 255]);
    const over = (mask: number) => [
      ...laidOver(picture, drawn, { width: 3, height: 1, data: new Uint8Array(3).fill(mask) }).data,
    ];
    expect(over(0)).toEqual([...picture.data]);
    expect(over(255)).toEqual([...drawn.data]);
    expect(over(128).slice(0, 4)).toEqual([100, 100, 100, 128]);
    // 127 parts of half-covered red over 128 of gray.
    const [above, below] = [127 * 128, 128 * 255];
    expect(over(128)[4]).toBe(Math.round((200 * above + 100 * below) / (above + below)));
  });
});

test("grays of a mask are kept, and a UNet that reads masks gets black and white", () => {
  const mask = painted(4, 1, (x) => level([0, 127, 128, 255][x] as number));
  const { init } = prepareInit({ picture: glassy(4, 1), mask, grays: "when" }, size(4, 1));
  expect([...(init.mask ?? [])].map((value) => Math.round(255 * value))).toEqual([0, 127, 128, 255]);
  expect(init.grays).toBe("when");
});

describe("a generation", () => {
  let engine: Engine;
  let pipeline: Pipeline;
  let nine: Pipeline;
  beforeAll(async () => {
    engine = new Engine({ runtime: { device: "cpu" } });
    pipeline = await engine.load({ base: nodeModel("test/golden/parity/sd15-tiny/base") });
    nine = await engine.load({ base: nodeModel("test/golden/parity/inpaint-nine/base") });
  }, 60_000);
  afterAll(() => engine.dispose());

  const asked = (init: Init, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
    ...{ prompt: "a small boat", negativePrompt: "fog", controls: [], steps: 7, guidance: 4, seed: 7 },
    ...{ width: init.picture.width, height: init.picture.height },
    init: { strength: 0.8, ...init },
    ...more,
  });
  const traced = async (of: Pipeline, request: GenerateRequest) => {
    const seen = new Map<string, Float32Array>();
    const result = await of.generate(request, {
      trace: (name, { values }) => seen.set(name, Float32Array.from(values)),
    });
    return { result, seen };
  };

  test("from the mean of a picture's latents is diffusers'", async () => {
    const picture = await pictureOf("picture.png");
    const { seen } = await traced(pipeline, asked({ picture, encoding: "mean" }));
    const expected = readTensors("init/expected.safetensors").get("mean.ddim")?.values ?? [];
    expect(errors(seen.get("latents.final") ?? [], expected).relative).toBeLessThan(1e-4);
  });

  test.each(["ddim", "euler"] as const)(
    "whose grays say when is differential diffusion, step by step: %s",
    async (sampler) => {
      const [picture, mask] = [await pictureOf("picture.png"), await pictureOf("mask.png")];
      const config = {
        ...{ _class_name: sampler === "ddim" ? "DDIMScheduler" : "EulerDiscreteScheduler" },
        ...{ beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", timestep_spacing: "leading" },
        ...{ steps_offset: 1, clip_sample: false, set_alpha_to_one: false },
      };
      const { seen } = await traced(pipeline, asked({ picture, mask, grays: "when" }, { sampler: config }));
      const expected = readTensors("init/expected.safetensors");
      for (let i = 0; i < 4; i++)
        expect(
          errors(seen.get(`latents.${i}`) ?? [], expected.get(`when.${sampler}.${i}`)?.values ?? []).relative,
        ).toBeLessThan(1e-4);
      // After the last step it goes on where anything may change; what is black is the picture's own.
      const [final, theirs] = [seen.get("latents.final") ?? [], expected.get(`when.${sampler}.4`)?.values ?? []];
      const places = brightness(mask);
      const open = [...final].map((_, i) => {
        const [x, y] = [i % 9, Math.floor((i % 63) / 9)];
        return places.data[8 * y * places.width + 8 * x] !== 0;
      });
      expect(
        errors(
          [...final].filter((_, i) => open[i]),
          [...theirs].filter((_, i) => open[i]),
        ).relative,
      ).toBeLessThan(1e-4);
      expect(open.filter((is) => !is).length).toBeGreaterThan(8);
      expect(
        errors(
          [...final].filter((_, i) => !open[i]),
          [...theirs].filter((_, i) => !open[i]),
        ).relative,
      ).toBeGreaterThan(1e-4);
    },
  );

  test("softens by shares where grays say how much", async () => {
    const picture = await pictureOf("picture.png");
    const all = await traced(pipeline, asked({ picture, mask: painted(72, 56, () => level(255)) }, { steps: 2 }));
    const half = await traced(pipeline, asked({ picture, mask: painted(72, 56, () => level(51)) }, { steps: 2 }));
    const none = await traced(
      pipeline,
      asked({ picture, mask: painted(72, 56, () => level(0)), keepOutside: false }, { steps: 2 }),
    );
    const [a, h, n] = [all, half, none].map(({ seen }) => seen.get("latents.0") ?? new Float32Array());
    const expected = Float32Array.from(h ?? [], (_, i) => 0.2 * (a?.[i] ?? 0) + 0.8 * (n?.[i] ?? 0));
    expect(errors(h ?? [], expected).largest).toBeLessThan(1e-5);
  });

  // Sizes that the autoencoder does not draw are rounded up and cut back; the mask's border crosses blocks of 8.
  test.each([
    ["a 4-channel UNet", 61, 43, {}],
    ["a 4-channel UNet, softly", 61, 43, { feather: 5 }],
    ["a 4-channel UNet, in time", 61, 43, { feather: 9, grays: "when" }],
    ["a 4-channel UNet, wholly new", 53, 71, { strength: 1 }],
    ["a 9-channel UNet", 61, 43, {}],
    ["a 9-channel UNet, softly and in time", 47, 33, { feather: 7, grays: "when" }],
  ] as const)("gives back what is outside the mask byte for byte: %s of %ix%i", async (name, width, height, more) => {
    const picture = glassy(width, height);
    const mask = painted(width, height, (x, y) => level(x > 13 && x < 31 && y > 9 && y < 27 ? 255 : 0));
    const of = name.includes("9-channel") ? nine : pipeline;
    const init: Init = { picture, mask, ...more };
    const { pixels } = await of.generate(asked(init, { width, height, steps: 3 }));
    const places = feathered(brightness(mask), init.feather ?? 0).data;
    let [outside, changed, inside] = [0, 0, 0];
    for (const [i, place] of places.entries()) {
      const isSame = [0, 1, 2, 3].every((c) => pixels.data[4 * i + c] === picture.data[4 * i + c]);
      if (place === 0) outside += isSame ? 0 : 1;
      else inside++;
      if (place === 255 && !isSame) changed++;
    }
    expect(outside).toBe(0);
    expect(changed).toBeGreaterThan(200);
    expect(inside).toBeLessThan(width * height);
    const free = await of.generate(asked({ ...init, keepOutside: false }, { width, height, steps: 3 }));
    expect(free.pixels.data.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
    expect(free.pixels.data).not.toEqual(pixels.data);
  });

  test.each(["blend", "when"] as const)(
    "with a mask that is black gives back the very picture, and runs nothing: %s",
    async (grays) => {
      const picture = glassy(61, 43);
      for (const of of [pipeline, nine]) {
        const before = of.runs();
        const init: Init = { picture, mask: painted(61, 43, () => level(0)), feather: 20, grays };
        const result = await of.generate(asked(init, { width: 61, height: 43 }));
        expect(result.pixels).toEqual(picture);
        expect(result.pixels.data).not.toBe(picture.data);
        expect(of.runs()).toEqual(before);
        expect(result.reused.steps).toBe(0);
        expect(result.warnings).toContainEqual(expect.objectContaining({ code: "init-mask-empty" }));
      }
    },
  );

  test("of another size keeps the picture as it was brought to that size", async () => {
    const picture = painted(64, 64, (x, y) => [4 * x, 4 * y, 90, 255]);
    const mask = painted(64, 64, (x) => level(x < 32 ? 255 : 0));
    const { pixels, warnings } = await pipeline.generate(asked({ picture, mask }, { width: 32, height: 32, steps: 2 }));
    expect(warnings.map(({ code }) => code)).toContain("init-resized");
    for (let y = 0; y < 32; y++)
      expect([...pixels.data.subarray(4 * (32 * y + 24), 4 * (32 * y + 24) + 4)]).toEqual([194, 8 * y + 2, 90, 255]);
  });

  test("with a mask and without a size has the picture's own, and gives black back in it", async () => {
    const picture = glassy(61, 43);
    const mask = painted(61, 43, (x) => level(x < 20 ? 255 : 0));
    const { width: _, height: __, ...unsized } = asked({ picture, mask }, { steps: 2 });
    const { pixels, warnings } = await pipeline.generate(unsized);
    expect([pixels.width, pixels.height, warnings]).toEqual([61, 43, []]);
    const black = (of: Pixels) => of.data.filter((_, at) => (at >> 2) % 61 >= 20);
    expect(black(pixels)).toEqual(black(picture));
    // A size that is asked for is drawn, and without a mask nothing has to come back.
    const sizeOf = (request: GenerateRequest) => chooseSize(request, pipeline.defaults, []).asked;
    expect(sizeOf({ ...unsized, width: 32 }).width).toBe(32);
    const { width: longest } = sizeOf({ ...unsized, init: { picture } });
    expect(longest).toBe(pipeline.defaults.width);
  });

  test("with a mask and a picture that is too large to come back is refused with what to do", async () => {
    const [picture, mask] = [painted(8200, 1, () => level(9)), painted(8200, 1, () => level(255))];
    const { width: _, height: __, ...unsized } = asked({ picture, mask }, { steps: 2 });
    await expect(pipeline.generate(unsized)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringMatching(/8200x1, .*8192.* ask for a size/),
    });
  });

  test("with what is kept makes no other picture than without", async () => {
    const picture = await pictureOf("picture.png");
    const mask = await pictureOf("mask.png");
    const requests = (
      [{}, { grays: "when" }, { feather: 8 }, { encoding: "mean" }, { grays: "when", encoding: "mean" }] as const
    ).map((more) => asked({ picture, mask, ...more }, { steps: 3 }));
    for (const request of [...requests, ...requests]) {
      const warm = await pipeline.generate(request);
      const cold = await pipeline.generate(request, { reuse: false });
      expect(warm.pixels.data).toEqual(cold.pixels.data);
    }
  });
});
