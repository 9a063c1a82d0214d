import { checkMap, type MapKind, type MapWarning } from "./conditions/map-check.ts";
import { createPixels, type Pixels } from "./core/pixels.ts";
import type { DrawnSize } from "./drawn-size.ts";
import type { ConditionMap, Control, Warning } from "./request.ts";
import { flattened } from "./vision/matte.ts";
import { fitMap } from "./vision/resize.ts";

/**
 * Brings a control's map to the size that is drawn: transparency laid on the map's background, proportions kept, what is
 * drawn beyond the picture filled with background. Says what it did.
 */
export function prepareMap(
  { map, resize }: Control,
  net: string,
  { asked, drawn }: DrawnSize,
  index: number,
): { pixels: Pixels; fitted: Pixels; kind: MapKind | null; warnings: Warning[] } {
  const background = map.background ?? [0, 0, 0];
  const flat = flattened(map.pixels, background);
  const kind = kindOf(net, map);
  const warnings: Warning[] = kind ? checkMap(map.pixels, kind).map((warning) => withChange(warning, index)) : [];
  const fitted = fitMap(flat, asked.width, asked.height, { how: resize ?? map.resize ?? "content" });
  if (flat.width !== asked.width || flat.height !== asked.height) {
    const same = flat.width * asked.height === flat.height * asked.width;
    warnings.push({
      code: "map-resized",
      message: `The map of ${flat.width}x${flat.height} was resized to the picture's ${asked.width}x${asked.height}${same ? "" : ", its middle cut out to keep its proportions"}.`,
      remedy: `Ask for a picture of ${flat.width}x${flat.height}, or give a map of ${asked.width}x${asked.height}.`,
      change: { set: { width: flat.width, height: flat.height } },
    });
  }
  if (drawn.width === asked.width && drawn.height === asked.height) return { pixels: fitted, fitted, kind, warnings };
  const pixels = createPixels(drawn.width, drawn.height);
  for (let i = 0; i < pixels.data.length; i += 4) pixels.data.set([...background, 255], i);
  for (let y = 0; y < asked.height; y++)
    pixels.data.set(fitted.data.subarray(4 * y * asked.width, 4 * (y + 1) * asked.width), 4 * y * drawn.width);
  return { pixels, fitted, kind, warnings };
}

/** What a click can do about a warning of a map. */
function withChange(warning: MapWarning, control: number): Warning {
  if (warning.code === "map-inverted" || warning.code === "map-flipped")
    return { ...warning, change: { control, invert: true } };
  if (warning.code === "map-empty") return { ...warning, change: { control, remove: true } };
  return warning;
}

/** What a net expects of its map, by what its own name says, or the map's condition where the name says nothing. */
function kindOf(net: string, map: ConditionMap): MapKind | null {
  return kindNamed(net) ?? kindNamed(map.condition);
}

const names: readonly (readonly [RegExp, MapKind])[] = [
  [/pose|skeleton/, "pose"],
  [/normal/, "normal"],
  [/depth/, "depth"],
  [/scribble|sketch/, "scribble"],
  [/line|canny|soft-?edge|hed|mlsd|pidi|teed/, "lines"],
  [/(^|[^a-z])seg(mentation)?([^a-z]|$)|ade20k/, "segmentation"],
  [/colou?r/, "colour"],
];

function kindNamed(name: string): MapKind | null {
  const word = name.toLowerCase();
  return names.find(([pattern]) => pattern.test(word))?.[1] ?? null;
}
