import type { Pixels } from "../core/pixels.ts";
import { joinSegments } from "./join-segments.ts";
import { drawLine, type Line } from "./line.ts";
import { part } from "./part.ts";
import { graying } from "./plane.ts";
import { segments } from "./segments.ts";

/** Which straight lines are drawn; lengths in 1/256 of the picture's shorter side, the unit of MLSD's own thresholds. */
export interface StraightLineOptions {
  /** The shortest line. */
  readonly length: number;
  /** The weakest change that counts, in levels of 255 a pixel. */
  readonly strength: number;
  /** The widest stroke whose two sides become one line; 0 leaves both. */
  readonly stroke: number;
  /** The widest gap that a line runs on over; 0 leaves pieces apart. */
  readonly gap: number;
}

/** Finds the straight lines of an opaque picture, in its pixels, the longest first. Yields the share done, from 0 to 1. */
export function* straightLines(
  source: Pixels,
  { length, strength, stroke, gap }: StraightLineOptions,
): Generator<number, readonly Line[], void> {
  const unit = Math.min(source.width, source.height) / 256;
  const found = yield* part(segments(source, { strength }), 0, 0.9);
  const lines = yield* part(joinSegments(found, { stroke: stroke * unit, gap: gap * unit }), 0.9, 0.1);
  const least = length * unit;
  return lines.filter(({ x0, y0, x1, y1 }) => (x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0) >= least * least);
}

/** Draws a picture's straight lines as nets for them were trained on: white on black, one pixel wide, as OpenCV draws. */
export function* straightLineMap(source: Pixels, options: StraightLineOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const lines = yield* part(straightLines(source, options), 0, 0.95);
  const plane = { width, height, data: new Uint8Array(width * height) };
  for (const { x0, y0, x1, y1 } of lines) {
    drawLine(plane, { x0: Math.round(x0), y0: Math.round(y0), x1: Math.round(x1), y1: Math.round(y1) }, 1, 255);
  }
  return yield* part(graying(plane), 0.95, 0.05);
}
