import { betaQuantile } from "./beta-quantile.ts";
import { refuse, wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig } from "./schedule.ts";

// Grids of timesteps and of noise levels, to the last rounding as numpy and diffusers make them: halves go to the even
// neighbour, and the arange of "trailing" adds multiples of a difference that was itself rounded.

/** Rounds to the nearest whole number, halves to the even one, as numpy does. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** Numbers from one end to the other, both included; one number is the start. */
export function linspace(from: number, to: number, count: number): number[] {
  const step = (to - from) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? to : i === 0 ? from : from + i * step));
}

/** How a scheduler lays out its timesteps. */
export interface GridOptions {
  readonly spacing: string;
  /** Timesteps that the model was trained with. */
  readonly train: number;
  readonly steps: number;
  /** Whole timesteps only; else "linspace" keeps fractions. */
  readonly whole: boolean;
  /** Multistep solvers end one step above the clean picture: their grids have one point more and leave the last away. */
  readonly open: boolean;
  /** Timesteps above this are not used (`lambda_min_clipped`); `train` where nothing is clipped. */
  readonly last: number;
}

/**
 * Timesteps from noisy to clean, `steps` of them (fewer on a clipped trailing grid), all within 0 and `train` - 1. Three
 * places differ from diffusers, which leaves the trained range or the noise there: one step on a closed linspace grid
 * starts at the top and not at 0; an offset that would push the first timestep past the top is lowered; and the timestep
 * -1 that rounding appends to some trailing grids (61 steps, 103 ...) is left away.
 */
export function timestepGrid(config: ScheduleConfig, grid: GridOptions): number[] {
  const { spacing, train, steps, whole, open, last } = grid;
  if (spacing === "linspace") {
    const points = open
      ? linspace(0, last - 1, steps + 1).slice(1)
      : steps === 1
        ? [last - 1]
        : linspace(0, last - 1, steps);
    return points.map((t) => (whole ? roundHalfEven(t) : Math.fround(t))).reverse();
  }
  if (spacing === "leading") {
    const ratio = Math.floor(last / (open ? steps + 1 : steps));
    if (ratio === 0)
      refuse(
        "timestep_spacing",
        `${steps} steps do not fit on a "leading" grid of ${last} timesteps. Ask for at most ${open ? last - 1 : last}.`,
      );
    const points = Array.from({ length: steps }, (_, i) => (steps - (open ? 0 : 1) - i) * ratio);
    const offset = wholeSetting(config, "steps_offset", 0, [0, train - 1]);
    const room = train - 1 - (points[0] as number);
    return points.map((t) => t + Math.min(offset, room));
  }
  if (spacing === "trailing") {
    const step = last - train / steps - last;
    const length = Math.min(steps, Math.ceil(last / (train / steps)));
    return Array.from({ length }, (_, i) => Math.max(0, roundHalfEven(last + i * step) - 1));
  }
  return refuse(
    "timestep_spacing",
    `The timestep_spacing "${spacing}" is not supported here. Use leading, trailing or linspace${
      namedSpacings.includes(spacing) ? `: ${spacing} is for samplers that step in sigma` : ""
    }.`,
  );
}

/** Grids of A1111 and ComfyUI that diffusers lacks, as further values of `timestep_spacing`. */
export const namedSpacings: readonly string[] = ["normal", "sgm_uniform", "simple", "ddim_uniform"];

/**
 * Timesteps of a grid that A1111 and ComfyUI have by name (their functions `normal_scheduler`, `simple_scheduler` and
 * `ddim_scheduler`); null for all other names. Fractions mean sigmas between the table's, straight in their logarithm.
 * "ddim_uniform" has one point more than asked for where the steps do not divide the timesteps, as there.
 */
