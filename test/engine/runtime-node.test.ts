import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import type { Graph, Weights } from "../../engine/src/graph/graph.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import { probeDevices } from "../../engine/src/runtime/probe.ts";
import type { Runtime, Session, Tensor } from "../../engine/src/runtime/runtime.ts";
import { feeds, place, testNet } from "./runtime-net.ts";
import { distance, evaluate, seeded, seededWeights } from "./runtime-reference.ts";

const runtime = await openRuntime();
afterAll(() => runtime.dispose());

/** y = x + w, with a weight of n numbers. */
function adder(n: number, name = "adder"): Graph {
  const x = { name: "x", type: "float32", dims: ["batch", n] } as const;
  const y = { ...x, name: "y" };
  return {
    name,
    precision: "float32",
    inputs: [x],
    outputs: [y],
    nodes: [{ op: "Add", domain: "", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
    constants: [],
    weights: [{ name: "w", dims: [n], parts: [{ key: "w", shape: [n] }] }],
    values: new Map(),
  };
}

const ones: Weights = {
  read: (_, __, into) => {
    new Float32Array(into.buffer, into.byteOffset, into.length / 4).fill(1);
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

describe("a runtime in Node", () => {
  test("computes on the CPU provider in float32 when nothing is asked", () => {
    expect(runtime.provider).toBe("cpu");
    expect(runtime.precision).toBe("float32");
    expect(runtime.fallback).toBeNull();
    expect(runtime.lost).toBeNull();
    expect(runtime.about).not.toBe("");
  });

  test("computes a net with run-time shapes as plain loops do, at several sizes in one session", async () => {
    const graph = testNet("float32");
    const weights = seededWeights();
    const session = await runtime.open(graph, weights);
    expect([...weights.reads].sort()).toEqual(graph.weights.map(({ name }) => name).sort());
    for (const [batch, height, width] of [
      [1, 5, 7],
      [2, 4, 3],
      [1, 9, 6],
    ] as const) {
      const inputs = feeds(batch, height, width, seeded);
      const results = await session.run(place(runtime, graph, inputs));
      const right = evaluate(graph, seededWeights(), inputs);
      for (const name of ["y", "a"]) {
        const tensor = results[name] as Tensor;
        expect(tensor.dims).toEqual(right[name]?.dims);
        expect(distance(await runtime.read(tensor), right[name] as never)).toBeLessThan(1e-5);
      }
    }
    expect(session.runs).toBe(3);
    await session.release();
  });

  test("computes half precision within 1e-2 where it is asked for", async () => {
    const half = await openRuntime({ device: "cpu", precision: "float16" });
    expect(half.precision).toBe("float16");
    const graph = testNet("float16");
    const session = await half.open(graph, seededWeights());
    const inputs = feeds(2, 5, 7, seeded);
    const { y } = await session.run(place(half, graph, inputs));
    expect(y?.type).toBe("float16");
    const right = evaluate(testNet("float32"), seededWeights(), inputs);
    expect(distance(await half.read(y as Tensor), right["y"] as never)).toBeLessThan(1e-2);
    await half.dispose();
  });

  test("gives back the numbers that a tensor was made from, and keeps the tensor usable", async () => {
    for (const [type, values] of [
      ["float32", Float32Array.of(1.5, -2, 1e-8)],
      ["int64", BigInt64Array.of(-1n, 0n, 77n)],
      ["float16", Float32Array.of(0.5, -65504, 2 ** -24)],
    ] as const) {
      const tensor = runtime.tensor(type, [3], values);
      const expected = [...values].map(Number);
      expect([...(await runtime.read(tensor))]).toEqual(expected.map(Math.fround));
      expect([...(await runtime.read(tensor))]).toEqual(expected.map(Math.fround));
      tensor.dispose();
      tensor.dispose();
      await expect(runtime.read(tensor)).rejects.toMatchObject({ code: "disposed" });
    }
  });

  test("copies what it is given: later changes of the array do nothing", async () => {
    const values = Float32Array.of(1, 2);
    const tensor = runtime.tensor("float32", [2], values);
    values.fill(9);
    const read = await runtime.read(tensor);
    expect([...read]).toEqual([1, 2]);
    read.fill(9);
    expect([...(await runtime.read(tensor))]).toEqual([1, 2]);
  });

  test("runs one after the other what is asked at once", async () => {
    const session = await runtime.open(adder(3), ones);
    const results = await Promise.all([1, 2, 3, 4].map((n) => runOnce(runtime, session, [n, n, n])));
    expect(results).toEqual([2, 3, 4, 5].map((n) => [n, n, n]));
    expect(session.runs).toBe(4);
    await session.release();
  });

  test("finishes what was asked before a release, and a dispose finds what was being loaded", async () => {
    const own = await openRuntime();
    const session = await own.open(adder(2), ones);
    const x = own.tensor("float32", [1, 2], Float32Array.of(1, 2));
    const running = session.run({ x });
    const released = session.release();
    const { y } = await running;
    await released;
    expect([...(await own.read(y as Tensor))]).toEqual([2, 3]);
    let disposed: Promise<void> | undefined;
    const loading = own.open(adder(2), {
      read: (...asked) => {
        disposed = own.dispose();
        ones.read(...asked);
      },
    });
    const late = await loading;
    await disposed;
    await expect(late.run({ x })).rejects.toMatchObject({ code: "disposed" });
  });

  test("a folder for weights that is not there is named", async () => {
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = join(tmpdir(), "underdraw-no-such-folder");
    try {
      const error = await caught(runtime.open(adder(4), ones));
      expect(error).toMatchObject({ code: "file-unwritable", details: { file: process.env["TMPDIR"] } });
      expect(error).toHaveProperty("message", expect.stringContaining("name another folder in TMPDIR"));
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });

  test("leaves no file of weights behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "underdraw-test-"));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    try {
      let during: string[] = [];
      const session = await runtime.open(adder(4), {
        read: (weight, precision, into) => {
          during = readdirSync(folder);
          ones.read(weight, precision, into);
        },
      });
      expect(during).toHaveLength(1);
      expect(await runOnce(runtime, session, [1, 2, 3, 4])).toEqual([2, 3, 4, 5]);
      await session.release();
      await caught(
        runtime.open(adder(4), {
          read: () => {
            throw new Error("no");
          },
        }),
      );
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(folder, { recursive: true });
    }
  });

  test("takes away what a killed process left, and not what another one works with", async () => {
    const { sweep } = await import("../../engine/src/runtime/weights-node.ts");
    const { mkdirSync, utimesSync } = await import("node:fs");
    const folder = mkdtempSync(join(tmpdir(), "underdraw-test-"));
    const dead = 2 ** 22 + 1;
    const made = [
      `underdraw-weights-${dead}-a`,
      `underdraw-weights-${dead}-b`,
      `underdraw-weights-${process.pid}-c`,
      "other",
    ];
    for (const name of made) mkdirSync(join(folder, name));
    for (const name of made.filter((each) => !each.endsWith("-b")))
      utimesSync(join(folder, name), new Date(0), new Date(0));
    await sweep(folder);
    expect(readdirSync(folder).sort()).toEqual(["other", made[1], made[2]].sort());
    rmSync(folder, { recursive: true });
  });
});

describe("what goes wrong in Node", () => {
  test("a weight that cannot be read rejects with the reader's own error", async () => {
    const fault = new UnderdrawError("file-invalid", "The file is cut.", { file: "a", reason: "it is cut" });
    const broken: Weights = {
      read: () => {
        throw fault;
      },
    };
    expect(await caught(runtime.open(adder(3), broken))).toBe(fault);
    expect(runtime.lost).toBeNull();
  });

  test("a graph that onnxruntime refuses is named with the reason", async () => {
    const graph = adder(3, "nonsense");
    const wrong = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, op: "NoSuchOperation" })) };
    const error = await caught(runtime.open(wrong, ones));
    expect(error).toMatchObject({ code: "runtime-failed", details: { what: 'Loading the graph "nonsense"' } });
    expect((error as Error).message).toContain("NoSuchOperation");
    expect(runtime.lost).toBeNull();
  });

  test("a run that onnxruntime refuses is named with the reason, and the next one works", async () => {
    const graph = testNet("float32");
    const session = await runtime.open(graph, seededWeights());
    const inputs = feeds(1, 4, 4, seeded);
    const wrong = { ...inputs, map: { dims: [4], values: BigInt64Array.of(1n, 8n, 5n, 5n) } };
    const error = await caught(session.run(place(runtime, graph, wrong)));
    expect(error).toMatchObject({ code: "runtime-failed", details: { what: `Running the graph "${graph.name}"` } });
    expect(session.runs).toBe(0);
    await session.run(place(runtime, graph, inputs));
    expect(session.runs).toBe(1);
    await session.release();
  });

  test("inputs that do not fit are the programmer's mistake", async () => {
    const session = await runtime.open(adder(3), ones);
    const x = runtime.tensor("float32", [1, 3], new Float32Array(3));
    await expect(session.run({})).rejects.toThrow(TypeError);
    await expect(session.run({ x, z: x })).rejects.toThrow(TypeError);
    await expect(session.run({ x: runtime.tensor("float16", [1, 3], new Float32Array(3)) })).rejects.toThrow(TypeError);
    await expect(session.run({ x: runtime.tensor("float32", [1, 4], new Float32Array(4)) })).rejects.toThrow(
      RangeError,
    );
    expect(() => runtime.tensor("float32", [2, 2], new Float32Array(3))).toThrow(RangeError);
    expect(() => runtime.tensor("int64", [1], new Float32Array(1))).toThrow(TypeError);
    const other = await openRuntime();
    await expect(session.run({ x: other.tensor("float32", [1, 3], new Float32Array(3)) })).rejects.toThrow(TypeError);
    await other.dispose();
    await session.release();
  });

  test("an abort rejects with the signal's reason before a load and a run, and while weights are read", async () => {
    const reason = { why: "stop" };
    const signal = AbortSignal.abort(reason);
    expect(await caught(runtime.open(adder(3), ones, { signal }))).toBe(reason);
    const session = await runtime.open(adder(3), ones);
    const x = runtime.tensor("float32", [1, 3], new Float32Array(3));
    expect(await caught(session.run({ x }, { signal }))).toBe(reason);
    expect(session.runs).toBe(0);

    const stopping = new AbortController();
    const waiting = session.run({ x }, { signal: stopping.signal });
    const second = session.run({ x }, { signal: stopping.signal });
    stopping.abort(reason);
    expect(await caught(second)).toBe(reason);
    await caught(waiting);

    const graph = testNet("float32");
    const mid = new AbortController();
    const weights = seededWeights();
    const read: Weights["read"] = (...asked) => {
      weights.read(...asked);
      if (weights.reads.length === 2) mid.abort(reason);
    };
    expect(await caught(runtime.open(graph, { read }, { signal: mid.signal }))).toBe(reason);
    expect(weights.reads).toHaveLength(2);
    await session.release();
  });

  test("a job over its time loses the runtime, and a new one works", async () => {
    const hasty = await openRuntime({ timeoutMs: 300 });
    const session = await hasty.open(adder(3), ones);
    const slow: Weights = {
      read: (...asked) => {
        const until = performance.now() + 400;
        while (performance.now() < until);
        ones.read(...asked);
      },
    };
    const error = await caught(hasty.open(adder(3, "slow"), slow));
    expect(error).toMatchObject({ code: "timeout", details: { limitMs: 300, what: 'Loading the graph "slow"' } });
    expect(hasty.lost).toBe(error);
    expect(await caught(hasty.open(adder(3), ones))).toBe(error);
    expect(() => hasty.tensor("float32", [1], new Float32Array(1))).toThrow(error as Error);
    await session.release();
    await hasty.dispose();
    const next = await openRuntime();
    const again = await next.open(adder(2), ones);
    expect(await runOnce(next, again, [1, 2])).toEqual([2, 3]);
    await next.dispose();
  });

  test("release and dispose may be called twice, and nothing works afterwards", async () => {
    const own = await openRuntime({ threads: 1 });
    const session = await own.open(adder(3), ones);
    const kept = await own.open(adder(3), ones);
    const x = own.tensor("float32", [1, 3], new Float32Array(3));
    await Promise.all([session.release(), session.release()]);
    await session.release();
    await expect(session.run({ x })).rejects.toMatchObject({ code: "disposed" });
    await own.dispose();
    await own.dispose();
    await kept.release();
    await expect(kept.run({ x })).rejects.toMatchObject({ code: "disposed" });
    await expect(own.open(adder(3), ones)).rejects.toMatchObject({ code: "disposed" });
    await expect(own.read(x)).rejects.toMatchObject({ code: "disposed" });
  });

  test("options that mean nothing are refused by name", async () => {
    await expect(openRuntime({ device: "tpu" as never })).rejects.toThrow(/`device`.*tpu/);
    await expect(openRuntime({ threads: 0 })).rejects.toThrow(RangeError);
    await expect(openRuntime({ timeoutMs: Number.NaN })).rejects.toThrow(RangeError);
    await expect(openRuntime({ precision: "float8" as never })).rejects.toThrow(TypeError);
    await expect(openRuntime({ gpu: {} as GPUDevice })).rejects.toThrow(TypeError);
  });
});

test("the report says what computes here", async () => {
  const report = await probeDevices();
  expect(report.place).toBe("node");
  expect(report.onnxruntime).toMatch(/^1\.\d+/);
  expect(report.cpu).toMatchObject({ provider: "cpu", works: true, reason: null });
  expect(report.webgpu.works).toBe(report.webgpu.reason === null);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
