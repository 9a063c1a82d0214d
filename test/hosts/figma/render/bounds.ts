import { absoluteTransform, sizeOf } from "../core/geometry.ts";
import { apply, boxOf, grown, intersect, unite } from "../core/matrix.ts";
import { sideWeights } from "../core/properties.ts";
import type { Store } from "../core/store.ts";
import type { Effect, Paint, Rect } from "../typings.ts";
import { strokePoints } from "./shape.ts";

// What part of the page a node's drawing covers: its fills, strokes and effects, cut where frames clip.

/** True when one of a node's paints of this kind is seen. */
export function hasPaint(store: Store, id: string, kind: "fills" | "strokes"): boolean {
  const { fields } = store.at(id);
  const paints = (fields[kind] ?? []) as readonly Paint[];
  if (kind === "strokes" && sideWeights(fields).every((weight) => weight === 0)) return false;
  return paints.some(({ visible, opacity }) => visible !== false && opacity !== 0);
}

/** The visible effects of a node. */
export const effectsOf = (store: Store, id: string): readonly Effect[] =>
  ((store.at(id).fields["effects"] ?? []) as readonly Effect[]).filter(({ visible }) => visible);

/** The box around all that is drawn of a node, on its page; null when nothing is. Where frames above clip, it is cut. */
export function absoluteRenderBounds(store: Store, id: string): Rect | null {
  let bounds = store.at(id).fields["visible"] === false ? null : drawn(store, id);
  for (const { id: above, fields } of store.ancestors(id)) {
    if (fields["visible"] === false || !bounds) return null;
    if (fields["clipsContent"] === true) bounds = intersect(bounds, ownBox(store, above));
  }
  return bounds;
}

const ownBox = (store: Store, id: string): Rect =>
  boxOf(absoluteTransform(store, id), { x: 0, y: 0, ...sizeOf(store, id) });

function drawn(store: Store, id: string): Rect | null {
  const { type, fields } = store.at(id);
  if (fields["visible"] === false || fields["opacity"] === 0) return null;
  const boxes: (Rect | null)[] = [];
  if (type === "SLICE") return ownBox(store, id);
  if (hasPaint(store, id, "fills")) boxes.push(ownBox(store, id));
  if (hasPaint(store, id, "strokes")) boxes.push(strokeBox(store, id), alongside(store, id));
  const shows = type !== "BOOLEAN_OPERATION" && fields["sectionContentsHidden"] !== true;
  if (shows) {
    const inside = unite(store.children(id).flatMap((child) => drawn(store, child) ?? []));
    boxes.push(inside && fields["clipsContent"] === true ? intersect(inside, ownBox(store, id)) : inside);
  }
  const all = unite(boxes.filter((box) => box !== null));
  return all && unite([all, ...effectsOf(store, id).flatMap((effect) => effectBox(all, effect))]);
}

function strokeBox(store: Store, id: string): Rect | null {
  const transform = absoluteTransform(store, id);
  const points = strokePoints(store, id).map((point) => apply(transform, ...point));
  return unite(points.map(([x, y]) => ({ x, y, width: 0, height: 0 })));
}

/** A stroke inside the outline reaches no further than the outline does. */
const alongside = (store: Store, id: string): Rect | null =>
  store.at(id).fields["strokeAlign"] === "INSIDE" ? ownBox(store, id) : null;

function effectBox(box: Rect, effect: Effect): Rect[] {
  if (effect.type === "LAYER_BLUR") return [grown(box, effect.radius)];
  if (effect.type !== "DROP_SHADOW") return [];
  const { offset, radius, spread = 0 } = effect;
  return [grown({ ...box, x: box.x + offset.x, y: box.y + offset.y }, radius + spread)];
}
