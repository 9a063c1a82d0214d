import type { Weight } from "../graph/graph.ts";
import { netKey } from "../graph/training-step.ts";
import { countOf } from "../models/tensors.ts";
import { weightsOf } from "../models/weights.ts";
import type { Checkpoint, CheckpointRun, SavedCheckpoint } from "./checkpoint.ts";
import { hintStart } from "./hint-start.ts";
import type { Learner, StateTensor } from "./learner.ts";
import type { TrainerParts } from "./net-trainer.ts";
import type { PairReading } from "./pair.ts";
import { normalsAt } from "./random-stream.ts";
import type { TrainingMaterial } from "./training-material.ts";

/** Where a run stands: all that its next steps depend on besides the numbers that learn. */
export type RunState = Omit<Checkpoint, "version">;

/**
 * The numbers that a run begins with: the net's own; of low-rank parts the first normal and the second zero, so that they
 * change nothing; of moments zero. `hint` are the numbers of a fresh hint block by their keys; none for a net that is gone on
 * from.
 */
function firstValues(
  { weights, step }: Pick<TrainerParts, "weights" | "step">,
  learning: readonly Weight[],
  { seed, hint }: { readonly seed: number; readonly hint: ReadonlyMap<string, Float32Array> },
): (tensor: StateTensor) => Float32Array {
  const own = weightsOf(weights);
  const byName = new Map(learning.map((weight) => [weight.name, weight]));
  const [downs, ups] = [new Set(step.parts.map(({ down }) => down.name)), new Set(step.parts.map(({ up }) => up.name))];
  return ({ name, dims }) => {
    const count = countOf(dims);
    const [, kind, inner = ""] = /^(p|m|v|mean)\.(.+)$/s.exec(name) ?? [];
    const weight = byName.get(inner);
    if (!weight || kind === "m" || kind === "v" || ups.has(inner)) return new Float32Array(count);
    if (downs.has(inner)) {
      const deviation = 1 / Math.sqrt(countOf(dims.slice(1)));
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

/** Maps that a fresh hint block begins with. */
const hintMaps = 8;

/** Begins at step 0, a fresh hint block on maps of the data. */
export async function begun(
  parts: TrainerParts,
  { source: { runtime, width, height }, data, learnt, identity }: TrainingMaterial,
  learner: Learner,
  options: PairReading,
): Promise<RunState> {
  const { seed } = identity.settings;
  let hint: ReadonlyMap<string, Float32Array> = new Map();
  if (parts.isFresh) {
    const some = learnt.slice(0, hintMaps);
    const values = new Float32Array(some.length * parts.config.mapChannels * width * height);
    const area = values.length / some.length;
    for (const [n, at] of some.entries()) {
      const { map } = await data.take(at, 0, options);
      for (let i = 0; i < area; i++) values[n * area + i] = (map[i] as number) / 255;
    }
    const latent = new Float32Array(countOf(parts.before.shape("conv_in.weight")));
    parts.before.floats("conv_in.weight", latent, 0);
    hint = await hintStart(runtime, parts.config, { count: some.length, width, height, values }, { latent, seed });
  }
  await learner.begin(firstValues(parts, learner.weights, { seed, hint }));
  return { ...identity, step: 0, curve: [], measures: [], seconds: 0, lockedBefore: "", firstDifference: null };
}
