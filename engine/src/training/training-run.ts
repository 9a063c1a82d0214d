import { report } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { readPlain } from "../diffusion/prompt.ts";
import type { ModelFolder } from "../models/source.ts";
import { weightsOf } from "../models/weights.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { type BatchRow, type BatchSource, batchTensors, rowsOf, trainedNoiseOf } from "./batch.ts";
import { checkPairs } from "./check-pairs.ts";
import { matches, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { checkpointVersion } from "./checkpoint-schema.ts";
import { drawSamples, hasConverged, heldOutRows, meanFidelity, meanLoss } from "./held-out.ts";
import { hintStart } from "./hint-start.ts";
import type { Learner } from "./learner.ts";
import { basePrediction, joinedDigest, lockedDigest, requireLocked } from "./locked-weights.ts";
import type { TrainerParts } from "./net-trainer.ts";
import type { PairSource } from "./pair.ts";
import { RunClock } from "./run-clock.ts";
import { firstValues, type RunState, restored } from "./run-state.ts";
import { fullSettings } from "./settings.ts";
import { splitPairs } from "./split-pairs.ts";
import type { TrainingMeasure, TrainingMoment, TrainingReport, TrainingRun } from "./training.ts";
import { TrainingData } from "./training-data.ts";

// One run: pairs are looked at, prepared, learnt from and measured; what was learnt is written now and then and at the end,
// whoever ends it.

/** What a run has from its trainer. */
export interface RunParts extends TrainingRun {
  readonly signal: AbortSignal;
  learner(mean: number | null, signal: AbortSignal): Promise<{ readonly runtime: Runtime; readonly learner: Learner }>;
  net(): Promise<ModelFolder>;
  /** Where the run before ended, as long as its numbers are there. */
  before(): RunState | null;
  onState(state: RunState): void;
  onReport(report: TrainingReport): void;
}

/** Bytes of prepared pairs that are kept. */
const keep = 2 ** 29;

/** A loss so many times that of the base is no learning any more, though it is still a number. */
const astray = 100;

/** Steps whose mean loss is told, and is a point of the curve. */
const window = 50;

/** Trains. See `Trainer.run`. */
export async function* trainingRun(
  parts: TrainerParts,
  pairs: PairSource,
  run: RunParts,
): AsyncGenerator<TrainingMoment, void, undefined> {
  const { signal, place } = run;
  signal.throwIfAborted();
  const { model } = parts.base;
  const channels = model.unet.config.channels[0] ?? 0;
  const clock = new RunClock(run);
  fullSettings(run, channels, pairs.count); // what is out of range is told before anything is read

  const opened = await run.learner(run.mean ?? null, signal);
  const { runtime, learner } = opened;
  const loaded = await parts.base.networks(runtime, { parked: true, signal });
  const checked = await checkPairs(pairs, {
    ...{ width: parts.width, height: parts.height, signal },
    countTokens: (prompt) => readPlain(loaded.text, prompt).used,
    mostTokens: loaded.text.length - 2,
  });
  const settings = fullSettings(run, channels, checked.sound.length);
  for (const what of checked.warnings) yield { kind: "note", fraction: clock.fraction, text: what };
  const names = Array.from({ length: pairs.count }, (_, at) => pairs.nameOf(at));
  const { learnt, heldOut } = splitPairs(names, settings.heldOut, settings.seed, checked);

  const data = new TrainingData(runtime, loaded, parts.config, pairs, {
    ...{ width: parts.width, height: parts.height, keep, seed: settings.seed },
    ...{ mirror: settings.mirror, shift: settings.shift },
  });
  const noise = trainedNoiseOf(model);
  const source: BatchSource = {
    ...{ runtime, data, noise, latent: parts.latent, context: parts.extent.context },
    ...{ unet: model.unet.config, vae: model.vae.config, width: parts.width, height: parts.height },
  };
  yield* prepared(data, [...learnt, ...heldOut], clock, signal);

  const identity = {
    ...{ settings, mode: parts.mode, rank: parts.rank, width: parts.width, height: parts.height, batch: parts.batch },
    ...{ data: checked.sha256, base: parts.prints.base, from: parts.prints.from },
  };
  const saved = place ? await readCheckpoint(place, { of: identity }) : { saved: null, warnings: [] };
  for (const text of saved.warnings) yield { kind: "note", fraction: clock.fraction, text };
  const locked = weightsOf(parts.weights);
  const rows = heldOutRows(heldOut.length > 0 ? heldOut : learnt.slice(0, parts.batch), noise.bars.length);
  const probe = await probeOf(source, rows, parts.batch, settings.seed);
  let state: RunState;
  let written: string | null = null;
  try {
    const before = run.before();
    const isThere = before !== null && matches(before, identity) === null;
    if (isThere && before.step >= (saved.saved?.checkpoint.step ?? 0)) state = { ...before, settings };
    else if (saved.saved) {
      state = await restored(learner, saved.saved, identity);
      written = saved.saved.path;
      yield { kind: "note", fraction: clock.fraction, text: `Goes on from step ${state.step}, ${saved.saved.path}.` };
    } else {
      const { seed } = settings;
      const hint = parts.isFresh ? await freshHint(parts, source, learnt, seed, signal) : new Map();
      await learner.begin(firstValues(parts, learner.weights, { seed, hint }));
      state = { ...identity, step: 0, curve: [], measures: [], seconds: 0, lockedBefore: "", firstResidual: null };
    }
  } finally {
    saved.saved?.close();
  }
  const digest = await lockedDigest(parts.step.graph, locked);
  const first = await basePrediction(runtime, learner, probe.without, probe.withNet);
  const lockedBefore = await joinedDigest(digest, first.bytes);
  state = {
    ...state,
    lockedBefore,
    firstResidual: state.step === 0 && parts.isFresh ? first.difference : state.firstResidual,
  };
  run.onState(state);

  clock.begin(state.step);
  const earlier = state.seconds;
  const losses: number[] = [];
  let baseLoss = Number.NaN;
  let isSound = true;
  let kept = state.step;
  const options = { signal };

  const measured = async (): Promise<TrainingMeasure> => {
    const on = { batch: parts.batch, seed: settings.seed, signal };
    if (Number.isNaN(baseLoss)) baseLoss = await meanLoss(learner, source, rows, { ...on, scale: 0 });
    const loss = await meanLoss(learner, source, rows, { ...on, scale: 1 });
    const fitted = [];
    for (const at of heldOut.slice(0, 4)) fitted.push(await data.fitted(at, options));
    const samples = fitted.length === 0 ? [] : await sampled(parts, run, fitted, settings, pairs.condition);
    const told = { step: state.step, loss, baseLoss, fidelity: meanFidelity(samples) };
    const measure = { ...told, converged: hasConverged([...state.measures, told]) };
    state = { ...state, measures: [...state.measures.filter(({ step }) => step !== state.step), measure] };
    return { ...measure, samples };
  };
  const save = async (): Promise<string | null> => {
    if (!place || kept === state.step) return written;
    const tensors = learner.state.map(({ name, dims }) => ({ name, dims, read: () => learner.read(name) }));
    const checkpoint = { version: checkpointVersion, ...state, seconds: earlier + clock.seconds } as const;
    written = await writeCheckpoint(place, checkpoint, tensors);
    kept = state.step;
    return written;
  };

  try {
    const measures = settings.heldOut > 0 && heldOut.length > 0;
    if (measures) yield { kind: "measure", fraction: clock.fraction, ...(await measured()) };
    while (!clock.isOver(state.step)) {
      signal.throwIfAborted();
      const step = state.step + 1;
      const began = performance.now();
      const { loss, gradients } = await batches(learner, source, learnt, step, {
        settings,
        batch: parts.batch,
        data,
        signal,
      });
      const rate = settings.learningRate * Math.min(1, step / Math.max(1, settings.warmUp));
      const isAstray = !Number.isFinite(loss) || loss > astray * Math.max(1, Number.isNaN(baseLoss) ? 1 : baseLoss);
      if (isAstray) disposeAll(gradients);
      const norm = isAstray
        ? Number.NaN
        : await learner.step(gradients, {
            ...{ rate, decay: settings.decay, clip: settings.clip, batches: settings.accumulate, step },
          });
      if (isAstray || !Number.isFinite(norm)) {
        isSound = false;
        throw diverged(step, loss, written, settings.learningRate);
      }
      losses.push(loss);
      if (losses.length > window) losses.shift();
      const meanOf = losses.reduce((sum, one) => sum + one, 0) / losses.length;
      const isPoint = step % window === 0 || step === 1;
      state = {
        ...state,
        step,
        seconds: earlier + clock.seconds,
        curve: isPoint ? [...state.curve, [step, meanOf] as const] : state.curve,
      };
      run.onState(state);
      data.trim();
      const seconds = (performance.now() - began) / 1000;
      yield {
        ...{ kind: "step", fraction: clock.fractionAt(step), step, loss, meanLoss: meanOf },
        ...{ learningRate: rate, gradientNorm: norm, seconds },
      };
      const isLast = clock.isOver(step);
      if (measures && (step % settings.measureEvery === 0 || isLast))
        yield { kind: "measure", fraction: clock.fractionAt(step), ...(await measured()) };
      if (place && (step % settings.checkpointEvery === 0 || isLast)) {
        const path = await save();
        if (path) yield { kind: "checkpoint", fraction: clock.fractionAt(step), step, path };
      }
    }
    const after = await basePrediction(runtime, learner, probe.without, probe.withNet);
    const lockedAfter = await joinedDigest(await lockedDigest(parts.step.graph, locked), after.bytes);
    requireLocked(lockedBefore, lockedAfter, model.name);
    const report = reportOf(parts, state, { learner, lockedAfter, pairs, learnt, heldOut });
    run.onReport(report);
    yield { kind: "end", fraction: 1, report };
  } finally {
    disposeAll(probe.without);
    probe.withNet["scale"]?.dispose();
    data.clear();
    run.onState(state);
    // Whoever stops a run keeps what it learnt; what went astray is not kept.
    if (isSound && !runtime.lost) await save().catch((error: unknown) => lastSave(error, signal));
  }
}

/** Encodes pairs before the first step, as far as there is room for what comes of them. */
async function* prepared(
  data: TrainingData,
  pairs: readonly number[],
  clock: RunClock,
  signal: AbortSignal,
): AsyncGenerator<TrainingMoment, void, undefined> {
  const of = pairs.length * data.variants;
  let [done, bytes] = [0, 0];
  await data.states("", { signal });
  for (let variant = 0; variant < data.variants; variant++)
    for (const at of pairs) {
      signal.throwIfAborted();
      const { moments, map, prompt } = await data.take(at, variant, { signal });
      await data.states(prompt, { signal });
      bytes += moments.byteLength + map.byteLength;
      done++;
      yield { kind: "prepare", fraction: clock.prepared(done, of), what: "pairs", done, of };
      // The others are encoded when a step asks for them.
      if (bytes > keep / 2) return;
    }
}

/** Maps that a fresh hint block begins with. */
const hintMaps = 8;

/** The numbers that a fresh hint block begins with, on maps of the data. */
async function freshHint(
  { config, before }: TrainerParts,
  { runtime, data, width, height }: BatchSource,
  learnt: readonly number[],
  seed: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Float32Array>> {
  const some = learnt.slice(0, hintMaps);
  const area = config.mapChannels * width * height;
  const values = new Float32Array(some.length * area);
  for (const [n, at] of some.entries()) {
    const { map } = await data.take(at, 0, { signal });
    for (let i = 0; i < area; i++) values[n * area + i] = (map[i] as number) / 255;
  }
  const latent = new Float32Array(before.shape("conv_in.weight").reduce((a, side) => a * side, 1));
  before.floats("conv_in.weight", latent, 0);
  return hintStart(runtime, config, { count: some.length, width, height, values }, { latent, seed });
}

/** One batch with the net left out and with it. All but their scales are the same tensors. */
async function probeOf(
  source: BatchSource,
  rows: readonly BatchRow[],
  batch: number,
  seed: number,
): Promise<{ readonly without: Record<string, Tensor>; readonly withNet: Record<string, Tensor> }> {
  const part = Array.from({ length: batch }, (_, n) => rows[n % rows.length] as BatchRow);
  const without = await batchTensors(source, part, { seed, scale: 0 });
  const scale = source.runtime.tensor("float32", [batch, 1, 1, 1], new Float32Array(batch).fill(1));
  return { without, withNet: { ...without, scale } };
}

/** The gradients of all batches of a step, and their mean loss. */
async function batches(
  learner: Learner,
  source: BatchSource,
  learnt: readonly number[],
  step: number,
  how: {
    readonly settings: ReturnType<typeof fullSettings>;
    readonly batch: number;
    readonly data: TrainingData;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly loss: number; readonly gradients: Readonly<Record<string, Tensor>> }> {
  const { settings, batch, data, signal } = how;
  const { seed, accumulate } = settings;
  let together: Readonly<Record<string, Tensor>> | null = null;
  let sum = 0;
  try {
    for (let n = 0; n < accumulate; n++) {
      signal.throwIfAborted();
      const of = { variants: data.variants, timesteps: source.noise.bars.length };
      const rows = rowsOf((step - 1) * accumulate + n, batch, learnt, of, settings);
      const inputs = await batchTensors(source, rows, { seed, signal });
      try {
        const { loss, gradients } = await learner.gradients(inputs, { signal });
        sum += loss;
        together = together ? await learner.sum(together, gradients) : gradients;
      } finally {
        disposeAll(inputs);
      }
    }
  } catch (error) {
    if (together) disposeAll(together);
    throw error;
  }
  return { loss: sum / accumulate, gradients: together ?? {} };
}

/** Draws held-out pairs with the net as it is now. */
async function sampled(
  parts: TrainerParts,
  run: RunParts,
  fitted: Parameters<typeof drawSamples>[1],
  settings: ReturnType<typeof fullSettings>,
  condition: string | null,
): Promise<Awaited<ReturnType<typeof drawSamples>>> {
  const { signal } = run;
  const pipeline = await parts.load({ net: await run.net() }, { signal });
  try {
    const { sampleSteps: steps, seed } = settings;
    return await drawSamples(pipeline, fitted, { condition, steps, seed, signal });
  } finally {
    await pipeline.dispose();
  }
}

function diverged(step: number, loss: number, checkpoint: string | null, rate: number): UnderdrawError {
  const where = checkpoint ? `The checkpoint ${checkpoint} is as it was` : "No checkpoint had been written";
  return new UnderdrawError(
    "training-diverged",
    `The training went astray in step ${step}: its loss is ${loss}. ${where}. Train with a lower learning rate than ${rate}, and look whether the pairs are sound.`,
    { step, loss, checkpoint },
  );
}

/** What the last checkpoint of a run that is stopped fails with is told, and does not hide why it was stopped. */
function lastSave(error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) throw error;
  report(error);
}

function reportOf(
  parts: TrainerParts,
  state: RunState,
  {
    learner,
    lockedAfter,
    pairs,
    learnt,
    heldOut,
  }: {
    readonly learner: Learner;
    readonly lockedAfter: string;
    readonly pairs: PairSource;
    readonly learnt: readonly number[];
    readonly heldOut: readonly number[];
  },
): TrainingReport {
  const { step, measures, curve, settings, seconds, data, lockedBefore, firstResidual } = state;
  const { mode, width, height, batch, base } = parts;
  return {
    ...{ steps: step, mode, base: base.model.name, trained: learner.count, lockedBefore, lockedAfter, firstResidual },
    locked: parts.step.graph.weights.reduce((sum, weight) => sum + weight.dims.reduce((a, side) => a * side, 1), 0),
    ...{ pairs: learnt.length, heldOut: heldOut.length, data, condition: pairs.condition, settings },
    ...{ width, height, batch, curve, measures, seconds },
  };
}
