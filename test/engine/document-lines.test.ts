import { describe, expect, test } from "vitest";
import { lineart } from "../../engine/src/conditions/lineart.ts";
import { scribbleLines } from "../../engine/src/conditions/scribble-lines.ts";
import { colours, drawing, drawn, landscape, level, rectangle, shape } from "./document-scene.ts";

const crossing = drawing(512, 512, [
  shape("line", "M0 256H512", { stroke: "black", strokeWidth: 10 }),
  shape("box", rectangle(200, 200, 100, 100), { fill: "red" }),
]);

/** How many pixels of a column are white, from y0 to before y1. */
function thickness(map: Awaited<ReturnType<typeof drawn>>, x: number, y0: number, y1: number): number {
  let sum = 0;
  for (let y = y0; y < y1; y++) sum += level(map, x, y) / 255;
  return sum;
}

describe("line art from the drawing", () => {
  test("has lines in their own width, hides those behind filled shapes and outlines these", async () => {
    const map = await drawn(lineart(), crossing);
    expect(thickness(map, 50, 200, 300)).toBeCloseTo(10, 1);
    expect(level(map, 250, 256)).toBe(0);
    expect(thickness(map, 250, 180, 220)).toBeGreaterThan(0.9);
  });

  test("shows hidden lines and leaves outlines out where that is asked for", async () => {
    const map = await drawn(lineart({ hidden: true, outlines: false }), crossing);
    expect(level(map, 250, 256)).toBe(255);
    expect(thickness(map, 250, 180, 220)).toBe(0);
  });

  test("has all lines in one width where that is asked for, in pixels of a map of 512", async () => {
    const map = await drawn(lineart({ widths: "unified", width: 4 }), crossing);
    expect(thickness(map, 50, 200, 300)).toBeCloseTo(4, 1);
    const half = await drawn(lineart({ widths: "unified", width: 4 }), { ...crossing, width: 256, height: 256 });
    expect(thickness(half, 25, 100, 150)).toBeCloseTo(2, 1);
  });

  test("of single pixels is black and white, one pixel thick, and without gaps", async () => {
    const source = drawing(64, 64, [shape("slope", "M2.3 3.1L60.9 41.7", { stroke: "black", strokeWidth: 9 })]);
    const map = await drawn(lineart({ pixels: "single" }), source);
    expect(colours(map)).toEqual(new Set(["000000", "ffffff"]));
    for (let x = 4; x < 59; x++) expect(thickness(map, x, 0, 64)).toBe(1);
  });

  test("is soft by default: a slanted edge has grays", async () => {
    expect(colours(await drawn(lineart(), landscape(256, 171))).size).toBeGreaterThan(50);
  });
});

describe("a scribble from the drawing", () => {
  test("has strokes of 3 pixels in a map of 512, black and white alone", async () => {
    const map = await drawn(scribbleLines(), crossing);
    expect(colours(map)).toEqual(new Set(["000000", "ffffff"]));
    expect([2, 3, 4]).toContain(thickness(map, 50, 200, 300));
    const wide = await drawn(scribbleLines({ width: 24 }), crossing);
    expect(thickness(wide, 50, 200, 300)).toBe(24);
  });
});

test.each([
  [1, 1],
  [1, 80],
  [513, 381],
])("lines of a drawing at %i x %i keep that size", async (width, height) => {
  for (const condition of [lineart(), lineart({ pixels: "single" }), scribbleLines()]) {
    const map = await drawn(condition, landscape(width, height));
    expect([map.width, map.height]).toEqual([width, height]);
  }
});
