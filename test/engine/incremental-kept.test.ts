import { Engine, type GenerateRequest } from "@underdraw/engine";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Kept } from "../../engine/src/diffusion/kept.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import type { DeviceTensor } from "../../engine/src/runtime/device-tensor.ts";
import { bars, control, counted, request, smallBase, smallNets } from "./promises-parts.ts";

// What is kept between generations: within its budget, what was not used for longest goes first, and all of it is freed.

afterEach(() => vi.restoreAllMocks());

describe("what is kept", () => {
  const sized = (bytes: number, freed?: string[], name = "") => ({
    value: name,
    bytes,
    ...(freed ? { free: () => void freed.push(name) } : {}),
  });

  test("is within the budget after a generation, and what was not used for longest is given up first", () => {
    const freed: string[] = [];
    const kept = new Kept(30);
    for (const name of ["a", "b", "c"]) kept.put(name, sized(10, freed, name));
    kept.trim();
    expect([kept.bytes, freed]).toEqual([30, []]);
    expect(kept.find("a")).toBe("a");
    kept.put("d", sized(10, freed, "d"));
    kept.trim();
    expect([kept.bytes, freed]).toEqual([30, ["b"]]);
    expect([kept.find("a"), kept.find("b"), kept.find("d")]).toEqual(["a", undefined, "d"]);
  });

  test("on a device stays while the generation that used it runs, and no longer", () => {
    const freed: string[] = [];
    const kept = new Kept(15);
    kept.put("old", sized(10, freed, "old"));
    kept.put("used", sized(5, freed, "used"));
    kept.trim();
    kept.find("used");
    kept.put("new", sized(100, freed, "new"));
    expect(freed).toEqual(["old"]);
    expect(kept.find("used")).toBe("used");
    kept.trim();
    expect(freed).toEqual(["old", "new"]);
    expect(kept.bytes).toBe(5);
  });

  test("beside the device goes as soon as there is no room", () => {
    const kept = new Kept(20);
    for (let n = 0; n < 50; n++) {
      kept.put(`${n}`, sized(8));
      expect(kept.bytes).toBeLessThanOrEqual(20);
    }
    // What the generation has on its device takes none of that room before its end.
    const freed: string[] = [];
    kept.put("features", sized(500, freed, "features"));
    expect([kept.find("49"), kept.bytes]).toEqual(["", 516]);
    kept.trim();
    expect([freed, kept.find("49"), kept.bytes]).toEqual([["features"], "", 8]);
  });

  test("is known when an earlier generation made it, and not when this one did", async () => {
    const kept = new Kept(100);
    const make = () => Promise.resolve(sized(1, [], "x"));
    expect(await kept.take("x", make)).toEqual({ value: "x", known: false });
    expect(await kept.take("x", make)).toEqual({ value: "x", known: false });
    kept.trim();
    expect(await kept.take("x", make)).toEqual({ value: "x", known: true });
  });

  test("under one key is the first of two, and the second is freed", () => {
    const freed: string[] = [];
    const kept = new Kept(100);
    expect(kept.put("x", sized(1, freed, "first"))).toBe("first");
    expect(kept.put("x", sized(1, freed, "second"))).toBe("first");
    expect([freed, kept.bytes]).toEqual([["second"], 1]);
  });

  test("counts an array once that several hold, until the last of them is gone", () => {
    const [one, two] = [new Float32Array(10), new Float32Array(20)];
    const kept = new Kept(200);
    kept.put("a", { value: 0, bytes: 0, shared: [one] });
    kept.put("b", { value: 0, bytes: 0, shared: [one, two] });
    expect(kept.bytes).toBe(120);
    kept.put("c", { value: 0, bytes: 100 });
    // "a" is given up, and its array stays with "b": that does not help, so "b" goes too.
    expect([kept.find("a"), kept.find("b"), kept.bytes]).toEqual([undefined, undefined, 100]);
  });

  test("is all freed at the end, or none of it where the device is gone", () => {
    for (const free of [true, false]) {
      const freed: string[] = [];
      const kept = new Kept(100);
      kept.put("a", sized(1, freed, "a"));
      kept.clear({ free });
      expect([freed, kept.bytes, kept.find("a")]).toEqual([free ? ["a"] : [], 0, undefined]);
    }
  });
});

