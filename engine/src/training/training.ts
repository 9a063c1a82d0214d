import type { Fidelity } from "../conditions/fidelity.ts";
import type { Pixels } from "../core/pixels.ts";
import type { ModelFacts } from "../models/base.ts";
import type { ModelFolder, ModelSource } from "../models/source.ts";
import type { PairSource } from "./pair.ts";
import type { TrainingPlace } from "./training-place.ts";

// What a training is asked and what it tells: the paper's method on a person's own machine. The base is locked, a copy of
// its encoder learns, and zero convolutions let it begin by changing nothing.

/** What to train. */
export interface TrainRequest {
  /** The checkpoint: a source, or a path inside `EngineOptions.models`. Without one, that folder itself. */
  readonly base?: ModelSource | string;
  /** Settings in diffusers' terms that a single file cannot tell, or that are to overrule it. */
  readonly facts?: ModelFacts;
  /** A net to go on from, of the checkpoint's family. Without one, a fresh copy of the checkpoint's encoder. */
  readonly from?: ModelSource | string;
  /**
   * What learns. "whole" (the default): the paper's trainable copy, hint block and zero convolutions. "light": the hint
   * block, the zero convolutions and low-rank parts beside each layer of the copy, which are merged when it is exported.
   */
  readonly mode?: TrainingMode;
  /** Of the low-rank parts of "light"; from 1 to 128, 16 without it. */
  readonly rank?: number;
  /** The sides of the pictures it trains on, multiples of what the base needs. The base's own canvas without it. Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Pairs a step. @default 4 */
  readonly batch?: number;
  /** Bytes that the training may take; what the runtime tells without it. Activations are computed anew where it asks so. */
  readonly memory?: number;
}

/** What of a net learns: see `TrainRequest.mode`. */
export type TrainingMode = "whole" | "light";

/** How long and how a run trains. */
export interface TrainingSettings {
  /** Ends after so many steps in all, those of the run that it goes on from included. */
  readonly steps?: number;
  /**
   * Ends after so many minutes of this run, which count from its first step on: pairs are read and measured before. One step is
   * made at the least. Without `steps` and `minutes` a run ends when it is stopped.
   */
  readonly minutes?: number;
  /** Batches whose gradients make one step together. @default 1 */
  readonly accumulate?: number;
  /** AdamW's. 1e-5 as the paper without it; for bases smaller than Stable Diffusion 4e-4. */
  readonly learningRate?: number;
  /** Steps over which the learning rate rises from 0. @default 50 */
  readonly warmUp?: number;
  /** AdamW's weight decay. @default 0.01 */
  readonly decay?: number;
  /** Gradients are shortened to this norm. @default 1 */
  readonly clip?: number;
  /** The share of prompts that are replaced by the empty one: half, as in the paper. @default 0.5 */
  readonly emptyPrompts?: number;
  /** Whether pictures are mirrored at random with their maps. @default true */
  readonly mirror?: boolean;
  /** Pixels by which pictures are shifted at random with their maps; less than their shorter side. @default 0 */
  readonly shift?: number;
  /** What decides all that is random: pairs, noise, timesteps, words. @default 0 */
  readonly seed?: number;
  /**
   * Pairs that are kept aside and measured on. A tenth, at least 2 and at most 16, without it, and of fewer than 8 pairs none;
   * 0 measures nothing. At least 4 must be left to learn from.
   */
  readonly heldOut?: number;
  /** Steps between two looks at samples and held-out pairs. @default 100 */
  readonly measureEvery?: number;
  /** Steps between two checkpoints. @default 100 */
  readonly checkpointEvery?: number;
  /** A share below 1: weights are averaged over steps, each new one counting 1 minus this, and the mean is what is kept. */
  readonly mean?: number;
  /** Steps of the sampler that draws samples. @default 12 */
  readonly sampleSteps?: number;
}

/** How a run is made. */
export interface TrainingRun extends TrainingSettings {
  /** Ends the run: what was learnt is kept, the run then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Where checkpoints go. A run whose settings, data and condition are those of the checkpoint there goes on from it. Beside
   * another training's, a run begins anew in a folder of its own ("run-2"). The last two are kept; where there is no room for
   * a third while it is written, the older one goes before.
   */
  readonly place?: TrainingPlace;
}

/** A held-out pair as the net draws it now. */
export interface TrainingSample {
  readonly name: string;
  readonly map: Pixels;
  /** What it should be like. */
  readonly picture: Pixels;
  readonly drawn: Pixels;
  /** How well what was drawn follows its map; null where that cannot be seen in a picture. */
  readonly fidelity: Fidelity | null;
}

/** What held-out pairs tell of the net. */
export interface TrainingMeasure {
  readonly step: number;
  /** The loss on the held-out pairs, always with the same noise. */
  readonly loss: number;
  /** The same without the net. */
  readonly baseLoss: number;
  /** The mean of the samples' fidelity, its chance level and the share of the way from chance to full; null as there. */
  readonly fidelity: { readonly value: number; readonly chance: number; readonly gain: number } | null;
  readonly samples: readonly TrainingSample[];
  /**
   * Whether the net follows its maps now, which with zero convolutions comes all at once: its pictures are a fifth of the way
   * from chance to full agreement above what prompts alone gave before the first step (above chance for a net that was gone
   * on from). Where nothing is seen in pictures: its loss is a twentieth below the base's.
   */
  readonly converged: boolean;
}

