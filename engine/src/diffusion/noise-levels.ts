import { UnderdrawError } from "../core/errors.ts";
import type { ScheduleConfig } from "./schedule.ts";

/** A scheduler setting that cannot be carried: the error names the setting, its value and what to do. */
export function refuse(setting: string, message: string): never {
  throw new UnderdrawError("request-invalid", message, { issues: [{ path: `scheduler.${setting}`, message }] });
}

/** A whole number from a config within bounds, or its default; else `request-invalid`. */
export function wholeSetting(
  config: ScheduleConfig,
  setting: "num_train_timesteps" | "steps_offset" | "original_inference_steps" | "solver_order",
  missing: number,
  [least, most]: readonly [least: number, most: number],
): number {
  const value = config[setting] ?? missing;
  if (!Number.isInteger(value) || value < least || value > most)
    refuse(setting, `The scheduler's ${setting} is ${value}. Give a whole number from ${least} to ${most}.`);
  return value;
}

/** Training timesteps of a config, 1000 unless it says otherwise. */
export function trainSteps(config: ScheduleConfig): number {
  return wholeSetting(config, "num_train_timesteps", 1000, [2, 100_000]);
}

// Defaults of diffusers' classes: some have the range of Stable Diffusion, two of them its schedule too.
const latentSchedule: readonly string[] = ["LCMScheduler", "TCDScheduler"];
const latentRange: readonly string[] = [
  ...latentSchedule,
  "DPMSolverSDEScheduler",
  "HeunDiscreteScheduler",
  "KDPM2AncestralDiscreteScheduler",
  "KDPM2DiscreteScheduler",
];

function betaRange(config: ScheduleConfig): readonly [schedule: string, start: number, end: number] {
  const name = config._class_name ?? "";
  const latent = latentRange.includes(name);
  return [
    config.beta_schedule ?? (latentSchedule.includes(name) ? "scaled_linear" : "linear"),
    config.beta_start ?? (latent ? 0.00085 : 0.0001),
    config.beta_end ?? (latent ? 0.012 : 0.02),
  ];
}

/** The settings that describe the noise a model was trained with, every default of the config's class written out. */
export function trainedNoise(config: ScheduleConfig): ScheduleConfig {
  const [schedule, start, end] = betaRange(config);
  return {
    num_train_timesteps: trainSteps(config),
    beta_schedule: schedule,
    beta_start: start,
    beta_end: end,
    ...(config.trained_betas ? { trained_betas: config.trained_betas } : {}),
    prediction_type: config.prediction_type ?? "epsilon",
    rescale_betas_zero_snr: config.rescale_betas_zero_snr ?? false,
  };
}

// diffusers keeps these tables in float32, and a table shows it: 1 - alpha loses digits at the first timesteps. So each
// table is rounded where PyTorch rounds; all that follows from the tables is computed in float64.
const round = Math.fround;

// torch.linspace counts from both ends.
function between(from: number, to: number, count: number): Float64Array {
  const step = round((round(to) - round(from)) / (count - 1));
  return Float64Array.from({ length: count }, (_, i) =>
    round(i < count / 2 ? round(from) + step * i : round(to) - step * (count - i - 1)),
  );
}

function betas(config: ScheduleConfig): Float64Array {
  const count = trainSteps(config);
  if (config.trained_betas) {
    if (config.trained_betas.length !== count)
      refuse(
        "trained_betas",
        `The scheduler has ${config.trained_betas.length} trained_betas for ${count} timesteps. Give one for each.`,
      );
    return Float64Array.from(config.trained_betas, round);
  }
  const [schedule, start, end] = betaRange(config);
  // The cosine of Nichol and Dhariwal 2021 (arXiv 2102.09672), with their cap of 0.999.
  const cosine = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  switch (schedule) {
    case "linear":
      return between(start, end, count);
    case "scaled_linear":
      return between(Math.sqrt(start), Math.sqrt(end), count).map((root) => round(root * root));
    case "squaredcos_cap_v2":
      return Float64Array.from({ length: count }, (_, i) =>
        round(Math.min(1 - cosine((i + 1) / count) / cosine(i / count), 0.999)),
      );
    default:
      return refuse(
        "beta_schedule",
        `The beta_schedule "${schedule}" is not supported. Use linear, scaled_linear or squaredcos_cap_v2.`,
      );
  }
}

