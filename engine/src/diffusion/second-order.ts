import { limitOf, type Plan } from "./ddim.ts";
import { roundHalfEven, sigmaSpacing, timestepOf } from "./grid.ts";
import { refuse } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";
import {
  ancestral,
  derivative,
  respaced,
  type SigmaGrid,
  sigmaPlan,
  sigmaStep,
  timestepSigmas,
  trainedSigmas,
} from "./sigma-grid.ts";

// The variance-exploding classes that run the net twice in a step: Heun's method, the two samplers after DPM-Solver-2
// (Karras and others 2022, arXiv 2206.00364; k-diffusion) and the stochastic DPM-Solver++ of k-diffusion. Each step is two
// rows of the table, but the last one, which goes to sigma 0 at once. The second row begins anew at the latent that the
// first one began with; as in diffusers a clean latent is brought to it with the noise of the next sigma.

/** A grid with sigma 0 at its end, and what the second rows need. */
interface Halves extends SigmaGrid {
  readonly logs: Float64Array;
}

function halves(config: ScheduleConfig, steps: number, wholeKarras: boolean): Halves {
  const { _class_name: name } = config;
  const trained = trainedSigmas(config);
  const { logs } = trained;
  let grid = timestepSigmas(config, steps, trained);
  const kind = sigmaSpacing(config);
  if (kind === "lu") refuse("use_lu_lambdas", `${name} has no use_lu_lambdas. Use use_karras_sigmas.`);
  if (kind) {
    const [most, least] = [grid.sigmas[0] as number, grid.sigmas.at(-1) as number];
    grid = respaced(kind, grid, { most, least, logs });
  }
  const timesteps = kind === "karras" && wholeKarras ? grid.timesteps.map(roundHalfEven) : grid.timesteps;
  return { timesteps, sigmas: [...grid.sigmas, 0], logs };
}

/** One step of a grid. `next` is the timestep of the next one, the step's own for the last. */
interface Step {
  readonly from: number;
  readonly to: number;
  readonly timestep: number;
  readonly next: number;
  readonly timestepAt: (sigma: number) => number;
}

/** The rows of all steps: `rows` gives two of one, and of the last one, with `to` 0, the first alone. */
function inRows({ timesteps, sigmas, logs }: Halves, rows: (step: Step) => readonly ScheduleStep[]): ScheduleStep[] {
  const timestepAt = (sigma: number) => timestepOf(sigma, logs);
  return timesteps.flatMap((timestep, i) => {
    const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
    return rows({ from, to, timestep, next: timesteps[i + 1] ?? timestep, timestepAt });
  });
}

const rowSigmas = (sigmas: readonly number[]): number[] =>
  sigmas.flatMap((sigma, i) => (i === 0 || i === sigmas.length - 1 ? [sigma] : [sigma, sigma]));

function refuseSample({ _class_name: name, prediction_type: kind }: ScheduleConfig): void {
  if (kind === "sample" || kind === "original_sample")
    refuse("prediction_type", `${name} predicts epsilon or v_prediction, not "${kind}". Use another sampler.`);
}

const again = { last: 1, now: 0, previous: [] } as const;

/** HeunDiscreteScheduler without churn: a step of Euler's, then one by the mean of both ends' derivatives. */
export function heun(config: ScheduleConfig, steps: number): Plan {
  const grid = halves(config, steps, false);
  const limit = limitOf({ ...config, thresholding: false }, false);
  const all = inRows(grid, ({ from, to, timestep, next }) => {
    const stay = to / from;
    const begin: ScheduleStep = {
      ...sigmaStep(config, timestep, from),
      remembered: true,
      corrected: null,
      next: { sample: stay, output: 0, converted: 1 - stay, previous: [], noise: 0 },
    };
    if (to === 0) return [begin];
    const half = (to - from) / 2;
    const mend: ScheduleStep = {
      ...sigmaStep(config, next, to),
      remembered: false,
      corrected: again,
      // The latent in between is what the first row made of the two; so both derivatives are sums of clean latents.
      next: { sample: stay, output: 0, converted: -half / to, previous: [half * (1 / to - 2 / from)], noise: 0 },
    };
    return [begin, mend];
  });
  return sigmaPlan(config, rowSigmas(grid.sigmas), all, limit);
}

