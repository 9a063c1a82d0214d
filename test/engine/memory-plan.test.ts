import { Engine } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openBaseNetworks } from "../../engine/src/diffusion/loaded-base.ts";
import { elements, type Graph } from "../../engine/src/graph/index.ts";
import { graphsToLoad, type PipelineGraphs } from "../../engine/src/memory-graphs.ts";
import { partsIn, planLoading, planMemory } from "../../engine/src/memory-plan.ts";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { smallBase } from "./promises-parts.ts";
import { clipLarge, sd15Unet, sdVae } from "./published-configs.ts";

// What a model takes before anything of it is loaded, what is given up where memory is scarce, and networks that are
// parked: their memory is free, and their next run loads them.

afterEach(() => vi.restoreAllMocks());

const published = {
  name: "Stable Diffusion 1.5",
  text: { config: clipLarge },
  unet: { config: sd15Unet },
  vae: { config: sdVae },
} as unknown as BaseModel;
const gpu = (tensor: number | null = null) =>
  ({ provider: "webgpu", memory: { total: null, tensor }, precision: "float16" }) as const;

describe("Stable Diffusion 1.5 on a GPU in half precision", () => {
  let graphs: PipelineGraphs;
  beforeAll(() => {
    graphs = graphsToLoad(published, new Map(), { precision: "float16", bits: null });
  });
  const plan = (side: number, budget: number | null, tensor: number | null = null) =>
    planMemory(
      graphs,
      {
        ...{ pixels: { width: side, height: side }, cells: { width: side / 8, height: side / 8 } },
        ...{ steps: 20, guided: true, context: 77, begins: false },
      },
      [],
      { runtime: gpu(tensor), budget },
    );

  test("has its published sizes, part by part", () => {
    const { parts } = plan(512, null);
    // Parameters as published, two bytes each; the table of tokens stays in its file.
    expect(parts.get("UNet")).toBe(2 * 859_520_964);
    expect(parts.get("text encoder")).toBe(2 * (123_060_480 - 49_408 * 768));
    expect(parts.get("VAE decoder")).toBe(2 * (49_490_179 + 20));
  });

  test("gives up no more than it must, in this order, and less memory never asks for more", () => {
    const ample = plan(768, null);
    expect(ample.thrift).toBe("all");
    const found = new Set<string>();
    let last = Number.POSITIVE_INFINITY;
    for (let budget = ample.needed; budget > 1.7e9; budget -= 10e6) {
      const { thrift, needed } = plan(768, budget);
      found.add(thrift);
      expect(needed).toBeLessThanOrEqual(last);
      if (thrift !== "sequential") expect(needed).toBeLessThanOrEqual(budget);
      last = needed;
    }
    expect([...found]).toEqual(["all", "freed", "tiled", "sequential"]);
  });

  test("is drawn in tiles where the device allows no tensor as large, whatever memory there is", () => {
    const { tiles, thrift, largest } = plan(1024, null, 134_217_728);
    expect(thrift).toBe("all");
    expect(tiles.decoder.rows * tiles.decoder.columns).toBeGreaterThan(1);
    expect(largest).toBeLessThanOrEqual(134_217_728);
  });
});

describe("what is loaded", () => {
  const asked = (total: number, more: Partial<Parameters<typeof planLoading>[0]> = {}) =>
    planLoading({
      runtime: { ...gpu(), memory: { total, tensor: null } },
      base: published,
      ...{ nets: new Map(), bits: null, memory: undefined },
      ...more,
    });

  test("is all at once where it fits, and part by part where only that does", () => {
    expect(asked(2.0e9)).toEqual({ parked: false, bits: null, scarce: false });
    expect(asked(1.8e9)).toEqual({ parked: true, bits: null, scarce: false });
    expect(asked(1.0, { memory: Number.POSITIVE_INFINITY })).toEqual({ parked: false, bits: null, scarce: false });
  });

  test("is refused with its parts and what would be smaller where not even that fits", () => {
    const refused = () => asked(1.7e9);
    expect(refused).toThrow(
      /1\.7 GB of memory for its weights alone \(text encoder 170 MB, UNet 1\.7 GB, VAE decoder 99 MB\)/,
    );
    expect(refused).toThrow(/load it with weights "int8" or "int4"/);
    expect(asked(1.7e9, { bits: 8 })).toEqual({ parked: false, bits: 8, scarce: false });
  });

  describe("on a CPU", () => {
    const cpu = (total: number) =>
      ({ provider: "cpu", memory: { total, tensor: null, returned: 0.9 }, precision: "float32" }) as const;
    const holding = (dtype: "F16" | "F32", count = 1) => {
      const tensors = {
        keys: () => ["a", "position_ids"],
        dtype: (key: string) => (key === "a" ? dtype : "I64"),
        shape: (key: string) => (key === "a" ? [count] : [1]),
      };
      const part = (config: unknown) => ({ config, tensors });
      return { name: published.name, text: part(clipLarge), unet: part(sd15Unet), vae: part(sdVae) } as never;
    };

    test("stays in half precision where whole weights do not fit and the files have just that", () => {
      const plan = (total: number, dtype: "F16" | "F32") => asked(0, { runtime: cpu(total), base: holding(dtype) });
      expect(plan(6e9, "F16")).toEqual({ parked: false, bits: null, scarce: false });
      expect(plan(4.0e9, "F16")).toEqual({ parked: true, bits: null, scarce: false });
      expect(plan(3e9, "F16")).toEqual({ parked: true, bits: 16, scarce: true });
      expect(plan(1.9e9, "F16")).toEqual({ parked: true, bits: 16, scarce: true });
      expect(() => plan(1.5e9, "F16")).toThrow(/1\.8 GB of memory/);
      expect(() => plan(3e9, "F32")).toThrow(/3\.9 GB of memory.* load it with weights "half", "int8" or "int4"/);
    });

    test("stays so where it is asked for, and a GPU takes whole weights instead", () => {
      expect(asked(0, { runtime: cpu(6e9), bits: 16 })).toEqual({ parked: true, bits: 16, scarce: false });
      expect(asked(6e9, { bits: 16 })).toEqual({ parked: false, bits: null, scarce: false });
    });

    test("stays so where nothing is said, if it is large and in half precision", () => {
      const bits = (base: never, more: object = {}) =>
        asked(6e9, { runtime: cpu(6e9), base, bits: "auto", ...more }).bits;
      expect(bits(holding("F16", 860e6))).toBe(16);
      expect(bits(holding("F16", 249e6))).toBe(null);
      expect(bits(holding("F32", 860e6))).toBe(null);
      expect(bits(holding("F16", 860e6), { runtime: { ...gpu(), memory: { total: 6e9, tensor: null } } })).toBe(null);
      expect(bits(holding("F16", 860e6), { bits: null })).toBe(null);
    });
  });

  test("counts parts that a system does not give back", () => {
    const runtime = { ...gpu(), memory: { total: 1.8e9, tensor: null, returned: 0 } };
    expect(() => asked(1.8e9, { runtime })).toThrow(/2\.0 GB of memory/);
  });
});

