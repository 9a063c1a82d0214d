import type { Matrix, Paint, Rect, SceneShape } from "../core/index.ts";
import { attribute, hrefOf, nameOf } from "./element.ts";
import { numberFrom } from "./length.ts";
import { boxOf, joined, lengthOf, movedPath } from "./outline.ts";
import { paintFrom } from "./paint.ts";
import { type PictureFill, pictureFill } from "./picture-fill.ts";
import type { Met, Names, OpenGroup, Sink } from "./place.ts";
import { ownValue, type Reading, target } from "./reading.ts";
import { geometry, pathOf, rectangle } from "./shape.ts";
import type { Style } from "./style-record.ts";
import { layOut } from "./text.ts";
import { identity, multiply } from "./transform.ts";
import { fit } from "./view-box.ts";

// From an element that is seen to the shapes of the scene.

/** What a shape is made of, before it has its paint. */
interface Draft {
  readonly path: string;
  readonly style: Style;
  /** The box that gradients refer to. */
  readonly box: () => Rect | null;
  readonly more: Pick<SceneShape, "kind" | "text" | "picture">;
}

/** Hands the shapes of an element to the sink. */
export function shapesOf(reading: Reading, met: Met, names: Names, sink: Sink): void {
  const { element, declared, style, place } = met;
  if (element.name === "image") {
    imageOf(reading, met, names, sink);
    return;
  }
  if (element.name === "text") {
    const runs = layOut(reading, element, style, place.measures);
    let whole: Rect | null = null;
    for (const { box } of runs) whole = joined(whole, box);
    for (const run of runs) {
      if (!run.style.visible) continue;
      const text = run.words;
      draw(reading, met, names, sink, {
        path: run.path,
        style: run.style,
        box: () => whole,
        more: { kind: "text", text },
      });
    }
    return;
  }
  const path = style.visible ? pathOf(element, declared, place.measures, reading.limits.points) : null;
  if (path === null) return;
  let box: Rect | null | undefined;
  const boxOnce = (): Rect | null => {
    if (box === undefined) box = boxOf(path, identity);
    return box;
  };
  if (style.markers > 0 && /^(path|line|polyline|polygon)$/.test(element.name)) reading.report.skip("marker");
  draw(reading, met, names, sink, { path, style, box: boxOnce, more: {} });
}

/** Paints a draft, as one shape or, where its stroke lies under its fill, as two. */
function draw(reading: Reading, met: Met, names: Names, sink: Sink, draft: Draft): void {
  const { element, matrix, place } = met;
  const { style, path, box, more } = draft;
  if (element.name === "path") reading.spendPath(path);
  else reading.spendPieces(path.length / 8);
  const paint = (text: string, opacity: number): Paint | null =>
    paintFrom(reading, text, opacity, style, place.measures, box);
  const laid = element.name === "line" ? null : pictureFill(reading, style.fill, box);
  if (laid) fillByPicture(met, names, sink, draft, laid);
  const fill = element.name === "line" || laid ? null : paint(style.fill, style.fillOpacity);
  const stroke = style.strokeWidth > 0 ? paint(style.stroke, style.strokeOpacity) : null;
  if (fill === null && stroke === null) return;
  const scale = dashScale(met, path, style);
  const id = attribute(element, "id") || element.name;
  const shape = {
    name: nameOf(element) ?? element.name,
    path,
    matrix,
    ...(style.fillRule === "evenodd" ? { rule: style.fillRule } : {}),
    strokeWidth: stroke === null ? 0 : style.strokeWidth,
    dash: stroke === null ? [] : scale === 1 ? style.dash : style.dash.map((length) => length * scale),
    ...(stroke !== null && style.dash.length > 0 && style.dashOffset !== 0
      ? { dashOffset: style.dashOffset * scale }
      : {}),
    ...(stroke !== null && style.cap !== "butt" ? { cap: style.cap } : {}),
    ...(stroke !== null && style.join !== "miter" ? { join: style.join } : {}),
    ...(stroke !== null && style.miterLimit !== 4 ? { miterLimit: style.miterLimit } : {}),
    ...more,
  } satisfies Partial<SceneShape>;
  const isSteady =
    stroke !== null && /\bnon-scaling-stroke\b/.test(ownValue(reading, element, "vector-effect", style) ?? "");
  const line = isSteady
    ? { ...shape, path: movedPath(path, matrix), matrix: identity, stroke: movedPaint(stroke, matrix) }
    : { ...shape, stroke };
  const { opacity, clips } = met;
  const emit = (
    one: Omit<SceneShape, "id" | "opacity" | "clips" | "group">,
    group: OpenGroup | null,
    own: boolean,
  ): void => {
    const cut = own && clips.length > 0 ? { clips } : {};
    sink({ id: names(id), ...one, opacity: own ? opacity : 1, ...cut }, group);
  };
  if (fill !== null && stroke !== null && (style.strokeFirst || isSteady)) {
    const group: OpenGroup = { id: names(id), name: shape.name, outer: place.group, opacity, clips };
    const area = { ...shape, fill, stroke: null, strokeWidth: 0, dash: [] };
    const parts = [{ ...line, fill: null }, area];
    for (const part of style.strokeFirst ? parts : parts.reverse()) emit(part, group, false);
  } else emit({ ...line, fill }, place.group, true);
}