export function namedTimesteps(spacing: string, train: number, steps: number): readonly number[] | null {
  switch (spacing) {
    case "normal":
      return linspace(train - 1, 0, steps);
    case "sgm_uniform":
      return linspace(train - 1, 0, steps + 1).slice(0, -1);
    case "simple":
      return Array.from({ length: steps }, (_, i) => train - 1 - Math.trunc(i * (train / steps)));
    case "ddim_uniform": {
      const stride = Math.max(Math.floor(train / steps), 1);
      return Array.from({ length: Math.ceil((train - 1) / stride) }, (_, i) => 1 + i * stride).reverse();
    }
    default:
      return null;
  }
}

/** The value of a table between its entries, by straight lines; the ends hold beyond. */
export function interpolate(table: ArrayLike<number>, at: number): number {
  const low = Math.min(Math.max(Math.floor(at), 0), table.length - 1);
  const high = Math.min(low + 1, table.length - 1);
  const share = Math.min(Math.max(at - low, 0), 1);
  const from = table[low] as number;
  return from + share * ((table[high] as number) - from);
}

/** The timestep of a noise level, by straight lines in log sigma; `logs` rises. A fraction within the table. */
export function timestepOf(sigma: number, logs: ArrayLike<number>): number {
  const log = Math.log(Math.max(sigma, 1e-10));
  let [low, above] = [0, logs.length - 1];
  while (above - low > 1) {
    const middle = (low + above) >> 1;
    if (log >= (logs[middle] as number)) low = middle;
    else above = middle;
  }
  const from = logs[low] as number;
  const to = logs[low + 1] as number;
  return low + Math.min(Math.max((from - log) / (from - to), 0), 1);
}

/** Noise levels of Karras and others 2022 (arXiv 2206.00364), rho 7, from `most` down to `least`. */
function karrasSigmas(most: number, least: number, count: number): number[] {
  const [top, bottom] = [most ** (1 / 7), least ** (1 / 7)];
  return linspace(0, 1, count).map((ramp) => (top + ramp * (bottom - top)) ** 7);
}

/** Noise levels evenly spaced in their logarithm, from `most` down to `least`. */
function exponentialSigmas(most: number, least: number, count: number): number[] {
  return linspace(Math.log(most), Math.log(least), count).map(Math.exp);
}

/** Noise levels at the quantiles of a beta distribution with 0.6 twice (Lee and others 2024, arXiv 2407.12173). */
function betaSigmas(most: number, least: number, count: number): number[] {
  return linspace(0, 1, count).map((ramp) => least + betaQuantile(1 - ramp, 0.6) * (most - least));
}

/** Ways to space noise levels that are settings of their own (`use_karras_sigmas` ...). */
export type SigmaSpacing = "karras" | "exponential" | "beta" | "lu";

/** Noise levels spaced in a way, from `most` down to `least`. */
export function spacedSigmas(how: SigmaSpacing, most: number, least: number, count: number): number[] {
  if (how === "karras") return karrasSigmas(most, least, count);
  if (how === "beta") return betaSigmas(most, least, count);
  // Straight in log signal-to-noise ("lu") is straight in the logarithm of sigma.
  return exponentialSigmas(most, least, count);
}

/** A config's own way to space noise levels, or null for the timesteps' own. */
export function sigmaSpacing(config: ScheduleConfig): SigmaSpacing | null {
  if (config.use_flow_sigmas)
    refuse(
      "use_flow_sigmas",
      "The scheduler asks for use_flow_sigmas, which is not supported. Use use_karras_sigmas or none.",
    );
  const settings = {
    karras: config.use_karras_sigmas,
    exponential: config.use_exponential_sigmas,
    beta: config.use_beta_sigmas,
    lu: config.use_lu_lambdas,
  };
  const asked = (Object.keys(settings) as SigmaSpacing[]).filter((kind) => settings[kind]);
  if (asked.length > 1)
    refuse("use_karras_sigmas", `The scheduler asks for ${asked.join(" and ")} sigmas at once. Use one.`);
  return asked[0] ?? null;
}
