import {
  batchSize,
  contextArea,
  familyLimits,
  limitsOf,
  preferredLimits,
  type SamplingOptions,
  samplingPlan,
} from "@underdraw/sdk";
import { describe, expect, test } from "vitest";

const sd15 = familyLimits["stable-diffusion-1.5"];
const sdxl = familyLimits["stable-diffusion-xl"];
const pack = limitsOf({ width: 256, height: 256, steps: 16, guidance: 3, halves: [1, 1] as const, multiple: 16 });
const sides = ({ width, height }: { readonly width: number; readonly height: number }) => [width, height];

test("a model's limits follow from its own canvas", () => {
  const defaults = { steps: 20, guidance: 7, halves: [1, 1] as const, multiple: 8 };
  expect(limitsOf({ ...defaults, width: 512, height: 512 })).toEqual({
    minSide: 512,
    maxSide: 768,
    minPixels: 262_144,
    maxPixels: 393_216,
    multiple: 16,
  });
  expect(pack).toEqual({ minSide: 205, maxSide: 307, minPixels: 65_536, maxPixels: 65_536, multiple: 16 });
  expect(limitsOf({ ...defaults, width: 768, height: 768, multiple: 64 })).toEqual({
    minSide: 614,
    maxSide: 922,
    minPixels: 589_824,
    maxPixels: 589_824,
    multiple: 64,
  });
});

describe("what is drawn for a selection", () => {
  // Each row was worked out by hand: scales are sqrt(limit / pixels), sides rounded, then up to 16.
  test.each([
    // Stable Diffusion 1.5: below its least pixels and sides it is drawn larger.
    ["a square icon", [100, 100], sd15, 1, [512, 512], [512, 512]],
    ["a wide banner", [300, 200], sd15, 1, [627, 418], [640, 432]],
    ["what fits already", [512, 512], sd15, 1, [512, 512], [512, 512]],
    ["an odd size that fits", [601, 499], sd15, 1, [601, 499], [608, 512]],
    // One side is as long as the least: it stays, however few pixels it has.
    ["a strip as long as the least side", [512, 100], sd15, 1, [512, 100], [512, 112]],
    // 393216 pixels of 589824: 0.8165 of it, and 768 is no side too long.
    ["a square at the longest side", [768, 768], sd15, 1, [768, 768], [768, 768]],
    ["a square just beyond it", [770, 770], sd15, 2, [627, 627], [640, 640]],
    ["a photo", [1920, 1080], sd15, 2, [836, 470], [848, 480]],
    ["a photo upright", [1080, 1920], sd15, 2, [470, 836], [480, 848]],
    // Within a tenth of the most pixels nothing is gained by a second pass: 0.9035.
    ["a size hardly beyond", [800, 602], sd15, 1, [800, 602], [800, 608]],
    ["a photo", [1920, 1080], sdxl, 2, [1365, 768], [1376, 768]],
    // The pack's canvas is 256 pixels.
    ["an icon", [64, 64], pack, 1, [256, 256], [256, 256]],
    ["an icon in the canvas' size", [256, 256], pack, 1, [256, 256], [256, 256]],
    ["a picture", [1000, 1000], pack, 2, [256, 256], [256, 256]],
    ["a picture", [400, 300], pack, 2, [296, 222], [304, 224]],
    ["a picture a little too large", [280, 280], pack, 1, [280, 280], [288, 288]],
    // Nothing is drawn longer than twice the longest side, nor shorter than a pixel.
    ["one pixel", [1, 1], sd15, 1, [512, 512], [512, 512]],
    ["a hair", [1, 100], sd15, 1, [15, 1536], [16, 1536]],
    ["a long line", [30_000, 34], sd15, 2, [1536, 2], [1536, 16]],
  ] as const)("of %s (%j)", (_, [width, height], limits, passes, initial, sampled) => {
    const plan = samplingPlan({ width, height }, limits);
    expect([plan.passes, sides(plan.initial), sides(plan.sampled)]).toEqual([passes, initial, sampled]);
    expect(plan.target).toEqual({ width, height });
  });

  test("is never moved by rounding: what is sampled holds all of it, and less than a multiple more", () => {
    for (const limits of [sd15, sdxl, pack, { ...pack, multiple: 64 }, preferredLimits(96)])
      for (let width = 1; width < 2400; width = Math.ceil(width * 1.37))
        for (let height = 1; height < 2400; height = Math.ceil(height * 1.41)) {
          const { initial, sampled } = samplingPlan({ width, height }, limits);
          for (const side of ["width", "height"] as const) {
            expect(sampled[side] % limits.multiple).toBe(0);
            expect(sampled[side] - initial[side]).toBeGreaterThanOrEqual(0);
            expect(sampled[side] - initial[side]).toBeLessThan(limits.multiple);
          }
          expect(Math.max(initial.width, initial.height)).toBeLessThanOrEqual(2 * limits.maxSide);
          // Proportions hold to within a pixel of the shorter side.
          const [long, short] = width >= height ? [initial.width, initial.height] : [initial.height, initial.width];
          const wanted = (long * Math.min(width, height)) / Math.max(width, height);
          expect(Math.abs(short - Math.max(1, wanted))).toBeLessThanOrEqual(1);
        }
  });

  test("follows a multiplier and the machine's limit of pixels", () => {
    const plan = (options: SamplingOptions) =>
      sides(samplingPlan({ width: 2000, height: 1000 }, sd15, options).desired);
    expect(plan({})).toEqual([2000, 1000]);
    expect(plan({ multiplier: 0.5 })).toEqual([1000, 500]);
    // Up to a twentieth above the limit nothing is scaled down.
    expect(plan({ pixelLimit: 1_910_000 })).toEqual([2000, 1000]);
    expect(plan({ pixelLimit: 1_280_000 })).toEqual([1600, 800]);
    expect(plan({ multiplier: 2, pixelLimit: 1_280_000 })).toEqual([1600, 800]);
    // Made smaller than the model likes, a canvas that fits is drawn as it is.
    const small = samplingPlan({ width: 600, height: 500 }, sd15, { multiplier: 0.5 });
    expect([sides(small.desired), sides(small.initial), small.passes]).toEqual([[300, 250], [600, 500], 1]);
  });

  test("needs a size", () => {
    for (const side of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => samplingPlan({ width: 10, height: side }, sd15)).toThrow(RangeError);
    expect(() => samplingPlan({ width: 10, height: 10 }, sd15, { multiplier: 0 })).toThrow(RangeError);
  });
});