function products(alphas: Float64Array): Float64Array {
  let product = 1;
  return alphas.map((alpha) => {
    product *= alpha;
    return round(product);
  });
}

// The classes of diffusers that know `rescale_betas_zero_snr`; the others leave it unread, and so does the engine: methods
// that mean derivatives by sigma over a whole step have no use for the sigma that would be its first.
const rescaling: readonly string[] = [
  "DDIMScheduler",
  "DDPMScheduler",
  "DPMSolverMultistepScheduler",
  "EulerAncestralDiscreteScheduler",
  "EulerDiscreteScheduler",
  "LCMScheduler",
  "TCDScheduler",
  "UniPCMultistepScheduler",
];

/**
 * The share of the picture's power that is left at each training timestep (alpha-bar), falling. With
 * `rescale_betas_zero_snr` the square roots are shifted so that the last is 0 and the first stays (Lin and others 2023,
 * arXiv 2305.08891). `end` keeps that last one above 0 for the classes that divide by it.
 */
export function alphaBars(config: ScheduleConfig, end: "zero" | "above-zero" = "zero"): Float64Array {
  const steps = betas(config);
  for (const [i, beta] of steps.entries())
    if (!(beta >= 0 && beta < 1)) refuse("betas", `The scheduler's beta at timestep ${i} is ${beta}, outside 0 to 1.`);
  const bars = products(steps.map((beta) => round(1 - beta)));
  if (!config.rescale_betas_zero_snr || !rescaling.includes(config._class_name ?? "")) return bars;
  const roots = bars.map((bar) => round(Math.sqrt(bar)));
  const [first, last] = [roots[0] as number, roots[roots.length - 1] as number];
  const factor = round(first / round(first - last));
  const shifted = roots.map((root) => round(round(round(root - last) * factor) ** 2));
  const alphas = shifted.map((bar, i) => (i === 0 ? bar : round(bar / (shifted[i - 1] as number))));
  const rescaled = products(alphas.map((alpha) => round(1 - round(1 - alpha))));
  // diffusers' Euler and multistep classes write 2^-24 there, which makes the first sigma 4096.
  if (end === "above-zero") rescaled[rescaled.length - 1] = 2 ** -24;
  return rescaled;
}

/** Noise over picture at each training timestep, rising: the sigmas of the variance-exploding scale; never infinite. */
export function sigmaTable(config: ScheduleConfig): Float64Array {
  return alphaBars(config, "above-zero").map((bar) => round(Math.sqrt(round(round(1 - bar) / bar))));
}

/** The natural logarithms of a table of sigmas, rounded as the table is. */
export function logTable(sigmas: Float64Array): Float64Array {
  return sigmas.map((sigma) => round(Math.log(sigma)));
}

/** How a prediction at sigma becomes the clean picture and the noise: factors of the noised sample and of the output. */
export interface Prediction {
  readonly clean: readonly [sample: number, output: number];
  readonly noise: readonly [sample: number, output: number];
}

/**
 * The prediction's factors where a sample is `signal * clean + noise * normal`: variance-preserving when the two
 * squares add up to 1, variance-exploding when `signal` is 1 (then v is defined on the sample divided by its deviation).
 */
export function predictionFactors(config: ScheduleConfig, signal: number, noise: number): Prediction {
  const kind = config.prediction_type ?? "epsilon";
  const power = signal * signal + noise * noise;
  const deviation = Math.sqrt(power);
  switch (kind) {
    case "epsilon":
      return { clean: [1 / signal, -noise / signal], noise: [0, 1] };
    case "v_prediction":
      return { clean: [signal / power, -noise / deviation], noise: [noise / power, signal / deviation] };
    case "sample":
    case "original_sample":
      return { clean: [0, 1], noise: [1 / noise, -signal / noise] };
    default:
      return refuse(
        "prediction_type",
        `The prediction_type "${kind}" is not supported. Use epsilon, v_prediction or sample.`,
      );
  }
}
