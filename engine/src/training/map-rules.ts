import { builtInConditions } from "../conditions/built-in.ts";
import type { Colour, ConditionKind } from "../conditions/condition.ts";
import type { MapKind } from "../conditions/map-check.ts";
import { kindNamed } from "../conditions/named-kind.ts";
import type { MapResize } from "../vision/resize.ts";

/** What has to be known of maps so that they stay maps when they are laid flat, scaled and moved. */
export interface MapRules {
  /** What a net expects of them; null where nothing tells. */
  readonly kind: MapKind | null;
  /** Whether they are a white figure on black, as silhouettes are, and of no kind that has a check of its own. */
  readonly isFigure: boolean;
  /** What shows through their transparent pixels. */
  readonly background: Colour;
  readonly resize: MapResize;
  /** What comes in from outside when a map is moved: its edge again, or its background, as nothing goes on behind a line. */
  readonly edges: "repeat" | "background";
}

/** Kinds whose maps are strokes on a ground. */
const strokes: readonly (MapKind | null)[] = ["lines", "scribble", "pose"];

/**
 * The rules for maps of a condition: its id, or the condition itself where it is no built-in one. Without one maps are
 * laid on black, and what is in them decides how they are scaled. `kind` is what they are known to be.
 */
export function mapRules(
  condition: string | Pick<ConditionKind, "id" | "nets" | "convention"> | null = null,
  options: { readonly kind?: MapKind | null } = {},
): MapRules {
  const known = typeof condition === "string" ? builtInConditions.find(({ id }) => id === condition) : condition;
  const names = [known?.id ?? condition, ...(known?.nets ?? [])].filter((name) => typeof name === "string");
  const kind = options.kind ?? names.map(kindNamed).find((found) => found !== null) ?? null;
  const { background = [0, 0, 0], resize = "content", values, polarity } = known?.convention ?? {};
  const isFigure = kind === null && values === "binary" && polarity === "white-on-black";
  return { kind, isFigure, background, resize, edges: strokes.includes(kind) ? "background" : "repeat" };
}

/**
 * Whether a picture may be mirrored together with its map. Not for poses, whose limbs have a colour for each side, and not
 * for normal maps, whose red says left and right: mirrored, both would say something else than their pictures. `kind` is what they are known to be.
 */
export function mirrors(condition: string | null, { kind = null }: { readonly kind?: MapKind | null } = {}): boolean {
  const kinds = [kind, mapRules(condition).kind];
  return !kinds.includes("pose") && !kinds.includes("normal");
}
