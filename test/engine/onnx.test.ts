import { describe, expect, test } from "vitest";
import type { Graph } from "../../engine/src/graph/graph.ts";
import { halves, widened } from "../../engine/src/graph/half.ts";
import { onnxBytes } from "../../engine/src/graph/onnx.ts";
import { readOnnx } from "./read-onnx.ts";

const graph: Graph = {
  name: "smäll",
  precision: "float16",
  inputs: [
    { name: "x", type: "float16", dims: ["batch", 3, "height", 7] },
    { name: "sides", type: "int64", dims: [4] },
  ],
  outputs: [{ name: "y", type: "float16", dims: ["batch", 300] }],
  nodes: [
    {
      op: "Conv",
      domain: "",
      inputs: ["x", "w"],
      outputs: ["c"],
      attributes: { pads: { ints: [1, 0, -1, 300] }, group: { int: 1 } },
    },
    {
      op: "QuickGelu",
      domain: "com.microsoft",
      inputs: ["c", ""],
      outputs: ["q"],
      attributes: { alpha: { float: 1 } },
    },
    { op: "Resize", domain: "", inputs: ["q", "", "", "k"], outputs: ["y"], attributes: { mode: { text: "nearest" } } },
  ],
  constants: [
    { name: "h", type: "float16", dims: [2, 2], values: Float32Array.of(1, -2, 65504, 0.1) },
    { name: "f", type: "float32", dims: [], values: Float32Array.of(0.1) },
    { name: "k", type: "int64", dims: [3], values: BigInt64Array.of(0n, -1n, 1n << 40n) },
  ],
  weights: [
    { name: "w", dims: [5, 3, 3, 3], parts: [{ key: "conv.weight", shape: [5, 3, 3, 3] }] },
    { name: "b", dims: [5], parts: [{ key: "conv.bias", shape: [5] }] },
  ],
  values: new Map(),
};

const places: Record<string, { file: string; offset: number; bytes: number }> = {
  w: { file: "weights.0", offset: 4_000_000_001, bytes: 270 },
  b: { file: "weights.1", offset: 0, bytes: 10 },
};
const read = readOnnx(onnxBytes(graph, ({ name }) => places[name] as (typeof places)[string]));

const halfFrom = (value: number): number => halves(Float32Array.of(value))[0] ?? 0;
const halfTo = (half: number): number => widened(Uint16Array.of(half))[0] ?? 0;

describe("the ONNX writer", () => {
  test("names the versions that the graphs are written for", () => {
    expect(read.irVersion).toBe(10);
    expect(read.opsets).toEqual([
      ["", 20],
      ["com.microsoft", 1],
    ]);
    expect(read.name).toBe("smäll");
  });

  test("keeps nodes in order, with absent inputs and each attribute's kind", () => {
    expect(read.nodes.map(({ op, domain, inputs, outputs }) => [op, domain, inputs, outputs])).toEqual([
      ["Conv", "", ["x", "w"], ["c"]],
      ["QuickGelu", "com.microsoft", ["c", ""], ["q"]],
      ["Resize", "", ["q", "", "", "k"], ["y"]],
    ]);
    expect(read.nodes[0]?.attributes).toEqual({
      pads: { kind: 7, value: [1, 0, -1, 300] },
      group: { kind: 2, value: 1 },
    });
    expect(read.nodes[2]?.attributes).toEqual({ mode: { kind: 3, value: "nearest" } });
  });

  test("writes a whole-numbered float as a float", () => {
    expect(read.nodes[1]?.attributes).toEqual({ alpha: { kind: 1, value: 1 } });
  });

  test("writes numbered and named sides, and the type of each value", () => {
    expect(read.inputs).toEqual([
      { name: "x", type: 10, dims: ["batch", 3, "height", 7] },
      { name: "sides", type: 7, dims: [4] },
    ]);
    expect(read.outputs).toEqual([{ name: "y", type: 10, dims: ["batch", 300] }]);
  });

  test("writes constants in their own type, halves as 16 bits", () => {
    const [h, f, k] = read.initialisers;
    expect([h?.type, h?.dims, h?.raw]).toEqual([
      10,
      [2, 2],
      new Uint8Array([0, 0x3c, 0, 0xc0, 0xff, 0x7b, 0x66, 0x2e]),
    ]);
    expect([f?.type, f?.dims, f?.raw]).toEqual([1, [], new Uint8Array(Float32Array.of(0.1).buffer)]);
    expect([k?.type, k?.dims, k?.raw]).toEqual([7, [3], new Uint8Array(BigInt64Array.of(0n, -1n, 1n << 40n).buffer)]);
  });

  test("leaves weights outside, where they were said to lie", () => {
    const [, , , w, b] = read.initialisers;
    expect([w?.name, w?.type, w?.dims, w?.raw]).toEqual(["w", 10, [5, 3, 3, 3], undefined]);
    expect(w?.external).toEqual({ location: "weights.0", offset: "4000000001", length: "270" });
    expect(b?.external).toEqual({ location: "weights.1", offset: "0", length: "10" });
  });

  test("refuses a constant whose numbers are of another kind", () => {
    const wrong = {
      ...graph,
      constants: [{ name: "k", type: "int64", dims: [1], values: Float32Array.of(1) }],
    } as const;
    expect(() => onnxBytes(wrong, () => ({ file: "", offset: 0, bytes: 0 }))).toThrow(TypeError);
  });
});

describe("half precision", () => {
  test("every half but NaN survives the way to a number and back", () => {
    for (let half = 0; half < 65536; half++) {
      const number = halfTo(half);
      if (Number.isNaN(number)) expect(Number.isNaN(halfTo(halfFrom(number)))).toBe(true);
      else if (halfFrom(number) !== half) expect([half, halfFrom(number)]).toEqual([half, half]);
    }
  });

  test("a number between two halves goes to the nearer, and from the middle to the even one", () => {
    for (const low of [0, 1, 2, 1023, 1024, 1025, 0x3bff, 0x3c00, 0x3c01, 0x7bfd, 0x7bfe]) {
      const [a, b] = [halfTo(low), halfTo(low + 1)];
      const middle = (a + b) / 2;
      const step = (b - a) / 64;
      expect([halfFrom(middle - step), halfFrom(middle + step)]).toEqual([low, low + 1]);
      expect(halfFrom(middle)).toBe(low % 2 === 0 ? low : low + 1);
      expect(halfFrom(-middle) & 0x7fff).toBe(low % 2 === 0 ? low : low + 1);
    }
  });

  test("what is too large becomes infinite, and what is too small zero with its sign", () => {
    expect([65519, 65520, 1e30, Number.POSITIVE_INFINITY].map(halfFrom)).toEqual([0x7bff, 0x7c00, 0x7c00, 0x7c00]);
    expect([2 ** -25, 2 ** -25 * 1.01, -(2 ** -26), -0].map(halfFrom)).toEqual([0, 1, 0x8000, 0x8000]);
  });

  test("arrays are rounded and widened element by element", () => {
    const numbers = Float32Array.of(0.1, -1.5, 70000, 1e-9);
    expect([...halves(numbers)]).toEqual(Array.from(numbers, halfFrom));
    expect([...widened(halves(numbers))]).toEqual(Array.from(numbers, (value) => halfTo(halfFrom(value))));
  });
});
