import { Engine, type GenerateRequest, type Pixels } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GraphBuilder } from "../../engine/src/graph/builder.ts";
import { elements, type Graph, type Weights, weightSize } from "../../engine/src/graph/graph.ts";
import { lint, quantised, storedWeights, unetEncoder } from "../../engine/src/graph/index.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { errors } from "./golden.ts";
import { sd15Unet } from "./published-configs.ts";

// Linear layers in 8 and 4 bits: what is stored, that onnxruntime multiplies with just that, and what it does to a picture.

const [ROWS, WIDTH] = [24, 96];
/** Numbers of a tensor with runs of every kind: of one size, all zero, one far above the others. */
const numbers = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => {
  const run = Math.floor(i / 32);
  if (run % 7 === 3) return 0;
  return Math.sin(i * 1.7) * (run % 5 === 1 ? 1e-3 : 1) + (i % 32 === 5 && run % 4 === 2 ? -9 : 0);
});
const bias = Float32Array.from({ length: ROWS }, (_, i) => 0.1 * i);
const whole: Weights = {
  read(weight, _precision, into) {
    const [part] = weight.parts;
    const from = (part?.rows?.[0] ?? 0) * (weight.dims[1] ?? 1);
    const values = (part?.key.endsWith("bias") ? bias : numbers).slice(from, from + elements(weight.dims));
    into.set(new Uint8Array(values.buffer));
  },
};
function layer(): Graph {
  const b = new GraphBuilder("layer", "float32");
  const y = b.linear(b.input("x", ["rows", WIDTH]), "layer", { from: WIDTH, to: ROWS });
  return b.finish([["y", y]]);
}

/** What levels and scales stand for, unpacked here by the rule that onnxruntime documents for MatMulNBits. */
function unpacked(graph: Graph, bits: 4 | 8): Float64Array {
  const read = (what: string): Uint8Array<ArrayBuffer> => {
    const weight = graph.weights.find(({ code }) => code?.what === what);
    if (!weight) throw new Error(`no ${what}`);
    const bytes = new Uint8Array(weightSize(weight, "float32"));
    storedWeights(whole).read(weight, "float32", bytes);
    return bytes;
  };
  const levels = read("levels");
  const scales = new Float32Array(read("scales").buffer);
  return Float64Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const level = bits === 8 ? (levels[i] as number) : ((levels[i >> 1] as number) >> (4 * (i & 1))) & 15;
    return (level - 2 ** (bits - 1)) * (scales[Math.floor(i / 32)] as number);
  });
}

describe.each([8, 4] as const)("a linear layer in %i bits", (bits) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
  });
  afterAll(() => runtime.dispose());

  test("is within half a level of each run's scale, the largest of a run exactly", () => {
    const graph = quantised(layer(), bits);
    expect(lint(graph)).toEqual([]);
    const stored = unpacked(graph, bits);
    for (let run = 0; run < stored.length / 32; run++) {
      const own = numbers.subarray(32 * run, 32 * run + 32);
      const size = Math.max(...own.map(Math.abs));
      const scale = size / 2 ** (bits - 1);
      for (const [i, value] of own.entries()) {
        const at = stored[32 * run + i] as number;
        // The level opposite of the largest is missing: what lies beyond the last one is up to a whole level off.
        expect(Math.abs(at - value)).toBeLessThanOrEqual(scale * 1.0001 + 1e-12);
        if (Math.abs(value) === size) expect(at).toBeCloseTo(value, 5);
      }
      const mean = own.reduce((sum, value, i) => sum + ((stored[32 * run + i] as number) - value) ** 2, 0) / 32;
      expect(Math.sqrt(mean)).toBeLessThanOrEqual(0.5 * scale + 1e-12);
    }
  });

  test("is computed with what is stored, and nothing else", async () => {
    const graph = quantised(layer(), bits);
    const net = await openNetwork(runtime, graph, storedWeights(whole));
    const x = Float32Array.from({ length: 3 * WIDTH }, (_, i) => Math.cos(i * 0.9));
    const { y } = await net.run({ x: runtime.tensor("float32", [3, WIDTH], x) }, { batch: 1, height: 1, width: 1 });
    const stored = unpacked(graph, bits);
    const expected = Float64Array.from({ length: 3 * ROWS }, (_, n) => {
      const [row, to] = [Math.floor(n / ROWS), n % ROWS];
      let sum = bias[to] as number;
      for (let k = 0; k < WIDTH; k++) sum += (x[row * WIDTH + k] as number) * (stored[to * WIDTH + k] as number);
      return sum;
    });
    expect(y?.dims).toEqual([3, ROWS]);
    expect(errors(await runtime.read(y as NonNullable<typeof y>), expected).relative).toBeLessThan(2e-3);
    await net.release();
  });
});

test("a layer whose rows do not divide into runs of 32 stays whole, and so do convolutions", () => {
  const b = new GraphBuilder("odd", "float32");
  const y = b.linear(b.input("x", ["rows", 40]), "odd", { from: 40, to: 8 });
  const odd = b.finish([["y", y]]);
  expect(quantised(odd, 8).weights).toEqual(odd.weights);
  const encoder = unetEncoder(sd15Unet, "float16");
  const small = quantised(encoder, 4);
  expect(lint(small)).toEqual([]);
  const convolutions = (graph: Graph) => graph.nodes.filter(({ op }) => op === "Conv").length;
  expect(convolutions(small)).toBe(convolutions(encoder));
  expect(small.nodes.some(({ op }) => op === "Gemm")).toBe(false);
});

test("the pack in 8 bits draws the picture almost as whole, in 4 bits another one of the same kind; 3 bits are refused", async () => {
  const engine = new Engine({ runtime: { device: "cpu" }, models: nodeFolder(miniFolder()) });
  try {
    const asked: GenerateRequest = { prompt: "flat emoji of a red apple", controls: [], seed: 7, steps: 16 };
    const draw = async (weights: "full" | "int8" | "int4"): Promise<Pixels> => {
      await using pipeline = await engine.load({ weights });
      return (await pipeline.generate(asked)).pixels;
    };
    const full = await draw("full");
    const [eight, four] = [signalToNoise(await draw("int8"), full), signalToNoise(await draw("int4"), full)];
    console.info(`PSNR against full weights: int8 ${eight.toFixed(1)} dB, int4 ${four.toFixed(1)} dB`);
    expect(eight).toBeGreaterThan(30);
    expect(eight).toBeLessThan(99);
    expect(four).toBeGreaterThan(15);
    expect(four).toBeLessThan(eight);
    const three = engine.load({ weights: "int3" as "int4" });
    await expect(three).rejects.toMatchObject({ code: "request-invalid", details: { issues: [{ path: "weights" }] } });
  } finally {
    await engine.dispose();
  }
}, 120_000);

function signalToNoise(one: Pixels, other: Pixels): number {
  let sum = 0;
  for (const [i, value] of one.data.entries()) sum += (value - (other.data[i] as number)) ** 2;
  // Alpha is the same in both.
  return 10 * Math.log10(255 ** 2 / (sum / (0.75 * one.data.length)));
}
