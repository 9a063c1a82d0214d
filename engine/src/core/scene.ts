import type { Pixels, Rect } from "./pixels.ts";

// What a drawing is made of, whichever program made it: outlines with their paint, in the order in which they lie, with the
// names that a person gave them. All in one system of coordinates, the document's, y downwards. Plain data.

/** From one system of coordinates to another: x' = a x + c y + e, y' = b x + d y + f, as SVG and canvas write it. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Which parts of an outline that crosses itself are inside. */
export type FillRule = "nonzero" | "evenodd";

/** A colour on the way of a gradient. */
export interface GradientStop {
  /** From 0 to 1. */
  readonly offset: number;
  /** A CSS colour. */
  readonly colour: string;
}

/** A paint that changes from place to place, in the coordinates of the path that it fills. */
export interface Gradient {
  readonly type: "linear" | "radial";
  /**
   * Linear: x1, y1, x2, y2. Radial: the focus's x, y and radius, then the outer circle's x, y and radius, as canvas takes
   * them.
   */
  readonly from: readonly number[];
  /** From the gradient's coordinates to the path's; none without it. */
  readonly matrix?: Matrix;
  readonly spread?: "pad" | "reflect" | "repeat";
  /** At least one, by rising offset. */
  readonly stops: readonly GradientStop[];
}

/** What an area or a line is painted with: a CSS colour, or a gradient. */
export type Paint = string | Gradient;

/** An outline that cuts off what lies outside of it. */
export interface SceneClip {
  readonly path: string;
  readonly matrix: Matrix;
  readonly rule?: FillRule;
  /** Pixels that fill the box of `path`: inside of it their alpha is let through. Without them all is. */
  readonly picture?: Pixels;
}

/** One element of a scene. */
export interface SceneShape {
  /** The host's own id. */
  readonly id: string;
  /** The layer's name, or what stands for one. */
  readonly name: string;
  /**
   * What it is; an outline without it. Text and pictures give the path of their box where their outline is not known. An
   * effect, such as a shadow, is a picture that nothing but a picture of the drawing shows: it has no lines, hides nothing
   * and is in no mask.
   */
  readonly kind?: "path" | "text" | "picture" | "effect";
  /** The id of the group that it lies in, the innermost; none for what lies in no group. */
  readonly group?: string;
  /** SVG path data before `matrix` is applied. */
  readonly path: string;
  /** From the path to the document. */
  readonly matrix: Matrix;
  /** nonzero without it. */
  readonly rule?: FillRule;
  /** Null without a stroke. */
  readonly stroke: Paint | null;
  /** In the path's units. */
  readonly strokeWidth: number;
  /** Lengths of dashes and gaps, in the path's units; empty for a solid line. */
  readonly dash: readonly number[];
  /** Where in the dashes the line begins, in the path's units; 0 without it. */
  readonly dashOffset?: number;
  /** The ends of the line; butt without it. */
  readonly cap?: "butt" | "round" | "square";
  /** The corners of the line; miter without it. */
  readonly join?: "miter" | "round" | "bevel";
  /** How far a corner may stand out, in halves of the width; 4 without it. */
  readonly miterLimit?: number;
  /** Null without a fill. */
  readonly fill: Paint | null;
  /** From 0 to 1. */
  readonly opacity: number;
  /** Each cuts the shape. */
  readonly clips?: readonly SceneClip[];
  /** A text's words. */
  readonly text?: string;
  /** A picture's pixels, where the host gives them: they fill the box of `path`. */
  readonly picture?: Pixels;
}

/** A group, frame or folder of a document. */
export interface SceneGroup {
  readonly id: string;
  readonly name: string;
  /** The id of the group that it lies in. */
  readonly group?: string;
  /** Of the group as a whole; 1 without it. */
  readonly opacity?: number;
  /** Each cuts all that lies in the group. */
  readonly clips?: readonly SceneClip[];
}

/** The structure of a drawing: what vector editors know beyond pixels. */
export interface Scene {
  /** The part of the document that counts, in the document's units. A map shows this and nothing beyond. */
  readonly bounds: Rect;
  /** From the back to the front. Hidden ones are left out. */
  readonly shapes: readonly SceneShape[];
  /** Those that shapes and groups name; each after the one it lies in. */
  readonly groups?: readonly SceneGroup[];
}

/** A scene, and how large its map is to be. The bounds are scaled to this size. */
export interface SceneSource {
  readonly width: number;
  readonly height: number;
  readonly scene: Scene;
}
