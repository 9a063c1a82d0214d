import type { MapKind } from "../conditions/map-check.ts";
import type { PairLook } from "./pair-look.ts";
import { sure } from "./seen-kind.ts";

/** What is to be said of the polarity of a set's maps. */
export interface PolarityFindings {
  /** Of pairs that contradict the others, by their numbers. */
  readonly problems: ReadonlyMap<number, string>;
  readonly warnings: readonly string[];
}

const invertAll = "Open the pairs with `invert: true` to train on white lines on black.";

/**
 * Whether lines are white on black in all maps. Where most are the wrong way round, that is said once and learnt as it is,
 * since a set that agrees with itself can be learnt from; the few that contradict the most are at fault.
 */
export function polarityOf(looks: readonly PairLook[], kind: MapKind | null): PolarityFindings {
  if (kind === null) return guessedPolarity(looks);
  const isInverted = ({ warnings }: PairLook) => warnings.some(({ code }) => code === "map-inverted");
  const inverted = looks.filter(isInverted);
  const problems = new Map<number, string>();
  if (2 * inverted.length <= looks.length) {
    for (const { at, warnings } of inverted) {
      const warning = warnings.find(({ code }) => code === "map-inverted");
      if (warning) problems.set(at, `wrong polarity: ${warning.message} ${warning.remedy}`);
    }
    return { problems, warnings: [] };
  }
  const odd = looks.filter((look) => !isInverted(look));
  for (const { at } of odd)
    problems.set(at, "wrong polarity: the map is bright on dark, and most maps of this set are dark on bright.");
  const warning = `Wrong polarity: ${inverted.length} of ${looks.length} maps are dark lines on a bright ground, and nets for lines expect white on black. As they are, the net learns to read such maps alone. ${invertAll}`;
  return { problems, warnings: [warning] };
}

/** The same where nobody said what the maps are: then dark lines may be meant. */
function guessedPolarity(looks: readonly PairLook[]): PolarityFindings {
  const lines = looks.filter(
    ({ guess }) => guess && guess.confidence >= sure && (guess.kind === "lines" || guess.kind === "soft-lines"),
  );
  const dark = lines.filter(({ guess }) => guess?.polarity === "black-on-white").length;
  const none = new Map<number, string>();
  if (dark === 0 || 2 * lines.length <= looks.length) return { problems: none, warnings: [] };
  const said =
    dark < lines.length
      ? `Of ${lines.length} maps that look like lines, ${dark} are dark on bright and the others bright on dark: a net learns one or the other. Invert some of them.`
      : `The maps look like dark lines on a bright ground. The net will read such maps alone; the engine's conditions draw white on black. ${invertAll}`;
  return { problems: none, warnings: [said] };
}
