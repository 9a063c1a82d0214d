import { elements, type Graph } from "../../engine/src/graph/index.ts";
import { safetensorsFile, type Written } from "./safetensors-file.ts";

/** Numbers in -1..1 from a name, scaled by fan-in: those of `named` in make_edges.py. */
function named(key: string, shape: readonly number[]): Float32Array {
  let state = 2166136261;
  for (let i = 0; i < key.length; i++) state = Math.imul(state ^ key.charCodeAt(i), 16777619);
  const scale = shape.length === 1 ? 0.2 : Math.sqrt(3 / elements(shape.slice(1)));
  return Float32Array.from({ length: elements(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** A checkpoint for a graph whose numbers follow from their names. */
export function namedFile(graph: Graph): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, Written> = {};
  for (const { key, shape } of graph.weights.flatMap((weight) => weight.parts))
    tensors[key] = { dtype: "F32", shape, data: named(key, shape) };
  return safetensorsFile(tensors);
}
