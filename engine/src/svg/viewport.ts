import type { Matrix, SceneClip } from "../core/scene.ts";
import { attribute } from "./element.ts";
import { lengthFrom, type Measures } from "./length.ts";
import type { Met } from "./place.ts";
import { ownValue, type Reading } from "./reading.ts";
import { geometry, rectangle } from "./shape.ts";
import { moved, multiply } from "./transform.ts";
import { fit, viewBoxOf } from "./view-box.ts";

/** The size that `use` gives to what it refers to. */
export interface Given {
  readonly width: string | undefined;
  readonly height: string | undefined;
}

/** The viewport that a nested `svg` or a `symbol` makes: its matrix, its measures, and the clip at its border. */
export function viewOf(
  reading: Reading,
  { element, declared, style, matrix, place }: Met,
  given: Given | undefined,
): { readonly matrix: Matrix; readonly measures: Measures; readonly clips: readonly SceneClip[] } | "empty" {
  const { measures } = place;
  const length = (name: "x" | "y" | "width" | "height", preset: string): number => {
    const side = name === "x" || name === "width" ? "width" : "height";
    const asked = name === "width" || name === "height" ? given?.[name] : undefined;
    return (
      lengthFrom(asked, side, measures) ??
      geometry(element, declared, name, side, measures) ??
      (lengthFrom(preset, side, measures) as number)
    );
  };
  const [x, y, width, height] = [length("x", "0"), length("y", "0"), length("width", "100%"), length("height", "100%")];
  const path = rectangle(x, y, width, height);
  if (path === null) return "empty";
  const box = viewBoxOf(element);
  const into = { x, y, width, height };
  const inner = box ? fit(box, into, attribute(element, "preserveAspectRatio")).matrix : moved(x, y);
  const overflow = ownValue(reading, element, "overflow", style)?.toLowerCase();
  const isOpen = overflow === "visible" || overflow === "auto";
  return {
    matrix: multiply(matrix, inner),
    measures: { width: box?.width ?? width, height: box?.height ?? height, fontSize: measures.fontSize },
    clips: isOpen ? [] : [{ path, matrix }],
  };
}
