import { expect, test } from "vitest";
import { GraphBuilder } from "../../engine/src/graph/builder.ts";
import { elements, type Graph, type Weights } from "../../engine/src/graph/graph.ts";
import { halves } from "../../engine/src/graph/half.ts";
import { halved } from "../../engine/src/graph/halved.ts";
import { isHalved, quantised, storedWeights } from "../../engine/src/graph/index.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";

// Linear layers in 8 and 4 bits compute in a browser what their levels and scales say, on both of its providers; weights
// in half precision what whole ones do.

const [ROWS, WIDTH] = [24, 96];
const numbers = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i * 1.7));
const whole: Weights = {
  read(weight, _precision, into) {
    const from = (weight.parts[0]?.rows?.[0] ?? 0) * WIDTH;
    into.set(new Uint8Array(numbers.slice(from, from + elements(weight.dims)).buffer));
  },
};

/** The numbers after rounding to levels of their runs of 32, the largest of a run being the lowest level. */
function rounded(bits: 4 | 8): Float64Array {
  const out = new Float64Array(numbers.length);
  for (let run = 0; run < numbers.length; run += 32) {
    let most = 0;
    for (const value of numbers.subarray(run, run + 32)) if (Math.abs(value) > Math.abs(most)) most = value;
    const scale = Math.fround(most / -(2 ** (bits - 1)));
    const top = 2 ** (bits - 1) - 1;
    for (let i = run; i < run + 32; i++)
      out[i] = scale * Math.max(-top - 1, Math.min(top, Math.round((numbers[i] as number) * (1 / scale))));
  }
  return out;
}

test.each([
  ["webgpu", 8],
  ["webgpu", 4],
  ["cpu", 8],
  ["cpu", 4],
] as const)("on %s in %i bits", async (device, bits) => {
  const gpu = device === "webgpu" ? await (await navigator.gpu.requestAdapter())?.requestDevice() : undefined;
  const runtime = await openRuntime({
    ...{ device, strict: true, untested: true, precision: "float32" },
    ...(gpu ? { gpu } : {}),
  });
  try {
    const b = new GraphBuilder("layer", "float32");
    const layer = b.linear(b.input("x", ["rows", WIDTH]), "layer", { from: WIDTH, to: ROWS, bias: false });
    const graph = quantised(b.finish([["y", layer]]), bits);
    const net = await openNetwork(runtime, graph, storedWeights(whole));
    // As many rows as a picture has, and one: providers have a kernel of its own for that.
    for (const rows of [1, 3, 64]) {
      const x = Float32Array.from({ length: rows * WIDTH }, (_, i) => Math.cos(i * 0.9));
      const input = runtime.tensor("float32", [rows, WIDTH], x);
      const { y } = await net.run({ x: input }, { batch: 1, height: 1, width: 1 });
      if (!y) throw new Error("no output");
      const stored = rounded(bits);
      const found = await runtime.read(y);
      let [off, size] = [0, 0];
      for (let n = 0; n < rows * ROWS; n++) {
        let sum = 0;
        for (let k = 0; k < WIDTH; k++)
          sum += (x[Math.floor(n / ROWS) * WIDTH + k] as number) * (stored[(n % ROWS) * WIDTH + k] as number);
        off += ((found[n] as number) - sum) ** 2;
        size += sum ** 2;
      }
      expect(Math.sqrt(off / size)).toBeLessThan(2e-3);
    }
    await net.release();
  } finally {
    await runtime.dispose();
    gpu?.destroy();
  }
});

test("wasm widens weights in half precision as it runs", async () => {
  const runtime = await openRuntime({ device: "cpu" });
  try {
    const b = new GraphBuilder("layer", "float32");
    const layer = b.linear(b.input("x", ["rows", WIDTH]), "layer", { from: WIDTH, to: 64, bias: false });
    const graph = b.finish([["y", layer]]);
    // Halves of a power of two: the same numbers in both precisions.
    const weights: Weights = {
      read(weight, precision, into) {
        const values = Float32Array.from({ length: elements(weight.dims) }, (_, i) => ((i * 7) % 31) / 32);
        const stored = precision === "float16" ? halves(values) : values;
        into.set(new Uint8Array(stored.buffer));
      },
    };
    const run = async (one: Graph) => {
      const net = await openNetwork(runtime, one, storedWeights(weights));
      const x = Float32Array.from({ length: 3 * WIDTH }, (_, i) => Math.cos(i * 0.9));
      const { y } = await net.run({ x: runtime.tensor("float32", [3, WIDTH], x) }, { batch: 1, height: 1, width: 1 });
      const found = await runtime.read(y as NonNullable<typeof y>);
      await net.release();
      return found;
    };
    const half = halved(graph);
    expect(isHalved(half)).toBe(true);
    expect(await run(half)).toEqual(await run(graph));
  } finally {
    await runtime.dispose();
  }
});
