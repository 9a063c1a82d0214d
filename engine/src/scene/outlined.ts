import type { SceneGroup, SceneShape, SceneSource } from "../core/scene.ts";
import type { Box } from "./box.ts";
import type { Edges } from "./edges.ts";
import type { Run } from "./flatten.ts";
import { GroupTree } from "./group-tree.ts";
import type { Mask } from "./mask.ts";
import { mapMatrix, Outline } from "./outline.ts";

// A scene in pixels of its map. Geometry is made from a path when it is first asked for and kept with its shape, so that
// what is hidden costs nothing and what does not move is made once. Paints are not looked at but for how much they hide.

/** How a scene's shapes are outlined. */
export interface OutlineOptions {
  /** The width of lines: each its own, which is what is done without it, or the same for all, in pixels of the map. */
  readonly width?: "own" | number;
  /** A filled shape without a stroke gets its outline as a line, but where it runs along the map's border. False without it. */
  readonly outlineUnstroked?: boolean;
  /** How far, in pixels, straight pieces may lie from the curve they stand for; 0.1 without it. */
  readonly tolerance?: number;
}

/** A shape in pixels of the map. Its geometry is made when it is first asked for, and kept. */
export interface OutlinedShape {
  readonly shape: SceneShape;
  /** Those that it lies in, the outermost first. */
  readonly groups: readonly SceneGroup[];
  /** Of the shape times its groups'. */
  readonly opacity: number;
  /** How much the body hides, from 0 to 1: the opacity times the alpha of its paint, the mean of a gradient's; 0 without one. */
  readonly solidity: number;
  /** Outside of these pixels it shows nothing. Costs no geometry. */
  readonly reach: Box;
  /** The inside of the path, whatever its paint; null for an open path without fill and for nothing. */
  readonly area: Edges | null;
  /** What is filled and can hide: the area of a filled shape, of a picture, of a text's outline or box; null otherwise. */
  readonly body: Edges | null;
  /** The stroke at the asked width; null without one. */
  readonly line: Edges | null;
  /** The middle of that line: straight runs, dashes apart; empty without a line. */
  readonly runs: readonly Run[];
  /** All clips of the shape and of its groups: each cuts. Shapes of one group without clips of their own share one list. */
  readonly clips: readonly Edges[];
  /** What cuts its line: the clips, a little larger where the line runs along them. */
  readonly lineClips: readonly Edges[];
  /** True for a text whose outline is not known: its path is its box. */
  readonly isTextBox: boolean;
  /** Where in a box a picture lets what lies behind show through; null for what has no such places. */
  cut(box: Box): Mask | null;
}

/** A scene in pixels of the map, from the back to the front. */
export interface Outlined {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly OutlinedShape[];
  /** Outlines another shape of the same scene, as after a move. */
  outline(shape: SceneShape): OutlinedShape;
}

/**
 * Outlines a scene for a map of the source's size. Never throws for geometry: what has none is null. Throws a `RangeError`
 * for a width or a tolerance that is not above 0.
 */
export function outlineScene(source: SceneSource, options: OutlineOptions = {}): Outlined {
  const { width: line = "own", outlineUnstroked = false, tolerance = 0.1 } = options;
  if (line !== "own" && !(line > 0 && line < Infinity)) {
    throw new RangeError(
      `width: a line is wider than 0 pixels, not ${line}; give "own" to keep each line's own width.`,
    );
  }
  if (!(tolerance > 0))
    throw new RangeError(`tolerance: curves are kept to within more than 0 pixels, not ${tolerance}.`);
  const { width, height, scene } = source;
  const matrix = mapMatrix(source);
  const groups = new GroupTree(scene.groups ?? [], matrix, tolerance);
  const style = { line, outlineUnstroked, tolerance, width, height };
  const outline = (shape: SceneShape): OutlinedShape => new Outline(shape, groups, matrix, style);
  return { width, height, shapes: scene.shapes.map(outline), outline };
}
