import type { Pixels } from "../core/pixels.ts";
import { blend, isOpaque, type Matte, matteColour } from "../vision/matte.ts";

/** What a net expects of its map: white lines on black, near things white, or plain colours. */
export type MapKind = "lines" | "depth" | "colour";

/** Why a map will hardly steer as its maker meant, and what to do. Nothing is changed without being asked. */
export interface MapWarning {
  /**
   * `map-empty`: there is nothing in it; `map-inverted`: dark lines on a bright ground; `map-dark-on-transparent`: dark
   * strokes that vanish on black; `map-flipped`: far looks near; `source-vanishes`: a picture that its matte swallows.
   */
  readonly code: "map-empty" | "map-inverted" | "map-dark-on-transparent" | "map-flipped" | "source-vanishes";
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly remedy: string;
}

/** Below this share of all pixels, something counts as not there. */
const trace = 0.001;

/**
 * Looks whether a map is what its net expects, before a generation is spent on it. Rules of thumb: a sound map gives no
 * warning, and a warning may be wrong, so that it is for a person to decide. Transparent pixels count as the black that
 * they become.
 */
export function checkMap(map: Pixels, kind: MapKind): readonly MapWarning[] {
  if (kind === "lines") return checkLines(map);
  const tones = histogram(map, "black");
  if (isPlain(map)) {
    const message = `The ${kind} map has one colour all over, so it says nothing.`;
    return [{ code: "map-empty", message, remedy: "Check that the right file and layer were taken." }];
  }
  if (kind === "depth" && tones.upper > tones.lower + 32) {
    const message = `The depth map is brighter above (${tones.upper.toFixed(0)}) than below (${tones.lower.toFixed(0)}); near should be white, and the ground in front mostly lies below.`;
    return [{ code: "map-flipped", message, remedy: "If near things are dark in it, invert the map." }];
  }
  return [];
}

function checkLines(map: Pixels): readonly MapWarning[] {
  const tones = histogram(map, "black");
  if (!isOpaque(map) && tones.above(96) < trace && histogram(map, "white").below(160) >= trace) {
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
  const here = histogram(source, matte);
  const there = histogram(source, other);
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

/** How the tones of a picture on a ground are spread, from 0 to 255. */
interface Tones {
  readonly median: number;
  /** The mean tone of the upper third. */
  readonly upper: number;
  /** The mean tone of the lower third. */
  readonly lower: number;
  /** The share of the pixels that are brighter than a level. */
  above(level: number): number;
  /** The share of the pixels that are darker than a level. */
  below(level: number): number;
}

function histogram({ width, height, data }: Pixels, matte: Matte): Tones {
  const [ground] = matteColour(matte);
  const counts = new Float64Array(256);
  const total = width * height;
  const third = Math.max(1, Math.floor(height / 3));
  let [upper, lower] = [0, 0];
  for (let i = 0; i < total; i++) {
    const at = 4 * i;
    // Rec. 601 luma in steps of 1/256.
    const luma =
      (77 * (data[at] as number) + 150 * (data[at + 1] as number) + 29 * (data[at + 2] as number) + 128) >> 8;
    const tone = blend(luma, data[at + 3] as number, ground);
    counts[tone] = (counts[tone] as number) + 1;
    if (i < third * width) upper += tone;
    if (i >= total - third * width) lower += tone;
  }
  const sum = (from: number, to: number) => {
    let count = 0;
    for (let level = from; level < to; level++) count += counts[level] as number;
    return count;
  };
  let median = 0;
  for (let count = counts[0] as number; 2 * count < total; count += counts[median] as number) median++;
  return {
    median,
    upper: upper / (third * width),
    lower: lower / (third * width),
    above: (level) => sum(level + 1, 256) / total,
    below: (level) => sum(0, level) / total,
  };
}

/** True when nearly every pixel looks like the middle one. */
function isPlain({ width, height, data }: Pixels): boolean {
  const middle = 4 * ((height >> 1) * width + (width >> 1));
  let others = 0;
  for (let i = 0; i < data.length; i += 4) {
    for (let k = 0; k < 4; k++) {
      if (Math.abs((data[i + k] as number) - (data[middle + k] as number)) <= 2) continue;
      others++;
      break;
    }
  }
  return others < trace * width * height;
}
