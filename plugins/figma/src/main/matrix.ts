/** Two rows of an affine map of the plane, [[a, c, e], [b, d, f]], as Figma writes a transform: x' = a x + c y + e. */
export type Matrix = [[number, number, number], [number, number, number]];

/** Leaves every point where it is. */
export const identity: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
];

/** Moves every point. */
export function translation(x: number, y: number): Matrix {
  return [
    [1, 0, x],
    [0, 1, y],
  ];
}

/** The map that does `inner` first and then `outer`. */
export function product([[a, c, e], [b, d, f]]: Matrix, [[p, r, t], [q, s, u]]: Matrix): Matrix {
  return [
    [a * p + c * q, a * r + c * s, a * t + c * u + e],
    [b * p + d * q, b * r + d * s, b * t + d * u + f],
  ];
}

/** How much the map enlarges areas; negative when it mirrors, 0 when it flattens. */
export function determinant([[a, c], [b, d]]: Matrix): number {
  return a * d - b * c;
}

/** The map back. Throws a `RangeError` for one that flattens the plane, from which nothing leads back. */
export function inverse(matrix: Matrix): Matrix {
  const [[a, c, e], [b, d, f]] = matrix;
  const size = determinant(matrix);
  if (!(Math.abs(size) > 1e-12)) throw new RangeError("matrix: it flattens the plane and cannot be inverted.");
  return [
    [d / size, -c / size, (c * f - d * e) / size],
    [-b / size, a / size, (b * e - a * f) / size],
  ];
}

/** Where the map takes a point. */
export function moved([[a, c, e], [b, d, f]]: Matrix, x: number, y: number): readonly [x: number, y: number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** True for a map that only moves: nothing is turned, mirrored or skewed by more than Figma's own rounding. */
export function isUpright([[a, c], [b, d]]: Matrix): boolean {
  const slack = 1e-5;
  return Math.abs(a - 1) < slack && Math.abs(d - 1) < slack && Math.abs(b) < slack && Math.abs(c) < slack;
}
