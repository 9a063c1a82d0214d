import type { Plan } from "./ddim.ts";
import { timestepGrid } from "./grid.ts";
import { alphaBars, refuse, trainSteps } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// Adams and Bashforth's weights for 1 to 4 outputs, newest first.
const weights = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]] as const;

/**
 * PNDMScheduler without its Runge-Kutta steps (Liu and others 2022, arXiv 2202.09778; "PLMS"), what Stable Diffusion
 * 1.x was published with. The second timestep is run twice: from 2 steps on there is one more than asked for.
 */
export function pndm(config: ScheduleConfig, steps: number, first: number): Plan {
  if (!config.skip_prk_steps)
    refuse(
      "skip_prk_steps",
      "PNDMScheduler is supported with skip_prk_steps only. Set it to true or use another sampler.",
    );
  const velocity = config.prediction_type === "v_prediction";
  if (!velocity && (config.prediction_type ?? "epsilon") !== "epsilon")
    refuse("prediction_type", `PNDMScheduler predicts epsilon or v_prediction, not "${config.prediction_type}".`);
  const bars = alphaBars(config);
  const train = trainSteps(config);
  const spacing = config.timestep_spacing ?? "leading";
  const grid = timestepGrid(config, { spacing, train, steps, whole: true, open: false, last: train });
  const timesteps = steps > 1 ? [...grid.slice(0, 2), ...grid.slice(1)] : grid;
  const final = config.set_alpha_to_one ? 1 : (bars[0] as number);
  const stride = Math.floor(train / steps);
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const done = i - first;
    const again = done === 1; // goes back to the latent before and repeats the first step with the mean of both outputs
    const [at, before] = again ? [Math.min(timestep + stride, train - 1), timestep] : [timestep, timestep - stride];
    const bar = bars[at] as number;
    const following = before >= 0 ? (bars[before] as number) : final;
    const factor = -(following - bar) / (bar * Math.sqrt(1 - following) + Math.sqrt(bar * (1 - bar) * following));
    const [now, ...previous] = again
      ? [0.5, 0.5]
      : (weights[Math.min(Math.max(done > 0 ? done - 1 : 0, 0), 3)] as readonly number[]);
    const scale = factor * (velocity ? Math.sqrt(bar) : 1);
    return {
      timestep,
      inputScale: 1,
      converted: { sample: 0, output: 1 },
      remembered: !again,
      corrected: again ? { last: 1, now: 0, previous: [] } : null,
      next: {
        sample: Math.sqrt(following / bar) + (velocity ? factor * Math.sqrt(1 - bar) : 0),
        output: 0,
        converted: scale * (now as number),
        previous: previous.map((weight) => scale * weight),
        noise: 0,
      },
      noised: { clean: Math.sqrt(bars[timestep] as number), noise: Math.sqrt(1 - (bars[timestep] as number)) },
    };
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit: { kind: "none" } };
}
