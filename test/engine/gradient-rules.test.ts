import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lint } from "../../engine/src/graph/lint.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { parseTensors } from "../parity/tensor-file.ts";
import { gradientCases, gradientGraph, largeConvolutions } from "./gradient-cases.ts";
import { relativeError } from "./gradient-numbers.ts";
import { differences } from "./gradient-reference.ts";
import { gradientsOn } from "./gradient-run.ts";

// Every gradient against differences of a forward pass in float64, and against PyTorch's autograd in float64.

const file = "test/golden/training/rules.safetensors";
const golden = parseTensors(file, new Uint8Array(readFileSync(file)));
let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

test("the goldens are of these cases and inputs, and of no others", () => {
  const ours = gradientCases.flatMap(({ name, inputs }) => inputs.map(({ leaf }) => `${name}/${leaf}`));
  expect(ours.toSorted()).toEqual([...golden.keys()].toSorted());
});

test.each(gradientCases.map((one) => [one.name, one] as const))("%s", async (name, one) => {
  const numbers = new Map(
    one.inputs.map(({ name: input, leaf, dims }) => [input, Float64Array.from(one.values(leaf, dims))]),
  );
  const sides = one.graph.outputs[0]?.dims as number[];
  const share = one.values("share", sides);
  const right = new Map(one.inputs.map(({ name: by }) => [by, differences(one.graph, numbers, { by, share })]));
  for (const { name: by, leaf } of one.inputs) {
    const torch = golden.get(`${name}/${leaf}`)?.values as Float32Array;
    // The two references agree, but for the golden's float32 and the curvature over a step.
    expect(relativeError(right.get(by) as Float64Array, torch), `${leaf} by differences`).toBeLessThan(2e-7);
  }
  for (const device of ["cpu", "gpu"] as const) {
    const graph = gradientGraph(one, device);
    expect(lint(graph)).toEqual([]);
    for (const [leaf, found] of await gradientsOn(runtime, one, device)) {
      const by = one.inputs.find((input) => input.leaf === leaf)?.name ?? "";
      expect(relativeError(found, right.get(by) as Float64Array), `${leaf} on ${device}`).toBeLessThan(1e-5);
    }
  }
});

test.each(largeConvolutions.map((one) => [one.name, one] as const))(
  "%s has piece by piece the gradients that it has tap by tap",
  async (_, one) => {
    const graph = gradientGraph(one, "cpu");
    expect(lint(graph)).toEqual([]);
    // One product for each three of a piece's taps, or for each two columns of a stride.
    const products = graph.nodes.filter(({ op }) => op === "MatMul").length;
    expect(products).toBe(one.name.includes("stride") ? 4 : 6);
    const right = await gradientsOn(runtime, one, "gpu");
    for (const [leaf, found] of await gradientsOn(runtime, one, "cpu"))
      expect(relativeError(found, right.get(leaf) as Float32Array), leaf).toBeLessThan(1e-5);
  },
);

test("an operation without a rule is named, and so is one in a form that has none", () => {
  const [one] = gradientCases;
  if (!one) throw new Error("There are no cases.");
  const strange = { ...one, graph: { ...one.graph, nodes: one.graph.nodes.map((node) => ({ ...node, op: "Cos" })) } };
  expect(() => gradientGraph(strange, "cpu")).toThrow(/Cos y has no gradient/);
  const causal = gradientCases.find(({ name }) => name === "self-attention");
  if (!causal) throw new Error("There is no attention.");
  const nodes = causal.graph.nodes.map((node) => ({
    ...node,
    attributes: { ...node.attributes, unidirectional: { int: 1 } },
  }));
  expect(() => gradientGraph({ ...causal, graph: { ...causal.graph, nodes } }, "cpu")).toThrow(/causal/);
});
