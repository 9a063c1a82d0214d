import type { Matrix, Paint, Rect, SceneClip, SceneShape } from "../core/index.ts";
import type { SvgElement } from "./element.ts";
import type { Measures } from "./length.ts";
import { boxOf, joined } from "./outline.ts";
import { contextPaint, movedPaint } from "./paint.ts";
import type { Names, OpenGroup, Place, Sink } from "./place.ts";
import { type Reading, styleInPlace } from "./reading.ts";
import { identity, inverse, multiply } from "./transform.ts";

// What is drawn again and again, markers and the tiles of patterns, is resolved once and then stamped at each place. The
// content of masks is resolved in the same way.

/** The content of an element, in its own coordinates. */
export interface Template {
  readonly parts: readonly { readonly shape: SceneShape; readonly group: OpenGroup | null }[];
  /** What the content can touch, its lines included; null for nothing. */
  readonly box: Rect | null;
}

/** What `context-fill` and `context-stroke` stand for, in the coordinates that `matrix` leads from to the document. */
export interface Context {
  readonly fill: Paint | null;
  readonly stroke: Paint | null;
  readonly matrix: Matrix;
}

/** The content of an element that is drawn where others refer to it. `content` is what holds its children. */
export function* templateOf(
  reading: Reading,
  content: SvgElement,
  elements: readonly SvgElement[],
  measures: Measures,
  { depth, uses }: Pick<Place, "depth" | "uses">,
): Generator<void, Template, void> {
  const known = reading.kept.templates.get(content);
  if (known) return known;
  const parts: { readonly shape: SceneShape; readonly group: OpenGroup | null }[] = [];
  const style = styleInPlace(reading, content);
  const place: Place = {
    matrix: identity,
    style,
    group: null,
    measures: { ...measures, fontSize: style.fontSize },
    depth: depth + 1,
    uses,
    isTemplate: true,
  };
  yield* reading.walk(
    reading,
    elements,
    place,
    (name) => name,
    (shape, group) => void parts.push({ shape, group }),
  );
  let box: Rect | null = null;
  for (const { shape } of parts) box = joined(box, lineBox(shape));
  const template: Template = { parts, box };
  reading.kept.templates.set(content, template);
  return template;
}

/** The box of a shape, its line included. */
function lineBox({ path, matrix, stroke, strokeWidth, join = "miter", miterLimit = 4 }: SceneShape): Rect | null {
  const box = boxOf(path, matrix);
  if (!box || stroke === null) return box;
  const [a, b, c, d] = matrix;
  const stretch = Math.sqrt(a * a + b * b + c * c + d * d);
  const margin = (strokeWidth / 2) * stretch * (join === "miter" ? Math.max(miterLimit, 1.5) : 1.5);
  return { x: box.x - margin, y: box.y - margin, width: box.width + 2 * margin, height: box.height + 2 * margin };
}

/** Hands the shapes of a template to the sink, moved by a matrix. */
export function stamp(
  reading: Reading,
  { parts }: Template,
  matrix: Matrix,
  outer: OpenGroup | null,
  names: Names,
  sink: Sink,
  context?: Context,
): void {
  const placed = (clips: readonly SceneClip[]): readonly SceneClip[] =>
    clips.map((clip) => ({ ...clip, matrix: multiply(matrix, clip.matrix) }));
  const groups = new Map<OpenGroup, OpenGroup>();
  const moved = (group: OpenGroup | null): OpenGroup | null => {
    if (group === null) return outer;
    let own = groups.get(group);
    if (!own) {
      own = { ...group, id: names(group.id), outer: moved(group.outer), clips: placed(group.clips) };
      groups.set(group, own);
    }
    return own;
  };
  for (const { shape, group } of parts) {
    reading.spendElement();
    reading.spendPieces(shape.path.length / 8);
    const own = multiply(matrix, shape.matrix);
    const paint = (asked: Paint | null): Paint | null => {
      const found = contextPaint(asked, context);
      if (found === asked || found === null || !context || typeof found === "string") return found;
      const back = inverse(own);
      return back && movedPaint(found, multiply(back, context.matrix));
    };
    const [fill, stroke] = [paint(shape.fill), paint(shape.stroke)];
    if (fill === null && stroke === null && shape.kind !== "picture") continue;
    const { clips, ...rest } = shape;
    const cut = clips ? { clips: placed(clips) } : {};
    sink({ ...rest, id: names(shape.id), matrix: own, fill, stroke, ...cut }, moved(group));
  }
}

/** True where content that a matrix leads into a frame of this size is not wholly inside of it. */
export function reachesBeyond({ box }: Template, [a, b, c, d, e, f]: Matrix, width: number, height: number): boolean {
  if (!box) return false;
  const slack = 1e-6 * (width + height);
  for (const x of [box.x, box.x + box.width]) {
    for (const y of [box.y, box.y + box.height]) {
      const [u, v] = [a * x + c * y + e, b * x + d * y + f];
      if (!(u >= -slack && v >= -slack && u <= width + slack && v <= height + slack)) return true;
    }
  }
  return false;
}
