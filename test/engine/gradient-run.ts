import type { GradientDevice } from "../../engine/src/graph/gradient-site.ts";
import type { Weights } from "../../engine/src/graph/graph.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { type GradientCase, gradientGraph } from "./gradient-cases.ts";

/** Of a graph that has no weights. */
export const noWeights: Weights = {
  read: ({ name }) => {
    throw new Error(`"${name}" is asked for.`);
  },
};

/** The gradients of a case as a runtime computes them, by the names that the goldens have. */
export async function gradientsOn(
  runtime: Runtime,
  one: GradientCase,
  device: GradientDevice,
): Promise<Map<string, Float32Array>> {
  const graph = gradientGraph(one, device);
  const session = await runtime.open(graph, noWeights);
  const feeds: Record<string, Tensor> = {};
  for (const { name, dims } of graph.inputs) {
    const leaf = one.inputs.find((input) => input.name === name)?.leaf ?? "share";
    feeds[name] = runtime.tensor("float32", dims as number[], one.values(leaf, dims as number[]));
  }
  const outputs = await session.run(feeds);
  const found = new Map<string, Float32Array>();
  for (const { name, leaf } of one.inputs) found.set(leaf, await runtime.read(outputs[`gradient.${name}`] as Tensor));
  for (const tensor of [...Object.values(outputs), ...Object.values(feeds)]) tensor.dispose();
  await session.release();
  return found;
}
