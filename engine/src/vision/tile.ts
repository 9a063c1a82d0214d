import type { Pixels } from "../core/pixels.ts";
import { opaquePixels } from "./matte.ts";
import { part } from "./part.ts";
import { resampling } from "./resample.ts";
import { shrinksByBoxes, shrunkByBoxes } from "./scale-box.ts";
import { scaledByTaps } from "./scale-taps.ts";
import { taps } from "./taps.ts";

// Conditions of a picture's colours without its detail. Their pictures are opaque, so that nothing here looks at that again.

/**
 * An opaque picture made smaller by `rate` in both directions, as WebUI's `tile_resample` does; below 1.1 it is the same
 * picture.
 */
export function* shrunk(source: Pixels, rate: number): Generator<number, Pixels, void> {
  if (rate < 1.1) return source;
  const side = (length: number) => Math.max(1, Math.floor(length / rate));
  return yield* averaged(source, side(source.width), side(source.height));
}

/** An opaque picture without its fine detail, in its own size: smaller by `rate` and enlarged again. Yields the share done. */
export function* tile(source: Pixels, rate: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const small = yield* part(shrunk(source, rate), 0, 0.5);
  if (small.width === width && small.height === height) return small;
  const { data } = yield* part(smooth(small, width, height), 0.5, 0.5);
  return opaquePixels(width, height, data);
}

/**
 * The colours of cells of an opaque picture: first it is made so small that its short side has at most `short` pixels,
 * then each `cell` pixels become one.
 */
export function* cellColours(source: Pixels, cell: number, short: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const scale = Math.min(1, short / Math.min(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const seen = scale === 1 ? source : yield* part(averaged(source, side(width), side(height)), 0, 0.8);
  const count = (length: number) => Math.max(1, Math.floor(length / cell));
  return yield* part(smooth(seen, count(seen.width), count(seen.height)), 0.8, 0.2);
}

/** An opaque picture as plain cells, in its own size; `short` as for `cellColours`, 0 for as it is. Yields the share done. */
export function* colourGrid(source: Pixels, cell: number, short: number): Generator<number, Pixels, void> {
  const { width, height } = source;
  const colours = yield* part(cellColours(source, cell, short > 0 ? short : Math.min(width, height)), 0, 0.5);
  const { data } = yield* part(resampling(colours, width, height, "nearest"), 0.5, 0.5);
  return opaquePixels(width, height, data);
}

/** An opaque picture scaled between four by four pixels. */
function smooth(source: Pixels, width: number, height: number): Generator<number, Pixels, void> {
  const columns = taps(source.width, width, "cubic", false);
  const isSquare = source.width === source.height && width === height;
  return scaledByTaps(source, columns, isSquare ? columns : taps(source.height, height, "cubic", false));
}

/** An opaque picture made smaller: the means of what new pixels cover. */
function averaged(source: Pixels, width: number, height: number): Generator<number, Pixels, void> {
  if (shrinksByBoxes(source, width, height)) return shrunkByBoxes(source, width, height);
  return resampling(source, width, height, "area");
}
