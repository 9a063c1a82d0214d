import type { Rect, SceneClip } from "../core/index.ts";
import { byBox, type Cut } from "./clip.ts";
import { attribute, type SvgElement } from "./element.ts";
import { lengthFrom } from "./length.ts";
import { boxOf } from "./outline.ts";
import type { Reading } from "./reading.ts";
import { rectangle } from "./shape.ts";

/** The rectangle outside of which a mask or a filter leaves nothing; null where that is everything. */
export function regionOf(element: SvgElement, units: "maskUnits" | "filterUnits", cut: Cut): SceneClip | null {
  const isByBox = attribute(element, units) !== "userSpaceOnUse";
  const matrix = byBox(isByBox, cut);
  if (!matrix) return null;
  const measures = isByBox ? { ...cut.measures, width: 1, height: 1 } : cut.measures;
  const length = (name: string, side: "width" | "height", preset: string): number =>
    lengthFrom(attribute(element, name), side, measures) ?? (lengthFrom(preset, side, measures) as number);
  const path = rectangle(
    length("x", "width", "-10%"),
    length("y", "height", "-10%"),
    length("width", "width", "120%"),
    length("height", "height", "120%"),
  );
  return path === null ? null : { path, matrix };
}

/** The part of a region that lies in the document or so near to it, in whole pixels; null for none. */
export function frameOf({ size }: Reading, { path, matrix }: SceneClip, near: number): Rect | null {
  const box = boxOf(path, matrix);
  if (!box) return null;
  const [x, y] = [Math.max(-near, Math.floor(box.x)), Math.max(-near, Math.floor(box.y))];
  const right = Math.min(size.width + near, Math.ceil(box.x + box.width));
  const bottom = Math.min(size.height + near, Math.ceil(box.y + box.height));
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}
