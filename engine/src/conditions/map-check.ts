import type { Pixels } from "../core/pixels.ts";
import { broadShare } from "../vision/breadth.ts";
import { flattened, isOpaque } from "../vision/matte.ts";
import { above } from "../vision/overlap.ts";
import { colourCount } from "../vision/resize.ts";
import { isPlain, tonesOf } from "../vision/tones.ts";
import { broadness, detectMapKind, type SeenKind } from "./map-kind.ts";

/**
 * What a net expects of its map: white lines on black, strokes of limited width, near things white, colours for
 * directions, figures of joints, flat colours of classes, or plain colours.
 */
export type MapKind = "lines" | "scribble" | "depth" | "normal" | "pose" | "segmentation" | "colour";

/** Why a map will hardly steer as its maker meant, and what to do. Nothing is changed without being asked. */
export interface MapWarning {
  /**
   * `map-empty`: there is nothing in it; `map-inverted`: dark lines on a bright ground; `map-dark-on-transparent`: dark
   * strokes that vanish on black; `map-flipped`: far looks near; `map-other-kind`: it is no map of this kind at all;
   * `map-blurred`: flat colours with soft edges; `map-strokes-wide`: strokes broader than nets know them;
   * `map-not-facing`: directions that look away; `source-vanishes`: a picture that its matte swallows.
   */
  readonly code:
    | "map-empty"
    | "map-inverted"
    | "map-dark-on-transparent"
    | "map-flipped"
    | "map-other-kind"
    | "map-blurred"
    | "map-strokes-wide"
    | "map-not-facing"
    | "source-vanishes";
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly remedy: string;
}

/** Below this share of all pixels, something counts as not there. */
const trace = 0.001;

/** From this confidence on a guess is worth a person's time. */
const sure = 0.6;

/** What maps of a kind are called, and what may pass for one: its own kind, and those that its maps are taken for. */
const kinds: Readonly<Record<MapKind, { readonly called: string; readonly pass: readonly SeenKind[] }>> = {
  lines: { called: "white lines on black", pass: ["lines", "soft-lines", "areas", "depth"] },
  scribble: { called: "white strokes on black", pass: ["lines", "soft-lines", "areas"] },
  depth: { called: "gray depth, near things white", pass: ["depth", "areas", "soft-lines", "colour-grid"] },
  normal: { called: "directions as colours", pass: ["normal"] },
  pose: { called: "coloured figures on black", pass: ["pose", "empty"] },
  segmentation: { called: "flat colours of classes", pass: ["segmentation", "areas", "colour-grid", "depth"] },
  colour: {
    called: "colours",
    pass: ["photograph", "segmentation", "colour-grid", "areas", "depth", "normal", "pose", "soft-lines"],
  },
};

/** What a map of another kind is called. */
const seen: Readonly<Record<SeenKind, string>> = {
  lines: "a drawing of lines",
  "soft-lines": "a drawing of soft lines",
  areas: "a mask",
  depth: "a depth map",
  normal: "a normal map",
  pose: "a pose",
  segmentation: "flat areas of colour",
  "colour-grid": "a grid of colours",
  photograph: "a photograph",
  empty: "an empty map",
};

/**
 * Looks whether a map is what its net expects, before a generation is spent on it. Rules of thumb: a sound map gives no
 * warning, and a warning may be wrong, so that it is for a person to decide. Transparent pixels count as the black that
 * they become.
 */
export function checkMap(map: Pixels, kind: MapKind): readonly MapWarning[] {
  const lines = kind === "lines" || kind === "scribble";
  if (lines) {
    const known = checkLines(map);
    if (known.length > 0) return known;
  } else if (kind !== "pose" && isPlain(map)) {
    const message = `The ${kind} map has one colour all over, so it says nothing.`;
    return [{ code: "map-empty", message, remedy: "Check that the right file and layer were taken." }];
  }
  const flat = isOpaque(map) ? map : flattened(map, "black");
  const other = checkKind(flat, kind);
  if (other.length > 0) return other;
  switch (kind) {
    case "depth":
      return checkDepth(map);
    case "scribble":
      return checkStrokes(flat);
    case "normal":
      return checkNormals(flat);
    case "segmentation":
    case "pose":
      return checkColours(flat, kind);
    default:
      return [];
  }
}

function checkKind(map: Pixels, kind: MapKind): readonly MapWarning[] {
  // Black and white alone can be nothing else, and is soon seen.
  if ((kind === "lines" || kind === "scribble") && isTwoTone(map)) return [];
  const guess = detectMapKind(map);
  const { called, pass } = kinds[kind];
  if (guess.confidence < sure || pass.includes(guess.kind)) return [];
  // Lines drawn densely, as of fur or leaves, are a texture on a ground that is still mostly black.
  if (pass.includes("soft-lines") && guess.kind === "photograph" && tonesOf(map, "black").median < 48) return [];
  return [
    {
      code: "map-other-kind",
      message: `The net expects ${called}, and the map looks like ${seen[guess.kind]}: ${guess.why}.`,
      remedy:
        guess.kind === "photograph"
          ? "If it is the picture itself, draw the condition from it first."
          : `Choose the net for ${seen[guess.kind]}, or another map.`,
    },
  ];
}

