import * as z from "zod/mini";

// The parts of a control that are data, as a request and a recipe both hold them: what is refused in one is refused in
// the other.

/** A number within bounds; NaN and infinities are not. */
export const between = (least: number, most: number) => z.number().check(z.minimum(least), z.maximum(most));

/** A share, from 0 to 1. */
export const fraction = between(0, 1);

/** A control's weight. */
export const weight = between(0, 2);

/** A part of the denoising: it does not end before it starts. */
export const range = z
  .tuple([fraction, fraction])
  .check(z.refine(([start, end]) => start <= end, "must not end before it starts"));

/** Strengths of single layers: the resolution weighting gives the innermost 8, and so may a list. */
export const layers = z.union([
  z.array(between(0, 16)),
  z.enum(["soft", "logspace", "resolution"]),
  z.object({ softness: fraction }),
]);

/** A weight's course over the denoising. */
export const curve = z
  .array(z.tuple([fraction, between(0, 2)]))
  .check(
    z.refine(
      (points) => points.every(([at], n) => n === 0 || at >= (points[n - 1]?.[0] ?? 0)),
      "must not go back in time",
    ),
  );

/** The shares that act on the halves of guidance. */
export const halves = z.tuple([fraction, fraction]);

/** How a map is scaled. */
export const resize = z.enum(["content", "thin", "binary", "nearest", "linear", "cubic", "area", "lanczos4"]);

/** A colour: red, green and blue from 0 to 255. */
export const colour = z.tuple([between(0, 255), between(0, 255), between(0, 255)]);

/** How much of a picture may change that is begun with: above 0, to 1. */
export const initStrength = between(0, 1).check(z.gt(0));

/** That share where a request does not say. */
export const usualInitStrength = 0.6;

/** How many layers of the text encoder are left out. */
export const clipSkip = z.int().check(z.minimum(0), z.maximum(99));

/** How a prompt is read. */
export const promptSyntax = z.enum(["plain", "weighted"]);

/** Whose random numbers a seed gives. */
export const rng = z.enum(["torch", "cuda"]);

/** Whether a picture is coded in tiles. */
export const tiles = z.enum(["auto", "always", "never"]);

/** A seed, exact: a whole number from 0 to 2^64 - 1. */
export const seed = z.union([z.int().check(z.minimum(0)), z.bigint().check(z.minimum(0n), z.maximum(2n ** 64n - 1n))]);

/** A picture's place in a batch. */
export const batch = z
  .object({ index: z.int().check(z.minimum(0)), size: z.int().check(z.minimum(1), z.maximum(64)) })
  .check(z.refine(({ index, size }) => index < size, "has an index that is not below its size"));

/** What grays of a mask mean. */
export const grays = z.enum(["blend", "when"]);

/** Pixels of softening. */
export const feather = between(0, 512);

/** Which latents a picture has. */
export const encoding = z.enum(["sample", "mean"]);

/** Denoising steps. */
export const steps = z.int().check(z.minimum(1), z.maximum(1000));

/** A sampler by name, or a scheduler's config. */
export const sampler = z.union([z.string(), z.looseObject({ _class_name: z.string() })]);
