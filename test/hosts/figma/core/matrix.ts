import type { Rect, Transform } from "../typings.ts";

/** Puts every point where it is. */
export const identity: Transform = [
  [1, 0, 0],
  [0, 1, 0],
];

/** First `q`, then `p`. */
export function multiply(p: Transform, q: Transform): Transform {
  const row = ([a, b, c]: Transform[0]): Transform[0] => [
    a * q[0][0] + b * q[1][0],
    a * q[0][1] + b * q[1][1],
    a * q[0][2] + b * q[1][2] + c,
  ];
  return [row(p[0]), row(p[1])];
}

/** Undoes `m`, which must not flatten. */
export function invert([[a, c, e], [b, d, f]]: Transform): Transform {
  const determinant = a * d - b * c;
  return [
    [d / determinant, -c / determinant, (c * f - d * e) / determinant],
    [-b / determinant, a / determinant, (b * e - a * f) / determinant],
  ];
}

/** Where `m` puts a point. */
export function apply([[a, c, e], [b, d, f]]: Transform, x: number, y: number): [x: number, y: number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** The same turn and skew, with its origin elsewhere. */
export function moved([[a, c], [b, d]]: Transform, x: number, y: number): Transform {
  return [
    [a, c, x],
    [b, d, y],
  ];
}

/** The upright box around a transformed rectangle. */
export function boxOf(m: Transform, { x, y, width, height }: Rect): Rect {
  const corners = [apply(m, x, y), apply(m, x + width, y), apply(m, x, y + height), apply(m, x + width, y + height)];
  const xs = corners.map(([across]) => across);
  const ys = corners.map(([, down]) => down);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** The upright box around boxes; null around none. */
export function unite(boxes: readonly Rect[]): Rect | null {
  if (boxes.length === 0) return null;
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** What two boxes share; null when they do not meet. */
export function intersect(one: Rect, other: Rect): Rect | null {
  const [left, top] = [Math.max(one.x, other.x), Math.max(one.y, other.y)];
  const right = Math.min(one.x + one.width, other.x + other.width);
  const bottom = Math.min(one.y + one.height, other.y + other.height);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/** A box with a margin on all sides. */
export const grown = ({ x, y, width, height }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});
