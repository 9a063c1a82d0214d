import { UnderdrawError } from "@underdraw/engine";
import { memoryPlace, type TrainingPlace } from "@underdraw/engine/training";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { Learner } from "../../engine/src/training/learner.ts";
import { smallNets } from "./promises-parts.ts";
import { tinyBase, tinyFiles } from "./trainer-base.ts";
import {
  digestOf,
  fileOf,
  netDigest,
  only,
  quick,
  reportIn,
  shareEngine,
  side,
  squares,
  testEngine,
  testTrainer,
  trained,
} from "./trainer-parts.ts";
import { contentOf } from "./training-files-contract.ts";
import { lines, madePairs, square } from "./training-pairs-made.ts";

// What goes wrong in a training has words, and no finished step is lost beyond the last checkpoint.

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
shareEngine();

const path = (step: number) => `checkpoint-${String(step).padStart(6, "0")}.safetensors`;

const runtimes: DeviceRuntime[] = [];
beforeEach(() => {
  runtimes.length = 0;
  const { open } = DeviceRuntime.prototype;
  vi.spyOn(DeviceRuntime.prototype, "open").mockImplementation(function (this: DeviceRuntime, ...given) {
    if (!runtimes.includes(this)) runtimes.push(this);
    return open.apply(this, given);
  });
});
afterEach(() => vi.restoreAllMocks());

describe("a training that goes astray", () => {
  test("by its learning rate stops, and its last checkpoint is named and sound", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("run");
    const wild = { learningRate: 1, warmUp: 0, steps: 100, checkpointEvery: 1, place };
    const error = await trained(trainer, wild).catch((reason: unknown) => reason);
    if (!UnderdrawError.is(error, "training-diverged")) throw error;
    const { checkpoint, step } = error.details;
    expect(error.message).toContain("lower learning rate than 1,");
    expect(checkpoint).toBe((await place.list()).at(-1));
    // The next run does not go on from what went astray, but from the checkpoint, which computes a sound loss.
    const done = Number(/\d+/.exec(checkpoint ?? "")?.[0]);
    expect(done).toBeLessThan(step);
    const again = await trained(trainer, { ...wild, steps: done });
    expect(only(again, "note").some(({ text }) => text.includes(`Goes on from step ${done}`))).toBe(true);
    expect(reportIn(again).steps).toBe(done);
  });

  test("and is left in the middle keeps nothing of it, whoever ends it", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("run");
    const { gradients } = Learner.prototype;
    let isPlanted = false;
    vi.spyOn(Learner.prototype, "gradients").mockImplementation(async function (this: Learner, ...given) {
      const found = await gradients.apply(this, given);
      return isPlanted ? { ...found, loss: 1e3 } : found;
    });
    const notes: string[] = [];
    const leave = async (stopping: AbortController | null) => {
      isPlanted = false;
      const signal = stopping ? { signal: stopping.signal } : {};
      for await (const moment of trainer.run(squares(), { ...quick, place, ...signal })) {
        if (moment.kind === "note") notes.push(moment.text);
        if (moment.kind !== "step" || moment.step < 2) continue;
        isPlanted = true;
        if (!stopping) break;
        stopping.abort(new Error("stopped by hand"));
      }
    };
    await expect(leave(null)).rejects.toMatchObject({ code: "training-diverged", details: { step: 2 } });
    await expect(leave(new AbortController())).rejects.toThrow("stopped by hand");
    expect(notes.at(-1)).toMatch(/^What was learnt since the last checkpoint is not kept\. The training went astray/);
    expect(await place.list()).toEqual([]);
  });

  test("to no number leaves the checkpoint as it was", async () => {
    await using trainer = await testTrainer();
    const place = memoryPlace("run");
    const { gradients } = Learner.prototype;
    let isPlanted = false;
    vi.spyOn(Learner.prototype, "gradients").mockImplementation(async function (this: Learner, ...given) {
      const found = await gradients.apply(this, given);
      return isPlanted ? { ...found, loss: Number.NaN } : found;
    });
    const kept: string[] = [];
    const run = async () => {
      for await (const moment of trainer.run(squares(), { ...quick, place, checkpointEvery: 2, steps: 5 })) {
        if (moment.kind === "checkpoint") kept.push(digestOf(await contentOf(place, moment.path)));
        if (moment.kind === "step" && moment.step === 3) isPlanted = true;
      }
    };
    await expect(run()).rejects.toMatchObject({
      code: "training-diverged",
      details: { step: 4, checkpoint: path(2) },
    });
    expect(await place.list()).toEqual([path(2)]);
    expect(digestOf(await contentOf(place, path(2)))).toBe(kept[0]);
  });

  test("cannot begin on a base with an infinity in it", async () => {
    const files = await tinyFiles();
    const unet = files["unet/diffusion_pytorch_model.safetensors"] as Uint8Array<ArrayBuffer>;
    new DataView(unet.buffer).setFloat32(unet.length - 4000, Number.POSITIVE_INFINITY, true);
    const place = memoryPlace("run");
    await using trainer = await testTrainer({ base: memoryFolder("broken", files) });
    await expect(trained(trainer, { place })).rejects.toMatchObject({ code: "weights-not-finite" });
    expect(await place.list()).toEqual([]);
  });
});

