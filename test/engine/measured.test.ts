import {
  autoWeight,
  bestOf,
  type ControlFidelity,
  createPixels,
  type GenerateRequest,
  type GenerateResult,
  type Pixels,
} from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { type MeasuredControl, measureControls } from "../../engine/src/measured.ts";

// How well a result follows its maps, and what is made of it, on pictures whose answer is known.

const side = 128;

/** A disc of one colour on white, `at` pixels from the left. */
function disc(at: number, colour: readonly [number, number, number] = [200, 30, 40], radius = 34): Pixels {
  const pixels = createPixels(side, side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const inside = (x - at) ** 2 + (y - side / 2) ** 2 < radius ** 2;
      pixels.data.set([...(inside ? colour : [255, 255, 255]), 255], 4 * (y * side + x));
    }
  return pixels;
}

/** A white ring on black, `broad` pixels broad: what a hand draws of a disc. */
function ring(at: number, broad = 7, radius = 34): Pixels {
  const pixels = createPixels(side, side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const distance = Math.hypot(x - at, y - side / 2) - radius;
      const value = Math.abs(distance) <= broad / 2 ? 255 : 0;
      pixels.data.set([value, value, value, 255], 4 * (y * side + x));
    }
  return pixels;
}

const control = (condition: string, pixels: Pixels, more: Partial<MeasuredControl> = {}): MeasuredControl => ({
  map: { condition, pixels },
  fitted: pixels,
  kind: null,
  acts: true,
  ...more,
});
const nothing = { run: () => Promise.reject(new Error("no net is here")), models: [] };
const one = async (measured: MeasuredControl, picture: Pixels) =>
  (await measureControls([measured], picture, nothing))[0] as ControlFidelity;

describe("fidelity", () => {
  test("of strokes drawn by hand is high for a picture with that outline, and near chance for another", async () => {
    const strokes = control("my own strokes", ring(64), { kind: "scribble" });
    const [met, missed] = [await one(strokes, disc(64)), await one(strokes, disc(20))];
    expect(met.condition).toBe("canny");
    expect(met.measure).toBe("line-f1");
    expect(met.gain).toBeGreaterThan(0.9);
    expect(missed.gain).toBeLessThan(0.4);
    expect(met.chance).toBeGreaterThan(0);
  });

  test("of a map that was drawn with options sees the result with the same", async () => {
    const pixels = ring(64, 1);
    const seen = { condition: "canny", pixels, options: { low: 700, high: 1400 } };
    // Thresholds that a faint disc does not reach: nothing is seen in it.
    const faint = disc(64, [235, 235, 235]);
    expect((await one({ ...control("canny", pixels), map: seen }, faint)).value).toBe(0);
    expect((await one(control("canny", pixels, { kind: "lines" }), disc(64))).value).toBeGreaterThan(0.9);
  });

  test("of colours is in distance, where less is better", async () => {
    const wanted = control("colour-areas", disc(64), { kind: "colour" });
    const [same, other] = [await one(wanted, disc(64)), await one(wanted, disc(64, [20, 40, 220]))];
    expect(same.better).toBe("lower");
    expect(same.gain).toBeGreaterThan(0.7);
    expect(other.gain).toBeLessThan(same.gain - 0.4);
  });

  test("of depth is in ranks, by the net that sees depth where its file is there", async () => {
    const deep = control("depth-order", ring(64, 68, 0), { kind: "depth" });
    expect((await one(deep, disc(64))).measure).toBe("rank-correlation");
    const ran: string[] = [];
    const run = (model: string) => {
      ran.push(model);
      return Promise.reject(new Error("stop here"));
    };
    await expect(measureControls([deep], disc(64), { run, models: ["depth-anything"] })).rejects.toThrow("stop here");
    expect(ran).toEqual(["depth-anything"]);
  });

  test("of a mask is in areas", async () => {
    const area = control("mask-layers", ring(64, 68, 0));
    expect((await one(area, disc(64))).measure).toBe("area-iou");
    expect((await one(area, disc(64))).gain).toBeGreaterThan(0.8);
  });

  test("looks only where the control acted", async () => {
    const mask = createPixels(side, side);
    for (let i = 0; i < mask.data.length; i += 4)
      mask.data.set(i % (4 * side) < 2 * side ? [255, 255, 255, 255] : [0, 0, 0, 255], i);
    const strokes = control("strokes", ring(64), { kind: "lines" });
    // Another outline on the right half alone.
    const half = disc(64);
    for (let y = 0; y < side; y++)
      for (let x = side / 2; x < side; x++)
        half.data.set(x > 110 ? [0, 0, 0, 255] : [255, 255, 255, 255], 4 * (y * side + x));
    expect((await one({ ...strokes, mask }, half)).gain).toBeGreaterThan((await one(strokes, half)).gain + 0.2);
  });

  test("is null for what did not act, and for what no picture shows", async () => {
    const [idle, pose, classes] = await measureControls(
      [
        control("canny", ring(64), { acts: false }),
        control("pose", ring(64), { kind: "pose" }),
        control("segmentation", disc(64), { kind: "segmentation" }),
      ],
      disc(64),
      nothing,
    );
    expect([idle, pose, classes]).toEqual([null, null, null]);
  });
});

