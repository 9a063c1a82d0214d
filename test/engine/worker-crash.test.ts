import { canny, createPixels, defineCondition, type UnderdrawError } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { connectEngine, type ServeEngineOptions, serveEngine } from "@underdraw/engine/worker";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { version } from "../../engine/src/worker/protocol.ts";
import { type FakeWorker, fakeWorkers } from "./worker-pair.ts";

// What becomes of calls and pipelines when their worker is lost, says nothing or says the wrong thing.

const models = nodeFolder("test/golden/parity/five-levels");
const source = createPixels(8, 8);
const request = { prompt: "a boat", controls: [], width: 32, height: 32, steps: 2, seed: 5 };

/** Never gives a map, and ignores that it is stopped. */
const endless = defineCondition({
  id: "endless",
  title: "Endless",
  options: z.object({}),
  extract: () => new Promise<never>(() => {}),
});

function connect(options: ServeEngineOptions = {}) {
  const { start, workers } = fakeWorkers({ conditions: [endless], ...options });
  const engine = connectEngine(start);
  const crashes: UnderdrawError<"worker-crashed">[] = [];
  engine.onCrash((error) => crashes.push(error));
  return { engine, workers, crashes, last: () => workers.at(-1) as FakeWorker };
}

/** A call that is on its way for ever, once it is there. */
async function hanging({ engine, last }: ReturnType<typeof connect>): Promise<{ readonly running: Promise<unknown> }> {
  const running = engine.extract(endless(), source).catch((error: unknown) => error);
  await expect.poll(() => last()?.sent.some(({ call }) => call === "extract")).toBe(true);
  return { running };
}

describe("a worker that fails", () => {
  test.each(["error", "messageerror"] as const)("by an %s event is replaced, and what ran is told", async (type) => {
    const at = connect();
    const { running } = await hanging(at);
    at.last().fail(type, "boom");
    const error = await running;
    expect(error).toMatchObject({ code: "worker-crashed", details: { again: false } });
    expect((error as UnderdrawError<"worker-crashed">).details.reason).toMatch(
      type === "error" ? /^boom$/ : /could not be read/,
    );
    expect(at.crashes).toEqual([error]);
    expect(at.workers[0]?.ended).toBe(true);
    expect(await at.engine.extract(canny(), source)).toMatchObject({ condition: "canny" });
    expect(at.workers.length).toBe(2);
    await at.engine.dispose();
  });

  test("again, before anything was done, says so; after a success it does not", async () => {
    const at = connect();
    const again = async () => {
      const { running } = await hanging(at);
      at.last().fail("error", "boom");
      return ((await running) as UnderdrawError<"worker-crashed">).details.again;
    };
    expect(await again()).toBe(false);
    expect(await again()).toBe(true);
    expect(await again()).toBe(true);
    await at.engine.device();
    expect(await again()).toBe(false);
    await at.engine.dispose();
  });

  test("while nothing runs is replaced by the next call, and whoever listens no more hears nothing", async () => {
    const at = connect();
    const heard = vi.fn();
    const end = at.engine.onCrash(heard);
    await at.engine.device();
    at.last().fail("error", "boom");
    expect([at.crashes.length, heard.mock.calls.length]).toEqual([1, 1]);
    end();
    await at.engine.device();
    at.last().fail("error", "boom");
    expect([at.crashes.length, heard.mock.calls.length]).toEqual([2, 1]);
    await at.engine.dispose();
  });

  test("takes no pipeline with it: the next picture loads it again and is the same", async () => {
    const at = connect({ models });
    const pipeline = await at.engine.load({ base: "base", nets: { canny: "controlnets/n" } });
    const expected = await pipeline.generate(request);
    const runs = pipeline.runs();
    let failed = false;
    const crashed = await pipeline
      .generate(request, {
        reuse: false, // its steps were known
        onProgress({ phase }) {
          if (phase === "denoise" && !failed) {
            failed = true;
            at.last().fail("error", "boom");
          }
        },
      })
      .catch((error: unknown) => error);
    expect(crashed).toMatchObject({ code: "worker-crashed", details: { reason: "boom", again: false } });
    const fractions: number[] = [];
    const both = await Promise.all([
      pipeline.generate(request, { onProgress: ({ fraction }) => fractions.push(fraction) }),
      pipeline.countTokens("a b"),
    ]);
    expect(both).toEqual([expected, expect.objectContaining({ used: 2, cut: "" })]);
    expect(pipeline.runs()).toEqual(runs);
    // Loaded once for both.
    expect(at.last().sent.filter(({ call }) => call === "load").length).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    await at.engine.dispose();
  });

  test("in which a load or a picture fails again is told as failing again", async () => {
    const at = connect({ models });
    const pipeline = await at.engine.load({ base: "base" });
    const crash = async () => {
      const onProgress = () => at.last().fail("error", "boom");
      return pipeline.generate(request, { onProgress }).catch((error: unknown) => error);
    };
    expect(await crash()).toMatchObject({ details: { again: false } });
    // Loading it again is nobody's success.
    expect(await crash()).toMatchObject({ details: { again: true } });
    await at.engine.dispose();
  });

  test("by an error that spoils onnxruntime is replaced: the call gets that error, others hear of the crash", async () => {
    const at = connect();
    const { running } = await hanging(at);
    const lost = at.engine.device().catch((error: unknown) => error);
    const id = at.last().sent.findLast(({ call }) => call === "device")?.["id"] as number;
    const error = { name: "UnderdrawError", message: "No room.", code: "out-of-memory", details: { needed: 9 } };
    at.last().say({ underdraw: "engine", id, error });
    expect(await lost).toMatchObject({ code: "out-of-memory", message: "No room.", details: { needed: 9 } });
    expect(await running).toMatchObject({ code: "worker-crashed", details: { reason: "No room.", again: false } });
    await at.engine.device();
    expect(at.workers.length).toBe(2);
    await at.engine.dispose();
  });
});

