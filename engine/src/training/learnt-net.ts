import { elements, type Part, type Weight } from "../graph/graph.ts";
import type { LowRankPart } from "../graph/low-rank.ts";
import { netKey } from "../graph/training-step.ts";
import type { Tensors } from "../models/tensors.ts";
import type { NetTensor } from "./net-files.ts";

// A net's tensors from the numbers that learnt: what was split into rows is joined, low-rank parts are added to what they
// lie beside, and what did not learn is as it was.

/** What a net's tensors are made of. */
export interface LearntNet {
  /** The net before it learnt. */
  readonly before: Tensors;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly weights: readonly Weight[];
  readonly parts: readonly LowRankPart[];
  /** The numbers of a weight that learnt. */
  read(weight: Weight): Promise<Float32Array>;
}

/** All tensors of a net, in float32, in memory. */
export async function learntTensors({ before, shapes, weights, parts, read }: LearntNet): Promise<NetTensor[]> {
  const values = new Map<string, Float32Array>();
  const valuesOf = (key: string): Float32Array => {
    const known = values.get(key);
    if (known) return known;
    const fresh = new Float32Array(elements(shapes.get(key) ?? []));
    before.floats(key, fresh, 0);
    values.set(key, fresh);
    return fresh;
  };
  for (const key of shapes.keys()) valuesOf(key);
  const isBeside = new Set(parts.flatMap(({ down, up }) => [down.name, up.name]));
  for (const weight of weights) {
    if (isBeside.has(weight.name)) continue;
    const { key, at } = placeOf(weight);
    valuesOf(key).set(await read(weight), at);
  }
  for (const { of, down, up } of parts) {
    const { key, at } = placeOf(of);
    addProduct(valuesOf(key).subarray(at, at + elements(of.dims)), await read(down), await read(up), of.dims);
  }
  return [...shapes].map(([key, shape]) => ({ key, shape, read: () => valuesOf(key) }));
}

/** Where in which tensor a weight's numbers lie. */
function placeOf(weight: Weight): { readonly key: string; readonly at: number } {
  const [part] = weight.parts as readonly [Part];
  const row = elements(part.shape.slice(1));
  return { key: netKey(weight) ?? "", at: (part.rows?.[0] ?? 0) * row };
}

/** Adds up x down, [to, rank] x [rank, rest], to a weight in rows. */
function addProduct(into: Float32Array, down: Float32Array, up: Float32Array, dims: readonly number[]): void {
  const [to = 0, ...rest] = dims;
  const width = elements(rest);
  const rank = down.length / width;
  for (let row = 0; row < to; row++)
    for (let r = 0; r < rank; r++) {
      const factor = up[row * rank + r] as number;
      if (factor === 0) continue;
      for (let i = 0; i < width; i++)
        into[row * width + i] = (into[row * width + i] as number) + factor * (down[r * width + i] as number);
    }
}