test("a lost device ends the run; the next opens a new one and goes on from the checkpoint", async () => {
  await using trainer = await testTrainer({}, testEngine());
  const place = memoryPlace("run");
  const settings = { ...quick, place, checkpointEvery: 2, steps: 4 };
  const run = async () => {
    for await (const moment of trainer.run(squares(), settings))
      if (moment.kind === "step" && moment.step === 3)
        // What onnxruntime says when its GPU is gone.
        vi.spyOn((runtimes[0] as DeviceRuntime).device, "download").mockRejectedValue(
          new Error("Device was destroyed."),
        );
  };
  await expect(run()).rejects.toMatchObject({ code: "device-lost" });
  expect(await place.list()).toEqual([path(2)]);
  await expect(trainer.net()).rejects.toMatchObject({ code: "device-lost" });
  const moments = await trained(trainer, settings);
  expect(runtimes).toHaveLength(2);
  expect(only(moments, "step").map(({ step }) => step)).toEqual([3, 4]);
  const { lockedBefore, lockedAfter } = reportIn(moments);
  expect(lockedAfter).toBe(lockedBefore);
});

describe("memory", () => {
  test("that is too small is told with numbers, before anything is loaded", async () => {
    const error = await testTrainer({ memory: 3_000_000 }).catch((reason: unknown) => reason);
    if (!UnderdrawError.is(error, "out-of-memory")) throw error;
    expect(error.message).toMatch(/Training would take \d+ MB, and there are 3 MB\./);
    expect(error.details.needed).toBeGreaterThan(3_000_000);
    expect(runtimes).toEqual([]);
  });

  test("that is smaller makes activations be computed anew, to nearly the same losses", async () => {
    const large = { width: 128, height: 128, batch: 4 };
    await using roomy = await testTrainer({ ...large, memory: Number.POSITIVE_INFINITY });
    expect(roomy.plan).toMatchObject({ segments: 1 });
    await using tight = await testTrainer({ ...large, memory: roomy.plan.bytes - 1 });
    expect(tight.plan.segments).toBeGreaterThan(1);
    expect(tight.plan.activations).toBeLessThan(roomy.plan.activations);
    expect(tight.plan).toMatchObject({ weights: roomy.plan.weights, available: roomy.plan.bytes - 1 });
    const [one, other] = [await trained(roomy, { steps: 2 }), await trained(tight, { steps: 2 })].map((moments) =>
      only(moments, "step"),
    );
    expect(one).toHaveLength(2);
    for (const [n, { loss }] of (one ?? []).entries()) expect(other?.[n]?.loss).toBeCloseTo(loss, 4);
  });
});

test("memory that holds the training and not what draws samples trains without them, and says so once", async () => {
  await using roomy = await testTrainer({ memory: Number.POSITIVE_INFINITY });
  const samples = roomy.plan.samples ?? 0;
  expect(samples).toBeGreaterThan(1e6);
  const bytes = roomy.plan.bytes - samples;
  await using tight = await testTrainer({ memory: bytes });
  expect(tight.plan).toMatchObject({ bytes, samples: null, segments: 1 });
  const moments = await trained(tight, { steps: 2, heldOut: 2, measureEvery: 1 });
  const measures = only(moments, "measure");
  expect(measures).toHaveLength(3);
  for (const measure of measures) expect(measure).toMatchObject({ samples: [], fidelity: null });
  expect(only(moments, "note").filter(({ text }) => /^No samples are drawn/.test(text))).toHaveLength(1);
});

