import { describe, expect, test } from "vitest";
import { type Alpha, alphaOutline } from "../../../plugins/photoshop/src/host/alpha-outline.ts";
import { pathText, type Ring } from "../../../plugins/photoshop/src/host/outline.ts";

const picture = (width: number, height: number, at: (x: number, y: number) => number, scale = 1): Alpha => ({
  width,
  height,
  values: Uint8Array.from({ length: width * height }, (_, n) => at(n % width, Math.floor(n / width))),
  box: { x: 10, y: 20, width: width * scale, height: height * scale },
});

const most = 4000;
const traced = (alpha: Alpha, points = most) => {
  const found = alphaOutline(alpha, points);
  if (!found) throw new Error("Nothing was found.");
  return found;
};
const pathOf = (alpha: Alpha): string => pathText(traced(alpha).rings);
const pointsOf = (rings: readonly Ring[]): number => rings.reduce((sum, { knots }) => sum + knots.length / 6, 0);

/** Twice the area that a ring goes around, above 0 when it turns to the right. */
const areaOf = ({ knots }: Ring): number => {
  let sum = 0;
  for (let n = 0; n < knots.length; n += 6) {
    const to = (n + 6) % knots.length;
    sum += (knots[n + 2] as number) * (knots[to + 3] as number) - (knots[to + 2] as number) * (knots[n + 3] as number);
  }
  return sum / 2;
};

describe("the outline of alpha", () => {
  test("what is full is its box, at any size", () => {
    for (const [width, height] of [
      [1, 1],
      [1, 9],
      [513, 381],
    ] as const) {
      const found = traced(picture(width, height, () => 255));
      expect(pathText(found.rings)).toBe(`M10 20L${10 + width} 20L${10 + width} ${20 + height}L10 ${20 + height}Z`);
      expect(found.opacity).toBe(1);
    }
  });

  test("a box of whole pixels is found to the pixel, with its corners", () => {
    const inside = (x: number, y: number) => (x >= 3 && x < 12 && y >= 2 && y < 9 ? 255 : 0);
    const { rings } = traced(picture(16, 12, inside));
    const places = new Set(pathText(rings).match(/[\d.]+ [\d.]+/g));
    expect(places).toEqual(new Set(["13 22", "22 22", "22 29", "13 29"]));
  });

  test("a round spot with a soft edge is found within half a pixel", () => {
    const at = (x: number, y: number) =>
      Math.max(0, Math.min(255, 255 * (0.5 + (20 - Math.hypot(x + 0.5 - 32, y + 0.5 - 32)) / 4)));
    const { rings, opacity } = traced(picture(64, 64, at));
    expect(rings).toHaveLength(1);
    const [{ knots }] = rings as [Ring];
    for (let n = 0; n < knots.length; n += 6) {
      const radius = Math.hypot((knots[n + 2] as number) - 42, (knots[n + 3] as number) - 52);
      expect(Math.abs(radius - 20)).toBeLessThan(0.5);
    }
    expect(knots.length / 6).toBeLessThan(60);
    expect(opacity).toBe(1);
  });

  test("a hole turns the other way", () => {
    const at = (x: number, y: number) => (Math.max(Math.abs(x - 15), Math.abs(y - 15)) % 12 < 6 ? 0 : 255);
    const { rings } = traced(picture(31, 31, at));
    expect(rings.map((ring) => Math.sign(areaOf(ring)))).toEqual([1, -1]);
  });

  test("a picture of few pixels stands for a large layer", () => {
    const { rings } = traced(picture(4, 4, (x) => (x < 2 ? 255 : 0), 50));
    const right = Math.max(...rings.flatMap(({ knots }) => [...knots].filter((_, n) => n % 6 === 2)));
    expect(right).toBe(110);
  });

  test("what is half transparent all over has its outline at a quarter, and says how opaque it is", () => {
    const { rings, opacity } = traced(picture(20, 20, (x) => (x < 10 ? 120 : 0)));
    expect(areaOf(rings[0] as Ring)).toBeCloseTo(200, 0);
    expect(opacity).toBeCloseTo(120 / 255, 3);
  });

  test("specks are left out beside something larger, and kept where there is nothing else", () => {
    const at = (x: number, y: number) => (x < 10 || (x % 7 === 5 && y % 7 === 3) ? 255 : 0);
    expect(traced(picture(40, 30, at)).rings).toHaveLength(1);
    expect(traced(picture(40, 30, (x, y) => (x % 7 === 5 && y % 7 === 3 ? 255 : 0))).rings).toHaveLength(20);
    expect(traced(picture(40, 30, (x, y) => (x === 7 && y === 3 ? 1 : 0))).rings).toHaveLength(1);
  });

  test("nothing is nothing", () => {
    expect(
      alphaOutline(
        picture(5, 5, () => 0),
        most,
      ),
    ).toBeNull();
  });

  test("two corners that touch make one outline or two, and always closed ones", () => {
    const { rings } = traced(picture(8, 8, (x, y) => (x < 4 === y < 4 ? 255 : 0)));
    expect(rings.reduce((sum, ring) => sum + areaOf(ring), 0)).toBeCloseTo(32, 0);
  });

  test("noise is bounded in points and in time", () => {
    let state = 1;
    const noise = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    const alpha = picture(512, 512, noise);
    const start = performance.now();
    const { rings } = traced(alpha, 2000);
    expect(performance.now() - start).toBeLessThan(1500);
    expect(pointsOf(rings)).toBeLessThanOrEqual(2000);
    expect(rings.length).toBeGreaterThan(0);
  });

  test("one line with more points than there is room for is made coarser, and is not cut", () => {
    const comb = picture(400, 60, (x, y) => (y > 50 || x % 4 < 2 ? 255 : 0));
    const { rings } = traced(comb, 100);
    expect(pointsOf(rings)).toBeLessThanOrEqual(100);
    expect(pathOf(comb)).toMatch(/^M.*Z$/);
    expect(areaOf(rings[0] as Ring)).toBeGreaterThan(0);
  });
});
