import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Outcome, said, scratch, spawned, underdraw } from "./command.ts";
import { pairsIn, picturesIn, tiny } from "./train-made.ts";

// A base of random weights: what is trained here is no use to anybody, and everything on the way is as it is for a real
// one. Opening a training takes seconds, so that one test goes the whole way.

const folder = scratch();
const long = 600_000;
const net = "diffusion_pytorch_model.safetensors";
const filesIn = (place: string) => readdirSync(place).sort();
const bytesOf = (...path: string[]) => readFileSync(join(...path));

/** The words of the command line that was told after `label`, without "underdraw". */
function told({ stdout, stderr }: Outcome, label: string): string[] {
  const line = `${stdout}${stderr}`.split("\n").find((one) => one.includes(label)) ?? "";
  const words = line.slice(line.indexOf(label) + label.length).trim();
  return Array.from(words.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
}

describe("a training that is stopped and gone on from", () => {
  const [pictures, out, whole] = [join(folder, "my pictures"), join(folder, "my pictures-net"), join(folder, "whole")];
  const train = ["--pictures", pictures, "--condition", "canny,low=50", "--held-out", "1", "--steps", "4"];
  const more = tiny;

  test(
    "makes the net that an unbroken one makes, by the commands that are told, and draw takes it",
    async () => {
      await picturesIn(pictures, 11);
      const broken = join(pictures, "square-5.png");
      writeFileSync(broken, readFileSync(broken).subarray(0, 60));

      const stopped = await spawned(["train", ...train, ...more], { interruptAt: /step 2 of 4/ });
      expect(stopped.code).toBe(130);
      for (const words of [
        "beside the data; --out names another folder.",
        "Data: 11 pictures in",
        "maps drawn by canny.",
        "Length: 4 steps in all.",
        "note: 1 of 11 pairs are faulty and left out.",
        "step 0, held out: fidelity 0.",
      ])
        expect(stopped.stderr).toContain(words);
      const [, learns, locked] =
        /^Learns: .*, ([\d.]+) M numbers, begun.*\nLocked: all of the UNet of base, ([\d.]+) M numbers\.$/m.exec(
          stopped.stderr,
        ) ?? [];
      const [checkpoint = "", sheet] = filesIn(out);
      expect([checkpoint, sheet]).toEqual([expect.stringMatching(/^checkpoint-00000[23]\./), "samples-000000.png"]);
      expect(stopped.stderr).toContain(`Stopped. What was learnt is in ${out}/${checkpoint}, after step `);

      const ended = await underdraw(told(stopped, "Go on with: underdraw"));
      expect(ended.code).toBe(0);
      expect(said(ended)).toContain(`note: Goes on from step ${Number(checkpoint.slice(11, 17))}, ${checkpoint}.`);
      expect(ended.stderr).toMatch(/^ *\d+% {2}step 4 of 4, loss [\d.]+, [\d.]+ s a step, 0 s left$/m);
      expect(ended.stderr).toMatch(
        /^step 4, held out: fidelity 0\.\d\d \(chance 0\.\d\d\), loss 0\.\d+ \(the base alone /m,
      );
      expect(ended.stdout).toContain("and is not written yet: say under which terms it may be used");
      expect(filesIn(out)).not.toContain(net);

      const write = told(ended, "write it: underdraw");
      // A licence is in it that nobody can have meant.
      expect([(await underdraw(write)).code, write.at(-2), write.at(-1)]).toEqual([2, "--licence", "YOUR-TERMS"]);
      const written = await underdraw([...write.slice(0, -1), "CC-BY-4.0"]);
      expect(written.code).toBe(0);
      // Where it went on it was measured once more.
      const isBetween = (file: string) => /^(checkpoint|samples-00000[1-3])/.test(file);
      expect(filesIn(out).filter((file) => !isBetween(file))).toEqual([
        ...["README.md", "config.json", "control-my-pictures.safetensors", net, "report.json"],
        ...["samples-000000.png", "samples-000004.png"],
      ]);
      expect(bytesOf(out, "README.md").toString()).toContain('license: "cc-by-4.0"');
      const [before, after] = Array.from(written.stdout.matchAll(/SHA-256 ([0-9a-f]{64})/g), ([, hash]) => hash);
      expect(before).toBe(after);
      expect(written.stdout).toContain("without the net 0\n");
      const report = JSON.parse(bytesOf(out, "report.json").toString());
      expect(report).toMatchObject({
        steps: 4,
        firstDifference: 0,
        lockedBefore: before,
        condition: "canny",
        pairs: 9,
      });
      const inMillions = (count: number) => (count / 1e6).toPrecision(3);
      expect([learns, locked]).toEqual([inMillions(report.trained), inMillions(report.locked)]);

      const drawn = join(folder, "drawn.png");
      const draw = told(written, "draw with it: underdraw");
      const outcome = await underdraw([...draw, "--steps", "1", "--no-measure", "--out", drawn]);
      expect([outcome.code, said(outcome)]).toEqual([0, expect.not.stringContaining("underdraw:")]);

      const unbroken = [
        "train",
        ...train,
        ...more,
        "--out",
        whole,
        "--licence",
        "CC-BY-4.0",
        "--name",
        "my pictures",
        "--json",
      ];
      const { stdout, code } = await underdraw(unbroken);
      expect(code).toBe(0);
      const { files, steps, samples, report: other } = JSON.parse(stdout);
      expect([files.length, steps, samples]).toEqual([5, 4, "samples-000004.png"]);
      for (const file of [net, "config.json", "control-my-pictures.safetensors", "samples-000004.png"])
        expect([file, bytesOf(out, file).equals(bytesOf(whole, file))]).toEqual([file, true]);
      const ends = ({ measures }: { measures: { step: number }[] }) => measures.filter(({ step }) => step % 4 === 0);
      expect(ends(other)).toHaveLength(2);
      expect(ends(other)).toEqual(ends(report));
    },
    long,
  );

  test(
    "is not written over by another one, which says why and what to do",
    async () => {
      const checkpoints = filesIn(whole);
      writeFileSync(join(whole, "checkpoint-000009.safetensors"), "half");
      const other = await underdraw(["train", ...train, ...more, "--seed", "2", "--out", whole]);
      expect(other.code).toBe(2);
      expect(said(other)).toContain(`--out "${whole}" holds checkpoints that this training cannot go on from.`);
      expect(said(other)).toContain('"checkpoint-000009.safetensors" was passed over.');
      expect(said(other)).toContain('"checkpoint-000004.safetensors" was left where it is');
      expect(filesIn(whole).filter((file) => file !== "checkpoint-000009.safetensors")).toEqual(checkpoints);
      expect(bytesOf(whole, net).equals(bytesOf(out, net))).toBe(true);
    },
    long,
  );
});

test(
  "a learning rate of 1 ends in words: the net does harm",
  async () => {
    const pairs = await pairsIn(join(folder, "astray"), 10);
    const rate = ["--learning-rate", "1", "--steps", "10", "--held-out", "1", "--licence", "CC0-1.0"];
    const outcome = await underdraw(["train", "--pairs", pairs, ...tiny, ...rate, "--json"]);
    const { error, warnings } = JSON.parse(outcome.stdout);
    // Its loss on the pairs that are held out is twice the base's: it does harm, and is no runaway.
    const harm = expect.stringMatching(/does harm: .* a lower --learning-rate than 1\.$/);
    expect([outcome.code, error, warnings]).toEqual([0, undefined, [harm]]);
    expect(said(outcome)).toContain("--learning-rate");
  },
  long,
);

test("Ctrl-C before the first step leaves nothing", async () => {
  const pairs = await pairsIn(join(folder, "early"), 6);
  const stopping = new AbortController();
  const outcome = await underdraw(["train", "--pairs", pairs, ...tiny, "--out", join(folder, "early-out"), "--json"], {
    signal: stopping.signal,
    onWrite: (text) => {
      if (text.includes("loading the base")) stopping.abort(new DOMException("Stopped.", "AbortError"));
    },
  });
  expect(outcome.code).toBe(130);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: "stopped" }, checkpoint: null });
  expect(said(outcome)).toContain("Stopped before a step was done. Begin again with: underdraw train --pairs");
  expect(filesIn(folder)).not.toContain("early-out");
});
