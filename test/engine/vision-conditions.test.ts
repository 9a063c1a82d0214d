import {
  blur,
  colourGrid,
  invert,
  lineartStandard,
  type Pixels,
  recolour,
  scribble,
  scribbleSoftedge,
  scribbleXdog,
  shuffle,
  threshold,
  tile,
} from "@underdraw/engine";
import { expect, test } from "vitest";
import { ink, painted, random, rows } from "./structure-golden.ts";

const context = { run: () => Promise.reject(new Error("no model is needed")) };
type Chosen = { extract(source: Pixels, use: typeof context): Promise<Pixels> };
const map = (condition: Chosen, source: Pixels) => condition.extract(source, context);
const reds = ({ data }: Pixels) => Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] as number);

const photo = (width: number, height: number) => {
  const next = random(width + 7 * height);
  return painted(width, height, (x, y) => [x * 3 + 40 * next(), y * 2 + 40 * next(), 128 + 60 * next()]);
};

/** A black cross, 5 pixels wide, on white. */
const cross = painted(41, 41, (x, y) => (Math.abs(x - 20) < 3 || Math.abs(y - 20) < 3 ? [0] : [255]));

test("invert turns a drawing on a transparent ground into light lines on black", async () => {
  const drawing = painted(
    3,
    1,
    (x) =>
      [
        [0, 0, 0, 255],
        [255, 0, 0, 0],
        [200, 100, 50, 255],
      ][x] as number[],
  );
  expect([...(await map(invert(), drawing)).data]).toEqual([255, 255, 255, 255, 0, 0, 0, 255, 55, 155, 205, 255]);
});

test("threshold asks for all three channels and is strict", async () => {
  const source = painted(
    4,
    1,
    (x) =>
      [
        [128, 128, 128],
        [127, 255, 255],
        [255, 255, 127],
        [255, 200, 128],
      ][x] as number[],
  );
  expect(reds(await map(threshold(), source))).toEqual([255, 0, 0, 255]);
  expect(reds(await map(threshold({ threshold: 0 }), source))).toEqual([255, 255, 255, 255]);
});

test("a scribble is where any channel is dark; what is transparent is no ink", async () => {
  const source = painted(
    4,
    1,
    (x) =>
      [
        [126, 255, 255],
        [127, 127, 127],
        [255, 0, 0],
        [0, 0, 0, 0],
      ][x] as number[],
  );
  expect(reds(await map(scribble(), source))).toEqual([255, 0, 255, 0]);
  expect(reds(await map(scribble.choose({ matte: "black" }), source))).toEqual([255, 0, 255, 255]);
});

test("strong ink gets no holes in a scribble of two Gaussians", async () => {
  const drawn = await map(scribbleXdog(), cross);
  const row = rows(drawn, ink)[3] as string;
  expect(row.slice(18, 23)).toBe("#####");
  expect(row.slice(0, 15)).toBe(".".repeat(15));
});

test("a higher threshold draws no stroke that a lower one does not", async () => {
  const source = photo(70, 50);
  const [few, many] = [
    reds(await map(scribbleXdog({ threshold: 12 }), source)),
    reds(await map(scribbleXdog({ threshold: 4 }), source)),
  ];
  expect(few.some((value) => value > 0)).toBe(true);
  expect(few.every((value, i) => value <= (many[i] as number))).toBe(true);
});

test("a gray picture has the same strokes as one that is gray but for a single pixel", async () => {
  const next = random(5);
  const gray = painted(60, 45, () => [Math.floor(256 * next())]);
  const nearly = { ...gray, data: gray.data.slice() };
  nearly.data[0] = (nearly.data[0] as number) ^ 1;
  for (const condition of [scribbleXdog({ threshold: 8 }), lineartStandard()]) {
    const [one, other] = [reds(await map(condition, gray)), reds(await map(condition, nearly))];
    // The pixel itself may differ by more.
    expect(one.filter((value, i) => i > 0 && Math.abs(value - (other[i] as number)) > 1)).toEqual([]);
  }
});

