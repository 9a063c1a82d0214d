import { limitOf, type Plan } from "./ddim.ts";
import {
  exponentialSigmas,
  interpolate,
  karrasSigmas,
  linspace,
  roundHalfEven,
  sigmaSpacing,
  timestepGrid,
  timestepOf,
} from "./grid.ts";
import { logTable, predictionFactors, refuse, sigmaTable, trainSteps, wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// DPM-Solver++ and what multistep solvers share: noise levels of their grids, in a variance-preserving scale, and
// logarithmic signal-to-noise. Lu and others 2022 (arXiv 2211.01095); orders and grids as in diffusers.

/** Noise levels and timesteps of a multistep solver: one sigma more than timesteps. */
export interface SolverGrid {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** The grid of DPMSolverMultistepScheduler and UniPCMultistepScheduler, which differ in small ways. */
export function solverGrid(config: ScheduleConfig, steps: number, solver: "dpm" | "unipc"): SolverGrid {
  const train = trainSteps(config);
  const table = sigmaTable(config);
  const logs = logTable(table);
  const least = table[0] as number;
  const kind = sigmaSpacing(config);
  const final = config.final_sigmas_type ?? "zero";
  if (final !== "zero" && final !== "sigma_min")
    refuse("final_sigmas_type", `The final_sigmas_type "${final}" is not supported. Use zero or sigma_min.`);
  if (kind) {
    const bounded = solver === "unipc";
    const high = (bounded ? config.sigma_max : null) ?? (table[train - 1] as number);
    const low = (bounded ? config.sigma_min : null) ?? least;
    if (kind === "lu" && bounded) refuse("use_lu_lambdas", "UniPCMultistepScheduler has no use_lu_lambdas.");
    const sigmas =
      kind === "karras"
        ? karrasSigmas(high, low, steps)
        : kind === "exponential"
          ? exponentialSigmas(high, low, steps)
          : linspace(Math.log(high), Math.log(low), steps).map(Math.exp);
    const rounds = kind !== "exponential" && (bounded || config.beta_schedule !== "squaredcos_cap_v2");
    const timesteps = sigmas.map((sigma) => (rounds ? roundHalfEven : Math.trunc)(timestepOf(sigma, logs)));
    const end = final === "zero" ? 0 : bounded ? (sigmas[steps - 1] as number) : least;
    return { timesteps, sigmas: [...sigmas, end] };
  }
  // Levels whose log signal-to-noise lies below the bound are left out (the cosine schedule ends at almost none).
  const clipped = solver === "dpm" ? (config.lambda_min_clipped ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY;
  const last = table.filter((sigma) => -Math.log(sigma) >= clipped).length;
  const spacing = config.timestep_spacing ?? "linspace";
  const timesteps = timestepGrid(config, { spacing, train, steps, whole: true, open: true, last });
  return { timesteps, sigmas: [...timesteps.map((t) => interpolate(table, t)), final === "zero" ? 0 : least] };
}

/** The parts of a variance-preserving latent at sigma, and its log signal-to-noise (infinite at 0). */
export function levelOf(sigma: number): { signal: number; noise: number; lambda: number } {
  const signal = 1 / Math.sqrt(sigma * sigma + 1);
  return { signal, noise: sigma * signal, lambda: -Math.log(sigma) };
}

/** A step of a multistep solver, before its own coefficients. */
export function solverStep(
  config: ScheduleConfig,
  timestep: number,
  sigma: number,
  history: "clean" | "noise",
): Omit<ScheduleStep, "next" | "corrected"> {
  const { signal, noise } = levelOf(sigma);
  const [sample, output] = predictionFactors(config, signal, noise)[history];
  return {
    timestep,
    inputScale: 1,
    converted: { sample, output },
    remembered: true,
    noised: { clean: signal, noise },
  };
}

function order(config: ScheduleConfig, index: number, total: number, done: number): number {
  const most = wholeSetting(config, "solver_order", 2, [1, 3]);
  const few = (config.lower_order_final ?? true) && total < 15;
  const zero = (config.final_sigmas_type ?? "zero") === "zero";
  if (index === total - 1 && ((config.euler_at_final ?? false) || few || zero)) return 1;
  if (index === total - 2 && few) return Math.min(most, done + 1, 2);
  return Math.min(most, done + 1);
}

/** DPMSolverMultistepScheduler: dpmsolver++ and sde-dpmsolver++ of order 1 to 3, midpoint or heun. */
export function dpmSolver(config: ScheduleConfig, steps: number, first: number): Plan {
  const algorithm = config.algorithm_type ?? "dpmsolver++";
  // diffusers takes DEIS's name for this solver when a config comes from that class.
  const random = algorithm === "sde-dpmsolver++";
  if (!random && algorithm !== "dpmsolver++" && algorithm !== "deis")
    refuse("algorithm_type", `The algorithm_type "${algorithm}" is not supported. Use dpmsolver++ or sde-dpmsolver++.`);
  if (config.variance_type?.startsWith("learned"))
    refuse("variance_type", "Nets that predict a variance are not supported. Use a model without variance_type.");
  const heun = config.solver_type === "heun";
  const { timesteps, sigmas } = solverGrid(config, steps, "dpm");
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const level = (at: number) => levelOf(sigmas[at] as number);
    const [to, from] = [level(i + 1), level(i)];
    const h = to.lambda - from.lambda;
    const pull = random ? 2 * h : h; // the stochastic solver doubles the drift and adds noise for it
    const base = -Math.expm1(-pull);
    let use = order(config, i, timesteps.length, Math.max(i - first, 0));
    // Equal neighbours (a grid as fine as the training's) tell nothing about a slope.
    const r = (back: number) => (level(i - back + 1).lambda - level(i - back).lambda) / h;
    if (h === 0 || (use > 1 && r(1) === 0)) use = 1;
    if (use > 2 && r(2) === 0) use = 2;
    let weights = [base];
    if (use === 2) {
      const slope = (heun ? 1 - base / pull : base / 2) / r(1);
      weights = [base + slope, -slope];
    } else if (use === 3) {
      const [r0, r1] = [r(1), r(2)];
      const slope = 1 - base / pull;
      const bend = (base - pull) / (pull * pull) + (random ? -0.5 : 0.5);
      // The two difference quotients D0 = (m0 - m1) / r0 and D1 = (m1 - m2) / r1 in slope and bend.
      const onFirst = slope * (1 + r0 / (r0 + r1)) + bend / (r0 + r1);
      const onSecond = -slope * (r0 / (r0 + r1)) - bend / (r0 + r1);
      weights = [base + onFirst / r0, -onFirst / r0 + onSecond / r1, -onSecond / r1];
    }
    const [now, ...previous] = weights.map((weight) => to.signal * weight);
    return {
      ...solverStep(config, timestep, sigmas[i] as number, "clean"),
      corrected: null,
      next: {
        sample: (to.noise / from.noise) * (random ? Math.exp(-h) : 1),
        output: 0,
        converted: now as number,
        previous,
        noise: random ? to.noise * Math.sqrt(-Math.expm1(-2 * h)) : 0,
      },
    };
  });
  return { steps: all, sigmas, initialNoiseScale: 1, limit: limitOf({ ...config, clip_sample: false }, false) };
}
