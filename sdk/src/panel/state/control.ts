import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type CallOptions, type Condition, type ConditionMap, checkSource, inverse } from "@underdraw/engine";
import type { Pixels } from "@underdraw/engine/core";
import type { DocumentCapture, DrawControl, Session } from "../../session/session.ts";
import type { Offer } from "./offers.ts";
import { type OptionField, optionForm } from "./option-form.ts";
import { type Strength, strengthAt, usualStop } from "./strength.ts";

/** What of a control the panel has no handles for: it is kept as a recipe says it, as long as its map is. */
export type Steering = Omit<DrawControl, "map" | "from" | "net" | "weight" | "range">;

/** What came with a recipe. */
export interface Kept {
  readonly map: ConditionMap;
  readonly steering: Steering;
}

/** One control in the list: what it follows, how strongly, and the map that it sees now. */
export interface Control {
  /** Different for each control that was ever added. */
  readonly key: number;
  /** What kind of control it is. */
  readonly offer: Signal<Offer>;
  readonly form: ReadonlySignal<readonly OptionField[]>;
  readonly on: Signal<boolean>;
  readonly open: Signal<boolean>;
  readonly strength: Signal<Strength>;
  /** The options that were chosen by hand; for the others their defaults hold. */
  readonly chosen: Signal<Readonly<Record<string, unknown>>>;
  /** The options that the panel chose for what is drawn after. */
  readonly fitted: Signal<Readonly<Record<string, unknown>>>;
  readonly inverted: Signal<boolean>;
  /** What came with a recipe: its map stands in place of what would be drawn. */
  readonly kept: Signal<Kept | null>;
  /** The live map; null until it is drawn. */
  readonly map: Signal<ConditionMap | null>;
}

let lastKey = 0;

/** Makes a control of a kind, on and at the usual strength. */
export function createControl(first: Offer): Control {
  const offer = signal(first);
  return {
    key: ++lastKey,
    offer,
    form: computed(() => optionForm(offer.value.kind.options)),
    on: signal(true),
    open: signal(false),
    strength: signal(strengthAt(usualStop)),
    chosen: signal({}),
    fitted: signal({}),
    inverted: signal(false),
    kept: signal(null),
    map: signal(null),
  };
}

/**
 * Makes a control one of another kind. How strongly it steers stays, and the map until there is a new one; what was
 * chosen for the kind before goes.
 */
export function changeKind(control: Control, offer: Offer): void {
  batch(() => {
    control.offer.value = offer;
    reset(control);
    control.fitted.value = {};
    control.kept.value = null;
  });
}

/** Takes back what was chosen of a control's kind. */
export function reset({ chosen, inverted }: Control): void {
  batch(() => {
    chosen.value = {};
    inverted.value = false;
  });
}

/** True when something of a control's kind was chosen by hand. */
export const isChanged = ({ chosen, inverted }: Control): boolean =>
  inverted.value || Object.keys(chosen.value).length > 0;

/** The options that hold: by hand, else fitted to what is drawn after. */
export const optionsOf = ({ fitted, chosen }: Control): Readonly<Record<string, unknown>> => ({
  ...fitted.value,
  ...chosen.value,
});

/** The condition with the options that hold. Throws `request-invalid` for options that the condition refuses. */
const conditionOf = (control: Control): Condition => control.offer.value.kind.choose(optionsOf(control));

/** The name of the option that says which ground lies under transparent pixels, where a condition has one. */
const groundField = ({ form }: Control): OptionField | undefined =>
  form.value.find(
    ({ name, input }) =>
      name === "matte" &&
      input.type === "choice" &&
      ["black", "white"].every((ground) => input.values.includes(ground)),
  );

/** True when the drawing cannot be seen on the ground that the options lay under it. */
export function vanishes(control: Control, pixels: Pixels): boolean {
  const field = groundField(control);
  const ground = field && (optionsOf(control)[field.name] ?? field.preset);
  return (ground === "black" || ground === "white") && checkSource(pixels, ground).length > 0;
}

/** True where a person chose the ground, so that it may be one on which nothing is seen. */
export function choseGround(control: Control): boolean {
  const field = groundField(control);
  return field !== undefined && field.name in control.chosen.value;
}

/** The other ground. */
export function otherGround(control: Control): Readonly<Record<string, unknown>> {
  const field = groundField(control);
  if (!field) return {};
  return { [field.name]: (optionsOf(control)[field.name] ?? field.preset) === "black" ? "white" : "black" };
}

/** Takes the ground on which a drawing can be seen, where nobody chose one by hand. */
export function fitGround(control: Control, pixels: Pixels): void {
  const field = groundField(control);
  if (!field || field.name in control.chosen.peek()) return;
  control.fitted.value = {};
  if (vanishes(control, pixels)) control.fitted.value = otherGround(control);
}

/** The map of a control: the one that came with a recipe, else drawn of a capture. Rejects as `Session.extract` does. */
export async function drawMap(
  session: Pick<Session, "extract">,
  control: Control,
  capture: DocumentCapture,
  options: CallOptions,
): Promise<ConditionMap> {
  const inverted = control.inverted.value;
  const map = control.kept.value?.map ?? (await session.extract(conditionOf(control), capture, options));
  return inverted ? { ...map, pixels: inverse(map.pixels) } : map;
}

/** A control's part in a request, its map yet to be drawn where that can be left to the session. */
export async function requestOf(
  session: Pick<Session, "extract">,
  control: Control,
  capture: DocumentCapture,
  options: CallOptions,
): Promise<DrawControl> {
  const { weight, range } = control.strength.value;
  const { net } = control.offer.value;
  const steering = { ...control.kept.value?.steering, weight, range, ...(net === undefined ? {} : { net }) };
  if (!control.kept.value && !control.inverted.value) return { from: conditionOf(control), ...steering };
  return { map: await drawMap(session, control, capture, options), ...steering };
}