describe("a place", () => {
  test("without room for one checkpoint is refused before a pair is prepared, nor for one of the two that are kept", async () => {
    await using trainer = await testTrainer();
    const written: string[] = [];
    const place: TrainingPlace = {
      ...memoryPlace("small"),
      free: async () => 100_000,
      write: async (file) => void written.push(file),
    };
    const pairs = squares();
    const error = await trained(trainer, { place }, pairs).catch((reason: unknown) => reason);
    if (!UnderdrawError.is(error, "storage-full")) throw error;
    expect(error.details.free).toBe(100_000);
    const one = error.details.needed as number;
    expect(one).toBeGreaterThan(1_000_000);
    expect(written).toEqual([]);
    expect(pairs.reads).toHaveLength(pairs.count);
    const almost = { ...place, free: async () => 2 * one - 1 };
    await expect(trained(trainer, { place: almost, checkpointEvery: 1 })).rejects.toMatchObject({
      code: "storage-full",
      details: { needed: 2 * one, free: 2 * one - 1 },
    });
    expect(written).toEqual([]);
  });

  test("with room for two checkpoints is enough: the older one makes room for the third, also where it goes on", async () => {
    await using trainer = await testTrainer();
    const real = memoryPlace("run");
    let one = 1;
    const place: TrainingPlace = {
      ...real,
      free: async () => (2 - (await real.list()).length) * one,
    };
    const first = { ...place, free: async () => 100_000 };
    const error = await trained(trainer, { place: first }).catch((reason: unknown) => reason);
    if (!UnderdrawError.is(error, "storage-full")) throw error;
    // What a checkpoint says of itself takes room besides.
    one = (error.details.needed as number) + 100_000;
    await trained(trainer, { place, checkpointEvery: 1, steps: 3 });
    expect(await real.list()).toEqual([path(2), path(3)]);
    await trained(trainer, { place, checkpointEvery: 1, steps: 4 });
    expect(await real.list()).toEqual([path(3), path(4)]);
  });

  test("that fails later loses no step: the checkpoint before is there, and the run goes on from memory", async () => {
    await using trainer = await testTrainer();
    const real = memoryPlace("run");
    let isFull = false;
    const tried: string[] = [];
    const place: TrainingPlace = {
      ...real,
      write: async (file, pieces) => {
        tried.push(file);
        if (isFull) throw new UnderdrawError("storage-full", "The disk is full.", {});
        await real.write(file, pieces);
        isFull = true;
      },
    };
    const settings = { ...quick, place, checkpointEvery: 2, steps: 5 };
    await expect(trained(trainer, settings)).rejects.toMatchObject({ code: "storage-full" });
    expect(await real.list()).toEqual([path(2)]);
    expect(tried).toEqual([path(2), path(4)]);
    isFull = false;
    const moments = await trained(trainer, settings);
    expect(only(moments, "step").map(({ step }) => step)).toEqual([5]);
    expect(await real.list()).toEqual([path(2), path(5)]);

    // Whoever leaves the loop hears of it too.
    const leave = async () => {
      for await (const moment of trainer.run(squares(), { ...settings, steps: 9 })) if (moment.kind === "step") break;
    };
    await expect(leave()).rejects.toMatchObject({ code: "storage-full" });

    // Whoever stops it is told in a note, and then why it ended.
    const stopping = new AbortController();
    const notes: string[] = [];
    const stopped = async () => {
      for await (const moment of trainer.run(squares(), { ...settings, steps: 9, signal: stopping.signal })) {
        if (moment.kind === "step") stopping.abort(new Error("stopped by hand"));
        if (moment.kind === "note") notes.push(moment.text);
      }
    };
    const shown = vi.spyOn(console, "error");
    await expect(stopped()).rejects.toThrow("stopped by hand");
    expect(notes.at(-1)).toBe("What was learnt since the last checkpoint is not kept. The disk is full.");
    expect(shown).not.toHaveBeenCalled();
    expect(only(await trained(trainer, { ...settings, steps: 7, place: real }), "step")).toEqual([]);
    expect(await real.list()).toEqual([path(5), path(7)]);
  });
});

