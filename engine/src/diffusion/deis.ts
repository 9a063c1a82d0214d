import type { Plan } from "./ddim.ts";
import { levelOf, solverGrid, solverStep } from "./dpm-solver.ts";
import { refuse, wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// The integral over sigma, up to x, of the polynomial in its logarithm that is 1 at `one` and 0 at one or two others.
function integral(x: number, one: number, zeros: readonly number[]): number {
  const at = Math.log(x);
  const [first = 0, second] = zeros.map(Math.log);
  const below = zeros.reduce((product, zero) => product * Math.log(one / zero), 1);
  if (second === undefined) return (x * (at - 1 - first)) / below;
  return (x * (at * at - 2 * at + 2 - (first + second) * (at - 1) + first * second)) / below;
}

/** DEISMultistepScheduler, "logrho" of order 1 to 3 (Zhang and Chen 2022, arXiv 2204.13902); integrals as in diffusers. */
export function deis(config: ScheduleConfig, steps: number, first: number): Plan {
  const most = wholeSetting(config, "solver_order", 2, [1, 3]);
  if (config.thresholding)
    refuse("thresholding", "DEISMultistepScheduler with thresholding is not supported. Set it to false.");
  if (config.variance_type?.startsWith("learned"))
    refuse("variance_type", "Nets that predict a variance are not supported. Use a model without variance_type.");
  const { timesteps, sigmas } = solverGrid(config, steps, "deis");
  const total = timesteps.length;
  const few = (config.lower_order_final ?? true) && total < 15;
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
    const [start, end] = [levelOf(from), levelOf(to)];
    const done = Math.max(i - first, 0);
    const order = Math.min(most, done + 1, few ? Math.max(total - i, 1) : most);
    // Equal neighbours (a grid as fine as the training's) tell nothing about a slope.
    const points: number[] = [];
    for (let k = 0; k < order; k++) {
      const sigma = sigmas[i - k] as number;
      if (points.includes(sigma)) break;
      points.push(sigma);
    }
    const weights =
      points.length === 1
        ? [to - from]
        : points.map((one, k) => {
            const zeros = points.filter((_, other) => other !== k);
            return integral(to, one, zeros) - integral(from, one, zeros);
          });
    const [now = 0, ...previous] = weights.map((weight) => end.signal * weight);
    return {
      ...solverStep(config, timestep, from, "noise"),
      corrected: null,
      next: { sample: end.signal / start.signal, output: 0, converted: now, previous, noise: 0 },
    };
  });
  return { steps: all, sigmas, initialNoiseScale: 1, limit: { kind: "none" } };
}
