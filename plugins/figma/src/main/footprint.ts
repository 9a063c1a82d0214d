import type { Rect } from "@underdraw/engine/core";
import { type Matrix, moved, product, translation } from "./matrix.ts";

/** Where a picture lies on a page: an upright box at the origin, taken there by a matrix. Figma's points. */
export interface Footprint {
  readonly matrix: Matrix;
  readonly width: number;
  readonly height: number;
}

/** The footprint of a box that is not turned. */
export function upright({ x, y, width, height }: Rect): Footprint {
  return { matrix: translation(x, y), width, height };
}

/** Figma keeps single-precision numbers: an edge this near to a whole point is meant to lie on it. */
const slack = 1e-3;

/** A box rounded outward to whole points, at least one by one. */
export function outward({ x, y, width, height }: Rect): Rect {
  const left = Math.floor(x + slack);
  const top = Math.floor(y + slack);
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.ceil(x + width - slack) - left),
    height: Math.max(1, Math.ceil(y + height - slack) - top),
  };
}

/**
 * The whole-point box that stands for a footprint in a capture. For one that is turned or skewed it is the upright box of
 * the same size around the same centre: its proportions are the picture's, which those of the box around it would not be.
 */
export function boundsOf({ matrix, width, height }: Footprint): Rect {
  const [x, y] = moved(matrix, width / 2, height / 2);
  return outward({ x: x - width / 2, y: y - height / 2, width, height });
}

/** The smallest box that holds all of some boxes. */
export function around(boxes: readonly Rect[]): Rect {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}

/** The footprint of `part`, a box in the terms of the bounds that `whole` was captured with. */
export function partOf(whole: Footprint, bounds: Rect, part: Rect): Footprint {
  const across = whole.width / bounds.width;
  const down = whole.height / bounds.height;
  return {
    matrix: product(whole.matrix, translation((part.x - bounds.x) * across, (part.y - bounds.y) * down)),
    width: part.width * across,
    height: part.height * down,
  };
}
