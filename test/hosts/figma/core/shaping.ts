import type { Transform } from "../typings.ts";
import { isFlat } from "./defaults.ts";
import { localTransform, sizeOf, slotOf } from "./geometry.ts";
import { invert, moved, multiply } from "./matrix.ts";
import type { Fields, Origin, Store } from "./store.ts";

// Moving, turning and resizing nodes.

/** The smallest side that Figma takes. */
export const smallestSide = 0.01;

/** Puts a node elsewhere in its container. Axes are brought to length 1: a transform cannot scale. */
export function setTransform(store: Store, id: string, transform: Transform, origin: Origin): void {
  const { type } = store.at(id);
  const unit = withUnitAxes(transform);
  if (!isFlat(type)) {
    // In an auto-layout frame the translation is the frame's business.
    const transform = slotOf(store, id) ? moved(unit, ...translationOf(store.at(id).fields.transform)) : unit;
    store.write(id, { transform }, origin);
    return;
  }
  // What has no place of its own moves its children.
  const change = multiply(unit, invert(localTransform(store, id)));
  store.write(id, { transform: moved(unit, 0, 0) }, origin);
  for (const child of store.children(id)) {
    setTransform(store, child, multiply(change, localTransform(store, child)), origin);
  }
}

const translationOf = ([[, , x], [, , y]]: Transform): [x: number, y: number] => [x, y];

function withUnitAxes([[a, c, e], [b, d, f]]: Transform): Transform {
  const [first, second] = [Math.hypot(a, b), Math.hypot(c, d)];
  if (a * d - b * c === 0) throw new Error("in set_relativeTransform: Transform matrix must be invertible");
  return [
    [a / first, c / second, e],
    [b / first, d / second, f],
  ];
}

/** A node's turn in degrees, counted against the clock, as Figma shows it. */
export function rotationOf([[a], [b]]: Transform): number {
  return (Math.atan2(-b, a) * 180) / Math.PI || 0; // never -0
}

/** Turns a node around its top left corner. */
export function setRotation(store: Store, id: string, degrees: number, origin: Origin): void {
  const angle = (degrees * Math.PI) / 180;
  const [[, , x], [, , y]] = localTransform(store, id);
  const [cos, sin] = [exact(Math.cos(angle)), exact(Math.sin(angle))];
  const turn: Transform = [
    [cos, sin, x],
    [-sin, cos, y],
  ];
  setTransform(store, id, turn, origin);
}

/** Quarter turns without the dust of floating point. */
const exact = (value: number): number => (Math.abs(value - Math.round(value)) < 1e-15 ? Math.round(value) : value);

/** Gives a node another size; its children follow their constraints, unless they are not to. */
export function resize(
  store: Store,
  id: string,
  width: number,
  height: number,
  origin: Origin,
  constrain: boolean,
): void {
  const { type, fields } = store.at(id);
  const before = sizeOf(store, id);
  if (isFlat(type)) {
    scaleChildren(store, id, width / before.width, height / before.height, origin);
    return;
  }
  const patch: Partial<Fields> = { width, height };
  if (fields["layoutMode"] !== undefined && fields["layoutMode"] !== "NONE") {
    Object.assign(patch, { primaryAxisSizingMode: "FIXED", counterAxisSizingMode: "FIXED" });
  }
  store.write(id, patch, origin);
  if (!constrain || before.width === 0 || before.height === 0) return;
  for (const child of store.children(id)) follow(store, child, before, { width, height }, origin);
}

/** Scales a flat node's children from its own corner, along its own axes. */
function scaleChildren(store: Store, id: string, across: number, down: number, origin: Origin): void {
  const own = localTransform(store, id);
  const back = invert(own);
  const scale: Transform = [
    [Number.isFinite(across) ? across : 1, 0, 0],
    [0, Number.isFinite(down) ? down : 1, 0],
  ];
  for (const child of [...store.children(id)]) {
    const inside = multiply(back, localTransform(store, child));
    const [[a, c], [b, d]] = multiply(scale, inside);
    const { width, height } = sizeOf(store, child);
    const [[, , x], [, , y]] = multiply(own, multiply(scale, inside));
    const [wide, high] = [width * Math.hypot(a, b), height * Math.hypot(c, d)];
    resize(store, child, Math.max(wide, smallestSide), Math.max(high, smallestSide), origin, true);
    setTransform(store, child, moved(localTransform(store, child), x, y), origin);
  }
}

type Pin = "MIN" | "CENTER" | "MAX" | "STRETCH" | "SCALE";
type Box = { readonly width: number; readonly height: number };

/** Lets a child follow its frame's new size. */
function follow(store: Store, id: string, before: Box, after: Box, origin: Origin): void {
  const pins = store.at(id).fields["constraints"] as { horizontal: Pin; vertical: Pin } | undefined;
  if (!pins) return;
  const transform = localTransform(store, id);
  const size = sizeOf(store, id);
  const [x, width] = pinned(pins.horizontal, transform[0][2], size.width, before.width, after.width);
  const [y, height] = pinned(pins.vertical, transform[1][2], size.height, before.height, after.height);
  if (width !== size.width || height !== size.height) resize(store, id, width, height, origin, true);
  setTransform(store, id, moved(transform, x, y), origin);
}

function pinned(pin: Pin, at: number, length: number, before: number, after: number): [at: number, length: number] {
  switch (pin) {
    case "MIN":
      return [at, length];
    case "MAX":
      return [at + after - before, length];
    case "CENTER":
      return [at + (after - before) / 2, length];
    case "STRETCH":
      return [at, Math.max(length + after - before, smallestSide)];
    case "SCALE":
      return [(at * after) / before, Math.max((length * after) / before, smallestSide)];
  }
}
