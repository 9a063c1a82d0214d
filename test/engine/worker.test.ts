import {
  canny,
  createPixels,
  defineCondition,
  Engine,
  type GenerateResult,
  memoryFolder,
  type Progress,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type FakeWorker, fakeWorkers } from "./worker-pair.ts";

// The page's half and the worker's half of an engine, joined by ports that clone and hand over as a browser's do.

const models = nodeFolder("test/golden/parity/five-levels");
const wanted = { base: "base", nets: { canny: "controlnets/n" } };

/** Squares on a ground, so that there are edges. */
function squares(side = 32) {
  const pixels = createPixels(side, side);
  for (let i = 0; i < side * side; i++) {
    const on = (Math.floor((i % side) / 8) + Math.floor(i / side / 8)) % 2 === 0;
    pixels.data.set(on ? [200, 40, 40, 255] : [30, 30, 90, 255], 4 * i);
  }
  return pixels;
}

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  );

describe("an engine in a worker", () => {
  const { start, workers } = fakeWorkers({ models });
  const far = connectEngine(start);
  const near = new Engine({ models });
  let map: Awaited<ReturnType<typeof near.extract<"canny">>>;
  beforeAll(async () => {
    map = await near.extract(canny({ low: 50 }), squares());
  });
  afterAll(() => Promise.all([near.dispose(), far.dispose()]));

  test("is the same device", async () => {
    expect(await far.device()).toEqual(await near.device());
  });

  test("draws the same map, and leaves the caller its pixels", async () => {
    const source = squares();
    expect(await far.extract(canny({ low: 50 }), source)).toEqual(map);
    expect(source).toEqual(squares());
    expect(await far.extract(canny({ low: 2000, high: 2000 }), source)).not.toEqual(map);
  });

  test("says what is wrong with a picture as an engine here does", async () => {
    for (const wrong of [{ ...squares(), width: Number.NaN }, { ...squares(), height: 31 }, createPixels(0, 0)]) {
      const expected = await caught(near.extract(canny(), wrong));
      expect(expected).toBeInstanceOf(RangeError);
      expect(await caught(far.extract(canny(), wrong))).toEqual(expected);
    }
  });

  test("loads, draws, counts and tells as an engine here does", async () => {
    const [there, here] = [await far.load(wanted), await near.load(wanted)];
    expect([there.name, there.nets, there.defaults]).toEqual([here.name, here.nets, here.defaults]);
    expect(there.runs()).toEqual(here.runs());

    const request = {
      prompt: "a red boat",
      controls: [{ map, weight: 0.7, range: [0, 0.5] as const }],
      width: 32,
      height: 32,
      steps: 3,
      seed: 2n ** 64n - 1n,
    };
    const progress: Record<"far" | "near", Progress[]> = { far: [], near: [] };
    const drawn = await there.generate(request, { onProgress: (at) => progress.far.push(at) });
    const expected = await here.generate(request, { onProgress: (at) => progress.near.push(at) });
    expect(drawn).toEqual(expected);
    expect(there.runs()).toEqual(here.runs());
    expect(map.pixels.data.length).toBe(32 * 32 * 4);
    const plain = (list: Progress[]) => list.map((at) => JSON.stringify(at));
    expect(plain(progress.far)).toEqual(plain(progress.near));
    const fractions = progress.far.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);

    expect(await there.countTokens("a red boat")).toEqual(await here.countTokens("a red boat"));
    expect(await there.fingerprints()).toEqual(await here.fingerprints());
    expect(await there.recipe(request, drawn)).toEqual(await here.recipe(request, expected));

    await there.dispose();
    await there.dispose();
    expect(there.runs()).toEqual({});
    const disposed = { code: "disposed", details: { what: "pipeline" } };
    await expect(there.generate(request)).rejects.toMatchObject(disposed);
    await expect(there.countTokens("a")).rejects.toMatchObject(disposed);
    await here.dispose();
  });

  test("hands pixels over in both directions, without a second copy", async () => {
    const pipeline = await far.load(wanted);
    const worker = workers.at(-1);
    if (!worker) throw new Error("no worker was started");
    const { pixels } = await pipeline.generate({ prompt: "", controls: [{ map }], width: 32, height: 32, steps: 1 });
    const call = worker.sent.findLast(({ call }) => call === "generate");
    const posted = call as unknown as { request: { controls: { map: { pixels: { data: Uint8ClampedArray } } }[] } };
    expect(posted.request.controls[0]?.map.pixels.data.byteLength).toBe(0);
    const answer = worker.heard.findLast(({ id, result }) => id === call?.["id"] && result !== undefined) as unknown;
    expect(pixels.data.buffer).toBe((answer as { result: GenerateResult }).result.pixels.data.buffer);
    await pipeline.dispose();
  });

  test("draws a preview when it is asked for, of the step that it came with, and none otherwise", async () => {
    const [there, here] = [await far.load(wanted), await near.load(wanted)];
    const request = { prompt: "a boat", controls: [], width: 32, height: 32, steps: 4, seed: 1 };
    const look = async (pipeline: typeof there, at: number) => {
      let preview: Promise<unknown> | undefined;
      const before = pipeline.runs()["vae_decoder"] ?? 0;
      await pipeline.generate(request, {
        reuse: false,
        onProgress(progress) {
          if (progress.phase === "denoise" && progress.step === at) preview = progress.preview?.();
        },
      });
      return { pixels: await preview, decoded: (pipeline.runs()["vae_decoder"] ?? 0) - before };
    };
    expect((await look(there, 0)).decoded).toBe(1);
    const seen = await look(there, 4);
    expect(seen.pixels).toEqual((await look(here, 4)).pixels);
    await Promise.all([there.dispose(), here.dispose()]);
  });

  test("gives errors their codes, details and classes", async () => {
    for (const asked of [{ base: "absent" }, { base: "base", nets: ["absent"] }]) {
      const expected = await caught(near.load(asked));
      expect(await caught(far.load(asked))).toMatchObject({
        ...(expected as object),
        message: (expected as Error).message,
      });
    }
    const pipeline = await far.load({ base: "base" });
    await expect(pipeline.generate({ prompt: "", controls: [{ map }] })).rejects.toMatchObject({
      code: "model-unknown",
      details: { id: "canny", known: [] },
    });
    await expect(pipeline.generate({ prompt: "", controls: [], steps: 0 })).rejects.toMatchObject({
      code: "request-invalid",
      details: { issues: [{ path: "steps" }] },
    });
    await pipeline.dispose();
  });

  test("refuses what cannot cross, and says what to do", async () => {
    const pipeline = await far.load({ base: "base" });
    const request = { prompt: "", controls: [], width: 32, height: 32, steps: 1 };
    await expect(pipeline.generate(request, { trace: () => {} })).rejects.toThrow(TypeError);
    await expect(pipeline.generate(request, { noise: () => undefined })).rejects.toThrow("options.noise is a function");
    const sampler = { _class_name: "DDIMScheduler", shift: () => 1 };
    await expect(pipeline.generate({ ...request, sampler })).rejects.toThrow(TypeError);
    const mine = memoryFolder("mine", {});
    await expect(far.load({ base: mine })).rejects.toThrow(/^The base "mine" cannot be handed to a worker/);
    await expect(far.load({ base: "base", nets: { a: mine } })).rejects.toThrow('The net "a" "mine" cannot be handed');
    // Nothing was harmed by any of it.
    expect((await pipeline.generate(request)).pixels.width).toBe(32);
    await pipeline.dispose();
  });
});

