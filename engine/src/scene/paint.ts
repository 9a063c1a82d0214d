import type { Matrix, Paint } from "../core/scene.ts";
import { colourFrom } from "./colour.ts";
import { gradientPaint } from "./gradient.ts";
import { type FlatPaint, flatPaint, type RowPaint } from "./row-paint.ts";

/** What a paint is in the map; `matrix` leads there from the path. Null for what shows nothing. */
export function paintOf(paint: Paint, matrix: Matrix): FlatPaint | RowPaint | null {
  if (typeof paint !== "string") return gradientPaint(paint, matrix);
  const colour = colourFrom(paint) ?? [0, 0, 0, 1];
  return colour[3] > 0 ? flatPaint(colour) : null;
}

/** How much a paint hides, from 0 to 1: its alpha, the mean of a gradient's; 0 for none. A colour unknown to CSS is black. */
export function alphaOf(paint: Paint | null): number {
  if (paint === null) return 0;
  if (typeof paint === "string") return colourFrom(paint)?.[3] ?? 1;
  const { stops } = paint;
  return stops.length === 0
    ? 0
    : stops.reduce((sum, { colour }) => sum + (colourFrom(colour)?.[3] ?? 1), 0) / stops.length;
}
