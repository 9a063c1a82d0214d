import { UnderdrawError } from "../core/errors.ts";
import type { TextConfig } from "../graph/index.ts";
import type { Network } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tokenizer } from "./tokenizer.ts";

// From a prompt to what cross-attention reads. Embeddings of tokens are looked up here, on the CPU: the table stays in
// its file.

/** A text encoder, loaded. */
export interface LoadedText {
  readonly config: TextConfig;
  readonly tokenizer: Tokenizer;
  /** Tokens of a prompt, start and end included. */
  readonly length: number;
  readonly network: Network;
  /** The embeddings of tokens, in rows; ids beyond the vocabulary are vectors of added words. */
  embed(ids: Int32Array): Float32Array;
}

/** What a text encoder makes of one chunk's ids: [length, width] in rows, after the final norm. */
export async function encodeChunk(
  runtime: Runtime,
  text: LoadedText,
  ids: Int32Array,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Float32Array> {
  const dims = [1, text.length, text.config.width];
  const embeddings = runtime.tensor(runtime.precision, dims, text.embed(ids));
  try {
    const { states } = await text.network.run({ embeddings }, { batch: 1, height: 1, width: 1 }, options);
    if (!states) throw new RangeError("The text graph gave no states.");
    const values = await runtime.read(states);
    states.dispose();
    return values;
  } finally {
    embeddings.dispose();
  }
}

/**
 * A chunk's states with each row times its weight, and all of them brought back to the mean that they had: what A1111's
 * web UI calls emphasis "Original" (sd_emphasis.py). Throws `request-invalid` where a weight is so large that numbers end;
 * `path` is the prompt's in its request.
 */
export function weighted(states: Float32Array, weights: Float32Array, path: string): Float32Array {
  const width = states.length / weights.length;
  const values = states.map((value, n) => value * (weights[Math.floor(n / width)] as number));
  const ratio = mean(states) / mean(values);
  for (let n = 0; n < values.length; n++) values[n] = (values[n] as number) * ratio;
  if (values.every(Number.isFinite)) return values;
  const largest = weights.reduce((most, weight) => (Math.abs(weight) <= Math.abs(most) ? most : weight), 0);
  const message = `The weights of the ${path === "prompt" ? "prompt" : "negative prompt"} go as far as ${largest}, which leaves no numbers to draw by. Weights of 0.5 to 1.5 are usual: take fewer brackets or smaller numbers.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path, message }] });
}

const mean = (values: Float32Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
};
