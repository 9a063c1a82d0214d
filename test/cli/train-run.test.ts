import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Trainer, type TrainingMoment, type TrainingRun, UnderdrawError } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { checkPairs, openPairs } from "@underdraw/engine/training";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseArguments } from "../../cli/src/arguments.ts";
import { trainFrom } from "../../cli/src/train-asked.ts";
import { detectorsOf, openData } from "../../cli/src/train-data.ts";
import { trainFlags } from "../../cli/src/train-flags.ts";
import { trainingLine } from "../../cli/src/train-line.ts";
import { openFolder } from "../../cli/src/train-place.ts";
import { runTraining } from "../../cli/src/train-run.ts";
import { lines, square } from "../engine/training-pairs-made.ts";
import { scratch } from "./command.ts";
import { darkPairsIn, pairsIn } from "./train-made.ts";

// What is shown of a run, and how it is stopped: with a trainer that only tells moments, so that each may come when it must.

const folder = scratch();
const flags = Object.values(trainFlags).flat();
const pairs = await pairsIn(join(folder, "pairs"), 6);
const asked = (...argv: string[]) => trainFrom(parseArguments(["--pairs", pairs, ...argv], flags));

const sample = { name: "a", map: lines(1, 64), drawn: square(2, 64), picture: square(1, 64), fidelity: null };
const measure = (step: number, converged: boolean): TrainingMoment => ({
  ...{ kind: "measure", fraction: step / 10, step, loss: 0.5, baseLoss: 0.6, converged, samples: [sample] },
  fidelity: { value: 0.5, chance: 0.2, gain: 0.4 },
});
const step = (number: number, loss = 1 / number): TrainingMoment => ({
  ...{ kind: "step", fraction: number / 10, step: number, loss, meanLoss: loss },
  ...{ learningRate: 1e-4, gradientNorm: 1, seconds: 1 },
});

/** A trainer that tells moments, and writes a checkpoint of the steps that it told when it is left. */
function trainerOf(
  moments: (run: TrainingRun) => AsyncGenerator<TrainingMoment, void, undefined>,
  last: (run: TrainingRun) => Promise<void> = async () => {},
): Pick<Trainer, "run"> {
  return {
    async *run(_, run = {}) {
      try {
        yield* moments(run);
      } finally {
        await last(run);
      }
    },
  };
}

async function shown(
  name: string,
  trainer: Pick<Trainer, "run">,
  { argv = [] as string[], onWrite = (_text: string): void => {}, stopping = new AbortController() } = {},
) {
  let text = "";
  const out = join(folder, name);
  const opened = await openFolder(out);
  const write = (part: string): void => {
    text += part;
    onWrite(part);
  };
  const run = runTraining(trainer as Trainer, await openPairs(nodeFolder(pairs)), {
    ...{ asked: asked("--out", out, ...argv), folder: opened, line: trainingLine({ write }), signal: stopping.signal },
  });
  return { out, folder: opened, run, told: () => text };
}

const stop = (stopping: AbortController): void => stopping.abort(new DOMException("Stopped.", "AbortError"));

test("measures, their sheets, the curve, and once that the net follows its maps", async () => {
  const { out, run, told } = await shown(
    "measured",
    trainerOf(async function* () {
      yield measure(0, false);
      for (const number of [1, 2, 3]) yield step(number);
      yield measure(3, true);
      yield step(4);
      yield measure(4, true);
    }),
    { argv: ["--steps", "10"] },
  );
  expect(await run).toEqual({ report: null, notes: [], sheet: "samples-000004.png" });
  expect(told().split("\n")).toEqual([
    "  0%  loading the base",
    "step 0, held out: fidelity 0.50 (chance 0.20), loss 0.5 (the base alone 0.6)",
    " 10%  step 1 of 10, loss 1, 1.0 s a step, 9 s left",
    " 20%  step 2 of 10, loss 0.5, 1.0 s a step, 8 s left",
    " 30%  step 3 of 10, loss 0.3333, 1.0 s a step, 7 s left",
    "step 3, held out: fidelity 0.50 (chance 0.20), loss 0.5 (the base alone 0.6)",
    "loss █▃▁  1 to 0.3333, steps 1 to 3",
    "The net follows its maps now.",
    " 40%  step 4 of 10, loss 0.25, 1.0 s a step, 6 s left",
    "step 4, held out: fidelity 0.50 (chance 0.20), loss 0.5 (the base alone 0.6)",
    "loss █▃▁▁  1 to 0.25, steps 1 to 4",
    "",
  ]);
  const { pixels } = await readPicture(readFileSync(join(out, "samples-000003.png")));
  expect([pixels.width, pixels.height]).toEqual([3 * 68 + 4, 68 + 4]);
  for (const [column, { width, data }] of [sample.map, sample.drawn, sample.picture].entries())
    for (const [x, y] of [
      [9, 9],
      [20, 20],
      [0, 63],
    ] as const) {
      const at = 4 * ((4 + y) * pixels.width + 4 + column * 68 + x);
      expect([...pixels.data.subarray(at, at + 4)]).toEqual([
        ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
      ]);
    }
});

