import type { Plan } from "./ddim.ts";
import { interpolate, namedTimesteps, type SigmaSpacing, spacedSigmas, timestepGrid, timestepOf } from "./grid.ts";
import { logTable, predictionFactors, sigmaTable, trainSteps } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// What the variance-exploding classes share: a latent is `clean + sigma * normal`, the net sees it divided by its
// deviation. Grids as in diffusers.

/** Timesteps and their noise levels, one each. */
export interface SigmaGrid {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** The sigmas that were trained, rising, with the lowest and the logarithms. */
export interface TrainedSigmas {
  readonly table: Float64Array;
  readonly logs: Float64Array;
  readonly least: number;
}

/** The trained sigmas of a config. */
export function trainedSigmas(config: ScheduleConfig): TrainedSigmas {
  const table = sigmaTable(config);
  return { table, logs: logTable(table), least: table[0] as number };
}

/** The grid of a config's timestep_spacing ("linspace" without one), sigmas between those of the table. */
export function timestepSigmas(config: ScheduleConfig, steps: number, { table, logs }: TrainedSigmas): SigmaGrid {
  const train = trainSteps(config);
  const spacing = config.timestep_spacing ?? "linspace";
  const named = namedTimesteps(spacing, train, steps);
  if (named) return { timesteps: named, sigmas: named.map((t) => Math.exp(interpolate(logs, t))) };
  const timesteps = timestepGrid(config, { spacing, train, steps, whole: false, open: false, last: train });
  return { timesteps, sigmas: timesteps.map((t) => interpolate(table, t)) };
}

/** A grid of as many noise levels, spaced in a way of their own between two ends. */
export function respaced(
  how: SigmaSpacing,
  { timesteps }: SigmaGrid,
  { most, least, logs }: { readonly most: number; readonly least: number; readonly logs: Float64Array },
): SigmaGrid {
  const sigmas = spacedSigmas(how, most, least, timesteps.length);
  return { timesteps: sigmas.map((sigma) => Math.fround(timestepOf(sigma, logs))), sigmas };
}

/** A step at sigma that predicts the clean latent, before its own coefficients. */
export function sigmaStep(
  config: ScheduleConfig,
  timestep: number,
  sigma: number,
): Omit<ScheduleStep, "next" | "corrected" | "remembered"> {
  // Predictions other than v are defined on the latent itself; v on the scaled one, which predictionFactors knows for
  // a sample of signal 1. So one expression serves all.
  const [sample, output] = predictionFactors(config, 1, sigma).clean;
  return {
    timestep,
    inputScale: 1 / Math.sqrt(sigma * sigma + 1),
    converted: { sample, output },
    noised: { clean: 1, noise: sigma },
  };
}

/** What is converted in place of the clean latent: the derivative of the latent by sigma, `(x - clean) / sigma`. */
export function derivative({ converted }: Pick<ScheduleStep, "converted">, sigma: number): ScheduleStep["converted"] {
  return { sample: (1 - converted.sample) / sigma, output: -converted.output / sigma };
}

/** The steps of a variance-exploding class as a plan. */
export function sigmaPlan(
  config: ScheduleConfig,
  sigmas: readonly number[],
  steps: readonly ScheduleStep[],
  limit: Plan["limit"] = { kind: "none" },
): Plan {
  const most = Math.max(...sigmas);
  const initialNoiseScale = config.timestep_spacing === "leading" ? Math.sqrt(most * most + 1) : most;
  return { steps, sigmas, initialNoiseScale, limit };
}

/**
 * The ancestral part of a step from one sigma to the next: down to `down` along the curve, up again by normals times `up`.
 */
export function ancestral(from: number, to: number): { readonly down: number; readonly up: number } {
  const up = Math.min(to, Math.sqrt((to * to * (from * from - to * to)) / (from * from)));
  return { down: Math.sqrt(Math.max(to * to - up * up, 0)), up };
}