describe("pairs", () => {
  const small = (n: number) => ({ map: lines(n, side), picture: square(n, side) });

  test("a hundred thousand of them are begun with at once, and none is read twice without need", async () => {
    await using trainer = await testTrainer();
    const pairs = madePairs(100_000, small);
    const moments = await trained(trainer, { steps: 3, shift: 4, mirror: true }, pairs);
    expect(only(moments, "prepare")).toEqual([]);
    expect(only(moments, "step")).toHaveLength(3);
    // 200 are looked at, a fresh hint block begins on 8, and 6 are learnt from and 2 probed.
    expect(pairs.reads.length).toBeLessThanOrEqual(200 + 8 + 6 + 2);
    const later = pairs.reads.slice(200);
    expect(new Set(later).size).toBeGreaterThanOrEqual(later.length - 2);
    expect(reportIn(moments).pairs).toBe(100_000);
  });

  test("few of them are read twice: to be looked at, and once for all of their variants", async () => {
    await using trainer = await testTrainer();
    const pairs = squares(5);
    for await (const moment of trainer.run(pairs, { ...quick, steps: 1000, mirror: true, shift: 3 })) {
      if (moment.kind === "prepare") expect(moment.of).toBe(5);
      if (moment.kind === "step" && moment.step === 4) break;
    }
    // Five are looked at; all five are prepared, of which the hint block's were asked for in their first variant before.
    expect(pairs.reads).toHaveLength(10);
  });

  test("that cannot be read in the middle are left out with their names, and too many end the run", async () => {
    await using trainer = await testTrainer();
    let looked = 0;
    /** Sound while it is looked at; then each one of which `is` says so is broken. */
    const breaking = (is: (n: number) => boolean) => {
      looked = 0;
      return madePairs(1200, (n) => {
        if (++looked <= 200 || !is(n)) return small(n);
        const details = { file: `${n}.png`, reason: "it ends early." };
        throw new UnderdrawError("picture-unreadable", `${n}.png ends early.`, details);
      });
    };
    const moments = await trained(
      trainer,
      { steps: 3 },
      breaking((n) => n % 6 === 0),
    );
    const notes = only(moments, "note").filter(({ text }) => text.includes("is left out"));
    expect(notes.length).toBeGreaterThan(0);
    expect(notes[0]?.text).toMatch(/^"\d{6}\.png" is left out: .*it ends early\.$/);
    expect(only(moments, "step")).toHaveLength(3);

    const broken = breaking(() => true);
    await expect(trained(trainer, { steps: 3 }, broken)).rejects.toMatchObject({ code: "training-data" });
    expect(broken.reads.length).toBeLessThan(200 + 1 + 1200 / 5 + 1);
  });

  test("three of them are too few", async () => {
    await using trainer = await testTrainer();
    await expect(trained(trainer, {}, squares(3))).rejects.toMatchObject({ code: "training-data" });
  });
});

describe("what does not belong together has words", () => {
  test("a base for inpainting", async () => {
    const base = await tinyBase({ inChannels: 9 });
    const error = await testTrainer({ base }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "model-incompatible" });
    expect(String(error)).toMatch(/reads 9 channels and draws 4, as models for inpainting do/);
  });

  test("a net of another family, and one that averages", async () => {
    await expect(testTrainer({ from: smallNets().canny })).rejects.toMatchObject({ code: "model-incompatible" });
    const net = await (await testTrainer()).net();
    const config = JSON.parse(new TextDecoder().decode(await fileOf(net, "config.json"))) as object;
    const weights = "diffusion_pytorch_model.safetensors";
    const pooled = memoryFolder("pooled", {
      "config.json": JSON.stringify({ ...config, global_pool_conditions: true }),
      [weights]: await fileOf(net, weights),
    });
    const error = await testTrainer({ from: pooled }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "model-incompatible" });
    expect(String(error)).toContain("averages its residuals over the picture");
  });

  test.each([
    [{ width: 60 }, "width"],
    [{ height: 8192 }, "height"],
    [{ batch: 0 }, "batch"],
    [{ rank: 129 }, "rank"],
  ])("%j is out of range", async (request, name) => {
    await expect(testTrainer(request)).rejects.toThrow(RangeError);
    await expect(testTrainer(request)).rejects.toThrow(`request.${name}`);
  });

  test("a mode that nobody knows", async () => {
    await expect(testTrainer({ mode: "heavy" as never })).rejects.toThrow(TypeError);
  });
});

test("a net that was trained is gone on from: it begins as it is", async () => {
  await using trainer = await testTrainer();
  await trained(trainer, { steps: 2, learningRate: 1e-2 });
  const [net, bytes] = [await trainer.net(), await netDigest(trainer)];
  await using next = await testTrainer({ from: net });
  expect(await netDigest(next)).toEqual(bytes);
  const moments = await trained(next, { steps: 1 });
  expect(reportIn(moments).firstDifference).toBeNull();
  expect(await netDigest(next)).not.toEqual(bytes);
});
