// A schedule is a sampler as plain data: for each step the timestep that the net is told, the factor of its input, and
// the linear coefficients that lead from one latent to the next, computed in float64 by scheduler.ts from a diffusers
// scheduler config. Here are its types and the two functions that apply it to numbers. Every diffusers class that the
// engine knows fits this one form, in that class's own scale. Nothing here runs a net, draws a number or keeps state.

/** A scheduler config in diffusers' terms (scheduler_config.json). What is left out takes the default of its class. */
export interface ScheduleConfig {
  readonly _class_name?: string | null | undefined;
  readonly num_train_timesteps?: number | null | undefined;
  readonly beta_start?: number | null | undefined;
  readonly beta_end?: number | null | undefined;
  readonly beta_schedule?: string | null | undefined;
  readonly trained_betas?: readonly number[] | null | undefined;
  readonly prediction_type?: string | null | undefined;
  readonly rescale_betas_zero_snr?: boolean | null | undefined;
  readonly timestep_spacing?: string | null | undefined;
  readonly timestep_type?: string | null | undefined;
  readonly steps_offset?: number | null | undefined;
  readonly set_alpha_to_one?: boolean | null | undefined;
  readonly clip_sample?: boolean | null | undefined;
  readonly clip_sample_range?: number | null | undefined;
  readonly thresholding?: boolean | null | undefined;
  readonly dynamic_thresholding_ratio?: number | null | undefined;
  readonly sample_max_value?: number | null | undefined;
  readonly final_sigmas_type?: string | null | undefined;
  readonly interpolation_type?: string | null | undefined;
  readonly use_karras_sigmas?: boolean | null | undefined;
  readonly use_exponential_sigmas?: boolean | null | undefined;
  readonly use_beta_sigmas?: boolean | null | undefined;
  readonly use_lu_lambdas?: boolean | null | undefined;
  readonly use_flow_sigmas?: boolean | null | undefined;
  readonly sigma_min?: number | null | undefined;
  readonly sigma_max?: number | null | undefined;
  readonly variance_type?: string | null | undefined;
  readonly algorithm_type?: string | null | undefined;
  readonly solver_type?: string | null | undefined;
  readonly solver_order?: number | null | undefined;
  readonly lower_order_final?: boolean | null | undefined;
  readonly euler_at_final?: boolean | null | undefined;
  readonly lambda_min_clipped?: number | null | undefined;
  readonly predict_x0?: boolean | null | undefined;
  readonly disable_corrector?: readonly number[] | null | undefined;
  readonly solver_p?: unknown;
  readonly skip_prk_steps?: boolean | null | undefined;
  readonly original_inference_steps?: number | null | undefined;
  readonly timestep_scaling?: number | null | undefined;
  /** Not in diffusers' files but an argument of its steps: how much noise DDIM (0 by default) and TCD (0.3) draw, 0 to 1. */
  readonly eta?: number | null | undefined;
}

/** One step of a schedule. `x` is the latent before it, `out` what the net (and guidance) made of it. */
export interface ScheduleStep {
  /** What the net is told; a fraction for some grids, within 0 and the last training timestep. */
  readonly timestep: number;
  /** The net's input is `x` times this. */
  readonly inputScale: number;
  /** What later steps look back at: `sample * x + output * out`, then limited. */
  readonly converted: { readonly sample: number; readonly output: number };
  /** Whether later steps see this step's converted output; those that PNDM begins with are not all seen. */
  readonly remembered: boolean;
  /** If present, `x` is replaced by `last * (x of the step before) + now * converted + previous * (earlier ones)`. */
  readonly corrected: { readonly last: number; readonly now: number; readonly previous: readonly number[] } | null;
  /**
   * The next latent: `sample * x + output * out + converted * converted + previous * (earlier ones) + noise * normal +
   * noiseBefore * (normal of the step before)`. `previous[0]` belongs to the step before this one.
   */
  readonly next: {
    readonly sample: number;
    readonly output: number;
    readonly converted: number;
    readonly previous: readonly number[];
    readonly noise: number;
    /** For samplers whose steps overlap on one random path; 0 without it. */
    readonly noiseBefore?: number;
  };
  /** A clean latent at this step's noise level: `clean * latent + noise * normal`. */
  readonly noised: { readonly clean: number; readonly noise: number };
}

/** What bounds a predicted clean latent: nothing, fixed bounds, or a quantile of each picture's own values. */
export type Limit =
  | { readonly kind: "none" }
  | { readonly kind: "clip"; readonly range: number }
  | { readonly kind: "dynamic"; readonly ratio: number; readonly most: number };

