import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type TrainingSample, UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../../cli/src/arguments.ts";
import { trainAgain } from "../../cli/src/train-again.ts";
import { trainFrom } from "../../cli/src/train-asked.ts";
import { inTrainingWords } from "../../cli/src/train-failure.ts";
import { trainFlags } from "../../cli/src/train-flags.ts";
import { trainingLine } from "../../cli/src/train-line.ts";
import { harmInWords, lossCurve, measureInWords, timeInWords } from "../../cli/src/train-words.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";
import { pairsIn, picturesIn, tiny } from "./train-made.ts";

const folder = scratch();
const pairs = await pairsIn(join(folder, "pairs"), 4);
const out = join(folder, "net");
const flags = Object.values(trainFlags).flat();
const asked = (...argv: string[]) => trainFrom(parseArguments(["--pairs", pairs, ...argv], flags));

describe("what train is asked that cannot be meant", () => {
  const good = ["--pairs", pairs, "--out", out];
  test.each<[string, readonly string[], string]>([
    ["no data", [], "There is nothing to learn from. Write what it learns from as --pairs DIR"],
    ["both kinds of data", [...good, "--pictures", pairs], "--pairs and --pictures exclude each other"],
    ["pictures without a condition", ["--pictures", pairs], "add --condition canny"],
    ["a word that is no flag", ["icons"], 'train has no place for "icons"'],
    ["an unknown condition", [...good, "--condition", "cany"], "Did you mean canny?"],
    ["options for maps that are given", [...good, "--condition", "canny,low=3"], "are not drawn anew"],
    ["an unknown option", ["--pictures", pairs, "--condition", "canny,lwo=3"], "canny.lwo: there is no such option"],
    ["a detector for pairs", [...good, "--detector", "x.onnx"], "--pairs has them already"],
    ["--invert for pictures", ["--pictures", pairs, "--condition", "canny", "--invert"], "has its maps drawn"],
    ["an unknown mode", [...good, "--mode", "heavy"], '--mode must be whole or light, not "heavy"'],
    ["a rank for the whole copy", [...good, "--rank", "4"], "which --mode light trains"],
    ["half a step", [...good, "--steps", "1.5"], "--steps must be a whole number from 1"],
    ["no minutes", [...good, "--minutes", "0"], "--minutes must be a number from 0.001"],
    ["a batch of none", [...good, "--batch", "0"], "--batch must be a whole number from 1 to 1024"],
    ["a seed of two numbers", [...good, "--seed", "4294967296"], "--seed must be a whole number from 0 to 4294967295"],
    ["a mean above 1", [...good, "--mean", "1.5"], "--mean must be a number from 0.5"],
    ["memory without a unit", [...good, "--memory", "8"], "such as 8GB or 6000MB"],
    ["a size that is none", [...good, "--size", "big"], "--size must be a width and a height"],
    ["the placeholder of a licence", [...good, "--licence", "YOUR-TERMS"], "stands for terms that only you can say"],
    ["an empty licence", [...good, "--licence", " "], "--licence needs the terms"],
    ["two words for the base", [...good, "--model", "a", "--base", "b"], "--base is another word for --model"],
    ["results among the data", ["--pairs", pairs, "--out", join(pairs, "net")], "lies in the folder of the data"],
    [
      "a size that the base cannot learn",
      [...good, "--model", tinyModel.base, "--size", "60"],
      "The width of --size is 60",
    ],
    [
      "too few that are not held out",
      [...good, ...tiny, "--held-out", "1"],
      "--held-out is 1, and there are 4 pairs. Leave 4 at the least to learn from.",
    ],
    [
      "a shift as large as the picture",
      [...good, ...tiny, "--shift", "64"],
      "--shift is 64, and the pictures are 64x64: it must be less than their shorter side.",
    ],
    ["more held out than there are", [...good, ...tiny, "--held-out", "4"], "--held-out is 4, and there are 4 pairs"],
  ])("%s", async (_, argv, answer) => {
    const outcome = await underdraw(["train", ...argv]);
    expect(said(outcome)).toContain(answer);
    expect(said(outcome)).toMatch(/ See underdraw train --help\.$/);
    expect(outcome.code).toBe(2);
    expect(readdirSync(folder)).not.toContain("net");
  });
});

