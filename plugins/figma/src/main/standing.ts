import type { Rect } from "@underdraw/engine/core";
import { around, boundsOf, type Footprint, outward, upright } from "./footprint.ts";
import { boxOf, drawnBox, refusal } from "./visible.ts";

// Which of the selected nodes are read, and where: the same for their picture and for their scene.

/** Kinds that are exported where they stand: a copy of one would be another main component, or section, for a moment. */
const neverCopied: readonly string[] = ["COMPONENT", "COMPONENT_SET", "SECTION", "SLIDE", "SLIDE_ROW", "SLIDE_GRID"];

/**
 * Those of the chosen nodes that are seen. What is hidden or empty adds nothing to several. Throws `selection-unusable`
 * when one is locked, or none is left.
 */
export function shown(chosen: readonly SceneNode[]): readonly SceneNode[] {
  const refused = chosen.map(refusal);
  const found = chosen.filter((_, at) => refused[at] === null);
  const locked = refused.find((error) => error?.details.reason === "locked");
  const reason = found.length === 0 ? refused[0] : locked;
  if (reason) throw reason;
  return found;
}

/** Where a node that is exported as it stands lies. A line has no area of its own: what is drawn of it stands for it. */
export function standing(node: SceneNode): { readonly box: Rect; readonly trimmed: boolean } {
  const box = boxOf(node);
  const drawn = drawnBox(node);
  return drawn && Math.min(box.width, box.height) < 0.01 ? { box: drawn, trimmed: true } : { box, trimmed: false };
}

/** Where something was read. */
interface Place {
  readonly footprint: Footprint;
  readonly bounds: Rect;
  /** True where only the box of what is drawn was read. */
  readonly trimmed: boolean;
}

/** Where nodes lie that are read together, at least one. One alone is read upright: its footprint is as it was turned. */
export function placeOf(nodes: readonly SceneNode[]): Place {
  const places = nodes.map(standing);
  const [node] = nodes;
  if (!node || nodes.length > 1) {
    const bounds = outward(around(places.map(({ box }) => box)));
    return { footprint: upright(bounds), bounds, trimmed: false };
  }
  const [{ box, trimmed }] = places as [(typeof places)[number]];
  const fixed = trimmed || neverCopied.includes(node.type);
  const footprint = fixed ? upright(box) : { matrix: node.absoluteTransform, width: node.width, height: node.height };
  return { footprint, bounds: boundsOf(footprint), trimmed };
}
