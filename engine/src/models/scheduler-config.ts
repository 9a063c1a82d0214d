import { z } from "zod";
import { checked } from "./json.ts";

const flag = z.boolean().nullish();
const number = z.number().nullish();

/** A scheduler's config as diffusers writes it. Keys that a kind of scheduler leaves out have that kind's default. */
const schedulerConfigSchema = z.looseObject({
  _class_name: z.string().max(100).optional(),
  num_train_timesteps: z.int().min(1).max(100_000).optional(),
  beta_start: z.number().min(0).max(1).optional(),
  beta_end: z.number().min(0).max(1).optional(),
  beta_schedule: z.enum(["linear", "scaled_linear", "squaredcos_cap_v2"]).optional(),
  trained_betas: z.array(z.number().min(0).max(1)).min(1).max(100_000).nullish(),
  prediction_type: z.enum(["epsilon", "v_prediction", "sample"]).optional(),
  timestep_spacing: z.enum(["leading", "trailing", "linspace"]).optional(),
  timestep_type: z.enum(["discrete", "continuous"]).optional(),
  steps_offset: z.int().min(0).max(1000).optional(),
  set_alpha_to_one: flag,
  clip_sample: flag,
  clip_sample_range: number,
  thresholding: flag,
  dynamic_thresholding_ratio: number,
  sample_max_value: number,
  rescale_betas_zero_snr: flag,
  skip_prk_steps: flag,
  use_karras_sigmas: flag,
  use_exponential_sigmas: flag,
  use_beta_sigmas: flag,
  final_sigmas_type: z.enum(["zero", "sigma_min"]).nullish(),
  interpolation_type: z.enum(["linear", "log_linear"]).nullish(),
  sigma_min: number,
  sigma_max: number,
  solver_order: z.int().min(1).max(10).optional(),
  solver_type: z.string().max(50).optional(),
  algorithm_type: z.string().max(50).optional(),
  lower_order_final: flag,
  predict_x0: flag,
  original_inference_steps: z.int().min(1).max(100_000).optional(),
  timestep_scaling: number,
});

/** A scheduler's config as diffusers writes it: checked where it is known, other keys kept. */
export type SchedulerConfig = z.output<typeof schedulerConfigSchema>;

/** Checks a scheduler's config. Throws `file-invalid` that names wrong keys. */
export function schedulerConfig(value: Readonly<Record<string, unknown>>, where: string): SchedulerConfig {
  return checked(where, value, schedulerConfigSchema);
}

/** The noise schedule that every Stable Diffusion 1 and 2 was trained with (their scheduler_config.json). */
export const familySchedule = {
  _class_name: "DDIMScheduler",
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: "epsilon",
} as const satisfies SchedulerConfig;
