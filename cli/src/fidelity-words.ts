import type { ControlFidelity } from "@underdraw/engine";

/** What a measure's numbers are, around the number and its unit. */
const measures: Readonly<Record<string, (value: string) => string>> = {
  "line-f1": (value) => `${value} of edges met`,
  "area-iou": (value) => `${value} of the area shared`,
  "class-iou": (value) => `${value} of the areas shared`,
  "rank-correlation": (value) => `${value} of the order of near and far kept`,
  "colour-distance": (value) => `colours ${value} apart in Lab`,
  "normal-angle": (value) => `surfaces ${value}° apart`,
  "joint-agreement": (value) => `${value} of joints met`,
};

/** Below this share of the way from chance to the map, a person would not see that it was followed. */
const hardly = 0.1;

/** How well a picture follows a map, in a clause: "0.71 of edges met (chance 0.25)". */
export function fidelityInWords({ measure, value, chance, better, gain }: ControlFidelity): string {
  // A distance of colours or an angle has no use for hundredths.
  const digits = measure === "colour-distance" || measure === "normal-angle" ? 1 : 2;
  const shown = (number: number): string => number.toFixed(digits);
  const told = measures[measure] ?? ((text: string) => `${measure} ${text}`);
  const clause = `${told(shown(value))} (chance ${shown(chance)})`;
  if (gain >= hardly) return clause;
  // An empty map is met by everything.
  if (chance === (better === "higher" ? 1 : 0)) return `${clause}: any picture would do, so it shows nothing`;
  return `${clause}: hardly followed; more --weight or --steps may help`;
}
