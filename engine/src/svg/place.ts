import type { Matrix, SceneClip, SceneShape } from "../core/scene.ts";
import type { SvgElement } from "./element.ts";
import type { Measures } from "./length.ts";
import type { Declared } from "./style.ts";
import type { Style } from "./style-record.ts";

/** A group of the scene that is being written; it is written once something lies in it. */
export interface OpenGroup {
  readonly id: string;
  readonly name: string;
  readonly outer: OpenGroup | null;
  readonly opacity: number;
  readonly clips: readonly SceneClip[];
}

/** Where an element stands, which differs each time that `use` repeats it. */
export interface Place {
  /** From the element's parent to the document. */
  readonly matrix: Matrix;
  /** The style of its parent. */
  readonly style: Style;
  readonly group: OpenGroup | null;
  readonly measures: Measures;
  readonly depth: number;
  /** What is being drawn and can be referred to, the outermost first: none of it may come again inside. */
  readonly uses: readonly SvgElement[];
  /** True inside of what takes its paints from the element that it is drawn for: see `Template`. */
  readonly isTemplate?: boolean;
}

/** An element with what is known of it once its style is resolved. */
export interface Met {
  readonly element: SvgElement;
  readonly declared: Declared;
  readonly style: Style;
  /** From its own coordinates to the document's. */
  readonly matrix: Matrix;
  /** Of its parent, but for the size of the font. */
  readonly place: Place;
  readonly opacity: number;
  readonly clips: readonly SceneClip[];
}

/** Takes the shapes that a walk finds. */
export type Sink = (shape: SceneShape, group: OpenGroup | null) => void;

/** Gives names that are taken once in a scene. */
export type Names = (wanted: string) => string;
