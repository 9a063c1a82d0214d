import { expect, test } from "vitest";
import type { SceneShape } from "../../engine/src/core/scene.ts";
import { paintIds } from "../../engine/src/scene/ids.ts";
import { paintLines } from "../../engine/src/scene/lines.ts";
import { outlineScene } from "../../engine/src/scene/outlined.ts";
import { Sheet } from "../../engine/src/scene/sheet.ts";
import { done, sceneOf, seeded, shape } from "./scene-parts.ts";

// A sheet painted in part is a sheet painted whole, bit for bit.

const [width, height] = [157, 121];

function drawing(random: () => number): SceneShape[] {
  return Array.from({ length: 120 }, (_, n) => {
    const point = () => `${(180 * random() - 10).toFixed(2)} ${(140 * random() - 10).toFixed(2)}`;
    const small = n % 6 !== 0;
    const matrix = small
      ? ([0.2, 0.02 * n * random(), 0, 0.2, 150 * random(), 110 * random()] as const)
      : ([1, 0, 0, 1, 0, 0] as const);
    return shape(`M${point()}C${point()} ${point()} ${point()}L${point()}${random() < 0.7 ? "Z" : ""}`, {
      id: String(n),
      matrix,
      stroke: random() < 0.8 ? "white" : null,
      strokeWidth: 4 * random(),
      fill: random() < 0.7 ? "black" : null,
      opacity: random() < 0.9 ? 1 : 0.3,
      rule: random() < 0.5 ? "evenodd" : "nonzero",
      dash: random() < 0.2 ? [6, 3] : [],
      ...(random() < 0.2 ? { clips: [{ path: "M20 20H130V100H20Z", matrix: [1, 0.1, 0, 1, 0, 0] as const }] } : {}),
    });
  });
}

test("one shape after the other moves, and what is painted again is what a whole pass gives", () => {
  const random = seeded(21);
  const shapes = drawing(random);
  const sheet = new Sheet(outlineScene(sceneOf(width, height, shapes)), { hidden: true, ids: true });
  done(sheet.paint());
  const first = [...sheet.lines.data];
  const touched = new Set<number>();
  for (let move = 0; move < 30; move++) {
    const index = Math.floor(random() * shapes.length);
    const old = shapes[index] as SceneShape;
    const [a, b, c, d, e, f] = old.matrix;
    const moved = { ...old, matrix: [a, b, c, d, e + 80 * random() - 40, f + 80 * random() - 40] as const };
    shapes[index] = moved;
    touched.add(sheet.replace(index, moved).length);
    const outlined = outlineScene(sceneOf(width, height, shapes));
    expect(Buffer.compare(sheet.lines.data, done(paintLines(outlined, { hidden: true })).data)).toBe(0);
    expect(sheet.ids).toEqual(done(paintIds(outlined)));
  }
  expect([...sheet.lines.data]).not.toEqual(first);
  // Some moves were near, some went to a place apart.
  expect([...touched].sort()).toEqual(expect.arrayContaining([1, 2]));
});

test("a shape that moves out and in again leaves no trace, and one that is not there is refused", () => {
  const shapes = drawing(seeded(3));
  const sheet = new Sheet(outlineScene(sceneOf(width, height, shapes)), { hidden: true });
  done(sheet.paint());
  const before = Uint8Array.from(sheet.lines.data);
  expect(before.some((value) => value > 0)).toBe(true);
  for (const [index, own] of shapes.entries()) {
    sheet.replace(index, { ...own, matrix: [1, 0, 0, 1, 9999, 0] });
    sheet.replace(index, own);
  }
  expect(sheet.lines.data).toEqual(before);
  expect(sheet.ids).toBeNull();
  expect(() => sheet.replace(120, shapes[0] as SceneShape)).toThrow("the sheet has 120 shapes, and none at 120");
});