test("a soft edge becomes one thick stroke along its ridge", async () => {
  const soft = painted(60, 41, (x, y) => [Math.max(0, 255 - 12 * Math.abs(x - 30 - 0.4 * (y - 20)))]);
  const row = rows(await map(scribbleSoftedge(), soft), ink)[20] as string;
  expect(row).toMatch(/^\.+#{9,17}\.+$/);
  expect(Math.abs(row.indexOf("#") + row.lastIndexOf("#") - 60)).toBeLessThanOrEqual(1);
});

test("line art is white where a drawing is dark, black on an even ground, and evens out faint ink", async () => {
  const strong = reds(await map(lineartStandard(), cross));
  expect(Math.max(...strong)).toBeGreaterThan(120);
  expect(strong[0]).toBe(0);
  const faint = painted(41, 41, (x, y) => (cross.data[4 * (y * 41 + x)] === 0 ? [190] : [255]));
  const lifted = reds(await map(lineartStandard(), faint));
  expect(Math.max(...lifted)).toBeGreaterThan(0.9 * Math.max(...strong));
});

test("line art of an even picture is black, whatever its colour", async () => {
  expect(
    new Set(
      reds(
        await map(
          lineartStandard(),
          painted(30, 20, () => [90, 10, 200]),
        ),
      ),
    ),
  ).toEqual(new Set([0]));
});

test("a tile of rate 1 is the picture itself in memory of its own, and a higher rate takes detail and keeps the mean", async () => {
  const source = photo(48, 36);
  const same = await map(tile(), source);
  expect(same.data).toEqual(source.data);
  expect(same.data.buffer).not.toBe(source.data.buffer);
  const coarse = await map(tile({ rate: 4 }), source);
  const mean = (pixels: Pixels) => reds(pixels).reduce((a, b) => a + b) / reds(pixels).length;
  const rough = (pixels: Pixels) =>
    reds(pixels).reduce((sum, value, i, all) => sum + Math.abs(value - (all[i + 1] ?? value)), 0);
  expect(Math.abs(mean(coarse) - mean(source))).toBeLessThan(1);
  expect(rough(coarse)).toBeLessThan(0.5 * rough(source));
});

test("recolour bends grays by gamma as the formula says, and keeps black and white", async () => {
  const source = painted(256, 1, (x) => [x]);
  for (const gamma of [0.1, 0.5, 1, 1.3, 2]) {
    const made = reds(await map(recolour({ mode: "intensity", gamma }), source));
    expect(made).toEqual(Array.from({ length: 256 }, (_, v) => Math.round(255 * (v / 255) ** gamma)));
  }
});

test("luminance weighs colours as the eye does, intensity takes the strongest", async () => {
  const source = painted(
    3,
    1,
    (x) =>
      [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
      ][x] as number[],
  );
  expect(reds(await map(recolour({ mode: "intensity" }), source))).toEqual([255, 255, 255]);
  expect(reds(await map(recolour(), source))).toEqual([136, 224, 82]);
});

test("a colour grid has plain cells in the picture's own size", async () => {
  const source = painted(200, 130, (x, y) => (x < 100 ? [255, 0, 0] : y < 65 ? [0, 255, 0] : [0, 0, 255]));
  const grid = await map(colourGrid(), source);
  const colours = new Set(Array.from({ length: 200 * 130 }, (_, i) => grid.data.subarray(4 * i, 4 * i + 3).join()));
  // 200 / 64 and 130 / 64, cut off.
  expect(colours.size).toBeLessThanOrEqual(3 * 2);
  expect([grid.width, grid.height]).toEqual([200, 130]);
  const small = await map(
    colourGrid(),
    painted(9, 5, () => [7, 8, 9]),
  );
  expect([...small.data.subarray(0, 4)]).toEqual([7, 8, 9, 255]);
});

test("a shuffle is the same for the same seed, another for another, and makes no colours that were not there", async () => {
  const source = painted(90, 70, (x) => (x < 45 ? [200, 30, 60] : [20, 60, 180]));
  const [first, again, other] = await Promise.all([7, 7, 8].map((seed) => map(shuffle({ seed }), source)));
  expect(again?.data).toEqual(first?.data);
  expect(other?.data).not.toEqual(first?.data);
  for (let i = 0; i < 90 * 70; i++) {
    const red = first?.data[4 * i] as number;
    expect(red >= 20 && red <= 200).toBe(true);
  }
  expect(new Set(reds(first as Pixels)).size).toBeGreaterThan(1);
});

test("a shuffle reaches from edge to edge", async () => {
  const source = painted(300, 40, (x) => [Math.floor((255 * x) / 299)]);
  const drawn = reds(await map(shuffle({ seed: 3 }), source));
  expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([0, 255]);
});

test.each([
  ["blur", blur, { sigma: 0 }],
  ["blur", blur, { sigma: Number.NaN }],
  ["tile", tile, { rate: 9 }],
  ["threshold", threshold, { threshold: 3.5 }],
  ["threshold", threshold, { threshold: 256 }],
  ["scribble-xdog", scribbleXdog, { threshold: 65 }],
  ["recolour", recolour, { gamma: 0 }],
  ["shuffle", shuffle, { seed: -1 }],
  ["lineart-standard", lineartStandard, { sigma: 0 }],
])("%s refuses what it cannot be asked for: %s", (id, kind, options) => {
  expect(() => kind.choose(options)).toThrow(`The options of condition "${id}" cannot be used`);
});
