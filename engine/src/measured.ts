import type { CallOptions } from "./call.ts";
import { builtInConditions } from "./conditions/built-in.ts";
import type { Condition, ConditionKind } from "./conditions/condition.ts";
import { compareMaps, type Fidelity, type Measure } from "./conditions/fidelity.ts";
import type { MapKind } from "./conditions/map-check.ts";
import { createPixels, type Pixels } from "./core/pixels.ts";
import type { Tensors } from "./extract.ts";
import type { ConditionMap, ControlFidelity } from "./request.ts";
import { grayPixels, mean, otsu, threshold } from "./vision/plane.ts";
import { thinned } from "./vision/thin.ts";

// Proof that a control did something: its condition is seen again in the result and compared with the map that steered.
// A map that no picture shows as it is (a person's own strokes, a document's outlines) is held against what the same
// structure looks like in pictures. A number comes with the one that chance gives, so that it means something.

/** A control as it is measured. */
export interface MeasuredControl {
  readonly map: ConditionMap;
  /** The map at the result's size, opaque. */
  readonly fitted: Pixels;
  /** What kind of map its net reads; null where nothing tells. */
  readonly kind: MapKind | null;
  /** Whether it acted in any step. */
  readonly acts: boolean;
  /** Where it acted, of the result's size: white; everywhere without it. */
  readonly mask?: Pixels;
}

/** What seeing takes. */
export interface SeeingOptions extends Pick<CallOptions, "signal"> {
  /** Runs a net that sees. */
  readonly run: (model: string, inputs: Tensors) => Promise<Tensors>;
  /** The names of those whose files are there. */
  readonly models: readonly string[];
}

/** How well a picture follows each control's map; null for what did not act or cannot be seen in a picture. */
export async function measureControls(
  controls: readonly MeasuredControl[],
  picture: Pixels,
  options: SeeingOptions,
): Promise<readonly (ControlFidelity | null)[]> {
  const found: (ControlFidelity | null)[] = [];
  for (const control of controls) {
    options.signal?.throwIfAborted();
    const view = control.acts ? viewOf(control, picture, options.models) : null;
    found.push(view ? await measure(control, picture, view, options) : null);
  }
  return found;
}

/** How a control's structure is seen in a picture. */
interface View {
  readonly condition: Condition;
  /** The map as it is compared; as it is without it. */
  readonly wanted?: Pixels;
  /** The measure, where it is not the condition's own. */
  readonly by?: Measure;
}

/** Conditions that read pictures of a special sort, which no result is: ink on paper, a hole to fill, pieces at random. */
const notOfResults: ReadonlySet<string> = new Set(["scribble", "invert", "inpaint", "mask", "shuffle"]);

function viewOf({ map, fitted, kind }: MeasuredControl, picture: Pixels, models: readonly string[]): View | null {
  const own = builtInConditions.find(({ id }) => id === map.condition);
  if (own && isSeen(own, models)) {
    const condition = chosen(own, map.options);
    if (condition) return { condition };
  }
  const plain = (id: string): Condition => (builtInConditions.find((one) => one.id === id) as ConditionKind).choose();
  switch (map.condition === "mask" || map.condition === "mask-layers" ? "mask" : kind) {
    case "mask":
      return { condition: plain("silhouette"), by: "area-iou" };
    case "lines":
    case "scribble":
      return { condition: plain("canny"), wanted: thinLines(fitted) };
    case "depth":
      return { condition: plain(models.includes("depth-anything") ? "depth-anything" : "depth-silhouette") };
    case "pose":
      return models.includes("movenet") ? { condition: plain("pose-movenet") } : null;
    case "colour": {
      // Where which colour is, and not what was drawn with it.
      const sigma = Math.max(1, Math.min(picture.width, picture.height) / 32);
      const blur = (builtInConditions.find(({ id }) => id === "blur") as ConditionKind).choose({ sigma });
      return { condition: blur, by: "colour-distance" };
    }
    default:
      return null;
  }
}

/** Whether a condition can be seen in a result, with the nets that are there. */
const isSeen = (kind: ConditionKind, models: readonly string[]): boolean =>
  kind.reads === "picture" &&
  !notOfResults.has(kind.id) &&
  Object.keys(kind.models).every((model) => models.includes(model));

/** The condition with a map's options; null for options that are not its own, as those of a map from elsewhere. */
function chosen(kind: ConditionKind, options: ConditionMap["options"]): Condition | null {
  try {
    return kind.choose(options ?? {});
  } catch {
    return null;
  }
}

/** Broad strokes as their middle lines: what is met is where a line runs, not how broad it is. */
function thinLines(map: Pixels): Pixels {
  const gray = mean(map);
  return grayPixels(thinned(threshold(gray, Math.max(otsu(gray), 31)), true));
}

async function measure(
  { fitted, mask }: MeasuredControl,
  picture: Pixels,
  { condition, wanted = fitted, by }: View,
  { signal, run }: SeeingOptions,
): Promise<ControlFidelity> {
  const seen = await condition.extract(picture, { ...(signal ? { signal } : {}), run });
  const ground = condition.convention.background;
  const [one, other] = mask ? [within(wanted, mask, ground), within(seen, mask, ground)] : [wanted, seen];
  const fidelity = by ? compareMaps(one, other, by) : await condition.compare(one, other);
  return { ...fidelity, condition: condition.id, gain: gainOf(fidelity) };
}

/** The share of the way from chance to full agreement. */
function gainOf({ value, chance, better }: Fidelity): number {
  const best = better === "higher" ? 1 : 0;
  const room = best - chance;
  // Where chance is full agreement already, nothing can be shown.
  return Math.abs(room) < 1e-9 ? 0 : (value - chance) / room;
}

/** A map with its ground wherever a control did not act. */
function within(map: Pixels, mask: Pixels, [red, green, blue]: readonly [number, number, number]): Pixels {
  const { width, height } = map;
  const pixels = createPixels(width, height);
  for (let at = 0; at < map.data.length; at += 4) {
    if ((mask.data[at] as number) >= 128) pixels.data.set(map.data.subarray(at, at + 4), at);
    else pixels.data.set([red, green, blue, 255], at);
  }
  return pixels;
}
