import { type Control, Engine, type GenerateRequest, type Pipeline, UnderdrawError } from "@underdraw/engine";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  control as controlGraph,
  hint,
  kv,
  runMemory,
  temb,
  vaeDecoder,
  weightBytes,
} from "../../engine/src/graph/index.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import { bars, control, counted, request, smallBase, smallNets } from "./promises-parts.ts";
import { sd15Net, sdVae } from "./published-configs.ts";

// A request that cannot fit is refused before anything runs, with the sum of what it would take.

afterEach(() => vi.restoreAllMocks());

describe("what a run takes of memory", () => {
  test("is exact for the residuals, features, keys and values of a ControlNet of Stable Diffusion 1.5", () => {
    const extent = { batch: 2, height: 64, width: 64, context: 77 };
    const residuals = 3 * 320 * 64 ** 2 + (320 + 2 * 640) * 32 ** 2 + (640 + 2 * 1280) * 16 ** 2 + 4 * 1280 * 8 ** 2;
    expect(runMemory(controlGraph(sd15Net, "float32"), extent).outputs).toBe(4 * 2 * residuals);
    expect(runMemory(controlGraph(sd15Net, "float16"), extent).outputs).toBe(2 * 2 * residuals);
    // Transformers of a ControlNet: two on each of three levels and one in the middle, each with keys and values.
    const widths = 2 * 320 + 2 * 640 + 3 * 1280;
    expect(runMemory(kv(sd15Net, "float32"), extent).outputs).toBe(4 * 2 * 2 * 77 * widths);
    const picture = { batch: 1, height: 512, width: 512 };
    expect(runMemory(hint(sd15Net, "float32"), picture).outputs).toBe(4 * 320 * 64 ** 2);
  });

  test("holds at its peak what the decoder needs at once: a map of 256 channels at full size, made from another", () => {
    const { peak, largest, outputs } = runMemory(vaeDecoder(sdVae, "float32"), { batch: 1, height: 64, width: 64 });
    expect(outputs).toBe(4 * 3 * 512 ** 2);
    expect(largest).toBe(4 * 256 * 512 ** 2);
    expect(peak).toBeGreaterThanOrEqual(2 * largest);
    expect(peak).toBeLessThan(4 * largest);
  });

  test("counts every weight once: 361 279 120 of a ControlNet of Stable Diffusion 1.5", () => {
    const graphs = [hint, kv, temb, controlGraph].map((graph) => graph(sd15Net, "float32"));
    expect(graphs.reduce((sum, graph) => sum + weightBytes(graph), 0)).toBe(4 * 361_279_120);
  });
});

