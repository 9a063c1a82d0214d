import { expect, test } from "vitest";
import {
  control,
  elements,
  type Graph,
  GraphBuilder,
  hint,
  kv,
  lint,
  planUnet,
  shapeInputs,
  sideAt,
  sinusoids,
  sumNames,
  temb,
  textEncoder,
  unetDecoder,
  unetEncoder,
  vaeDecoder,
  vaeEncoder,
  wholeStep,
} from "../../engine/src/graph/index.ts";
import { clipLarge, sd15Net, sd15Unet, sd21Net, sd21Unet, sdVae, unevenNet, unevenUnet } from "./published-configs.ts";

const unetGraphs = (config: typeof sd15Unet): Graph[] =>
  [kv, temb, unetEncoder, unetDecoder].map((build) => build(config, "float16"));
const netGraphs = (config: typeof sd15Net): Graph[] =>
  [hint, kv, temb, control].map((build) => build(config, "float16"));

/** How many numbers of a checkpoint graphs read, each tensor once. */
function parameters(graphs: readonly Graph[]): number {
  const shapes = new Map(
    graphs.flatMap(({ weights }) => weights.flatMap(({ parts }) => parts)).map((p) => [p.key, p.shape]),
  );
  return [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0);
}

const all: readonly (readonly [name: string, graphs: readonly Graph[]])[] = [
  ["SD1.5 UNet", unetGraphs(sd15Unet)],
  ["SD1.5 ControlNet", netGraphs(sd15Net)],
  ["SD2.1 UNet", unetGraphs(sd21Unet)],
  ["SD2.1 ControlNet", netGraphs(sd21Net)],
  ["uneven UNet", unetGraphs(unevenUnet)],
  ["uneven ControlNet", netGraphs(unevenNet)],
  ["CLIP", [textEncoder(clipLarge, "float32"), textEncoder(clipLarge, "float16", 1)]],
  ["VAE", [vaeEncoder(sdVae, "float32"), vaeDecoder(sdVae, "float16")]],
  ["whole", [wholeStep(sd15Unet, sd15Net, "float32"), wholeStep(unevenUnet, unevenNet, "float16")]],
];

test.each(all)("the linter finds nothing in the graphs of %s", (_, graphs) => {
  expect(graphs.flatMap(lint)).toEqual([]);
});

test("the graphs read as many parameters as the published models have", () => {
  // Totals of controlnet.md 4.5 and engine.md 17, which are those of the published files.
  expect(parameters(unetGraphs(sd15Unet))).toBe(859_520_964);
  expect(parameters(unetGraphs(sd21Unet))).toBe(865_910_724);
  expect(parameters(netGraphs(sd15Net))).toBe(361_279_120);
  expect(parameters(netGraphs(sd21Net))).toBe(364_228_240);
  expect(parameters([vaeDecoder(sdVae, "float32")])).toBe(49_490_179 + 20);
  expect(parameters([vaeEncoder(sdVae, "float32")])).toBe(34_163_592 + 72);
  expect(parameters([textEncoder(clipLarge, "float32")]) + 49408 * 768).toBe(123_060_480);
});

test("an SD1.5 UNet has 98 convolutions and 32 attentions, in two halves", () => {
  const nodes = [unetEncoder(sd15Unet, "float16"), unetDecoder(sd15Unet, "float16")].flatMap((graph) => graph.nodes);
  expect(nodes.filter(({ op }) => op === "Conv")).toHaveLength(98);
  expect(nodes.filter(({ op }) => op === "MultiHeadAttention")).toHaveLength(32);
});

test("no tensor of a network is read by two of its graphs", () => {
  for (const graphs of [unetGraphs(unevenUnet), netGraphs(unevenNet)]) {
    const keys = graphs.map(({ weights }) => new Set(weights.flatMap(({ parts }) => parts.map(({ key }) => key))));
    const seen = new Set<string>();
    for (const set of keys)
      for (const key of set) {
        expect(seen.has(key), key).toBe(false);
        seen.add(key);
      }
  }
});

test("a whole step reads the same tensors as the split graphs", () => {
  const keys = (graphs: readonly Graph[]) =>
    new Set(graphs.flatMap(({ weights }) => weights.flatMap(({ parts }) => parts.map(({ key }) => key))));
  const split = [
    ...keys(unetGraphs(unevenUnet)),
    ...[...keys(netGraphs(unevenNet))].map((key) => `control_model.${key}`),
  ];
  expect([...keys([wholeStep(unevenUnet, unevenNet, "float32")])].sort()).toEqual(split.sort());
});

test("skips and middle have the names and sides that both halves know", () => {
  const encoder = unetEncoder(sd15Unet, "float32");
  const decoder = unetDecoder(sd15Unet, "float32");
  expect(encoder.outputs.map(({ name }) => name)).toEqual(sumNames(sd15Unet));
  expect(sumNames(sd15Unet)).toHaveLength(13);
  for (const { name, dims } of encoder.outputs) expect(decoder.values.get(name)?.dims).toEqual(dims);
  const channels = planUnet(sd15Unet).skips.map((skip) => skip.channels);
  expect(channels).toEqual([320, 320, 320, 320, 640, 640, 640, 1280, 1280, 1280, 1280, 1280]);
});

