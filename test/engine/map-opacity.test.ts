import { builtInConditions, defineCondition, inverse, invert, type Pixels, tile } from "@underdraw/engine";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { isOpaque, opaquePixels } from "../../engine/src/vision/matte.ts";
import { painted, random } from "./structure-golden.ts";

// A map that an own filter made is known to be opaque, which spares a look at it. Nobody else's pixels may profit from that.

const context = { run: () => Promise.reject(new Error("no model is needed")) };
const next = random(7);
const photo = (width: number, height: number) =>
  painted(width, height, () => [256 * next(), 256 * next(), 256 * next()]);

const withHole = (pixels: Pixels): Pixels => {
  pixels.data[4 * 5 + 3] = 0;
  return pixels;
};

test("pixels that were just made are known to be opaque once, and looked at from then on", () => {
  const { width, height, data } = withHole(photo(6, 5));
  const made = opaquePixels(width, height, data);
  expect(isOpaque(made)).toBe(true);
  expect(isOpaque(made)).toBe(false);
});

test("the negative that anybody can have is looked at", () => {
  expect(isOpaque(withHole(inverse(photo(6, 5))))).toBe(false);
});

test.each(
  [
    { id: "blur", options: { sigma: 2 } },
    { id: "blur", options: { sigma: 20 } },
    { id: "colour-grid" },
    { id: "invert" },
    { id: "recolour", options: { mode: "luminance" } },
    { id: "recolour", options: { mode: "intensity" } },
    { id: "scribble" },
    { id: "threshold" },
    { id: "tile", options: { rate: 1 } },
    { id: "tile", options: { rate: 2 } },
    { id: "tile", options: { rate: 3.7 } },
  ].flatMap((one) =>
    [[64, 64] as const, [67, 1] as const, [1, 9] as const].map(([width, height]) => ({ ...one, width, height })),
  ),
)(
  "the map of $id $options at $width x $height is opaque in every pixel, and its holes are seen afterwards",
  async (given) => {
    const kind = builtInConditions.find(({ id }) => id === given.id);
    const source = withHole(photo(given.width, given.height));
    const before = source.data.slice();
    const map = await kind?.choose(given.options).extract(source, context);
    if (!map) throw new Error(`There is no condition ${given.id}.`);
    expect(map.data.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
    expect(source.data).toEqual(before);
    map.data[3] = 0;
    expect(isOpaque(map)).toBe(false);
  },
);

test("a map that is used as a picture is laid on its ground where somebody made holes into it", async () => {
  const map = await invert().extract(photo(6, 5), context);
  const holes = withHole(map);
  const [black, white] = [
    await tile({ matte: "black" }).extract(holes, context),
    await tile({ matte: "white" }).extract(holes, context),
  ];
  expect([...black.data.subarray(20, 24)]).toEqual([0, 0, 0, 255]);
  expect([...white.data.subarray(20, 24)]).toEqual([255, 255, 255, 255]);
});

test("a condition of somebody else that makes holes into a map of ours is refused", async () => {
  const holed = defineCondition({
    id: "holed",
    title: "Holed",
    options: z.object({}),
    extract: async (source) => withHole(await invert().extract(source, context)),
  });
  await expect(holed().extract(photo(6, 5), context)).rejects.toMatchObject({ code: "condition-failed" });
});