// To a point between, then over the whole step by the derivative there.
function throughMiddle(
  config: ScheduleConfig,
  timesteps: readonly [begin: number, middle: number],
  { from, between, to, down, up }: Readonly<Record<"from" | "between" | "to" | "down" | "up", number>>,
): ScheduleStep[] {
  const first = sigmaStep(config, timesteps[0], from);
  const begin: ScheduleStep = {
    ...first,
    remembered: false,
    corrected: null,
    next: { sample: between / from, output: 0, converted: 1 - between / from, previous: [], noise: 0 },
  };
  if (to === 0) return [begin];
  const middle = sigmaStep(config, timesteps[1], between);
  const over: ScheduleStep = {
    ...middle,
    converted: derivative(middle, between),
    noised: { clean: 1, noise: to },
    remembered: false,
    corrected: again,
    next: { sample: 1, output: 0, converted: down - from, previous: [], noise: up },
  };
  return [begin, over];
}

/** KDPM2DiscreteScheduler: the point between lies in the middle of the logarithms. */
export function dpm2(config: ScheduleConfig, steps: number): Plan {
  refuseSample(config);
  const grid = halves(config, steps, true);
  const all = inRows(grid, ({ from, to, timestep, timestepAt }) => {
    const between = Math.sqrt(from * to);
    return throughMiddle(config, [timestep, timestepAt(between)], { from, between, to, down: to, up: 0 });
  });
  return sigmaPlan(config, [...rowSigmas(grid.sigmas), 0, 0], all);
}

/** KDPM2AncestralDiscreteScheduler. Its second rows draw noise. */
export function dpm2Ancestral(config: ScheduleConfig, steps: number): Plan {
  refuseSample(config);
  const grid = halves(config, steps, true);
  const all = inRows(grid, ({ from, to, timestep, timestepAt }) => {
    const { down, up } = ancestral(from, to);
    const between = Math.sqrt(from * down);
    return throughMiddle(config, [timestep, timestepAt(between)], { from, between, to, down, up });
  });
  return sigmaPlan(config, [...rowSigmas(grid.sigmas), 0, 0], all);
}

/**
 * DPMSolverSDEScheduler (A1111's "DPM++ SDE"). Its normals are those of one Brownian path over sigma: the second row's way
 * contains the first one's, so its noise is a sum of the first row's normals and its own. The path is drawn from the seed,
 * point by point; diffusers takes one of torchsde that no seed of a request leads to.
 */
export function dpmSde(config: ScheduleConfig, steps: number): Plan {
  refuseSample(config);
  const grid = halves(config, steps, false);
  const all = inRows(grid, ({ from, to, timestep, timestepAt }) => {
    const row = (at: number, name: number, down: number): Omit<ScheduleStep, "corrected"> => ({
      ...sigmaStep(config, name, at),
      remembered: false,
      next: { sample: down / from, output: 0, converted: 1 - down / from, previous: [], noise: 0 },
    });
    if (to === 0) return [{ ...row(from, timestep, 0), corrected: null }];
    const between = Math.sqrt(from * to);
    const [half, whole] = [ancestral(from, between), ancestral(from, to)];
    const [begin, over] = [row(from, timestep, half.down), row(between, timestepAt(between), whole.down)];
    // A step of no width has no noise, and no shares of it.
    const share = from === to ? 0 : (from - between) / (from - to);
    return [
      { ...begin, corrected: null, next: { ...begin.next, noise: half.up } },
      {
        ...over,
        corrected: again,
        noised: { clean: 1, noise: to },
        next: { ...over.next, noise: whole.up * Math.sqrt(1 - share), noiseBefore: whole.up * Math.sqrt(share) },
      },
    ];
  });
  return sigmaPlan(config, rowSigmas(grid.sigmas), all);
}
