import type { Size } from "./resolution.ts";

/** How far the edges of a selection's masks reach, in pixels. */
export interface MaskSizes {
  /** How far the denoising fades. */
  readonly feather: number;
  /** How far the denoising reaches beyond the selection before it fades. */
  readonly grow: number;
  /** How far the new pixels fade into the old ones. */
  readonly blend: number;
}

/** What is asked of a selection's masks. */
export interface MaskOptions {
  /** How much of the picture is drawn anew, from 0 to 1; 1 without it. */
  readonly strength?: number;
  /** The feather as a part of the selection's diagonal; 0.1 without it, 0 for hard edges. */
  readonly feather?: number;
  /** "background": all but a subject is drawn anew, whose outline must stay: hardly any feather at full strength. */
  readonly purpose?: "fill" | "background";
}

// Constants and formulas of Krita AI Diffusion's selection settings, restated.
const usualFeather = 0.1;
const backgroundFeather = 0.01;
const leastFeather = 32;
const leastGrow = 4;
const mostBlend = 25;
const paddingShare = 0.06;

/**
 * How far the masks of a selection reach whose bounds have `size`. Throws a `RangeError` for a strength or a feather
 * that is not from 0 to 1.
 */
export function maskSizes(size: Size, options: MaskOptions = {}): MaskSizes {
  const { strength = 1, feather: share = usualFeather, purpose = "fill" } = options;
  if (!(strength >= 0 && strength <= 1)) throw new RangeError(`strength: must be from 0 to 1, not ${strength}.`);
  if (!(share >= 0 && share <= 1)) throw new RangeError(`feather: must be from 0 to 1, not ${share}.`);
  if (share === 0) return { feather: 0, grow: 0, blend: 0 };
  const outlined = purpose === "background" && strength === 1;
  const part = outlined ? Math.min(share, backgroundFeather) : share;
  const least = outlined ? 0 : Math.round(leastFeather * strength);
  const feather = Math.max(whole(part * strength * diagonal(size)), least);
  const grow = leastGrow + Math.floor(feather / 2);
  return { feather, grow, blend: Math.min(mostBlend, grow + Math.floor(feather / 2)) };
}

/** How far the masks of a region reach that nobody selected, with `space` free pixels around its subject. */
export function regionMaskSizes(space: number): MaskSizes {
  const grow = Math.min(128, Math.max(8, Math.floor(space / 2)));
  const feather = Math.floor(grow / 2);
  return { grow, feather, blend: Math.max(Math.floor(feather / 2), 15) };
}

/**
 * How much of the surroundings belongs to a selection's context below full strength, on each side: what its masks reach,
 * and 6 % of its diagonal.
 */
export function maskPadding(size: Size, { feather, grow }: MaskSizes): number {
  return grow + feather + whole(paddingShare * diagonal(size));
}

const diagonal = ({ width, height }: Size): number => Math.hypot(width, height);

/** Cut to a whole number; a product that is one but for the last bit of a double counts as it. */
const whole = (value: number): number => Math.floor(value + 1e-9);
