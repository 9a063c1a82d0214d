import type { Plan } from "./ddim.ts";
import { linspace, sigmaSpacing } from "./grid.ts";
import { refuse } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";
import { ancestral, respaced, sigmaPlan, sigmaStep, timestepSigmas, trainedSigmas } from "./sigma-grid.ts";

// The variance-exploding classes of one run a step. Algorithms: Karras and others 2022 (arXiv 2206.00364) and its
// ancestral kin in k-diffusion.

function eulerStep(config: ScheduleConfig, timestep: number, from: number, down: number, noise: number): ScheduleStep {
  const stay = down / from;
  return {
    ...sigmaStep(config, timestep, from),
    remembered: false,
    corrected: null,
    next: { sample: stay, output: 0, converted: 1 - stay, previous: [], noise },
  };
}

/** EulerDiscreteScheduler without churn. With zero terminal SNR it starts at sigma 4096, as diffusers does. */
export function euler(config: ScheduleConfig, steps: number): Plan {
  const trained = trainedSigmas(config);
  let grid = timestepSigmas(config, steps, trained);
  const interpolation = config.interpolation_type ?? "linear";
  if (interpolation === "log_linear") {
    const [high = 0, low = 0] = [trained.logs.at(-1), trained.logs[0]];
    grid = { ...grid, sigmas: linspace(high, low, grid.timesteps.length + 1).map(Math.exp) };
  } else if (interpolation !== "linear")
    refuse(
      "interpolation_type",
      `The interpolation_type "${interpolation}" is not supported. Use linear or log_linear.`,
    );
  const kind = sigmaSpacing(config);
  if (kind === "lu") refuse("use_lu_lambdas", "EulerDiscreteScheduler has no use_lu_lambdas. Use use_karras_sigmas.");
  if (kind)
    grid = respaced(kind, grid, {
      most: config.sigma_max ?? (grid.sigmas[0] as number),
      least: config.sigma_min ?? (grid.sigmas.at(-1) as number),
      logs: trained.logs,
    });
  const final = config.final_sigmas_type ?? "zero";
  if (final !== "zero" && final !== "sigma_min")
    refuse("final_sigmas_type", `The final_sigmas_type "${final}" is not supported. Use zero or sigma_min.`);
  const sigmas = [...grid.sigmas, final === "zero" ? 0 : trained.least];
  // EDM's timesteps, which diffusers uses for v-prediction only.
  const continuous = config.timestep_type === "continuous" && config.prediction_type === "v_prediction";
  const all = grid.timesteps.map((timestep, i) => {
    const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
    return eulerStep(config, continuous ? Math.fround(0.25 * Math.log(from)) : timestep, from, to, 0);
  });
  return sigmaPlan(config, sigmas, all);
}

/** EulerAncestralDiscreteScheduler. Draws noise in every step but the last, whose noise has weight 0. */
export function eulerAncestral(config: ScheduleConfig, steps: number): Plan {
  const grid = timestepSigmas(config, steps, trainedSigmas(config));
  const sigmas = [...grid.sigmas, 0];
  const all = grid.timesteps.map((timestep, i) => {
    const { down, up } = ancestral(sigmas[i] as number, sigmas[i + 1] as number);
    return eulerStep(config, timestep, sigmas[i] as number, down, up);
  });
  return sigmaPlan(config, sigmas, all);
}
