import { Engine, type TrainingReport } from "@underdraw/engine";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes } from "../failure.ts";
import { chooseModel, chooseNets } from "../model-choice.ts";
import { drawWith, trainAgain } from "../train-again.ts";
import { type TrainAsked, termsToSay, trainFrom } from "../train-asked.ts";
import { detectorsOf, openData } from "../train-data.ts";
import { inTrainingWords } from "../train-failure.ts";
import { baseFlag, trainFlags } from "../train-flags.ts";
import { trainingLine } from "../train-line.ts";
import { openFolder, stepOfCheckpoint, type TrainingFolder } from "../train-place.ts";
import { type RunOutcome, runTraining } from "../train-run.ts";
import { harmInWords, planLines, proofLines, timeInWords } from "../train-words.ts";

/** `underdraw train`: a net of one's own, learnt from pairs, while the base stays as it is. */
export const train: Command = {
  name: "train",
  about: "Train a net of your own on your pairs of maps and pictures; the base stays as it is.",
  usage: ["train --pairs DIR [flags]", "train --pictures DIR --condition NAME[,option=value …] [flags]"],
  flags: trainFlags,
  notes: [
    "The first Ctrl-C ends after the step that runs and writes a checkpoint; a second one does not wait. The same command goes on from the newest checkpoint in --out, to the same numbers as without the stop. Checkpoints of another training are never written over.",
    "At each measure samples-NNNNNN.png shows held-out pairs, a row each: the map, what the net draws by it, and the picture that is wanted.",
    "In the end --out holds the net as a folder in diffusers' layout, the same as one file with the original names, its card (README.md) and report.json, which tells that the locked weights are what they were. draw takes the folder with --net.",
  ],
  examples: [
    "train --pairs icons --steps 500 --licence CC-BY-4.0",
    "train --pictures photos --condition canny,low=80,high=160 --minutes 60",
    "train --pairs icons --condition lineart --from lines --name inked --licence CC-BY-4.0 --out inked-net",
    "train --pairs icons --model ./stable-diffusion-v1-5 --mode light --batch 1 --accumulate 16 --size 512",
  ],
  hidden: () => [baseFlag],
  run: trainNet,
};

async function trainNet(given: Arguments, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const asked = trainFrom(given);
  const detectors = detectorsOf(asked);
  const again = trainAgain(given.flags);
  const line = trainingLine(stderr);
  let folder: TrainingFolder | null = null;
  try {
    folder = await openFolder(asked.out);
    const where = asked.isOutGiven ? "" : ", beside the data; --out names another folder";
    line.stays(`Results: ${asked.out}${where}.`);
    const model = await chooseModel(asked.model);
    const wanted = asked.from === undefined ? [] : [{ net: asked.from, condition: asked.from, readers: [] }];
    const [net] = await chooseNets(model, wanted, signal);
    await using engine = new Engine({ runtime: { device: asked.device }, detectors });
    const pairs = await openData(asked, engine, signal);
    await using trainer = await engine.train(
      { ...asked.request, base: model.base, ...(net && { from: net.source }) },
      { signal },
    );
    const { plan } = trainer;
    const words = { asked, plan, base: model.base.name, from: net?.name ?? null, count: pairs.count };
    for (const text of planLines(words)) line.stays(text);
    const outcome = await runTraining(trainer, pairs, { asked, folder, line, signal });
    const checkpoint = await folder.newest();
    const { report } = outcome;
    if (!report) {
      const message = stopWords(folder, checkpoint, asked.out, again);
      stderr.write(`underdraw: ${message}\n`);
      if (asked.asJson) stdout.write(`${JSON.stringify({ error: { code: "stopped", message }, checkpoint, again })}\n`);
      return exitCodes.stopped;
    }
    const harm = harmInWords(report);
    if (harm !== null) line.stays(`warning: ${harm}`);
    const before = folder.written.length;
    if (asked.licence !== null) await trainer.write(folder.place, { name: asked.name, licence: asked.licence });
    const files = folder.written.slice(before);
    const picture = asked.data.kind === "pairs" ? null : `${asked.data.folder.replace(/\/$/, "")}/${pairs.nameOf(0)}`;
    // Without the minutes and with the steps that are done, it goes on to write and learns nothing more.
    const write = trainAgain(given.flags, { minutes: null, steps: String(report.steps), licence: termsToSay });
    const told = {
      asked,
      report,
      outcome,
      checkpoint,
      files,
      write,
      draw: drawWith({ asked, flags: given.flags, picture }),
    };
    stdout.write(asked.asJson ? `${JSON.stringify(asJson(told))}\n` : `${asLines(told).join("\n")}\n`);
    return exitCodes.done;
  } catch (error) {
    throw inTrainingWords(error, { asked, again });
  } finally {
    line.end();
    await folder?.leave();
  }
}

function stopWords(folder: TrainingFolder, checkpoint: string | null, out: string, again: string): string {
  if (checkpoint === null) return `Stopped before a step was done. Begin again with: ${again}`;
  const isNew = folder.written.includes(checkpoint);
  const what = isNew ? `What was learnt is in ${out}/${checkpoint}` : `${out}/${checkpoint} is as it was`;
  return `Stopped. ${what}, after step ${stepOfCheckpoint(checkpoint)}. Go on with: ${again}`;
}

/** What is told in the end. */
interface Told {
  readonly asked: TrainAsked;
  readonly report: TrainingReport;
  readonly outcome: RunOutcome;
  readonly checkpoint: string | null;
  /** The net's files; none without a licence. */
  readonly files: readonly string[];
  /** The command that writes the net. */
  readonly write: string;
  /** The command that draws with it. */
  readonly draw: string;
}

function asLines({ asked, report, outcome, checkpoint, files, write, draw }: Told): readonly string[] {
  const { out } = asked;
  const { steps, trained, locked, pairs, heldOut, seconds } = report;
  const counts = `${pairs} pairs${heldOut > 0 ? ` and ${heldOut} held out` : ""}, ${trained} numbers learnt, ${locked} locked`;
  const sheet = outcome.sheet === null ? [] : [`samples: ${out}/${outcome.sheet}`];
  const single = files.find((file) => /^control-.*\.safetensors$/.test(file));
  return [
    `${out}: ${steps} ${steps === 1 ? "step" : "steps"} in ${timeInWords(seconds)}, ${counts}`,
    ...(files.length > 0
      ? [
          `net: ${out}, in diffusers' layout`,
          `one file: ${out}/${single}`,
          `card: ${out}/README.md`,
          `report: ${out}/report.json`,
        ]
      : []),
    ...sheet,
    ...proofLines(report),
    ...(files.length > 0
      ? [`draw with it: ${draw}`]
      : [
          `The net lies in ${out}/${checkpoint} and is not written yet: say under which terms it may be used, which only you can, in place of ${termsToSay}.`,
          `write it: ${write}`,
        ]),
  ];
}

function asJson({ asked, report, outcome, checkpoint, files, write, draw }: Told): unknown {
  return {
    out: asked.out,
    steps: report.steps,
    files,
    checkpoint,
    samples: outcome.sheet,
    notes: outcome.notes,
    warnings: [harmInWords(report)].filter((text) => text !== null),
    report,
    ...(files.length > 0 ? { draw } : { write }),
  };
}
