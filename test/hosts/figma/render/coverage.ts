import type { Point } from "../core/paths.ts";

// How much of each pixel a shape covers, from 0 to 1, as the exact area. What lies on pixel edges comes out as 0 and 1 alone.

/** A closed run of straight lines, in pixels. */
export type Loop = readonly Point[];

/** Coverage of a part of a picture; it is 0 outside. */
export interface Coverage {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The picture's size in pixels. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
}

/** Nothing covered. */
export const nothing: Coverage = { x: 0, y: 0, width: 0, height: 0, data: new Float32Array(0) };

/**
 * The area that loops cover. The signed area of each line to its right is summed along the rows, which gives winding times
 * area; loops that overlap with edges in the same pixel are the one case in which that is not exact.
 */
export function cover(loops: readonly Loop[], rule: "NONZERO" | "EVENODD", canvas: Canvas): Coverage {
  const points = loops.flat();
  if (points.length === 0) return nothing;
  const bound = (values: readonly number[], most: number): [number, number] => [
    Math.max(0, Math.floor(Math.min(...values))),
    Math.min(most, Math.ceil(Math.max(...values))),
  ];
  const [left, right] = bound(
    points.map(([x]) => x),
    canvas.width,
  );
  const [top, bottom] = bound(
    points.map(([, y]) => y),
    canvas.height,
  );
  const [width, height] = [right - left, bottom - top];
  if (width <= 0 || height <= 0) return nothing;
  const sums = new Float64Array((width + 2) * height);
  for (const loop of loops) {
    for (const [index, [x, y]] of loop.entries()) {
      const [toX, toY] = loop[(index + 1) % loop.length] as Point;
      addLine(sums, width, height, x - left, y - top, toX - left, toY - top);
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0; x < width; x++) {
      sum += sums[y * (width + 2) + x] as number;
      data[y * width + x] = rule === "NONZERO" ? Math.min(1, Math.abs(sum)) : folded(sum);
    }
  }
  return { x: left, y: top, width, height, data };
}

/** 0 at even windings, 1 at odd ones. */
function folded(winding: number): number {
  const rest = Math.abs(winding) % 2;
  return rest > 1 ? 2 - rest : rest;
}

/** Adds one line's signed area, row by row. What lies left of the region covers all of it; what lies right, nothing. */
function addLine(
  sums: Float64Array,
  width: number,
  height: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  if (y0 === y1) return;
  const sign = y0 < y1 ? 1 : -1;
  const [topX, topY, bottomX, bottomY] = sign > 0 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
  const slope = (bottomX - topX) / (bottomY - topY);
  const last = Math.min(height, Math.ceil(bottomY));
  for (let row = Math.max(0, Math.floor(topY)); row < last; row++) {
    const from = Math.max(topY, row);
    const to = Math.min(bottomY, row + 1);
    if (to <= from) continue;
    const high = (to - from) * sign;
    addPiece(sums, row * (width + 2), width, topX + (from - topY) * slope, topX + (to - topY) * slope, high);
  }
}

function addPiece(sums: Float64Array, row: number, width: number, one: number, other: number, high: number): void {
  const clamp = (x: number): number => Math.min(width + 1, Math.max(0, x));
  const [left, right] = one < other ? [one, other] : [other, one];
  const add = (at: number, value: number): void => {
    sums[row + at] = (sums[row + at] as number) + value;
  };
  if (right - left < 1e-12 || clamp(left) === clamp(right)) {
    addSpan(add, clamp((left + right) / 2), high);
    return;
  }
  // The line within each column it crosses; beyond the region's sides it is as good as on them.
  const inside = (x: number, toX: number): number => (high * (toX - x)) / (right - left);
  if (left < 0) addSpan(add, 0, inside(left, Math.min(0, right)));
  addColumns(add, Math.max(0, left), Math.min(width + 1, right), inside);
}

function addColumns(
  add: (at: number, value: number) => void,
  from: number,
  to: number,
  inside: (x: number, toX: number) => number,
): void {
  for (let x = from; x < to; ) {
    const next = Math.min(to, Math.floor(x) + 1);
    addSpan(add, (x + next) / 2, inside(x, next), Math.floor(x));
    x = next;
  }
}

/** An upright piece of line at `x`: its pixel is covered right of it, and so are all that follow. */
function addSpan(add: (at: number, value: number) => void, x: number, high: number, column = Math.floor(x)): void {
  const part = column + 1 - x;
  add(column, high * part);
  add(column + 1, high * (1 - part));
}

/** Coverage at a pixel of the picture. */
export function at({ x, y, width, height, data }: Coverage, px: number, py: number): number {
  const [column, row] = [px - x, py - y];
  return column >= 0 && row >= 0 && column < width && row < height ? (data[row * width + column] as number) : 0;
}

/** Two coverages as one, pixel by pixel, over the area of both. */
export function combine(one: Coverage, other: Coverage, how: (a: number, b: number) => number): Coverage {
  if (one.width === 0 && other.width === 0) return nothing;
  const both = [one, other].filter(({ width }) => width > 0);
  const x = Math.min(...both.map((part) => part.x));
  const y = Math.min(...both.map((part) => part.y));
  const width = Math.max(...both.map((part) => part.x + part.width)) - x;
  const height = Math.max(...both.map((part) => part.y + part.height)) - y;
  const data = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      data[row * width + column] = how(at(one, x + column, y + row), at(other, x + column, y + row));
    }
  }
  return { x, y, width, height, data };
}
