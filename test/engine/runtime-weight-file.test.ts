import { describe, expect, test } from "vitest";
import { elements, type Graph, type Weights } from "../../engine/src/graph/graph.ts";
import { weightFiles } from "../../engine/src/runtime/weight-file.ts";

const names = ["a", "b", "c", "d"];
const sides = [[3], [5, 1], [7], [2, 2]];
const graph: Graph = {
  name: "net",
  precision: "float16",
  inputs: [],
  outputs: [],
  nodes: [],
  constants: [],
  weights: names.map((name, i) => ({ name, dims: sides[i] ?? [], parts: [] })),
  values: new Map(),
};

/** Fills a weight with the letter of its name. */
const letters: Weights = { read: ({ name }, _, into) => into.fill(name.charCodeAt(0)) };

describe("a graph's weights as a file", () => {
  test("have the size of all of them and are made where they are asked for, in any order and again", () => {
    const { files, locate } = weightFiles(graph, letters);
    expect(files.map(({ path, data }) => [path, data.byteLength, data.length])).toEqual([["weights.0", 38, 38]]);
    for (const at of [2, 0, 3, 0, 1]) {
      const weight = graph.weights[at] as Graph["weights"][number];
      const { file, offset, bytes } = locate(weight);
      expect([file, bytes]).toEqual(["weights.0", elements(weight.dims) * 2]);
      const made = files[0]?.data.subarray(offset, offset + bytes) as Uint8Array;
      expect([...made]).toEqual(Array(bytes).fill(weight.name.charCodeAt(0)));
    }
  });

  test("are a Uint8Array to whoever asks, and hold nothing themselves", () => {
    const { files } = weightFiles(graph, letters);
    expect(files[0]?.data).toBeInstanceOf(Uint8Array);
    expect(files[0]?.data.buffer.byteLength).toBe(0);
  });

  test("go on in another file before one is full", () => {
    const { files, locate } = weightFiles(graph, letters, { limit: 20 });
    expect(files.map(({ data }) => data.length)).toEqual([16, 14, 8]);
    expect(graph.weights.map((weight) => locate(weight))).toEqual([
      { file: "weights.0", offset: 0, bytes: 6 },
      { file: "weights.0", offset: 6, bytes: 10 },
      { file: "weights.1", offset: 0, bytes: 14 },
      { file: "weights.2", offset: 0, bytes: 8 },
    ]);
    expect(() => weightFiles(graph, letters, { limit: 13 })).toThrow(RangeError);
  });

  test("reach past 4 GiB in several files without memory", () => {
    const large = { ...graph, weights: names.map((name) => ({ name, dims: [2 ** 29, 1.5], parts: [] })) };
    const { files } = weightFiles(large, letters);
    expect(files.map(({ data }) => data.length)).toEqual([2 * 1.5 * 2 ** 30, 2 * 1.5 * 2 ** 30]);
  });

  test("keep what a read threw, the first of it", () => {
    const faults = [new Error("first"), new Error("second")];
    let at = 0;
    const source = weightFiles(graph, {
      read: () => {
        throw faults[at++];
      },
    });
    expect(source.failure).toBeNull();
    for (const fault of faults) expect(() => source.files[0]?.data.subarray(0, 6)).toThrow(fault);
    expect(source.failure).toEqual({ error: faults[0] });
  });

  test("refuse bytes that are no weight", () => {
    const { files } = weightFiles(graph, letters);
    expect(() => files[0]?.data.subarray(1, 7)).toThrow(RangeError);
    expect(() => files[0]?.data.subarray(0, 5)).toThrow(RangeError);
    expect(() => weightFiles(graph, letters).locate({ name: "e", dims: [1], parts: [] })).toThrow(RangeError);
  });

  test("stop with the signal's reason", () => {
    const reason = new Error("stop");
    const source = weightFiles(graph, letters, { signal: AbortSignal.abort(reason) });
    expect(() => source.files[0]?.data.subarray(0, 6)).toThrow(reason);
    expect(source.failure).toEqual({ error: reason });
  });
});
