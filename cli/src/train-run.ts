import type { Trainer, TrainingMoment, TrainingReport } from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";
import type { PairSource } from "@underdraw/engine/training";
import { misused } from "./failure.ts";
import type { TrainAsked } from "./train-asked.ts";
import type { TrainingLine } from "./train-line.ts";
import type { TrainingFolder } from "./train-place.ts";
import { sampleSheet, sheetName } from "./train-sheet.ts";
import { lossCurve, measureInWords, stepInWords } from "./train-words.ts";

// Runs a trainer and shows what it tells: the line, notes, measures with their sheets, the curve.

/** How a run is shown, and where it writes. */
export interface ShownRun {
  readonly asked: TrainAsked;
  readonly folder: TrainingFolder;
  readonly line: TrainingLine;
  readonly signal: AbortSignal;
}

/** What came of a run. */
export interface RunOutcome {
  /** Null for a run that was stopped. */
  readonly report: TrainingReport | null;
  readonly notes: readonly string[];
  /** The newest sheet; null where nothing was held out. */
  readonly sheet: string | null;
}

/** Steps whose time says how long one takes. */
const paced = 20;

/**
 * Trains until the end or until the signal aborts: the step that runs is then done and kept. Rejects as `Trainer.run`, and
 * with `request-invalid` for a folder that holds another training.
 */
export async function runTraining(trainer: Trainer, pairs: PairSource, shown: ShownRun): Promise<RunOutcome> {
  const { asked, folder, line, signal } = shown;
  const { settings } = asked;
  const [notes, losses, times]: [string[], [number, number][], number[]] = [[], [], []];
  /** When the first step was begun, from which minutes count. */
  let began = Number.NaN;
  const stopping = new AbortController();
  let [last, report, sheet]: [TrainingMoment | null, TrainingReport | null, string | null] = [null, null, null];
  let [isBegun, isFollowing] = [false, false];
  const stop = (): void => {
    // A step is waited for, so that it is not lost; all else ends where it is.
    if (last && isBeforeStep(last, settings.measureEvery ?? 100)) line.show(last.fraction, "stopping after this step");
    else stopping.abort(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  line.show(0, "loading the base");
  try {
    for await (const moment of trainer.run(pairs, { ...settings, place: folder.place, signal: stopping.signal })) {
      last = moment;
      if (moment.kind === "note") {
        const note = withFlag(moment.text);
        notes.push(note);
        line.stays(`note: ${note}`);
      } else if (moment.kind === "prepare") {
        line.show(moment.fraction, `reading pairs, ${moment.done} of ${moment.of}`);
      } else if (moment.kind === "step") {
        if (!isBegun) requireOwn(folder, moment.step - 1, asked.out, notes);
        isBegun = true;
        if (times.length === 0) began = performance.now() - 1000 * moment.seconds;
        losses.push([moment.step, moment.loss]);
        times.push(moment.seconds);
        if (times.length > paced) times.shift();
        const secondsAStep = times.reduce((sum, one) => sum + one, 0) / times.length;
        const { steps, minutes = Number.POSITIVE_INFINITY } = settings;
        const bySteps = steps === undefined ? Number.POSITIVE_INFINITY : (steps - moment.step) * secondsAStep;
        const left = Math.max(0, Math.min(bySteps, 60 * minutes - (performance.now() - began) / 1000));
        const { step, meanLoss } = moment;
        line.show(moment.fraction, stepInWords({ step, of: steps, meanLoss, secondsAStep, left }));
      } else if (moment.kind === "measure") {
        if (!isBegun) requireOwn(folder, moment.step, asked.out, notes);
        isBegun = true;
        line.stays(measureInWords(moment, asked));
        const curve = lossCurve(losses);
        if (curve !== null) line.stays(curve);
        if (moment.converged && !isFollowing) line.stays("The net follows its maps now.");
        isFollowing = moment.converged;
        if (moment.samples.length > 0) {
          sheet = sheetName(moment.step);
          await folder.place.write(sheet, [await writePicture(sampleSheet(moment.samples), { format: "png" })]);
        }
      } else if (moment.kind === "end") report = moment.report;
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    line.end();
  }
  const curve = report && report.measures.length === 0 ? lossCurve(losses) : null;
  if (curve !== null) line.stays(curve);
  return { report, notes, sheet };
}

/** Whether a step runs after this moment, and nothing that takes longer. */
function isBeforeStep(moment: TrainingMoment, every: number): boolean {
  if (moment.kind === "step") return moment.step % every !== 0;
  return moment.kind === "measure" || moment.kind === "checkpoint";
}

/** Refuses to train anew where checkpoints lie that were not gone on from. `done` are the steps that it begins after. */
function requireOwn(folder: TrainingFolder, done: number, out: string, notes: readonly string[]): void {
  if (done > 0 || folder.before === null) return;
  const why = notes.filter((note) => note.includes("checkpoint-")).join(" ");
  const message = `--out "${out}" holds checkpoints that this training cannot go on from. ${why} Name another folder, or take them away.`;
  const refusal = misused("--out", message);
  // The run ends now, and would write what it learnt.
  folder.refuse(refusal);
  throw refusal;
}

/** A note of the engine with the flag that does what it says. */
const withFlag = (text: string): string => text.replace("Open the pairs with `invert: true`", "Add --invert");
