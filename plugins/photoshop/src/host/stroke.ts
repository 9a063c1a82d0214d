import type { Rect, SceneShape } from "@underdraw/engine/core";
import { fieldsOf, listOf, numberOf, pixelsFrom, wordOf } from "./descriptor.ts";
import { type Content, contentFrom } from "./paint.ts";

/** A shape layer's stroke. */
export interface Stroke {
  readonly paint: Content;
  /** In pixels of the document. */
  readonly width: number;
  readonly dash: readonly number[];
  readonly dashOffset: number;
  readonly cap: NonNullable<SceneShape["cap"]>;
  readonly join: NonNullable<SceneShape["join"]>;
  readonly miterLimit: number;
  /** On which side of the outline it lies. */
  readonly side: "inside" | "centre" | "outside";
}

/** What `AGMStrokeStyleInfo` says of a shape layer. */
export interface ShapeStyle {
  /** False for a shape whose fill is switched off. */
  readonly filled: boolean;
  /** Null without one. */
  readonly stroke: Stroke | null;
}

const caps: Readonly<Record<string, Stroke["cap"]>> = { strokeStyleRoundCap: "round", strokeStyleSquareCap: "square" };
const joins: Readonly<Record<string, Stroke["join"]>> = {
  strokeStyleRoundJoin: "round",
  strokeStyleBevelJoin: "bevel",
};
const sides: Readonly<Record<string, Stroke["side"]>> = {
  strokeStyleAlignInside: "inside",
  strokeStyleAlignOutside: "outside",
};

/** Reads the style of a shape layer; one without a style is filled and has no stroke. */
export function shapeStyleFrom(value: unknown, resolution: number, box: Rect, canvas: Rect): ShapeStyle {
  const style = fieldsOf(value);
  const filled = style["fillEnabled"] !== false;
  const width = pixelsFrom(style["strokeStyleLineWidth"], resolution) ?? 1;
  const opacity = (numberOf(style["strokeStyleOpacity"]) ?? 100) / 100;
  if (style["strokeEnabled"] !== true || !(width > 0) || !(opacity > 0)) return { filled, stroke: null };
  // Dashes and gaps are told as multiples of the width.
  const dash = listOf(style["strokeStyleLineDashSet"]).map((length) => Math.max(0, numberOf(length) ?? 0) * width);
  return {
    filled,
    stroke: {
      paint: contentFrom(style["strokeStyleContent"], box, canvas, opacity),
      width,
      dash: dash.some((length) => length > 0) ? dash : [],
      dashOffset: pixelsFrom(style["strokeStyleLineDashOffset"], resolution, width) ?? 0,
      cap: caps[wordOf(style["strokeStyleLineCapType"]) ?? ""] ?? "butt",
      join: joins[wordOf(style["strokeStyleLineJoinType"]) ?? ""] ?? "miter",
      miterLimit: numberOf(style["strokeStyleMiterLimit"]) ?? 100,
      side: sides[wordOf(style["strokeStyleLineAlignment"]) ?? ""] ?? "centre",
    },
  };
}
