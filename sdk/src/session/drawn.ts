import type { Condition, ConditionMap, Control, GenerateRequest, GenerateResult } from "@underdraw/engine";
import type { Pixels, Rect } from "@underdraw/engine/core";

/**
 * A control that is yet to be seen (its condition is drawn from what was captured), or one whose map is there. Its net is
 * one by its name among the engine's models; without one, the first that reads such maps. A mask lies over what is
 * captured, as the map does.
 */
export type DrawControl = ({ readonly from: Condition } | { readonly map: ConditionMap }) & Omit<Control, "map">;

/** What to draw over a capture, over which a picture to begin with lies too. The size is the session's business: it follows from the capture and the model. */
export interface DrawRequest extends Omit<GenerateRequest, "controls" | "width" | "height"> {
  readonly controls: readonly DrawControl[];
}

/** A picture that was drawn and not yet placed. */
export interface Drawn {
  /** What `place` puts over the capture: in the bounds' size for a host of pixels, else in the size it was drawn in. */
  readonly pixels: Pixels;
  /** The capture's bounds, mask (in the size of `pixels`) and anchor: where it goes. */
  readonly bounds: Rect;
  readonly mask?: Pixels;
  readonly anchor?: string;
  /** What makes it again, as it is stored with the layer. Empty where none could be made; a warning then says why. */
  readonly recipe: string;
  /** The request with its maps, in the size of the picture. Its controls can be asked for again as they are. */
  readonly request: GenerateRequest;
  /** What the engine says of the result: seed, steps, warnings … Its pixels are the picture as it was drawn. */
  readonly result: GenerateResult;
}
