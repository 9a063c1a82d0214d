import { describe, expect, test, vi } from "vitest";
import { diverged, isAstray, isDead, isWorse } from "../../engine/src/training/divergence.ts";
import { hasConverged, heldOutRows, meanFidelity } from "../../engine/src/training/held-out.ts";
import { withLoss, withMeasure } from "../../engine/src/training/loss-curve.ts";
import { RunClock } from "../../engine/src/training/run-clock.ts";
import { fullSettings } from "../../engine/src/training/settings.ts";
import type { TrainingMeasure, TrainingReport, TrainingSample } from "../../engine/src/training/training.ts";

// What a run tells of its course: the clock, the curve, the measures, and when a net is said to follow its maps.

describe("the clock", () => {
  test("never falls and keeps 1 for the end, whichever end there is", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      for (const end of [{ steps: 40 }, { minutes: 2 }, { steps: 40, minutes: 1 }, {}]) {
        const clock = new RunClock(end);
        const told = [0, 1, 2, 3].map((done) => clock.prepared(done, 3));
        // Measured before the first step.
        vi.advanceTimersByTime(100_000);
        told.push(clock.fractionAt(10));
        expect(told.at(-1)).toBe(0.1);
        clock.begin(10);
        for (let step = 10; !clock.isOver(step) && step < 5000; step++) {
          vi.advanceTimersByTime(1000);
          told.push(clock.fractionAt(step + 1), clock.fraction);
        }
        expect(told).toEqual([...told].sort((a, b) => a - b));
        expect(told[0]).toBe(0);
        expect(told.at(-1)).toBeGreaterThan(0.8);
        expect(told.at(-1)).toBeLessThan(1);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("ends after the steps in all, or the minutes from the first step on, of which there is one", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      expect([39, 40, 41].map((step) => new RunClock({ steps: 40 }).isOver(step))).toEqual([false, true, true]);
      const clock = new RunClock({ minutes: 0.5 });
      vi.advanceTimersByTime(100_000);
      expect(clock.isOver(10)).toBe(false);
      clock.begin(10);
      vi.advanceTimersByTime(29_000);
      expect(clock.isOver(11)).toBe(false);
      vi.advanceTimersByTime(1000);
      expect([10, 11].map((step) => clock.isOver(step))).toEqual([false, true]);
      expect(clock.seconds).toBe(130);
      expect(new RunClock({}).isOver(1e9)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the curve", () => {
  const curveOf = (steps: number, loss: (step: number) => number) => {
    let curve: TrainingReport["curve"] = [];
    for (let step = 1; step <= steps; step++) curve = withLoss(curve, step, loss(step));
    return curve;
  };

  test("has the mean of the first steps, then of the last ones, and ends with the newest step", () => {
    expect(curveOf(3, (step) => step)).toEqual([
      [1, 1],
      [3, 2],
    ]);
    const curve = curveOf(420, (step) => (step <= 100 ? 1 : 0.2));
    expect(curve.map(([step]) => step)).toEqual([1, 50, 100, 150, 200, 250, 300, 350, 400, 420]);
    expect(curve[2]?.[1]).toBe(1);
    expect(curve.at(-1)?.[1]).toBeCloseTo(0.2, 2);
    // Each fiftieth of the way to the newest: what 50 steps leave of what was before is a little more than a third.
    expect(curve[3]?.[1]).toBeCloseTo(0.2 + 0.8 * 0.98 ** 50, 6);
  });

  test("goes on where it was, and is never longer than a checkpoint takes", () => {
    const loss = (step: number) => Math.sin(step);
    let curve = JSON.parse(JSON.stringify(curveOf(77, loss))) as TrainingReport["curve"];
    for (let step = 78; step <= 130; step++) curve = withLoss(curve, step, loss(step));
    expect(curve).toEqual(curveOf(130, loss));
    let long: TrainingReport["curve"] = Array.from({ length: 1001 }, (_, n) => [Math.max(1, 50 * n), 1] as const);
    for (let step = 50_001; step <= 50_201; step++) long = withLoss(long, step, 1);
    expect(long.length).toBeLessThan(510);
    expect(long.slice(0, 3).map(([step]) => step)).toEqual([1, 100, 200]);
    expect(long.slice(-3).map(([step]) => step)).toEqual([50_100, 50_200, 50_201]);
  });

  test("measures keep the first and the last, one a step", () => {
    let measures: readonly { step: number; loss: number }[] = [];
    for (let step = 0; step < 5000; step++) measures = withMeasure(measures, { step, loss: 1 });
    expect(measures.length).toBeLessThan(1002);
    expect([measures[0]?.step, measures.at(-1)?.step]).toEqual([0, 4999]);
    expect(withMeasure([{ step: 3, loss: 1 }], { step: 3, loss: 2 })).toEqual([{ step: 3, loss: 2 }]);
  });
});

describe("a net follows its maps", () => {
  const measure = (step: number, gain: number | null, loss = 1): Omit<TrainingMeasure, "samples" | "converged"> => ({
    ...{ step, loss, baseLoss: 1 },
    fidelity: gain === null ? null : { value: gain, chance: 0, gain },
  });
  const fresh = { isFresh: true };

  test("a fifth of the way from chance above what prompts alone give", () => {
    expect(hasConverged([], fresh)).toBe(false);
    expect(hasConverged([measure(0, 0.6)], fresh)).toBe(false);
    expect(hasConverged([measure(0, 0.3), measure(100, 0.45)], fresh)).toBe(false);
    expect(hasConverged([measure(0, 0.3), measure(100, 0.52)], fresh)).toBe(true);
    // Prompts that draw worse than chance make it no easier.
    expect(hasConverged([measure(0, -0.3), measure(100, 0.1)], fresh)).toBe(false);
    // It is said of now: what is lost again is lost.
    expect(hasConverged([measure(0, 0), measure(100, 0.5), measure(200, 0.1)], fresh)).toBe(false);
  });

  test("a fifth above chance for a net that was gone on from, already before its first step", () => {
    expect(hasConverged([measure(0, 0.5)], { isFresh: false })).toBe(true);
    expect(hasConverged([measure(0, 0.5), measure(100, 0.1)], { isFresh: false })).toBe(false);
    expect(hasConverged([measure(0, 0.1)], { isFresh: false })).toBe(false);
  });

  test("by its loss where nothing is seen in pictures", () => {
    expect(hasConverged([measure(0, null), measure(100, null, 0.97)], fresh)).toBe(false);
    expect(hasConverged([measure(0, null), measure(100, null, 0.94)], fresh)).toBe(true);
  });

  test("as the mean of what was seen, from chance to the best there is", () => {
    const sample = (value: number, chance: number, better: "higher" | "lower") =>
      ({ fidelity: { value, chance, better } }) as unknown as TrainingSample;
    expect(meanFidelity([{ fidelity: null } as TrainingSample])).toBeNull();
    const seen = meanFidelity([sample(0.6, 0.2, "higher"), sample(0.1, 0.4, "lower")]);
    expect(seen?.gain).toBeCloseTo((0.5 + 0.75) / 2, 9);
    expect(seen?.value).toBeCloseTo(0.35, 9);
  });
});

describe("rows of held-out pairs", () => {
  test.each([
    [[7], 4, 8],
    [[1, 2], 3, 9],
    [[1, 2, 3, 4, 5], 4, 8],
    [Array.from({ length: 16 }, (_, n) => n), 3, 18],
  ])("of %j in batches of %i are %i, all pairs and all times among them", (pairs, batch, count) => {
    const rows = heldOutRows(pairs, 1000, batch);
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map(({ pair }) => pair))).toEqual(new Set(pairs));
    const times = rows.map(({ timestep }) => timestep);
    expect(Math.min(...times)).toBeLessThan(1000 / count);
    expect(Math.max(...times)).toBeGreaterThanOrEqual(1000 - 1000 / count);
    expect(new Set(rows.map(({ place }) => place)).size).toBe(count);
  });
});

describe("a loss", () => {
  test("is astray where it is no number, or a hundred times the base's", () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, 101].map((loss) => isAstray(loss, 0.3))).toEqual([true, true, true]);
    expect([99, 150, 201].map((loss) => isAstray(loss, 2))).toEqual([false, false, true]);
  });

  test("of the same rows is astray where it is three times as without the net", () => {
    expect([0.29, 0.31, Number.NaN].map((loss) => isWorse(loss, 0.1))).toEqual([false, true, true]);
  });

  test("that leaves no gradient, or an endless one, is astray too", () => {
    expect([1e-6, 0, 1e-12, Number.NaN, Number.POSITIVE_INFINITY].map(isDead)).toEqual([false, true, true, true, true]);
  });

  test("that is astray is told with what to do and where the last good weights are", () => {
    const error = diverged(
      { step: 12, loss: Number.NaN, rate: 1, sign: "its loss is NaN" },
      "checkpoint-000010.safetensors",
    );
    expect(error.message).toMatch(
      /step 12: its loss is NaN\. The checkpoint checkpoint-000010\.safetensors is as it was.*lower learning rate than 1/,
    );
    expect(error.details).toEqual({ step: 12, loss: Number.NaN, checkpoint: "checkpoint-000010.safetensors" });
    expect(diverged({ step: 1, loss: 1e9, rate: 1, sign: "it is far off" }, null).message).toContain(
      "No checkpoint had been written",
    );
  });
});

