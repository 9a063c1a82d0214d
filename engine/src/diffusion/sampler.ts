import { namedSpacings } from "./grid.ts";
import { refuse, trainedNoise } from "./noise-levels.ts";
import type { ScheduleConfig } from "./schedule.ts";

const latent = { clip_sample: false, thresholding: false } as const;
const linspace = { timestep_spacing: "linspace" } as const;
const multistep = { _class_name: "DPMSolverMultistepScheduler", ...linspace, solver_order: 2 } as const;

const samplers = {
  ddim: { _class_name: "DDIMScheduler", timestep_spacing: "leading", set_alpha_to_one: false, ...latent },
  ddpm: { _class_name: "DDPMScheduler", timestep_spacing: "leading", variance_type: "fixed_small", ...latent },
  pndm: { _class_name: "PNDMScheduler", timestep_spacing: "leading", set_alpha_to_one: false, skip_prk_steps: true },
  euler: { _class_name: "EulerDiscreteScheduler", ...linspace },
  "euler-ancestral": { _class_name: "EulerAncestralDiscreteScheduler", ...linspace },
  heun: { _class_name: "HeunDiscreteScheduler", ...linspace },
  dpm2: { _class_name: "KDPM2DiscreteScheduler", ...linspace },
  "dpm2-ancestral": { _class_name: "KDPM2AncestralDiscreteScheduler", ...linspace },
  lms: { _class_name: "LMSDiscreteScheduler", ...linspace },
  "dpmpp-2m": multistep,
  "dpmpp-2m-sde": { ...multistep, algorithm_type: "sde-dpmsolver++" },
  "dpmpp-2s": { _class_name: "DPMSolverSinglestepScheduler", solver_order: 2, lower_order_final: true },
  "dpmpp-sde": { _class_name: "DPMSolverSDEScheduler", ...linspace },
  unipc: { _class_name: "UniPCMultistepScheduler", ...linspace, solver_order: 2, solver_type: "bh2" },
  deis: { _class_name: "DEISMultistepScheduler", ...linspace, solver_order: 2 },
  lcm: { _class_name: "LCMScheduler", original_inference_steps: 50, ...latent },
  tcd: { _class_name: "TCDScheduler", original_inference_steps: 50, ...latent },
} as const satisfies Readonly<Record<string, ScheduleConfig>>;

// Grids of timesteps, and spacings of noise levels, that may follow a name.
const grids = {
  trailing: { timestep_spacing: "trailing" },
  normal: { timestep_spacing: "normal" },
  simple: { timestep_spacing: "simple" },
  "sgm-uniform": { timestep_spacing: "sgm_uniform" },
  "ddim-uniform": { timestep_spacing: "ddim_uniform" },
} as const satisfies Readonly<Record<string, ScheduleConfig>>;
const spacings = {
  karras: { use_karras_sigmas: true },
  exponential: { use_exponential_sigmas: true },
  beta: { use_beta_sigmas: true },
} as const satisfies Readonly<Record<string, ScheduleConfig>>;

/** What may follow a sampler's name: by what its class has. */
function endings(name: string): Readonly<Record<string, ScheduleConfig>> {
  if (name === "ddim") return { trailing: grids.trailing };
  if (["ddpm", "pndm", "lcm", "tcd"].includes(name)) return {};
  return name === "euler-ancestral" ? grids : { ...spacings, ...grids };
}

const configs = new Map<string, ScheduleConfig>();
for (const [name, settings] of Object.entries(samplers)) {
  configs.set(name, settings);
  for (const [ending, more] of Object.entries(endings(name)))
    configs.set(`${name}-${ending}`, { ...settings, ...more });
}

/** The short names that `samplerConfig` knows: each sampler, followed by its grids and spacings. */
export const samplerNames: readonly string[] = [...configs.keys()];

// Other programs write "DPM++ 2M Karras", "euler_ancestral" and "Euler a" of the same.
const bare = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[ _]a\b/, "ancestral")
    .replaceAll("+", "p")
    .replace(/[^a-z0-9]/g, "");

function refuseUnknown(name: string): never {
  const meant = samplerNames.find((known) => bare(known) === bare(name));
  const spaced = `most of them also with ${[...Object.keys(spacings), ...Object.keys(grids)].map((ending) => `-${ending}`).join(", ")} behind`;
  return refuse(
    "sampler",
    `The sampler "${name}" is unknown. ${meant ? `Did you mean "${meant}"? ` : ""}Choose one of: ${Object.keys(samplers).join(", ")}; ${spaced}.`,
  );
}

/**
 * The config of a sampler for a checkpoint. None: the checkpoint's own. A config: that one, as it is. A name: the
 * sampler's usual grid on the checkpoint's betas, prediction type, zero terminal SNR and step offset (1 where it has
 * none, as Stable Diffusion does); a zero-SNR checkpoint gets "trailing" in place of a grid of diffusers, the one of them
 * that always begins where there is no picture left. An unknown name is refused with `request-invalid`.
 */
export function samplerConfig(sampler: string | ScheduleConfig | undefined, base: ScheduleConfig): ScheduleConfig {
  if (typeof sampler !== "string") return sampler ?? base;
  const settings = configs.get(sampler) ?? refuseUnknown(sampler);
  const { timestep_spacing: spacing } = settings;
  const replaced = base.rescale_betas_zero_snr && spacing && !namedSpacings.includes(spacing);
  const zero = replaced ? { timestep_spacing: "trailing" } : {};
  return { ...trainedNoise(base), steps_offset: base.steps_offset ?? 1, ...settings, ...zero };
}