describe("a request", () => {
  let free: Engine;
  let pipeline: Pipeline;
  const runtimes = new Set<DeviceRuntime>();
  beforeAll(async () => {
    const { open } = DeviceRuntime.prototype;
    const spy = vi.spyOn(DeviceRuntime.prototype, "open").mockImplementation(function (this: DeviceRuntime, ...given) {
      runtimes.add(this);
      return open.apply(this, given);
    });
    free = new Engine({ runtime: { device: "cpu" } });
    pipeline = await free.load({ base: smallBase(), nets: smallNets() });
    spy.mockRestore();
  }, 60_000);
  afterAll(() => free.dispose());

  const many = (count: number, more: Partial<Control> = {}): Control[] =>
    Array.from({ length: count }, (_, n) =>
      control("canny", { map: { condition: "canny", pixels: bars(n) }, ...more }),
    );
  const refusal = async (of: Pipeline, asked: GenerateRequest) => {
    const { error, ran } = await refused(of, asked);
    expect(ran).toEqual({});
    return error;
  };
  /** The bytes that a request needs, as it is refused where there is next to nothing. */
  const needed = async (poor: Pipeline, controls: readonly Control[], more: Partial<GenerateRequest> = {}) => {
    const error = await refusal(poor, request(controls, more));
    if (!UnderdrawError.is(error, "out-of-memory")) throw error;
    return error.details.needed as number;
  };

  test("of a hundred controls is refused before anything runs, with the sum and how many fit", async () => {
    const error = await refusal(pipeline, request(many(100)));
    expect(error).toMatchObject({ code: "request-invalid", details: { issues: [{ path: "controls" }] } });
    expect(String(error)).toMatch(
      /100 controls are too many: one picture takes 32 at the most\. They would need \d+ MB .*: \d+ MB for the models, \d+ MB for the picture of 64x48, \d+ MB for the controls, of which 32 fit\./,
    );
  });

  test("of 33 controls is refused in any case, and one of 32 is drawn", async () => {
    await using all = await free.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    expect(await refusal(all, request(many(33, { weight: 0 })))).toMatchObject({ code: "request-invalid" });
    const { result } = await counted(all, request(many(32, { weight: 0.05 }), { steps: 1 }));
    expect(result.activeSteps).toHaveLength(32);
  });

  test("that needs more than there is is refused with what would fit; one that needs just that is drawn", async () => {
    await using poor = new Engine({ runtime: { device: "cpu" }, memory: 1 });
    await using little = await poor.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    const none = await refusal(little, request([]));
    expect(none).toMatchObject({ code: "out-of-memory" });
    expect(String(none)).toContain("too little even without controls");
    const needs = [0, 1, 2, 3].map((count) => needed(little, many(count)));
    const [bare = 0, one = 0, two = 0, three = 0] = await Promise.all(needs);
    expect([one > bare, two > one, three > two]).toEqual([true, true, true]);
    // What never acts, or acts at another time, takes no residuals.
    const thirty = await needed(little, many(30));
    // Its map, as it was given and as it is drawn, is there all the same.
    expect((await needed(little, many(30, { range: [0.1, 0.2] }))) - bare).toBe(30 * 2 * 4 * 64 * 48);
    const [early, late] = [many(15, { range: [0, 0.5] }), many(30, { range: [0.5, 1] }).slice(15)];
    expect(await needed(little, [...early, ...late])).toBeLessThan(thirty);
    expect(await needed(little, many(30, { halves: [1, 0] }))).toBeLessThan(thirty);
    expect(await needed(little, many(30), { guidance: 1 })).toBeLessThan(thirty);
    expect(await needed(little, many(30), { width: 128 })).toBeGreaterThan(thirty);

    await using just = new Engine({ runtime: { device: "cpu" }, memory: two });
    await using enough = await just.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    expect(String(await refusal(enough, request(many(5))))).toContain("in which 2 of 5 controls fit");
    expect((await counted(enough, request(many(2)))).result.pixels.width).toBe(64);
  });

  test("is not refused where memory is Infinity, nor where nobody tells of it", async () => {
    const [runtime] = [...runtimes] as [DeviceRuntime];
    const told = runtime.memory;
    try {
      for (const memory of [
        { total: 1, tensor: null },
        { total: null, tensor: null },
      ]) {
        Object.assign(runtime, { memory });
        const job = counted(pipeline, request([control("canny")], { steps: 1 }));
        if (memory.total === 1) await expect(job).rejects.toMatchObject({ code: "out-of-memory" });
        else expect((await job).result.pixels.width).toBe(64);
      }
    } finally {
      Object.assign(runtime, { memory: told });
    }
    await using boundless = new Engine({ runtime: { device: "cpu" }, memory: Number.POSITIVE_INFINITY });
    await using any = await boundless.load({ base: smallBase() });
    expect((await counted(any, request([], { steps: 1 }))).result.pixels.width).toBe(64);
  });

  test("with a tensor that the device does not allow is refused by its size", async () => {
    const [runtime] = [...runtimes] as [DeviceRuntime];
    const told = runtime.memory;
    Object.assign(runtime, { memory: { total: null, tensor: 2_000_000 } });
    try {
      const error = await refusal(pipeline, request([], { width: 1024, height: 1024 }));
      expect(error).toMatchObject({ code: "out-of-memory" });
      expect(String(error)).toContain("this device allows 2 MB");
      expect((await counted(pipeline, request([], { steps: 1 }))).result.pixels.width).toBe(64);
    } finally {
      Object.assign(runtime, { memory: told });
    }
  });
});

/** The error of a generation, and what ran before it. */
async function refused(pipeline: Pipeline, asked: GenerateRequest) {
  const before = pipeline.runs();
  const error = await pipeline.generate(asked, { measure: false }).then(
    () => new Error("It was not refused."),
    (caught: unknown) => caught,
  );
  const after = pipeline.runs();
  return { error, ran: Object.fromEntries(Object.entries(after).filter(([name, count]) => count !== before[name])) };
}

test("a runtime in Node tells what memory there is", async () => {
  const runtime = await openRuntime({ device: "cpu" });
  try {
    expect(runtime.memory.total).toBeGreaterThan(2 ** 28);
    expect(runtime.memory.tensor).toBeNull();
  } finally {
    await runtime.dispose();
  }
});
