import type { MapKind } from "../conditions/map-check.ts";
import type { SeenKind } from "../conditions/map-kind.ts";
import type { PairLook } from "./pair-look.ts";

/** From this confidence on a guess counts. */
export const sure = 0.6;

/** What a net would read maps as that look like this; what is not here may be anything. */
const kinds: Readonly<Partial<Record<SeenKind, MapKind>>> = {
  lines: "lines",
  "soft-lines": "lines",
  depth: "depth",
  normal: "normal",
  pose: "pose",
  segmentation: "segmentation",
  "colour-grid": "colour",
};

/** What most maps of a set look like, where nobody said what they are; null where most look like nothing in particular. */
export function seenKind(looks: readonly PairLook[]): MapKind | null {
  const counts = new Map<MapKind, number>();
  for (const { guess } of looks) {
    const kind = guess && guess.confidence >= sure ? kinds[guess.kind] : undefined;
    if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].find(([, count]) => 2 * count > looks.length)?.[0] ?? null;
}