/** What a run tells, in the order in which it happens. `fraction` is of the whole run and never falls. */
export type TrainingMoment =
  | {
      readonly kind: "prepare";
      readonly fraction: number;
      readonly what: string;
      readonly done: number;
      readonly of: number;
    }
  /** Something that a person should know: what was left out, what it goes on from. */
  | { readonly kind: "note"; readonly fraction: number; readonly text: string }
  | {
      readonly kind: "step";
      readonly fraction: number;
      /** From 1. */
      readonly step: number;
      readonly loss: number;
      /** The mean of the last steps' losses, which says more than one; of more than 50 the newer ones count for more. */
      readonly meanLoss: number;
      readonly learningRate: number;
      /** Before it was shortened. */
      readonly gradientNorm: number;
      readonly seconds: number;
    }
  | ({ readonly kind: "measure"; readonly fraction: number } & TrainingMeasure)
  | { readonly kind: "checkpoint"; readonly fraction: number; readonly step: number; readonly path: string }
  | { readonly kind: "end"; readonly fraction: 1; readonly report: TrainingReport };

/** What a training did, for its card. */
export interface TrainingReport {
  readonly steps: number;
  readonly mode: TrainingMode;
  /** The checkpoint's name. */
  readonly base: string;
  /** Numbers that learnt, and numbers of base and net that were locked: as the plan said. */
  readonly trained: number;
  readonly locked: number;
  /**
   * SHA-256 of the locked weights, as they were before the first step and after the last, in hex. Equal. These are the base's
   * UNet, and in the light mode also the copy, whose keys begin with `control_model.`; a base's autoencoder and text encoder
   * are not in a step. It is over the keys of their tensors in order, each with a line feed and the SHA-256 of its numbers in
   * float32, little-endian.
   */
  readonly lockedBefore: string;
  readonly lockedAfter: string;
  /** The largest difference that a fresh copy made to a prediction before its first step: exactly 0. Null for a net that was gone on from. */
  readonly firstDifference: number | null;
  readonly pairs: number;
  readonly heldOut: number;
  /**
   * SHA-256 of the pairs' names, pictures, maps and words, in hex; of more than 1000 pairs, of all names and of the pictures,
   * maps and words of 200, evenly spread.
   */
  readonly data: string;
  readonly condition: string | null;
  readonly settings: Required<Omit<TrainingSettings, "steps" | "minutes" | "mean">> &
    Pick<TrainingSettings, "steps" | "minutes" | "mean">;
  readonly width: number;
  readonly height: number;
  readonly batch: number;
  /** Every so many steps' mean loss, [step, loss], and that of the last step. */
  readonly curve: readonly (readonly [step: number, loss: number])[];
  readonly measures: readonly Omit<TrainingMeasure, "samples">[];
  /** Seconds of all runs together. */
  readonly seconds: number;
}

/** How a net is written. */
export interface NetExport {
  /** A name for the card. */
  readonly name: string;
  /** Under which terms the net may be used, an SPDX id or a sentence: nobody but its maker can say. */
  readonly licence: string;
  /** What it learnt from, in a sentence. */
  readonly about?: string;
}

/** What a training is expected to take, before anything is computed. A mean of the weights takes one more copy of them. */
export interface TrainingPlan {
  /** Numbers that learn, and numbers of base and net that are locked. */
  readonly trained: number;
  readonly locked: number;
  /** Bytes at the most, and of that weights with their moments and gradients, and activations of one batch. */
  readonly bytes: number;
  readonly weights: number;
  readonly activations: number;
  /**
   * Bytes of that for what draws held-out pairs, which a run with `heldOut: 0` does without. Null where there is no room for
   * it beside the training: then nothing is drawn, and measures tell losses alone.
   */
  readonly samples: number | null;
  /** In how many segments activations are computed anew; 1 for none. */
  readonly segments: number;
  /** Bytes that there are; null where nobody tells. */
  readonly available: number | null;
}

/** Trains one net on a locked base. Owns memory. */
export interface Trainer extends AsyncDisposable {
  readonly plan: TrainingPlan;
  /**
   * Trains. Leaving the loop ends the run, and so does its signal; a step that is done is never lost, and the next run goes
   * on from it. A pair of very many that proves faulty is left out and noted. Raises `training-data` for pairs that cannot be
   * learnt from (see `checkPairs`), `training-diverged` when the loss is no number any more, is three times the base's or
   * leaves nothing to learn by (the last checkpoint stays and is named), `locked-changed`, `storage-full` before the first step
   * where the checkpoints that are kept have no room, `out-of-memory`, `device-lost`; `TypeError` or `RangeError` for settings
   * out of range.
   */
  run(pairs: PairSource, settings?: TrainingRun): AsyncIterable<TrainingMoment>;
  /** The net as it is now, for `Engine.load`: diffusers' folder in memory, fp16. */
  net(): Promise<ModelFolder>;
  /**
   * Writes the net, after a run that ended or was stopped: diffusers' folder, a single file beside it, the card and the report.
   * Raises `request-invalid` without a licence, `locked-changed` where the base is not what it was, `device-lost` where what
   * was learnt is gone (run again: it goes on from the checkpoint); a TypeError before the first step.
   */
  write(place: TrainingPlace, about: NetExport): Promise<void>;
  /** Frees what it holds. May be called twice. */
  dispose(): Promise<void>;
}
