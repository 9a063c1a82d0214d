import type { Rect } from "@underdraw/engine/core";

/** The structure of a selection: what vector editors know beyond pixels. */
export interface Scene {
  /** The selection's box, in the document's units; the same as `Capture.bounds`. */
  readonly bounds: Rect;
  /** From the back to the front. */
  readonly shapes: readonly SceneShape[];
}

/** One element of a scene. */
export interface SceneShape {
  /** The host's own id. */
  readonly id: string;
  /** The layer's name, or what stands for one. */
  readonly name: string;
  /** SVG path data before `matrix` is applied. What has no outline (text, a picture) gives the path of its box. */
  readonly path: string;
  /** From the path to the document, as a, b, c, d, e, f in SVG and canvas. */
  readonly matrix: readonly [a: number, b: number, c: number, d: number, e: number, f: number];
  /** The stroke's CSS colour; null without a stroke. */
  readonly stroke: string | null;
  /** In the path's units. */
  readonly strokeWidth: number;
  /** Lengths of dashes and gaps, in the path's units; empty for a solid line. */
  readonly dash: readonly number[];
  /** The fill's CSS colour; null without a fill. */
  readonly fill: string | null;
  /** From 0 to 1. */
  readonly opacity: number;
}
