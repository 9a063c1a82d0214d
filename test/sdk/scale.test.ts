import { createPixels, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { scaled } from "../../sdk/src/session/scale.ts";

const painted = (width: number, height: number, colour: (x: number, y: number) => readonly number[]): Pixels => {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.data.set(colour(x, y), 4 * (y * width + x));
  return pixels;
};
const reds = ({ data }: Pixels) => [...data].filter((_, i) => i % 4 === 0);
const sizes = [
  [1, 1],
  [7, 3],
  [64, 40],
  [100, 9],
  [301, 211],
] as const;

test("a picture of the size that is wanted comes back as it is", async () => {
  const picture = createPixels(7, 5);
  expect(await scaled(picture, 7, 5)).toBe(picture);
});

test("a flat colour stays that colour at any size", async () => {
  for (const [width, height] of sizes) {
    const { data } = await scaled(
      painted(33, 21, () => [200, 3, 77, 255]),
      width,
      height,
    );
    for (let i = 0; i < data.length; i += 4) expect([...data.subarray(i, i + 4)]).toEqual([200, 3, 77, 255]);
  }
});

test("doubling follows Catmull and Rom", async () => {
  const line = painted(6, 1, (x) => [[0, 0, 128, 128, 0, 0][x] ?? 0, 0, 0, 255]);
  // A quarter from a pixel's centre the four weights are 0.8671875, 0.2265625, -0.0703125 and -0.0234375.
  expect(reds(await scaled(line, 12, 1))).toEqual([0, 0, 0, 26, 102, 140, 140, 102, 26, 0, 0, 0]);
});

test("shrinking looks at every pixel: a fine pattern becomes its mean", async () => {
  const board = painted(64, 64, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255, 255] : [0, 0, 0, 255]));
  for (const value of reds(await scaled(board, 16, 16))) expect(Math.abs(value - 127.5)).toBeLessThanOrEqual(3);
  const needle = painted(400, 1, (x) => (x === 137 ? [255, 0, 0, 255] : [0, 0, 0, 255]));
  const thin = reds(await scaled(needle, 40, 1));
  expect(thin.indexOf(Math.max(...thin))).toBe(13);
  expect(Math.max(...thin)).toBeGreaterThan(20);
});

test("nothing shifts: a dot stays where it is, at every corner and at odd factors", async () => {
  for (const [width, height] of [
    [101, 77],
    [150, 100],
    [33, 41],
  ] as const)
    for (const [x, y] of [
      [0, 0],
      [49, 0],
      [0, 39],
      [49, 39],
      [17, 23],
    ] as const) {
      const dot = painted(50, 40, (column, row) => (column === x && row === y ? [255, 0, 0, 255] : [0, 0, 0, 255]));
      const found = reds(await scaled(dot, width, height));
      let [mass, across, down] = [0, 0, 0];
      for (const [i, value] of found.entries()) {
        mass += value;
        across += value * (i % width);
        down += value * Math.floor(i / width);
      }
      // The dot's centre, in the new pixels; at an edge it leans inward by what lies beyond.
      expect(Math.abs(across / mass - ((x + 0.5) * width) / 50 + 0.5)).toBeLessThan(width / 50 / 2);
      expect(Math.abs(down / mass - ((y + 0.5) * height) / 40 + 0.5)).toBeLessThan(height / 40 / 2);
    }
});

test("what is transparent lends no colour, and an edge of alpha is smooth", async () => {
  const halves = painted(20, 4, (x) => (x < 10 ? [200, 100, 50, 255] : [0, 255, 0, 0]));
  for (const [width, height] of [
    [50, 10],
    [7, 3],
  ] as const) {
    const { data } = await scaled(halves, width, height);
    const alphas = new Set<number>();
    for (let i = 0; i < data.length; i += 4) {
      alphas.add(data[i + 3] ?? 0);
      if (data[i + 3] === 0) expect([...data.subarray(i, i + 3)]).toEqual([0, 0, 0]);
      else expect([...data.subarray(i, i + 3)]).toEqual([200, 100, 50]);
    }
    expect(alphas.size).toBeGreaterThan(2);
  }
});

test("others get their turn while a large picture is scaled, and it can be stopped meanwhile", async () => {
  let turns = 0;
  let going = true;
  const turn = () => {
    turns++;
    if (going) setTimeout(turn);
  };
  setTimeout(turn);
  await scaled(createPixels(256, 256), 2048, 2048);
  expect(turns).toBeGreaterThan(1);
  going = false;

  const stopping = new AbortController();
  const scaling = scaled(createPixels(256, 256), 4096, 4096, { signal: stopping.signal });
  setTimeout(() => stopping.abort("enough"));
  await expect(scaling).rejects.toBe("enough");
  await expect(scaled(createPixels(2, 2), 3, 3, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
});

test("a size is whole and at least 1", async () => {
  for (const side of [0, -1, 1.5, Number.NaN])
    await expect(scaled(createPixels(2, 2), side, 2)).rejects.toThrow(RangeError);
});
