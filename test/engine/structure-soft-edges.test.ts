import { type Pixels, softedgeGradient } from "@underdraw/engine";
import { expect, test } from "vitest";
import { doubled, gathered, halved, rowsOf, softened } from "../../engine/src/vision/pyramid.ts";
import { readGolden } from "./golden-maps.ts";
import { finished, painted, random, rows, same } from "./structure-golden.ts";

const run = (source: Pixels, options: Record<string, unknown> = {}): Promise<Pixels> =>
  softedgeGradient.choose(options).extract(source, { run: () => Promise.reject(new Error("no model")) });
const mean = ({ data }: Pixels) =>
  data.reduce((sum, value, i) => sum + (i % 4 === 0 ? value : 0), 0) / (data.length / 4);

test("a flat picture is black, and so is a soft slope", async () => {
  for (const source of [
    painted(70, 50, () => [140, 60, 200]),
    painted(200, 60, (x) => [x]),
    painted(1, 1, () => [255]),
  ]) {
    expect(Math.max(...rows(await run(source)).flatMap((row) => row.split(" ").map(Number)))).toBe(0);
  }
});

test("the edge of two colours is a soft line on it, brightest in its middle, a few pixels wide", async () => {
  for (const [left, right] of [
    [[30], [220]],
    [
      [200, 60, 60],
      [60, 120, 60],
    ],
  ] as const) {
    const map = await run(painted(80, 60, (x) => [...(x < 40 ? left : right)]));
    const line = Array.from({ length: 80 }, (_, x) => map.data[4 * (30 * 80 + x)] as number);
    // Columns 39 and 40 lie either side of the edge.
    expect(Math.min(line[39] as number, line[40] as number)).toBeGreaterThan(200);
    expect(line[39]).toBeCloseTo(line[40] as number, -1);
    expect(line.filter((value) => value > 20).length).toBeLessThanOrEqual(8);
    expect(line.slice(0, 34).every((value) => value === 0)).toBe(true);
    expect(line.slice(46).every((value) => value === 0)).toBe(true);
  }
});

test("an outline is drawn stronger than grain of the same contrast", async () => {
  const dice = random(4);
  const grain = painted(200, 160, () => [dice() < 0.5 ? 70 : 190]);
  const square = painted(200, 160, (x, y) => [Math.max(Math.abs(x - 100), Math.abs(y - 80)) < 50 ? 70 : 190]);
  const line = (await run(square)).data[4 * (80 * 200 + 50)] as number;
  expect(line).toBeGreaterThan(180);
  expect(mean(await run(grain))).toBeLessThan(0.35 * line);
});

test("detail brings fine lines out, and strength makes them brighter", async () => {
  const source = readGolden("sources/chelsea.png");
  const [calm, usual, fine] = [await run(source, { detail: 0 }), await run(source), await run(source, { detail: 1 })];
  expect(mean(calm)).toBeLessThan(mean(usual));
  expect(mean(usual)).toBeLessThan(mean(fine));
  expect(mean(await run(source, { strength: 2 }))).toBeGreaterThan(1.2 * mean(usual));
});

test("a photograph's map is mostly black, with lines up to white, grays between, the same on every run", async () => {
  const source = readGolden("sources/astronaut.png");
  const map = await run(source);
  const levels = map.data.filter((_, i) => i % 4 === 0);
  expect(levels.filter((value) => value < 10).length / levels.length).toBeGreaterThan(0.55);
  expect(levels.filter((value) => value > 240).length / levels.length).toBeGreaterThan(0.01);
  expect(new Set(levels).size).toBeGreaterThan(150);
  expect(same((await run(source)).data, map.data)).toBe(true);
});

test("halving keeps even ground and the middle of a bump, and doubling brings pixels back to their places", () => {
  const flat = { width: 7, height: 5, channels: 3, data: new Float32Array(105).fill(4) };
  expect(finished(gathered(halved(rowsOf(flat))))).toEqual({
    width: 4,
    height: 3,
    channels: 3,
    data: new Float32Array(36).fill(4),
  });
  expect(finished(gathered(softened(rowsOf(flat))))).toEqual(flat);
  const bump = new Float32Array(81);
  bump[4 * 9 + 4] = 256;
  const { data } = finished(gathered(halved(rowsOf({ width: 9, height: 9, channels: 1, data: bump }))));
  expect([...data.subarray(10, 15)]).toEqual([0, 6, 36, 6, 0]);
  const back = finished(
    gathered(doubled(rowsOf({ width: 2, height: 2, channels: 1, data: Float32Array.of(0, 4, 8, 12) }), 4, 3)),
  );
  expect([...back.data]).toEqual([0, 2, 4, 4, 4, 6, 8, 8, 8, 10, 12, 12]);
});
