import { type CallOptions, share } from "./call.ts";
import { UnderdrawError } from "./core/errors.ts";
import { parseSeed, randomSeed } from "./diffusion/random.ts";
import type { Pipeline } from "./engine.ts";
import type { ControlFidelity, GenerateRequest, GenerateResult } from "./request.ts";

// Several pictures of one request, and which of them follows its maps best: what people do by eye, with a measure.

/** How many are drawn. */
export interface BestOfOptions extends CallOptions {
  /** Pictures, 1 to 64; 4 without it. */
  readonly count?: number;
}

/** Draws a request from several seeds, one after the other from its own, and gives the results, the most faithful first. */
export async function bestOf(
  pipeline: Pick<Pipeline, "generate">,
  request: GenerateRequest,
  { count = 4, ...options }: BestOfOptions = {},
): Promise<readonly GenerateResult[]> {
  if (!(Number.isInteger(count) && count >= 1 && count <= 64))
    throw new RangeError(`bestOf: count is ${count}; give a whole number from 1 to 64.`);
  const first = request.seed === undefined ? randomSeed() : parseSeed(request.seed);
  const results: GenerateResult[] = [];
  for (let n = 0; n < count; n++) {
    const seed = (first + BigInt(n)) % 2n ** 64n;
    results.push(await pipeline.generate({ ...request, seed }, share(options, n / count, (n + 1) / count)));
    if (n === 0) requireMeasured(results[0] as GenerateResult);
  }
  // A stable sort: of equals, the earlier seed.
  return results.sort((one, other) => meanGain(other.fidelity) - meanGain(one.fidelity));
}

/** The mean gain over the controls that were measured; minus infinity where none was. */
export function meanGain(fidelity: readonly (ControlFidelity | null)[]): number {
  const gains = fidelity.flatMap((one) => (one ? [one.gain] : []));
  return gains.length > 0 ? gains.reduce((sum, gain) => sum + gain, 0) / gains.length : Number.NEGATIVE_INFINITY;
}

/** Raises `request-invalid` for a result that says nothing of how well it follows its maps. */
export function requireMeasured(result: GenerateResult, control?: number): void {
  const measured = control === undefined ? result.fidelity.some(Boolean) : result.fidelity[control];
  if (measured) return;
  const path = control === undefined ? "controls" : `controls.${control}`;
  const message = `Nothing can be measured: ${control === undefined ? "no control acted whose map is seen in pictures" : `control ${control + 1} did not act, or its map is of a kind that is not seen in pictures`}. Give a control of lines, depth, colours or areas that acts.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path, message }] });
}
