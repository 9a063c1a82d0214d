import type { FillRule } from "../core/scene.ts";

/** What an outline is painted with. */
export type PaintPart = "fill" | "stroke" | "markers";

/** What is inherited from element to element. Lengths in the units of the element. */
export interface Style {
  readonly color: string;
  readonly fill: string;
  readonly fillOpacity: number;
  readonly fillRule: FillRule;
  readonly clipRule: FillRule;
  readonly stroke: string;
  readonly strokeOpacity: number;
  readonly strokeWidth: number;
  readonly dash: readonly number[];
  readonly dashOffset: number;
  readonly cap: "butt" | "round" | "square";
  readonly join: "miter" | "round" | "bevel";
  readonly miterLimit: number;
  readonly visible: boolean;
  /** What is painted first, second and last. */
  readonly paintOrder: readonly PaintPart[];
  /** What stands at the first, the inner and the last points of outlines: a reference, or none. */
  readonly markerStart: string;
  readonly markerMid: string;
  readonly markerEnd: string;
  readonly fontFamily: string;
  readonly fontSize: number;
  readonly fontWeight: number;
  readonly italic: boolean;
  readonly anchor: "start" | "middle" | "end";
  readonly letterSpacing: number;
  readonly wordSpacing: number;
  readonly baseline: string;
  /** True where blanks in text are kept. */
  readonly preserve: boolean;
  /** Custom properties. */
  readonly custom: ReadonlyMap<string, string>;
}

/** What holds at the outermost element. */
export const initialStyle: Style = {
  color: "black",
  fill: "black",
  fillOpacity: 1,
  fillRule: "nonzero",
  clipRule: "nonzero",
  stroke: "none",
  strokeOpacity: 1,
  strokeWidth: 1,
  dash: [],
  dashOffset: 0,
  cap: "butt",
  join: "miter",
  miterLimit: 4,
  visible: true,
  paintOrder: ["fill", "stroke", "markers"],
  markerStart: "none",
  markerMid: "none",
  markerEnd: "none",
  fontFamily: "",
  fontSize: 16,
  fontWeight: 400,
  italic: false,
  anchor: "start",
  letterSpacing: 0,
  wordSpacing: 0,
  baseline: "auto",
  preserve: false,
  custom: new Map(),
};
