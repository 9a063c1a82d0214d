import type { Plan } from "./ddim.ts";
import { sigmaSpacing } from "./grid.ts";
import { refuse } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";
import { derivative, respaced, sigmaPlan, sigmaStep, timestepSigmas, trainedSigmas } from "./sigma-grid.ts";

// The integral from one sigma to the next of the polynomial that is 1 at point `at` and 0 at the others. Gauss's rule of
// two points is exact up to the third degree, which is the highest here.
function weight(points: readonly number[], at: number, [from, to]: readonly [number, number]): number {
  const value = (x: number) =>
    points.reduce(
      (product, point, k) => (k === at ? product : (product * (x - point)) / ((points[at] as number) - point)),
      1,
    );
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  const away = half / Math.sqrt(3);
  return half * (value(middle - away) + value(middle + away));
}

/** LMSDiscreteScheduler: Adams and Bashforth's method of up to fourth order on uneven steps of sigma (k-diffusion). */
export function lms(config: ScheduleConfig, steps: number, first: number): Plan {
  const trained = trainedSigmas(config);
  let grid = timestepSigmas(config, steps, trained);
  const kind = sigmaSpacing(config);
  if (kind === "lu") refuse("use_lu_lambdas", "LMSDiscreteScheduler has no use_lu_lambdas. Use use_karras_sigmas.");
  if (kind) {
    const [most, least] = [grid.sigmas[0] as number, grid.sigmas.at(-1) as number];
    grid = respaced(kind, grid, { most, least, logs: trained.logs });
  }
  const sigmas = [...grid.sigmas, 0];
  const all = grid.timesteps.map((timestep, i): ScheduleStep => {
    const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
    // diffusers takes the order from the place in the whole run, also where a run begins later and knows less.
    const order = Math.min(i + 1, 4);
    const points = Array.from({ length: order }, (_, k) => sigmas[i - k] as number);
    const known = Math.min(order, Math.max(i - first, 0) + 1);
    const [now = 0, ...previous] = points.slice(0, known).map((_, k) => weight(points, k, [from, to]));
    const at = sigmaStep(config, timestep, from);
    return {
      ...at,
      converted: derivative(at, from),
      remembered: true,
      corrected: null,
      next: { sample: 1, output: 0, converted: now, previous, noise: 0 },
    };
  });
  return sigmaPlan(config, sigmas, all);
}
