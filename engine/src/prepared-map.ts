import { builtInConditions } from "./conditions/built-in.ts";
import { checkMap, type MapKind, type MapWarning } from "./conditions/map-check.ts";
import { detectMapKind, type SeenKind } from "./conditions/map-kind.ts";
import { kindNamed } from "./conditions/named-kind.ts";
import { createPixels, type Pixels } from "./core/pixels.ts";
import type { DrawnSize } from "./drawn-size.ts";
import type { ConditionMap, Control, Warning } from "./request.ts";
import { MOST_PIXELS } from "./request-check.ts";
import { flattened } from "./vision/matte.ts";
import { fitMap } from "./vision/resize.ts";

/**
 * Brings a control's map to the size that is drawn: transparency laid on the map's background, proportions kept, what is
 * drawn beyond the picture filled with background. Says what it did, and what the net `net` will hardly make of it;
 * `nets` are the names of all nets that are loaded, of which another may read it.
 */
export function prepareMap(
  { map, resize }: Control,
  net: string,
  { asked, drawn }: DrawnSize,
  index: number,
  nets: readonly string[] = [net],
): { pixels: Pixels; fitted: Pixels; kind: MapKind | null; warnings: Warning[] } {
  const background = map.background ?? [0, 0, 0];
  const flat = flattened(map.pixels, background);
  const kind = kindOf(net, map);
  const warnings = kind ? looked(map, kind, net, nets, index) : [];
  const fitted = fitMap(flat, asked.width, asked.height, { how: resize ?? map.resize ?? "content" });
  if (flat.width !== asked.width || flat.height !== asked.height) warnings.push(resized(flat, asked));
  if (drawn.width === asked.width && drawn.height === asked.height) return { pixels: fitted, fitted, kind, warnings };
  const pixels = createPixels(drawn.width, drawn.height);
  for (let i = 0; i < pixels.data.length; i += 4) pixels.data.set([...background, 255], i);
  for (let y = 0; y < asked.height; y++)
    pixels.data.set(fitted.data.subarray(4 * y * asked.width, 4 * (y + 1) * asked.width), 4 * y * drawn.width);
  return { pixels, fitted, kind, warnings };
}

/** No press of a button asks for more than this many pixels, or than four times those that were asked for. */
const mostPixels = 1024 * 1024;

function resized({ width, height }: Pixels, asked: DrawnSize["asked"]): Warning {
  const same = width * asked.height === height * asked.width;
  const isFair = width * height <= Math.max(mostPixels, 4 * asked.width * asked.height);
  const fits = isFair && width <= MOST_PIXELS && height <= MOST_PIXELS;
  return {
    code: "map-resized",
    message: `The map of ${width}x${height} was resized to the picture's ${asked.width}x${asked.height}${same ? "" : ", its middle cut out to keep its proportions"}.`,
    remedy: `Ask for a picture of ${width}x${height}, or give a map of ${asked.width}x${asked.height}.`,
    ...(fits && { change: { set: { width, height } } }),
  };
}

/** What is to be said of a map that a net reads as one of a kind. */
function looked(map: ConditionMap, kind: MapKind, net: string, nets: readonly string[], control: number): Warning[] {
  const found = checkMap(map.pixels, kind);
  const made = isBuiltIn(map) ? kindNamed(map.condition) : null;
  if (found.length === 0 && made && !reads(kind, made) && !looksLike(map, kind)) {
    // It may pass for what the net reads, as soft lines do for depth, and is known to be something else.
    const other = netFor(map, [made], nets);
    return [
      {
        code: "map-other-kind",
        message: `The map was made as "${map.condition}", which shows ${shown[made]}, and the net "${net}" expects ${shown[kind]}.`,
        remedy: `Choose a net for ${shown[made]}, or another map.`,
        ...(other !== null && { change: { control, set: { net: other } } }),
      },
    ];
  }
  return found.map((warning) => withChange(warning, map, nets, control));
}

/** From this confidence on, what a map looks like counts more than what it is called. */
const sure = 0.6;

function looksLike(map: ConditionMap, kind: MapKind): boolean {
  const look = detectMapKind(map.pixels);
  return look.confidence >= sure && readers[look.kind].includes(kind);
}

/** What a click can do about a warning of a map. */
function withChange(warning: MapWarning, map: ConditionMap, nets: readonly string[], control: number): Warning {
  switch (warning.code) {
    case "map-inverted":
    case "map-dark-on-transparent":
    case "map-flipped":
      return { ...warning, change: { control, invert: true } };
    case "map-empty":
      return { ...warning, change: { control, remove: true } };
    case "map-other-kind": {
      const net = netFor(map, readers[detectMapKind(map.pixels).kind], nets);
      return net === null ? warning : { ...warning, change: { control, set: { net } } };
    }
    default:
      return warning;
  }
}

/** A loaded net that reads maps of one of some kinds, and this one without a word. The map's own nets come first. */
function netFor(map: ConditionMap, kinds: readonly MapKind[], nets: readonly string[]): string | null {
  const own = [map.condition, ...(map.nets ?? [])].filter((name) => nets.includes(name));
  const fits = (name: string): boolean => {
    const kind = kindNamed(name);
    return kind !== null && kinds.includes(kind) && checkMap(map.pixels, kind).length === 0;
  };
  return [...own, ...nets].find(fits) ?? null;
}

/** The kinds that a map is read as which looks like one, the best first. */
const readers: Readonly<Record<SeenKind, readonly MapKind[]>> = {
  lines: ["lines", "scribble"],
  "soft-lines": ["lines", "scribble"],
  areas: ["segmentation", "scribble"],
  depth: ["depth"],
  normal: ["normal"],
  pose: ["pose"],
  segmentation: ["segmentation", "colour"],
  "colour-grid": ["colour", "segmentation"],
  // A photograph is the picture itself: what to see in it is for a person to say.
  photograph: [],
  empty: [],
};

/** What maps of a kind show. */
const shown: Readonly<Record<MapKind, string>> = {
  lines: "lines",
  scribble: "strokes",
  depth: "depth",
  normal: "directions",
  pose: "figures",
  segmentation: "classes as colours",
  colour: "colours",
};

/** Whether a net for one kind of maps takes what was made as another. */
function reads(wanted: MapKind, made: MapKind): boolean {
  const both = (one: MapKind, other: MapKind) => [one, other].every((kind) => kind === wanted || kind === made);
  return wanted === made || wanted === "colour" || both("lines", "scribble") || both("segmentation", "colour");
}

const isBuiltIn = ({ condition }: ConditionMap): boolean => builtInConditions.some(({ id }) => id === condition);

/** What a net expects of its map, by what its own name says, or the map's condition where the name says nothing. */
function kindOf(net: string, map: ConditionMap): MapKind | null {
  return kindNamed(net) ?? kindNamed(map.condition);
}