test.each([
  ["an SD1.5 encoder", unetEncoder(sd15Unet, "float32"), 4, 1],
  ["an SD1.5 ControlNet", control(sd15Net, "float32"), 5, 1],
  ["an uneven encoder, whose first level has no attention,", unetEncoder(unevenUnet, "float32"), 7, 1],
])("%s computes in one row what comes before the first cross-attention", (_, graph, convolutions, attentions) => {
  const ofOneRow = (op: string) =>
    graph.nodes.filter((node) => node.op === op && graph.values.get(node.outputs[0] ?? "")?.dims[0] === "one");
  expect(ofOneRow("Conv")).toHaveLength(convolutions);
  expect(ofOneRow("MultiHeadAttention")).toHaveLength(attentions);
  for (const { dims } of graph.outputs) expect(dims[0]).toBe("batch");
  const shapes = shapeInputs(graph, { batch: 2, height: 16, width: 8, context: 7 });
  expect(graph.inputs.some(({ name }) => name.startsWith("shape.one."))).toBe(true);
  for (const [name, sides] of shapes) expect(sides[0], name).toBe(name.startsWith("shape.one.") ? 1n : 2n);
});

test("sides halve upwards, as a stride-2 convolution leaves them, and double exactly", () => {
  expect([0, 1, 2, 3].map((level) => sideAt(13, level))).toEqual([13, 7, 4, 2]);
  expect([0, -1, -2].map((level) => sideAt(13, level))).toEqual([13, 26, 52]);
});

test("shape inputs follow the extent", () => {
  const graph = unetDecoder(unevenUnet, "float32");
  const shapes = shapeInputs(graph, { batch: 2, height: 9, width: 14, context: 7 });
  expect(shapes.get("shape.nchw.16.0")).toEqual(BigInt64Array.from([2n, 16n, 9n, 14n]));
  expect(shapes.get("shape.nsc.24.1")).toEqual(undefined);
  expect(shapes.get("shape.nsc.32.2")).toEqual(BigInt64Array.from([2n, 12n, 32n]));
  const wanted = graph.inputs.filter(({ type }) => type === "int64").map(({ name }) => name);
  expect([...shapes.keys()].sort()).toEqual(wanted.sort());
});

test("a fault that is planted in a graph is named", () => {
  const b = new GraphBuilder("planted", "float32");
  const x = b.input("x", ["batch", 4]);
  b.input("unused", [1]);
  const y = b.node("SkipGroupNorm", [x, "nowhere"], ["batch", 4]);
  const faults = lint(b.finish([["y", y]])).join("\n");
  expect(faults).toContain("SkipGroupNorm");
  expect(faults).toContain('reads "nowhere" before it is made');
  expect(faults).toContain('nothing reads "unused"');
});

test("a convolution that leaves its strides to a default is refused", () => {
  const b = new GraphBuilder("short", "float32");
  const x = b.input("x", ["batch", 4, 8, 8]);
  const y = b.node("Conv", [x, b.parameter("w", [4, 4, 1, 1])], ["batch", 4, 8, 8], { kernel_shape: { ints: [1, 1] } });
  expect(lint(b.finish([["y", y]])).join()).toContain("leaves strides out");
});

test("a UNet that reads nine channels reads twelve, since WebGPU computes nine wrongly", () => {
  for (const precision of ["float32", "float16"] as const) {
    const graph = unetEncoder({ ...sd15Unet, inChannels: 9 }, precision);
    expect(lint(graph)).toEqual([]);
    const [first] = graph.nodes.filter(({ op }) => op === "Conv");
    expect(first?.inputs.slice(0, 2).map((name) => graph.values.get(name)?.dims[1])).toEqual([12, 12]);
    expect(graph.inputs.find(({ name }) => name === "latent")?.dims[1]).toBe(9);
    expect(graph.weights.find(({ name }) => name.startsWith("conv_in.weight"))?.dims).toEqual([320, 9, 3, 3]);
  }
});

test("sinusoids are those of the diffusion models, cosines first", () => {
  const row = sinusoids([0, 999], { channels: [320], cosineFirst: true, frequencyShift: 0 });
  expect([...row.slice(0, 160)].every((value) => value === 1)).toBe(true);
  expect([...row.slice(160, 320)].every((value) => value === 0)).toBe(true);
  expect(row[320]).toBeCloseTo(Math.cos(999), 6);
  expect(row[480]).toBeCloseTo(Math.sin(999), 6);
  expect(row[320 + 159]).toBeCloseTo(Math.cos(999 * 10000 ** (-159 / 160)), 5);
});
