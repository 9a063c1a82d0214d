import { report } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { disposeAll } from "../runtime/network.ts";
import { type BatchRow, batchTensors } from "./batch.ts";
import { diverged, isAstray, isDead, isWorse } from "./divergence.ts";
import { drawnPairs, drawSamples, hasConverged, heldOutRows, meanFidelity, meanLoss } from "./held-out.ts";
import type { Learner } from "./learner.ts";
import { LockedProbe, lockedDigest, requireLocked } from "./locked-weights.ts";
import { withLoss, withMeasure } from "./loss-curve.ts";
import type { TrainerParts } from "./net-trainer.ts";
import type { TrainingPair } from "./pair.ts";
import type { RunCheckpoints } from "./run-checkpoints.ts";
import type { RunClock } from "./run-clock.ts";
import type { RunState } from "./run-state.ts";
import { stepGradients } from "./step-gradients.ts";
import type { TrainingMoment, TrainingSample } from "./training.ts";
import type { TrainingMaterial } from "./training-material.ts";
import { type RunRecord, reportOf } from "./training-report.ts";
import type { RunParts } from "./training-run.ts";

// A run from its first step on: it learns, is measured, and keeps what it learnt now and then and at the end, whoever ends
// it.

const unseen =
  "No samples are drawn: beside the training there is no room for what draws them. The loss on held-out pairs tells how far the net is.";

const notKept = ({ message }: Error): string => `What was learnt since the last checkpoint is not kept. ${message}`;

/** How weights are looked at: with null they are whatever ends the run. */
interface ProofOptions {
  readonly signal?: AbortSignal | null;
}

type Moments = AsyncGenerator<TrainingMoment, void, undefined>;

/** What a run that goes is made of. */
export interface GoingParts {
  readonly material: TrainingMaterial;
  readonly learner: Learner;
  readonly checkpoints: RunCheckpoints;
  readonly clock: RunClock;
  readonly state: RunState;
}

/** A run from the first step that it makes to its end. */
export class GoingRun {
  readonly #parts: TrainerParts;
  readonly #run: RunParts;
  readonly #going: GoingParts;
  /** Those that the loss of held-out pairs is taken on; of pairs that are learnt where none is held out. */
  readonly #rows: readonly BatchRow[];
  /** Seconds of the runs before. */
  readonly #earlier: number;
  #state: RunState;
  /** The loss without the net. */
  #baseLoss = Number.NaN;
  /** The step whose weights were last seen to compute a sound loss. */
  #sound = -1;
  #isAstray = false;
  /** The step that was last tried to be kept. */
  #tried = -1;
  #drawn: readonly TrainingPair[] | null = null;
  #isToldUnseen = false;

  constructor(parts: TrainerParts, run: RunParts, going: GoingParts) {
    const { learnt, heldOut, source } = going.material;
    this.#parts = parts;
    this.#run = run;
    this.#going = going;
    this.#state = going.state;
    this.#earlier = going.state.seconds;
    const pairs = heldOut.length > 0 ? heldOut : learnt.slice(0, parts.batch);
    this.#rows = heldOutRows(pairs, source.noise.bars.length, parts.batch);
  }

