import { UnderdrawError } from "../core/errors.ts";
import type { Graph } from "../graph/graph.ts";
import { countOf, type Tensors } from "../models/tensors.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { hex, sha256 } from "../sha256.ts";
import type { Learner } from "./learner.ts";

// Proof that what is locked stays as it was: a digest of the locked weights in their files, which anybody can make again,
// and what the training's own session predicts with the net left out, which no change of the weights in memory leaves alike.

/**
 * SHA-256 of a graph's locked weights, in hex: over the keys of their tensors in order, each with a line feed and the SHA-256
 * of its numbers in float32, little-endian.
 */
export async function lockedDigest({ weights }: Pick<Graph, "weights">, tensors: Tensors): Promise<string> {
  const keys = new Set(weights.flatMap(({ parts }) => parts.map(({ key }) => key)));
  const pieces: Uint8Array[] = [];
  for (const key of [...keys].sort()) {
    const values = new Float32Array(countOf(tensors.shape(key)));
    tensors.floats(key, values, 0);
    pieces.push(new TextEncoder().encode(`${key}\n`), await sha256([new Uint8Array(values.buffer)]));
  }
  return hex(await sha256(pieces));
}

/** Throws `locked-changed` for two digests that differ. */
export function requireLocked(before: string, after: string, base: string): void {
  if (before !== after) throw lockedChanged(base);
}

const lockedChanged = (base: string): UnderdrawError<"locked-changed"> =>
  new UnderdrawError(
    "locked-changed",
    `The locked weights of ${base} are not what they were when the training began: its file was changed, or memory is faulty. Do not use the net, check the file, and train again.`,
    { tensor: base },
  );

/** One batch that is predicted at a run's beginning and at its end. Owns tensors. */
export class LockedProbe {
  readonly #runtime: Runtime;
  readonly #learner: Learner;
  readonly #inputs: Readonly<Record<string, Tensor>>;
  readonly #base: Float32Array;
  /** The largest difference that the net made to a number of the prediction. */
  readonly difference: number;

  private constructor(
    runtime: Runtime,
    learner: Learner,
    inputs: Readonly<Record<string, Tensor>>,
    { base, difference }: { readonly base: Float32Array; readonly difference: number },
  ) {
    this.#runtime = runtime;
    this.#learner = learner;
    this.#inputs = inputs;
    this.#base = base;
    this.difference = difference;
  }

  /** Predicts. `inputs` are a batch's, whose scale leaves the net out; they are the probe's from now on. */
  static async take(
    runtime: Runtime,
    learner: Learner,
    inputs: Readonly<Record<string, Tensor>>,
  ): Promise<LockedProbe> {
    const { scale: none } = inputs;
    const sides = none?.dims ?? [];
    const scale = runtime.tensor("float32", sides, new Float32Array(countOf(sides)).fill(1));
    try {
      const base = await predicted(runtime, learner, inputs);
      const steered = await predicted(runtime, learner, { ...inputs, scale });
      const difference = base.reduce((most, value, n) => Math.max(most, Math.abs(value - (steered[n] as number))), 0);
      return new LockedProbe(runtime, learner, inputs, { base, difference });
    } catch (error) {
      disposeAll(inputs);
      throw error;
    } finally {
      scale.dispose();
    }
  }

  /** Throws `locked-changed` where the batch is not predicted bit by bit as at first. `base` is what a person knows it by. */
  async check(base: string): Promise<void> {
    const now = await predicted(this.#runtime, this.#learner, this.#inputs);
    const [one, other] = [this.#base, now].map(
      ({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length),
    );
    if (now.length !== this.#base.length || one?.some((bits, n) => bits !== other?.[n])) throw lockedChanged(base);
  }

  /** Frees its tensors. */
  dispose(): void {
    disposeAll(this.#inputs);
  }
}

async function predicted(
  runtime: Runtime,
  learner: Learner,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Float32Array> {
  const found = await learner.run(inputs);
  try {
    return await runtime.read(found["prediction"] as Tensor);
  } finally {
    disposeAll(found);
  }
}
