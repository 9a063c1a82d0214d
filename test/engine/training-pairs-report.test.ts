import { describe, expect, test } from "vitest";
import { checkPairs } from "../../engine/src/training/check-pairs.ts";
import type { PairSource, TrainingPair } from "../../engine/src/training/pair.ts";
import { splitPairs } from "../../engine/src/training/split-pairs.ts";
import { drawn, lines, madePairs, square } from "./training-pairs-made.ts";

const fit = { width: 64, height: 64 };
const but = (count: number, others: Readonly<Record<number, Partial<TrainingPair>>>) =>
  madePairs(count, (number) => others[number] ?? {});

describe("what should be known of sound pairs is said once, with how many and the first", () => {
  test.each<[string, (number: number) => Partial<TrainingPair>, RegExp]>([
    [
      "pictures that are enlarged",
      (n) => (n < 2 ? { map: lines(n, 80), picture: square(n, 80) } : { map: lines(n, 200), picture: square(n, 200) }),
      /^2 of 30 pictures \(the first is that of "000000.png"\) are smaller than 90x90: they are enlarged/,
    ],
    [
      "pictures that are cut",
      (n) =>
        n === 5
          ? {
              map: drawn(100, 180, (x) => (x < 9 ? [255, 255, 255] : [0, 0, 0])),
              picture: drawn(100, 180, (x) => [x, 0, 0]),
            }
          : {},
      /^1 of 30 pictures .*"000005.png".* more than a quarter/,
    ],
    [
      "transparent pictures",
      (n) => (n % 10 === 1 ? { picture: drawn(96, 96, (x, y) => [x, y, n, x]) } : {}),
      /^3 of 30 pictures .* transparent in places: they are laid on white/,
    ],
    [
      "transparent maps",
      (n) => (n === 4 ? { map: drawn(96, 96, (x) => [255, 255, 255, x % 12 === 0 ? 255 : 0]) } : {}),
      /^1 of 30 maps .* transparent in places: they are laid on black/,
    ],
    [
      "maps of another kind",
      (n) =>
        n === 6
          ? {
              map: drawn(96, 96, (x, y) => [
                (x * 91 + y * 57 + x * y * 13) % 256,
                (x * 31 + y * 77) % 256,
                (x * x + y * 3) % 256,
              ]),
            }
          : {},
      /^1 of 30 maps .*"000006.png".* looks like a photograph/,
    ],
    [
      "maps that are the pictures",
      (n) => (n === 7 ? { map: lines(7), picture: lines(7) } : {}),
      /^1 of 30 maps .* are the pictures themselves/,
    ],
    ["captions that are missing", (n) => (n < 3 ? { prompt: " " } : {}), /^3 of 30 captions .* are empty/],
    ["no caption at all", () => ({ prompt: "" }), /^No pair has a caption/],
    ["one caption for all", () => ({ prompt: "an icon" }), /^All captions are the same: "an icon"/],
    [
      "captions that are too long",
      (n) => ({ prompt: `${n} ${n === 9 ? "word ".repeat(80) : "word"}` }),
      /^1 of 30 captions .*"000009.png".* longer than the 75 tokens/,
    ],
  ])("%s", async (what, pair, message) => {
    const side = what.includes("enlarged") ? 90 : 64;
    const countTokens = (prompt: string) => prompt.trim().split(/\s+/).length;
    const report = await checkPairs(madePairs(30, pair), { width: side, height: side, countTokens });
    expect(report.warnings).toEqual([expect.stringMatching(message)]);
    expect(report.faulty).toEqual([]);
  });

  test("fewer than 20 pairs", async () => {
    expect((await checkPairs(madePairs(19), fit)).warnings).toEqual([expect.stringMatching(/^19 pairs are few/)]);
  });

  test("duplicates, and that they stay on one side", async () => {
    const report = await checkPairs(
      madePairs(30, (number) =>
        number === 20 ? { map: lines(3), picture: square(3) } : number === 9 ? { picture: square(8) } : {},
      ),
      fit,
    );
    expect(report.alike).toEqual([
      [3, 20],
      [8, 9],
    ]);
    expect(report.warnings).toEqual([
      'Duplicates: 4 pairs show 2 pictures, some of them with the same map ("000003.png" and "000020.png"). They count as often, and are never on both sides when pairs are held out.',
    ]);
    const names = Array.from({ length: 30 }, (_, number) => `${number}`);
    for (let seed = 0; seed < 20; seed++) {
      const { heldOut } = splitPairs(names, 8, seed, report);
      for (const [one = 0, other = 0] of report.alike) expect(heldOut.includes(one)).toBe(heldOut.includes(other));
    }
  });

  test("but no duplicates of another size", async () => {
    const half = (width: number, height: number): Partial<TrainingPair> => ({
      map: drawn(width, height, (x) => (x < 9 ? [255, 255, 255] : [0, 0, 0])),
      picture: drawn(width, height, () => [7, 7, 7]),
    });
    const { alike } = await checkPairs(but(30, { 1: half(80, 100), 2: half(100, 80), 3: half(80, 100) }), fit);
    expect(alike).toEqual([[1, 3]]);
  });

  test("what was said when the source was opened comes first", async () => {
    const source = { ...madePairs(30), warnings: ["said before"] };
    expect((await checkPairs(source, fit)).warnings).toEqual(["said before"]);
  });
});

test("what most maps look like is told where nobody says it", async () => {
  const kindOf = async (pair: (number: number) => Partial<TrainingPair>) =>
    (await checkPairs(madePairs(20, pair, null), fit)).kind;
  // A limb in full red on black.
  const limb = drawn(96, 96, (x, y) => (Math.abs(x - y) < 2 && x > 20 && x < 70 ? [255, 0, 0] : [0, 0, 0]));
  const flat = drawn(96, 96, (x, y) => [x - (x % 32), y, 100]);
  expect(await kindOf(() => ({ map: limb }))).toBe("pose");
  expect(await kindOf((number) => (number < 11 ? {} : { map: limb }))).toBe("lines");
  expect(await kindOf((number) => (number < 10 ? {} : { map: flat }))).toBeNull();
});

describe("the data's SHA-256", () => {
  const of = async (source: PairSource) => (await checkPairs(source, fit)).sha256;

  test("is the same whatever order the pairs come in, and another for any other picture, map, word or name", async () => {
    const source = madePairs(20);
    const turned = {
      ...source,
      nameOf: (n: number) => source.nameOf(19 - n),
      read: (n: number) => source.read(19 - n),
    };
    const sum = await of(source);
    expect(await of(turned)).toBe(sum);
    const others = [
      but(20, { 3: { prompt: "other" } }),
      but(20, { 3: { map: lines(4) } }),
      but(20, { 3: { picture: square(40) } }),
      { ...source, nameOf: (n: number) => `${source.nameOf(n)}x` },
      madePairs(21),
    ];
    const sums = await Promise.all(others.map(of));
    expect(new Set([sum, ...sums]).size).toBe(6);
  });
});
