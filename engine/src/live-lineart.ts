import type { CallOptions } from "./call.ts";
import { inTurns } from "./conditions/drawing.ts";
import { lineart } from "./conditions/lineart.ts";
import { optionsRefused } from "./conditions/option-check.ts";
import { readable } from "./conditions/source.ts";
import type { Pixels, Rect } from "./core/pixels.ts";
import type { Scene, SceneShape, SceneSource } from "./core/scene.ts";

/** How lines are drawn that follow a drawing: the options of the condition `lineart`, but for `pixels`, which is soft. */
export interface LiveLineartOptions extends CallOptions {
  /** Each line in its own width, or all in the one of `width`. @default "own" */
  readonly widths?: "own" | "unified";
  /** The width of unified lines, in pixels of a map of 512: from 1 to 24. @default 2 */
  readonly width?: number;
  /** Draw lines that lie behind filled shapes as well. @default false */
  readonly hidden?: boolean;
  /** Draw the outlines of filled shapes that have no stroke. @default true */
  readonly outlines?: boolean;
}

/** The map of `lineart` that follows a drawing: each change costs what it touches, and gives the bytes of drawing it anew. */
export interface LiveLineart {
  /** The map as it stands, opaque, in the source's size: the same object all the time, changed in place. */
  readonly map: Pixels;
  /** The drawing as it stands. */
  readonly scene: Scene;
  /**
   * Puts a shape in the place of the one at `index` in `scene.shapes`, as when a path is dragged. Returns the areas of the
   * map that were drawn again, in its pixels: two at most, none where nothing is seen of it. Throws a `RangeError` for a
   * place that the drawing does not have, `request-invalid` for a shape that is not sound; the map is then as it was.
   */
  replace(index: number, shape: SceneShape): readonly Rect[];
  /**
   * Brings in the drawing as it is now: shapes added, removed, changed or moved in their order. Those with an id and content
   * that were there before are not drawn again, whether or not they are the same objects; another `bounds` or other
   * `groups` draw all. Returns the areas of the map that were drawn again. Throws `request-invalid` for a scene that is not
   * sound; the map is then as it was.
   */
  update(scene: Scene): readonly Rect[];
}

/**
 * Draws the lines of a drawing, and keeps what is needed to draw them again after a change. Works on the calling thread:
 * in turns the first time, at once after that. Rejects with `request-invalid` for options or a scene that are not sound,
 * with a `RangeError` for a wrong size, and with the signal's reason when stopped.
 */
export async function liveLineart(source: SceneSource, options: LiveLineartOptions = {}): Promise<LiveLineart> {
  const { signal, onProgress, ...given } = options;
  signal?.throwIfAborted();
  const { id, options: chosen } = lineart.choose(given);
  const { pixels, widths, width, hidden, outlines } = chosen as unknown as Drawn;
  if (pixels !== "soft") {
    throw optionsRefused(id, [{ path: `${id}.pixels`, message: "lines that follow a drawing are soft; leave it out" }]);
  }
  const call: CallOptions = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  await readable(id, "scene", source, (work) => inTurns(work, id, call));
  const { LiveLines } = await import("./scene/live-lines.ts");
  const lines = new LiveLines(source, { width: widths === "own" ? null : width, hidden, outlines });
  await inTurns(lines.draw(), id, call);
  signal?.throwIfAborted();
  return lines;
}

/** The options of `lineart` once they are chosen. */
type Drawn = Required<Omit<LiveLineartOptions, keyof CallOptions>> & { readonly pixels: "soft" | "single" };
