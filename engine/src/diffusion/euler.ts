import type { Plan } from "./ddim.ts";
import {
  exponentialSigmas,
  interpolate,
  karrasSigmas,
  linspace,
  sigmaSpacing,
  timestepGrid,
  timestepOf,
} from "./grid.ts";
import { logTable, predictionFactors, refuse, sigmaTable, trainSteps } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// The variance-exploding classes: a latent is `clean + sigma * normal`, the net sees it divided by its deviation.
// Algorithms: Karras and others 2022 (arXiv 2206.00364) and its ancestral kin in k-diffusion; grids as in diffusers.

function sigmaStep(config: ScheduleConfig, timestep: number, sigma: number, down: number, noise: number): ScheduleStep {
  const { clean } = predictionFactors(config, 1, sigma);
  const deviation = Math.sqrt(sigma * sigma + 1);
  // Predictions other than v are defined on the latent itself; v on the scaled one, which predictionFactors knows for
  // a sample of signal 1. So one expression serves all.
  const stay = down / sigma;
  return {
    timestep,
    inputScale: 1 / deviation,
    converted: { sample: 0, output: 0 },
    remembered: false,
    corrected: null,
    next: {
      sample: stay + (1 - stay) * clean[0],
      output: (1 - stay) * clean[1],
      converted: 0,
      previous: [],
      noise,
    },
    noised: { clean: 1, noise: sigma },
  };
}

function finish(spacing: string, sigmas: readonly number[], steps: readonly ScheduleStep[]): Plan {
  const most = Math.max(...sigmas);
  const initialNoiseScale = spacing === "leading" ? Math.sqrt(most * most + 1) : most;
  return { steps, sigmas, initialNoiseScale, limit: { kind: "none" } };
}

/** EulerDiscreteScheduler without churn. With zero terminal SNR it starts at sigma 4096, as diffusers does. */
export function euler(config: ScheduleConfig, steps: number): Plan {
  const train = trainSteps(config);
  const table = sigmaTable(config);
  const logs = logTable(table);
  const spacing = config.timestep_spacing ?? "linspace";
  let timesteps = timestepGrid(config, { spacing, train, steps, whole: false, open: false, last: train });
  let sigmas: number[];
  const interpolation = config.interpolation_type ?? "linear";
  if (interpolation === "linear") sigmas = timesteps.map((t) => interpolate(table, t));
  else if (interpolation === "log_linear")
    sigmas = linspace(logs[logs.length - 1] as number, logs[0] as number, steps + 1).map(Math.exp);
  else
    refuse(
      "interpolation_type",
      `The interpolation_type "${interpolation}" is not supported. Use linear or log_linear.`,
    );
  const kind = sigmaSpacing(config);
  if (kind === "lu") refuse("use_lu_lambdas", "EulerDiscreteScheduler has no use_lu_lambdas. Use use_karras_sigmas.");
  if (kind) {
    const most = config.sigma_max ?? (sigmas[0] as number);
    const least = config.sigma_min ?? (sigmas[sigmas.length - 1] as number);
    sigmas = (kind === "karras" ? karrasSigmas : exponentialSigmas)(most, least, steps);
    timesteps = sigmas.map((sigma) => Math.fround(timestepOf(sigma, logs)));
  }
  const final = config.final_sigmas_type ?? "zero";
  if (final !== "zero" && final !== "sigma_min")
    refuse("final_sigmas_type", `The final_sigmas_type "${final}" is not supported. Use zero or sigma_min.`);
  sigmas.push(final === "zero" ? 0 : (table[0] as number));
  // EDM's timesteps, which diffusers uses for v-prediction only.
  if (config.timestep_type === "continuous" && config.prediction_type === "v_prediction")
    timesteps = sigmas.slice(0, -1).map((sigma) => Math.fround(0.25 * Math.log(sigma)));
  const all = Array.from({ length: steps }, (_, i) =>
    sigmaStep(config, timesteps[i] as number, sigmas[i] as number, sigmas[i + 1] as number, 0),
  );
  return finish(spacing, sigmas, all);
}

/** EulerAncestralDiscreteScheduler. Draws noise in every step but the last, whose noise has weight 0. */
export function eulerAncestral(config: ScheduleConfig, steps: number): Plan {
  const train = trainSteps(config);
  const table = sigmaTable(config);
  const spacing = config.timestep_spacing ?? "linspace";
  const timesteps = timestepGrid(config, { spacing, train, steps, whole: false, open: false, last: train });
  const sigmas = [...timesteps.map((t) => interpolate(table, t)), 0];
  const all = timesteps.map((timestep, i) => {
    const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
    const up = Math.sqrt((to * to * (from * from - to * to)) / (from * from));
    return sigmaStep(config, timestep, from, Math.sqrt(to * to - up * up), up);
  });
  return finish(spacing, sigmas, all);
}
