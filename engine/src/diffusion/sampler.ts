import { refuse, trainedNoise } from "./noise-levels.ts";
import type { ScheduleConfig } from "./schedule.ts";

const latent = { clip_sample: false, thresholding: false } as const;

const samplers = {
  ddim: { _class_name: "DDIMScheduler", timestep_spacing: "leading", set_alpha_to_one: false, ...latent },
  ddpm: { _class_name: "DDPMScheduler", timestep_spacing: "leading", variance_type: "fixed_small", ...latent },
  pndm: { _class_name: "PNDMScheduler", timestep_spacing: "leading", set_alpha_to_one: false, skip_prk_steps: true },
  euler: { _class_name: "EulerDiscreteScheduler", timestep_spacing: "linspace" },
  "euler-karras": { _class_name: "EulerDiscreteScheduler", timestep_spacing: "linspace", use_karras_sigmas: true },
  "euler-ancestral": { _class_name: "EulerAncestralDiscreteScheduler", timestep_spacing: "linspace" },
  "dpmpp-2m": { _class_name: "DPMSolverMultistepScheduler", timestep_spacing: "linspace", solver_order: 2 },
  "dpmpp-2m-karras": {
    _class_name: "DPMSolverMultistepScheduler",
    timestep_spacing: "linspace",
    solver_order: 2,
    use_karras_sigmas: true,
  },
  unipc: { _class_name: "UniPCMultistepScheduler", timestep_spacing: "linspace", solver_order: 2, solver_type: "bh2" },
  "unipc-karras": {
    _class_name: "UniPCMultistepScheduler",
    timestep_spacing: "linspace",
    solver_order: 2,
    solver_type: "bh2",
    use_karras_sigmas: true,
  },
  lcm: { _class_name: "LCMScheduler", original_inference_steps: 50, ...latent },
} as const satisfies Readonly<Record<string, ScheduleConfig>>;

/** A sampler's short name. */
export type SamplerName = keyof typeof samplers;

/** The short names that `samplerConfig` knows. */
export const samplerNames = Object.keys(samplers) as readonly SamplerName[];

/** The short name of a sampler, or a whole scheduler config as diffusers writes it. */
export type Sampler = string | ScheduleConfig;

/**
 * The config of a sampler for a checkpoint. None: the checkpoint's own. A config: that one, as it is. A name: the
 * sampler's usual grid on the checkpoint's betas, prediction type, zero terminal SNR and step offset (1 where it has
 * none, as Stable Diffusion does); a zero-SNR checkpoint gets "trailing", the one grid that always begins where there is
 * no picture left. An unknown name is refused with `request-invalid`.
 */
export function samplerConfig(sampler: Sampler | undefined, base: ScheduleConfig): ScheduleConfig {
  if (typeof sampler !== "string") return sampler ?? base;
  if (!Object.hasOwn(samplers, sampler))
    refuse("sampler", `The sampler "${sampler}" is unknown. Choose one of: ${samplerNames.join(", ")}.`);
  const settings: ScheduleConfig = samplers[sampler as SamplerName];
  const zero = base.rescale_betas_zero_snr && settings.timestep_spacing ? { timestep_spacing: "trailing" } : {};
  return { ...trainedNoise(base), steps_offset: base.steps_offset ?? 1, ...settings, ...zero };
}
