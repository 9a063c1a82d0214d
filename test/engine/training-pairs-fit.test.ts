import { canny, UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { prepareMap } from "../../engine/src/prepared-map.ts";
import { fitPair } from "../../engine/src/training/fit-pair.ts";
import { mapRules, mirrors } from "../../engine/src/training/map-rules.ts";
import type { TrainingPair } from "../../engine/src/training/pair.ts";
import { splitPairs } from "../../engine/src/training/split-pairs.ts";
import { varyPair } from "../../engine/src/training/vary-pair.ts";
import { resample } from "../../engine/src/vision/resample.ts";
import { at, drawn, lines, shown } from "./training-pairs-made.ts";

const pairOf = (map: TrainingPair["map"], picture: TrainingPair["picture"]): TrainingPair => ({
  ...{ name: "a.png", map, picture, prompt: "words" },
});
/** Red is the column, green the row. */
const places = (width: number, height: number) => drawn(width, height, (x, y) => [x, y, 0]);

describe("a pair is fitted", () => {
  test("to its middle, map and picture alike", () => {
    const { map, picture, name, prompt } = fitPair(pairOf(places(200, 100), places(200, 100)), {
      width: 64,
      height: 100,
    });
    expect([name, prompt, map.width, map.height, picture.width, picture.height]).toEqual([
      "a.png",
      "words",
      64,
      100,
      64,
      100,
    ]);
    expect([at(picture, 0, 0), at(picture, 63, 99)]).toEqual([
      [68, 0, 0],
      [131, 99, 0],
    ]);
    expect(shown(map)).toBe(shown(picture));
    const tall = fitPair(pairOf(places(100, 200), places(100, 200)), { width: 100, height: 64 });
    expect([at(tall.picture, 0, 0), at(tall.map, 99, 63)]).toEqual([
      [0, 68, 0],
      [99, 131, 0],
    ]);
  });

  test("by areas where it shrinks: each pixel is the mean of those under it", () => {
    const board = drawn(128, 128, (x, y) => ((x + y) % 2 === 0 ? [255, 0, 100] : [0, 255, 100]));
    const { picture } = fitPair(pairOf(lines(0, 128), board), { width: 64, height: 64 });
    const [red = 0, green = 0, blue] = at(picture, 10, 20);
    expect(Math.abs(red - 127.5)).toBeLessThan(1);
    expect(Math.abs(green - 127.5)).toBeLessThan(1);
    expect(blue).toBe(100);
    expect(shown(picture)).toBe(shown(resample(board, 64, 64, "area")));
  });

  test("so that the map is the one that the net is given when it draws", () => {
    const map = lines(3, 300);
    const { map: fitted } = fitPair(pairOf(map, places(300, 300)), {
      width: 128,
      height: 128,
      rules: mapRules("canny"),
    });
    const size = { asked: { width: 128, height: 128 }, drawn: { width: 128, height: 128 } };
    const control = { map: { condition: "canny", pixels: map, resize: "thin" } } as const;
    expect(shown(fitted)).toBe(shown(prepareMap(control, "canny", size, 0).pixels));
    // A line of one pixel stays one: neither gone nor gray.
    const row = Array.from({ length: 128 }, (_, x) => at(fitted, x, 64)[0]);
    expect(row.filter((value) => value === 255)).toHaveLength(2);
    expect(row.filter((value) => value !== 255 && value !== 0)).toEqual([]);
  });

  test("so that flat colours stay those that they were", () => {
    const flat = drawn(96, 96, (x, y) => (x < 31 ? [120, 120, 120] : y < 50 ? [180, 120, 120] : [6, 230, 230]));
    for (const side of [70, 96, 128]) {
      const { map } = fitPair(pairOf(flat, places(96, 96)), { width: side, height: side });
      const colours = new Set(
        Array.from({ length: side * side }, (_, i) => at(map, i % side, Math.floor(i / side)).join()),
      );
      expect([...colours].sort()).toEqual(["120,120,120", "180,120,120", "6,230,230"]);
    }
  });

  test("when the map is smaller, and rounded, so that it lies on the picture", () => {
    const edge = (width: number, height: number) =>
      drawn(width, height, (x) => (2 * x < width ? [0, 0, 0] : [255, 255, 255]));
    const { map, picture } = fitPair(pairOf(edge(100, 67), edge(1000, 667)), { width: 200, height: 256 });
    const edgeOf = (pixels: TrainingPair["map"]) =>
      Array.from({ length: 200 }, (_, x) => at(pixels, x, 128)[0] ?? 0).findIndex((value) => value > 127);
    expect(Math.abs(edgeOf(map) - edgeOf(picture))).toBeLessThanOrEqual(1);
    expect(edgeOf(picture)).toBe(100);
  });

  test("with what is transparent laid on white, and in maps on the condition's background", () => {
    const clear = drawn(64, 64, (x) => (x < 32 ? [200, 10, 10, 128] : [9, 9, 9, 0]));
    const fit = { width: 64, height: 64 };
    const { map, picture } = fitPair(pairOf(clear, clear), fit);
    expect([at(picture, 0, 0), at(picture, 40, 0)]).toEqual([
      [227, 132, 132],
      [255, 255, 255],
    ]);
    expect([at(map, 0, 0), at(map, 40, 0)]).toEqual([
      [100, 5, 5],
      [0, 0, 0],
    ]);
    expect([...map.data, ...picture.data].filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    const normal = fitPair(pairOf(clear, clear), { ...fit, rules: mapRules("normal-depth") });
    expect(at(normal.map, 40, 0)).toEqual([128, 128, 255]);
    expect(clear.data[3]).toBe(128);
  });

  test("but not to no size, and not when it is a strip", () => {
    const pair = pairOf(places(64, 64), places(64, 64));
    expect(() => fitPair(pair, { width: 0, height: 64 })).toThrow(RangeError);
    expect(() => fitPair(pair, { width: 64, height: 6.5 })).toThrow("height");
    const strip = pairOf(places(64, 640), places(64, 640));
    expect(() => fitPair(strip, { width: 64, height: 64 })).toThrow(/"a.png": it is 64x640/);
    expect(() => fitPair(strip, { width: 64, height: 64 })).toSatisfy((call: () => void) => {
      try {
        call();
      } catch (error) {
        return UnderdrawError.is(error, "training-data");
      }
      return false;
    });
  });
});

describe("a pair is varied", () => {
  const row = drawn(4, 1, (x) => [10 * (x + 1), 0, 0]);
  const column = drawn(1, 4, (_, y) => [10 * (y + 1), 0, 0]);
  const reds = (pixels: TrainingPair["map"]): number[] => [...pixels.data].filter((_, i) => i % 4 === 0);
  const still = { mirror: false, right: 0, down: 0 };

  test.each([
    [{ mirror: true }, [40, 30, 20, 10], [40, 30, 20, 10]],
    [{ right: 1 }, [10, 10, 20, 30], [0, 10, 20, 30]],
    [{ right: -2 }, [30, 40, 40, 40], [30, 40, 0, 0]],
    [{ mirror: true, right: 1 }, [40, 40, 30, 20], [0, 40, 30, 20]],
  ])("%o moves map and picture alike; a map of strokes goes on as background", (move, repeated, grounded) => {
    const moved = varyPair(pairOf(row, row), { ...still, ...move });
    expect(reds(moved.picture)).toEqual(repeated);
    expect(reds(moved.map)).toEqual(repeated);
    const strokes = varyPair(pairOf(row, row), { ...still, ...move, rules: mapRules("canny") });
    expect(reds(strokes.picture)).toEqual(repeated);
    expect(reds(strokes.map)).toEqual(grounded);
    expect(strokes.map.data.filter((_, i) => i % 4 === 3)).toEqual(new Uint8ClampedArray(4).fill(255));
  });

  test("up and down too, and changes nothing in what it was given", () => {
    const before = column.data.slice();
    expect(reds(varyPair(pairOf(column, column), { ...still, down: 2 }).picture)).toEqual([10, 10, 10, 20]);
    expect(reds(varyPair(pairOf(column, column), { ...still, down: -1 }).map)).toEqual([20, 30, 40, 40]);
    expect(column.data).toEqual(before);
    const pair = pairOf(row, row);
    expect(varyPair(pair, still)).toBe(pair);
  });

  test("by whole pixels, by less than its side, and when it was fitted", () => {
    expect(() => varyPair(pairOf(row, row), { ...still, right: 4 })).toThrow(RangeError);
    expect(() => varyPair(pairOf(row, row), { ...still, down: 0.5 })).toThrow("down");
    expect(() => varyPair(pairOf(row, column), still)).toThrow("fit them first");
  });

  test.each([
    ["canny", true],
    ["depth-order", true],
    ["segmentation", true],
    [null, true],
    ["my-own", true],
    ["pose", false],
    ["pose-dw", false],
    ["openpose", false],
    ["normal-depth", false],
    ["normal-layers", false],
  ])("%s may be mirrored: %s", (condition, may) => {
    expect(mirrors(condition)).toBe(may);
  });

  test("what maps are known to be counts where no name says it", () => {
    expect(mirrors(null, { kind: "pose" })).toBe(false);
    expect(mirrors("canny", { kind: null })).toBe(true);
    expect(mirrors("pose", { kind: null })).toBe(false);
    expect(mapRules(null)).toEqual({
      kind: null,
      isFigure: false,
      background: [0, 0, 0],
      resize: "content",
      edges: "repeat",
    });
    expect(mapRules(null, { kind: "pose" })).toMatchObject({ kind: "pose", edges: "background" });
    expect(mapRules("colour-areas")).toMatchObject({ background: [255, 255, 255], edges: "repeat" });
    const own = {
      id: "own-lines",
      nets: ["own"],
      convention: { ...canny().convention, background: [1, 2, 3] as const },
    };
    expect(mapRules(own)).toEqual({
      kind: "lines",
      isFigure: false,
      background: [1, 2, 3],
      resize: "thin",
      edges: "background",
    });
  });
});

describe("pairs are held out", () => {
  const names = Array.from({ length: 40 }, (_, number) => `p${number}.png`);
  const named = (numbers: readonly number[], all = names) => numbers.map((number) => all[number]);

  test("by names and seed, whatever order they come in", () => {
    const split = splitPairs(names, 6, 1);
    expect(split.heldOut).toHaveLength(6);
    expect([...split.heldOut, ...split.learnt].sort((a, b) => a - b)).toEqual(names.map((_, number) => number));
    const turned = [...names].reverse();
    const other = splitPairs(turned, 6, 1);
    expect(named(other.heldOut, turned)).toEqual(named(split.heldOut));
    expect(named(other.learnt, turned)).toEqual(named(split.learnt));
    expect(named(splitPairs(names, 6, 2).heldOut)).not.toEqual(named(split.heldOut));
    expect(splitPairs(names, 0, 1).heldOut).toEqual([]);
  });

  test("as often one as another", () => {
    const counts = new Array<number>(10).fill(0);
    const few = names.slice(0, 10);
    for (let seed = 0; seed < 2000; seed++)
      for (const number of splitPairs(few, 2, seed).heldOut) counts[number] = (counts[number] as number) + 1;
    // 400 expected of each, with a deviation of 18.
    for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(90);
  });

  test("with their duplicates, never on both sides", () => {
    const alike = [
      [0, 1, 2],
      [2, 3],
      [4, 5],
    ];
    const twice = [...names];
    twice[7] = twice[6] as string;
    for (let seed = 0; seed < 60; seed++) {
      const { heldOut, learnt } = splitPairs(twice, 5, seed, { alike });
      expect(heldOut.length).toBeLessThanOrEqual(5);
      for (const group of [
        [0, 1, 2, 3],
        [4, 5],
        [6, 7],
      ]) {
        const aside = group.filter((number) => heldOut.includes(number)).length;
        expect([0, group.length]).toContain(aside);
      }
      expect(heldOut.length + learnt.length).toBe(40);
    }
    const pairs = ["a", "b", "c", "d", "e", "f"];
    const backwards = [...pairs].reverse();
    const forth = splitPairs(pairs, 2, 3, {
      alike: [
        [0, 1],
        [2, 4],
      ],
    });
    const back = splitPairs(backwards, 2, 3, {
      alike: [
        [5, 4],
        [3, 1],
      ],
    });
    expect(named(back.heldOut, backwards)).toEqual(named(forth.heldOut, pairs));
    expect(named(back.learnt, backwards)).toEqual(named(forth.learnt, pairs));
    expect(splitPairs(["a", "b", "c"], 1, 0, { alike: [[0, 1, 2]] })).toEqual({ heldOut: [], learnt: [0, 1, 2] });
  });

  test("among the sound ones alone", () => {
    const { heldOut, learnt } = splitPairs(names, 2, 0, { sound: [1, 5, 9], alike: [[1, 2]] });
    expect([...heldOut, ...learnt].sort()).toEqual([1, 5, 9]);
    expect(heldOut).toHaveLength(2);
  });

  test.each([3, 4, -1, 0.5])("but not %s of 3", (heldOut) => {
    expect(() => splitPairs(["a", "b", "c"], heldOut, 0)).toThrow(RangeError);
  });
});
