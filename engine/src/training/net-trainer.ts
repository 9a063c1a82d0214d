import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { LatentShape } from "../diffusion/latent.ts";
import type { LoadRequest, Pipeline } from "../engine.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import type { Extent } from "../graph/index.ts";
import type { ModelFolder } from "../models/source.ts";
import type { Tensors } from "../models/tensors.ts";
import { weightsOf } from "../models/weights.ts";
import type { OpenedBase } from "../opened-base.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Learner } from "./learner.ts";
import { learntTensors } from "./learnt-net.ts";
import { lockedDigest, requireLocked } from "./locked-weights.ts";
import { netCard } from "./net-card.ts";
import { type NetFile, type NetTensor, netFiles, netFolder } from "./net-files.ts";
import type { PairSource } from "./pair.ts";
import type { NetExport, Trainer, TrainingMode, TrainingMoment, TrainingPlan, TrainingRun } from "./training.ts";
import type { TrainingPlace } from "./training-place.ts";
import type { PlannedStep } from "./training-plan.ts";
import { type RunRecord, reportOf } from "./training-report.ts";
import { trainingRun } from "./training-run.ts";

/** What a trainer is made of. */
export interface TrainerParts extends PlannedStep {
  /** Loads the base with nets, to draw samples. */
  load(nets: NonNullable<LoadRequest["nets"]>, options: CallOptions): Promise<Pipeline>;
  runtime(): Promise<Runtime>;
  readonly base: OpenedBase;
  readonly config: ControlNetConfig;
  /** The net's tensors by the keys of its own files. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** The net before it learns. */
  readonly before: Tensors;
  /** Base and net together, as the step's graph names them. */
  readonly weights: Tensors;
  /** Whether it is a fresh copy, which changes nothing. */
  readonly isFresh: boolean;
  /** What tells the base from others, and the net that it goes on from. */
  readonly prints: { readonly base: string; readonly from: string | null };
  readonly mode: TrainingMode;
  readonly rank: number | null;
  /** Of the latents. */
  readonly extent: Extent & { readonly context: number };
  readonly width: number;
  readonly height: number;
  readonly batch: number;
  readonly latent: LatentShape;
  onDispose(trainer: Trainer): Promise<void>;
}

/** A trainer: what learns stays between runs, until it is disposed or its device is lost. */
export class NetTrainer implements Trainer {
  readonly plan: TrainingPlan;
  readonly #parts: TrainerParts;
  readonly #stopping = new AbortController();
  #learner: { readonly runtime: Runtime; readonly mean: number | null; readonly learner: Learner } | null = null;
  /** Where the run before ended; null before the first. */
  #record: RunRecord | null = null;
  #running: AsyncGenerator<TrainingMoment, void, undefined> | null = null;
  #disposed: Promise<void> | null = null;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.plan = parts.plan;
  }

  #check(): void {
    if (this.#disposed)
      throw new UnderdrawError("disposed", "This trainer was disposed. Make another.", { what: "trainer" });
  }

  async *run(pairs: PairSource, settings: TrainingRun = {}): AsyncGenerator<TrainingMoment, void, undefined> {
    this.#check();
    if (this.#running) throw new TypeError("This trainer runs already: end that run before another.");
    const stopping = this.#stopping.signal;
    const running = trainingRun(this.#parts, pairs, {
      ...settings,
      signal: settings.signal ? AbortSignal.any([stopping, settings.signal]) : stopping,
      learner: (runtime, mean, signal) => this.#opened(runtime, mean, signal),
      net: () => this.net(),
      before: () => this.#record,
      onRecord: (record) => {
        this.#record = record;
      },
    });
    this.#running = running;
    let isOver = false;
    try {
      for await (const moment of running) {
        isOver = moment.kind === "end";
        yield moment;
      }
    } finally {
      this.#running = null;
    }
    // `dispose` ends a run that waits to be asked on.
    if (!isOver) stopping.throwIfAborted();
  }

  /** The learner on a runtime. Where it is a new one, nothing is left of the run before. */
  async #opened(runtime: Runtime, mean: number | null, signal: AbortSignal): Promise<Learner> {
    const known = this.#learner;
    if (known?.runtime === runtime && known.mean === mean) return known.learner;
    this.#learner = null;
    this.#record = null;
    if (known && !known.runtime.lost) await known.learner.release();
    const learner = await Learner.open(runtime, this.#parts.step, weightsOf(this.#parts.weights), { mean, signal });
    this.#learner = { runtime, mean, learner };
    return learner;
  }

  /** The net's tensors as they are between two steps. */
  async #tensors(): Promise<NetTensor[]> {
    const { before, shapes, step } = this.#parts;
    const learner = this.#record ? this.#learner?.learner : null;
    // Where nothing has learnt yet, the net is as it was.
    if (!learner)
      return learntTensors({ before, shapes, weights: [], parts: [], read: async () => new Float32Array() });
    const { weights, parts } = step;
    return learner.still(() =>
      learntTensors({ before, shapes, weights, parts, read: (weight) => learner.readNet(weight) }),
    );
  }

  async net(): Promise<ModelFolder> {
    this.#check();
    return netFolder("the trained net", netFiles(this.#parts.config, await this.#tensors()).folder);
  }

  async write(place: TrainingPlace, about: NetExport): Promise<void> {
    this.#check();
    const record = this.#record;
    if (!record || record.state.step === 0)
      throw new TypeError("Nothing was trained yet: run the trainer before its net is written.");
    const { step, weights, base } = this.#parts;
    const lockedAfter = await lockedDigest(step.graph, weights);
    requireLocked(record.state.lockedBefore, lockedAfter, base.model.name);
    const report = reportOf(this.#parts, record, lockedAfter);
    const text = (path: string, value: string): [string, Iterable<Uint8Array>] => [
      path,
      [new TextEncoder().encode(value)],
    ];
    const files = netFiles(this.#parts.config, await this.#tensors(), { name: about.name });
    const card = netCard(report, about, { single: files.single.path });
    const written = (file: NetFile): [string, AsyncIterable<Uint8Array>] => [file.path, file.pieces()];
    for (const [path, pieces] of [
      ...files.folder.map(written),
      written(files.single),
      text("README.md", card),
      text("report.json", `${JSON.stringify(report, null, 2)}\n`),
    ])
      await place.write(path, pieces);
  }

  dispose(): Promise<void> {
    this.#disposed ??= (async () => {
      this.#stopping.abort(new UnderdrawError("disposed", "The trainer was disposed.", { what: "trainer" }));
      // It may have been left in the middle of its loop: then it ends here.
      await this.#running?.return().catch(() => undefined);
      const held = this.#learner;
      this.#learner = null;
      this.#record = null;
      if (held && !held.runtime.lost) await held.learner.release();
      await this.#parts.onDispose(this);
    })();
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