/** A pipeline whose results follow their map as well as `gain` says. */
function pretending(gain: (request: GenerateRequest) => number | null) {
  const asked: GenerateRequest[] = [];
  const generate = async (request: GenerateRequest): Promise<GenerateResult> => {
    asked.push(request);
    const found = gain(request);
    const fidelity =
      found === null ? null : { measure: "m", value: found, chance: 0, better: "higher", condition: "c", gain: found };
    return {
      pixels: createPixels(1, 1),
      seed: BigInt(request.seed ?? 0),
      steps: 1,
      guidance: 1,
      scheduler: "",
      activeSteps: [],
      fidelity: [fidelity as ControlFidelity | null],
      reused: { text: [], maps: [], steps: 0, picture: false },
      warnings: [],
    };
  };
  return { asked, generate };
}
const steered: GenerateRequest = {
  prompt: "",
  controls: [{ map: { condition: "canny", pixels: ring(64) } }],
  seed: 10,
};

describe("the best of several", () => {
  test("comes first, and the seeds follow the request's own", async () => {
    const gains: Record<string, number> = { 10: 0.2, 11: 0.9, 12: 0.5 };
    const results = await bestOf(
      pretending(({ seed }) => gains[String(seed)] ?? 0),
      steered,
      { count: 3 },
    );
    expect(results.map(({ seed }) => seed)).toEqual([11n, 12n, 10n]);
  });

  test("wraps at the largest seed", async () => {
    const { asked, generate } = pretending(() => 0.1);
    await bestOf({ generate }, { ...steered, seed: 2n ** 64n - 1n }, { count: 2 });
    expect(asked.map(({ seed }) => seed)).toEqual([2n ** 64n - 1n, 0n]);
  });

  test("cannot be told where nothing is measured: said after one picture, not after all", async () => {
    const { asked, generate } = pretending(() => null);
    await expect(bestOf({ generate }, steered, { count: 8 })).rejects.toMatchObject({ code: "request-invalid" });
    expect(asked).toHaveLength(1);
  });

  test.each([0, 65, 1.5, Number.NaN])("refuses a count of %s", async (count) => {
    await expect(
      bestOf(
        pretending(() => 1),
        steered,
        { count },
      ),
    ).rejects.toThrow(RangeError);
  });
});

describe("the weight that is needed", () => {
  const weightOf = (request: GenerateRequest) => request.controls[0]?.weight ?? 1;

  test("is the first that reaches the target, with one seed and the trail", async () => {
    const { asked, generate } = pretending((request) => weightOf(request) / 2);
    const found = await autoWeight({ generate }, steered, { target: 0.8, most: 5 });
    expect(found.reached).toBe(true);
    expect(found.weight).toBe(1.75);
    expect(found.trail.map(({ weight }) => weight)).toEqual([1, 1.25, 1.5, 1.75]);
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(1);
  });

  test("is the most faithful one where none reaches it", async () => {
    const found = await autoWeight(
      pretending((request) => 1 - Math.abs(weightOf(request) - 1.4)),
      steered,
      {
        target: 1,
        most: 4,
      },
    );
    expect(found.reached).toBe(false);
    expect(found.weight).toBeCloseTo(4 / 3, 6);
    expect(found.trail).toHaveLength(4);
  });

  test("begins above 0, where nothing acts", async () => {
    const request = { ...steered, controls: [{ ...steered.controls[0], weight: 0 }] } as GenerateRequest;
    const found = await autoWeight(
      pretending((asked) => (weightOf(asked) === 0 ? null : 0.5)),
      request,
      { target: 0.9 },
    );
    expect(found.trail.every(({ weight }) => weight > 0)).toBe(true);
  });

  test.each([
    [{ target: 2 }, RangeError],
    [{ target: Number.NaN }, RangeError],
    [{ target: 0.5, control: 3 }, RangeError],
    [{ target: 0.5, most: 0 }, RangeError],
  ])("refuses %j", async (options, kind) => {
    await expect(
      autoWeight(
        pretending(() => 1),
        steered,
        options,
      ),
    ).rejects.toThrow(kind);
  });
});
