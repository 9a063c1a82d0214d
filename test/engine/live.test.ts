import {
  type Control,
  createPixels,
  Engine,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type LiveDrawing,
  type LiveFrame,
  type LiveOptions,
  liveDrawing,
  type Pipeline,
  UnderdrawError,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { fakeWorkers } from "./worker-pair.ts";

// Live drawing: a pipeline whose time passes by hand for what happens when, small random models for the rest.

const defaults = { width: 64, height: 64, steps: 16, guidance: 3, halves: [1, 1] as const, multiple: 16 };

/** A map whose content is `n`. */
function control(n: number): Control {
  const pixels = createPixels(16, 16);
  pixels.data.fill(255, 0, 4 + 4 * (n % 250));
  pixels.data[1023] = Math.floor(n / 250);
  return { map: { condition: "lines", pixels } };
}
/** The request after edit `n`. */
const edit = (n: number, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompt: "a boat",
  controls: [control(n)],
  ...more,
});
/** The number of the edit that a request is of. */
const editOf = ({ controls: [first] }: GenerateRequest): number => {
  const data = first?.map.pixels.data ?? new Uint8ClampedArray();
  return (data[1023] as number) * 250 + data.subarray(0, 1023).indexOf(0) / 4 - 1;
};

interface Call {
  readonly request: GenerateRequest;
  readonly options: GenerateOptions;
  readonly signal: AbortSignal;
  isOver: boolean;
  done(more?: Partial<GenerateResult>): void;
  fail(error: unknown): void;
  at(fraction: number): void;
}

/** A pipeline that draws when the test says so, or in `takes` milliseconds each. */
function fakePipeline(takes?: number) {
  const calls: Call[] = [];
  let most = 0;
  const pipeline = {
    defaults,
    generate: (request: GenerateRequest, options: GenerateOptions = {}) =>
      new Promise<GenerateResult>((resolve, reject) => {
        const signal = options.signal as AbortSignal;
        const over = (then: () => void) => () => {
          call.isOver = true;
          then();
        };
        const call: Call = {
          request,
          options,
          signal,
          isOver: false,
          done: (more = {}) => over(() => resolve({ ...drawn(), ...more }))(),
          fail: (error) => over(() => reject(error))(),
          at: (fraction) => options.onProgress?.({ phase: "denoise", fraction, step: 1, steps: 4 }),
        };
        calls.push(call);
        most = Math.max(most, calls.filter(({ isOver }) => !isOver).length);
        if (takes === undefined) return;
        // Stops between its parts, as the real one does between its graphs.
        const pass = (part: number) => {
          if (signal.aborted) return call.fail(signal.reason);
          call.at(part / 8);
          if (part === 8) call.done();
          else setTimeout(() => pass(part + 1), takes / 8);
        };
        pass(0);
      }),
  };
  return { pipeline, calls, most: () => most, last: () => calls.at(-1) as Call };
}
const drawn = () =>
  ({
    pixels: createPixels(16, 16),
    seed: 1n,
    reused: { text: [], maps: [], steps: 0, picture: false },
  }) as unknown as GenerateResult;

/** A live drawing that writes down what it tells. */
function heard(pipeline: Pick<Pipeline, "generate" | "defaults">, options: Partial<LiveOptions> = {}) {
  const log: string[] = [];
  const frames: (LiveFrame & { readonly at: number })[] = [];
  const errors: unknown[] = [];
  const live = liveDrawing(pipeline, {
    ...options,
    onStart: (frame) => {
      log.push(`start ${frame.number}`);
      options.onStart?.(frame);
    },
    onFrame: (frame) => {
      log.push(`frame ${frame.number}`);
      frames.push({ ...frame, at: performance.now() });
      options.onFrame?.(frame);
    },
    onFinish: (frame) => {
      log.push(`finish ${frame.number} ${frame.end}`);
      options.onFinish?.(frame);
    },
    onError: (error) => {
      log.push("error");
      errors.push(error);
      options.onError?.(error);
    },
  });
  return { live, log, frames, errors, seen: () => frames.map(({ request }) => editOf(request)) };
}

/** Lets all that is ready happen, and so many milliseconds pass. */
const pass = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

