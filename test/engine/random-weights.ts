import { narrowHalf } from "../../engine/src/graph/half.ts";
import { elements, type Weight, type Weights } from "../../engine/src/graph/index.ts";

// Weights for a network that nobody trained: each tensor of the checkpoint follows from its own name, so that every
// graph that reads it, or rows of it, sees the same numbers. Scaled by fan-in, so that activations keep their size.

/** Uniform numbers in -1..1 from a seed. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function tensorOf(key: string, shape: readonly number[]): Float32Array {
  let seed = 2166136261;
  for (const letter of key) seed = Math.imul(seed ^ letter.charCodeAt(0), 16777619);
  const next = uniform(seed);
  const norm = /norm\w*\.weight$/.test(key) ? 1 : 0;
  const scale = shape.length === 1 ? 0.2 : Math.sqrt(3 / elements(shape.slice(1)));
  return Float32Array.from({ length: elements(shape) }, () => next() * scale + norm);
}

/** Random weights for keys that begin with `prefix` when they are not meant to; tensors that fit `zero` are zeros. */
export function randomWeights({ prefix = "", zero = /(?!)/ }: { prefix?: string; zero?: RegExp } = {}): Weights {
  return {
    read(weight: Weight, precision, into) {
      const sum = new Float32Array(elements(weight.dims));
      for (const { key, shape, rows } of weight.parts) {
        if (zero.test(key)) continue;
        const row = elements(shape.slice(1));
        const all = tensorOf(prefix + key, shape);
        const part = rows ? all.subarray(rows[0] * row, rows[1] * row) : all;
        for (const [n, value] of part.entries()) sum[n] = (sum[n] ?? 0) + value;
      }
      if (precision === "float32") return into.set(new Uint8Array(sum.buffer));
      const halves = new Uint16Array(sum.length);
      narrowHalf(new Uint32Array(sum.buffer), halves);
      into.set(new Uint8Array(halves.buffer));
    },
  };
}
