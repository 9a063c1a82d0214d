import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse, relative } from "node:path";
import { Engine, type GenerateRequest, type Pixels } from "@underdraw/engine";
import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GraphBuilder } from "../../engine/src/graph/builder.ts";
import { type Graph, weightSize } from "../../engine/src/graph/graph.ts";
import { halves } from "../../engine/src/graph/half.ts";
import { halved } from "../../engine/src/graph/halved.ts";
import { executionOrder, lint, stored, storedWeights, unetEncoder } from "../../engine/src/graph/index.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { placedTensors, placesOf } from "../../engine/src/models/tensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { writeWeights } from "../../engine/src/runtime/weights-node.ts";
import { sd15Unet } from "./published-configs.ts";

// Weights in half precision on a processor: widened as a graph runs, the same numbers, and mapped where a file has them.

const [ROWS, WIDTH] = [96, 64];
const numbers = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i * 1.7));

const folder = mkdtempSync(join(tmpdir(), "underdraw-halved-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of a weight and its bias in half precision, which begin at an odd byte. */
function file(name: string, weight: Uint16Array): string {
  const sizes = { "layer.weight": [ROWS, WIDTH], "layer.bias": [ROWS] };
  const bias = halves(Float32Array.from({ length: ROWS }, (_, i) => i / 8));
  let end = 0;
  const entries = Object.entries(sizes).map(([key, shape]) => {
    const from = end;
    end += 2 * shape.reduce((a, b) => a * b);
    return [key, { dtype: "F16", shape, data_offsets: [from, end] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(json.padEnd(json.length + (json.length % 2 === 0 ? 1 : 0)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([length, header, new Uint8Array(weight.buffer), new Uint8Array(bias.buffer)]));
  return path;
}

async function weightsIn(path: string) {
  const opened = openSafetensors(await nodeFile(path).open());
  return storedWeights(weightsOf(placedTensors(opened.name, placesOf(opened), () => opened.close())));
}

function layer(): Graph {
  const b = new GraphBuilder("layer", "float32");
  const y = b.linear(b.input("x", ["rows", WIDTH]), "layer", { from: WIDTH, to: ROWS });
  return b.finish([["y", y]]);
}

describe("a graph with weights in half precision", () => {
  test("is sound, and takes half the bytes but for small weights; one that computes so is as it was", () => {
    const whole = unetEncoder(sd15Unet, "float32");
    const graph = halved(whole);
    expect(lint(graph)).toEqual([]);
    const bytes = ({ weights, precision }: Graph) => weights.reduce((sum, one) => sum + weightSize(one, precision), 0);
    expect(bytes(graph) / bytes(whole)).toBeGreaterThan(0.5);
    expect(bytes(graph) / bytes(whole)).toBeLessThan(0.502);
    const half = unetEncoder(sd15Unet, "float16");
    expect(halved(half)).toBe(half);
    expect(stored(half, 16)).toBe(half);
  });

  test("widens each weight right before what reads it", () => {
    const order = executionOrder(halved(unetEncoder(sd15Unet, "float32")));
    for (const [n, { op, outputs }] of order.entries())
      if (op === "Cast") expect(order[n + 1]?.inputs, outputs[0]).toContain(outputs[0]);
  });
});

describe("on the CPU provider", () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
  });
  afterAll(() => runtime.dispose());

  test("it gives the same numbers as whole weights", async () => {
    const weights = await weightsIn(file("layer.safetensors", halves(numbers)));
    const x = Float32Array.from({ length: 5 * WIDTH }, (_, i) => Math.cos(i));
    const run = async (graph: Graph) => {
      const net = await openNetwork(runtime, graph, weights);
      const { y } = await net.run({ x: runtime.tensor("float32", [5, WIDTH], x) }, { batch: 1, height: 1, width: 1 });
      const found = await runtime.read(y as NonNullable<typeof y>);
      await net.release();
      return found;
    };
    expect(await run(halved(layer()))).toEqual(await run(layer()));
  });

  test("a weight that a file has as it is wanted is mapped there, and no other", async () => {
    const path = file("mapped.safetensors", halves(numbers));
    const weights = await weightsIn(path);
    const named = async (graph: Graph, from = weights) => {
      const model = await writeWeights(graph, from);
      const text = Buffer.from(model.bytes).toString("latin1");
      await model.remove();
      const count = (word: string) => text.split(word).length - 1;
      return [count(relative(parse(path).root, path)), count("weights.bin")];
    };
    // The bias is too small to be kept in half precision.
    expect(await named(halved(layer()))).toEqual([1, 1]);
    expect(await named(layer())).toEqual([0, 2]);
    const { read } = weights;
    expect(await named(halved(layer()), { read })).toEqual([0, 2]);
  });

  test("a mapped weight that holds no number is refused by file and tensor", async () => {
    const broken = halves(numbers);
    broken[4321] = 0x7e00;
    const weights = await weightsIn(file("broken.safetensors", broken));
    await expect(runtime.open(halved(layer()), weights)).rejects.toMatchObject({
      code: "weights-not-finite",
      details: { file: "broken.safetensors", tensor: "layer.weight" },
    });
  });
});

describe("the pack", () => {
  const asked: GenerateRequest = { prompt: "flat emoji of a red apple", controls: [], seed: 7, steps: 8 };

  test("draws the same picture, and tells nothing", async () => {
    const engine = new Engine({ runtime: { device: "cpu" }, models: nodeFolder(miniFolder()) });
    try {
      const draw = async (weights: "full" | "half") => {
        await using pipeline = await engine.load({ weights });
        return await pipeline.generate(asked);
      };
      const [full, half] = [await draw("full"), await draw("half")];
      expect(signalToNoise(half.pixels, full.pixels)).toBeGreaterThan(60);
      expect(half.warnings).toEqual(full.warnings);
    } finally {
      await engine.dispose();
    }
  }, 120_000);

  test("is drawn from so where it fits no other way, with a word about it", async () => {
    const models = nodeFolder(miniFolder());
    const drawn = async (memory: number) => {
      const engine = new Engine({ runtime: { device: "cpu" }, models, memory });
      try {
        await using pipeline = await engine.load();
        const { warnings } = await pipeline.generate({ ...asked, width: 64, height: 64, steps: 1 });
        return warnings.map(({ code }) => code);
      } finally {
        await engine.dispose();
      }
    };
    expect(await drawn(400e6)).not.toContain("memory-weights-half");
    expect(await drawn(115e6)).toContain("memory-weights-half");
  }, 120_000);
});

/** Decibels; infinite where both are equal. */
function signalToNoise(one: Pixels, other: Pixels): number {
  let sum = 0;
  for (const [i, value] of one.data.entries()) sum += (value - (other.data[i] as number)) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / (0.75 * one.data.length)));
}
