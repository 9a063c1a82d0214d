import { type PaintSpan, paintLine } from "../vision/line.ts";

/** Steps to the pixel in which the sides of a polygon go down. */
const unit = 65_536;

/** A side of a polygon while its rows are filled. */
interface Side {
  /** The corner that the side is going to. */
  corner: number;
  /** From corner to corner: 1, or all but one, which is one back. */
  readonly way: number;
  /** The row that `corner` lies in. */
  until: number;
  /** Where the side is in the present row, and how far it goes from row to row, in steps. */
  x: number;
  slope: number;
}

/**
 * Paints a convex polygon on a canvas of `width` x `height` pixels as OpenCV's `fillConvexPoly` does: its outline is
 * drawn as lines of one pixel, then every row is filled between its two sides, which go from corner to corner in fixed
 * point. `corners` are whole pixels: x, y, x, y, …
 */
export function paintPolygon(width: number, height: number, corners: Float64Array, paint: PaintSpan): void {
  const count = corners.length / 2;
  outline(width, height, corners, paint);
  if (count < 3) return;
  const row = (corner: number) => corners[2 * corner + 1] as number;
  let top = 0;
  let bottom = row(0);
  for (let corner = 1; corner < count; corner++) {
    if (row(corner) < row(top)) top = corner;
    bottom = Math.max(bottom, row(corner));
  }
  bottom = Math.min(bottom, height - 1);
  let y = row(top);
  // Until its first corner a side lies left of everything.
  const ahead: Side = { corner: top, way: 1, until: y, x: -unit, slope: 0 };
  const back: Side = { corner: top, way: count - 1, until: y, x: -unit, slope: 0 };
  let left = count;
  while (y <= bottom) {
    for (const side of [ahead, back]) {
      if (y >= side.until) left = turned(side, corners, y, left);
    }
    if (left < 0) return;
    if (y >= 0) {
      const first = Math.floor(Math.min(ahead.x, back.x) / unit + 0.5);
      const last = Math.floor(Math.max(ahead.x, back.x) / unit + 0.5);
      if (last >= 0 && first < width) paint(y, Math.max(first, 0), Math.min(last, width - 1));
    }
    // Rows above the canvas are passed over, but for those where a side turns.
    const step = y < 0 ? Math.max(1, Math.min(ahead.until, back.until, 0) - y) : 1;
    ahead.x += step * ahead.slope;
    back.x += step * back.slope;
    y += step;
  }
}

/** Turns a side to the next corner below row `y`. Gives how many edges are left; below 0 there is none that goes on. */
function turned(side: Side, corners: Float64Array, y: number, left: number): number {
  const count = corners.length / 2;
  let edges = left;
  let from = side.corner;
  while (edges-- > 0) {
    const to = (from + side.way) % count;
    const rows = (corners[2 * to + 1] as number) - y;
    if (rows > 0) {
      side.x = (corners[2 * from] as number) * unit;
      side.slope = Math.trunc((2 * ((corners[2 * to] as number) * unit - side.x) + rows) / (2 * rows));
      side.until = y + rows;
      side.corner = to;
      break;
    }
    from = to;
  }
  return edges;
}

/** Draws the outline. Most corners of an ellipse are neighbours, and a line between neighbours is these two pixels. */
function outline(width: number, height: number, corners: Float64Array, paint: PaintSpan): void {
  for (let at = 0, before = corners.length - 2; at < corners.length; before = at, at += 2) {
    const [x0, y0] = [corners[before] as number, corners[before + 1] as number];
    const [x1, y1] = [corners[at] as number, corners[at + 1] as number];
    if (x1 >= 0 && y1 >= 0 && x1 < width && y1 < height) paint(y1, x1, x1);
    const [across, down] = [x1 - x0, y1 - y0];
    if (across > 1 || across < -1 || down > 1 || down < -1) paintLine(width, height, { x0, y0, x1, y1 }, 1, paint);
  }
}
