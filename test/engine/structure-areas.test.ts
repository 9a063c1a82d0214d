import { type Pixels, palette } from "@underdraw/engine";
import { expect, test } from "vitest";
import { areasOf, withoutSmallAreas } from "../../engine/src/vision/areas.ts";
import { colourCell, histogramOf, kMeans, seeded } from "../../engine/src/vision/k-means.ts";
import { labOf } from "../../engine/src/vision/lab.ts";
import { readGolden } from "./golden-maps.ts";
import { finished, painted, random, same } from "./structure-golden.ts";

const run = (source: Pixels, options: Record<string, unknown> = {}): Promise<Pixels> =>
  palette.choose(options).extract(source, { run: () => Promise.reject(new Error("no model")) });
const coloursOf = ({ data }: Pixels) => new Set(new Uint32Array(data.buffer));

/** Labels from rows of digits. */
const labelled = (...lines: readonly string[]) => Uint8Array.from(lines.join(""), Number);
const inRows = (labels: Uint8Array, width: number) => labels.join("").match(new RegExp(`.{${width}}`, "g"));

test("areas hang together along sides, not corners, in the order in which they are read", () => {
  const labels = labelled("00100", "01100", "10010", "11110");
  const { count, of, sizes } = finished(areasOf(labels, 5));
  expect(count).toBe(new Set(of).size);
  expect([...sizes].reduce((a, b) => a + b)).toBe(20);
  // The same labels flooded one area at a time.
  const seen = new Int32Array(20).fill(-1);
  let next = 0;
  for (let start = 0; start < 20; start++) {
    if (seen[start] !== -1) continue;
    const open = [start];
    seen[start] = next;
    for (let i = open.pop(); i !== undefined; i = open.pop()) {
      for (const [near, ok] of [
        [i - 1, i % 5 > 0],
        [i + 1, i % 5 < 4],
        [i - 5, true],
        [i + 5, true],
      ] as const) {
        if (!ok || near < 0 || near >= 20 || seen[near] !== -1 || labels[near] !== labels[start]) continue;
        seen[near] = next;
        open.push(near);
      }
    }
    next++;
  }
  expect([...of]).toEqual([...seen]);
});

test("a spiral, which meets itself late, is one area", () => {
  const { count, sizes } = finished(
    areasOf(labelled("1111111", "0000001", "1111101", "1000101", "1011101", "1000001", "1111111"), 7),
  );
  expect(count).toBe(2);
  expect([...sizes].sort((a, b) => b - a)).toEqual([31, 18]);
});

test("a small area goes to the neighbour with the longest common border", () => {
  const merged = finished(withoutSmallAreas(labelled("0000222", "0001222", "0001222", "0000222"), 7, 3));
  // Either side touches the two pixels along two sides; above and below they touch 0.
  expect(inRows(merged, 7)).toEqual(["0000222", "0000222", "0000222", "0000222"]);
});

test("small areas that lie together become one that is large enough", () => {
  const merged = finished(withoutSmallAreas(labelled("00000", "01230", "04560", "00000"), 5, 2));
  expect(new Set(merged).size).toBeLessThan(7);
  const { sizes } = finished(areasOf(merged, 5));
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
});

test("no area below the least is left, whatever the labels, and one area alone stays", () => {
  const dice = random(3);
  for (const [width, height, kinds, least] of [
    [40, 30, 2, 6],
    [40, 30, 9, 40],
    [1, 50, 4, 7],
    [64, 1, 3, 5],
    [5, 5, 25, 100],
  ] as const) {
    const labels = Uint8Array.from({ length: width * height }, () => Math.floor(dice() * kinds));
    const merged = finished(withoutSmallAreas(labels, width, least));
    const { sizes, count } = finished(areasOf(merged, width));
    if (count > 1) expect(Math.min(...sizes)).toBeGreaterThanOrEqual(least);
    expect([...new Set(merged)].every((label) => labels.includes(label))).toBe(true);
  }
  expect(finished(withoutSmallAreas(Uint8Array.of(3), 1, 100))).toEqual(Uint8Array.of(3));
});

test("a drawing of a few colours keeps them all exactly, and a smaller number merges the closest", async () => {
  const colours = [
    [200, 30, 30],
    [210, 40, 30],
    [20, 90, 200],
    [250, 250, 250],
  ];
  const source = painted(40, 40, (x, y) => colours[(x >= 20 ? 1 : 0) + (y >= 20 ? 2 : 0)] as number[]);
  expect(same((await run(source, { colours: 4 })).data, source.data)).toBe(true);
  const three = await run(source, { colours: 3 });
  expect(coloursOf(three).size).toBe(3);
  // The two reds are closest; their mean stands for both.
  expect([...three.data.subarray(0, 3)]).toEqual([205, 35, 30]);
  expect([...three.data.subarray(80, 83)]).toEqual([205, 35, 30]);
});

