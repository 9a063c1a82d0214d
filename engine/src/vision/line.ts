import type { Plane } from "./plane.ts";

// Straight lines on whole pixels, to the pixel as OpenCV's `line` draws them (8-connected, ends rounded where they are
// thick): what the nets for straight lines, hands and animals were trained on. Whole numbers only, so every engine agrees.
// The rules, found in OpenCV 4's behaviour: a thin line is cut at the canvas first and then stepped from left to right; a
// thick one is a quadrilateral in 1/65536 pixel, filled row by row and outlined, with a disc at either end.

/** A straight line from one point to another, in pixels; the middle of the first pixel is 0, 0. */
export interface Line {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Fills the pixels `from` to `to`, both included, of row `y`. */
export type PaintSpan = (y: number, from: number, to: number) => void;

/** The unit of a thick line's corners: this many to a pixel. */
const one = 65536;

/** Beyond this many pixels from the canvas's origin a line's numbers would no longer be exact. */
const furthest = 1 << 20;

/**
 * Paints a line on a canvas of `width` x `height` pixels, as OpenCV's `line` does. Nothing outside the canvas is painted,
 * and pixels may be painted twice. Points are cut off to whole pixels. Throws a RangeError for a thickness that is no
 * whole number from 1 to 255, and for points that are not finite or further than 2^20 pixels away.
 */
export function paintLine(width: number, height: number, line: Line, thickness: number, paint: PaintSpan): void {
  if (!Number.isInteger(thickness) || thickness < 1 || thickness > 255) {
    throw new RangeError(`thickness: a line is from 1 to 255 whole pixels thick, not ${thickness}.`);
  }
  for (const value of [line.x0, line.y0, line.x1, line.y1]) {
    if (Math.abs(value) <= furthest) continue;
    throw new RangeError(`line: its points lie within ${furthest} pixels of the origin, not at ${value}.`);
  }
  const [x0, y0] = [Math.trunc(line.x0), Math.trunc(line.y0)];
  const [x1, y1] = [Math.trunc(line.x1), Math.trunc(line.y1)];
  if (thickness === 1) thin(width, height, x0, y0, x1, y1, paint);
  else {
    // OpenCV cuts thick lines too, as far outside the canvas as they are thick.
    const room = 2 * thickness - 1;
    const moved = { x0: x0 + thickness, y0: y0 + thickness, x1: x1 + thickness, y1: y1 + thickness };
    const seen = clipped(width + room, height + room, moved);
    if (seen) thick(width, height, seen, thickness, paint);
  }
}

/** Draws a line into a plane, which is changed. See `paintLine`. */
export function drawLine(plane: Plane, line: Line, thickness: number, value: number): void {
  const { width, height, data } = plane;
  paintLine(width, height, line, thickness, (y, from, to) => data.fill(value, y * width + from, y * width + to + 1));
}

/** Paints a filled disc: every pixel whose distance to the centre is not above the radius, which is what OpenCV's is. */
export function paintDisc(width: number, height: number, x: number, y: number, radius: number, paint: PaintSpan): void {
  let reach = 0;
  for (let down = -radius; down <= radius; down++) {
    const room = radius * radius - down * down;
    while ((reach + 1) * (reach + 1) <= room) reach++;
    while (reach * reach > room) reach--;
    span(width, height, y + down, x - reach, x + reach, paint);
  }
}

function span(width: number, height: number, y: number, from: number, to: number, paint: PaintSpan): void {
  if (y < 0 || y >= height || to < 0 || from >= width) return;
  paint(y, Math.max(from, 0), Math.min(to, width - 1));
}

/** Which of the four sides a point lies beyond: 1 left, 2 right, 4 above, 8 below. */
function sides(x: number, y: number, right: number, bottom: number): number {
  return (x < 0 ? 1 : 0) | (x > right ? 2 : 0) | (y < 0 ? 4 : 0) | (y > bottom ? 8 : 0);
}

/** What of a line lies on a canvas whose last column is `right` and whose last row is `bottom`; null if nothing does. */
function clipped(right: number, bottom: number, line: Line): Line | null {
  let { x0, y0, x1, y1 } = line;
  if (sides(x0, y0, right, bottom) & sides(x1, y1, right, bottom)) return null;
  // Rows first, one end after the other, then columns: each cut starts from what the one before it left.
  if (sides(x0, y0, right, bottom) & 12) {
    const y = y0 < 0 ? 0 : bottom;
    x0 += Math.trunc(((y - y0) * (x1 - x0)) / (y1 - y0));
    y0 = y;
  }
  if (sides(x1, y1, right, bottom) & 12) {
    const y = y1 < 0 ? 0 : bottom;
    x1 += Math.trunc(((y - y1) * (x1 - x0)) / (y1 - y0));
    y1 = y;
  }
  if (sides(x0, y0, right, bottom) & sides(x1, y1, right, bottom)) return null;
  if (x0 < 0 || x0 > right) {
    const x = x0 < 0 ? 0 : right;
    y0 += Math.trunc(((x - x0) * (y1 - y0)) / (x1 - x0));
    x0 = x;
  }
  if (x1 < 0 || x1 > right) {
    const x = x1 < 0 ? 0 : right;
    y1 += Math.trunc(((x - x1) * (y1 - y0)) / (x1 - x0));
    x1 = x;
  }
  return { x0, y0, x1, y1 };
}

/** One pixel a step along the longer way, from left to right. */
function thin(width: number, height: number, x0: number, y0: number, x1: number, y1: number, paint: PaintSpan): void {
  const seen = clipped(width - 1, height - 1, { x0, y0, x1, y1 });
  if (!seen) return;
  const turned = seen.x1 < seen.x0;
  let x = turned ? seen.x1 : seen.x0;
  let y = turned ? seen.y1 : seen.y0;
  const across = Math.abs(seen.x1 - seen.x0);
  const down = Math.abs(seen.y1 - seen.y0);
  const step = (turned ? seen.y0 : seen.y1) < y ? -1 : 1;
  const [long, short] = across >= down ? [across, down] : [down, across];
  let error = long - 2 * short;
  for (let left = long; left >= 0; left--) {
    paint(y, x, x);
    const both = error < 0;
    error += (both ? 2 * long : 0) - 2 * short;
    if (both || across >= down) x++;
    if (both || across < down) y += step;
  }
}

/** Halves to the even neighbour. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** A quadrilateral with a disc at either end; `line` is measured from `thickness` pixels outside the canvas's corner. */
function thick(width: number, height: number, line: Line, thickness: number, paint: PaintSpan): void {
  const [x0, y0] = [line.x0 - thickness, line.y0 - thickness];
  const [x1, y1] = [line.x1 - thickness, line.y1 - thickness];
  const squared = (x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0);
  if (squared > 0) {
    const reach = ((thickness + (thickness & 1)) * (one / 2)) / Math.sqrt(squared);
    const px = nearestEven((y1 - y0) * reach);
    const py = nearestEven((x0 - x1) * reach);
    const xs = [x0 * one + px, x0 * one - px, x1 * one - px, x1 * one + px];
    const ys = [y0 * one + py, y0 * one - py, y1 * one - py, y1 * one + py];
    for (let k = 0; k < 4; k++) {
      const before = (k + 3) & 3;
      outline(width, height, { x0: at(xs, before), y0: at(ys, before), x1: at(xs, k), y1: at(ys, k) }, paint);
    }
    fillQuad(width, height, xs, ys, paint);
  }
  const radius = (thickness + 1) >> 1;
  paintDisc(width, height, x0, y0, radius, paint);
  paintDisc(width, height, x1, y1, radius, paint);
}

function at(values: readonly number[], index: number): number {
  return values[index] as number;
}

/** Units to the pixel they lie in. */
function pixel(units: number): number {
  return Math.floor(units / one);
}

/** One pixel a step along an edge given in units, from its smaller end; the larger end's pixel is always painted. */
function outline(width: number, height: number, edge: Line, paint: PaintSpan): void {
  const seen = clipped(width * one - 1, height * one - 1, edge);
  if (!seen) return;
  const across = Math.abs(seen.x1 - seen.x0);
  const down = Math.abs(seen.y1 - seen.y0);
  const flat = across > down;
  const turned = flat ? seen.x1 < seen.x0 : seen.y1 < seen.y0;
  const [fromX, fromY] = turned ? [seen.x1, seen.y1] : [seen.x0, seen.y0];
  const [toX, toY] = turned ? [seen.x0, seen.y0] : [seen.x1, seen.y1];
  const long = flat ? across : down;
  const step = Math.trunc(((flat ? toY - fromY : toX - fromX) * one) / (long % 2 === 0 ? long + 1 : long));
  const count = pixel(flat ? toX - fromX : toY - fromY);
  const half = one / 2;
  span(width, height, pixel(toY + half), pixel(toX + half), pixel(toX + half), paint);
  let place = pixel((flat ? fromX : fromY) + half);
  let side = (flat ? fromY : fromX) + half;
  for (let k = 0; k <= count; k++, place++, side += step) {
    const [x, y] = flat ? [place, pixel(side)] : [pixel(side), place];
    span(width, height, y, x, x, paint);
  }
}

/** Fills a convex quadrilateral given in units: two edges walk down from its highest corner, one either way round. */
function fillQuad(width: number, height: number, xs: readonly number[], ys: readonly number[], paint: PaintSpan): void {
  const half = one / 2;
  let first = 0;
  for (let k = 1; k < 4; k++) if (at(ys, k) < at(ys, first)) first = k;
  const last = Math.min(pixel(Math.max(...ys) + half), height - 1);
  const corner = [first, first];
  const until = [0, 0];
  const place = [-one, -one];
  const slope = [0, 0];
  let edges = 4;
  let y = pixel(at(ys, first) + half);
  until.fill(y);
  for (; y <= last; y++) {
    for (let side = 0; side < 2; side++) {
      if (y < at(until, side)) continue;
      const turn = side === 0 ? 1 : 3;
      let from = at(corner, side);
      let to = (from + turn) & 3;
      while (edges > 0) {
        edges--;
        const end = pixel(at(ys, to) + half);
        if (end > y) {
          const rows = end - y;
          until[side] = end;
          slope[side] = Math.trunc(((at(xs, to) - at(xs, from)) * 2 + rows) / (2 * rows));
          place[side] = at(xs, from);
          corner[side] = to;
          break;
        }
        from = to;
        to = (to + turn) & 3;
      }
      if (y >= at(until, side)) return;
    }
    const [a, b] = [at(place, 0), at(place, 1)];
    span(width, height, y, pixel(Math.min(a, b) + half), pixel(Math.max(a, b) + half), paint);
    place[0] = a + at(slope, 0);
    place[1] = b + at(slope, 1);
  }
}
