import * as z from "zod/mini";
import { checked } from "./json.ts";

const flag = z.nullish(z.boolean());
const number = z.nullish(z.number());

/** A scheduler's config as diffusers writes it. Keys that a kind of scheduler leaves out have that kind's default. */
const schedulerConfigSchema = z.looseObject({
  _class_name: z.optional(z.string().check(z.maxLength(100))),
  num_train_timesteps: z.optional(z.int().check(z.minimum(1), z.maximum(100_000))),
  beta_start: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  beta_end: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  beta_schedule: z.optional(z.enum(["linear", "scaled_linear", "squaredcos_cap_v2"])),
  trained_betas: z.nullish(
    z.array(z.number().check(z.minimum(0), z.maximum(1))).check(z.minLength(1), z.maxLength(100_000)),
  ),
  prediction_type: z.optional(z.enum(["epsilon", "v_prediction", "sample"])),
  timestep_spacing: z.optional(z.enum(["leading", "trailing", "linspace"])),
  timestep_type: z.optional(z.enum(["discrete", "continuous"])),
  steps_offset: z.optional(z.int().check(z.minimum(0), z.maximum(1000))),
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
  final_sigmas_type: z.nullish(z.enum(["zero", "sigma_min"])),
  interpolation_type: z.nullish(z.enum(["linear", "log_linear"])),
  sigma_min: number,
  sigma_max: number,
  solver_order: z.optional(z.int().check(z.minimum(1), z.maximum(10))),
  solver_type: z.optional(z.string().check(z.maxLength(50))),
  algorithm_type: z.optional(z.string().check(z.maxLength(50))),
  lower_order_final: flag,
  predict_x0: flag,
  original_inference_steps: z.optional(z.int().check(z.minimum(1), z.maximum(100_000))),
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
