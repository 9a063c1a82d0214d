import type { Box } from "./box.ts";
import type { Run } from "./flatten.ts";
import type { Mask } from "./mask.ts";

/** Where a line of one pixel may be drawn. */
export interface ThinPen {
  /** Nothing is drawn outside of it. */
  readonly box: Box;
  /** What is cut away: below 128 nothing is drawn; null where all is let through. */
  readonly mask: Mask | null;
  /** The foremost shape of each pixel, 1 + its index; null where nothing hides. */
  readonly ids: Uint32Array | null;
  /** 1 + the index of the line's own shape: what lies further in front hides it. */
  readonly id: number;
  readonly data: Uint8Array;
  readonly width: number;
}

/** Draws a run one pixel wide, white: neighbours in a row, a column or a diagonal, without corners that could be left out. */
export function drawThin({ points, closed }: Run, pen: ThinPen): void {
  const { box } = pen;
  const count = points.length / 2;
  const pieces = closed && count > 2 ? count : count - 1;
  // The last pixel and the one before it: the middle of a corner is drawn only when no diagonal goes past it.
  let [lastX, lastY, olderX, olderY] = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  const visit = (x: number, y: number) => {
    if (x === lastX && y === lastY) return;
    if (Math.abs(x - olderX) === 1 && Math.abs(y - olderY) === 1) {
      [lastX, lastY] = [x, y];
      return;
    }
    put(lastX, lastY, pen);
    [olderX, olderY, lastX, lastY] = [lastX, lastY, x, y];
  };
  for (let n = 0; n < Math.max(1, pieces); n++) {
    const to = pieces === 0 ? n : (n + 1) % count;
    const cut = clipped(
      points[2 * n] as number,
      points[2 * n + 1] as number,
      points[2 * to] as number,
      points[2 * to + 1] as number,
      box,
    );
    if (!cut) continue;
    // A corner of the path keeps its pixel.
    if (n > 0 && isCorner(points, n)) [olderX, olderY] = [Number.NaN, Number.NaN];
    const [x0, y0, x1, y1] = [snapped(cut[0]), snapped(cut[1]), snapped(cut[2]), snapped(cut[3])];
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let step = 0; step <= steps; step++) {
      visit(Math.floor(x0 + ((x1 - x0) * step) / steps), Math.floor(y0 + ((y1 - y0) * step) / steps));
    }
  }
  put(lastX, lastY, pen);
}

/** True where a run turns by more than 30 degrees. */
function isCorner(points: Float64Array, n: number): boolean {
  const at = (k: number): number => points[k % points.length] as number;
  const [ax, ay] = [at(2 * n) - at(2 * n - 2), at(2 * n + 1) - at(2 * n - 1)];
  const [bx, by] = [at(2 * n + 2) - at(2 * n), at(2 * n + 3) - at(2 * n + 1)];
  const dot = ax * bx + ay * by;
  return dot < 0 || dot * dot < 0.75 * (ax * ax + ay * ay) * (bx * bx + by * by);
}

/** To parts of a pixel that add up without a rest: a step of a whole pixel then never skips one, nor ends before it. */
const snapped = (value: number): number => Math.round(value * 65_536) / 65_536;

function put(x: number, y: number, { box, mask, ids, id, data, width }: ThinPen): void {
  if (!(x >= box.left && x < box.right && y >= box.top && y < box.bottom)) return;
  const at = y * width + x;
  if (ids && (ids[at] as number) > id) return;
  if (mask) {
    const { left, top, right, bottom } = mask.box;
    if (x < left || x >= right || y < top || y >= bottom) return;
    if ((mask.data[(y - top) * (right - left) + x - left] as number) < 128) return;
  }
  data[at] = 255;
}

/** The part of a piece that lies within a pixel of a box, as Liang and Barsky cut it; null for none. */
function clipped(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  { left, top, right, bottom }: Box,
): readonly [number, number, number, number] | null {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [from, to] = [0, 1];
  for (let side = 0; side < 4; side++) {
    const across = side < 2 ? dx : dy;
    const start = side < 2 ? x0 : y0;
    const inward = side % 2 === 0;
    const border = side === 0 ? left - 1 : side === 1 ? right + 1 : side === 2 ? top - 1 : bottom + 1;
    if (across === 0) {
      if (inward ? start < border : start > border) return null;
      continue;
    }
    const t = (border - start) / across;
    if (across > 0 === inward) from = Math.max(from, t);
    else to = Math.min(to, t);
  }
  return from <= to ? [x0 + dx * from, y0 + dy * from, x0 + dx * to, y0 + dy * to] : null;
}
