import { looksOf } from "./scene-paint.ts";
import { bodyOf, joined, type Outline } from "./scene-path.ts";
import { fillsOf, partsOf } from "./scene-shape.ts";

// A mask as an outline: a scene knows no softer ones. One that is half transparent thins all that it lets through.

/** A part of a mask, in its node's own units. */
interface Stencil {
  readonly node: SceneNode;
  readonly outline: Outline;
}

/** All that is drawn of a node. The lines of what is filled are not looked at: they add half their width. */
export function stencils(node: SceneNode): readonly Stencil[] {
  const isOutline = "maskType" in node && node.maskType === "VECTOR";
  const isFilled = "fills" in node && (isOutline || looksOf(fillsOf(node), node).length > 0);
  const outline = isFilled ? bodyOf(node) : "strokeGeometry" in node ? joined(node.strokeGeometry) : null;
  const parts = (partsOf(node) ?? []).filter(({ visible }) => visible).flatMap(stencils);
  return outline ? [{ node, outline }, ...parts] : parts;
}
