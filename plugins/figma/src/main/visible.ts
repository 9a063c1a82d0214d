import type { UnderdrawError } from "@underdraw/engine/core";
import { unusable } from "./failure.ts";

/** The box of a node on its page; without an extent where Figma knows none. */
export function boxOf(node: SceneNode): Rect {
  const [[, , x], [, , y]] = node.absoluteTransform;
  return node.absoluteBoundingBox ?? { x, y, width: 0, height: 0 };
}

/** The box of what is drawn of a node, shadows and strokes with it; null when nothing is, or where Figma cannot tell. */
export function drawnBox(node: SceneNode): Rect | null {
  return "absoluteRenderBounds" in node ? node.absoluteRenderBounds : null;
}

/** What holds a node, from near to far, up to its page. */
function holders(node: SceneNode): readonly BaseNode[] {
  const found: BaseNode[] = [];
  for (let at: BaseNode | null = node.parent; at && at.type !== "PAGE"; at = at.parent) found.push(at);
  return found;
}

const isHidden = (node: BaseNode): boolean => "visible" in node && !node.visible;
const isLocked = (node: BaseNode): boolean => "locked" in node && node.locked;

/** True when a frame that cuts its content off leaves nothing of the node. */
function isCutAway(node: SceneNode): boolean {
  const box = boxOf(node);
  return holders(node).some((holder) => {
    if (!("clipsContent" in holder) || !holder.clipsContent) return false;
    const frame = holder.absoluteBoundingBox;
    return (
      frame !== null &&
      (box.x >= frame.x + frame.width ||
        box.y >= frame.y + frame.height ||
        box.x + box.width <= frame.x ||
        box.y + box.height <= frame.y)
    );
  });
}

/** Why a node cannot be captured, in words for a person; null when it can. */
export function refusal(node: SceneNode): UnderdrawError<"selection-unusable"> | null {
  const whole = [node, ...holders(node)];
  if (whole.some(isHidden)) return unusable(node.name, "hidden", "it is hidden. Show it, or select something else.");
  if (whole.some(isLocked)) return unusable(node.name, "locked", "it is locked. Unlock it, or select something else.");
  // A slice draws nothing and shows what lies under it.
  if (node.type === "SLICE" || !("absoluteRenderBounds" in node) || node.absoluteRenderBounds !== null) return null;
  return isCutAway(node)
    ? unusable(node.name, "outside", "it lies outside the frame that holds it. Move it into view.")
    : unusable(node.name, "empty", "nothing of it is visible. Give it a fill or some content.");
}
