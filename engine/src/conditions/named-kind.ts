import type { MapKind } from "./map-check.ts";

const names: readonly (readonly [RegExp, MapKind])[] = [
  [/pose|skeleton/, "pose"],
  [/normal/, "normal"],
  [/depth/, "depth"],
  [/scribble|sketch/, "scribble"],
  [/line|canny|soft-?edge|hed|mlsd|pidi|teed/, "lines"],
  [/(^|[^a-z])seg(mentation)?([^a-z]|$)|ade20k/, "segmentation"],
  [/colou?r/, "colour"],
];

/** The kind of maps that a net or a condition of this name is for; null where the name says nothing. */
export function kindNamed(name: string): MapKind | null {
  const word = name.toLowerCase();
  return names.find(([pattern]) => pattern.test(word))?.[1] ?? null;
}
