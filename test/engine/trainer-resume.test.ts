import type { Trainer, TrainingMode } from "@underdraw/engine";
import { memoryPlace } from "@underdraw/engine/training";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { PairSource } from "../../engine/src/training/pair.ts";
import {
  digestOf,
  losses,
  netDigest,
  only,
  quick,
  reportIn,
  shareEngine,
  squares,
  testEngine,
  testTrainer,
  trained,
} from "./trainer-parts.ts";
import { contentOf } from "./training-files-contract.ts";

// A run that was ended goes on to the numbers that it would have come to: in memory, and from a checkpoint in another engine.

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
shareEngine();

const path = (step: number) => `checkpoint-${String(step).padStart(6, "0")}.safetensors`;
const modes = ["whole", "light"] as const;

/** One trainer for each mode; a run with another seed begins anew on it. */
let trainers: Record<TrainingMode, Trainer>;
beforeAll(async () => {
  trainers = { whole: await testTrainer(), light: await testTrainer({ mode: "light", rank: 4 }) };
});

describe("six steps", () => {
  const ways = { seed: 1, accumulate: 2, mean: 0.9, mirror: true, shift: 5, warmUp: 5 };

  test.each(modes)("are the same bit for bit after a stop and in another engine: %s", async (mode) => {
    const place = memoryPlace("run");
    const whole = await trained(trainers[mode], { ...ways, steps: 6, checkpointEvery: 3, place });
    const expected = await netDigest(trainers[mode]);
    expect(await place.list()).toEqual([path(3), path(6)]);

    await place.remove(path(6));
    await using other = await testTrainer({ mode, ...(mode === "light" ? { rank: 4 } : {}) }, testEngine());
    const second = await trained(other, { ...ways, steps: 6, place });
    expect(only(second, "note").at(-1)?.text).toBe(`Goes on from step 3, ${path(3)}.`);
    expect(only(second, "step").map(({ step }) => step)).toEqual([4, 5, 6]);
    expect(losses(second)).toEqual(losses(whole).slice(3));
    expect(await netDigest(other)).toEqual(expected);
    // What is told of the run is the same too.
    const { seconds: _, settings: __, ...told } = reportIn(whole);
    expect(reportIn(second)).toMatchObject({ ...told });
    expect(only(second, "step").map(({ meanLoss }) => meanLoss)).toEqual(
      only(whole, "step")
        .slice(3)
        .map(({ meanLoss }) => meanLoss),
    );
  });

  test("are others with another seed, and with one batch a step", async () => {
    const nets: string[] = [];
    for (const other of [{}, { seed: 3 }, { accumulate: 1 }]) {
      await trained(trainers.whole, { ...ways, steps: 2, ...other });
      nets.push(await netDigest(trainers.whole));
    }
    for (const [n, net] of nets.entries()) for (const other of nets.slice(n + 1)) expect(net).not.toEqual(other);
  });
});

