import type { Rect } from "@underdraw/engine/core";

/** A rectangle as Photoshop writes it: right and bottom are the first pixels outside. */
export interface Edges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The size of a picture. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Edges as a rectangle of whole pixels, rounded outward. */
export function rectOf({ left, top, right, bottom }: Edges): Rect {
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { x, y, width: Math.max(0, Math.ceil(right) - x), height: Math.max(0, Math.ceil(bottom) - y) };
}

/** A rectangle as edges. */
export function edgesOf({ x, y, width, height }: Rect): Edges {
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/** What two rectangles have in common; null for nothing. */
export function intersection(a: Rect, b: Rect): Rect | null {
  const [left, top] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const [right, bottom] = [Math.min(a.x + a.width, b.x + b.width), Math.min(a.y + a.height, b.y + b.height)];
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/** The smallest rectangle around all of them that are not empty; null when all are. */
export function around(rects: readonly Rect[]): Rect | null {
  const real = rects.filter(({ width, height }) => width > 0 && height > 0).map(edgesOf);
  if (real.length === 0) return null;
  const edge = (pick: (edges: Edges) => number, best: (...values: number[]) => number) => best(...real.map(pick));
  return rectOf({
    left: edge(({ left }) => left, Math.min),
    top: edge(({ top }) => top, Math.min),
    right: edge(({ right }) => right, Math.max),
    bottom: edge(({ bottom }) => bottom, Math.max),
  });
}

/** The size with the same proportions whose longer side is at most `maxSide`; never enlarged, never below 1 pixel. */
export function fitted({ width, height }: Size, maxSide: number): Size {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * Where a returned piece belongs. Photoshop trims to what has pixels and reports that rectangle, counted in the pixels of
 * the pyramid level that it read from.
 */
export function boxOf(returned: Edges, level: number, bounds: Rect, size: Size): Rect {
  const scale = 2 ** level;
  const [across, down] = [size.width / bounds.width, size.height / bounds.height];
  return {
    x: (returned.left * scale - bounds.x) * across,
    y: (returned.top * scale - bounds.y) * down,
    width: (returned.right - returned.left) * scale * across,
    height: (returned.bottom - returned.top) * scale * down,
  };
}
