import { batch } from "@preact/signals";
import type { RequestChange, Warning } from "@underdraw/engine";
import type { Remedy } from "./cards.ts";
import type { Control } from "./control.ts";
import type { Offer } from "./offers.ts";
import { isUsable } from "./offers.ts";
import type { Settings } from "./settings.ts";

// What a warning of the engine would change of a request, as a button that changes the panel's own settings: the next
// picture is drawn with them. A size is the session's business, so that no button changes one.

/** What of a panel can be changed. */
export interface Changeable {
  /** The controls of the request, in its order; none where it was not made of the panel's own. */
  readonly on: readonly Control[];
  readonly offers: readonly Offer[];
  readonly settings: Pick<Settings, "steps" | "guidance">;
}

/** The buttons for warnings of one code: each does all that it says for every control that is meant. */
export function remediesOf(warnings: readonly Warning[], panel: Changeable): readonly Remedy[] {
  const found = new Map<string, { remedy: Remedy; runs: (() => void)[] }>();
  for (const { change } of warnings) {
    const remedy = change && remedyOf(change, panel);
    if (!remedy) continue;
    const key = JSON.stringify([remedy.word, remedy.values]);
    const known = found.get(key) ?? { remedy, runs: [] };
    known.runs.push(remedy.run);
    found.set(key, known);
  }
  return [...found.values()].map(({ remedy, runs }) => ({
    ...remedy,
    run: () =>
      batch(() => {
        for (const run of runs) run();
      }),
  }));
}

function remedyOf(change: RequestChange, panel: Changeable): Remedy | null {
  if (!("control" in change)) return settingRemedy(change.set, panel);
  const control = panel.on[change.control];
  if (!control) return null;
  if ("invert" in change)
    return {
      word: "invert",
      run: () => {
        control.inverted.value = !control.inverted.peek();
      },
    };
  if ("remove" in change)
    return {
      word: "turn-off",
      run: () => {
        control.on.value = false;
      },
    };
  return steeringRemedy(change.set, control, panel);
}

type Setting = Exclude<RequestChange, { readonly control: number }>["set"];

function settingRemedy({ steps, guidance, ...others }: Setting, { settings }: Changeable): Remedy | null {
  if (Object.keys(others).length > 0) return null;
  if (guidance !== undefined && steps === undefined)
    return {
      word: "use-guidance",
      values: { n: guidance },
      run: () => {
        settings.guidance.value = guidance;
      },
    };
  if (steps !== undefined && guidance === undefined)
    return {
      word: "use-steps",
      values: { n: steps },
      run: () => {
        settings.steps.value = steps;
      },
    };
  return null;
}

type SteeringChange = Extract<RequestChange, { readonly control: number; readonly set: object }>["set"];

function steeringRemedy(set: SteeringChange, control: Control, { offers }: Changeable): Remedy | null {
  const { range, net, weight, ...steering } = set;
  const [only, ...others] = Object.keys(set);
  if (only === undefined || others.length > 0 || weight !== undefined) return null;
  if (range)
    return {
      word: "widen-steps",
      run: () => {
        control.strength.value = { ...control.strength.peek(), range };
      },
    };
  if (net !== undefined) {
    const { kind } = control.offer.peek();
    const offer = offers.find((one) => one.kind.id === kind.id && one.net === net && isUsable(one));
    if (!offer) return null;
    return {
      word: "use-net",
      values: { name: net },
      run: () => {
        control.offer.value = offer;
      },
    };
  }
  // What the panel has no handle for comes from a recipe alone.
  if (!control.kept.peek()) return null;
  return {
    word: "use-fully",
    run: () => {
      const kept = control.kept.peek();
      if (kept) control.kept.value = { ...kept, steering: { ...kept.steering, ...steering } };
    },
  };
}