describe("where results go", () => {
  test("beside the data, and not where somebody else's files lie", async () => {
    expect(asked().out).toBe(`${pairs}-net`);
    const near = relative(process.cwd(), pairs);
    expect(trainFrom(parseArguments(["--pairs", `${near}/`], flags)).out).toBe(`${near}-net`);
    const mine = join(folder, "mine");
    mkdirSync(mine);
    writeFileSync(join(mine, "README.md"), "mine");
    const outcome = await underdraw(["train", "--pairs", pairs, "--out", mine]);
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain("has files in it (README.md) and no checkpoint");
  });

  test.each([
    ["a file", () => join(pairs, "source", "00.png")],
    ["a folder in a file", () => join(folder, "file", "net")],
    // Nobody can make one there, whoever runs this.
    ["a system's folder", () => "/sys/underdraw-net"],
  ])("not to %s, which cannot be written", async (_, place) => {
    writeFileSync(join(folder, "file"), "");
    const data = await pairsIn(join(folder, "others"), 4);
    const path = place();
    const outcome = await underdraw(["train", "--pairs", data, "--out", path]);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(/^underdraw: (Cannot write to|Could not write) /);
    expect(said(outcome)).toContain(path);
  });

  test("a folder that nothing was written to does not stay", async () => {
    const place = join(folder, "unused");
    const { code } = await underdraw(["train", "--pairs", join(folder, "nowhere"), "--out", place]);
    expect(code).toBe(1);
    expect(readdirSync(folder)).not.toContain("unused");
  });
});

describe("data that cannot be learnt from", () => {
  const refused = async (argv: readonly string[]) => {
    const outcome = await underdraw(["train", ...argv, ...tiny, "--steps", "1", "--out", out, "--json"]);
    expect(outcome.code).toBe(1);
    expect(readdirSync(folder)).not.toContain("net");
    const { error } = JSON.parse(outcome.stdout);
    expect(said(outcome)).toContain(error.message);
    return error;
  };

  test("a folder that is not there", async () => {
    const { code, message } = await refused(["--pairs", join(folder, "nowhere")]);
    expect([code, message]).toEqual(["training-data", expect.stringContaining("there is no such folder")]);
  });

  test("three pairs", async () => {
    const { code, message } = await refused(["--pairs", await pairsIn(join(folder, "three"), 3)]);
    expect([code, message]).toEqual(["training-data", expect.stringContaining("it has 3 pairs, too few")]);
  });

  test("pictures alone, with the flags that take them", async () => {
    const { code, message } = await refused(["--pairs", await picturesIn(join(folder, "pictures"), 8)]);
    expect(code).toBe("training-data");
    expect(message).toContain("--pictures DIR --condition canny");
  });

  test("a base that takes more memory than it may", async () => {
    const { code, message } = await refused(["--pairs", pairs, "--memory", "50MB"]);
    expect(code).toBe("out-of-memory");
    expect(message).toContain("--batch, --size and --mode light");
  });

  test("a net of another family to begin with", async () => {
    const net = "test/golden/parity/sd21-tiny/controlnets";
    const [name] = readdirSync(net);
    const { code, message } = await refused(["--pairs", pairs, "--from", join(net, name as string)]);
    expect(code).toBe("model-incompatible");
    expect(message).toContain(`The net "${name}" does not fit base`);
  });
});

describe("failures have the flags that help", () => {
  const words = (error: Error) =>
    (inTrainingWords(error, { asked: asked("--out", out), again: "AGAIN" }) as Error).message;

  test("a disk that is full, a loss that is none, and what is nobody's flag", () => {
    expect(words(new UnderdrawError("storage-full", "Full.", {}))).toBe("Full. Then go on with: AGAIN");
    const diverged = (checkpoint: string | null) =>
      words(new UnderdrawError("training-diverged", "Astray.", { step: 3, loss: Number.NaN, checkpoint }));
    expect(diverged(null)).toBe("Astray. --learning-rate sets it.");
    expect(diverged("checkpoint-000100.safetensors")).toContain(`what was learnt until then is in ${out}`);
    const locked = new UnderdrawError("locked-changed", "Changed.", { tensor: "base" });
    expect(inTrainingWords(locked, { asked: asked(), again: "" })).toBe(locked);
    const other = new TypeError("x is not a function");
    expect(inTrainingWords(other, { asked: asked(), again: "" })).toBe(other);
  });
});

