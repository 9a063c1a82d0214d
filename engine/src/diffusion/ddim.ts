import { timestepGrid } from "./grid.ts";
import { alphaBars, predictionFactors, refuse, trainSteps, wholeSetting } from "./noise-levels.ts";
import type { Limit, ScheduleConfig, ScheduleStep } from "./schedule.ts";

// The variance-preserving classes that go from training timestep to training timestep: DDIM, DDPM, LCM and TCD. A latent is
// `sqrt(bar) * clean + sqrt(1 - bar) * normal`. Formulas: Song and others 2020 (arXiv 2010.02502), Ho and others 2020
// (arXiv 2006.11239), Luo and others 2023 (arXiv 2310.04378); choices of timestep and final level as in diffusers.

/** What a class's builder gives: all steps of the whole run, and its table of noise levels if it has one. */
export interface Plan {
  readonly steps: readonly ScheduleStep[];
  readonly sigmas: readonly number[] | null;
  readonly initialNoiseScale: number;
  readonly limit: Limit;
}

/** The bound on predicted clean latents that a config asks for. `clips` is the class's default of `clip_sample`. */
export function limitOf(config: ScheduleConfig, clips: boolean): Limit {
  if (config.thresholding)
    return { kind: "dynamic", ratio: config.dynamic_thresholding_ratio ?? 0.995, most: config.sample_max_value ?? 1 };
  if (config.clip_sample ?? clips) return { kind: "clip", range: config.clip_sample_range ?? 1 };
  return { kind: "none" };
}

// A step made of the predicted clean latent (which may be limited), the sample, the output and noise.
function singleStep(
  timestep: number,
  bar: number,
  clean: readonly [sample: number, output: number],
  next: { readonly clean: number; readonly sample: number; readonly output: number; readonly noise: number },
): ScheduleStep {
  return {
    timestep,
    inputScale: 1,
    converted: { sample: clean[0], output: clean[1] },
    remembered: false,
    corrected: null,
    next: { sample: next.sample, output: next.output, converted: next.clean, previous: [], noise: next.noise },
    noised: { clean: Math.sqrt(bar), noise: Math.sqrt(1 - bar) },
  };
}

function wholeGrid(config: ScheduleConfig, steps: number): number[] {
  const train = trainSteps(config);
  const spacing = config.timestep_spacing ?? "leading";
  return timestepGrid(config, { spacing, train, steps, whole: true, open: false, last: train });
}

/** A share from 0 to 1 that a config sets as `eta`: how much of the noise is drawn anew; else `request-invalid`. */
function etaOf(config: ScheduleConfig, missing: number): number {
  const eta = config.eta ?? missing;
  if (!(eta >= 0 && eta <= 1)) refuse("eta", `The scheduler's eta is ${eta}. Give a number from 0 to 1.`);
  return eta;
}

