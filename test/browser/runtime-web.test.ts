import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import type { Graph, Weights } from "../../engine/src/graph/graph.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import { probeDevices } from "../../engine/src/runtime/probe.ts";
import type { Runtime, Session, Tensor } from "../../engine/src/runtime/runtime.ts";
import { feeds, place, testNet } from "../engine/runtime-net.ts";
import { distance, evaluate, seeded, seededWeights } from "../engine/runtime-reference.ts";

/** y = x * w on n numbers. */
function scaler(n: number, name = "scaler"): Graph {
  const x = { name: "x", type: "float32", dims: ["batch", n] } as const;
  const y = { ...x, name: "y" };
  return {
    name,
    precision: "float32",
    inputs: [x],
    outputs: [y],
    nodes: [{ op: "Mul", domain: "", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
    constants: [],
    weights: [{ name: "w", dims: [n], parts: [{ key: "w", shape: [n] }] }],
    values: new Map(),
  };
}

const twos: Weights = {
  read: (_, __, into) => {
    new Float32Array(into.buffer, into.byteOffset, into.length / 4).fill(2);
  },
};

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
}

async function runOnce(on: Runtime, session: Session, values: readonly number[]): Promise<number[]> {
  const x = on.tensor("float32", [1, values.length], Float32Array.from(values));
  const { y } = await session.run({ x });
  const numbers = await on.read(y as Tensor);
  x.dispose();
  y?.dispose();
  return [...numbers];
}

describe.each(["webgpu", "cpu"] as const)("a runtime in a browser on %s", (device) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ device, strict: true });
  });
  afterAll(() => runtime.dispose());

  test("says what it is", () => {
    expect(runtime.provider).toBe(device === "cpu" ? "wasm" : "webgpu");
    // SwiftShader has no half precision.
    expect(runtime.precision).toBe("float32");
    expect(runtime.fallback).toBeNull();
    expect(runtime.about).not.toBe("");
  });

  test("computes a net with run-time shapes as plain loops do, at several sizes in one session", async () => {
    const graph = testNet("float32");
    const weights = seededWeights();
    const session = await runtime.open(graph, weights);
    // Small ones may be asked for twice.
    expect([...new Set(weights.reads)].sort()).toEqual(graph.weights.map(({ name }) => name).sort());
    for (const [batch, height, width] of [
      [1, 5, 7],
      [2, 6, 8],
    ] as const) {
      const inputs = feeds(batch, height, width, seeded);
      const results = await session.run(place(runtime, graph, inputs));
      const right = evaluate(graph, seededWeights(), inputs);
      for (const name of ["y", "a"]) {
        const tensor = results[name] as Tensor;
        expect(tensor.dims).toEqual(right[name]?.dims);
        expect(distance(await runtime.read(tensor), right[name] as never)).toBeLessThan(1e-4);
        // Reading does not move it: it feeds the next session where it lies.
        expect(distance(await runtime.read(tensor), right[name] as never)).toBeLessThan(1e-4);
        tensor.dispose();
      }
    }
    expect(session.runs).toBe(2);
    await session.release();
  });

  test("feeds a session's output to the next one, and keeps working after the last release", async () => {
    const session = await runtime.open(scaler(5), twos);
    const x = runtime.tensor("float32", [1, 5], Float32Array.of(1, 2, 3, 4, 5));
    const { y: once } = await session.run({ x });
    const { y: twice } = await session.run({ x: once as Tensor });
    expect([...(await runtime.read(twice as Tensor))]).toEqual([4, 8, 12, 16, 20]);
    expect([...(await runtime.read(x))]).toEqual([1, 2, 3, 4, 5]);
    await session.release();
    await session.release();
    // What it computed is the caller's, whether the session lives or not.
    expect([...(await runtime.read(twice as Tensor))]).toEqual([4, 8, 12, 16, 20]);
    twice?.dispose();
    const next = await runtime.open(scaler(2), twos);
    expect(await runOnce(runtime, next, [1, -1])).toEqual([2, -2]);
    await next.release();
  });

  test("runs, loads and reads one after the other what is asked at once", async () => {
    const [a, b] = await Promise.all([runtime.open(scaler(3), twos), runtime.open(scaler(3), twos)]);
    const all = await Promise.all([1, 2, 3, 4].map((n) => runOnce(runtime, n % 2 ? a : b, [n, n, n])));
    expect(all).toEqual([2, 4, 6, 8].map((n) => [n, n, n]));
    expect([a.runs, b.runs]).toEqual([2, 2]);
    await Promise.all([a.release(), b.release()]);
  });

  test("takes weights beyond the scratch of one file, each asked for once", async () => {
    const session = await runtime.open(scaler(1_000_003), twos);
    const x = runtime.tensor("float32", [1, 1_000_003], new Float32Array(1_000_003).fill(3));
    const { y } = await session.run({ x });
    const numbers = await runtime.read(y as Tensor);
    expect([numbers.length, numbers[0], numbers[1_000_002]]).toEqual([1_000_003, 6, 6]);
    for (const tensor of [x, y]) tensor?.dispose();
    await session.release();
  });

  test("a weight that cannot be read rejects with the reader's own error, and the next load works", async () => {
    const fault = new UnderdrawError("file-invalid", "The file is cut.", { file: "a", reason: "it is cut" });
    const broken: Weights = {
      read: () => {
        throw fault;
      },
    };
    expect(await caught(runtime.open(scaler(3), broken))).toBe(fault);
    expect(runtime.lost).toBeNull();
    const session = await runtime.open(scaler(1), twos);
    expect(await runOnce(runtime, session, [21])).toEqual([42]);
    await session.release();
  });

  test("a graph that onnxruntime refuses is named with the reason", async () => {
    const graph = scaler(3, "nonsense");
    const wrong = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, op: "NoSuchOperation" })) };
    const error = await caught(runtime.open(wrong, twos));
    expect(error).toMatchObject({ code: "runtime-failed", details: { what: 'Loading the graph "nonsense"' } });
    expect((error as Error).message).toContain("NoSuchOperation");
    expect(runtime.lost).toBeNull();
  });

  test("finishes what was asked before a release", async () => {
    const session = await runtime.open(scaler(2), twos);
    const running = runOnce(runtime, session, [1, 2]);
    const released = session.release();
    expect(await caught(session.run({}))).toMatchObject({ code: "disposed" });
    expect(await running).toEqual([2, 4]);
    await released;
  });

  test("an abort rejects with the signal's reason", async () => {
    const reason = { why: "stop" };
    const signal = AbortSignal.abort(reason);
    expect(await caught(runtime.open(scaler(3), twos, { signal }))).toBe(reason);
    const session = await runtime.open(scaler(3), twos);
    const x = runtime.tensor("float32", [1, 3], new Float32Array(3));
    const stopping = new AbortController();
    const first = session.run({ x });
    const second = session.run({ x }, { signal: stopping.signal });
    stopping.abort(reason);
    expect(await caught(second)).toBe(reason);
    await first;
    expect(session.runs).toBe(1);
    await session.release();
  });
});

