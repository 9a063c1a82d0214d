import type { Paint, Rect, SceneShape } from "../core/index.ts";
import { attribute, hrefOf, nameOf } from "./element.ts";
import { numberFrom } from "./length.ts";
import { hasMarkers, markersOf } from "./marker.ts";
import { boxOf, joined, lengthOf, movedPath } from "./outline.ts";
import { contextPaint, movedPaint, paintFrom } from "./paint.ts";
import { layTiles, patternFrom, tilingOf } from "./pattern.ts";
import { type PictureFill, pictureFill } from "./picture-fill.ts";
import type { Met, Names, OpenGroup, Sink } from "./place.ts";
import { ownValue, type Reading, target } from "./reading.ts";
import { silent } from "./report.ts";
import { geometry, pathOf, rectangle } from "./shape.ts";
import type { Style } from "./style-record.ts";
import type { Context } from "./template.ts";
import { layOut } from "./text.ts";
import { meanColour } from "./tile-picture.ts";
import { identity, multiply } from "./transform.ts";
import { fit } from "./view-box.ts";

// From an element that is seen to the shapes of the scene.

/** What a shape is made of, before it has its paint. */
interface Draft {
  readonly path: string;
  readonly style: Style;
  /** The box that gradients refer to. */
  readonly box: () => Rect | null;
  /** True where the outline is not known, but its box. */
  readonly isBox?: boolean;
  readonly more: Pick<SceneShape, "kind" | "text" | "picture">;
}

/** Hands the shapes of an element to the sink. */
export function* shapesOf(reading: Reading, met: Met, names: Names, sink: Sink): Generator<void, void, void> {
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
      yield* draw(reading, met, names, sink, {
        path: run.path,
        style: run.style,
        box: () => whole,
        isBox: run.isBox,
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
  yield* draw(reading, met, names, sink, { path, style, box: boxOnce, more: {} });
}

/**
 * Paints a draft: as one shape, or as several in a group where it has more than a scene's shape can hold, or has it in
 * another order.
 */
function* draw(reading: Reading, met: Met, names: Names, sink: Sink, draft: Draft): Generator<void, void, void> {
  const { element, matrix, place, opacity, clips } = met;
  const { style, path, box, more } = draft;
  if (element.name === "path") reading.spendPath(path);
  else reading.spendPieces(path.length / 8);
  // Neither tiles nor markers count where something is only measured, or drawn as its box.
  const isBare = reading.report === silent || draft.isBox === true;
  const isOpenLine = element.name === "line";
  const laid = isOpenLine ? null : pictureFill(reading, style.fill, box);
  const pattern = isOpenLine || laid ? null : patternFrom(reading, style.fill);
  const paint = (text: string, share: number): Paint | null => {
    const found = isBare && patternFrom(reading, text) ? "black" : text;
    const own = paintFrom(reading, found, share, style, place.measures, box);
    return place.isTemplate ? own : contextPaint(own, undefined);
  };
  const tiling = pattern && !isBare ? yield* tilingOf(reading, pattern, box(), place.measures, place) : null;
  const fill = isOpenLine || laid || (pattern && !isBare) ? null : paint(style.fill, style.fillOpacity);
  const stroke = yield* strokeOf(reading, met, draft, paint);
  const hasMarks = !isBare && hasMarkers(element, style);
  if (fill === null && stroke === null && !tiling && !laid && !hasMarks) return;
  const scale = dashScale(met, path, style);
  const id = attribute(element, "id") || element.name;
  const name = nameOf(element) ?? element.name;
  const shape = {
    name,
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
  const isParted = fill !== null && stroke !== null && (isSteady || !strokeFollows(style, hasMarks));
  const emit = (one: Omit<SceneShape, "id" | "opacity" | "clips" | "group">, group: OpenGroup | null): void =>
    sink({ id: names(id), ...one, opacity: 1 }, group);
  if (!isParted && !tiling && !hasMarks) {
    if (laid) fillByPicture(met, names, sink, draft, laid);
    if (fill === null && stroke === null) return;
    const cut = clips.length > 0 ? { clips } : {};
    sink({ id: names(id), ...line, fill, opacity, ...cut }, place.group);
    return;
  }
  const group: OpenGroup = { id: names(id), name, outer: place.group, opacity, clips };
  const bare: Met = { ...met, place: { ...place, group }, opacity: 1, clips: [] };
  let isDrawn = false;
  for (const part of style.paintOrder) {
    if (part === "markers") {
      if (!hasMarks) continue;
      const context: Context = { fill: tiling ? null : fill, stroke, matrix };
      yield* markersOf(reading, met, style, path, group, names, sink, context);
    } else if (part === "fill" && laid) fillByPicture(bare, names, sink, draft, laid);
    else if (part === "fill" && tiling) {
      const rule = style.fillRule === "evenodd" ? { rule: style.fillRule } : {};
      const clip = { path, matrix, ...rule };
      const inside: OpenGroup = { id: names(id), name, outer: group, opacity: style.fillOpacity, clips: [clip] };
      yield* layTiles(reading, met, tiling, { path, box: box() as Rect, rule }, inside, names, sink);
    } else if (part === "fill" && isParted) emit({ ...shape, fill, stroke: null, strokeWidth: 0, dash: [] }, group);
    else if (part === "stroke" && isParted) emit({ ...line, fill: null }, group);
    else if (!isDrawn && (part === "fill" ? fill : stroke) !== null) {
      isDrawn = true;
      emit({ ...line, fill }, group);
    }
  }
}

/** Whether the line is painted right after the area. */
function strokeFollows({ paintOrder }: Style, hasMarks: boolean): boolean {
  const order = hasMarks ? paintOrder : paintOrder.filter((part) => part !== "markers");
  return order.indexOf("stroke") === order.indexOf("fill") + 1;
}

/** The paint of a line; of a pattern its colour from far away, since a scene tiles areas alone. */
function* strokeOf(
  reading: Reading,
  { place }: Met,
  { style, box, isBox }: Draft,
  paint: (text: string, share: number) => Paint | null,
): Generator<void, Paint | null, void> {
  if (!(style.strokeWidth > 0)) return null;
  const pattern = reading.report === silent || isBox ? null : patternFrom(reading, style.stroke);
  if (!pattern) return paint(style.stroke, style.strokeOpacity);
  const tiling = yield* tilingOf(reading, pattern, box(), place.measures, place);
  if (!tiling) return null;
  reading.report.skip("pattern on a line");
  return yield* meanColour(reading, tiling, style.strokeOpacity);
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