/** DDIMScheduler. `eta`, 0 by default, is what its step takes beside the config. */
export function ddim(config: ScheduleConfig, steps: number): Plan {
  const bars = alphaBars(config);
  const final = (config.set_alpha_to_one ?? true) ? 1 : (bars[0] as number);
  // The level before is a fixed number of timesteps away, whatever the grid is.
  const stride = Math.floor(bars.length / steps);
  const limit = limitOf(config, true);
  const eta = etaOf(config, 0);
  const all = wholeGrid(config, steps).map((timestep) => {
    const bar = bars[timestep] as number;
    const before = timestep - stride >= 0 ? (bars[timestep - stride] as number) : final;
    const { clean, noise } = predictionFactors(config, Math.sqrt(bar), Math.sqrt(1 - bar));
    const drawn = eta === 0 ? 0 : eta * Math.sqrt(Math.max(((1 - before) / (1 - bar)) * (1 - bar / before), 0));
    const direction = Math.sqrt(1 - before - drawn * drawn);
    const next = { clean: Math.sqrt(before), sample: direction * noise[0], output: direction * noise[1], noise: drawn };
    return singleStep(timestep, bar, clean, next);
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit };
}

function ddpmDeviation(config: ScheduleConfig, small: number, large: number): number {
  const kind = config.variance_type ?? "fixed_small";
  if (kind === "fixed_small" || kind === "fixed_small_log") return Math.sqrt(Math.max(small, 1e-20));
  if (kind === "fixed_large") return Math.sqrt(large);
  return refuse(
    "variance_type",
    `The variance_type "${kind}" of DDPMScheduler is not supported. Use fixed_small, fixed_small_log or fixed_large.`,
  );
}

/** DDPMScheduler with a fixed variance. Draws noise in every step but one at timestep 0. */
export function ddpm(config: ScheduleConfig, steps: number): Plan {
  const bars = alphaBars(config);
  const grid = wholeGrid(config, steps);
  const all = grid.map((timestep, i) => {
    const bar = bars[timestep] as number;
    const before = i + 1 < grid.length ? (bars[grid[i + 1] as number] as number) : 1;
    const alpha = bar / before;
    const { clean } = predictionFactors(config, Math.sqrt(bar), Math.sqrt(1 - bar));
    const deviation = ddpmDeviation(config, ((1 - before) / (1 - bar)) * (1 - alpha), 1 - alpha);
    return singleStep(timestep, bar, clean, {
      clean: (Math.sqrt(before) * (1 - alpha)) / (1 - bar),
      sample: (Math.sqrt(alpha) * (1 - before)) / (1 - bar),
      output: 0,
      noise: timestep > 0 ? deviation : 0,
    });
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit: limitOf(config, true) };
}

// Few steps, picked from the timesteps of a distillation.
function distilledGrid(config: ScheduleConfig, steps: number, train: number): readonly number[] {
  const origin = wholeSetting(config, "original_inference_steps", 50, [1, train]);
  if (steps > origin)
    refuse(
      "original_inference_steps",
      `${config._class_name} was distilled with ${origin} steps and cannot do ${steps}. Ask for at most ${origin}.`,
    );
  const stride = Math.floor(train / origin);
  return Array.from({ length: steps }, (_, i) => (origin - Math.floor(i * (origin / steps))) * stride - 1);
}

/** LCMScheduler. Draws noise in every step but the last. */
export function lcm(config: ScheduleConfig, steps: number): Plan {
  const bars = alphaBars(config);
  const grid = distilledGrid(config, steps, bars.length);
  const scaling = config.timestep_scaling ?? 10;
  const all = grid.map((timestep, i) => {
    const bar = bars[timestep] as number;
    const last = i === steps - 1;
    const before = last ? 1 : (bars[grid[i + 1] as number] as number);
    const { clean } = predictionFactors(config, Math.sqrt(bar), Math.sqrt(1 - bar));
    // Boundary scalings with the deviation of the data at 0.5.
    const scaled = timestep * scaling;
    const skip = 0.25 / (scaled * scaled + 0.25);
    const out = scaled / Math.sqrt(scaled * scaled + 0.25);
    const signal = Math.sqrt(before);
    return singleStep(timestep, bar, clean, {
      clean: signal * out,
      sample: signal * skip,
      output: 0,
      noise: last ? 0 : Math.sqrt(1 - before),
    });
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit: limitOf(config, false) };
}

/**
 * TCDScheduler (Zheng and others 2024, arXiv 2402.19159). `eta`, 0.3 by default as in its step, is the paper's gamma: how
 * far a step goes below the next timestep, to come up again by noise that it draws; 0 draws none.
 */
export function tcd(config: ScheduleConfig, steps: number): Plan {
  const bars = alphaBars(config);
  const grid = distilledGrid(config, steps, bars.length);
  const eta = etaOf(config, 0.3);
  const all = grid.map((timestep, i) => {
    const bar = bars[timestep] as number;
    const last = i === steps - 1;
    const to = last ? 0 : (grid[i + 1] as number);
    const [below, before] = [bars[Math.floor((1 - eta) * to)] as number, bars[to] as number];
    const { clean, noise } = predictionFactors(config, Math.sqrt(bar), Math.sqrt(1 - bar));
    // Up again from `below`: the picture's share shrinks, and noise fills in.
    const share = last || eta === 0 ? 1 : before / below;
    const [up, direction] = [Math.sqrt(share), Math.sqrt(1 - below)];
    return singleStep(timestep, bar, clean, {
      clean: up * Math.sqrt(below),
      sample: up * direction * noise[0],
      output: up * direction * noise[1],
      noise: Math.sqrt(1 - share),
    });
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit: { kind: "none" } };
}
