import {
  Engine,
  type GenerateRequest,
  type Pipeline,
  type TrainingMoment,
  type TrainingSample,
} from "@underdraw/engine";
import { memoryPlace } from "@underdraw/engine/training";
import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import type { DeviceTensor } from "../../engine/src/runtime/device-tensor.ts";
import { control, counted, request } from "./promises-parts.ts";
import { tinyBase, tinyFiles } from "./trainer-base.ts";
import {
  fileOf,
  losses,
  netDigest,
  only,
  quick,
  reportIn,
  shareEngine,
  side,
  squares,
  tensorsIn,
  testEngine,
  testTrainer,
  trained,
} from "./trainer-parts.ts";
import { contentOf } from "./training-files-contract.ts";
import { lines, madePairs, square } from "./training-pairs-made.ts";

// What learns in which mode, what variants do, what is measured, and that nothing is left behind.

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
shareEngine();
afterEach(() => vi.restoreAllMocks());

const weights = "diffusion_pytorch_model.safetensors";

describe("the light mode", () => {
  test("begins as the whole one does, and its net is the base's copy with up x down added", async () => {
    const engine = testEngine();
    const base = await tinyBase();
    const whole = await testTrainer({ base }, engine);
    const light = await testTrainer({ base, mode: "light", rank: 3 }, engine);
    const place = memoryPlace("run");
    const moments = await trained(light, { steps: 3, learningRate: 1e-2, place });
    expect(losses(await trained(whole, { steps: 1 }))[0]).toBe(losses(moments)[0]);
    expect(reportIn(moments)).toMatchObject({ mode: "light", firstDifference: 0 });
    const saved = tensorsIn((await contentOf(place, "checkpoint-000003.safetensors")) as Uint8Array<ArrayBuffer>);
    const net = await light.net();
    const written = tensorsIn(await fileOf(net, weights));
    const before = tensorsIn((await tinyFiles())[`unet/${weights}`] as Uint8Array<ArrayBuffer>);

    // Plan and report tell how many numbers learn and are locked, as the files have them.
    const numbers = (of: Map<string, Float32Array>, is: (key: string) => boolean) =>
      [...of].reduce((sum, [key, values]) => sum + (is(key) ? values.length : 0), 0);
    const { trained: learns, locked } = light.plan;
    expect({ learns, locked }).toEqual({
      learns: numbers(saved, (key) => key.startsWith("p.")),
      locked: numbers(before, () => true) + numbers(before, (key) => written.has(key)),
    });
    expect(reportIn(moments)).toMatchObject({ trained: learns, locked });
    expect(whole.plan).toMatchObject({
      trained: numbers(written, () => true),
      locked: numbers(before, () => true),
    });

    let [moved, compared] = [0, 0];
    for (const [key, copied] of before) {
      const now = written.get(key);
      if (!now) continue;
      compared++;
      const sum = Float64Array.from(copied);
      for (const name of saved.keys()) {
        // "p.control_model.KEY:SIDES.down", or "KEY[FROM:TO]" where a layer is a part of the tensor's rows.
        const rest = name.startsWith(`p.control_model.${key}`) ? name.slice(`p.control_model.${key}`.length) : "";
        const found = /^(?:\[(\d+):\d+\])?:(\d+),([\d,]+)\.down$/.exec(rest);
        if (!found) continue;
        const [first, rows] = [Number(found[1] ?? 0), Number(found[2])];
        const width = (found[3] ?? "").split(",").reduce((product, dim) => product * Number(dim), 1);
        const [down, up] = [name, name.replace(/down$/, "up")].map((one) => saved.get(one)) as [
          Float32Array,
          Float32Array,
        ];
        const rank = down.length / width;
        expect(up.length).toBe(rows * rank);
        // [rows, rank] x [rank, width]
        for (let row = 0; row < rows; row++)
          for (let r = 0; r < rank; r++)
            for (let i = 0; i < width; i++) {
              const at = (first + row) * width + i;
              sum[at] = (sum[at] as number) + (up[row * rank + r] as number) * (down[r * width + i] as number);
            }
      }
      // The file holds halves, of eleven digits in base two.
      const difference = sum.reduce(
        (most, value, i) => Math.max(most, Math.abs((now[i] as number) - value) / Math.max(0.1, Math.abs(value))),
        0,
      );
      expect(difference, key).toBeLessThan(2 ** -11);
      if (sum.some((value, i) => Math.abs(value - (copied[i] as number)) > 0.01)) moved++;
    }
    expect(moved).toBeGreaterThan(10);
    expect(compared).toBeGreaterThan(50);

    // It is an ordinary net: it loads, and steers.
    const pipeline = await engine.load({ base, nets: { net } });
    const asked = (nets: readonly string[]) =>
      request(
        nets.map((name) => control(name)),
        { width: side, height: side, steps: 2 },
      );
    const [alone, steered] = [await counted(pipeline, asked([])), await counted(pipeline, asked(["net"]))];
    expect(steered.result.pixels.data).not.toEqual(alone.result.pixels.data);
  });
});

