import type { Matrix } from "../core/scene.ts";
import { attribute, elementsIn, nameOf, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures, shareFrom } from "./length.ts";
import type { Met, Names, OpenGroup, Sink } from "./place.ts";
import { address } from "./property.ts";
import { ownValue, type Reading, styleInPlace, target } from "./reading.ts";
import { rectangle } from "./shape.ts";
import type { Style } from "./style-record.ts";
import { type Context, reachesBeyond, stamp, type Template, templateOf } from "./template.ts";
import { moved, multiply, transformFrom } from "./transform.ts";
import { type Vector, type Vertex, verticesOf } from "./vertex.ts";
import { fit, viewBoxOf } from "./view-box.ts";

// What stands at the points of an outline: arrow heads, dots.

/** A marker with what is the same wherever it stands. */
interface Marker {
  readonly element: SvgElement;
  readonly template: Template;
  /** From the marker's content to the point that it stands at. */
  readonly matrix: Matrix;
  /** What its content is cut by, in the coordinates of the point; null for nothing. */
  readonly frame: string | null;
  /** True where it grows with the width of the line. */
  readonly grows: boolean;
  readonly orient: string;
  readonly opacity: number;
}

/** The elements that markers can stand on. */
const marked: ReadonlySet<string> = new Set(["path", "line", "polyline", "polygon"]);

/** Whether markers stand on an element. */
export function hasMarkers({ name }: SvgElement, { markerStart, markerMid, markerEnd }: Style): boolean {
  return marked.has(name) && [markerStart, markerMid, markerEnd].some((value) => value.toLowerCase() !== "none");
}

/** Hands the shapes of an outline's markers to the sink, in the order of its points. */
export function* markersOf(
  reading: Reading,
  { matrix, place }: Met,
  style: Style,
  path: string,
  group: OpenGroup,
  names: Names,
  sink: Sink,
  context: Context,
): Generator<void, void, void> {
  const [start, mid, end] = [
    yield* markerFrom(reading, style.markerStart, place.measures, place),
    yield* markerFrom(reading, style.markerMid, place.measures, place),
    yield* markerFrom(reading, style.markerEnd, place.measures, place),
  ];
  if (!start && !mid && !end) return;
  const vertices = verticesOf(path);
  const put = (marker: Marker | null, vertex: Vertex | undefined, isStart: boolean): void => {
    if (marker && vertex) draw(reading, marker, vertex, isStart, { matrix, style, group, names, sink, context });
  };
  put(start, vertices[0], true);
  for (let n = 1; n + 1 < vertices.length; n++) {
    put(mid, vertices[n], false);
    if (n % 256 === 0) yield;
  }
  put(end, vertices.at(-1), false);
}

/** Where a marker is drawn. */
interface Where {
  readonly matrix: Matrix;
  readonly style: Style;
  readonly group: OpenGroup;
  readonly names: Names;
  readonly sink: Sink;
  readonly context: Context;
}

function draw(reading: Reading, marker: Marker, { x, y, along }: Vertex, isStart: boolean, where: Where): void {
  const { matrix, style, group, names, sink, context } = where;
  const size = marker.grows ? style.strokeWidth : 1;
  if (!(size > 0)) return;
  const turned = multiply(moved(x, y), turnOf(marker.orient, along, isStart));
  const at = multiply(multiply(matrix, turned), [size, 0, 0, size, 0, 0]);
  const own: OpenGroup = {
    id: names(attribute(marker.element, "id") || "marker"),
    name: nameOf(marker.element) ?? "marker",
    outer: group,
    opacity: marker.opacity,
    clips: marker.frame === null ? [] : [{ path: marker.frame, matrix: at }],
  };
  stamp(reading, marker.template, multiply(at, marker.matrix), own, names, sink, context);
}

/** How a marker is turned: along the outline, or by an angle. */
function turnOf(orient: string, [x, y]: Vector, isStart: boolean): Matrix {
  if (orient === "auto" || orient === "auto-start-reverse") {
    const way = isStart && orient !== "auto" ? -1 : 1;
    return [way * x, way * y, -way * y, way * x, 0, 0];
  }
  return transformFrom(`rotate(${orient})`) ?? moved(0, 0);
}

/** What a property refers to, as a marker that is to be drawn; null without one. */
function* markerFrom(
  reading: Reading,
  value: string,
  measures: Measures,
  place: Met["place"],
): Generator<void, Marker | null, void> {
  const match = address.exec(value);
  if (!match) return null;
  const element = target(reading, match[1] ?? match[2] ?? match[3] ?? "");
  if (element?.name !== "marker") {
    if (element !== undefined) reading.report.skip("reference to a marker that is not there");
    return null;
  }
  if (place.uses.includes(element)) {
    reading.report.skip("marker inside of itself");
    return null;
  }
  if (place.depth >= reading.limits.depth) {
    reading.report.skip("element that lies too deep");
    return null;
  }
  const side = (name: "markerWidth" | "markerHeight", of: "width" | "height"): number =>
    lengthFrom(attribute(element, name), of, measures) ?? 3;
  const [width, height] = [side("markerWidth", "width"), side("markerHeight", "height")];
  if (!(width > 0 && height > 0)) return null;
  const box = viewBoxOf(element);
  const inner: Measures = { width: box?.width ?? width, height: box?.height ?? height, fontSize: measures.fontSize };
  const fitted = box
    ? fit(box, { x: 0, y: 0, width, height }, attribute(element, "preserveAspectRatio")).matrix
    : moved(0, 0);
  const along = (name: "refX" | "refY", of: "width" | "height"): number => {
    const text = attribute(element, name) ?? "0";
    const start = (of === "width" ? box?.x : box?.y) ?? 0;
    const share = { left: 0, top: 0, center: 0.5, right: 1, bottom: 1 }[text.toLowerCase()];
    return share === undefined ? (lengthFrom(text, of, inner) ?? 0) : start + share * inner[of];
  };
  const [a, b, c, d, e, f] = fitted;
  const [refX, refY] = [along("refX", "width"), along("refY", "height")];
  const away = moved(-(a * refX + c * refY + e), -(b * refX + d * refY + f));
  const template = yield* templateOf(reading, element, elementsIn(element), inner, {
    depth: place.depth,
    uses: [...place.uses, element],
  });
  if (template.parts.length === 0) return null;
  const matrix = multiply(away, fitted);
  const style = styleInPlace(reading, element);
  const own = (name: string): string | undefined => ownValue(reading, element, name, style);
  const overflow = own("overflow")?.toLowerCase();
  const isOpen = overflow === "visible" || overflow === "auto";
  // Where nothing reaches beyond the frame it cuts nothing, and costs nothing.
  const cuts = !isOpen && reachesBeyond(template, fitted, width, height);
  return {
    element,
    template,
    matrix,
    frame: cuts ? rectangle(away[4], away[5], width, height) : null,
    grows: attribute(element, "markerUnits") !== "userSpaceOnUse",
    orient: attribute(element, "orient")?.toLowerCase() ?? "0",
    opacity: shareFrom(own("opacity")) ?? 1,
  };
}
