import { activeSteps } from "./controlnet/active-steps.ts";
import type { Control, RequestChange, Warning } from "./request.ts";

// What of a request is ignored, in words and with a remedy.

/**
 * A control that acts in none of the steps that are executed. `guided`: whether there is a half without the prompt that
 * it could act on.
 */
export function neverActive(control: Control, index: number, steps: number, guided: boolean): Warning {
  const { why, remedy, set } = idle(control, steps, guided);
  return {
    code: "control-inactive",
    message: `Control ${index + 1} ${why}, so it has no effect, as with weight 0.`,
    remedy,
    ...(set && { change: { control: index, set } }),
  };
}

interface Idle {
  readonly why: string;
  readonly remedy: string;
  readonly set?: Extract<RequestChange, { readonly control: number; readonly set: unknown }>["set"];
}

/** Why a control never acts. Of several reasons the first: its remedy is seen to be not enough by the next warning. */
function idle({ range = [0, 1], curve, layers, halves = [1, 1] }: Control, steps: number, guided: boolean): Idle {
  if (!activeSteps(range, steps).includes(true))
    return {
      why: `acts from ${range[0]} to ${range[1]}, where none of the ${steps} steps lies`,
      remedy: "Widen its range or take more steps.",
      set: { range: [0, 1] },
    };
  if (Array.isArray(layers) && layers.every((factor) => factor === 0))
    return { why: "has no layer that acts", remedy: "Weight all layers alike.", set: { layers: { softness: 0 } } };
  if (halves[0] === 0 && (halves[1] === 0 || !guided))
    return {
      why: guided ? "acts on neither half of guidance" : "acts on the half without the prompt alone, which is not run",
      remedy: "Let it act on both halves.",
      set: { halves: [1, 1] },
    };
  if (curve?.some(([, factor]) => factor > 0))
    return {
      why: "acts in no step, since its curve is 0 where its range is",
      remedy: "Give it its weight all along.",
      set: { curve: [] },
    };
  if (curve && curve.length > 0)
    return { why: "has a curve of 0 all along", remedy: "Give it its weight all along.", set: { curve: [] } };
  return {
    why: "acts on the half without the prompt alone, and its net on the other",
    remedy: "Let it act on both halves.",
    set: { halves: [1, 1] },
  };
}

/** A control whose mask is black wherever the picture is: it steers nowhere. */
export const maskedAway = (index: number): Warning => ({
  code: "control-inactive",
  message: `Control ${index + 1} has a mask that is black or transparent all over, so it has no effect, as with weight 0.`,
  remedy: "Paint white in the mask where it is to act, or leave the control out.",
  change: { control: index, remove: true },
});

/** A prompt that is longer than the model reads. */
export const promptCut = (half: "cond" | "uncond", cut: string, length: number): Warning => ({
  code: "prompt-cut",
  message: `The ${half === "cond" ? "prompt" : "negative prompt"} is longer than the ${length - 2} tokens that this model reads. Left out: "${cut}".`,
  remedy: "Shorten it, the most important words first.",
});

/** Guidance where a model has none of its own that acts: that of diffusers' pipeline for Stable Diffusion. */
const usualGuidance = 7.5;

/** A negative prompt where guidance does not act. `usual` is the guidance that the model has by itself. */
export const negativeUnused = (guidance: number, usual: number): Warning => ({
  code: "negative-unused",
  message: `With guidance ${guidance} the negative prompt has no say.`,
  remedy: "Set guidance above 1.",
  change: { set: { guidance: usual > 1 ? usual : usualGuidance } },
});

/** A place in a batch with random numbers that each picture has to itself. */
export const batchUnused = ({ index }: { readonly index: number }): Warning => ({
  code: "batch-unused",
  message: `The place in a batch has no effect with rng "cuda": each picture has a seed of its own there.`,
  remedy: `Leave batch out and add ${index} to the first picture's seed, as A1111 does, or set rng to "torch".`,
});
