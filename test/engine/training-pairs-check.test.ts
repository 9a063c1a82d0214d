import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test, vi } from "vitest";
import { checkPairs, type PairCheck } from "../../engine/src/training/check-pairs.ts";
import { openPairs } from "../../engine/src/training/open-pairs.ts";
import type { PairSource, TrainingPair } from "../../engine/src/training/pair.ts";
import { pairProblem } from "../../engine/src/training/pair-look.ts";
import { drawn, folderOf, lines, madePairs, negative, png, square } from "./training-pairs-made.ts";

const fit = { width: 64, height: 64 };
const fails = async (source: PairSource, check: Partial<PairCheck> = {}) => {
  const error = await checkPairs(source, { ...fit, ...check }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!UnderdrawError.is(error, "training-data")) throw error ?? new Error("the pairs passed");
  return error;
};
/** Pairs of which some are other than the rest. */
const but = (count: number, others: Readonly<Record<number, Partial<TrainingPair>>>) =>
  madePairs(count, (number) => others[number] ?? {});
const plain = drawn(96, 96, () => [0, 0, 0]);

test("sound pairs are reported with nothing to say", async () => {
  const source = madePairs(30);
  const report = await checkPairs(source, fit);
  expect(report).toMatchObject({ count: 30, read: 30, faulty: [], warnings: [], alike: [], kind: "lines" });
  expect(report.sound).toEqual(Array.from({ length: 30 }, (_, number) => number));
  expect(report.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(source.reads).toEqual(report.sound);
});

describe("a pair that cannot be learnt from is left out and named", () => {
  test.each<[string, Partial<TrainingPair>, RegExp]>([
    [
      "of other proportions",
      { map: drawn(96, 80, (x) => (x < 9 ? [255, 255, 255] : [0, 0, 0])) },
      /map of 96x80 and the picture of 96x96 differ/,
    ],
    ["too small a picture", { map: lines(0, 96), picture: square(0, 63) }, /too small: the picture has 63x63/],
    ["too small a map", { map: lines(0, 48) }, /too small: the map has 48x48/],
    ["a strip", { map: lines(0, 700), picture: drawn(64, 700, (x) => [x, 1, 2]) }, /differ/],
    ["an empty map", { map: plain }, /map is empty/],
    [
      "nearly a strip",
      { map: drawn(64, 700, (x) => [x, 1, 2]), picture: drawn(64, 700, (x) => [x, 1, 2]) },
      /64x700, more than 8 times/,
    ],
    [
      "the wrong polarity",
      { map: negative(lines(0)) },
      /^wrong polarity: The map looks like dark lines .* Invert the map/,
    ],
    [
      "dark strokes on nothing",
      { map: drawn(96, 96, (x) => [0, 0, 0, x % 12 === 0 ? 255 : 0]) },
      /dark strokes on a transparent ground.*invert it/,
    ],
  ])("%s", async (_, other, problem) => {
    const report = await checkPairs(but(30, { 13: other }), fit);
    expect(report.faulty).toEqual([{ pair: "000013.png", problem: expect.stringMatching(problem) }]);
    expect(report.sound).toHaveLength(29);
    expect(report.sound).not.toContain(13);
    expect(report.warnings).toEqual(["1 of 30 pairs are faulty and left out."]);
  });

  test("but not for another size of the same proportions, rounded too", async () => {
    const wide = {
      map: drawn(100, 67, (x) => (x < 9 ? [255, 255, 255] : [0, 0, 0])),
      picture: drawn(1000, 667, (x) => [x % 256, 0, 0]),
    };
    const report = await checkPairs(but(30, { 3: { map: lines(3, 192) }, 4: wide }), fit);
    expect(report.faulty).toEqual([]);
  });

  test("a corrupt picture in the middle and a missing half, of files", async () => {
    const numbers = Array.from({ length: 24 }, (_, number) => number);
    const files: Record<string, Uint8Array> = {};
    for (const number of numbers) {
      files[`source/${number + 10}.png`] = await png(lines(number));
      files[`target/${number + 10}.png`] = await png(square(number));
    }
    const whole = files["target/20.png"] as Uint8Array;
    files["source/25.png"] = (files["source/25.png"] as Uint8Array).slice(0, 60);
    files["target/20.png"] = whole.slice(0, whole.length >> 1);
    delete files["source/30.png"];
    const source = await openPairs(await folderOf(files), { condition: "canny" });
    const report = await checkPairs(source, fit);
    expect(report.faulty).toEqual([
      { pair: "target/20.png", problem: expect.stringMatching(/^(?!.*20\.png).*(ends|cut off|damaged)/) },
      { pair: "target/25.png", problem: expect.stringMatching(/^"source\/25\.png": .*(ends|cut off|damaged)/) },
      { pair: "target/30.png", problem: 'missing half: the map "source/30" is not there.' },
    ]);
    expect(report.sound).toHaveLength(21);
  });
});

describe("pairs that are not enough are refused with the first few faults and what to do", () => {
  test("3 pairs, without reading any", async () => {
    const source = madePairs(3);
    const error = await fails(source);
    expect(error.message).toBe(
      'There are too few pairs to learn from. "made": it has 3 pairs, too few. A net learns from 4 pairs at the least, and something may be expected from 20 on.',
    );
    expect(source.reads).toEqual([]);
  });

  test("5 pairs of which 2 are faulty", async () => {
    const error = await fails(but(5, { 1: { map: plain }, 4: { map: plain } }));
    expect(error.message).toContain("Of 5 pairs 3 can be learnt from, too few.");
    expect(error.details.issues.map(({ pair }) => pair)).toEqual(["000001.png", "000004.png"]);
  });

  test("more than a fifth, and not a fifth", async () => {
    const faulty = (count: number) =>
      but(30, Object.fromEntries(Array.from({ length: count }, (_, number) => [4 * number, { map: plain }])));
    expect((await checkPairs(faulty(6), fit)).sound).toHaveLength(24);
    const error = await fails(faulty(7));
    expect(error.message).toMatch(
      /^7 of 30 pairs cannot be learnt from, more than a fifth\. "000000\.png": the map is empty.* "000004\.png": .* "000008\.png": .* And 4 more\. Repair these pairs or take them out, and begin again\.$/,
    );
    expect(error.details.issues).toHaveLength(7);
  });

  test("what fails for another reason than the pair goes on as it is", async () => {
    const lost = new UnderdrawError("model-fetch", "no connection", { url: "a" });
    const source = madePairs(30, (number) => {
      if (number === 7) throw lost;
      return {};
    });
    await expect(checkPairs(source, fit)).rejects.toBe(lost);
  });
});

describe("maps of the wrong polarity", () => {
  test("are told once where most are, and the few that contradict are left out", async () => {
    const source = madePairs(30, (number) => (number < 27 ? { map: negative(lines(number)) } : {}));
    const report = await checkPairs(source, fit);
    expect(report.warnings).toContain(
      "Wrong polarity: 27 of 30 maps are dark lines on a bright ground, and nets for lines expect white on black. As they are, the net learns to read such maps alone. Open the pairs with `invert: true` to train on white lines on black.",
    );
    expect(report.warnings.filter((warning) => warning.includes("polarity"))).toHaveLength(1);
    expect(report.faulty.map(({ pair }) => pair)).toEqual(["000027.png", "000028.png", "000029.png"]);
    expect(report.faulty[0]?.problem).toContain("bright on dark");
  });

  test("in every third pair are too many", async () => {
    const source = madePairs(30, (number) => (number % 3 === 0 ? { map: negative(lines(number)) } : {}));
    expect((await fails(source)).message).toMatch(/^10 of 30 pairs .*wrong polarity/);
  });

  test("may be meant where nobody says what they are", async () => {
    const dark = await checkPairs(
      madePairs(30, (number) => ({ map: negative(lines(number)) }), null),
      fit,
    );
    expect(dark).toMatchObject({ faulty: [], kind: "lines" });
    expect(dark.warnings).toEqual([expect.stringContaining("look like dark lines on a bright ground")]);
    const mixed = madePairs(30, (number) => (number % 2 === 0 ? { map: negative(lines(number)) } : {}), null);
    expect((await checkPairs(mixed, fit)).warnings).toEqual([
      expect.stringContaining("Of 30 maps that look like lines, 15 are dark on bright"),
    ]);
    expect(
      (
        await checkPairs(
          madePairs(30, () => ({}), null),
          fit,
        )
      ).warnings,
    ).toEqual([]);
  });
});

describe("100,000 pairs", () => {
  test("are looked at in the same 200 places, and what they will take is said", async () => {
    const source = madePairs(100_000);
    const heard: number[] = [];
    const report = await checkPairs(source, { ...fit, onProgress: ({ done, of }) => heard.push(done / of) });
    expect(source.reads).toHaveLength(200);
    expect(new Set(source.reads).size).toBe(200);
    expect([source.reads[0], source.reads.at(-1)]).toEqual([0, 99_999]);
    const steps = source.reads.slice(1).map((number, index) => number - (source.reads[index] as number));
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
    expect(heard.at(-1)).toBe(1);
    expect(report).toMatchObject({ count: 100_000, read: 200 });
    expect(report.sound).toHaveLength(100_000);
    expect(report.warnings).toEqual(
      expect.arrayContaining([
        expect.stringContaining("200 of the 100000 pairs were looked at"),
        expect.stringMatching(/^100000 pairs are many: .* about \d+ min here/),
      ]),
    );
    const again = madePairs(100_000);
    expect((await checkPairs(again, fit)).sha256).toBe(report.sha256);
    expect(again.reads).toEqual(source.reads);
  });

  test("all of whose sample is faulty are refused for that", async () => {
    const error = await fails(madePairs(100_000, () => ({ map: plain })));
    expect(error.message).toMatch(/^200 of 200 pairs cannot be learnt from, more than a fifth/);
  });

  test("are judged one by one when they are prepared", () => {
    const pair = { name: "a", map: lines(1), picture: square(1), prompt: "" };
    expect(pairProblem(pair)).toBeNull();
    expect(pairProblem({ ...pair, map: plain })).toContain("empty");
    expect(pairProblem({ ...pair, map: plain }, "pose")).toBeNull();
  });
});

describe("a check", () => {
  test("stops with the signal's reason", async () => {
    const stop = new AbortController();
    const source = madePairs(40, (number) => {
      if (number === 5) stop.abort("enough");
      return {};
    });
    await expect(checkPairs(source, { ...fit, signal: stop.signal })).rejects.toBe("enough");
    expect(source.reads).toHaveLength(6);
    await expect(checkPairs(source, { ...fit, signal: AbortSignal.abort("before") })).rejects.toBe("before");
  });

  test("goes on when a listener throws, and reports it", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const report = await checkPairs(madePairs(20), {
      ...fit,
      onProgress: () => {
        throw new Error("listener");
      },
    });
    expect(report.read).toBe(20);
    expect(reported).toHaveBeenCalledTimes(20);
    reported.mockRestore();
  });
});
