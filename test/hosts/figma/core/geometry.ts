import type { Rect, Transform } from "../typings.ts";
import { isFlat } from "./defaults.ts";
import { apply, boxOf, identity, invert, moved, multiply, unite } from "./matrix.ts";
import type { Store } from "./store.ts";

// Where nodes lie. A transform is relative to the container: the nearest ancestor that is no group and no boolean
// operation, for those take their box from their children. In an auto-layout frame, the frame says where its children are.

/** A width and a height. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The ancestor that a node's transform is relative to; null for a page, and for what lies directly on one: the page's id. */
export function containerOf(store: Store, id: string): string | null {
  for (const node of store.ancestors(id)) if (!isFlat(node.type)) return node.id;
  return null;
}

/** A node's transform relative to its container. */
export function localTransform(store: Store, id: string): Transform {
  const { type, fields } = store.at(id);
  if (isFlat(type)) {
    const turn = moved(fields.transform, 0, 0);
    const { x, y } = flatBox(store, id, turn);
    return moved(turn, ...apply(turn, x, y));
  }
  const slot = slotOf(store, id);
  if (!slot) return fields.transform;
  const turn = moved(fields.transform, 0, 0);
  const { x, y } = boxOf(turn, { x: 0, y: 0, ...sizeOf(store, id) });
  return moved(turn, slot.x - x, slot.y - y);
}

/** A node's transform relative to the page. */
export function absoluteTransform(store: Store, id: string): Transform {
  const { type } = store.at(id);
  if (type === "PAGE" || type === "DOCUMENT") return identity;
  const container = containerOf(store, id);
  return container === null
    ? localTransform(store, id)
    : multiply(absoluteTransform(store, container), localTransform(store, id));
}

/** A node's size before its transform. */
export function sizeOf(store: Store, id: string): Size {
  const { type, fields } = store.at(id);
  if (isFlat(type)) {
    const { width, height } = flatBox(store, id, moved(fields.transform, 0, 0));
    return { width, height };
  }
  const { width, height } = fields;
  const flow = flowOf(store, id);
  if (!flow) return { width, height };
  return {
    width: flow.hugs.width ? flow.content.width : width,
    height: flow.hugs.height ? flow.content.height : height,
  };
}

/** The upright box around a node on its page, without strokes and effects. */
export function absoluteBoundingBox(store: Store, id: string): Rect {
  return boxOf(absoluteTransform(store, id), { x: 0, y: 0, ...sizeOf(store, id) });
}

/** The box around a flat node's children, in axes turned as it is, from the container's origin. */
function flatBox(store: Store, id: string, turn: Transform): Rect {
  const back = invert(turn);
  const boxes = store
    .children(id)
    .map((child) => boxOf(multiply(back, localTransform(store, child)), { x: 0, y: 0, ...sizeOf(store, child) }));
  return unite(boxes) ?? { x: 0, y: 0, width: 0, height: 0 };
}

/** How an auto-layout frame lays its children out; null for what is none. */
interface Flow {
  readonly hugs: { readonly width: boolean; readonly height: boolean };
  readonly content: Size;
  readonly slots: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
}

/** The frame's own stored size, the children's boxes and the paddings give the layout; wrapping and grids are not simulated. */
function flowOf(store: Store, id: string): Flow | null {
  const { fields } = store.at(id);
  const { layoutMode } = fields;
  if (layoutMode !== "HORIZONTAL" && layoutMode !== "VERTICAL") return null;
  const across = layoutMode === "HORIZONTAL";
  const value = (key: string): number => fields[key] as number;
  const boxes = store
    .children(id)
    .map((child) => store.at(child))
    .filter(({ fields }) => fields["layoutPositioning"] !== "ABSOLUTE" && fields["visible"] !== false)
    .map((child) => {
      const turn = moved(child.fields.transform, 0, 0);
      const { width, height } = boxOf(turn, { x: 0, y: 0, ...sizeOf(store, child.id) });
      return { id: child.id, main: across ? width : height, cross: across ? height : width };
    });
  const [before, after] = across ? ["paddingLeft", "paddingRight"] : ["paddingTop", "paddingBottom"];
  const [crossBefore, crossAfter] = across ? ["paddingTop", "paddingBottom"] : ["paddingLeft", "paddingRight"];
  const used = boxes.reduce((sum, { main }) => sum + main, 0) + value("itemSpacing") * Math.max(0, boxes.length - 1);
  const deepest = Math.max(0, ...boxes.map(({ cross }) => cross));
  const hugsMain = fields["primaryAxisSizingMode"] === "AUTO";
  const hugsCross = fields["counterAxisSizingMode"] === "AUTO";
  const content = {
    main: value(before) + used + value(after),
    cross: value(crossBefore) + deepest + value(crossAfter),
  };
  const own = across ? { main: fields.width, cross: fields.height } : { main: fields.height, cross: fields.width };
  const main = (hugsMain ? content.main : own.main) - value(before) - value(after);
  const cross = (hugsCross ? content.cross : own.cross) - value(crossBefore) - value(crossAfter);
  const align = fields["primaryAxisAlignItems"];
  const spare = main - used;
  const gap = value("itemSpacing") + (align === "SPACE_BETWEEN" && boxes.length > 1 ? spare / (boxes.length - 1) : 0);
  let at = value(before) + (align === "CENTER" ? spare / 2 : align === "MAX" ? spare : 0);
  const slots = new Map<string, { x: number; y: number }>();
  for (const box of boxes) {
    const left = cross - box.cross;
    const side = fields["counterAxisAlignItems"];
    const aside = value(crossBefore) + (side === "CENTER" ? left / 2 : side === "MAX" ? left : 0);
    slots.set(box.id, across ? { x: at, y: aside } : { x: aside, y: at });
    at += box.main + gap;
  }
  return {
    hugs: across ? { width: hugsMain, height: hugsCross } : { width: hugsCross, height: hugsMain },
    content: across ? { width: content.main, height: content.cross } : { width: content.cross, height: content.main },
    slots,
  };
}

/** Where an auto-layout frame puts the box of a child; null for what lies where it was put. */
export function slotOf(store: Store, id: string): { readonly x: number; readonly y: number } | null {
  const { fields } = store.at(id);
  if (fields.parent === null || fields["layoutPositioning"] === "ABSOLUTE") return null;
  return flowOf(store, fields.parent)?.slots.get(id) ?? null;
}