/** Hears of every tensor that is made, and says how many of them are there. */
function watchTensors(): () => number {
  const made: DeviceTensor[] = [];
  const { adopt } = DeviceRuntime.prototype;
  vi.spyOn(DeviceRuntime.prototype, "adopt").mockImplementation(function (this: DeviceRuntime, ...given) {
    const tensor = adopt.apply(this, given);
    made.push(tensor);
    return tensor;
  });
  return () =>
    made.filter((tensor) => {
      try {
        return tensor.value !== null;
      } catch {
        return false;
      }
    }).length;
}

const walk: readonly GenerateRequest[] = [1, 2, 1, 2].flatMap((n) => {
  const map = { condition: "canny", pixels: bars(n) };
  const first = request([control("canny", { map })], { seed: n, sampler: "dpmpp-2m" });
  return [first, { ...first, controls: [control("canny", { map, range: [0, 0.5] })] }, first];
});

describe("an engine's budget", () => {
  /** What the walk draws where nothing is kept. */
  const pictures: Uint8ClampedArray[] = [];
  beforeAll(async () => {
    await using engine = new Engine({ runtime: { device: "cpu" } });
    await using pipeline = await engine.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    for (const asked of walk) pictures.push((await counted(pipeline, asked, { reuse: false })).result.pixels.data);
  }, 60_000);

  test.each([0, 20_000, 100_000, 3_000_000])(
    "of %i bytes holds after each generation, and changes no picture",
    async (keep) => {
      const bytes: number[] = [];
      const { trim } = Kept.prototype;
      vi.spyOn(Kept.prototype, "trim").mockImplementation(function (this: Kept) {
        trim.call(this);
        bytes.push(this.bytes);
      });
      await using engine = new Engine({ runtime: { device: "cpu" }, keep });
      const there = watchTensors();
      await using pipeline = await engine.load({ base: smallBase(), nets: { canny: smallNets().canny } });
      let saved = 0;
      const tensors: number[] = [];
      for (const [n, asked] of walk.entries()) {
        const { result } = await counted(pipeline, asked);
        saved += result.reused.steps + result.reused.text.length;
        tensors.push(there());
        expect(result.pixels.data).toEqual(pictures[n]);
      }
      expect(bytes).toHaveLength(walk.length);
      expect(Math.max(...bytes)).toBeLessThanOrEqual(keep);
      if (keep === 0) expect([saved, Math.max(...tensors)]).toEqual([0, tensors[0]]);
      if (keep >= 100_000) expect(saved).toBeGreaterThan(0);
      if (keep === 3_000_000) expect(Math.max(...bytes)).toBeGreaterThan(1_000_000);
    },
  );

  test("is given back with the pipeline: no tensor is left", async () => {
    await using engine = new Engine({ runtime: { device: "cpu" } });
    const there = watchTensors();
    const pipeline = await engine.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    for (const asked of walk.slice(0, 6)) await pipeline.generate(asked);
    expect(there()).toBeGreaterThan(20);
    await pipeline.dispose();
    expect(there()).toBe(0);
  });

  test("is void on a lost device: the next generation computes all of it anew, on a new one", async () => {
    const runtimes = new Set<DeviceRuntime>();
    const { open } = DeviceRuntime.prototype;
    vi.spyOn(DeviceRuntime.prototype, "open").mockImplementation(function (this: DeviceRuntime, ...given) {
      runtimes.add(this);
      return open.apply(this, given);
    });
    await using engine = new Engine({ runtime: { device: "cpu" } });
    await using pipeline = await engine.load({ base: smallBase(), nets: { canny: smallNets().canny } });
    const [asked] = walk as readonly [GenerateRequest];
    const { result } = await counted(pipeline, asked);
    const [first] = [...runtimes] as [DeviceRuntime];
    // What onnxruntime says when its GPU is gone.
    vi.spyOn(first.device, "download").mockRejectedValue(new Error("Device was destroyed."));
    await expect(pipeline.generate({ ...asked, seed: 99 })).rejects.toMatchObject({ code: "device-lost" });
    const again = await pipeline.generate(asked, { measure: false });
    expect(runtimes.size).toBe(2);
    expect(again.pixels.data).toEqual(result.pixels.data);
    expect(again.reused).toEqual({ text: [], maps: [], steps: 0, picture: false });
    expect(pipeline.runs()).toMatchObject({ text: 2, "canny.hint": 1, unet_encoder: 4, vae_decoder: 1 });
  });
});