  /** Trains, and keeps what was learnt. */
  async *moments(): Moments {
    let probe: LockedProbe | null = null;
    let isOver = false;
    try {
      probe = await this.#begin();
      yield* this.#steps();
      await probe.check(this.#parts.base.model.name);
      const lockedAfter = await lockedDigest(this.#parts.step.graph, this.#parts.weights);
      requireLocked(this.#state.lockedBefore, lockedAfter, this.#parts.base.model.name);
      yield { kind: "end", fraction: 1, report: reportOf(this.#parts, this.#record, lockedAfter) };
    } catch (error) {
      isOver = true;
      const unkept = await this.#keep();
      // It does not hide why the run ended.
      if (unkept) yield { kind: "note", fraction: this.#going.clock.fraction, text: notKept(unkept) };
      throw error;
    } finally {
      try {
        if (!isOver) await this.#left();
      } finally {
        probe?.dispose();
        this.#run.onRecord(this.#isAstray ? null : this.#record);
      }
    }
  }

  /** Whoever leaves the loop hears of what is not kept, unless the trainer is disposed, which does not fail. */
  async #left(): Promise<void> {
    const unkept = await this.#keep();
    if (unkept && !this.#run.signal.aborted) throw unkept;
    if (unkept) report(unkept);
  }

  /**
   * Keeps what was learnt, whoever ends the run, but for what went astray and what failed to be kept before. Gives why it
   * could not be kept; null where it is, or has not to be.
   */
  async #keep(): Promise<Error | null> {
    const { checkpoints, material } = this.#going;
    const { step } = this.#state;
    if (this.#isAstray || material.source.runtime.lost || this.#tried === step || !checkpoints.lacks(step)) return null;
    try {
      await this.#saved();
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Writes a checkpoint of weights that are sound, and gives its path. */
  async #saved(): Promise<string | null> {
    const { step } = this.#state;
    this.#tried = step;
    // The signal that ended the run does not end this.
    if (this.#sound !== step) await this.#proven({ signal: null });
    return this.#going.checkpoints.save(this.#state, this.#going.learner);
  }

  get #record(): RunRecord {
    const { material } = this.#going;
    return { state: this.#state, learnt: material.learnt.length, heldOut: material.heldOut.length };
  }

  #moved(state: Partial<RunState>): void {
    this.#state = { ...this.#state, ...state, seconds: this.#earlier + this.#going.clock.seconds };
    this.#run.onRecord(this.#record);
  }

  /** Looks at what is locked, before the first step. */
  async #begin(): Promise<LockedProbe> {
    const { learner, material } = this.#going;
    const { step, base, weights, batch, isFresh } = this.#parts;
    const { seed } = this.#state.settings;
    const digest = await lockedDigest(step.graph, weights);
    if (this.#state.step > 0) requireLocked(this.#state.lockedBefore, digest, base.model.name);
    this.#baseLoss = await this.#loss(0);
    const inputs = await batchTensors(material.source, this.#rows.slice(0, batch), { seed, scale: 0 });
    const probe = await LockedProbe.take(material.source.runtime, learner, inputs);
    const isFirst = this.#state.step === 0 && isFresh;
    this.#moved({ lockedBefore: digest, firstDifference: isFirst ? probe.difference : this.#state.firstDifference });
    return probe;
  }

  async *#steps(): Moments {
    const { clock, material } = this.#going;
    const { signal, place } = this.#run;
    const { settings } = this.#state;
    const measures = material.heldOut.length > 0;
    if (measures) yield* this.#measured();
    clock.begin(this.#state.step);
    let isLast = clock.isOver(this.#state.step);
    while (!isLast) {
      signal.throwIfAborted();
      yield await this.#step();
      yield* this.#faults();
      const { step } = this.#state;
      isLast = clock.isOver(step);
      if (measures && (step % settings.measureEvery === 0 || isLast)) yield* this.#measured();
      if (!place || !(step % settings.checkpointEvery === 0 || isLast)) continue;
      const path = await this.#saved();
      if (path) yield { kind: "checkpoint", fraction: clock.fractionAt(step), step, path };
    }
  }

  async #step(): Promise<TrainingMoment> {
    const { learner, material, clock } = this.#going;
    const { batch } = this.#parts;
    const { settings } = this.#state;
    const { source, learnt, data } = material;
    const step = this.#state.step + 1;
    const began = performance.now();
    const { signal } = this.#run;
    const of = { learner, source, learnt, batch, variants: data.variants, settings, signal };
    const { loss, gradients } = await stepGradients(step, of);
    if (isAstray(loss, this.#baseLoss)) {
      disposeAll(gradients);
      throw this.#astray(step, loss, `its loss is ${loss}`);
    }
    const learningRate = settings.learningRate * Math.min(1, step / Math.max(1, settings.warmUp));
    const { decay, clip, accumulate: batches } = settings;
    const gradientNorm = await learner.step(gradients, { rate: learningRate, decay, clip, batches, step });
    if (isDead(gradientNorm))
      throw this.#astray(step, loss, `its gradients have the length ${gradientNorm}, which is nothing to learn by`);
    const curve = withLoss(this.#state.curve, step, loss);
    this.#moved({ step, curve });
    data.trim();
    return {
      ...{ kind: "step", fraction: clock.fractionAt(step), step, loss, learningRate, gradientNorm },
      ...{ meanLoss: curve.at(-1)?.[1] ?? loss, seconds: (performance.now() - began) / 1000 },
    };
  }

  #astray(step: number, loss: number, sign: string): UnderdrawError {
    this.#isAstray = true;
    return diverged({ step, loss, sign, rate: this.#state.settings.learningRate }, this.#going.checkpoints.path);
  }

  /** The loss on rows that are always the same. Refuses weights that went astray, so that no checkpoint is written of them. */
  async #proven({ signal = this.#run.signal }: ProofOptions = {}): Promise<number> {
    const { step } = this.#state;
    const loss = await this.#loss(1, { signal });
    if (isWorse(loss, this.#baseLoss))
      throw this.#astray(step, loss, `its loss is ${loss}, and without the net ${this.#baseLoss}`);
    this.#sound = step;
    return loss;
  }

  #loss(scale: number, { signal = this.#run.signal }: ProofOptions = {}): Promise<number> {
    const { learner, material } = this.#going;
    const { seed } = this.#state.settings;
    const how = { batch: this.#parts.batch, seed, scale, ...(signal ? { signal } : {}) };
    return meanLoss(learner, material.source, this.#rows, how);
  }

  /** Measures held-out pairs. Where it is stopped, nothing has changed. */
  async *#measured(): Moments {
    const { clock } = this.#going;
    const { step } = this.#state;
    const loss = await this.#proven();
    let samples: readonly TrainingSample[] = [];
    // A training that fits goes on where drawing beside it does not.
    if (this.#parts.plan.samples === null) {
      if (!this.#isToldUnseen) yield { kind: "note", fraction: clock.fraction, text: unseen };
      this.#isToldUnseen = true;
    } else
      try {
        samples = await this.#samples();
      } catch (error) {
        if (!UnderdrawError.is(error, "out-of-memory") || this.#going.material.source.runtime.lost) throw error;
        yield { kind: "note", fraction: clock.fraction, text: `No samples were drawn. ${error.message}` };
      }
    const told = { step, loss, baseLoss: this.#baseLoss, fidelity: meanFidelity(samples) };
    const { isFresh } = this.#parts;
    const measure = { ...told, converged: hasConverged(withMeasure(this.#state.measures, told), { isFresh }) };
    this.#moved({ measures: withMeasure(this.#state.measures, measure) });
    yield { kind: "measure", fraction: clock.fractionAt(step), ...measure, samples };
    yield* this.#faults();
  }

  /** Draws held-out pairs with the net as it is now. */
  async #samples(): Promise<TrainingSample[]> {
    const { material } = this.#going;
    const { signal } = this.#run;
    const { condition, settings } = this.#state;
    const { sampleSteps: steps, seed } = settings;
    if (!this.#drawn) {
      const drawn: TrainingPair[] = [];
      for (const at of material.heldOut.slice(0, drawnPairs)) drawn.push(await material.data.fitted(at, { signal }));
      this.#drawn = drawn;
    }
    const pipeline = await this.#parts.load({ net: await this.#run.net() }, { signal });
    try {
      return await drawSamples(pipeline, this.#drawn, { condition, steps, seed, signal });
    } finally {
      await pipeline.dispose();
    }
  }

  *#faults(): Generator<TrainingMoment, void, undefined> {
    const { clock, material } = this.#going;
    for (const { pair, problem } of material.data.takeFaults())
      yield { kind: "note", fraction: clock.fraction, text: `"${pair}" is left out: ${problem}` };
  }
}