describe("a worker that cannot be begun", () => {
  test("and throws is told, with why", async () => {
    const cause = new Error("no workers here");
    const engine = connectEngine(() => {
      throw cause;
    });
    const error = await engine.device().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "worker-crashed", details: { again: false }, cause });
    expect(String(error)).toContain("no workers here");
    await expect(engine.device()).rejects.toMatchObject({ details: { again: true } });
    await engine.dispose();
  });

  test("and never answers is told within the limit", async () => {
    const { start, workers } = fakeWorkers(() => {});
    const engine = connectEngine(start, { timeoutMs: 30 });
    await expect(engine.load()).rejects.toMatchObject({
      code: "worker-crashed",
      details: { reason: "its script did not answer within 30 ms", again: false },
    });
    expect(workers[0]?.ended).toBe(true);
    await engine.dispose();
    expect(() => connectEngine(start, { timeoutMs: 0 })).toThrow(RangeError);
  });

  test("because its script is not there is told", async () => {
    const { start, workers } = fakeWorkers(() => {});
    const engine = connectEngine(start);
    const failing = engine.device().catch((error: unknown) => error);
    workers[0]?.fail("error");
    expect(await failing).toMatchObject({ details: { reason: "its script could not be loaded" } });
    await engine.dispose();
  });

  test("because its script is of another version is told", async () => {
    const { start } = fakeWorkers((scope) =>
      scope.postMessage({ underdraw: "engine", ready: { version: 99, conditions: [], lock: null } }, []),
    );
    const engine = connectEngine(start);
    await expect(engine.device()).rejects.toMatchObject({
      details: { reason: expect.stringContaining("version 99") },
    });
    await engine.dispose();
  });
});