/** A sampler for one number of steps. */
export interface Schedule {
  /** The diffusers class that it follows. */
  readonly className: string;
  /**
   * As given to the nets, one a step. PNDM has one more than was asked for, or nine with its Runge-Kutta start; classes of
   * second order have two a step but the last.
   */
  readonly timesteps: readonly number[];
  /** The class's whole table of noise levels; null for classes without one. */
  readonly sigmas: readonly number[] | null;
  /** Normal numbers times this are the first latent of a picture from nothing. */
  readonly initialNoiseScale: number;
  readonly limit: Limit;
  readonly steps: readonly ScheduleStep[];
}

/** What a step hands to the next one. */
export interface StepMemory {
  /** Converted outputs, newest first. */
  readonly converted: readonly Float32Array[];
  /** The latent that the step before began with, after its correction. */
  readonly sample: Float32Array | null;
  /** The normals that the step before drew. */
  readonly noise: Float32Array | null;
}

/** How many outputs a step may look back at: PNDM does at nine, where its Runge-Kutta start ends. */
const MOST_REMEMBERED = 9;

/** The memory before the first step. */
export const noMemory: StepMemory = { converted: [], sample: null, noise: null };

/** The numbers of one step: arrays of equal length, `images` pictures one after the other. */
export interface StepInput {
  readonly latents: Float32Array;
  readonly output: Float32Array;
  /** Standard normals; needed where the step's `next.noise` is not 0. */
  readonly noise?: Float32Array;
  /** Pictures in the arrays, 1 by default. Only dynamic thresholding tells them apart. */
  readonly images?: number;
  readonly memory: StepMemory;
}

// PyTorch's default quantile: straight lines between the sorted values.
function quantile(values: Float32Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - low);
}

function applyLimit(values: Float32Array, limit: Limit, images: number): void {
  if (limit.kind === "none") return;
  const size = values.length / images;
  for (let image = 0; image < images; image++) {
    const part = values.subarray(image * size, (image + 1) * size);
    const bound =
      limit.kind === "clip"
        ? limit.range
        : Math.min(Math.max(quantile(part.map(Math.abs), limit.ratio), 1), limit.most);
    const divisor = limit.kind === "clip" ? 1 : bound;
    for (const [i, value] of part.entries()) part[i] = Math.min(Math.max(value, -bound), bound) / divisor;
  }
}

type Term = readonly [factor: number, values: Float32Array | null | undefined];

function sum(length: number, terms: readonly Term[], what: string): Float32Array {
  const used: [number, Float32Array][] = [];
  for (const [factor, values] of terms) {
    if (factor === 0) continue;
    if (values?.length !== length)
      throw new TypeError(`A step needs ${length} numbers of ${what}, not ${values?.length ?? "none"}.`);
    used.push([factor, values]);
  }
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (const [factor, values] of used) total += factor * (values[i] as number);
    result[i] = total;
  }
  return result;
}

/** Applies step `index` of a schedule: the next latent and what the step after needs. Changes nothing it was given. */
export function step(
  schedule: Schedule,
  index: number,
  { latents, output, noise, images = 1, memory }: StepInput,
): { latents: Float32Array; memory: StepMemory } {
  const at = schedule.steps[index];
  if (!at) throw new RangeError(`Step ${index} is not one of the schedule's ${schedule.steps.length} steps.`);
  const { length } = latents;
  const before = (factors: readonly number[]): Term[] => factors.map((factor, i) => [factor, memory.converted[i]]);
  const converted = sum(
    length,
    [
      [at.converted.sample, latents],
      [at.converted.output, output],
    ],
    "output",
  );
  applyLimit(converted, schedule.limit, images);
  const { corrected, next } = at;
  const sample = corrected
    ? sum(
        length,
        [[corrected.last, memory.sample], [corrected.now, converted], ...before(corrected.previous)],
        "memory",
      )
    : latents;
  const following = sum(
    length,
    [
      [next.sample, sample],
      [next.output, output],
      [next.converted, converted],
      ...before(next.previous),
      [next.noise, noise],
      [next.noiseBefore ?? 0, memory.noise],
    ],
    next.noise === 0 ? "output or memory" : "output, memory or noise",
  );
  const kept = at.remembered ? [converted, ...memory.converted].slice(0, MOST_REMEMBERED) : memory.converted;
  return { latents: following, memory: { converted: kept, sample, noise: noise ?? null } };
}

/** A clean latent with normal numbers added as step `index` of the schedule expects it. */
export function noised(schedule: Schedule, clean: Float32Array, noise: Float32Array, index: number): Float32Array {
  const at = schedule.steps[index];
  if (!at) throw new RangeError(`Step ${index} is not one of the schedule's ${schedule.steps.length} steps.`);
  return sum(
    clean.length,
    [
      [at.noised.clean, clean],
      [at.noised.noise, noise],
    ],
    "noise",
  );
}