test("minutes that are left count from the first step on", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { run, told } = await shown(
    "minutes",
    trainerOf(async function* () {
      vi.advanceTimersByTime(100_000);
      yield step(1);
      vi.advanceTimersByTime(10_000);
      yield step(2);
    }),
    { argv: ["--minutes", "1"] },
  );
  await run;
  expect(told()).toMatch(/step 1, .* 59 s left\n.*step 2, .* 49 s left\n/);
});

describe("Ctrl-C", () => {
  test("waits for the step that runs, and for nothing else", async () => {
    const stopping = new AbortController();
    let aborted: boolean | undefined;
    const {
      folder: opened,
      run,
      told,
    } = await shown(
      "stopped",
      trainerOf(
        async function* ({ signal }) {
          yield step(1);
          stop(stopping);
          aborted = signal?.aborted;
          yield step(2);
          yield step(3);
        },
        ({ place }) => place?.write("checkpoint-000002.safetensors", [Uint8Array.of(1)]) ?? Promise.resolve(),
      ),
      { stopping },
    );
    expect(await run).toMatchObject({ report: null });
    expect(aborted).toBe(false);
    expect(told()).not.toContain("step 3");
    expect([await opened.newest(), opened.written]).toEqual([
      "checkpoint-000002.safetensors",
      ["checkpoint-000002.safetensors"],
    ]);
  });

  test("breaks off what is prepared and what is measured", async () => {
    for (const [name, moments] of [
      ["prepared", []],
      ["while measured", [step(99), step(100)]],
    ] as const) {
      const stopping = new AbortController();
      const { run } = await shown(
        name,
        trainerOf(async function* ({ signal }) {
          yield* moments;
          stop(stopping);
          signal?.throwIfAborted();
          yield measure(100, false);
        }),
        { stopping },
      );
      expect(await run).toEqual({ report: null, notes: [], sheet: null });
    }
  });

  test("with a full disk says so, since nothing could be kept", async () => {
    const stopping = new AbortController();
    const { run } = await shown(
      "full",
      trainerOf(
        async function* () {
          yield step(1);
          stop(stopping);
          yield step(2);
        },
        async () => {
          throw new UnderdrawError("storage-full", "Full.", {});
        },
      ),
      { stopping },
    );
    await expect(run).rejects.toMatchObject({ code: "storage-full" });
  });
});

test("what a run that begins anew learnt is not written among another's checkpoints", async () => {
  const place = (await openFolder(join(folder, "taken"))).place;
  await place.write("checkpoint-000100.safetensors", [Uint8Array.of(7)]);
  const { out, run } = await shown(
    "taken",
    trainerOf(
      async function* () {
        yield { kind: "note", fraction: 0, text: '"checkpoint-000100.safetensors" was left where it is.' };
        yield step(1);
      },
      ({ place: given }) => given?.write("checkpoint-000001.safetensors", []) ?? Promise.resolve(),
    ),
  );
  await expect(run).rejects.toMatchObject({
    code: "request-invalid",
    message: expect.stringContaining("was left where it is"),
  });
  expect(existsSync(join(out, "checkpoint-000001.safetensors"))).toBe(false);
  expect([...readFileSync(join(out, "checkpoint-000100.safetensors"))]).toEqual([7]);
});

test("wrong polarity is told with the flag that mends it, and the flag does", async () => {
  const dark = await darkPairsIn(join(folder, "dark"), 6);
  const opened = (...argv: string[]) => {
    const own = trainFrom(parseArguments(["--pairs", dark, "--condition", "canny", ...argv], flags));
    expect(detectorsOf(own)).toEqual({});
    return openData(
      own,
      { extract: () => Promise.reject(new Error("Nothing is drawn here.")) },
      new AbortController().signal,
    );
  };
  const source = await opened();
  const { warnings } = await checkPairs(source, { width: 64, height: 64 });
  const { run, told } = await shown(
    "dark-net",
    trainerOf(async function* () {
      for (const text of warnings) yield { kind: "note", fraction: 0, text };
    }),
  );
  expect((await run).notes).toHaveLength(warnings.length);
  expect(told()).toContain("note: Wrong polarity: 6 of 6 maps are dark lines on a bright ground");
  expect(told()).toContain("Add --invert to train on white lines on black.");
  const inverted = await opened("--invert");
  expect((await inverted.read(2)).map.data).toEqual(lines(2).data);
  expect((await checkPairs(inverted, { width: 64, height: 64 })).warnings.join()).not.toContain("Wrong polarity");
});
