import type { Matrix } from "../core/scene.ts";

/** Changes nothing. */
export const identity: Matrix = [1, 0, 0, 1, 0, 0];

/** First `second`, then `first`, as a product is written. */
export function times(first: Matrix, second: Matrix): Matrix {
  const [a, b, c, d, e, f] = first;
  const [p, q, r, s, t, u] = second;
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

/** The way back; null for a matrix that flattens everything, or that is not made of numbers. */
export function inverse([a, b, c, d, e, f]: Matrix): Matrix | null {
  const determinant = a * d - b * c;
  const back: Matrix = [
    d / determinant,
    -b / determinant,
    -c / determinant,
    a / determinant,
    (c * f - d * e) / determinant,
    (b * e - a * f) / determinant,
  ];
  return back.every(Number.isFinite) ? back : null;
}

/** By how much a matrix stretches what it stretches most. */
export function stretch([a, b, c, d]: Matrix): number {
  // The larger singular value, from the sum of squares and the determinant.
  const squares = a * a + b * b + c * c + d * d;
  const determinant = a * d - b * c;
  const apart = squares * squares - 4 * determinant * determinant;
  return Math.sqrt((squares + Math.sqrt(Math.max(0, apart))) / 2);
}

/** By how much a matrix scales in the mean: the square root of how it scales areas. */
export function scale([a, b, c, d]: Matrix): number {
  return Math.sqrt(Math.abs(a * d - b * c));
}

/** True for a matrix that keeps circles round. */
export function keepsCircles([a, b, c, d]: Matrix): boolean {
  const slack = 1e-6 * (Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(d));
  const turned = Math.abs(a - d) <= slack && Math.abs(b + c) <= slack;
  return turned || (Math.abs(a + d) <= slack && Math.abs(b - c) <= slack);
}
