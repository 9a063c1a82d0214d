import type { Matrix, Rect, SceneClip } from "../core/index.ts";
import { attribute, elementsIn, hrefOf, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures } from "./length.ts";
import { type PlacedOutline, union } from "./outline.ts";
import { address } from "./property.ts";
import { ownValue, type Reading, styleInPlace, target } from "./reading.ts";
import { pathOf, shapeNames } from "./shape.ts";
import { styleOf } from "./style.ts";
import type { Style } from "./style-record.ts";
import { layOut } from "./text.ts";
import { identity, inverse, moved, multiply, transformFrom } from "./transform.ts";

// Clip paths as outlines that cut.

/** What is to be cut. */
export interface Cut {
  /** From its coordinates to the document's. */
  readonly matrix: Matrix;
  readonly measures: Measures;
  readonly style: Style;
  /** What is being drawn already because something refers to it: none of it may come again. */
  readonly uses: readonly SvgElement[];
  readonly depth: number;
  /** True where its coordinates are not the document's yet. */
  readonly isTemplate: boolean;
  /** Its box in its own coordinates; null for nothing. */
  box(): Rect | null;
}

/** What cuts; null where nothing is left. */
export type Clips = readonly SceneClip[] | null;

/** What the `clip-path` of an element cuts. */
export function clipsOf(reading: Reading, element: SvgElement, cut: Cut): Clips {
  const value = ownValue(reading, element, "clip-path", cut.style);
  const clipPath = referred(reading, value, "clip-path");
  if (clipPath?.name !== "clipPath") return [];
  if (cut.uses.includes(clipPath)) {
    reading.report.skip("clip path that refers to itself");
    return [];
  }
  const uses = [...cut.uses, clipPath];
  const matrix = byBox(attribute(clipPath, "clipPathUnits") === "objectBoundingBox", cut);
  if (!matrix) return null;
  const style = styleInPlace(reading, clipPath);
  const own = multiply(matrix, transformOf(reading, clipPath, style));
  const parts: PlacedOutline[] = [];
  let inner: Clips = [];
  for (const child of elementsIn(clipPath)) {
    const found = outlinesOf(reading, child, own, style, cut.measures, []);
    if (found.length === 0) continue;
    parts.push(...found);
    const childStyle = styleOf(style, reading.declared(child), child, cut.measures);
    const nested = clipsOf(reading, child, { ...cut, matrix: found[0]?.matrix ?? own, style: childStyle, uses });
    if (nested === null) parts.length -= found.length;
    else if (nested.length > 0) inner = [...inner, ...nested];
  }
  if (parts.length === 0) return null;
  if (inner.length > 0 && parts.length > 1) {
    reading.report.note("A shape of a clip path is cut itself, beside others that are not; it is taken whole.");
    inner = [];
  }
  const outer = clipsOf(reading, clipPath, { ...cut, style, uses });
  return outer && [together(reading, clipPath, cut, parts), ...inner, ...outer];
}

/** What a reference in a property leads to; null without one. */
export function referred(reading: Reading, value: string | undefined, property: string): SvgElement | null {
  if (value === undefined || value.toLowerCase() === "none") return null;
  const match = address.exec(value);
  if (!match) {
    reading.report.skip(`${property} ${value.split("(", 1)[0]}()`);
    return null;
  }
  const found = target(reading, match[1] ?? match[2] ?? match[3] ?? "");
  if (found === null) reading.report.skip(`reference to a ${property} that is not there`);
  return found ?? null;
}

/** The matrix for content whose unit is the box of what is cut, or its coordinates; null for a box without an area. */
export function byBox(isByBox: boolean, { matrix, box }: Cut): Matrix | null {
  if (!isByBox) return matrix;
  const bounds = box();
  if (!bounds || !(bounds.width > 0 && bounds.height > 0)) return null;
  return multiply(matrix, [bounds.width, 0, 0, bounds.height, bounds.x, bounds.y]);
}

function transformOf(reading: Reading, element: SvgElement, style: Style): Matrix {
  return transformFrom(ownValue(reading, element, "transform", style) ?? "") ?? identity;
}

/** The outlines of a child of a clip path: a shape, a text, or what `use` makes of one. */
function outlinesOf(
  reading: Reading,
  element: SvgElement,
  outer: Matrix,
  outerStyle: Style,
  measures: Measures,
  uses: readonly SvgElement[],
): readonly PlacedOutline[] {
  reading.spendElement(0.1);
  const declared = reading.declared(element);
  const style = styleOf(outerStyle, declared, element, measures);
  if (ownValue(reading, element, "display", style) === "none") return [];
  const matrix = multiply(outer, transformOf(reading, element, style));
  if (!inverse(matrix)) return [];
  if (element.name === "use") {
    const href = hrefOf(element);
    const found = href === undefined ? null : target(reading, href);
    const isOutline = found && (shapeNames.has(found.name) || found.name === "text");
    if (!isOutline || uses.includes(found)) return [];
    const [x, y] = (["x", "y"] as const).map((name) =>
      lengthFrom(attribute(element, name), name === "x" ? "width" : "height", measures),
    );
    return outlinesOf(reading, found, multiply(matrix, moved(x ?? 0, y ?? 0)), style, measures, [...uses, found]);
  }
  if (!style.visible) return [];
  const rule = style.clipRule;
  if (element.name === "text") {
    return layOut(reading, element, style, measures).map(({ path }) => ({ path, matrix, rule: "nonzero" as const }));
  }
  const path = shapeNames.has(element.name)
    ? pathOf(element, declared, { ...measures, fontSize: style.fontSize }, reading.limits.points)
    : null;
  return path === null ? [] : [{ path, matrix, rule }];
}

/** Several outlines as one clip; the same object where all is the same, so that it is drawn once. */
export function together(
  reading: Reading,
  element: SvgElement,
  { measures }: Cut,
  parts: readonly PlacedOutline[],
): SceneClip {
  const key = [measures.width, measures.height, ...parts.flatMap(({ matrix }) => matrix)].join();
  const kept = reading.kept.clips.get(element) ?? new Map<string, SceneClip>();
  const [only] = parts;
  let clip = kept.get(key);
  if (!clip) {
    for (const { path } of parts) reading.spendPieces(path.length / 8);
    clip = only && parts.length === 1 ? only : { path: union(parts), matrix: identity, rule: "nonzero" };
    reading.kept.clips.set(element, kept.set(key, clip));
  }
  return clip;
}