describe("words", () => {
  test("a command line comes back as it was meant", () => {
    const { flags: given } = parseArguments(
      ["--pairs", "my icons", "--no-mirror", "--name", "it's $5", "--minutes", "3"],
      flags,
    );
    expect(trainAgain(given)).toBe(`underdraw train --pairs "my icons" --no-mirror --name 'it'\\''s $5' --minutes 3`);
    expect(trainAgain(given, { minutes: null, steps: "7" })).toBe(
      `underdraw train --pairs "my icons" --no-mirror --name 'it'\\''s $5' --steps 7`,
    );
  });

  test("--base is --model, and what is left out is the engine's to choose", () => {
    expect(
      trainFrom(
        parseArguments(["--pairs", pairs, "--base", "x"], [...flags, { name: "base", value: "PATH", help: "" }]),
      ).model,
    ).toBe("x");
    expect(asked()).toMatchObject({
      settings: { minutes: 30 },
      isEndGiven: false,
      request: {},
      licence: null,
      name: "pairs",
    });
    expect(asked("--steps", "5").settings).toEqual({ steps: 5 });
    expect(asked("--memory", "1.5 GB", "--mode", "light", "--rank", "8").request).toEqual({
      memory: 1.5e9,
      mode: "light",
      rank: 8,
    });
    expect(asked("--every", "7", "--no-mirror", "--mean", "0.99", "--minutes", "2").settings).toEqual({
      ...{ minutes: 2, measureEvery: 7, checkpointEvery: 7, mirror: false, mean: 0.99 },
    });
  });

  test("a curve falls where the loss does", () => {
    expect(lossCurve([[1, 1]])).toBeNull();
    expect(
      lossCurve([
        [1, 0.8],
        [2, 0.4],
        [3, 0.1],
      ]),
    ).toBe("loss █▄▁  0.8 to 0.1, steps 1 to 3");
    const long = lossCurve(
      Array.from({ length: 1000 }, (_, n) => [n + 1, 2 - n / 1000]),
      10,
    );
    expect(long).toMatch(/^loss ██▇▆▅▄▃▂▁▁ {2}1\.95 to 1\.051, steps 1 to 1000$/);
    expect(
      lossCurve([
        [1, 0.5],
        [2, 0.5],
      ]),
    ).toBe("loss ▁▁  0.5 to 0.5, steps 1 to 2");
  });

  test("a measure without fidelity says why", () => {
    const measure = { step: 3, loss: 0.5, baseLoss: 0.6, fidelity: null, converged: false };
    const samples = [{}] as unknown as TrainingSample[];
    const words = (drawn: readonly TrainingSample[], ...argv: string[]) =>
      measureInWords({ ...measure, samples: drawn }, asked(...argv));
    expect(words(samples)).toBe("step 3, held out: no fidelity without --condition, loss 0.5 (the base alone 0.6)");
    expect(words(samples, "--condition", "shuffle")).toContain("held out: fidelity cannot be seen in pictures, loss");
    expect(words([])).toContain("held out: nothing drawn, loss");
  });

  test("time, and a net that does harm", () => {
    expect([12, 100, 7200].map(timeInWords)).toEqual(["12 s", "2 min", "2.0 h"]);
    const measured = (loss: number) =>
      harmInWords({
        measures: [{ step: 9, loss, baseLoss: 0.5, fidelity: null, converged: false }],
        settings: { learningRate: 1 } as never,
      });
    expect(measured(0.51)).toBeNull();
    expect(measured(0.9)).toContain("a lower --learning-rate than 1");
  });

  test("a person sees one line that never goes back, a log a line for each tenth", () => {
    let text = "";
    const line = trainingLine({ isTTY: true, columns: 20, write: (part) => (text += part) });
    line.show(0.5, "step 5 of 10, loss 0.1");
    line.stays("kept");
    expect(text).toBe("\r 50%  step 5 of 10,\u001b[K\r\u001b[Kkept\n");
    let log = "";
    const lines = trainingLine({ write: (part) => (log += part) });
    for (const [fraction, words] of [
      [0.31, "a"],
      [0.38, "b"],
      [0.2, "c"],
      [0.42, "d"],
    ] as const)
      lines.show(fraction, words);
    expect(log).toBe(" 31%  a\n 42%  d\n");
  });
});
