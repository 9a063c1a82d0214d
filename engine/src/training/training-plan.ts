import { UnderdrawError } from "../core/errors.ts";
import type { ControlNetConfig, UnetConfig } from "../graph/config.ts";
import { elements } from "../graph/graph.ts";
import { runMemory, weightBytes } from "../graph/memory.ts";
import { type StepShape, type TrainingStep, trainingStep } from "../graph/training-step.ts";
import { inWords, overheadOf } from "../memory-overhead.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { TrainingPlan } from "./training.ts";

// What a training takes, counted from the shapes of its graph before anything is loaded, and in how many segments
// activations are computed anew so that it fits.

/** Segments that are tried, in order. */
const segmentCounts = [1, 2, 4, 8] as const;

/** Copies of what learns: itself, two moments, its gradient, and the three that a step makes of them. */
const copies = 7;

/** A step that fits, and what it takes. */
export interface PlannedStep {
  readonly step: TrainingStep;
  readonly plan: TrainingPlan;
}

/** Chooses how a step is computed. Throws `out-of-memory` where none fits `budget` (bytes; null where nobody tells). */
export function planStep(
  runtime: Pick<Runtime, "provider" | "memory">,
  unet: UnetConfig,
  net: ControlNetConfig,
  { mean, budget, ...shape }: Omit<StepShape, "segments"> & { readonly mean: boolean; readonly budget: number | null },
): PlannedStep {
  const overhead = overheadOf(runtime.provider, "float32");
  let least: PlannedStep | null = null;
  for (const segments of segmentCounts) {
    const step = trainingStep(unet, net, { ...shape, segments });
    const learns = step.weights.reduce((sum, { dims }) => sum + 4 * elements(dims), 0);
    const weights = overhead.weights * weightBytes(step.graph) + (copies + (mean ? 2 : 0)) * learns;
    const activations = overhead.runs * (runMemory(step.graph, shape.extent).peak - learns);
    const bytes = Math.round(overhead.fixed + weights + activations);
    const plan = {
      bytes,
      weights: Math.round(weights),
      activations: Math.round(activations),
      segments,
      available: budget,
    };
    if (!least || bytes < least.plan.bytes) least = { step, plan };
    if (budget === null || bytes <= budget) return { step, plan };
  }
  const { bytes } = (least as PlannedStep).plan;
  const has = inWords(budget ?? 0);
  throw new UnderdrawError(
    "out-of-memory",
    `Training would take ${inWords(bytes)}, and there are ${has}. Take fewer pairs a step, a smaller picture, or the light mode, in which less learns.`,
    { needed: bytes },
  );
}
