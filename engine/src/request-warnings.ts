import type { Control, Warning } from "./request.ts";

// What of a request is ignored, in words and with a remedy.

/** A control whose range holds no step. */
export const neverActive = (control: Control, index: number, steps: number): Warning => ({
  code: "control-inactive",
  message: `The control's range ${(control.range ?? [0, 1]).join(" to ")} holds none of the ${steps} steps, so it has no effect, as with weight 0.`,
  remedy: "Widen its range or take more steps.",
  change: { control: index, set: { range: [0, 1] } },
});

/** A prompt that is longer than the model reads. */
export const promptCut = (half: "cond" | "uncond", cut: string, length: number): Warning => ({
  code: "prompt-cut",
  message: `The ${half === "cond" ? "prompt" : "negative prompt"} is longer than the ${length - 2} tokens that this model reads. Left out: "${cut}".`,
  remedy: "Shorten it, the most important words first.",
});

/** A negative prompt where guidance does not act. */
export const negativeUnused = (guidance: number): Warning => ({
  code: "negative-unused",
  message: `With guidance ${guidance} the negative prompt has no say.`,
  remedy: "Set guidance above 1.",
});
