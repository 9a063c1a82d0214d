import { canny, createPixels, defineCondition, inverse, type Pixels } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chance, compareMaps, type Measure, usualMeasure } from "../../engine/src/conditions/fidelity.ts";
import { resample } from "../../engine/src/vision/resample.ts";
import { readGolden } from "./golden-maps.ts";

/** A map made by a rule: a gray level, or red, green and blue. */
function painted(width: number, height: number, colour: (x: number, y: number) => number | readonly number[]): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const made = colour(x, y);
      pixels.data.set(typeof made === "number" ? [made, made, made, 255] : [...made, 255], i);
    }
  }
  return pixels;
}

const value = (wanted: Pixels, found: Pixels, measure: Measure) => compareMaps(wanted, found, measure).value;

/** A vertical line. */
const line = (at: number, side = 64) => painted(side, side, (x) => (x === at ? 255 : 0));

const black = (side = 64) => painted(side, side, () => 0);

/** The same bytes on every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

describe("lines", () => {
  test("are met within one pixel of 64, and in proportion", () => {
    expect(value(line(20), line(20), "line-f1")).toBe(1);
    expect(value(line(20), line(21), "line-f1")).toBe(1);
    expect(value(line(20), line(22), "line-f1")).toBe(0);
    expect(value(line(20, 256), line(24, 256), "line-f1")).toBe(1);
    expect(value(line(20, 256), line(25, 256), "line-f1")).toBe(0);
  });

  test("that are too many cost precision, and those that are missing recall", () => {
    const two = painted(64, 64, (x) => (x === 20 || x === 50 ? 255 : 0));
    expect(value(line(20), two, "line-f1")).toBeCloseTo(2 / 3, 12);
    expect(value(two, line(20), "line-f1")).toBeCloseTo(2 / 3, 12);
  });

  test("that a result does not have score 0, and none that none was wanted of 1", () => {
    expect(value(line(20), black(), "line-f1")).toBe(0);
    expect(value(black(), line(20), "line-f1")).toBe(0);
    expect(value(black(), black(), "line-f1")).toBe(1);
  });

  test("count where they are soft lines, not where the ground is", () => {
    const soft = painted(64, 64, (x) => [4, 150, 4][Math.abs(x - 20)] ?? 8);
    const strong = painted(64, 64, (x) => [4, 150, 4][Math.abs(x - 20)] ?? 2);
    expect(value(soft, strong, "line-f1")).toBe(1);
  });

  test("of a photograph agree with themselves far above chance, and with what lies elsewhere at chance", () => {
    const cat = readGolden("expected/canny-chelsea-100-200.png");
    const { width, height, data } = cat;
    const turned = painted(width, height, (x, y) => data[4 * ((height - 1 - y) * width + width - 1 - x)] as number);
    const own = compareMaps(cat, cat, "line-f1");
    expect(own).toMatchObject({ measure: "line-f1", value: 1, better: "higher" });
    expect(own.chance).toBeLessThan(0.75);
    const other = compareMaps(cat, turned, "line-f1");
    expect(Math.abs(other.value - other.chance)).toBeLessThan(0.15);
  });
});

describe("areas", () => {
  const half = (from: number, to: number) => painted(60, 60, (x) => (x >= from && x < to ? 255 : 0));

  test("overlap by the share of what either covers", () => {
    expect(value(half(0, 30), half(0, 30), "area-iou")).toBe(1);
    expect(value(half(0, 30), half(10, 40), "area-iou")).toBeCloseTo(20 / 40, 12);
    expect(value(half(0, 30), half(30, 60), "area-iou")).toBe(0);
    expect(value(half(0, 0), half(0, 0), "area-iou")).toBe(1);
    expect(value(half(0, 30), half(0, 0), "area-iou")).toBe(0);
  });

  test("of classes count alike, whatever their size", () => {
    const sky = [6, 230, 230];
    const grass = [4, 250, 7];
    const tree = [4, 200, 3];
    const wanted = painted(100, 10, (x) => (x < 90 ? sky : tree));
    // Sky is right but for what the tree took; the tree is right by half.
    const found = painted(100, 10, (x) => (x < 80 ? sky : tree));
    expect(value(wanted, found, "class-iou")).toBeCloseTo((80 / 90 + 10 / 20) / 2, 12);
    expect(value(wanted, wanted, "class-iou")).toBe(1);
    // A class that nobody asked for counts as one that failed.
    const strange = painted(100, 10, (x) => (x < 90 ? sky : grass));
    expect(value(wanted, strange, "class-iou")).toBeCloseTo(1 / 3, 12);
  });

  test("of classes stand blurred edges, whose colours are no classes", () => {
    const wanted = painted(96, 96, (x, y) => (x + y < 90 ? [120, 120, 120] : x < 50 ? [180, 120, 120] : [6, 230, 230]));
    const soft = resample(resample(wanted, 48, 48, "area"), 96, 96, "linear");
    expect(value(wanted, soft, "class-iou")).toBeGreaterThan(0.9);
  });

  test("of pictures with more colours than classes are compared, and quickly", () => {
    const next = noise(1);
    const wild = painted(512, 512, () => [next(), next(), next()]);
    const began = performance.now();
    const { value: agreement } = compareMaps(wild, inverse(wild), "class-iou");
    expect(agreement).toBeGreaterThanOrEqual(0);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe("the order of grays", () => {
  // numpy and scipy.stats.spearmanr on the same numbers.
  test("is Spearman's, with ties averaged", () => {
    const of = (levels: readonly number[]) => painted(levels.length, 1, (x) => levels[x] as number);
    expect(value(of([1, 2, 3, 4, 5]), of([5, 6, 7, 8, 7]), "rank-correlation")).toBeCloseTo(0.8207826816681233, 12);
    expect(value(of([0, 0, 10, 10, 200]), of([9, 8, 8, 7, 1]), "rank-correlation")).toBeCloseTo(
      -0.8651809126974003,
      12,
    );
  });

  test("does not mind how much brighter, and minds the direction", () => {
    const depth = readGolden("inputs/resize-map-depth-288x192-map.png");
    const { width, height, data } = depth;
    const bent = painted(width, height, (x, y) => Math.round(Math.sqrt((data[4 * (y * width + x)] as number) * 255)));
    expect(value(depth, bent, "rank-correlation")).toBeGreaterThan(0.999);
    expect(value(depth, depth, "rank-correlation")).toBeCloseTo(1, 12);
    expect(value(depth, inverse(depth), "rank-correlation")).toBeCloseTo(-1, 12);
  });

  test("of one level alone says nothing", () => {
    const ramp = painted(64, 4, (x) => x);
    const flat = painted(64, 4, () => 90);
    expect(value(ramp, flat, "rank-correlation")).toBe(0);
    expect(value(flat, flat, "rank-correlation")).toBe(1);
  });
});

describe("colours and directions", () => {
  test("lie apart by their mean distance in Lab, less is better", () => {
    const red = painted(8, 8, () => [255, 0, 0]);
    const blue = painted(8, 8, () => [0, 0, 255]);
    expect(compareMaps(red, red, "colour-distance")).toMatchObject({ value: 0, better: "lower" });
    // CIE76 of sRGB's red and blue, as every table of it has it: 176.3.
    expect(value(red, blue, "colour-distance")).toBeCloseTo(176.3, 0);
  });

  test("lie apart by their mean angle in degrees, less is better", () => {
    const towards = (x: number, y: number, z: number) =>
      painted(16, 16, () => [x, y, z].map((part) => Math.round(127.5 * (part + 1))));
    const facing = towards(0, 0, 1);
    expect(compareMaps(facing, facing, "normal-angle")).toMatchObject({ value: 0, better: "lower" });
    expect(value(facing, towards(1, 0, 0), "normal-angle")).toBeCloseTo(90, 0);
    expect(value(facing, towards(0, Math.SQRT1_2, Math.SQRT1_2), "normal-angle")).toBeCloseTo(45, 0);
    // Directions need not have length 1 to be compared.
    expect(value(facing, towards(0, 0, 0.4), "normal-angle")).toBeLessThan(1);
  });
});

describe("poses", () => {
  const one = readGolden("expected/pose-one.png");
  const moved = (pixels: Pixels, right: number) => {
    const { width, height } = pixels;
    return painted(width, height, (x, y) =>
      x < right ? 0 : [...pixels.data.subarray(4 * (y * width + x - right), 4 * (y * width + x - right) + 3)],
    );
  };

  test("agree by their joints: fully with themselves, less the farther they are moved, not with nobody", () => {
    const agreement = [0, 4, 12, 200].map((right) => value(one, moved(one, right), "joint-agreement"));
    expect(agreement[0]).toBe(1);
    expect(agreement).toEqual([...agreement].sort((a, b) => b - a));
    expect(agreement[1]).toBeGreaterThan(0.6);
    expect(agreement[3]).toBeLessThan(0.1);
    const nobody = readGolden("expected/pose-nobody.png");
    const same = painted(one.width, one.height, () => 0);
    expect(value(one, same, "joint-agreement")).toBe(0);
    expect(value(nobody, nobody, "joint-agreement")).toBe(1);
  });

  test("that look the other way disagree, though the lines are the same", () => {
    const crowd = readGolden("expected/pose-crowd.png");
    const swapped = painted(crowd.width, crowd.height, (x, y) => {
      const [red = 0, green = 0, blue = 0] = crowd.data.subarray(4 * (y * crowd.width + x));
      return [blue, green, red];
    });
    expect(value(crowd, crowd, "joint-agreement")).toBe(1);
    expect(value(crowd, swapped, "joint-agreement")).toBeLessThan(0.3);
  });

  test("without any of the body's joints are compared by what is drawn", () => {
    const dogs = readGolden("expected/pose-dogs.png");
    expect(value(dogs, dogs, "joint-agreement")).toBe(1);
    expect(value(dogs, moved(dogs, 120), "joint-agreement")).toBeLessThan(0.6);
  });
});

describe("every measure", () => {
  const measures = [
    "line-f1",
    "area-iou",
    "class-iou",
    "rank-correlation",
    "colour-distance",
    "normal-angle",
    "joint-agreement",
  ] as const;

  test.each(measures)("%s takes maps of one pixel, of one row and of one column", (measure) => {
    const next = noise(5);
    for (const [width, height] of [
      [1, 1],
      [1, 9],
      [9, 1],
      [5, 3],
    ] as const) {
      const [wanted, found] = [0, 1].map(() => painted(width, height, () => [next(), next(), next()])) as [
        Pixels,
        Pixels,
      ];
      const { value, chance } = compareMaps(wanted, found, measure);
      expect([Number.isFinite(value), Number.isFinite(chance)]).toEqual([true, true]);
    }
  });

  test.each(measures)("%s refuses maps of different size in words, and changes nothing in them", (measure) => {
    expect(() => compareMaps(black(8), black(9), measure)).toThrow(
      new RangeError(
        "compare: the wanted map has 8x8 pixels and the found one 9x9. Bring the result to the size of the map first, and draw the condition from that.",
      ),
    );
    const next = noise(6);
    const wanted = painted(20, 10, () => [next(), next(), next()]);
    const before = wanted.data.slice();
    compareMaps(wanted, wanted, measure);
    expect(wanted.data).toEqual(before);
  });

  test("comes with a chance level: what the same map gives elsewhere, the same on every run", () => {
    const blob = painted(64, 64, (x, y) => ((x - 32) ** 2 + (y - 32) ** 2 < 144 ? 255 : 0));
    const own = compareMaps(blob, blob, "area-iou");
    expect(own.value).toBe(1);
    expect(own.chance).toBeLessThan(0.05);
    expect(compareMaps(blob, blob, "area-iou")).toEqual(own);
    // What looks the same everywhere proves nothing, however well it agrees.
    const flat = painted(64, 64, () => 255);
    expect(compareMaps(flat, flat, "area-iou")).toMatchObject({ value: 1, chance: 1 });
    const depth = painted(64, 64, (_, y) => 4 * y);
    expect(compareMaps(depth, depth, "rank-correlation").chance).toBeLessThan(0.3);
  });

  test("of an author's own gets its chance level the same way", () => {
    const same = (one: Pixels, other: Pixels) => {
      let count = 0;
      for (let i = 0; i < one.data.length; i += 4) if (one.data[i] === other.data[i]) count++;
      return (4 * count) / one.data.length;
    };
    const ramp = painted(16, 16, (x, y) => 16 * y + x);
    expect(same(ramp, ramp)).toBe(1);
    expect(chance(ramp, ramp, same)).toBe(0);
    expect(() => chance(black(4), black(5), same)).toThrow(RangeError);
  });
});

describe("a condition", () => {
  test("compares its maps by what its convention says", async () => {
    expect(await canny.compare(line(20), line(20))).toMatchObject({ measure: "line-f1", value: 1 });
    expect(await canny().compare(line(20), line(20))).toMatchObject({ measure: "line-f1", value: 1 });
    await expect(canny.compare(black(8), black(9))).rejects.toThrow(RangeError);
    const usual = {
      values: "soft",
      polarity: "white-on-black",
      background: [0, 0, 0],
      matte: "black",
      resize: "content",
      display: "as-is",
      random: false,
    } as const;
    expect(usualMeasure(usual)).toBe("line-f1");
    expect(usualMeasure({ ...usual, values: "binary" })).toBe("area-iou");
    expect(usualMeasure({ ...usual, values: "binary", display: "inverted" })).toBe("line-f1");
    expect(usualMeasure({ ...usual, values: "gray" })).toBe("rank-correlation");
    expect(usualMeasure({ ...usual, values: "palette" })).toBe("class-iou");
    expect(usualMeasure({ ...usual, values: "rgb" })).toBe("colour-distance");
    expect(usualMeasure({ ...usual, values: "rgb", background: [128, 128, 255] })).toBe("normal-angle");
  });

  test("or as its author says, by a measure's name or in a way of its own", async () => {
    const spec = { id: "x", title: "X", options: z.object({}), extract: (source: Pixels) => source };
    expect(await defineCondition({ ...spec, compare: "area-iou" }).compare(black(), black())).toMatchObject({
      measure: "area-iou",
    });
    const mine = { measure: "mine", value: 0.5, chance: 0.1, better: "higher" } as const;
    expect(await defineCondition({ ...spec, compare: () => mine }).compare(black(), black())).toEqual(mine);
  });
});
