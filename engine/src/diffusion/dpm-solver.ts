import { limitOf, type Plan } from "./ddim.ts";
import {
  interpolate,
  namedTimesteps,
  roundHalfEven,
  type SigmaSpacing,
  sigmaSpacing,
  spacedSigmas,
  timestepGrid,
  timestepOf,
} from "./grid.ts";
import { logTable, predictionFactors, refuse, sigmaTable, trainSteps, wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// DPM-Solver++ and what its kin share: noise levels of their grids, in a variance-preserving scale, and logarithmic
// signal-to-noise. Lu and others 2022 (arXiv 2211.01095); orders and grids as in diffusers.

/** Noise levels and timesteps of a solver: one sigma more than timesteps. */
export interface SolverGrid {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** What the grids of diffusers' solvers differ in. */
interface GridRules {
  /** Whether `timestep_spacing` is a setting; always linspace else. */
  readonly spaced: boolean;
  /** Whether `sigma_max` and `sigma_min` are settings. */
  readonly bounded: boolean;
  /** Whether `lambda_min_clipped` is a setting. */
  readonly clipped: boolean;
  /** Whether `final_sigmas_type` is a setting; the lowest sigma else. */
  readonly final: boolean;
  /** Whether the last of spaced sigmas is what "sigma_min" ends at; the lowest trained one else. */
  readonly lastOfOwn: boolean;
  /** Whether timesteps of sigmas that are spaced so are rounded; cut off else. */
  rounds(kind: SigmaSpacing, config: ScheduleConfig): boolean;
}

const karrasOnly = (kind: SigmaSpacing): boolean => kind === "karras";

const rules = {
  dpm: {
    ...{ spaced: true, bounded: false, clipped: true, final: true, lastOfOwn: false },
    rounds: (kind, { beta_schedule: betas }) => (kind === "karras" || kind === "lu") && betas !== "squaredcos_cap_v2",
  },
  singlestep: {
    ...{ spaced: false, bounded: false, clipped: true, final: true, lastOfOwn: false, rounds: karrasOnly },
  },
  unipc: { ...{ spaced: true, bounded: true, clipped: false, final: true, lastOfOwn: true, rounds: karrasOnly } },
  deis: { ...{ spaced: true, bounded: false, clipped: false, final: false, lastOfOwn: true, rounds: karrasOnly } },
} as const satisfies Readonly<Record<string, GridRules>>;

/** The grid of one of diffusers' solvers of variance-preserving latents, which differ in small ways. */
export function solverGrid(config: ScheduleConfig, steps: number, solver: keyof typeof rules): SolverGrid {
  const rule: GridRules = rules[solver];
  const train = trainSteps(config);
  const table = sigmaTable(config);
  const logs = logTable(table);
  const least = table[0] as number;
  const kind = sigmaSpacing(config);
  const final = rule.final ? (config.final_sigmas_type ?? "zero") : "sigma_min";
  if (final !== "zero" && final !== "sigma_min")
    refuse("final_sigmas_type", `The final_sigmas_type "${final}" is not supported. Use zero or sigma_min.`);
  if (kind === "lu" && solver !== "dpm")
    refuse("use_lu_lambdas", `${config._class_name} has no use_lu_lambdas. Use use_karras_sigmas.`);
  if (kind) {
    const high = (rule.bounded ? config.sigma_max : null) ?? (table[train - 1] as number);
    const low = (rule.bounded ? config.sigma_min : null) ?? least;
    const sigmas = spacedSigmas(kind, high, low, steps);
    const whole = rule.rounds(kind, config) ? roundHalfEven : Math.trunc;
    const timesteps = sigmas.map((sigma) => whole(timestepOf(sigma, logs)));
    const end = final === "zero" ? 0 : rule.lastOfOwn ? (sigmas[steps - 1] as number) : least;
    return { timesteps, sigmas: [...sigmas, end] };
  }
  const end = final === "zero" ? 0 : least;
  const spacing = config.timestep_spacing ?? "linspace";
  const named = namedTimesteps(spacing, train, steps);
  if (named) return { timesteps: named, sigmas: [...named.map((t) => Math.exp(interpolate(logs, t))), end] };
  // Levels whose log signal-to-noise lies below the bound are left out (the cosine schedule ends at almost none).
  const clip = (rule.clipped ? config.lambda_min_clipped : null) ?? Number.NEGATIVE_INFINITY;
  const last = table.filter((sigma) => -Math.log(sigma) >= clip).length;
  const grid = { spacing: rule.spaced ? spacing : "linspace", train, steps, whole: true, open: true, last };
  const timesteps = timestepGrid(config, grid);
  return { timesteps, sigmas: [...timesteps.map((t) => interpolate(table, t)), end] };
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

/** What a config of either DPM-Solver++ class asks for; refuses what neither can. */
export function dpmSettings(config: ScheduleConfig): { readonly random: boolean; readonly heun: boolean } {
  const algorithm = config.algorithm_type ?? "dpmsolver++";
  // diffusers takes DEIS's name for this solver when a config comes from that class.
  const random = algorithm === "sde-dpmsolver++";
  if (!random && algorithm !== "dpmsolver++" && algorithm !== "deis")
    refuse("algorithm_type", `The algorithm_type "${algorithm}" is not supported. Use dpmsolver++ or sde-dpmsolver++.`);
  if (config.variance_type?.startsWith("learned"))
    refuse("variance_type", "Nets that predict a variance are not supported. Use a model without variance_type.");
  return { random, heun: config.solver_type === "heun" };
}

/** The exact part of an update from one sigma to another: factors of the latent, the clean latent, slopes and noise. */
export function dpmUpdate(from: number, to: number, random: boolean) {
  const [start, end] = [levelOf(from), levelOf(to)];
  const h = end.lambda - start.lambda;
  const pull = random ? 2 * h : h; // the stochastic solver doubles the drift and adds noise for it
  const base = -Math.expm1(-pull);
  return {
    h,
    signal: end.signal,
    sample: (end.noise / start.noise) * (random ? Math.exp(-h) : 1),
    noise: random ? end.noise * Math.sqrt(-Math.expm1(-2 * h)) : 0,
    /** Of the clean latent that is held. */
    base,
    /** Of its slope, by the exact integral. */
    slope: h === 0 ? 0 : 1 - base / pull,
    /** Of its second difference. */
    bend: h === 0 ? 0 : (base - pull) / (pull * pull) + (random ? -0.5 : 0.5),
  };
}

/** DPMSolverMultistepScheduler: dpmsolver++ and sde-dpmsolver++ of order 1 to 3, midpoint or heun. */
export function dpmSolver(config: ScheduleConfig, steps: number, first: number): Plan {
  const { random, heun } = dpmSettings(config);
  const { timesteps, sigmas } = solverGrid(config, steps, "dpm");
  const lambdas = sigmas.map((sigma) => levelOf(sigma).lambda);
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const { h, signal, sample, noise, base, ...exact } = dpmUpdate(
      sigmas[i] as number,
      sigmas[i + 1] as number,
      random,
    );
    let use = order(config, i, timesteps.length, Math.max(i - first, 0));
    // Equal neighbours (a grid as fine as the training's) tell nothing about a slope.
    const r = (back: number) => ((lambdas[i - back + 1] as number) - (lambdas[i - back] as number)) / h;
    if (h === 0 || (use > 1 && r(1) === 0)) use = 1;
    if (use > 2 && r(2) === 0) use = 2;
    let weights = [base];
    if (use === 2) {
      const slope = (heun ? exact.slope : base / 2) / r(1);
      weights = [base + slope, -slope];
    } else if (use === 3) {
      const [r0, r1] = [r(1), r(2)];
      const { slope, bend } = exact;
      // The two difference quotients D0 = (m0 - m1) / r0 and D1 = (m1 - m2) / r1 in slope and bend.
      const onFirst = slope * (1 + r0 / (r0 + r1)) + bend / (r0 + r1);
      const onSecond = -slope * (r0 / (r0 + r1)) - bend / (r0 + r1);
      weights = [base + onFirst / r0, -onFirst / r0 + onSecond / r1, -onSecond / r1];
    }
    const [now, ...previous] = weights.map((weight) => signal * weight);
    return {
      ...solverStep(config, timestep, sigmas[i] as number, "clean"),
      corrected: null,
      next: { sample, output: 0, converted: now as number, previous, noise },
    };
  });
  return { steps: all, sigmas, initialNoiseScale: 1, limit: limitOf({ ...config, clip_sample: false }, false) };
}