test("each colour goes to the nearest middle, and the middles to their colours", () => {
  const histogram = finished(histogramOf(readGolden("sources/chelsea.png").data));
  const { of, count } = finished(kMeans(histogram, 6, 1));
  const cells = histogram.counts.length;
  const labs = Array.from({ length: cells }, (_, cell) => {
    const [red = 0, green = 0, blue = 0] = [0, 1, 2].map((c) => Math.round(histogram.means[3 * cell + c] as number));
    return labOf(red, green, blue);
  });
  const middles = Array.from({ length: count }, (_, k) => {
    const sum = [0, 0, 0, 0];
    for (let cell = 0; cell < cells; cell++) {
      if (of[cell] !== k) continue;
      const weight = histogram.counts[cell] as number;
      for (let c = 0; c < 3; c++) sum[c] = (sum[c] as number) + weight * (labs[cell]?.[c] as number);
      sum[3] = (sum[3] as number) + weight;
    }
    return sum.slice(0, 3).map((value) => value / (sum[3] as number));
  });
  let wrong = 0;
  for (let cell = 0; cell < cells; cell++) {
    const away = middles.map((middle) =>
      middle.reduce((total, value, c) => total + (value - (labs[cell]?.[c] as number)) ** 2, 0),
    );
    if ((away[of[cell] as number] as number) > Math.min(...away) + 1e-3) wrong++;
  }
  // Thirty rounds may end a little before the last colour has settled.
  expect(wrong / cells).toBeLessThan(0.01);
});

test("a photograph has at most as many colours as asked for, the same for the same seed", async () => {
  const source = readGolden("sources/astronaut.png");
  const before = source.data.slice();
  for (const colours of [2, 5, 32]) {
    const map = await run(source, { colours, area: 0 });
    expect(coloursOf(map).size).toBe(colours);
    expect(same((await run(source, { colours, area: 0 })).data, map.data)).toBe(true);
  }
  const [one, other] = [await run(source, { colours: 12, seed: 1 }), await run(source, { colours: 12, seed: 2 })];
  expect(same(other.data, one.data)).toBe(false);
  expect(same(source.data, before)).toBe(true);
});

test("more colours come closer to the picture", async () => {
  const source = readGolden("sources/chelsea.png");
  const error = async (colours: number) => {
    const { data } = await run(source, { colours, area: 0 });
    return data.reduce((sum, value, i) => sum + (value - (source.data[i] as number)) ** 2, 0);
  };
  const errors = [await error(2), await error(8), await error(32)] as const;
  expect(errors[1]).toBeLessThan(0.5 * errors[0]);
  expect(errors[2]).toBeLessThan(0.5 * errors[1]);
});

test("chance is spread evenly and follows from the seed", () => {
  const [one, again, other] = [seeded(7), seeded(7), seeded(8)];
  const bins = new Int32Array(16);
  let [equal, repeated] = [0, 0];
  for (let k = 0; k < 16000; k++) {
    const value = one();
    if (again() === value) repeated++;
    if (other() === value) equal++;
    bins[Math.floor(value * 16)] = (bins[Math.floor(value * 16)] as number) + 1;
  }
  expect(repeated).toBe(16000);
  expect(equal).toBeLessThan(2);
  for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("the cells of the histogram hold every pixel with its mean colour", () => {
  const { cells, counts, means } = finished(
    histogramOf(Uint8ClampedArray.of(0, 0, 0, 255, 7, 0, 2, 255, 8, 0, 0, 255, 255, 255, 255, 0)),
  );
  expect([...counts]).toEqual([2, 1, 1]);
  expect([...means]).toEqual([3.5, 0, 1, 8, 0, 0, 255, 255, 255]);
  expect(cells[colourCell(255, 255, 255)]).toBe(2);
  expect(cells[colourCell(128, 0, 0)]).toBe(-1);
});

test("a seed or a number of colours out of range is refused by name", () => {
  for (const options of [
    { colours: 1 },
    { colours: 33 },
    { colours: 2.5 },
    { seed: -1 },
    { seed: 0.5 },
    { area: -1 },
  ]) {
    expect(() => palette.choose(options)).toThrow(new RegExp(`palette\\.${Object.keys(options)[0]}`));
  }
});
