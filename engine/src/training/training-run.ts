import type { ModelFolder } from "../models/source.ts";
import { countOf } from "../models/tensors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { matches } from "./checkpoint.ts";
import { GoingRun } from "./going-run.ts";
import type { Learner } from "./learner.ts";
import type { TrainerParts } from "./net-trainer.ts";
import type { PairSource } from "./pair.ts";
import { preparedPairs } from "./prepared-pairs.ts";
import { RunCheckpoints } from "./run-checkpoints.ts";
import { RunClock } from "./run-clock.ts";
import { begun, type RunState, restored } from "./run-state.ts";
import { fullSettings } from "./settings.ts";
import type { TrainingMoment, TrainingRun } from "./training.ts";
import { keptPairs, openMaterial } from "./training-material.ts";
import type { RunRecord } from "./training-report.ts";

// One run, up to its first step: pairs are looked at and prepared, and what was learnt before is found again.

/** What a run has from its trainer. */
export interface RunParts extends TrainingRun {
  readonly signal: AbortSignal;
  learner(runtime: Runtime, mean: number | null, signal: AbortSignal): Promise<Learner>;
  net(): Promise<ModelFolder>;
  /** Where the run before ended, as long as its numbers are there. */
  before(): RunRecord | null;
  /** Told where the run stands; null when what was learnt is worth nothing. */
  onRecord(record: RunRecord | null): void;
}

/** Trains. See `Trainer.run`. */
export async function* trainingRun(
  parts: TrainerParts,
  pairs: PairSource,
  run: RunParts,
): AsyncGenerator<TrainingMoment, void, undefined> {
  const { signal, place = null } = run;
  signal.throwIfAborted();
  const clock = new RunClock(run);
  // What is out of range is told before anything is read.
  const channels = parts.base.model.unet.config.channels[0] ?? 0;
  if (pairs.count > 0) fullSettings(run, { ...parts, channels, pairs: pairs.count });
  const runtime = await parts.runtime();
  const material = await openMaterial(parts, pairs, run, runtime);
  try {
    const { data, learnt, heldOut, identity, warnings } = material;
    const { accumulate, checkpointEvery, steps = Number.POSITIVE_INFINITY, mean = null } = identity.settings;
    for (const text of warnings) yield { kind: "note", fraction: clock.fraction, text };
    const { checkpoints, saved, warnings: others } = await RunCheckpoints.find(place, identity);
    try {
      for (const text of others) yield { kind: "note", fraction: clock.fraction, text };
      const copies = mean === null ? 3 : 4;
      const bytes = parts.step.weights.reduce((sum, { dims }) => sum + 4 * copies * countOf(dims), 0);
      const ahead = steps - (saved?.checkpoint.step ?? 0);
      await checkpoints.requireRoom(bytes, { writes: Math.max(0, Math.ceil(ahead / checkpointEvery)) });
      const learner = await run.learner(runtime, mean, signal);
      const before = run.before();
      const isThere = before !== null && matches(before.state, identity) === null;
      const last = Math.max(isThere ? before.state.step : 0, saved?.checkpoint.step ?? 0);
      const rows = Math.max(0, steps - last) * accumulate * parts.batch;
      yield* preparedPairs(data, clock, { learnt, heldOut, keep: keptPairs, rows, signal });
      let state: RunState;
      if (isThere && before.state.step === last) state = { ...before.state, settings: identity.settings };
      else if (saved) {
        state = await restored(learner, saved, identity);
        yield { kind: "note", fraction: clock.fraction, text: `Goes on from step ${last}, ${checkpoints.path}.` };
      } else state = await begun(parts, material, learner, { signal });
      saved?.close();
      const going = new GoingRun(parts, run, {
        material,
        learner,
        checkpoints,
        clock,
        state,
      });
      yield* going.moments();
    } finally {
      saved?.close();
    }
  } finally {
    material.data.clear();
  }
}
