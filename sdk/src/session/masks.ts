import { type Mask, maskBounds } from "./mask.ts";
import { blurred, grown, shrunk } from "./mask-filter.ts";
import { type MaskOptions, maskSizes } from "./mask-sizes.ts";

// Three masks out of one selection: where noise is taken away, where new pixels are pasted, and how much context there
// is. The person makes the selection alone. Formulas of Krita AI Diffusion, restated; see maskSizes.

/** The masks that follow from a selection. */
export interface PaintMasks {
  /** How strongly each pixel is drawn anew. */
  readonly denoise: Mask;
  /** How much of each new pixel is pasted. */
  readonly composite: Mask;
}

/** How the masks of a selection are made. */
export interface PaintMaskOptions extends MaskOptions {
  /** Keep every pixel outside the selection as it is, byte for byte: the price is a seam that may be seen. */
  readonly exact?: boolean;
}

/**
 * The masks of a selection, in the size of its surroundings. Inside the selection both are as opaque as it is, whatever
 * the feather. Outside, pixels change up to about `grow + feather` away, unless `exact`. A selection of nothing gives
 * masks of nothing. Throws a `RangeError` as `maskSizes` does.
 */
export function paintMasks(selection: Mask, options: PaintMaskOptions = {}): PaintMasks {
  const bounds = maskBounds(selection);
  const { feather, grow, blend } = maskSizes(bounds ?? { width: 0, height: 0 }, options);
  if (!bounds) return { denoise: selection, composite: selection };
  const denoise = atLeast(blurred(grown(selection, grow), feather), selection);
  const touched: Mask = { ...denoise, data: denoise.data.map((value) => (value > 0 ? 255 : 0)) };
  const composite = atLeast(blurred(shrunk(touched, Math.floor(blend / 2)), blend), selection);
  return { denoise, composite: options.exact ? times(composite, selection) : composite };
}

/** The larger of two masks, pixel for pixel. */
const atLeast = (mask: Mask, least: Mask): Mask => ({
  ...mask,
  data: mask.data.map((value, i) => Math.max(value, least.data[i] ?? 0)),
});

/** The product of two masks, 255 being one, rounded to the nearest level. */
const times = (one: Mask, other: Mask): Mask => ({
  ...one,
  data: one.data.map((value, i) => Math.round((value * (other.data[i] ?? 0)) / 255)),
});
