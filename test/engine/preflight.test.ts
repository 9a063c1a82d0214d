import {
  type Control,
  Engine,
  type GenerateRequest,
  type ModelFolder,
  type Pipeline,
  UnderdrawError,
} from "@underdraw/engine";
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
import { controlMemory } from "../../engine/src/memory-controls.ts";
import { graphsToLoad } from "../../engine/src/memory-graphs.ts";
import { planMemory } from "../../engine/src/memory-plan.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { type NetModel, openNet } from "../../engine/src/models/net.ts";
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

describe("a model", () => {
  test("whose weights do not fit is refused before a weight is read, with its parts", async () => {
    const { files, reads } = watched(smallBase() as ModelFolder);
    await using poor = new Engine({ runtime: { device: "cpu" }, memory: 40e6 });
    const refused = poor.load({ base: files, nets: smallNets() });
    await expect(refused).rejects.toMatchObject({ code: "out-of-memory", details: { needed: expect.any(Number) } });
    const message = String(await refused.catch((error: unknown) => error));
    expect(message).toMatch(/needs \d+ MB of memory for its weights alone \(text encoder \d+ MB, UNet \d+ MB, nets/);
    expect(message).toContain("there are 40 MB by EngineOptions.memory");
    // Headers alone: the weights are above ten megabytes.
    expect(reads()).toBeLessThan(1_000_000);
  }, 60_000);
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
  /** Runs something as if the machine had so many bytes. */
  const withMemory = async <T>(total: number, work: () => Promise<T>): Promise<T> => {
    const [runtime] = [...runtimes] as [DeviceRuntime];
    const told = runtime.memory;
    Object.assign(runtime, { memory: { total, tensor: null } });
    try {
      return await work();
    } finally {
      Object.assign(runtime, { memory: told });
    }
  };
  /** The bytes that a request needs, as it is refused where there is next to nothing. */
  const needed = async (controls: readonly Control[], more: Partial<GenerateRequest> = {}) => {
    const error = await withMemory(1, () => refusal(pipeline, request(controls, more)));
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
    await withMemory(1, async () => {
      const none = await refusal(pipeline, request([]));
      expect(none).toMatchObject({ code: "out-of-memory" });
      expect(String(none)).toContain("too little even without controls");
      expect(String(none)).toMatch(/The weights: text encoder \d+ MB, UNet \d+ MB/);
    });
    const needs: number[] = [];
    for (const count of [0, 1, 2, 3]) needs.push(await needed(many(count)));
    const [bare = 0, one = 0, two = 0, three = 0] = needs;
    expect([one > bare, two > one, three > two]).toEqual([true, true, true]);
    // What never acts, or acts at another time, takes no residuals.
    const thirty = await needed(many(30));
    // Its map, as it was given and as it is drawn, is there all the same.
    expect((await needed(many(30, { range: [0.1, 0.2] }))) - bare).toBeCloseTo(30 * 2 * 4 * 64 * 48, 3);
    const [early, late] = [many(15, { range: [0, 0.5] }), many(30, { range: [0.5, 1] }).slice(15)];
    expect(await needed([...early, ...late])).toBeLessThan(thirty);
    expect(await needed(many(30, { halves: [1, 0] }))).toBeLessThan(thirty);
    expect(await needed(many(30), { guidance: 1 })).toBeLessThan(thirty);
    expect(await needed(many(30), { width: 128 })).toBeGreaterThan(thirty);

    await withMemory(two, async () => {
      expect(String(await refusal(pipeline, request(many(5))))).toContain("in which 2 of 5 controls fit");
      expect((await counted(pipeline, request(many(2)))).result.pixels.width).toBe(64);
    });
  }, 60_000);

  test("that is too large is refused with the largest size that fits, which is drawn", async () => {
    const small = await needed([], { width: 128, height: 96 });
    await withMemory(small, async () => {
      const error = String(await refusal(pipeline, request([], { width: 512, height: 384 })));
      const [, width, height] = /(\d+)x(\d+) would fit/.exec(error)?.map(Number) ?? [];
      expect([width, height]).toEqual([128, 96]);
      const { result } = await counted(pipeline, request([], { width: 128, height: 96, steps: 1 }));
      expect(result.pixels.width).toBe(128);
    });
  }, 60_000);

  test("is drawn with less and less, the same to the byte, and says what was given up", async () => {
    const asked = request([control("canny", { map: { condition: "canny", pixels: bars(3, 256, 192) } })], {
      ...{ width: 256, height: 192, steps: 1 },
    });
    const ample = await pipeline.generate(asked, { measure: false, reuse: false });
    expect(ample.warnings).toEqual([]);
    // What it takes with all that may stay there, and what it takes the next best way, counted from the configs alone.
    const model = await openBase(smallBase());
    const nets = new Map<string, NetModel>();
    for (const [name, source] of Object.entries(smallNets())) nets.set(name, await openNet(source));
    const graphs = graphsToLoad(model, nets, { precision: "float32", bits: null });
    const extent = {
      ...{ pixels: { width: 256, height: 192 }, cells: { width: 32, height: 24 } },
      ...{ steps: 1, guided: true, context: 77, begins: false },
    };
    const controls = asked.controls.map((one) => controlMemory(graphs, one, "canny", extent));
    const runtime = { provider: "cpu", memory: { total: null, tensor: null } } as const;
    const plan = (budget: number | null) => planMemory(graphs, extent, controls, { runtime, budget, tiles: "never" });
    const all = plan(null).needed;
    const freed = plan(all - 1).needed;
    model.close();
    for (const net of nets.values()) net.close();
    expect(freed).toBeLessThan(all);
    for (const [memory, codes] of [
      [all, []],
      [all - 1, ["memory-parts-freed"]],
      [freed - 1, ["memory-parts-sequential"]],
    ] as const) {
      const { pixels, warnings } = await withMemory(memory, () =>
        pipeline.generate({ ...asked, tiles: "never" }, { measure: false, reuse: false }),
      );
      expect(pixels.data).toEqual(ample.pixels.data);
      expect(warnings.map(({ code }) => code)).toEqual(codes);
    }
  }, 60_000);

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

/** A folder that counts the bytes that are read of its weights. */
function watched(folder: ModelFolder): { readonly files: ModelFolder; readonly reads: () => number } {
  let bytes = 0;
  const files: ModelFolder = {
    ...folder,
    async open(path, options) {
      const source = await folder.open(path, options);
      return (
        source && {
          ...source,
          read(into, at) {
            if (path.endsWith(".safetensors")) bytes += into.length;
            source.read(into, at);
          },
        }
      );
    },
  };
  return { files, reads: () => bytes };
}

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