describe("stopping", () => {
  /** A condition whose map is there when the test says so. */
  function gated() {
    const began: number[] = [];
    const gates: (() => void)[] = [];
    const kind = defineCondition({
      id: "gated",
      title: "Gated",
      options: z.object({ n: z.number() }),
      async extract(source, { n }, { signal }) {
        began.push(n);
        await new Promise<void>((resolve, reject) => {
          gates.push(resolve);
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
        return source;
      },
    });
    return { kind, began, open: () => gates.splice(0).map((gate) => gate()) };
  }

  test("rejects at once with the signal's own reason, and reaches what runs there", async () => {
    const { kind, began } = gated();
    let stopped = false;
    const watching = defineCondition({
      ...kind,
      extract: (source, { n }: { n: number }, context) => {
        context.signal?.addEventListener("abort", () => {
          stopped = true;
        });
        return kind({ n }).extract(source, context);
      },
    });
    const { start } = fakeWorkers({ conditions: [watching] });
    await using engine = connectEngine(start);
    const stopping = new AbortController();
    const running = caught(engine.extract(kind({ n: 1 }), squares(), { signal: stopping.signal }));
    await expect.poll(() => began).toEqual([1]);
    const reason = { mine: true };
    stopping.abort(reason);
    expect(await running).toBe(reason);
    await expect.poll(() => stopped).toBe(true);
  });

  test("a call that was stopped before its turn never runs", async () => {
    const { kind, began, open } = gated();
    const { start, workers } = fakeWorkers({ conditions: [kind] });
    await using engine = connectEngine(start);
    const stop = (n: number) => {
      const stopping = new AbortController();
      const call = caught(engine.extract(kind({ n }), squares(), { signal: stopping.signal }));
      return { stopping, call };
    };
    // Before the worker listens: it never hears of it.
    const early = stop(1);
    early.stopping.abort();
    expect(await early.call).toMatchObject({ name: "AbortError" });
    await engine.device();
    expect(workers[0]?.sent.map(({ call }) => call)).toEqual(["device"]);
    // When it listens: the call and its end are on their way together.
    const late = stop(2);
    const worker = workers[0] as FakeWorker;
    worker.onSent = ({ call }) => {
      if (call === "extract") late.stopping.abort();
    };
    await expect.poll(() => worker.sent.length).toBe(3);
    worker.onSent = null;
    const last = engine.extract(kind({ n: 3 }), squares());
    await expect.poll(() => began).toEqual([3]);
    open();
    expect(await last).toMatchObject({ condition: "gated" });
    expect(await late.call).toMatchObject({ name: "AbortError" });
    // One that was stopped before it was made is not even sent.
    const count = workers[0]?.sent.length;
    await expect(engine.extract(kind({ n: 4 }), squares(), { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect(workers[0]?.sent.length).toBe(count);
  });

  test("pictures that wait for their turn give way, and the one that is left is drawn", async () => {
    const { start } = fakeWorkers({ models });
    await using engine = connectEngine(start);
    await using pipeline = await engine.load({ base: "base" });
    const request = { prompt: "", controls: [], width: 32, height: 32, steps: 2, seed: 1 };
    const stopping = new AbortController();
    const { signal } = stopping;
    const before = pipeline.runs()["unet_encoder"] ?? 0;
    let behind: Promise<unknown>[] = [];
    const first = pipeline.generate(request, {
      onProgress({ phase }) {
        if (phase !== "denoise" || behind.length > 0) return;
        behind = [1, 2, 3].map(() => caught(pipeline.generate(request, { signal })));
        // Sent before they are stopped.
        setTimeout(() => stopping.abort());
      },
    });
    await first;
    expect(await Promise.all(behind)).toEqual(Array(3).fill(signal.reason));
    const last = await pipeline.generate(request, { reuse: false });
    expect(last.seed).toBe(1n);
    expect(pipeline.runs()["unet_encoder"]).toBe(before + 4);
  });

  test("a model that was loaded for nobody is freed", async () => {
    const { start, workers } = fakeWorkers({ models });
    await using engine = connectEngine(start);
    const stopping = new AbortController();
    const loading = caught(engine.load({ base: "base" }, { signal: stopping.signal }));
    await expect.poll(() => workers[0]?.heard.some((reply) => "progress" in reply)).toBe(true);
    stopping.abort("enough");
    expect(await loading).toBe("enough");
    // Stopped there in the middle, or freed when the answer came: nothing is left that a later call could use.
    await expect.poll(() => workers[0]?.heard.some((reply) => reply["id"] === 0 && "error" in reply)).toBe(true);
  });
});

describe("conditions", () => {
  const inverse = defineCondition({
    id: "inverse",
    title: "Inverse",
    options: z.object({ by: z.number().default(255) }),
    nets: ["one", "two"],
    convention: { background: [1, 2, 3] },
    extract(source, { by }) {
      const map = createPixels(source.width, source.height);
      source.data.forEach((value, i) => {
        map.data[i] = i % 4 === 3 ? 255 : by - value;
      });
      return map;
    },
  });

  test("that the worker knows are drawn there, others here, alike", async () => {
    const knowing = fakeWorkers({ conditions: [inverse] });
    const unknowing = fakeWorkers();
    await using there = connectEngine(knowing.start);
    await using here = connectEngine(unknowing.start);
    const expected = await new Engine().extract(inverse({ by: 200 }), squares());
    expect(await there.extract(inverse({ by: 200 }), squares())).toEqual(expected);
    expect(await here.extract(inverse({ by: 200 }), squares())).toEqual(expected);
    expect(knowing.workers[0]?.sent.map(({ call }) => call)).toEqual(["extract"]);
    expect(unknowing.workers[0]?.sent).toEqual([]);
  });

  test("keep what they gave, though it was sent away", async () => {
    const kept = createPixels(8, 8);
    kept.data.fill(255);
    const same = defineCondition({ id: "same", title: "Same", options: z.object({}), extract: () => kept });
    await using engine = connectEngine(fakeWorkers({ conditions: [same] }).start);
    const first = await engine.extract(same(), squares(8));
    expect(await engine.extract(same(), squares(8))).toEqual(first);
    expect(kept.data.length).toBe(256);
  });

  test("fail there as they fail here, and are told of wrong progress without harm", async () => {
    const bad = defineCondition({
      id: "bad",
      title: "Bad",
      options: z.object({}),
      extract(_, __, { onProgress }) {
        onProgress?.({ phase: "extract", fraction: Number.NaN, condition: "bad" });
        throw new Error("no such luck");
      },
    });
    await using engine = connectEngine(fakeWorkers({ conditions: [bad] }).start);
    await expect(engine.extract(bad(), squares())).rejects.toMatchObject({
      code: "condition-failed",
      details: { condition: "bad" },
      message: expect.stringContaining("no such luck"),
    });
  });

  test("name themselves by id and options", () => {
    const condition = canny({ low: 80 });
    expect(condition.options).toEqual({ low: 80, high: 200, l2: false, aperture: 3, colours: "rgb", matte: "black" });
    expect(canny.choose(structuredClone(condition.options)).options).toEqual(condition.options);
  });
});
