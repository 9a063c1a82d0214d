import { contentKey } from "../core/content-key.ts";
import type { DenoiseRequest, PreparedControl } from "./denoise.ts";
import type { Kept } from "./kept.ts";
import type { StepMemory } from "./schedule.ts";

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
  let key = contentKey(
    JSON.stringify([
      ["start", start.key, schedule.initialNoiseScale, schedule.limit, prediction, shape],
      ["text", conditional.key, unconditional?.key, unconditional ? guidance : 1, unconditional ? rescale : 0],
      ["init", extra?.key, repaint?.key],
    ]),
  );
  return schedule.steps.map((at, i) => {
    const acting = request.controls.flatMap((control) =>
      control.strengths[i] ? [[orderOf(control), control.strengths[i]]] : [],
    );
    acting.sort(([one = ""], [other = ""]) => (one < other ? -1 : one > other ? 1 : 0));
    key = contentKey(JSON.stringify([key, at, at.next.noise === 0 ? "" : request.noiseKey, acting]));
    return key;
  });
}

/** What a control is, its strengths aside: controls are added in the order of these. */
export const orderOf = ({ name, mapKey, map, mask }: PreparedControl): string =>
  `${name} ${map.width}x${map.height} ${mapKey} ${mask?.key ?? ""}`;

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

/** Keeps what there is after a step. Earlier outputs in its memory are shared with the step before, and counted once. */
export function keepStep(kept: Kept, key: string | undefined, passed: Passed): void {
  const { latents, memory } = passed;
  const bytes = latents.byteLength * (1 + (memory.converted.length > 0 ? 1 : 0));
  if (key !== undefined) kept.put(`step ${key}`, { value: passed, bytes });
}