describe("messages that nobody thought of", () => {
  test("of others pass by, and wrong ones to the page end the worker", async () => {
    for (const wrong of [
      { underdraw: "engine" },
      { underdraw: "engine", id: "0", result: 1 },
      { underdraw: "engine", id: 0, progress: { phase: "elsewhere", fraction: 0 } },
      { underdraw: "engine", id: 0, progress: { phase: "decode", fraction: "1" } },
      { underdraw: "engine", id: 0, error: "no" },
      { underdraw: "engine", id: 0, result: { width: 8, height: 8, data: [1, 2, 3] } },
    ]) {
      const at = connect();
      const { running } = await hanging(at);
      for (const other of [null, 7, "text", { id: 0, result: 1 }, { underdraw: "else" }]) at.last().say(other);
      // A call that nobody made.
      at.last().say({ underdraw: "engine", id: 99, result: 1 });
      expect(at.crashes).toEqual([]);
      at.last().say(wrong);
      expect(await running).toMatchObject({ code: "worker-crashed" });
      await at.engine.dispose();
    }
  });

  test("to the worker are refused by name, and none is run a second time", async () => {
    let drawn = 0;
    const counting = defineCondition({
      id: "counting",
      title: "Counting",
      options: z.object({}),
      extract(source) {
        drawn++;
        source.data.fill(255);
        return source;
      },
    });
    const at = connect({ conditions: [counting] });
    await at.engine.extract(counting(), source);
    const call = { underdraw: "engine", call: "extract", condition: { id: "counting", options: {} } };
    for (const wrong of [
      { ...call, id: 50, source: { width: 1, height: 1, data: [1, 2, 3, 4] } },
      { ...call, id: 50, call: "constructor" },
      { ...call, id: 50, call: "toString", source },
      { underdraw: "engine", id: 50, call: "generate", pipeline: -1, request: { prompt: "", controls: [] } },
      {
        underdraw: "engine",
        id: 50,
        call: "load",
        request: { base: { from: "files", name: "a", files: [["b", "c"]] } },
      },
      { underdraw: "engine", id: 50, call: "load", request: { base: { from: "elsewhere" } } },
    ]) {
      const before = at.last().heard.length;
      at.last().whisper(wrong);
      await expect.poll(() => at.last().heard.length).toBe(before + 1);
      expect(at.last().heard.at(-1)).toMatchObject({ id: 50, error: { code: "bridge-protocol" } });
    }
    // A pipeline and a condition that are not there.
    at.last().whisper({ underdraw: "engine", id: 51, call: "tokens", pipeline: 9, prompt: "" });
    await expect.poll(() => at.last().heard.at(-1)).toMatchObject({ id: 51, error: { code: "disposed" } });
    at.last().whisper({ ...call, id: 52, condition: { id: "absent", options: {} }, source });
    await expect.poll(() => at.last().heard.at(-1)).toMatchObject({ id: 52, error: { name: "TypeError" } });
    // Without an id nothing can be answered; what is not ours is not looked at; a call comes once.
    for (const silent of [null, "text", { id: 60 }, { underdraw: "engine" }, { underdraw: "engine", abort: 99 }])
      at.last().whisper(silent);
    at.last().whisper({ ...call, id: 0, source });
    at.last().whisper({ ...call, id: 52, source });
    at.last().whisper({ underdraw: "engine", id: 53, call: "device" });
    await expect.poll(() => at.last().heard.at(-1)).toMatchObject({ id: 53, result: { provider: "cpu" } });
    expect(drawn).toBe(1);
    at.last().fail("error"); // it takes the page's own calls for replayed ones by now
    await at.engine.dispose();
  });

  test("a worker serves one engine", () => {
    const scope = { postMessage() {}, addEventListener() {} };
    serveEngine({}, scope);
    expect(() => serveEngine({}, scope)).toThrow(TypeError);
  });
});

describe("the end", () => {
  test("frees what was loaded, then ends the worker; later calls say so", async () => {
    const at = connect({ models });
    const pipeline = await at.engine.load({ base: "base" });
    const { running } = await hanging(at);
    const drawing = pipeline.generate(request).catch((error: unknown) => error);
    const ended = at.engine.dispose();
    expect(await running).toMatchObject({ code: "disposed", details: { what: "engine" } });
    expect(await drawing).toMatchObject({ code: "disposed", details: { what: "pipeline" } });
    await ended;
    const worker = at.last();
    const id = worker.sent.findLast(({ call }) => call === "dispose")?.["id"];
    expect(worker.heard.some((reply) => reply["id"] === id && "result" in reply)).toBe(true);
    expect(worker.ended).toBe(true);
    expect(at.crashes).toEqual([]);
    await at.engine.dispose();
    const disposed = { code: "disposed" };
    await expect(at.engine.device()).rejects.toMatchObject(disposed);
    await expect(at.engine.load()).rejects.toMatchObject(disposed);
    await expect(at.engine.extract(canny(), source)).rejects.toMatchObject(disposed);
    await expect(pipeline.generate(request)).rejects.toMatchObject(disposed);
    expect(at.workers.length).toBe(1);
  });

  test("of an engine that was never asked starts no worker, and of one that starts does not wait for it", async () => {
    const idle = connect();
    await idle.engine.dispose();
    expect(idle.workers.length).toBe(0);
    const { start, workers } = fakeWorkers(() => {});
    const engine = connectEngine(start);
    const failing = engine.device().catch((error: unknown) => error);
    await engine.dispose();
    expect(await failing).toMatchObject({ code: "disposed" });
    expect(workers[0]?.ended).toBe(true);
  });

  test("does not wait for ever for a worker that hangs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { start, workers } = fakeWorkers((scope) =>
        scope.postMessage({ underdraw: "engine", ready: { version, conditions: [], lock: null } }, []),
      );
      const engine = connectEngine(start);
      const failing = engine.device().catch((error: unknown) => error);
      await vi.waitFor(() => expect(workers[0]?.sent.length).toBe(1));
      const ended = engine.dispose();
      expect(await failing).toMatchObject({ code: "disposed" });
      await vi.advanceTimersByTimeAsync(2000);
      await ended;
      expect(workers[0]?.ended).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