describe("a live drawing", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("draws what is asked, and tells its start, its frame and its finish in order", async () => {
    const { pipeline, last } = fakePipeline();
    const { live, log, frames } = heard(pipeline);
    live.update(edit(1));
    await pass(40);
    expect(log).toEqual(["start 1"]);
    last().done();
    await live.idle;
    expect(log).toEqual(["start 1", "frame 1", "finish 1 drawn"]);
    expect(frames[0]).toMatchObject({ number: 1, current: true, milliseconds: 40 });
  });

  test("draws once what is said several times in a turn: the newest", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, seen } = heard(pipeline);
    for (let n = 1; n <= 5; n++) live.update(edit(n));
    await pass(500);
    expect(seen()).toEqual([5]);
    expect(calls).toHaveLength(1);
  });

  test("gives up what has just begun for something newer", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, log, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(30);
    live.update(edit(2));
    await pass(200);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(log).toEqual(["start 1", "finish 1 replaced", "start 2", "frame 2", "finish 2 drawn"]);
    expect(seen()).toEqual([2]);
  });

  test("draws to its end what is half done, and says that it is not current", async () => {
    const { pipeline } = fakePipeline(100);
    const { live, frames, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(60);
    live.update(edit(2));
    await pass(300);
    expect(seen()).toEqual([1, 2]);
    expect(frames.map(({ current }) => current)).toEqual([false, true]);
  });

  test("of many edits while something runs, keeps the newest alone", async () => {
    const { pipeline } = fakePipeline(100);
    const { live, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(60);
    for (let n = 2; n <= 9; n++) live.update(edit(n));
    await pass(300);
    expect(seen()).toEqual([1, 9]);
  });

  test.each([1, 5, 16, 30, 49, 51, 70, 99, 150])(
    "never starves: edits each %d ms give a frame in 1.5 times its time at most",
    async (every) => {
      const takes = 100;
      const { pipeline, most } = fakePipeline(takes);
      const { live, frames, seen } = heard(pipeline);
      let n = 0;
      for (let at = 0; at < 1500; at += every) {
        live.update(edit(++n));
        await pass(every);
      }
      await pass(1000);
      const gaps = frames.map(({ at }, i) => at - (frames[i - 1]?.at ?? 0)).slice(1, -1);
      // A part of a generation is as long as it takes to hear that it was stopped.
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max(1.5 * takes, takes + every) + takes / 8 + 1);
      expect(seen().at(-1)).toBe(n);
      expect(most()).toBe(1);
    },
  );

  test("does nothing for the same request: no job, no event, whatever objects it is made of", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, log } = heard(pipeline);
    live.update(edit(1));
    await pass(20);
    live.update(edit(1)); // while it runs
    await pass(200);
    for (let i = 0; i < 10; i++) {
      live.update({ controls: [control(1)], prompt: "a boat" });
      await pass(50);
    }
    expect(calls).toHaveLength(1);
    expect(log).toHaveLength(3);
  });

  test("takes a map that is changed in place for another one, and draws it as it was", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live } = heard(pipeline);
    const request = edit(1);
    live.update(request);
    await pass(200);
    request.controls[0]?.map.pixels.data.fill(255, 0, 12);
    live.update(request);
    request.controls[0]?.map.pixels.data.fill(255, 0, 40);
    await pass(200);
    expect(calls.map(({ request }) => editOf(request))).toEqual([1, 2]);
  });

  test("back at what is shown, gives up what came between and draws nothing", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, log, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(200);
    live.update(edit(2));
    await pass(20);
    live.update(edit(1));
    await pass(200);
    expect(calls).toHaveLength(2);
    expect(seen()).toEqual([1]);
    expect(log.at(-1)).toBe("finish 2 replaced");
    await live.idle;
  });

  test("back at what is being drawn, forgets what waits", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, seen, frames } = heard(pipeline);
    live.update(edit(1));
    await pass(60);
    live.update(edit(2));
    live.update(edit(1));
    await pass(200);
    expect(calls).toHaveLength(1);
    expect(seen()).toEqual([1]);
    expect(frames[0]?.current).toBe(true);
  });

  test("stops at once: no listener is called after it, and what runs is told", async () => {
    const { pipeline, last } = fakePipeline();
    const { live, log } = heard(pipeline);
    live.update(edit(1));
    await pass();
    last().at(0.6);
    live.update(edit(2));
    live.stop();
    expect(last().signal.aborted).toBe(true);
    expect(log).toEqual(["start 1", "finish 1 stopped"]);
    last().at(0.7);
    last().done(); // one that does not listen
    await pass(5000);
    expect(log).toHaveLength(2);
    live.update(edit(1));
    await pass();
    last().done();
    await live.idle;
    expect(log.slice(2)).toEqual(["start 2", "frame 2", "finish 2 drawn"]);
  });

  test.each(["onStart", "onFrame", "onFinish"] as const)("may be stopped in %s", async (name) => {
    const { pipeline } = fakePipeline(100);
    let stop = () => {};
    const { live, log } = heard(pipeline, { [name]: () => stop() });
    stop = () => {
      live.update(edit(2)); // forgotten as well
      live.stop();
    };
    live.update(edit(1));
    await pass(500);
    await live.idle;
    const drawn = ["start 1", "frame 1", "finish 1 drawn"];
    expect(log).toEqual(name === "onStart" ? ["start 1", "finish 1 stopped"] : drawn);
  });

  test("begins nothing while the pointer is down, and the newest when it is up", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(20);
    live.hold(); // the pointer is down: what runs is drawn to its end
    for (let n = 2; n < 30; n++) {
      live.update(edit(n));
      await pass(16);
    }
    expect(calls).toHaveLength(1);
    expect(seen()).toEqual([1]);
    live.release();
    await pass(150);
    expect(seen()).toEqual([1, 29]);
    expect(calls).toHaveLength(2);
  });

  test("held before anything ran, is not idle until what waits was drawn", async () => {
    const { pipeline, calls } = fakePipeline(100);
    const { live, seen } = heard(pipeline);
    let isIdle = false;
    live.hold();
    live.update(edit(1));
    void live.idle.then(() => {
      isIdle = true;
    });
    await pass(1000);
    expect([calls.length, isIdle]).toEqual([0, false]);
    live.release();
    await pass(200);
    expect([seen(), isIdle]).toEqual([[1], true]);
  });

  test("goes on after an error, and draws the same request when it is asked again", async () => {
    const { pipeline, last } = fakePipeline();
    const { live, log, errors } = heard(pipeline);
    live.update(edit(1));
    await pass();
    const lost = new UnderdrawError("device-lost", "The device is gone.", { reason: "test" } as never);
    last().fail(lost);
    await pass(5000);
    expect(errors).toEqual([lost]);
    expect(log).toEqual(["start 1", "error", "finish 1 failed"]);
    live.update(edit(1));
    await pass();
    last().done();
    await live.idle;
    expect(log.slice(3)).toEqual(["start 2", "frame 2", "finish 2 drawn"]);
  });

  test("draws what waits after an error", async () => {
    const { pipeline, last } = fakePipeline();
    const { live, log } = heard(pipeline);
    live.update(edit(1));
    await pass();
    last().at(0.6);
    live.update(edit(2));
    last().fail(new Error("its own fault"));
    await pass();
    last().done();
    await live.idle;
    expect(log).toEqual(["start 1", "error", "finish 1 failed", "start 2", "frame 2", "finish 2 drawn"]);
  });

  test("tells what cannot be drawn at once, and leaves the rest as it was", async () => {
    const { pipeline } = fakePipeline(100);
    const { live, errors, seen } = heard(pipeline);
    live.update(edit(1));
    await pass(50);
    live.update(edit(2, { steps: -1 }));
    live.update({ ...edit(3), controls: [{ ...control(3), weight: Number.NaN }] });
    expect(errors).toMatchObject([{ code: "request-invalid" }, { code: "request-invalid" }]);
    await pass(200);
    expect(seen()).toEqual([1]);
  });

  test("a listener that throws stops nothing", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => reported.mockRestore());
    const { pipeline } = fakePipeline(100);
    const fault = () => {
      throw new Error("a listener's own fault");
    };
    const live = liveDrawing(pipeline, { onStart: fault, onProgress: fault, onFrame: fault, onFinish: fault });
    live.update(edit(1));
    await pass(200);
    const { live: other, seen } = heard(pipeline);
    other.update(edit(2));
    await pass(200);
    expect(seen()).toEqual([2]);
    await live.idle;
    expect(reported).toHaveBeenCalled();
  });

  test("passes progress on while its frame may still come", async () => {
    const { pipeline, last } = fakePipeline();
    const fractions: number[] = [];
    const { live } = heard(pipeline, { onProgress: ({ fraction }) => fractions.push(fraction) });
    live.update(edit(1));
    await pass();
    last().at(0.1);
    live.update(edit(2));
    await pass();
    last().at(0.2);
    last().fail(last().signal.reason);
    await pass();
    last().at(0.3);
    expect(fractions).toEqual([0.1, 0.3]);
    live.stop();
  });

  test("waits for a slow model until the hand has rested a quarter of a second", async () => {
    const { pipeline, calls } = fakePipeline(2000);
    const { live } = heard(pipeline);
    live.update(edit(1));
    await pass(2100);
    live.update(edit(2));
    await pass(200);
    live.update(edit(3));
    await pass(249);
    expect(calls).toHaveLength(1);
    await pass(1);
    expect(calls.map(({ request }) => editOf(request))).toEqual([1, 3]);
  });

  test("with a slow model begins after three seconds of continuous editing", async () => {
    const { pipeline, calls } = fakePipeline(2000);
    const { live } = heard(pipeline);
    live.update(edit(1));
    await pass(2100);
    for (let n = 2; n < 2 + 29; n++) {
      live.update(edit(n));
      await pass(100);
    }
    expect(calls).toHaveLength(1);
    live.update(edit(40));
    await pass(100);
    expect(calls).toHaveLength(2);
    live.stop();
  });

  test("of a fast model waits for nothing", async () => {
    const { pipeline, calls } = fakePipeline(1400);
    const { live } = heard(pipeline);
    live.update(edit(1));
    await pass(1500);
    live.update(edit(2));
    await pass();
    expect(calls).toHaveLength(2);
    live.stop();
  });

  test("keeps one seed for requests that give none, and theirs for those that do", async () => {
    const { pipeline, calls } = fakePipeline(10);
    const { live } = heard(pipeline);
    for (const request of [edit(1), edit(2), edit(3, { seed: 5 })]) {
      live.update(request);
      await pass(50);
    }
    expect(calls.map(({ request }) => request.seed)).toEqual([live.seed, live.seed, 5]);
    expect(heard(pipeline).live.seed).not.toBe(live.seed);
  });

  test("hands its choices to the pipeline, and measures only when asked", async () => {
    const { pipeline, calls } = fakePipeline(10);
    for (const options of [{}, { measure: true, reuse: false, influence: true }]) {
      heard(pipeline, options).live.update(edit(1));
      await pass(50);
    }
    const chosen = calls.map(({ options: { measure, reuse, influence } }) => ({ measure, reuse, influence }));
    expect(chosen).toEqual([
      { measure: false, reuse: undefined, influence: undefined },
      { measure: true, reuse: false, influence: true },
    ]);
  });

  test("begins with the last frame, but not after another prompt, seed or size", async () => {
    const { pipeline, calls } = fakePipeline(10);
    const { live, frames } = heard(pipeline, { settings: { from: "frame", strength: 0.5 } });
    const other = { prompt: "a car" };
    for (const request of [edit(1), edit(2), edit(3, other), edit(4, other), edit(4, { ...other, width: 32 })]) {
      live.update(request);
      await pass(50);
      frames.at(-1)?.result.pixels.data.fill(7); // the frame is its receiver's
    }
    const begun = calls.map(({ request }) => request.init);
    expect(begun.map((init) => init?.strength)).toEqual([undefined, 0.5, undefined, 0.5, undefined]);
    expect(begun[1]?.picture.data.every((value) => value === 0)).toBe(true);
  });

  test("disposed, stops for good", async () => {
    const { pipeline, last } = fakePipeline();
    const { live, log } = heard(pipeline);
    live.update(edit(1));
    await pass();
    let isOver = false;
    const over = live.dispose().then(() => {
      isOver = true;
    });
    await pass();
    expect(isOver).toBe(false);
    last().fail(last().signal.reason);
    await over;
    await live.dispose();
    expect(log).toEqual(["start 1", "finish 1 stopped"]);
    expect(() => live.update(edit(2))).toThrow(expect.objectContaining({ code: "disposed" }));
    live.hold();
    live.release();
    live.stop();
    await live.idle;
  });

  test("refuses times that are none", () => {
    const { pipeline } = fakePipeline();
    expect(() => liveDrawing(pipeline, { onFrame: () => {}, pause: { quiet: -1 } })).toThrow(RangeError);
    expect(() => liveDrawing(pipeline, { onFrame: () => {}, pause: { slow: Number.NaN } })).toThrow(RangeError);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("keeps its promises in any course of things (%d)", async (seed) => {
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const { pipeline, most } = fakePipeline(20 + random(3000));
    const { live, log, seen } = heard(pipeline);
    let isHeld = false;
    let wanted = 0;
    for (let turn = 0; turn < 200; turn++) {
      const before = log.length;
      const what = random(20);
      if (what === 0) {
        live.stop();
        const ended = log.slice(before);
        expect(ended.every((line) => line.endsWith("stopped"))).toBe(true);
      } else if (what === 1) {
        live.hold();
        isHeld = true;
      } else if (what <= 4) {
        live.release();
        isHeld = false;
      } else if (what < 16) {
        wanted = 1 + random(6);
        live.update(edit(wanted));
      }
      const starts = log.filter((line) => line.startsWith("start")).length;
      await pass(random(4) === 0 ? random(2500) : random(60));
      if (isHeld) expect(log.filter((line) => line.startsWith("start"))).toHaveLength(starts);
    }
    live.release();
    wanted = 50;
    live.update(edit(wanted));
    await pass(20_000);
    await live.idle;
    expect(seen().at(-1)).toBe(wanted);
    expect(most()).toBe(1);
    expect(log.join("\n")).toMatch(/^(start (\d+)\n((frame \2\nfinish \2 drawn)|(finish \2 (replaced|stopped)))\n?)*$/);
  });
});

