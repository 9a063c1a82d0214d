import { UnderdrawError } from "../core/errors.ts";
import { elements, type Graph, type Weights } from "../graph/graph.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { hex, sha256 } from "../sha256.ts";
import type { Learner } from "./learner.ts";

// Proof that what is locked stays as it was: SHA-256 over every locked weight as it is read, and over what the training's
// own session predicts with the net left out, which no change of its weights would leave alike.

/** SHA-256 of a graph's locked weights, in hex, in float32 and in the order of their names. */
export async function lockedDigest({ weights }: Graph, from: Weights): Promise<string> {
  const digests: Uint8Array[] = [];
  for (const weight of [...weights].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const bytes = new Uint8Array(4 * elements(weight.dims));
    from.read(weight, "float32", bytes);
    digests.push(new TextEncoder().encode(`${weight.name}\n`), await sha256([bytes]));
  }
  return hex(await sha256(digests));
}

/** What a batch predicts with the net left out, and the largest difference that the net makes to it. */
export async function basePrediction(
  runtime: Runtime,
  learner: Learner,
  without: Readonly<Record<string, Tensor>>,
  withNet: Readonly<Record<string, Tensor>>,
): Promise<{ readonly bytes: Uint8Array; readonly difference: number }> {
  const predict = async (inputs: Readonly<Record<string, Tensor>>): Promise<Float32Array> => {
    const found = await learner.run(inputs);
    try {
      return await runtime.read(found["prediction"] as Tensor);
    } finally {
      disposeAll(found);
    }
  };
  const base = await predict(without);
  const steered = await predict(withNet);
  const difference = base.reduce((most, value, n) => Math.max(most, Math.abs(value - (steered[n] as number))), 0);
  return { bytes: new Uint8Array(base.buffer, base.byteOffset, base.byteLength), difference };
}

/** One digest of both, in hex. */
export const joinedDigest = async (weights: string, prediction: Uint8Array): Promise<string> =>
  hex(await sha256([new TextEncoder().encode(`${weights}\n`), prediction]));

/** Throws `locked-changed` for two digests that differ. */
export function requireLocked(before: string, after: string, base: string): void {
  if (before === after) return;
  throw new UnderdrawError(
    "locked-changed",
    `The locked weights of ${base} are not what they were when the training began: its file was changed, or memory is faulty. Do not use the net, check the file, and train again.`,
    { tensor: base },
  );
}