function checkDepth(map: Pixels): readonly MapWarning[] {
  const tones = tonesOf(map, "black");
  if (tones.upper <= tones.lower + 32) return [];
  const message = `The depth map is brighter above (${tones.upper.toFixed(0)}) than below (${tones.lower.toFixed(0)}); near should be white, and the ground in front mostly lies below.`;
  return [{ code: "map-flipped", message, remedy: "If near things are dark in it, invert the map." }];
}

/** The part of all strokes that may be broader than nets know them: where strokes meet, and heads of arrows. */
const broadStrokes = 0.05;

function checkStrokes(map: Pixels): readonly MapWarning[] {
  // What annotators draw is as broad on small pictures: up to 20 pixels on any.
  const side = Math.max(broadness(map), 21);
  const share = broadShare(above(map, 127), side);
  if (share <= broadStrokes) return [];
  return [
    {
      code: "map-strokes-wide",
      message: `Strokes are ${side} pixels wide or more in ${Math.round(100 * share)} % of what is drawn; nets for scribbles saw 1 to 24 on 512.`,
      remedy: "Thinner strokes work better: draw outlines instead of filled shapes.",
    },
  ];
}

function checkNormals({ data }: Pixels): readonly MapWarning[] {
  let [lit, away, blue] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    // A black ground around an object has no direction.
    if (Math.max(data[i] as number, data[i + 1] as number, data[i + 2] as number) < 32) continue;
    lit++;
    blue += data[i + 2] as number;
    if ((data[i + 2] as number) < 128) away++;
  }
  if (lit === 0 || (blue >= 128 * lit && 10 * away <= lit)) return [];
  const message = `The normal map does not face the viewer: blue is below the middle in ${Math.round((100 * away) / lit)} % of it, ${Math.round(blue / lit)} of 255 on average.`;
  const remedy = "Nets expect red to the left, green up and blue to the viewer: exchange or flip the channels.";
  return [{ code: "map-not-facing", message, remedy }];
}

/** More colours than any palette has. */
const mostColours = 200;

function checkColours(map: Pixels, kind: "segmentation" | "pose"): readonly MapWarning[] {
  if (colourCount(map, mostColours + 1) <= mostColours) return [];
  const what = kind === "pose" ? "joints and limbs" : "classes";
  return [
    {
      code: "map-blurred",
      message: `The ${kind} map has more than ${mostColours} colours: its edges are blurred, or it was saved with losses, and mixed colours mean other ${what}.`,
      remedy: "Snap each pixel to the nearest colour of the palette, scale without smoothing and save as PNG.",
    },
  ];
}

function isTwoTone({ data }: Pixels): boolean {
  let between = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
    const [least, most] = [Math.min(red, green, blue), Math.max(red, green, blue)];
    if (most > 12 && least < 243) between++;
  }
  return between < 0.0025 * data.length;
}

function checkLines(map: Pixels): readonly MapWarning[] {
  const tones = tonesOf(map, "black");
  if (!isOpaque(map) && tones.above(96) < trace && tonesOf(map, "white").below(160) >= trace) {
    return [
      {
        code: "map-dark-on-transparent",
        message: "The map has dark strokes on a transparent ground; on the black of a line map they vanish.",
        remedy: "Lay the map on white and invert it.",
      },
    ];
  }
  if (tones.above(32) < trace) {
    const message = "The map is empty: hardly a pixel is brighter than its black ground.";
    return [{ code: "map-empty", message, remedy: "Lower the thresholds, or draw white lines on black." }];
  }
  if (tones.median <= 200 || tones.below(128) >= 0.4) return [];
  if (tones.below(223) < trace) {
    const message = "The map is empty: it is bright all over and has no lines.";
    return [{ code: "map-empty", message, remedy: "Draw white lines on black." }];
  }
  return [
    {
      code: "map-inverted",
      message: "The map looks like dark lines on a bright ground; nets for lines expect white on black.",
      remedy: "Invert the map. If it is a picture rather than a map, extract the lines from it first.",
    },
  ];
}

/**
 * Looks whether a picture survives its matte: dark strokes on a transparent ground are gone when they are laid on black,
 * and so are white ones on white.
 */
export function checkSource(source: Pixels, matte: "black" | "white"): readonly MapWarning[] {
  if (isOpaque(source)) return [];
  const other = matte === "black" ? "white" : "black";
  const here = tonesOf(source, matte);
  const there = tonesOf(source, other);
  const left = matte === "black" ? here.above(48) : here.below(207);
  const hidden = matte === "black" ? there.below(207) : there.above(48);
  if (left >= trace || hidden < trace) return [];
  return [
    {
      code: "source-vanishes",
      message: `Nearly all that can be seen of the picture is ${matte}, and its transparent pixels are laid on ${matte}: nothing is left.`,
      remedy: `Set the matte to ${other}.`,
    },
  ];
}
