import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adam, adamwStep, gradientSum } from "../../engine/src/graph/adamw.ts";
import { elements, type Graph } from "../../engine/src/graph/graph.ts";
import { lint } from "../../engine/src/graph/lint.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { type FileTensor, parseTensors } from "../parity/tensor-file.ts";
import { numbersOf, relativeError } from "./gradient-numbers.ts";
import { noWeights } from "./gradient-run.ts";

// AdamW and the shortening of gradients against torch's own in float64 (test/golden/training/make_adamw.py).

const file = "test/golden/training/adamw.safetensors";
const golden = parseTensors(file, new Uint8Array(readFileSync(file)));
// A kernel of one pixel has ones at the end of its sides, which the graph leaves out inside.
const weights = Object.entries({ a: [3, 5, 1, 1], b: [2, 3, 3, 3], c: [7] }).map(([name, dims]) => ({
  name,
  dims,
  parts: [],
}));
const sizes = [1, 0.1, 1e-4, 3, 0.3].map(Math.fround);
const [rate, decay, clip] = [2e-3, 5e-2, 1.7];

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

async function computed(graph: Graph, given: (name: string, dims: number[]) => Float32Array) {
  expect(lint(graph)).toEqual([]);
  const session = await runtime.open(graph, noWeights);
  const feeds: Record<string, Tensor> = {};
  for (const { name, dims } of graph.inputs)
    feeds[name] = runtime.tensor("float32", dims as number[], given(name, dims as number[]));
  const outputs = await session.run(feeds);
  const found = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(outputs)) found.set(name, (await runtime.read(tensor)).slice());
  for (const tensor of [...Object.values(outputs), ...Object.values(feeds)]) tensor.dispose();
  await session.release();
  return found;
}

/** The gradient of a step; its first number is nothing. */
function gradientOf(step: number, name: string, dims: readonly number[]): Float32Array {
  const values = numbersOf(`gradient/${step}/${name}`, elements(dims)).map((value) => value * (sizes[step] ?? 0));
  values[0] = 0;
  return values;
}

test.each([false, true])("five steps are torch's, with a running mean: %s", async (mean) => {
  const graph = adamwStep(weights, { mean });
  const state = new Map<string, Float32Array>();
  for (const { name, dims } of weights) {
    const first = numbersOf(`weight/${name}`, elements(dims));
    state.set(name, first).set(`mean.${name}`, first);
    for (const moment of ["m", "v"]) state.set(`${moment}.${name}`, new Float32Array(first.length));
  }
  for (let step = 0; step < sizes.length; step++) {
    const scalars: Record<string, number> = {
      share: 0.5,
      clip,
      kept: 1 - rate * decay,
      rate: rate / (1 - adam.beta1 ** (step + 1)),
      root: 1 / Math.sqrt(1 - adam.beta2 ** (step + 1)),
      old: 0.9,
    };
    const next = await computed(graph, (name, dims) =>
      name in scalars
        ? Float32Array.of(scalars[name] as number)
        : name.startsWith("gradient.")
          ? gradientOf(step, name.slice("gradient.".length), dims)
          : (state.get(name) as Float32Array),
    );
    const right = (key: string) => (golden.get(`${step}/${key}`) as FileTensor).values as Float32Array;
    expect(relativeError(next.get("norm") as Float32Array, right("norm"))).toBeLessThan(3e-7);
    // Steps one and four are long enough to be shortened.
    expect((right("norm")[0] as number) > clip).toBe(step === 0 || step === 3);
    for (const { name } of weights) {
      for (const key of [name, `m.${name}`, `v.${name}`, ...(mean ? [`mean.${name}`] : [])]) {
        const value = next.get(`next.${key}`) as Float32Array;
        expect(relativeError(value, right(key)), `${key} after step ${step}`).toBeLessThan(5e-7);
        state.set(key, value);
      }
      expect(state.get(`m.${name}`)?.[0]).toBe(0);
    }
  }
});

test("gradients of nothing leave nothing behind but the decay", async () => {
  const scalars: Record<string, number> = { share: 1, clip, kept: 0.75, rate: 1, root: 1 };
  const next = await computed(adamwStep(weights), (name, dims) => {
    if (name in scalars) return Float32Array.of(scalars[name] as number);
    return /^(gradient|m|v)\./.test(name) ? new Float32Array(elements(dims)) : numbersOf(name, elements(dims));
  });
  expect([...(next.get("norm") as Float32Array)]).toEqual([0]);
  for (const { name, dims } of weights)
    expect(next.get(`next.${name}`)).toEqual(numbersOf(name, elements(dims)).map((value) => value * 0.75));
});

test("gradients of two batches are added", async () => {
  const sums = await computed(gradientSum(weights), (name, dims) => numbersOf(name, elements(dims)));
  for (const { name, dims } of weights) {
    const other = numbersOf(`other.${name}`, elements(dims));
    const right = numbersOf(`one.${name}`, elements(dims)).map((value, n) => value + (other[n] as number));
    expect(sums.get(`gradient.${name}`)).toEqual(right);
  }
});
