import type { Weight } from "../graph/graph.ts";
import { netKey } from "../graph/training-step.ts";
import { weightsOf } from "../models/weights.ts";
import type { Checkpoint, CheckpointRun, SavedCheckpoint } from "./checkpoint.ts";
import type { Learner, StateTensor } from "./learner.ts";
import type { TrainerParts } from "./net-trainer.ts";
import { normalsAt } from "./random-stream.ts";

/** Where a run stands: all that its next steps depend on besides the numbers that learn. */
export type RunState = Omit<Checkpoint, "version">;

/**
 * The numbers that a run begins with: the net's own; of low-rank parts the first normal and the second zero, so that they
 * change nothing; of moments zero. `hint` are the numbers of a fresh hint block by their keys; none for a net that is gone on
 * from.
 */
export function firstValues(
  { weights, step }: Pick<TrainerParts, "weights" | "step">,
  learning: readonly Weight[],
  { seed, hint }: { readonly seed: number; readonly hint: ReadonlyMap<string, Float32Array> },
): (tensor: StateTensor) => Float32Array {
  const own = weightsOf(weights);
  const byName = new Map(learning.map((weight) => [weight.name, weight]));
  const [downs, ups] = [new Set(step.parts.map(({ down }) => down.name)), new Set(step.parts.map(({ up }) => up.name))];
  return ({ name, dims }) => {
    const count = dims.reduce((a, side) => a * side, 1);
    const [, kind, inner = ""] = /^(p|m|v|mean)\.(.+)$/s.exec(name) ?? [];
    const weight = byName.get(inner);
    if (!weight || kind === "m" || kind === "v" || ups.has(inner)) return new Float32Array(count);
    if (downs.has(inner)) {
      const deviation = 1 / Math.sqrt(dims.slice(1).reduce((a, side) => a * side, 1));
      return normalsAt(seed, inner, count).map((value) => value * deviation);
    }
    const started = hint.get(netKey(weight) ?? "");
    if (started) return started;
    const values = new Float32Array(count);
    own.read(weight, "float32", new Uint8Array(values.buffer));
    return values;
  };
}

/** Puts a checkpoint's numbers back, and gives where it stood. */
export async function restored(learner: Learner, saved: SavedCheckpoint, run: CheckpointRun): Promise<RunState> {
  await learner.begin(({ name }) => saved.read(name));
  const { version: _, ...checkpoint } = saved.checkpoint;
  return { ...checkpoint, settings: run.settings };
}