describe("settings", () => {
  const small = { channels: 64, pairs: 8, width: 64, height: 32 };

  test("are filled in by the base and the number of pairs", () => {
    expect(fullSettings({}, { ...small, channels: 320, pairs: 50 })).toMatchObject({
      learningRate: 1e-5,
      heldOut: 5,
      emptyPrompts: 0.5,
      accumulate: 1,
    });
    expect(fullSettings({}, small).learningRate).toBe(4e-4);
    expect([4, 8, 20, 50, 500].map((pairs) => fullSettings({}, { ...small, pairs }).heldOut)).toEqual([0, 2, 2, 5, 16]);
  });

  test("are taken up to their limits: four pairs to learn from, a shift of less than the shorter side", () => {
    expect(fullSettings({ heldOut: 4, shift: 31 }, small)).toMatchObject({ heldOut: 4, shift: 31 });
    expect(fullSettings({ heldOut: 0 }, { ...small, pairs: 3 }).heldOut).toBe(0);
  });

  test.each([
    [{ steps: 0 }, "steps"],
    [{ steps: 1.5 }, "steps"],
    [{ minutes: 0 }, "minutes"],
    [{ accumulate: 0 }, "accumulate"],
    [{ learningRate: Number.NaN }, "learningRate"],
    [{ learningRate: -1 }, "learningRate"],
    [{ clip: 0 }, "clip"],
    [{ emptyPrompts: 1.1 }, "emptyPrompts"],
    [{ shift: -1 }, "shift"],
    [{ shift: 32 }, "shift"],
    [{ seed: 2 ** 32 }, "seed"],
    [{ heldOut: 8 }, "heldOut"],
    [{ heldOut: 5 }, "heldOut"],
    [{ mean: 1 }, "mean"],
    [{ measureEvery: 0 }, "measureEvery"],
    [{ sampleSteps: 0 }, "sampleSteps"],
  ])("%j are refused by name", (settings, name) => {
    expect(() => fullSettings(settings, small)).toThrow(RangeError);
    expect(() => fullSettings(settings, small)).toThrow(`settings.${name}`);
  });
});