test("a phase has its own part always, and others as long as memory lasts", () => {
  for (const phase of ["text", "picture", "steps", "decode"] as const) {
    const [all, freed, sequential] = (["all", "freed", "sequential"] as const).map((thrift) => partsIn(thrift, phase));
    for (const part of sequential ?? []) expect(freed?.has(part)).toBe(true);
    for (const part of freed ?? []) expect(all?.has(part)).toBe(true);
    expect(freed?.has("UNet")).toBe(true);
  }
});

describe("a parked network", () => {
  let runtime: Runtime;
  let base: BaseModel;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
    base = await openBase(smallBase());
  });
  afterAll(async () => {
    base.close();
    await runtime.dispose();
  });
  const textGraph = (): Graph => graphsToLoad(base, new Map(), { precision: "float32", bits: null }).text;
  const feed = (graph: Graph) => {
    const dims = [1, base.text.config.length, base.text.config.width];
    return {
      [graph.inputs[0]?.name ?? ""]: runtime.tensor("float32", dims, new Float32Array(elements(dims)).fill(0.1)),
    };
  };

  test("is loaded by its run, gives the same, and counts its runs on", async () => {
    const opened = vi.spyOn(runtime, "open");
    const net = await openNetwork(runtime, textGraph(), weightsOf(base.text.tensors), { parked: true });
    expect([net.isLoaded, opened.mock.calls.length]).toEqual([false, 0]);
    const run = async () => {
      const { states } = await net.run(feed(net.graph), { batch: 1, height: 1, width: 1 });
      return runtime.read(states as NonNullable<typeof states>);
    };
    // Two at once load it once.
    const [first, second] = await Promise.all([run(), run()]);
    expect(opened).toHaveBeenCalledTimes(1);
    expect(second).toEqual(first);
    expect(net.isLoaded).toBe(true);
    await net.park();
    await net.park();
    expect([net.isLoaded, net.runs]).toEqual([false, 2]);
    expect(await run()).toEqual(first);
    expect([net.isLoaded, net.runs]).toEqual([true, 3]);
    // Whoever parks it while it runs does nothing.
    const running = run();
    await net.park();
    expect(await running).toEqual(first);
    expect(net.isLoaded).toBe(true);
    await net.release();
    await expect(run()).rejects.toMatchObject({ code: "disposed" });
  });

  test("whose load fails tells its run, and the next run tries again", async () => {
    const net = await openNetwork(runtime, textGraph(), weightsOf(base.text.tensors), { parked: true });
    const whole = await openNetwork(runtime, textGraph(), weightsOf(base.text.tensors));
    const states = async (network: typeof net) => {
      const { states } = await network.run(feed(network.graph), { batch: 1, height: 1, width: 1 });
      return runtime.read(states as NonNullable<typeof states>);
    };
    const expected = await states(whole);
    vi.spyOn(runtime, "open").mockRejectedValueOnce(new Error("no room"));
    await expect(states(net)).rejects.toThrow("no room");
    expect(await states(net)).toEqual(expected);
    await net.release();
    await whole.release();
  });

  test("makes a checkpoint that holds nothing until it draws, and then draws the same", async () => {
    const parked = await openBaseNetworks(runtime, base, { parked: true });
    expect([...parked.networks().values()].some(({ isLoaded }) => isLoaded)).toBe(false);
    await parked.release();
  });
});

test("a LoRA acts on weights in fewer bits as on whole ones", async () => {
  const engine = new Engine({ runtime: { device: "cpu" } });
  try {
    const parity = "test/golden/parity";
    const lora = { file: nodeModel(`${parity}/lora-peft/lora-0.safetensors`) };
    const request = { prompt: "a boat", controls: [], width: 64, height: 48, steps: 3, guidance: 4, seed: 5 };
    const draw = async (weights: "full" | "int8", loras: readonly (typeof lora)[]) => {
      await using pipeline = await engine.load({ base: smallBase(), weights, loras });
      return (await pipeline.generate(request)).pixels.data;
    };
    const distance = (a: Uint8ClampedArray, b: Uint8ClampedArray) =>
      Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0) / a.length);
    const [plain, added, small] = [await draw("full", []), await draw("full", [lora]), await draw("int8", [lora])];
    expect(distance(small, added)).toBeGreaterThan(0);
    expect(distance(small, added)).toBeLessThan(0.25 * distance(plain, added));
  } finally {
    await engine.dispose();
  }
});