describe("variants", () => {
  const first = async (settings: object, condition: string) => {
    const pairs = madePairs(6, (n) => ({ map: lines(n, side), picture: square(n, side) }), condition);
    return losses(await trained(trainer, { steps: 2, ...settings }, pairs));
  };
  let trainer: Awaited<ReturnType<typeof testTrainer>>;

  test("are learnt from: mirrored and shifted ones, but for maps that say left and right", async () => {
    trainer = await testTrainer({ batch: 4 });
    const plain = await first({}, "canny");
    expect(await first({ mirror: true }, "canny")).not.toEqual(plain);
    expect(await first({ shift: 6 }, "canny")).not.toEqual(plain);
    expect(await first({ mirror: true }, "openpose")).toEqual(await first({}, "openpose"));
    await trainer.dispose();
  });
});

test("what a base predicts is what its net learns: noise, velocity or picture give other losses", async () => {
  const found: number[] = [];
  for (const prediction of ["epsilon", "v_prediction", "sample"] as const) {
    await using trainer = await testTrainer({ base: await tinyBase({ prediction }) });
    found.push(losses(await trained(trainer, { steps: 1 }))[0] ?? 0);
  }
  expect(new Set(found).size).toBe(3);
});

describe("measures", () => {
  const measured = { ...quick, steps: 2, heldOut: 2, measureEvery: 1, sampleSteps: 2, learningRate: 1e-2 };

  test("draw with the base's own guidance and halves, and hold losses against the base's", async () => {
    const likes = { defaults: { guidance: 3, halves: [1, 0.25], steps: 9 } };
    const base = memoryFolder("likes", { ...(await tinyFiles()), "manifest.json": JSON.stringify(likes) });
    const engine = testEngine();
    await using trainer = await testTrainer({ base }, engine);
    const moments: TrainingMoment[] = await trained(trainer, measured);
    const [fresh, ...later] = only(moments, "measure");
    expect(fresh).toMatchObject({ step: 0, converged: false });
    expect(fresh?.loss).toBe(fresh?.baseLoss);
    expect(later.map(({ step }) => step)).toEqual([1, 2]);
    for (const { loss, baseLoss } of later) {
      expect(baseLoss).toBe(fresh?.baseLoss);
      expect(loss).not.toBe(baseLoss);
    }
    expect(reportIn(moments)).toMatchObject({ pairs: 6, heldOut: 2 });
    expect(reportIn(moments).measures).toHaveLength(3);

    const last = later.at(-1);
    expect(last?.samples).toHaveLength(2);
    const pipeline = await engine.load({ base, nets: { net: await trainer.net() } });
    const { name, map, drawn } = (last?.samples ?? [])[1] as TrainingSample;
    const prompt = `square ${Number.parseInt(name, 10) % 3}`;
    const draw = async (guidance: number, halves: readonly [number, number]) => {
      const asked: GenerateRequest = {
        ...{ prompt, width: side, height: side, steps: 2, seed: 8, guidance },
        controls: [{ net: "net", map: { condition: "canny", pixels: map }, halves }],
      };
      return (await pipeline.generate(asked)).pixels.data;
    };
    expect(await draw(3, [1, 0.25])).toEqual(drawn.data);
    expect(await draw(3, [1, 1])).not.toEqual(drawn.data);
    expect(await draw(7.5, [1, 0.25])).not.toEqual(drawn.data);
  });

  test("that are stopped lose no step", async () => {
    const engine = testEngine();
    await using trainer = await testTrainer({}, engine);
    const stopping = new AbortController();
    const { load } = Engine.prototype;
    let drawings = 0;
    vi.spyOn(Engine.prototype, "load").mockImplementation(async function (this: Engine, ...given) {
      const pipeline: Pipeline = await load.apply(this, given);
      if (++drawings === 2) stopping.abort(new Error("stopped while it draws"));
      return pipeline;
    });
    const place = memoryPlace("run");
    const settings = { ...measured, steps: 3, place };
    await expect(trained(trainer, { ...settings, signal: stopping.signal })).rejects.toThrow("stopped while it draws");
    expect(await place.list()).toEqual(["checkpoint-000001.safetensors"]);
    const after = await trained(trainer, settings);
    expect(only(after, "step").map(({ step }) => step)).toEqual([2, 3]);
    expect(reportIn(after).measures.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
  });

  test("that have no memory to draw are told, and the training goes on with losses alone", async () => {
    const engine = testEngine();
    await using trainer = await testTrainer({}, engine);
    const { UnderdrawError } = await import("@underdraw/engine");
    vi.spyOn(Engine.prototype, "load").mockRejectedValue(
      new UnderdrawError("out-of-memory", "It would take 9 GB, and there are 8 GB.", { needed: 9e9 }),
    );
    const moments = await trained(trainer, measured);
    expect(only(moments, "note").some(({ text }) => text.startsWith("No samples were drawn. It would take"))).toBe(
      true,
    );
    expect(only(moments, "measure").map(({ samples, fidelity }) => [samples.length, fidelity])).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
  });
});

test("progress never falls and ends with 1", async () => {
  await using trainer = await testTrainer();
  const moments = await trained(trainer, {
    steps: 4,
    heldOut: 2,
    sampleSteps: 1,
    measureEvery: 2,
    place: memoryPlace("run"),
  });
  const fractions = moments.map(({ fraction }) => fraction);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.at(-1)).toBe(1);
  expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
  expect(new Set(moments.map(({ kind }) => kind))).toEqual(
    new Set(["prepare", "note", "measure", "step", "checkpoint", "end"]),
  );
});

