import type { Paint as ScenePaint, SceneShape } from "@underdraw/engine/core";
import { bodyOf, boxPath, centreOf, joined, roundBoxOf } from "./scene-path.ts";

// Strokes as lines. Figma draws one inside or outside of an outline as a line of twice the weight, of which only the half
// inside or outside shows (typings 1.142.0, `strokeAlign`). Along a box it is a line along a smaller or larger box.

/** A node that has strokes. */
export type Stroked = Extract<SceneNode, MinimalStrokesMixin>;

/** What of a shape makes a line. */
type Line = Pick<SceneShape, "path"> & Partial<SceneShape>;

/** The line around a node, painted with `stroke`, if there is one. `matrix` leads from the node to the scene. */
export function lineOf(node: Stroked, stroke: ScenePaint, matrix: SceneShape["matrix"]): Line | null {
  const { strokeWeight: weight, strokeAlign: align, strokeJoin: join, dashPattern } = node;
  const cap = "strokeCap" in node ? String(node.strokeCap) : "NONE";
  const centre = centreOf(node);
  const body = bodyOf(node);
  // Sides of their own weights, arrows: what Figma paints is an area, and comes as one.
  const isArea = weight === figma.mixed || !centre || !/^(NONE|ROUND|SQUARE)$/.test(cap);
  const area = isArea ? joined(node.strokeGeometry) : centre;
  if (weight === 0 || !area) return null;
  const pen = {
    stroke,
    dash: [...dashPattern],
    cap: cap === "NONE" ? "butt" : (cap.toLowerCase() as "round" | "square"),
    join: join === figma.mixed ? "miter" : (join.toLowerCase() as "miter" | "round" | "bevel"),
    miterLimit: "strokeMiterLimit" in node ? node.strokeMiterLimit : 4,
  } as const;
  const line: Line = isArea ? { ...area, fill: stroke } : { ...pen, path: area.path, strokeWidth: weight };
  // What is open has no inside.
  if (align === "CENTER" || !body || !/z\s*$/i.test(area.path)) return line;
  const inside = align === "INSIDE";
  const beside = !isArea && dashPattern.length === 0 ? besideBox(node, inside ? -weight / 2 : weight / 2) : null;
  if (beside !== null) return { ...line, path: beside };
  // Beyond all that a line covers, with a hole.
  const outside = { path: `M-1e5-1e5H2e5V2e5H-1e5Z${body.path}`, rule: "evenodd" } as const;
  return { ...line, ...(!isArea && { strokeWidth: 2 * weight }), clips: [{ ...(inside ? body : outside), matrix }] };
}

/** The outline of a box moved outward; null for another shape, and where the line has no such outline. */
function besideBox(node: Stroked, by: number): string | null {
  const box = roundBoxOf(node);
  if (!box || (by > 0 && node.strokeJoin !== "MITER") || Math.min(box.width, box.height) < -4 * by) return null;
  // A corner that would be round no more keeps its outer side only where the line is cut.
  if (box.radii.some(([across]) => across > 0 && across <= -by)) return null;
  const radii = box.radii.map(([across, down]) =>
    across > 0 ? ([across + by, down + by] as const) : ([0, 0] as const),
  );
  return boxPath({ ...box, radii }, by);
}
