import type { Pixels, Rect } from "@underdraw/engine/core";
import type { HostAdapter } from "../host/adapter.ts";

// What the contract needs of an editor besides its adapter: a hand that draws, selects and presses undo, and an eye that
// sees the document. It is written once for each editor, and for each simulator of one; the checks know no editor.

/** A layer as the editor keeps it. */
export interface KeptLayer {
  /** Its box in the document. */
  readonly bounds: Rect;
  /** What is seen of it, in its own size: straight alpha, a layer mask multiplied in. */
  readonly pixels: Pixels;
}

/**
 * An editor at the hands of `hostContract`. What an editor has not is left out: the checks that need it are then reported
 * as not applicable, with the reason.
 */
export interface HostKit {
  /** The adapter that is checked, or a connected one. */
  readonly host: HostAdapter;
  /** The size of a document that `open` makes, where documents have an edge: at least 320 x 240. */
  readonly canvas?: { readonly width: number; readonly height: number };
  /** True where things may lie between whole units, as in an editor of vectors. */
  readonly fractions?: boolean;
  /** How long the editor may take to tell of a changed selection, in milliseconds; 1000 without it. */
  readonly patienceMs?: number;
  /** Opens an empty, transparent document in which nothing is selected. */
  open(): Promise<void>;
  /** Adds a picture on top of the document, exactly over `bounds`, as one thing of its own, and selects it alone. */
  select(picture: Pixels, bounds: Rect): Promise<void>;
  /** Selects nothing. */
  deselect(): Promise<void>;
  /** The document as text: another one whenever anything that is saved has changed (pixels, masks, boxes, order, recipes). */
  snapshot(): Promise<string>;
  /** Takes back the newest step of the history, once. */
  undo(): Promise<void>;
  /** Does again what was taken back, once. */
  redo(): Promise<void>;
  /** The ids of all layers, the lowest first, as `place` gives them. */
  layers(): Promise<readonly string[]>;
  /** Looks at a layer. */
  layer(id: string): Promise<KeptLayer>;
  /** What the document looks like in an area, on transparent ground, a pixel a unit. */
  render?(area: Rect): Promise<Pixels>;
  /** Selects an area by a mask of its size (alpha), as a lasso does, where the editor knows such. */
  selectArea?(area: Rect, mask: Pixels): Promise<void>;
  /** Selects all that there is, where the editor can select several things at once. */
  selectAll?(): Promise<void>;
  /** Selects a layer by its id. */
  choose?(id: string): Promise<void>;
  /** Hides what is selected and leaves it selected. */
  hide?(): Promise<void>;
  /** Closes the document without saving it; another, empty one is then in front. */
  leave?(): Promise<void>;
}