test("fifty steps leave no tensor behind, and disposing frees all sessions", async () => {
  const made = new Set<DeviceTensor>();
  const [opened, freed] = [[] as string[], { count: 0 }];
  const { adopt, open, forget } = DeviceRuntime.prototype;
  vi.spyOn(DeviceRuntime.prototype, "adopt").mockImplementation(function (this: DeviceRuntime, ...given) {
    const tensor = adopt.apply(this, given);
    made.add(tensor);
    return tensor;
  });
  vi.spyOn(DeviceRuntime.prototype, "open").mockImplementation(function (this: DeviceRuntime, ...given) {
    opened.push(given[0].name);
    return open.apply(this, given);
  });
  vi.spyOn(DeviceRuntime.prototype, "forget").mockImplementation(function (this: DeviceRuntime, session) {
    freed.count++;
    forget.call(this, session);
  });
  /** Tensors that are not disposed. */
  const there = () => {
    for (const tensor of made)
      try {
        void tensor.value;
      } catch {
        made.delete(tensor);
      }
    return made.size;
  };
  const engine = testEngine();
  const trainer = await testTrainer({ mode: "light", rank: 2 }, engine);
  const counts: number[] = [];
  const settings = { ...quick, steps: 50, accumulate: 2, mean: 0.9, heldOut: 2, sampleSteps: 1, measureEvery: 25 };
  for await (const moment of trainer.run(squares(), settings)) if (moment.kind === "step") counts.push(there());
  expect(counts).toHaveLength(50);
  expect(new Set(counts.slice(1, 25)).size).toBe(1);
  expect(counts[48]).toBe(counts[25]);
  const left = there();
  // A run that is stopped in a step leaves no more than one that ends.
  const stopping = new AbortController();
  const run = async () => {
    for await (const moment of trainer.run(squares(), { ...settings, steps: 60, heldOut: 0, signal: stopping.signal }))
      if (moment.kind === "step" && moment.step === 2) stopping.abort();
  };
  await expect(run()).rejects.toThrow();
  expect(there()).toBeLessThanOrEqual(left);
  await trainer.dispose();
  expect(there()).toBe(0);
  expect(opened).toContain("training_step");
  expect(freed.count).toBe(opened.length);
  expect(await netDigest(trainer).catch((error: { code: string }) => error.code)).toBe("disposed");
});
