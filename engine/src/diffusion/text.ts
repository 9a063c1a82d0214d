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
  /** The embeddings of tokens, in rows. */
  embed(ids: Int32Array): Float32Array;
}

/** A prompt, encoded. */
export interface EncodedText {
  readonly ids: Int32Array;
  /** [length, width] in rows, after the final norm. */
  readonly states: Float32Array;
  /** What of the prompt did not fit, as text; "" when all did. */
  readonly cut: string;
}

/** Encodes one prompt as diffusers does: what does not fit is cut. */
export async function encodeText(
  runtime: Runtime,
  text: LoadedText,
  prompt: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<EncodedText> {
  const { ids, cut } = text.tokenizer.pad(text.tokenizer.encode(prompt), text.length);
  const dims = [1, text.length, text.config.width];
  const embeddings = runtime.tensor(runtime.precision, dims, text.embed(ids));
  try {
    const { states } = await text.network.run({ embeddings }, { batch: 1, height: 1, width: 1 }, options);
    if (!states) throw new RangeError("The text graph gave no states.");
    const values = await runtime.read(states);
    states.dispose();
    return { ids, states: values, cut };
  } finally {
    embeddings.dispose();
  }
}
