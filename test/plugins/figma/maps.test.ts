import { canny, Engine } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { createMaps, type Picture } from "../../../plugins/figma/src/loader/maps.ts";

const maps = createMaps();

/** A picture of chance: noise, or a few flat shapes, which have the long edges. */
function picture(width: number, height: number, seed: number, noise: boolean): Picture {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const paint = (x: number, y: number, colour: readonly number[]): void => data.set(colour, (y * width + x) * 4);
  const colour = (): readonly number[] => [random() * 256, random() * 256, random() * 256];
  if (noise) for (let at = 0; at < width * height; at++) data.set(colour(), at * 4);
  else {
    for (let shape = 0; shape < 6; shape++) {
      const [left, top, right, down] = [random() * width, random() * height, random() * width, random() * height];
      const chosen = colour();
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const inside = shape % 2 ? (x - left) ** 2 + (y - top) ** 2 < right * down : x > left && y > top && x < right;
          if (inside) paint(x, y, chosen);
        }
      }
    }
  }
  return { width, height, data };
}

const gray = (values: readonly number[], width: number): Picture => ({
  width,
  height: values.length / width,
  data: new Uint8ClampedArray(values.flatMap((value) => [value, value, value, 255])),
});
const values = ({ data }: Picture): readonly number[] => Array.from(data).filter((_, at) => at % 4 === 0);

describe("edges", () => {
  test.each([
    [1, 1, true],
    [1, 9, true],
    [7, 1, true],
    [2, 2, true],
    [33, 21, true],
    [64, 64, false],
    [97, 41, false],
    [120, 80, true],
  ])("are the engine's canny, to the pixel, at %i x %i", async (width, height, noise) => {
    const engine = new Engine();
    for (let seed = 1; seed <= 4; seed++) {
      const source = picture(width, height, seed, noise);
      const { pixels } = await engine.extract(canny(), source);
      expect(maps.edges(source)).toEqual(pixels);
    }
  });
});

test("ink is white where the darkest channel is below 127", () => {
  const source = gray([0, 126, 127, 255], 4);
  source.data.set([255, 100, 255], 12);
  expect(values(maps.ink(source))).toEqual([255, 255, 0, 255]);
});

test("bright is what lies above the level that parts dark from bright", () => {
  expect(values(maps.bright(gray([10, 20, 15, 200, 210, 12], 3)))).toEqual([0, 0, 0, 255, 255, 0]);
});

test("a picture of one tone is all dark or all bright", () => {
  expect(values(maps.bright(gray([90, 90, 90, 90], 2)))).toEqual([0, 0, 0, 0]);
  expect(values(maps.bright(gray([255, 255], 2)))).toEqual([255, 255]);
});

test("every map is opaque, black and white, and of the picture's size", () => {
  const source = picture(31, 17, 9, true);
  for (const map of [maps.edges(source), maps.ink(source), maps.bright(source)]) {
    expect([map.width, map.height, map.data.length]).toEqual([31, 17, 31 * 17 * 4]);
    for (let at = 0; at < map.data.length; at += 4) {
      const [red, green, blue, alpha] = map.data.subarray(at, at + 4);
      expect([green, blue, alpha]).toEqual([red, red, 255]);
      expect([0, 255]).toContain(red);
    }
  }
});

test("the text of the maps works by itself, as it must in a worker", () => {
  const alone = new Function(`return (${createMaps})();`)() as ReturnType<typeof createMaps>;
  const source = picture(40, 30, 3, false);
  expect(alone.edges(source)).toEqual(maps.edges(source));
  expect(alone.bright(source)).toEqual(maps.bright(source));
});
