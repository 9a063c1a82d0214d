import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { depthAnythingGraph } from "../../engine/src/detectors/depth-anything.ts";
import { drawingGraph } from "../../engine/src/detectors/drawing.ts";
import { hedGraph } from "../../engine/src/detectors/hed.ts";
import { openDetector } from "../../engine/src/detectors/open.ts";
import { pidinetGraph } from "../../engine/src/detectors/pidinet.ts";
import { teedGraph } from "../../engine/src/detectors/teed.ts";
import { elements, type Graph, GraphBuilder, lint } from "../../engine/src/graph/index.ts";
import { convolve } from "../../engine/src/graph/sight.ts";
import { memorySource } from "../../engine/src/models/memory.ts";
import type { ModelSource } from "../../engine/src/models/source.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { casesOf } from "./detectors-golden.ts";
import { namedFile } from "./detectors-named.ts";
import { errors } from "./golden.ts";

// Each net's answers against those of the module that it was published with, on weights that nobody trained.

const folder = "test/golden/detectors";
const most = 1e-4;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

async function compare(model: string, source: ModelSource, path: string, rename: (key: string) => string) {
  const net = await openDetector(runtime, model, source);
  try {
    for (const { size, picture, answers } of casesOf(path)) {
      const outputs = await net.run({ picture });
      expect(answers.size).toBe(Object.keys(outputs).length);
      for (const [key, expected] of answers) {
        const output = outputs[rename(key)];
        expect(
          output?.dims.filter((side) => side !== 1),
          `${size} ${key}`,
        ).toEqual(expected.dims.filter((side) => side !== 1));
        const { relative, largest } = errors(output?.values ?? [], expected.values);
        expect(relative, `${size} ${key}: RMS`).toBeLessThan(most);
        expect(largest, `${size} ${key}: largest`).toBeLessThan(20 * most);
      }
    }
  } finally {
    await net.release();
  }
}

describe("Depth Anything computes what transformers computes", () => {
  test("from a folder with its config, at odd widths and any size", () =>
    compare(
      "depth-anything",
      nodeFolder(`${folder}/depth-anything`),
      "depth-anything-cases.safetensors",
      (key) => key,
    ));

  test("from one file with the names of the original checkpoints, in half precision", () =>
    compare(
      "depth-anything",
      nodeFile(`${folder}/depth-anything-original.safetensors`),
      "depth-anything-original-cases.safetensors",
      (key) => key,
    ));

  test("as distances from one that was trained on metres", () =>
    compare(
      "depth-anything",
      nodeFolder(`${folder}/depth-anything-metric`),
      "depth-anything-metric-cases.safetensors",
      () => "distance",
    ));
});

const side = (last: number | null) => (key: string) => (Number(key) === last ? "edges" : `side.${key}`);

test.each([
  ["hed", "hed", null],
  ["pidinet", "pidinet", 4],
  ["pidinet", "pidinet-converted", 4],
  ["teed", "teed", null],
] as const)("%s computes what its own module computes with %s.safetensors", (model, file, last) =>
  compare(model, nodeFile(`${folder}/${file}.safetensors`), `${file}-cases.safetensors`, side(last)),
);

test("the generator of line drawings computes what its own module computes", () => {
  const bytes = namedFile(drawingGraph(64, 3));
  const source: ModelSource = {
    kind: "file",
    name: "lines.safetensors",
    open: async () => memorySource("lines", bytes),
  };
  return compare("lineart", source, "lineart-cases.safetensors", () => "drawing");
});

/** The published Depth Anything V2. */
const depth = (width: number, heads: number, neck: readonly number[], fusion: number): Graph =>
  depthAnythingGraph({
    width,
    heads,
    neck,
    fusion,
    layers: 12,
    hiddenWidth: 4 * width,
    epsilon: 1e-6,
    queryBias: true,
    patch: 14,
    grid: 37,
    taps: [3, 6, 9, 12],
    head: 32,
    maxDepth: null,
    unread: [],
  });

const published: readonly (readonly [name: string, graph: Graph, parameters: number])[] = [
  // The sums over the state dicts of controlnet_aux's modules at their published widths; PiDiNet's is the converted one.
  // transformers' models have 24,785,089 and 97,470,785 with the table of places, the class and what nobody reads.
  ["Depth Anything V2 small", depth(384, 6, [48, 96, 192, 384], 64), 24_184_385],
  ["Depth Anything V2 base", depth(768, 12, [96, 192, 384, 768], 128), 96_121_921],
  ["HED", hedGraph([64, 128, 256, 512, 512]), 14_716_168],
  ["PiDiNet", pidinetGraph({ width: 60, dilated: 24, attention: true }), 720_709],
  ["TEED", teedGraph(), 58_910],
  ["a generator of line drawings", drawingGraph(64, 3), 4_290_945],
];

test.each(published)(
  "the graph of %s is sound and reads as many numbers as its checkpoint has",
  (_, graph, parameters) => {
    expect(lint(graph)).toEqual([]);
    const shapes = new Map(graph.weights.flatMap((weight) => weight.parts).map(({ key, shape }) => [key, shape]));
    expect([...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0)).toBe(parameters);
  },
);

test("the linter knows the convolutions that WebGPU computes wrongly", () => {
  const faults = (from: number, to: number, kernel: number) => {
    const b = new GraphBuilder("t", "float32");
    const x = b.input("x", [1, from, "h", "w"]);
    return lint(b.finish([["y", convolve(b, x, "k", { from, to, kernel, level: 0 })]])).length;
  };
  expect([faults(6, 8, 3), faults(9, 320, 3), faults(18, 4, 5)]).toEqual([1, 1, 1]);
  expect([faults(3, 64, 3), faults(12, 8, 3), faults(9, 7, 3), faults(6, 8, 1), faults(10, 8, 3)]).toEqual([
    0, 0, 0, 0, 0,
  ]);
});
