import { createPixels, createSchedule, type GenerateRequest, type LiveSettings, liveRequest } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { sameContent } from "../../engine/src/live-request.ts";

// The live variant of a request, and what tells requests apart.

const defaults = { steps: 20 };
const picture = createPixels(8, 8);
const frame = createPixels(4, 4);
const request: GenerateRequest = { prompt: "a boat", controls: [], seed: 1, guidance: 6 };

describe("the live variant of a request", () => {
  test("asks for few steps of a sampler that is good at few, and keeps all else", () => {
    expect(liveRequest({ ...request, sampler: "ddim" }, defaults)).toEqual({ ...request, steps: 4, sampler: "unipc" });
  });

  test("takes steps, sampler and guidance that are given", () => {
    const settings = { steps: 6, sampler: "euler", guidance: 1 };
    expect(liveRequest(request, defaults, settings)).toEqual({ ...request, ...settings });
  });

  test("does not ask for more steps than the request", () => {
    expect(liveRequest({ ...request, steps: 2 }, defaults).steps).toBe(2);
    expect(liveRequest(request, { steps: 1 }, { steps: 6 }).steps).toBe(1);
  });

  test.each([
    { steps: 4, sampler: undefined },
    { steps: 8, sampler: "euler" },
    { steps: 20, sampler: "lcm" },
    { steps: 20, sampler: { _class_name: "LCMScheduler" } },
  ])("leaves the sampler of what was made for few steps: %o", ({ steps, sampler }) => {
    const asked = { ...request, steps, ...(sampler === undefined ? {} : { sampler }) };
    expect(liveRequest(asked, defaults)).toEqual({ ...asked, steps: 4 });
  });

  test.each([0.05, 0.1, 0.29, 0.3, 0.35, 0.57, 0.6, 0.7, 0.99, 1])(
    "executes as many steps as it says at strength %d",
    (strength) => {
      for (const steps of [1, 2, 4, 5, 6]) {
        const live = liveRequest({ ...request, steps: 1000, init: { picture } }, defaults, { steps, strength });
        const config = { _class_name: "DDIMScheduler", timestep_spacing: "trailing", num_train_timesteps: 1000 };
        expect(createSchedule(config, live.steps ?? 0, { strength }).steps).toHaveLength(steps);
      }
    },
  );

  test("of a few-step model that begins with a picture does not grow", () => {
    const live = liveRequest({ ...request, steps: 4, init: { picture, strength: 0.5 } }, defaults);
    expect(live.steps).toBe(4);
  });

  const mask = createPixels(8, 8);
  const own = { picture, strength: 0.4 };
  test.each<[string, LiveSettings, GenerateRequest["init"], GenerateRequest["init"]]>([
    ["the request's own picture, as strongly as it says", {}, own, own],
    ["the request's own picture, as strongly as the settings say", { strength: 0.2 }, own, { picture, strength: 0.2 }],
    ["noise alone when told so", { from: "noise" }, own, undefined],
    ["noise where the request has no picture", { from: "sketch" }, undefined, undefined],
    ["the frame before", { from: "frame" }, undefined, { picture: frame, strength: 0.8 }],
    ["the frame in the picture's place", { from: "frame", strength: 0.3 }, own, { picture: frame, strength: 0.3 }],
    ["the request's own picture where a mask keeps some of it", { from: "frame" }, { ...own, mask }, { ...own, mask }],
    ["all noise within the mask", { from: "noise" }, { ...own, mask }, { picture, mask, strength: 1 }],
  ])("begins with %s", (_, settings, init, expected) => {
    const live = liveRequest({ ...request, ...(init ? { init } : {}) }, defaults, settings, frame);
    expect(live.init).toEqual(expected);
  });
});

describe("two requests", () => {
  const control = (byte: number) => {
    const pixels = createPixels(4, 4);
    pixels.data[5] = byte;
    return { map: { condition: "lines", pixels }, weight: 0.5 };
  };
  const whole = { ...request, controls: [control(1)] };

  test("are the same with the same content, in whatever order it is written", () => {
    const same = { controls: [control(1)], guidance: 6, seed: 1n, steps: undefined, prompt: "a boat" };
    expect(sameContent(whole, same)).toBe(true);
  });

  test("are the same wherever their bytes lie", () => {
    const pixels = createPixels(4, 4);
    const shifted = new Uint8ClampedArray(new ArrayBuffer(67), 3);
    expect(sameContent(pixels, { ...pixels, data: shifted })).toBe(true);
    shifted[63] = 1;
    expect(sameContent(pixels, { ...pixels, data: shifted })).toBe(false);
  });

  test.each<[string, Partial<GenerateRequest>]>([
    ["one byte of a map", { controls: [control(2)] }],
    ["a weight", { controls: [{ ...control(1), weight: 0.6 }] }],
    ["a mask", { controls: [{ ...control(1), mask: createPixels(4, 4) }] }],
    ["one more control", { controls: [control(1), control(1)] }],
    ["what it begins with", { init: { picture: createPixels(4, 4) } }],
    ["the prompt", { prompt: "a boats" }],
    ["the seed", { seed: 2n ** 64n - 1n }],
  ])("differ with %s", (_, more) => {
    expect(sameContent(whole, { ...whole, ...more })).toBe(false);
    expect(sameContent({ ...whole, ...more }, whole)).toBe(false);
  });
});
