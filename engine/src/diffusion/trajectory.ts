import type { StepStrength } from "../controlnet/strength.ts";
import { contentKey } from "../core/content-key.ts";
import type { DenoiseRequest, PreparedControl } from "./denoise.ts";
import { halvesNeeded } from "./hoisted-run.ts";
import type { Kept } from "./kept.ts";
import type { Schedule, StepMemory } from "./schedule.ts";

// The way of a latent through its steps, kept so that a generation that begins alike goes on from where it parts. Each
// step has a key of all that it depends on and the key of the step before, so that equal keys are equal latents.

/** What there is after a step. */
export interface Passed {
  readonly latents: Float32Array;
  readonly memory: StepMemory;
}

/** The key of each step of a generation: equal keys, equal latents after it. */
export function stepKeys(request: DenoiseRequest): readonly string[] {
  const { schedule, prediction, shape, conditional, unconditional, guidance, rescale, start, extra, repaint } = request;
  const { className, timesteps, initialNoiseScale, limit } = schedule;
  let key = contentKey(
    JSON.stringify([
      // All timesteps: their projections are computed in one product, whose rounding may depend on how many there are.
      ["start", start.key, className, timesteps, initialNoiseScale, limit, prediction, shape],
      ["text", conditional.key, unconditional?.key, unconditional ? guidance : 1, unconditional ? rescale : 0],
      ["init", extra?.key, repaint?.key],
    ]),
  );
  const guided = unconditional !== null;
  const controls = request.controls.map((control) => ({ control, halves: halvesNeeded(control, guided) }));
  return schedule.steps.map((at, i) => {
    const acting = controls.flatMap(({ control, halves }) => {
      const strength = control.strengths[i];
      // The halves that its net runs on are those of all steps: rows of other batches may differ in their last bits.
      return strength ? [[orderOf(control, strength), halves.join()]] : [];
    });
    acting.sort(([one = ""], [other = ""]) => (one < other ? -1 : one > other ? 1 : 0));
    key = contentKey(JSON.stringify([key, at, at.next.noise === 0 ? "" : request.noiseKey, acting]));
    return key;
  });
}

/**
 * What a control adds in a step, as a key: controls are added in the order of these, so that the order of a request
 * changes no bit. Those with equal keys add equal numbers.
 */
export const orderOf = ({ name, mapKey, map, mask }: PreparedControl, strength: StepStrength): string =>
  JSON.stringify([name, map.width, map.height, mapKey, mask?.key, strength.conditional, strength.unconditional]);

/** The last step of a generation that is known, and what there was after it. */
export function lastKnown(
  kept: Kept,
  keys: readonly string[],
): { readonly step: number; readonly passed: Passed } | null {
  for (let step = keys.length - 1; step >= 0; step--) {
    const passed = kept.find<Passed>(`step ${keys[step]}`);
    if (passed) return { step, passed };
  }
  return null;
}

/** Keeps what there is after a step, and of its memory what the steps after it look back at. */
export function keepStep(
  kept: Kept,
  key: string | undefined,
  { schedule, step }: { readonly schedule: Schedule; readonly step: number },
  passed: Passed,
): void {
  if (key === undefined) return;
  const { latents } = passed;
  const memory = lookedBackAt(schedule, step, passed.memory);
  const { converted, sample, noise } = memory;
  const shared = [latents, ...converted, ...(sample ? [sample] : []), ...(noise ? [noise] : [])];
  kept.put(`step ${key}`, { value: { latents, memory }, bytes: 0, shared });
}

/** What of the memory after a step a later one reads. */
function lookedBackAt({ steps }: Schedule, step: number, { converted, sample, noise }: StepMemory): StepMemory {
  const next = steps[step + 1];
  const depth = steps
    .slice(step + 1)
    .reduce((most, { next, corrected }) => Math.max(most, next.previous.length, corrected?.previous.length ?? 0), 0);
  return {
    converted: converted.slice(0, depth),
    sample: next?.corrected ? sample : null,
    noise: next?.next.noiseBefore ? noise : null,
  };
}
