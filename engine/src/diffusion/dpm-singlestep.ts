import { limitOf, type Plan } from "./ddim.ts";
import { dpmSettings, dpmUpdate, levelOf, solverGrid, solverStep } from "./dpm-solver.ts";
import { wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// The order of each step: groups of one, two, three, each of which begins anew at the latent of its first. diffusers turns
// lower_order_final on where the last sigma is 0.
function orders(config: ScheduleConfig, steps: number): readonly number[] {
  const most = wholeSetting(config, "solver_order", 2, [1, 3]);
  const zero = (config.final_sigmas_type ?? "zero") === "zero";
  const list = Array.from({ length: steps }, (_, i) => 1 + (i % most));
  // A whole last group ends with a single step.
  if ((config.lower_order_final || zero) && most > 1 && steps % most === 0)
    list.splice(steps - most, most, ...(most === 3 ? [1, 2, 1] : [1, 1]));
  if (zero) list[steps - 1] = 1;
  return list;
}

/** DPMSolverSinglestepScheduler: dpmsolver++ and sde-dpmsolver++ of order 1 to 3 in groups, midpoint or heun. */
export function dpmSinglestep(config: ScheduleConfig, steps: number, first: number): Plan {
  const { random, heun } = dpmSettings(config);
  const { timesteps, sigmas } = solverGrid(config, steps, "singlestep");
  const lambdas = sigmas.map((sigma) => levelOf(sigma).lambda);
  const list = orders(config, timesteps.length);
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const order = Math.min(list[i] as number, Math.max(i - first, 0) + 1);
    const start = i - order + 1;
    const { h, signal, sample, noise, base, ...exact } = dpmUpdate(
      sigmas[start] as number,
      sigmas[i + 1] as number,
      random,
    );
    // How far a step of the group is from its first, in shares of the whole way.
    const r = (at: number) => ((lambdas[at] as number) - (lambdas[start] as number)) / h;
    const [near, far] = [order === 3 ? r(start + 1) : 0, order > 1 ? r(i) : 0];
    // Factors of the clean latents, the newest first; equal neighbours tell nothing about a slope.
    let weights = [...Array.from({ length: order - 1 }, () => 0), base];
    if (order > 1 && far > 0 && (order === 2 || !heun)) {
      const slope = (order === 3 || heun ? exact.slope : base / 2) / far;
      weights = [slope, ...Array.from({ length: order - 2 }, () => 0), base - slope];
    } else if (order === 3 && near > 0 && far > near) {
      // D1 = (far * d_near - near * d_far) / (far - near), D2 = 2 * (d_far - d_near) / (far - near), d = difference / share.
      const onFar = (-exact.slope * near + 2 * exact.bend) / (far - near) / far;
      const onNear = (exact.slope * far - 2 * exact.bend) / (far - near) / near;
      weights = [onFar, onNear, base - onFar - onNear];
    }
    const [now = 0, ...previous] = weights.map((weight) => signal * weight);
    return {
      ...solverStep(config, timestep, sigmas[i] as number, "clean"),
      corrected: order > 1 ? { last: 1, now: 0, previous: [] } : null,
      next: { sample, output: 0, converted: now, previous, noise },
    };
  });
  return { steps: all, sigmas, initialNoiseScale: 1, limit: limitOf({ ...config, clip_sample: false }, false) };
}
