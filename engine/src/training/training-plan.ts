import { UnderdrawError } from "../core/errors.ts";
import { adamwStep } from "../graph/adamw.ts";
import type { ControlNetConfig, UnetConfig } from "../graph/config.ts";
import { elements, type Weight } from "../graph/graph.ts";
import { textEncoder, vaeEncoder } from "../graph/index.ts";
import { runMemory, weightBytes } from "../graph/memory.ts";
import { type StepShape, stepMemory, type TrainingStep, trainingStep } from "../graph/training-step.ts";
import { inWords, overheadOf } from "../memory-overhead.ts";
import type { BaseModel } from "../models/base.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DrawingMemory } from "./drawing-memory.ts";
import type { TrainingPlan } from "./training.ts";

// What a training takes, counted from the shapes of its graph before anything is loaded, and in how many segments
// activations are computed anew so that it fits.

/** Segments that are tried, in order. */
const segmentCounts = [1, 2, 4, 8] as const;

/**
 * Bytes beside all that is counted: prepared pairs, pictures that were read, JavaScript's heap, what sessions leave. Four
 * runs with the pack on the CPU provider (batches of 4 and 8, whole and light) took 195 to 233 MB more than was counted.
 */
const beside = 200e6;

/** Bytes of what prepares pairs of a size, the text encoder and the autoencoder's encoder, which stay loaded. */
export function preparingBytes(
  { provider }: Pick<Runtime, "provider">,
  { text, vae }: Pick<BaseModel, "text" | "vae">,
  { width, height }: { readonly width: number; readonly height: number },
): number {
  const overhead = overheadOf(provider, "float32");
  const encoder = vaeEncoder(vae.config, "float32");
  const words = textEncoder(text.config, "float32");
  const runs = [
    runMemory(encoder, { batch: 1, height, width }),
    runMemory(words, { batch: 1, height: 1, width: 1, context: text.config.length }),
  ];
  const taken = runs.reduce((sum, { peak, largest }) => sum + overhead.runs * (peak + largest), 0);
  return overhead.weights * (weightBytes(encoder) + weightBytes(words)) + taken;
}

/** How many numbers weights have. */
const countOf = (weights: readonly Weight[]): number => weights.reduce((sum, { dims }) => sum + elements(dims), 0);

/** A step that fits, and what it takes. */
export interface PlannedStep {
  readonly step: TrainingStep;
  readonly plan: TrainingPlan;
}

/**
 * Chooses how a step is computed: so that held-out pairs can be drawn beside it, and where that fits in no way, so that it
 * fits alone. Throws `out-of-memory` where none fits `budget` (bytes; null where nobody tells).
 */
export function planStep(
  runtime: Pick<Runtime, "provider" | "memory">,
  unet: UnetConfig,
  net: ControlNetConfig,
  {
    preparing,
    drawing,
    budget,
    ...shape
  }: Omit<StepShape, "segments"> & {
    /** See `preparingBytes`. */
    readonly preparing: number;
    readonly drawing: DrawingMemory;
    readonly budget: number | null;
  },
): PlannedStep {
  const overhead = overheadOf(runtime.provider, "float32");
  const fits = (bytes: number): boolean => budget === null || bytes <= budget;
  let alone: PlannedStep | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const segments of segmentCounts) {
    const step = trainingStep(unet, net, { ...shape, segments });
    const [trained, locked] = [countOf(step.weights), countOf(step.graph.weights)];
    // What AdamW makes lies beside what it reads until the step is found sound.
    const made = runMemory(adamwStep(step.weights), shape.extent).peak;
    const weights = overhead.weights * weightBytes(step.graph) + 3 * 4 * trained + overhead.runs * made;
    const activations = stepMemory(step.graph, shape.extent);
    const bytes = Math.round(overhead.fixed + beside + preparing + weights + activations);
    // Sessions that keep their room keep that of a step while a picture is drawn; else one room serves both in turn.
    const runs = drawing.needed - drawing.models;
    const more = overhead.keepsRuns ? runs : Math.max(0, runs - activations);
    const samples = Math.max(0, Math.round(drawing.models + more - overhead.fixed - preparing));
    const counted = { trained, locked, weights: Math.round(weights), activations: Math.round(activations), segments };
    const plan = { ...counted, samples, bytes: bytes + samples, available: budget };
    if (fits(plan.bytes)) return { step, plan };
    if (fits(bytes)) alone ??= { step, plan: { ...plan, samples: null, bytes } };
    least = Math.min(least, bytes);
  }
  if (alone) return alone;
  throw new UnderdrawError(
    "out-of-memory",
    `Training would take ${inWords(least)}, and there are ${inWords(budget ?? 0)}. Take fewer pairs a step, a smaller picture, or the light mode, in which less learns.`,
    { needed: least },
  );
}