describe("devices in a browser", () => {
  test("auto leaves an adapter in software to who asks for it, and says why", async () => {
    const runtime = await openRuntime();
    expect([runtime.provider, runtime.fallback]).toEqual(["wasm", expect.stringContaining("in software")]);
    await runtime.dispose();
  });

  test("half precision that is not there is refused by name", async () => {
    const error = await caught(openRuntime({ device: "webgpu", precision: "float16" }));
    expect(error).toMatchObject({ code: "feature-missing", details: { feature: "shader-f16" } });
  });

  test("a shared device whose attention is wrong is not used, and auto says so", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const gpu = await (adapter as GPUAdapter).requestDevice({ requiredFeatures: ["subgroups" as GPUFeatureName] });
    const error = await caught(openRuntime({ device: "webgpu", gpu }));
    expect(error).toMatchObject({ code: "webgpu-unavailable" });
    const runtime = await openRuntime({ gpu });
    expect(runtime.provider).toBe("wasm");
    expect(runtime.fallback).toMatch(/attention/);
    await runtime.dispose();
    // It is not ours to destroy.
    gpu.pushErrorScope("validation");
    gpu.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
    expect(await gpu.popErrorScope()).toBeNull();
    gpu.destroy();
  });

  test.each(["between", "during"] as const)(
    "a device that is lost %s runs rejects with device-lost, and a new runtime works",
    async (when) => {
      const adapter = await navigator.gpu.requestAdapter();
      const gpu = await (adapter as GPUAdapter).requestDevice();
      const runtime = await openRuntime({ device: "webgpu", gpu });
      const session = await runtime.open(scaler(4), twos);
      const x = runtime.tensor("float32", [1, 4], new Float32Array(4));
      const { y: before } = await session.run({ x });
      let error: unknown;
      if (when === "between") {
        gpu.destroy();
        await gpu.lost;
        error = await caught(session.run({ x }));
      } else {
        const running = caught(session.run({ x }));
        await new Promise((resolve) => setTimeout(resolve, 0));
        gpu.destroy();
        error = await running;
      }
      expect(error).toMatchObject({ code: "device-lost" });
      expect(runtime.lost).toBe(error);
      expect(await caught(runtime.open(scaler(4), twos))).toBe(error);
      expect(await caught(runtime.read(before as Tensor))).toBe(error);
      await session.release();
      before?.dispose();
      x.dispose();
      await runtime.dispose();

      const next = await openRuntime({ device: "webgpu" });
      const again = await next.open(scaler(4), twos);
      expect(await runOnce(next, again, [1, 2, 3, 4])).toEqual([2, 4, 6, 8]);
      await next.dispose();
    },
  );

  test("a job over its time loses the runtime, and a new one works", async () => {
    const hasty = await openRuntime({ device: "cpu", timeoutMs: 1500 });
    const slow: Weights = {
      read: (...asked) => {
        const until = performance.now() + 1600;
        while (performance.now() < until);
        twos.read(...asked);
      },
    };
    const error = await caught(hasty.open(scaler(3, "slow"), slow));
    expect(error).toMatchObject({ code: "timeout", details: { limitMs: 1500, what: 'Loading the graph "slow"' } });
    expect(hasty.lost).toBe(error);
    expect(await caught(hasty.open(scaler(3), twos))).toBe(error);
    await hasty.dispose();
    const next = await openRuntime({ device: "cpu" });
    expect(await runOnce(next, await next.open(scaler(1), twos), [4])).toEqual([8]);
    await next.dispose();
  });

  test("a tensor that no buffer holds is memory that ran out, by its size", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const gpu = await (adapter as GPUAdapter).requestDevice();
    const runtime = await openRuntime({ device: "webgpu", gpu });
    const count = gpu.limits.maxStorageBufferBindingSize / 4 + 4;
    const error = await caught((async () => runtime.tensor("float32", [count], new Float32Array(count)))());
    expect(error).toMatchObject({ code: "out-of-memory", details: { needed: count * 4 } });
    await runtime.dispose();
    gpu.destroy();
  });

  test("the report says what computes here, as plain data", async () => {
    const report = await probeDevices();
    expect(report.place).toBe("browser");
    expect(report.onnxruntime).toMatch(/^1\.\d+/);
    expect(report.cpu).toMatchObject({ provider: "wasm", works: true });
    expect(report.webgpu).toMatchObject({ provider: "webgpu", works: true, precision: "float32" });
    expect(report.webgpu.noHalf).toMatch(/shader-f16/);
    expect(report.webgpu.facts["subgroups"]).toBe(false);
    expect(report.webgpu.verdict?.attentionError).toBeLessThan(1e-5);
    expect(report.storage?.files).toBe(true);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
