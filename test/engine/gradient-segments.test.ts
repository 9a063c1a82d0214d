import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executionOrder } from "../../engine/src/graph/execution-order.ts";
import { elements, type Graph, type Weight, type Weights } from "../../engine/src/graph/index.ts";
import { lint } from "../../engine/src/graph/lint.ts";
import { trainingStep } from "../../engine/src/graph/training-step.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { inFiles, writeWeights } from "../../engine/src/runtime/weights-node.ts";
import { relativeError } from "./gradient-numbers.ts";
import { type Model, openModel, Steps, small, smallBatch, stepValues } from "./gradient-steps.ts";

// onnxruntime itself, since the runtime always lets it change graphs.
interface Session {
  run(feeds: object): Promise<Record<string, { readonly data: Float32Array }>>;
  endProfiling(): void;
  release(): Promise<void>;
}
const { InferenceSession, Tensor: OrtTensor } = createRequire(import.meta.url)("onnxruntime-node") as {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: "float32", values: Float32Array, dims: readonly number[]) => object;
};

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

describe("what is computed anew in segments", () => {
  const all = [1, 2, 4];

  test("gives the same bits where onnxruntime runs the graph as it is", { timeout: 200_000 }, async () => {
    const model = await openModel("sd21-tiny");
    const batch = smallBatch(model);
    const found = [];
    for (const segments of all) {
      const { graph, weights } = trainingStep(model.unet, model.net, {
        extent: small,
        device: "cpu",
        rank: null,
        segments,
      });
      expect(lint(graph)).toEqual([]);
      const values = stepValues(
        model,
        graph,
        batch,
        new Map(weights.map((weight) => [weight.name, read(model, weight)])),
      );
      found.push({ outputs: await unchanged(graph, model.weights, values), nodes: graph.nodes.length });
    }
    const [once, ...others] = found;
    for (const { outputs, nodes } of others) {
      expect(nodes).toBeGreaterThan(once?.nodes ?? 0);
      for (const [name, values] of outputs) expect(values, name).toEqual(once?.outputs.get(name));
    }
  });

  // Convolutions are fused with sums that nothing else reads, and what is computed anew has other readers than at first.
  test("gives the same but for the last digits where onnxruntime fuses", { timeout: 200_000 }, async () => {
    const model = await openModel("sd21-tiny");
    const batch = smallBatch(model);
    const results = [];
    for (const segments of all) {
      const steps = await Steps.open(runtime, model, { extent: small, device: "cpu", rank: null, segments });
      results.push(await steps.run(batch, steps.first()));
      await steps.release();
    }
    const [once, ...others] = results;
    for (const { loss, gradients } of others) {
      expect(loss).toBe(once?.loss);
      for (const [name, gradient] of gradients)
        expect(relativeError(gradient, once?.gradients.get(name) as Float32Array), name).toBeLessThan(1e-5);
    }
  });
});

/** The outputs of a graph whose nodes onnxruntime leaves as they are. */
async function unchanged(graph: Graph, weights: Weights, values: ReadonlyMap<string, Float32Array>, more: object = {}) {
  const model = await writeWeights(graph, weights);
  try {
    const session = await InferenceSession.create(
      model.bytes,
      inFiles(model, { graphOptimizationLevel: "disabled", ...more }),
    );
    const feeds = graph.inputs.map(({ name, dims }) => {
      return [name, new OrtTensor("float32", values.get(name) as Float32Array, dims as number[])] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    if (Object.keys(more).length > 0) session.endProfiling();
    await session.release();
    return new Map(Object.entries(outputs).map(([name, { data }]) => [name, data]));
  } finally {
    await model.remove();
  }
}

const read = ({ weights }: Model, weight: Weight): Float32Array => {
  const values = new Float32Array(elements(weight.dims));
  weights.read(weight, "float32", new Uint8Array(values.buffer));
  return values;
};

test("onnxruntime runs a step in the order that is counted with", { timeout: 200_000 }, async () => {
  const model = await openModel("sd21-tiny");
  const shape = { extent: small, device: "cpu", rank: null, segments: 2 } as const;
  const { graph, weights } = trainingStep(model.unet, model.net, shape);
  const own = new Map(weights.map((weight) => [weight.name, read(model, weight)]));
  const folder = await mkdtemp(join(tmpdir(), "underdraw-order-"));
  const profile = { enableProfiling: true, profileFilePrefix: join(folder, "profile") };
  await unchanged(graph, model.weights, stepValues(model, graph, smallBatch(model), own), profile);
  const [file = ""] = await readdir(folder);
  const events: { name: string; ts: number }[] = JSON.parse(await readFile(join(folder, file), "utf8"));
  await rm(folder, { recursive: true });
  const ran = events
    .filter(({ name }) => name.endsWith("_kernel_time"))
    .sort((a, b) => a.ts - b.ts)
    .map(({ name }) => name.replace(/_kernel_time$/, ""));
  expect(ran).toEqual(executionOrder(graph).map(({ op, outputs }) => `${op}:${outputs[0]}`));
  expect(ran).not.toEqual(graph.nodes.map(({ op, outputs }) => `${op}:${outputs[0]}`));
});
