import { requireMeasured } from "./best-of.ts";
import { type CallOptions, share } from "./call.ts";
import { parseSeed, randomSeed } from "./diffusion/random.ts";
import type { Pipeline } from "./engine.ts";
import type { ControlFidelity, GenerateRequest, GenerateResult } from "./request.ts";

// The weight that a control needs: raised until the result follows the map as well as was asked for.

/** What is to be reached. */
export interface AutoWeightOptions extends CallOptions {
  /** The control's number among the request's; 0 without it. */
  readonly control?: number;
  /** The gain to reach, from 0 (chance) to 1 (full agreement). */
  readonly target: number;
  /** Tries at most, 1 to 16; 4 without it. */
  readonly most?: number;
}

/** One try. */
export interface WeightTry {
  readonly weight: number;
  readonly fidelity: ControlFidelity;
}

/** What came of it. */
export interface AutoWeight {
  /** The result of the first weight that reached the target; the most faithful one where none did. */
  readonly result: GenerateResult;
  readonly weight: number;
  readonly reached: boolean;
  /** Every try, in order. */
  readonly trail: readonly WeightTry[];
}

/** The largest weight of a control. */
const MOST_WEIGHT = 2;

/**
 * Draws with the control's own weight, and then with more, in equal steps up to 2, until its gain reaches the target. The
 * seed is the same for all. Rejects with `request-invalid` where the control cannot be measured.
 */
export async function autoWeight(
  pipeline: Pick<Pipeline, "generate">,
  request: GenerateRequest,
  { control = 0, target, most = 4, ...options }: AutoWeightOptions,
): Promise<AutoWeight> {
  const own = request.controls[control];
  if (!own) throw new RangeError(`autoWeight: there is no control ${control} among ${request.controls.length}.`);
  if (!(target >= 0 && target <= 1)) throw new RangeError(`autoWeight: target is ${target}; give 0 to 1.`);
  if (!(Number.isInteger(most) && most >= 1 && most <= 16))
    throw new RangeError(`autoWeight: most is ${most}; give a whole number from 1 to 16.`);
  const first = own.weight ?? 1;
  const seed = request.seed === undefined ? randomSeed() : parseSeed(request.seed);
  const tries = first >= MOST_WEIGHT ? 1 : most;
  const trail: WeightTry[] = [];
  let best: { readonly result: GenerateResult; readonly weight: number; readonly gain: number } | null = null;
  for (let n = 0; n < tries; n++) {
    const weight = tries === 1 ? first : first + (n * (MOST_WEIGHT - first)) / (tries - 1);
    const controls = request.controls.map((one, at) => (at === control ? { ...one, weight } : one));
    const result = await pipeline.generate({ ...request, controls, seed }, share(options, n / tries, (n + 1) / tries));
    // A weight of 0 does not act, and is chance by itself.
    if (weight === 0 && tries > 1) continue;
    requireMeasured(result, control);
    const fidelity = result.fidelity[control] as ControlFidelity;
    trail.push({ weight, fidelity });
    if (!best || fidelity.gain > best.gain) best = { result, weight, gain: fidelity.gain };
    if (fidelity.gain >= target) return { result, weight, reached: true, trail };
  }
  if (!best) throw new RangeError("autoWeight: nothing was tried.");
  return { result: best.result, weight: best.weight, reached: false, trail };
}
