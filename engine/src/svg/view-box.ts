import type { Matrix, Rect } from "../core/index.ts";
import { attribute, type SvgElement } from "./element.ts";
import { numbersIn } from "./length.ts";

/** The `viewBox` of an element; undefined without one, or for one without an area. */
export function viewBoxOf(element: SvgElement): Rect | undefined {
  const text = attribute(element, "viewBox");
  const [x, y, width, height, more] = text === undefined ? [] : numbersIn(text);
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined;
  return width > 0 && height > 0 && more === undefined ? { x, y, width, height } : undefined;
}

/** How a box is laid into another, and whether it may reach beyond. */
export interface Fit {
  /** From the coordinates of the inner box to those of the outer one. */
  readonly matrix: Matrix;
  /** True where the inner box reaches beyond the outer one. */
  readonly sliced: boolean;
}

/** Lays `box` into `into` by a `preserveAspectRatio`; one that is not understood counts as none. */
export function fit(box: Rect, into: Rect, ratio = ""): Fit {
  const [, align = "xMidYMid", how = "meet"] =
    /^\s*(?:defer\s+)?(none|x(?:Min|Mid|Max)Y(?:Min|Mid|Max))(?:\s+(meet|slice))?\s*$/.exec(ratio) ?? [];
  let [x, y] = [into.width / box.width, into.height / box.height];
  const sliced = align !== "none" && how === "slice";
  if (align !== "none") x = y = sliced ? Math.max(x, y) : Math.min(x, y);
  const share = (word: string): number => (word === "Min" ? 0 : word === "Max" ? 1 : 0.5);
  const left = align === "none" ? 0 : share(align.slice(1, 4)) * (into.width - box.width * x);
  const top = align === "none" ? 0 : share(align.slice(5)) * (into.height - box.height * y);
  return { matrix: [x, 0, 0, y, into.x + left - box.x * x, into.y + top - box.y * y], sliced };
}
