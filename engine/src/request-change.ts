import type { Control, GenerateRequest, RequestChange } from "./request.ts";
import { inverse } from "./vision/matte.ts";

/** What a change may set. */
const settings = {
  request: ["width", "height", "steps", "guidance"],
  control: ["weight", "range", "layers", "curve", "halves", "net", "resize"],
} as const;

/**
 * The request with a change made, as a warning of a result asks for one; the request itself stays as it is. Numbers of
 * controls are those of this request: after one was removed, warnings of before name others. Throws a `RangeError` for
 * the number of a control that is not there, a `TypeError` for what is no change. Whether the values can be drawn is
 * checked where they are drawn.
 */
export function changeRequest(request: GenerateRequest, change: RequestChange): GenerateRequest {
  if (typeof change !== "object" || change === null) throw notKnown(change);
  if (!("control" in change)) {
    if (!("set" in change)) throw notKnown(change);
    return { ...request, ...known(change.set, settings.request) };
  }
  const { control: at } = change;
  const control = Number.isInteger(at) ? request.controls[at] : undefined;
  if (!control)
    throw new RangeError(
      `change.control: there is no control ${String(at)}; the request has ${request.controls.length}, counted from 0.`,
    );
  return { ...request, controls: request.controls.flatMap((one, n) => (n === at ? changed(control, change) : [one])) };
}

function changed(control: Control, change: Extract<RequestChange, { readonly control: number }>): readonly Control[] {
  if ("set" in change) return [{ ...control, ...known(change.set, settings.control) }];
  if ("remove" in change && change.remove === true) return [];
  if ("invert" in change && change.invert === true)
    return [{ ...control, map: { ...control.map, pixels: inverse(control.map.pixels) } }];
  throw notKnown(change);
}

function known<Settings extends object>(set: Settings, names: readonly string[]): Settings {
  if (typeof set !== "object" || set === null) throw notKnown(set);
  const other = Object.keys(set).find((name) => !names.includes(name));
  if (other !== undefined)
    throw new TypeError(`change.set.${other}: cannot be set by a change. It may set ${names.join(", ")}.`);
  return set;
}

const notKnown = (change: unknown): TypeError =>
  new TypeError(
    `change: ${JSON.stringify(change) ?? String(change)} is no change of a request. Give { set }, or { control } with set, invert or remove.`,
  );
