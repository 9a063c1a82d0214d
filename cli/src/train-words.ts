import type { TrainingMeasure, TrainingPlan, TrainingReport } from "@underdraw/engine";
import { amount } from "./inspection-words.ts";
import { bytesInWords } from "./progress.ts";
import { type TrainAsked, usualMinutes } from "./train-asked.ts";

// What `train` says, as text.

/** What is said before anything learns. */
export interface PlanWords {
  readonly asked: TrainAsked;
  readonly plan: TrainingPlan;
  readonly base: string;
  /** The net that it goes on from; null for a fresh copy. */
  readonly from: string | null;
  readonly count: number;
}

/** The plan, a line each. */
export function planLines({ asked, plan, base, from, count }: PlanWords): readonly string[] {
  const { data, condition, request, settings, isEndGiven } = asked;
  const { mode = "whole", rank = 16, batch = 4 } = request;
  const maps =
    data.kind === "pairs" ? (condition ? `, maps of ${condition.id}` : "") : `, maps drawn by ${condition?.id}`;
  const has = plan.available === null ? "" : ` of ${bytesInWords(plan.available)}`;
  const anew = plan.segments > 1 ? `; activations are computed twice, in ${plan.segments} parts, so that they fit` : "";
  const drawn =
    settings.heldOut === 0
      ? ""
      : plan.samples === null
        ? "; no samples are drawn, for which there is no room"
        : `, for what draws samples ${bytesInWords(plan.samples)}`;
  const begun = from === null ? "begun fresh: it changes nothing until it has learnt" : `begun from ${from}`;
  const learns =
    mode === "whole"
      ? "a copy of the base's encoder, its hint block and zero convolutions"
      : `the hint block, the zero convolutions and parts of rank ${rank} beside a copy of the base's encoder`;
  return [
    `Data: ${count} ${data.kind} in ${data.folder}${maps}.`,
    `Learns: ${learns}, ${amount(plan.trained)} numbers, ${begun}.`,
    `Locked: all of the UNet of ${base}${mode === "light" ? ", and the copy" : ""}, ${amount(plan.locked)} numbers.`,
    `Memory: ${bytesInWords(plan.bytes)}${has}, for weights ${bytesInWords(plan.weights)}, for a batch of ${batch} ${bytesInWords(plan.activations)}${drawn}${anew}.`,
    isEndGiven
      ? `Length: ${endInWords(settings)}.`
      : `Length: ${usualMinutes} minutes, since neither --minutes nor --steps says how long.`,
  ];
}

function endInWords({ steps, minutes }: TrainAsked["settings"]): string {
  const words = [
    ...(steps === undefined ? [] : [`${steps} ${steps === 1 ? "step" : "steps"} in all`]),
    ...(minutes === undefined ? [] : [`${minutes} ${minutes === 1 ? "minute" : "minutes"}`]),
  ];
  return words.join(", or ");
}

/** Seconds as a person says them. */
export function timeInWords(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A loss in four digits. */
const lossInWords = (loss: number): string => String(Number(loss.toPrecision(4)));

/** Where a training stands. */
export interface StepWords {
  readonly step: number;
  /** The last one, where it is known. */
  readonly of: number | undefined;
  readonly meanLoss: number;
  readonly secondsAStep: number;
  /** Seconds until the end. */
  readonly left: number;
}

/** The line that is written over while it trains. */
export function stepInWords({ step, of, meanLoss, secondsAStep, left }: StepWords): string {
  const pace = secondsAStep < 10 ? secondsAStep.toFixed(1) : String(Math.round(secondsAStep));
  const count = of === undefined ? String(step) : `${step} of ${of}`;
  return `step ${count}, loss ${lossInWords(meanLoss)}, ${pace} s a step, ${timeInWords(left)} left`;
}

/** What held-out pairs tell, in a line. */
export function measureInWords(
  { step, loss, baseLoss, fidelity, samples }: TrainingMeasure,
  { condition }: Pick<TrainAsked, "condition">,
): string {
  const unseen =
    samples.length === 0
      ? "nothing drawn"
      : condition === null
        ? "no fidelity without --condition"
        : "fidelity cannot be seen in pictures";
  const seen = fidelity ? `fidelity ${fidelity.value.toFixed(2)} (chance ${fidelity.chance.toFixed(2)})` : unseen;
  return `step ${step}, held out: ${seen}, loss ${lossInWords(loss)} (the base alone ${lossInWords(baseLoss)})`;
}

/** The lowest sign to the highest. */
const bars = [..."▁▂▃▄▅▆▇█"];

/** A curve of losses in one line of at most so many signs; null for fewer than two points. */
export function lossCurve(points: readonly (readonly [step: number, loss: number])[], most = 48): string | null {
  const sound = points.filter(([, loss]) => Number.isFinite(loss));
  const [first, last] = [sound[0], sound.at(-1)];
  if (!first || !last || first === last) return null;
  const columns = Math.min(most, sound.length);
  const means = Array.from({ length: columns }, (_, n) => {
    const [from, to] = [n, n + 1].map((at) => Math.floor((at * sound.length) / columns)) as [number, number];
    const part = sound.slice(from, to);
    return part.reduce((sum, [, loss]) => sum + loss, 0) / part.length;
  });
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const signs = means.map((mean) => {
    const level = greatest > least ? (mean - least) / (greatest - least) : 0;
    return bars[Math.min(bars.length - 1, Math.floor(level * bars.length))];
  });
  return `loss ${signs.join("")}  ${lossInWords(means[0] as number)} to ${lossInWords(means.at(-1) as number)}, steps ${first[0]} to ${last[0]}`;
}

/** A loss so many times that of the base is a net that does harm. */
const harmful = 1.05;

/** A warning for a net that is worse on held-out pairs than none; null for one that is not. */
export function harmInWords({ measures, settings }: Pick<TrainingReport, "measures" | "settings">): string | null {
  const last = measures.at(-1);
  if (!last || last.loss <= harmful * last.baseLoss) return null;
  const losses = `its loss is ${lossInWords(last.loss)}, that of the base alone ${lossInWords(last.baseLoss)}`;
  return `On held-out pairs the net does harm: ${losses}. Train anew with a lower --learning-rate than ${settings.learningRate}.`;
}

/** What shows that the base is as it was, a line each. */
export function proofLines({ lockedBefore, lockedAfter, firstDifference, base }: TrainingReport): readonly string[] {
  return [
    ...(firstDifference === null
      ? []
      : [`before the first step: largest difference to ${base} without the net ${firstDifference}`]),
    `locked weights: SHA-256 ${lockedBefore} before`,
    `                SHA-256 ${lockedAfter} after${lockedBefore === lockedAfter ? ", the same" : ", NOT the same"}`,
  ];
}
