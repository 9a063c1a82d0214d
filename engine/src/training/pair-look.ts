import { checkMap, type MapKind, type MapWarning } from "../conditions/map-check.ts";
import { detectMapKind, type MapGuess } from "../conditions/map-kind.ts";
import type { Pixels } from "../core/pixels.ts";
import { ownDigest } from "../store/digest.ts";
import { isOpaque } from "../vision/matte.ts";
import { isPlain } from "../vision/tones.ts";
import { lookAtFigure } from "./figure-look.ts";
import { proportionProblem } from "./fit-pair.ts";
import type { MapRules } from "./map-rules.ts";
import type { TrainingPair } from "./pair.ts";

/** The shortest side that a map or a picture may have. Pixels. */
const shortest = 64;

/** What was seen in a pair, without its pixels. */
export interface PairLook {
  /** Its number. */
  readonly at: number;
  /** Why it cannot be learnt from, whatever the others are like; null where it can. */
  readonly problem: string | null;
  readonly prompt: string;
  /** SHA-256 of what the files show, in hex. */
  readonly picture: string;
  readonly map: string;
  readonly width: number;
  readonly height: number;
  readonly isPictureClear: boolean;
  readonly isMapClear: boolean;
  /** What its map's net would make of it; empty where nothing tells what the maps are. */
  readonly warnings: readonly MapWarning[];
  /** Whether its map is the right way round; null where that cannot be told, or is not asked of such maps. */
  readonly polarity: "upright" | "inverted" | null;
  /** What its map looks like, where nothing tells what the maps are. */
  readonly guess: MapGuess | null;
}

/** Looks at a pair that was read. */
export function lookAt(at: number, pair: TrainingPair, rules: Pick<MapRules, "kind" | "isFigure">): PairLook {
  const { map, picture, prompt } = pair;
  const problem = pairProblem(pair, rules.kind);
  return {
    at,
    problem,
    prompt,
    picture: shown(picture),
    map: shown(map),
    width: picture.width,
    height: picture.height,
    isPictureClear: !isOpaque(picture),
    isMapClear: !isOpaque(map),
    ...(problem === null ? lookAtMap(pair, rules) : { warnings: [], polarity: null, guess: null }),
  };
}

function lookAtMap(
  { map, picture }: TrainingPair,
  { kind, isFigure }: Pick<MapRules, "kind" | "isFigure">,
): Pick<PairLook, "warnings" | "polarity" | "guess"> {
  if (isFigure) return { ...lookAtFigure(map, picture), guess: null };
  if (kind === null) return { warnings: [], polarity: null, guess: detectMapKind(map) };
  const warnings = checkMap(map, kind);
  const isInverted = warnings.some(({ code }) => code === "map-inverted");
  const polarity = isInverted ? "inverted" : kind === "lines" || kind === "scribble" ? "upright" : null;
  return { warnings, polarity, guess: null };
}

/**
 * Why a pair cannot be learnt from, as a clause or sentences; null where it can. For pairs that a sample passed over:
 * `checkPairs` has asked it of those that it read. `kind` is what a net expects of the map.
 */
export function pairProblem({ map, picture }: TrainingPair, kind: MapKind | null = null): string | null {
  for (const [what, pixels] of Object.entries({ map, picture })) {
    if (Math.min(pixels.width, pixels.height) < shortest)
      return `too small: the ${what} has ${sizeOf(pixels)} pixels, and ${shortest} a side are the least.`;
  }
  if (!isProportional(map, picture))
    return `the map of ${sizeOf(map)} and the picture of ${sizeOf(picture)} differ in their proportions, so that one does not lie on the other.`;
  const problem = proportionProblem(picture);
  if (problem !== null) return problem;
  // A pose may be nobody's.
  return kind !== "pose" && isPlain(map) ? "the map is empty: it has one colour all over." : null;
}

const sizeOf = ({ width, height }: Pixels): string => `${width}x${height}`;

/** Whether one size is the other scaled, and rounded to whole pixels. */
function isProportional(one: Pixels, other: Pixels): boolean {
  const [small, large] = one.width * one.height < other.width * other.height ? [one, other] : [other, one];
  const across = small.width * large.height;
  const along = small.height * large.width;
  return Math.abs(across - along) <= Math.max(large.width, large.height);
}

/** SHA-256 of a picture: its size and its pixels. */
function shown({ width, height, data }: Pixels): string {
  const digest = ownDigest();
  digest.update(new TextEncoder().encode(`${width}x${height}\n`));
  digest.update(new Uint8Array(data.buffer, data.byteOffset, data.length));
  return digest.hex();
}