describe("a live drawing of a small random model", () => {
  const models = nodeFolder("test/golden/parity/sd15-tiny");
  const engine = new Engine({ models, runtime: { device: "cpu" } });
  const far = connectEngine(fakeWorkers({ models, runtime: { device: "cpu" } }).start);
  const pipelines: { near?: Pipeline; far?: Pipeline } = {};
  const pipelineOf = async (where: "near" | "far"): Promise<Pipeline> => {
    const wanted = { base: "base", nets: { lines: "controlnets/canny" } };
    pipelines[where] ??= await (where === "near" ? engine : far).load(wanted);
    return pipelines[where];
  };
  afterAll(() => Promise.all([engine.dispose(), far.dispose()]));
  const request = (n: number): GenerateRequest => edit(n, { width: 32, height: 32, steps: 20, seed: 3 });

  test.each(["near", "far"] as const)("draws the newest and stops what is out of date (%s)", async (where) => {
    const pipeline = await pipelineOf(where);
    let live: LiveDrawing | null = null;
    let isTold = false;
    const { log, frames, ...drawing } = heard(pipeline, {
      onProgress: ({ phase }) => {
        // The first frame is given up in its first step.
        if (phase !== "denoise" || isTold) return;
        isTold = true;
        live?.update(request(2));
      },
    });
    live = drawing.live;
    live.update(request(1));
    await live.idle;
    expect(log).toEqual(["start 1", "finish 1 replaced", "start 2", "frame 2", "finish 2 drawn"]);
    const [frame] = frames;
    if (!frame) throw new Error("no frame came");
    expect(frame.result.activeSteps[0]).toHaveLength(4);
    const again = await pipeline.generate(frame.drawn, { reuse: false });
    expect(frame.result.pixels.data).toEqual(again.pixels.data);
    await live.dispose();
  });

  test.each(["near", "far"] as const)("begins with the frame before, as it came (%s)", async (where) => {
    const pipeline = await pipelineOf(where);
    const { live, frames } = heard(pipeline, { settings: { from: "frame", strength: 0.5 } });
    for (const n of [1, 90]) {
      live.update(request(n));
      await live.idle;
    }
    const [first, second] = frames;
    expect(second?.drawn.init?.picture).toEqual(first?.result.pixels);
    expect(second?.result.activeSteps[0]).toHaveLength(4);
  });

  test("back at an earlier request, has its frame without drawing it again", async () => {
    const { live, frames } = heard(await pipelineOf("near"));
    for (const n of [11, 12, 11]) {
      live.update(request(n));
      await live.idle;
    }
    expect(frames.map(({ result }) => result.reused.picture)).toEqual([false, false, true]);
    expect(frames[2]?.result.pixels).toEqual(frames[0]?.result.pixels);
  });

  test("tells of a net that is not there, and draws on, until the pipeline is disposed", async () => {
    const pipeline = await pipelineOf("near");
    const { live, errors, frames } = heard(pipeline);
    live.update({ ...request(1), controls: [{ ...control(1), net: "absent" }] });
    await live.idle;
    expect(errors).toMatchObject([{ code: "model-unknown" }]);
    live.update(request(1));
    await live.idle;
    expect(frames).toHaveLength(1);
    await pipeline.dispose();
    live.update(request(2));
    await live.idle;
    expect(errors).toMatchObject([{ code: "model-unknown" }, { code: "disposed" }]);
  });
});
