import type { PipelineDefaults } from "@underdraw/engine";
import type { Rect } from "@underdraw/engine/core";

// At which size a model draws what a person selected. The person never types a size: it follows from the selection and
// from what the model was trained at. Pure arithmetic on sizes; nothing here touches a pixel. The families' numbers and
// the rules for one pass or two are those of Krita AI Diffusion (its resolution.py and workflow.py), restated.

/** A width and a height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Within what a model draws well. */
export interface CanvasLimits {
  /** A picture of which every side is shorter than this is drawn larger. In pixels. */
  readonly minSide: number;
  /** A picture with a side longer than this may need two passes. In pixels. */
  readonly maxSide: number;
  readonly minPixels: number;
  readonly maxPixels: number;
  /** Sides are drawn as multiples of this. */
  readonly multiple: number;
}

/** Sampled sides are multiples of this, or of the model's own multiple where that is larger. */
const leastMultiple = 16;

const limits = (minSide: number, maxSide: number, minPixels: number, maxPixels: number): CanvasLimits => ({
  minSide,
  maxSide,
  minPixels,
  maxPixels,
  multiple: leastMultiple,
});

/** The limits of well-known families. */
export const familyLimits = {
  "stable-diffusion-1.5": limits(512, 768, 512 * 512, 512 * 768),
  "stable-diffusion-xl": limits(640, 1280, 800 * 800, 1024 * 1024),
  "stable-diffusion-3": limits(512, 1536, 512 * 512, 1536 * 1536),
  other: limits(256, 2048, 512 * 512, 2048 * 2048),
} as const satisfies Record<string, CanvasLimits>;

/** The limits of a model that prefers squares of `side` pixels: a fifth less to a fifth more a side, the square's pixels in all. */
export function preferredLimits(side: number): CanvasLimits {
  return limits(Math.round(side * 0.8), Math.round(side * 1.2), side * side, side * side);
}

/**
 * The limits of a loaded model, by its own canvas: one of 512 pixels is of the kind of Stable Diffusion 1.5, any other
 * size is a preferred one.
 */
export function limitsOf({ width, height, multiple }: PipelineDefaults): CanvasLimits {
  const side = Math.max(width, height);
  const own = side === 512 ? familyLimits["stable-diffusion-1.5"] : preferredLimits(side);
  return { ...own, multiple: Math.max(leastMultiple, multiple) };
}

/** How a picture comes to be in its size. */
export interface SamplingPlan {
  /** Two when the model first draws smaller than `desired` and the picture is then enlarged and refined. */
  readonly passes: 1 | 2;
  /** What the first pass draws, in the proportions of the target to within a pixel. */
  readonly initial: Size;
  /** `initial` with sides rounded up to the model's multiple: the size that is sampled. The picture is its top left part. */
  readonly sampled: Size;
  /** What the picture should have been drawn at: the target, within the limit of pixels. */
  readonly desired: Size;
  /** What the picture is scaled to in the end. */
  readonly target: Size;
}

/** How sizes are chosen. */
export interface SamplingOptions {
  /** What the target's sides are multiplied by before anything else; 1 without it. */
  readonly multiplier?: number;
  /** How many pixels the machine can refine; more than a twentieth above it is scaled down to it. No limit without it. */
  readonly pixelLimit?: number;
}

/**
 * At which sizes a model draws a picture of `target`. Rounding never moves the picture: more is sampled than is wanted,
 * and cut off at the right and below. Throws a `RangeError` for a target that is not whole or empty.
 */
