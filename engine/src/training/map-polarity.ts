import type { MapRules } from "./map-rules.ts";
import type { PairLook } from "./pair-look.ts";
import { sure } from "./seen-kind.ts";

/** What is to be said of the polarity of a set's maps. */
export interface PolarityFindings {
  /** Of pairs that contradict the others, by their numbers. */
  readonly problems: ReadonlyMap<number, string>;
  readonly warnings: readonly string[];
}

const invertAll = (what: string): string => `Open the pairs with \`invert: true\` to train on white ${what}on black.`;

/**
 * Whether lines and figures are white on black in all maps. Where most are the wrong way round, that is said once and learnt
 * as it is, since a set that agrees with itself can be learnt from; the few that contradict the most are at fault.
 */
export function polarityOf(
  looks: readonly PairLook[],
  { kind, isFigure }: Pick<MapRules, "kind" | "isFigure">,
): PolarityFindings {
  if (kind === null && !isFigure) return guessedPolarity(looks);
  const inverted = looks.filter(({ polarity }) => polarity === "inverted");
  const upright = looks.filter(({ polarity }) => polarity === "upright");
  const problems = new Map<number, string>();
  if (inverted.length <= looks.length - inverted.length) {
    for (const { at, warnings } of inverted) {
      const warning = warnings.find(({ code }) => code === "map-inverted");
      if (warning) problems.set(at, `wrong polarity: ${warning.message} ${warning.remedy}`);
    }
    return { problems, warnings: [] };
  }
  for (const { at } of upright)
    problems.set(at, "wrong polarity: the map is bright on dark, and most maps of this set are dark on bright.");
  const said = isFigure
    ? ["are a black figure on white", "a white figure on black is expected", ""]
    : ["are dark lines on a bright ground", "nets for lines expect white on black", "lines "];
  const warning = `Wrong polarity: ${inverted.length} of ${looks.length} maps ${said[0]}, and ${said[1]}. As they are, the net learns to read such maps alone. ${invertAll(said[2] ?? "")}`;
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
      : `The maps look like dark lines on a bright ground. The net will read such maps alone; the engine's conditions draw white on black. ${invertAll("lines ")}`;
  return { problems: none, warnings: [said] };
}
