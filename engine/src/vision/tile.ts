import type { Pixels } from "../core/pixels.ts";
import { part } from "./part.ts";
import { resampling } from "./resample.ts";

/** A picture made smaller by `rate` in both directions, as WebUI's `tile_resample` does; below 1.1 it is the same picture. */
export function* shrunk(source: Pixels, rate: number): Generator<number, Pixels, void> {
  if (rate < 1.1) return source;
  const side = (length: number) => Math.max(1, Math.floor(length / rate));
  return yield* resampling(source, side(source.width), side(source.height), "area");
}

/** A picture without its fine detail, in its own size: made smaller by `rate` and enlarged again. Yields the share done. */
export function* tile(source: Pixels, rate: number): Generator<number, Pixels, void> {
  const small = yield* part(shrunk(source, rate), 0, 0.5);
  if (small.width === source.width && small.height === source.height) return small;
  return yield* part(resampling(small, source.width, source.height, "cubic"), 0.5, 0.5);
}

/**
 * The colours of cells: first the picture is made so small that its short side has at most `short` pixels, then each
 * `cell` pixels become one.
 */
export function* cellColours(source: Pixels, cell: number, short: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const scale = Math.min(1, short / Math.min(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const seen = scale === 1 ? source : yield* part(resampling(source, side(width), side(height), "area"), 0, 0.8);
  const count = (length: number) => Math.max(1, Math.floor(length / cell));
  return yield* part(resampling(seen, count(seen.width), count(seen.height), "cubic"), 0.8, 0.2);
}

/** A picture as a grid of plain cells, in its own size; `short` as for `cellColours`, 0 for as it is. Yields the share done. */
export function* colourGrid(source: Pixels, cell: number, short: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const colours = yield* part(cellColours(source, cell, short > 0 ? short : Math.min(width, height)), 0, 0.5);
  return yield* part(resampling(colours, width, height, "nearest"), 0.5, 0.5);
}
