import { narrowHalf } from "../../engine/src/graph/half.ts";
import { elements, type Precision, type Weight, type Weights } from "../../engine/src/graph/index.ts";

// Weights that nobody trained, made faster than a disk writes them: one block of random numbers is repeated through
// every tensor, from a place and at a scale that follow from the tensor's name and shape. So every graph that reads a
// tensor, or rows of it, sees the same numbers, and activations keep their size through a network.

/** A prime, so that rows of a tensor, whose lengths are round numbers, do not repeat each other. */
const BLOCK = 262_139;

/** Numbers that are made at once. */
const CHUNK = 1 << 18;

const block = (() => {
  let state = 20231;
  return Float32Array.from({ length: BLOCK }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
})();

function placeOf(key: string): number {
  let hash = 2166136261;
  for (const letter of key) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return (hash >>> 0) % BLOCK;
}

/** Numbers from element `from` on of a tensor, added to those in `into`. */
function add(key: string, shape: readonly number[], from: number, into: Float32Array): void {
  const one = /norm\w*\.weight$/.test(key) ? 1 : 0;
  const scale = shape.length === 1 ? 0.1 : Math.sqrt(3 / elements(shape.slice(1)));
  let at = (placeOf(key) + from) % BLOCK;
  for (let n = 0; n < into.length; n++) {
    into[n] = (into[n] as number) + (block[at] as number) * scale + one;
    if (++at === BLOCK) at = 0;
  }
}

/** Random weights of graphs; keys get `prefix` in front, so that two networks with the same keys differ. */
export function randomWeights(prefix = ""): Weights {
  return {
    read(weight: Weight, precision: Precision, into: Uint8Array) {
      const count = elements(weight.dims);
      const size = precision === "float16" ? 2 : 4;
      const numbers = new Float32Array(Math.min(CHUNK, count));
      const halves = new Uint16Array(precision === "float16" ? numbers.length : 0);
      for (let at = 0; at < count; at += CHUNK) {
        const chunk = numbers.subarray(0, Math.min(CHUNK, count - at)).fill(0);
        for (const { key, shape, rows } of weight.parts)
          add(prefix + key, shape, (rows?.[0] ?? 0) * elements(shape.slice(1)) + at, chunk);
        const narrow = halves.subarray(0, chunk.length);
        if (precision === "float16") narrowHalf(new Uint32Array(chunk.buffer, 0, chunk.length), narrow);
        const bytes = precision === "float16" ? narrow : chunk;
        into.set(new Uint8Array(bytes.buffer, 0, bytes.byteLength), at * size);
      }
    },
  };
}
