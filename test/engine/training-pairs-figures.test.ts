import { expect, test } from "vitest";
import { nodeFolder } from "../../engine/src/node.ts";
import { checkPairs } from "../../engine/src/training/check-pairs.ts";
import { lookAtFigure } from "../../engine/src/training/figure-look.ts";
import { openPairs } from "../../engine/src/training/open-pairs.ts";
import type { TrainingPair } from "../../engine/src/training/pair.ts";
import { drawn, madePairs, negative, square } from "./training-pairs-made.ts";

// Maps that are white figures on black, as the worked example's silhouettes: no net's check knows them.

const fit = { width: 96, height: 96 };

/** The square of `square`, white on black. */
const figure = (number: number) => {
  const from = 8 + (number % 20);
  const isOn = (x: number, y: number) => x >= from && y >= from && x <= 84 && y <= 84;
  return drawn(96, 96, (x, y) => (isOn(x, y) ? [255, 255, 255] : [0, 0, 0]));
};

/** Twelve silhouettes, of which some are made otherwise. */
const check = (others: number, made: (number: number) => Partial<TrainingPair>) =>
  checkPairs(
    madePairs(12, (number) => ({ map: figure(number), ...(number < others ? made(number) : {}) }), "silhouette"),
    fit,
  );

const turned = (number: number) => ({ map: negative(figure(number)) });
const exchanged = (number: number) => ({ map: square(number), picture: figure(number) });

test("silhouettes that are right are not spoken of", async () => {
  const { warnings, faulty, kind } = await check(0, turned);
  expect(warnings).toEqual([expect.stringContaining("12 pairs are few")]);
  expect({ faulty, kind }).toEqual({ faulty: [], kind: null });
});

test("of twelve silhouettes one is inverted: it is left out", async () => {
  const { faulty } = await check(1, turned);
  expect(faulty).toEqual([
    {
      pair: "000000.png",
      problem:
        "wrong polarity: The map looks like a black figure on white; a white figure on black is expected. Invert the map.",
    },
  ]);
});

test("of twelve silhouettes six are inverted: they are refused", async () => {
  await expect(check(6, turned)).rejects.toThrow(/^6 of 12 pairs cannot be learnt from.*wrong polarity/);
});

test.each([12, 11])("of twelve silhouettes %d are inverted: that is said once", async (others) => {
  const { warnings, faulty } = await check(others, turned);
  expect(warnings).toContain(
    `Wrong polarity: ${others} of 12 maps are a black figure on white, and a white figure on black is expected. As they are, the net learns to read such maps alone. Open the pairs with \`invert: true\` to train on white on black.`,
  );
  expect(faulty.map(({ pair }) => pair)).toEqual(others === 11 ? ["000011.png"] : []);
});

test("maps with colours are named, where black and white alone is expected", async () => {
  const { warnings } = await check(12, exchanged);
  expect(warnings).toContainEqual(
    expect.stringMatching(
      /^12 of 12 maps .*should be a white figure on black, and it has colours\. If maps and pictures were exchanged/,
    ),
  );
});

test("a figure that fills its frame is no inverted one, and a frame alone tells where the picture does not", () => {
  const full = drawn(96, 96, (x, y) => (x + y < 12 ? [0, 0, 0] : [255, 255, 255]));
  const busy = drawn(96, 96, (x, y) => [(x * 91 + y * 57 + x * y * 13) % 256, (x * 31 + y * 77) % 256, (x * y) % 256]);
  expect(lookAtFigure(full, busy).warnings).toEqual([]);
  const plain = drawn(96, 96, () => [200, 60, 60]);
  expect(lookAtFigure(negative(figure(3)), plain).polarity).toBe("inverted");
  expect(lookAtFigure(figure(3), plain).polarity).toBe("upright");
});

test("the worked example's fifty silhouettes are upright, and inverted ones of them are seen each", async () => {
  const folder = nodeFolder("examples/train/pairs");
  const source = await openPairs(folder, { condition: "silhouette" });
  const looks = { upright: 0, inverted: 0 };
  for (let at = 0; at < source.count; at++) {
    const { map, picture } = await source.read(at);
    if (lookAtFigure(map, picture).polarity === "upright") looks.upright++;
    if (lookAtFigure(negative(map), picture).polarity === "inverted") looks.inverted++;
  }
  expect(looks).toEqual({ upright: source.count, inverted: source.count });
});