describe("a run that is ended", () => {
  const settings = { ...quick, steps: 5 };

  test("in the middle of a step keeps the one before, and rejects with the signal's reason", async () => {
    const stopping = new AbortController();
    const place = memoryPlace("run");
    let reads = 0;
    const pairs = squares(40);
    // Few of these pairs are prepared before the first step: the others are read in the middle of one.
    const slow: PairSource = {
      ...pairs,
      async read(at, options) {
        if (isGoing && ++reads > 2) stopping.abort(new Error("stopped by hand"));
        return pairs.read(at, options);
      },
    };
    let isGoing = false;
    const steps: number[] = [];
    const run = async () => {
      for await (const moment of trainers.whole.run(slow, { ...settings, seed: 20, place, signal: stopping.signal }))
        if (moment.kind === "step") {
          steps.push(moment.step);
          isGoing = true;
        }
    };
    await expect(run()).rejects.toThrow("stopped by hand");
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.length).toBeLessThan(5);
    expect(await place.list()).toEqual([path(steps.length)]);
    const after = await trained(trainers.whole, { ...settings, seed: 20, place }, pairs);
    expect(only(after, "step")[0]?.step).toBe(steps.length + 1);
  });

  test("by minutes that pass before its first step makes one step all the same", async () => {
    // Half a millisecond's step would be a fast one.
    const moments = await trained(trainers.light, { seed: 19, steps: 1000, minutes: 0.001 });
    const { steps } = reportIn(moments);
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(1000);
  });

  test("before it begins reads nothing", async () => {
    const pairs = squares();
    const signal = AbortSignal.abort(new Error("not today"));
    await expect(trained(trainers.whole, { signal }, pairs)).rejects.toThrow("not today");
    expect(pairs.reads).toEqual([]);
  });

  test("by leaving its loop keeps the last step, and goes on in memory without a place", async () => {
    const place = memoryPlace("run");
    const seed = { seed: 21 };
    for await (const moment of trainers.whole.run(squares(), { ...settings, ...seed, place }))
      if (moment.kind === "step" && moment.step === 2) break;
    expect(await place.list()).toEqual([path(2)]);
    const next = await trained(trainers.whole, { ...settings, ...seed, steps: 3 });
    expect(only(next, "step").map(({ step }) => step)).toEqual([3]);
    const inMemory = await netDigest(trainers.whole);
    // A place that comes later gets what was learnt without it.
    const late = memoryPlace("late");
    expect(only(await trained(trainers.whole, { ...settings, ...seed, steps: 3, place: late }), "step")).toEqual([]);
    expect(await late.list()).toEqual([path(3)]);
    // From the checkpoint it comes to the same.
    await trained(trainers.whole, { seed: 22, steps: 1 });
    await trained(trainers.whole, { ...settings, ...seed, steps: 3, place });
    expect(await netDigest(trainers.whole)).toEqual(inMemory);
  });

  test("by disposing of its trainer while it waits keeps the last step, and its loop rejects", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("run");
    const run = async () => {
      for await (const moment of trainer.run(squares(), { ...settings, place }))
        if (moment.kind === "step" && moment.step === 2) await trainer.dispose();
    };
    await expect(run()).rejects.toMatchObject({ code: "disposed" });
    expect(await place.list()).toEqual([path(2)]);
    await expect(trained(trainer)).rejects.toMatchObject({ code: "disposed" });
    await expect(trainer.net()).rejects.toMatchObject({ code: "disposed" });
    await trainer.dispose();
  });

  test("is refused while another one goes", async () => {
    const run = trainers.light.run(squares(), quick)[Symbol.asyncIterator]();
    await run.next();
    await expect(trained(trainers.light)).rejects.toThrow(TypeError);
    await run.return?.();
    expect(only(await trained(trainers.light, { steps: 1 }), "step")).toHaveLength(1);
  });
});

describe("a place with another training", () => {
  test("is begun anew in beside it, with a note; both go on afterwards", async () => {
    const place = memoryPlace("run");
    const trainer = trainers.whole;
    await trained(trainer, { seed: 30, steps: 2, place });
    const kept = digestOf(await contentOf(place, path(2)));
    const others = [
      { settings: { seed: 31 }, pairs: squares(), why: "It was trained with seed 30, and now it is 31." },
      { settings: { seed: 30 }, pairs: squares(9), why: "It learnt from other pairs" },
      {
        settings: { seed: 30 },
        pairs: { ...squares(), condition: "lineart" },
        why: "It was trained with condition canny, and now it is lineart.",
      },
    ];
    for (const [n, { settings, pairs, why }] of others.entries()) {
      const moments = await trained(trainer, { ...settings, steps: 2, place }, pairs);
      expect(only(moments, "note").some(({ text }) => text.includes(`"${path(2)}" was left where it is`))).toBe(true);
      expect(only(moments, "note").some(({ text }) => text.includes(why))).toBe(true);
      expect(only(moments, "step").map(({ step }) => step)).toEqual([1, 2]);
      expect(only(moments, "checkpoint").map((moment) => moment.path)).toEqual([`run-${n + 2}/${path(2)}`]);
    }
    expect(digestOf(await contentOf(place, path(2)))).toBe(kept);
    const back = await trained(trainer, { seed: 31, steps: 3, place });
    expect(only(back, "step").map(({ step }) => step)).toEqual([3]);
    expect((await place.list()).filter((one) => one.startsWith("run-2/"))).toHaveLength(2);
  });
});
