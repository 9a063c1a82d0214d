import { builtInConditions } from "./conditions/built-in.ts";
import type { Pixels } from "./core/pixels.ts";
import type { ConditionMap, ControlFidelity } from "./request.ts";

// Proof that a control did something: its condition is seen again in the result and compared with the map that steered.

/** A control as it is measured. */
export interface MeasuredControl {
  readonly map: ConditionMap;
  /** The map at the result's size, opaque. */
  readonly fitted: Pixels;
  /** Whether it acted in any step. */
  readonly acts: boolean;
  /** Where it acted: white; everywhere without it. */
  readonly mask?: Pixels;
}

/** How well a picture follows each control's map; null for what did not act or cannot be seen in a picture. */
export async function measureControls(
  controls: readonly MeasuredControl[],
  picture: Pixels,
  options: { readonly signal?: AbortSignal },
): Promise<readonly (ControlFidelity | null)[]> {
  const found: (ControlFidelity | null)[] = [];
  for (const control of controls) found.push(control.acts ? await measure(control, picture, options) : null);
  return found;
}

async function measure(
  { map, fitted }: MeasuredControl,
  picture: Pixels,
  options: { readonly signal?: AbortSignal },
): Promise<ControlFidelity | null> {
  const kind = builtInConditions.find(({ id }) => id === map.condition);
  if (kind?.reads !== "picture" || Object.keys(kind.models).length > 0) return null;
  const condition = kind.choose(map.options ?? {});
  const seen = await condition.extract(picture, {
    ...options,
    run: () => Promise.reject(new RangeError(`"${kind.id}" runs a model.`)),
  });
  const fidelity = await condition.compare(fitted, seen);
  const best = fidelity.better === "higher" ? 1 : 0;
  const room = best - fidelity.chance;
  const gain = room === 0 ? 0 : (fidelity.value - fidelity.chance) / room;
  return { ...fidelity, condition: kind.id, gain };
}