test("a batch holds fewer of larger pictures, and at least one", () => {
  expect(batchSize({ width: 512, height: 512 }, 4)).toBe(4);
  expect(batchSize({ width: 256, height: 256 }, 4)).toBe(4);
  expect(batchSize({ width: 768, height: 512 }, 4)).toBe(2);
  expect(batchSize({ width: 1024, height: 1024 }, 6)).toBe(1);
  expect(batchSize({ width: 4096, height: 4096 }, 8)).toBe(1);
});

describe("the context of a selection", () => {
  const canvas = { width: 2048, height: 1536 };

  test("is a square with a sixteenth of the canvas or half the selection around it", () => {
    // 128 around 200x100: 456, so at least 512.
    expect(contextArea({ x: 800, y: 600, width: 200, height: 100 }, canvas)).toEqual({
      x: 644,
      y: 394,
      width: 512,
      height: 512,
    });
    // The mean side is 500, half of it 250: 600 + 500 = 1100, and 1104 is the next multiple of 8.
    expect(contextArea({ x: 700, y: 500, width: 600, height: 400 }, canvas)).toEqual({
      x: 448,
      y: 148,
      width: 1104,
      height: 1104,
    });
  });

  test("moves onto the canvas and is never larger than it", () => {
    expect(contextArea({ x: 0, y: 1500, width: 30, height: 36 }, canvas)).toEqual({
      x: 0,
      y: 1024,
      width: 512,
      height: 512,
    });
    expect(contextArea({ x: 10, y: 10, width: 50, height: 50 }, { width: 300, height: 900 })).toEqual({
      x: 0,
      y: 0,
      width: 300,
      height: 512,
    });
  });

  test("clamps a selection that reaches over the edge first, and refuses one off the canvas", () => {
    expect(contextArea({ x: -500, y: -500, width: 530, height: 536 }, canvas)).toEqual(
      contextArea({ x: 0, y: 0, width: 30, height: 36 }, canvas),
    );
    expect(() => contextArea({ x: 2048, y: 0, width: 10, height: 10 }, canvas)).toThrow(RangeError);
    expect(() => contextArea({ x: 0, y: 0, width: 0, height: 10 }, canvas)).toThrow(RangeError);
  });

  test("is the padded selection below full strength", () => {
    const selection = { x: 5, y: 100, width: 31, height: 17 };
    expect(contextArea(selection, canvas, { strength: 0.5, padding: 10 })).toEqual({
      x: 0,
      y: 90,
      width: 46,
      height: 37,
    });
  });
});