export function samplingPlan(target: Size, limits: CanvasLimits, options: SamplingOptions = {}): SamplingPlan {
  const { multiplier = 1, pixelLimit = Number.POSITIVE_INFINITY } = options;
  if (![target.width, target.height].every((side) => Number.isInteger(side) && side >= 1))
    throw new RangeError(`target: a picture has at least 1x1 whole pixels, not ${target.width}x${target.height}.`);
  if (!(multiplier > 0)) throw new RangeError(`multiplier: must be above 0, not ${multiplier}.`);
  const wanted = area(target) * multiplier * multiplier;
  const desired = times(target, wanted > 1.05 * pixelLimit ? multiplier * Math.sqrt(pixelLimit / wanted) : multiplier);
  const minScale = Math.sqrt(limits.minPixels / area(desired));
  const maxScale = Math.sqrt(limits.maxPixels / area(desired));
  const longest = Math.max(desired.width, desired.height);
  const twice = maxScale < 0.9 && longest > limits.maxSide;
  const small = !twice && minScale > 1 && longest < limits.minSide;
  const fits = area(target) >= limits.minPixels && area(target) <= limits.maxPixels;
  const initial = within(small && fits ? target : times(desired, twice ? maxScale : small ? minScale : 1), limits);
  const up = (side: number) => Math.ceil(side / limits.multiple) * limits.multiple;
  const sampled = { width: up(initial.width), height: up(initial.height) };
  return { passes: twice ? 2 : 1, initial, sampled, desired, target };
}

/**
 * Very long and thin pictures have few pixels and sides that no model draws: their longer side stays within twice what
 * the model draws. The rules that the rest follows have no such limit.
 */
function within(size: Size, { maxSide }: CanvasLimits): Size {
  return times(size, Math.min(1, (2 * maxSide) / Math.max(size.width, size.height)));
}

/** How many pictures are drawn at once, when `most` of 512 x 512 pixels are: fewer of larger ones, at least one. */
export function batchSize(size: Size, most: number): number {
  return Math.max(1, Math.min(most, Math.floor((512 * 512 * most) / area(size))));
}

/** How the context of a selection is chosen. */
export interface ContextOptions {
  /** How much of the picture is drawn anew, from 0 to 1; 1 without it. */
  readonly strength?: number;
  /** What is added around the selection below full strength, in pixels; 0 without it. See `maskSizes`. */
  readonly padding?: number;
}

/**
 * The part of a canvas that a model should see to draw within a selection. At full strength a square of at least 512
 * pixels, a multiple of 8, with a sixteenth of the canvas or a half of the selection's mean side around it; below it
 * the padded selection. Never beyond the canvas. Throws a `RangeError` for a selection off the canvas.
 */
export function contextArea(selection: Rect, canvas: Size, options: ContextOptions = {}): Rect {
  const { strength = 1, padding = 0 } = options;
  const [left, top] = [Math.max(0, Math.floor(selection.x)), Math.max(0, Math.floor(selection.y))];
  const right = Math.min(canvas.width, Math.ceil(selection.x + selection.width));
  const bottom = Math.min(canvas.height, Math.ceil(selection.y + selection.height));
  if (!(right > left && bottom > top))
    throw new RangeError(`selection: lies off a canvas of ${canvas.width}x${canvas.height}.`);
  const [width, height] = [right - left, bottom - top];
  const mean = Math.floor((width + height) / 2);
  const around =
    strength < 1 ? padding : Math.max(Math.floor(Math.max(canvas.width, canvas.height) / 16), Math.floor(mean / 2));
  const square = Math.ceil(Math.max(512, width + 2 * around, height + 2 * around) / 8) * 8;
  const sides = strength < 1 ? [width + 2 * around, height + 2 * around] : [square, square];
  const along = (start: number, length: number, wanted: number, whole: number): readonly [number, number] => {
    const side = Math.min(wanted, whole);
    const centred = start + Math.floor((length - wanted) / 2);
    // A square moves onto the canvas; a padded selection is cut at its edge.
    if (strength >= 1) return [Math.min(Math.max(0, centred), whole - side), side];
    const [from, to] = [Math.max(0, centred), Math.min(whole, centred + wanted)];
    return [from, to - from];
  };
  const [x, wide] = along(left, width, sides[0] ?? 0, canvas.width);
  const [y, tall] = along(top, height, sides[1] ?? 0, canvas.height);
  return { x, y, width: wide, height: tall };
}

const area = ({ width, height }: Size): number => width * height;

/** A size times a factor, rounded to whole pixels, at least one. */
const times = ({ width, height }: Size, factor: number): Size => ({
  width: Math.max(1, Math.round(width * factor)),
  height: Math.max(1, Math.round(height * factor)),
});