/** The picture that fills an outline, as a shape of its own below the outline's line. */
function fillByPicture(met: Met, names: Names, sink: Sink, { path, style }: Draft, fill: PictureFill): void {
  const { element, matrix, place, opacity } = met;
  const rule = style.fillRule === "evenodd" ? { rule: style.fillRule } : {};
  const shape: SceneShape = {
    id: names(attribute(element, "id") || element.name),
    name: nameOf(element) ?? element.name,
    kind: "picture",
    path: fill.path,
    matrix: multiply(matrix, fill.matrix),
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: null,
    opacity: opacity * style.fillOpacity,
    clips: [...met.clips, { path, matrix, ...rule }],
    picture: fill.picture,
  };
  sink(shape, place.group);
}

/** A gradient follows where its outline was moved to. */
function movedPaint(paint: Paint, matrix: Matrix): Paint {
  return typeof paint === "string" ? paint : { ...paint, matrix: multiply(matrix, paint.matrix ?? identity) };
}

/** What dashes are scaled by where an element says how long it wants to be taken. */
function dashScale({ element }: Met, path: string, style: Style): number {
  const wanted = style.dash.length > 0 ? numberFrom(attribute(element, "pathLength")) : undefined;
  if (wanted === undefined || !(wanted > 0)) return 1;
  return lengthOf(path) / wanted;
}

/** A picture in its box. */
function imageOf(reading: Reading, met: Met, names: Names, sink: Sink): void {
  const { element, declared, style, matrix, place, opacity } = met;
  const href = hrefOf(element);
  if (!style.visible || !href) return;
  const picture = reading.pictures.get(href);
  if (!picture) {
    if (/^data:/i.test(href)) reading.report.skip("picture that was not read");
    else if (target(reading, href)) return;
  }
  const length = (name: "x" | "y" | "width" | "height"): number | undefined =>
    geometry(element, declared, name, name === "x" || name === "width" ? "width" : "height", place.measures);
  const [x, y] = [length("x") ?? 0, length("y") ?? 0];
  // A size that is left out follows from the picture's own and from the other one.
  const ratio = picture ? picture.width / picture.height : undefined;
  let [width, height] = [length("width"), length("height")];
  width ??= height !== undefined && ratio !== undefined ? height * ratio : picture?.width;
  height ??= width !== undefined && ratio !== undefined ? width / ratio : picture?.height;
  if (width === undefined || height === undefined) return;
  const frame = rectangle(x, y, width, height);
  if (frame === null) return;
  let path = frame;
  let clips = met.clips;
  if (picture) {
    const own = { x: 0, y: 0, width: picture.width, height: picture.height };
    const laid = fit(own, { x, y, width, height }, attribute(element, "preserveAspectRatio"));
    const [sx, , , sy, left, top] = laid.matrix;
    path = rectangle(left, top, own.width * sx, own.height * sy) ?? frame;
    if (laid.sliced) clips = [...clips, { path: frame, matrix }];
  }
  const shape: SceneShape = {
    id: names(attribute(element, "id") || element.name),
    name: nameOf(element) ?? element.name,
    kind: "picture",
    path,
    matrix,
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: null,
    opacity,
    ...(clips.length > 0 ? { clips } : {}),
    ...(picture ? { picture } : {}),
  };
  sink(shape, place.group);
}
