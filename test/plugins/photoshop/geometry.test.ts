import { describe, expect, test } from "vitest";
import { around, boxOf, edgesOf, fitted, intersection, rectOf } from "../../../plugins/photoshop/src/host/rectangle.ts";

describe("rectangles", () => {
  test("edges between pixels are rounded outward", () => {
    expect(rectOf({ left: 1.4, top: -2.2, right: 3.1, bottom: 4 })).toEqual({ x: 1, y: -3, width: 3, height: 7 });
  });

  test("edges that are the wrong way round are an empty rectangle", () => {
    expect(rectOf({ left: 5, top: 5, right: 2, bottom: 5 })).toEqual({ x: 5, y: 5, width: 0, height: 0 });
  });

  test("a rectangle and its edges are the same", () => {
    const rect = { x: -3, y: 4, width: 7, height: 1 };
    expect(rectOf(edgesOf(rect))).toEqual(rect);
  });

  test("a selection that reaches over the canvas is clipped to it", () => {
    const canvas = { x: 0, y: 0, width: 100, height: 50 };
    expect(intersection({ x: -10, y: 40, width: 30, height: 30 }, canvas)).toEqual({
      x: 0,
      y: 40,
      width: 20,
      height: 10,
    });
    expect(intersection({ x: 100, y: 0, width: 5, height: 5 }, canvas)).toBeNull();
  });

  test("empty rectangles do not count in what lies around several", () => {
    const empty = { x: 0, y: 0, width: 0, height: 0 };
    const rects = [empty, { x: 10, y: 20, width: 5, height: 5 }, { x: 12, y: 2, width: 10, height: 4 }];
    expect(around(rects)).toEqual({ x: 10, y: 2, width: 12, height: 23 });
    expect(around([empty])).toBeNull();
  });

  test("a size is made to fit and never enlarged", () => {
    expect(fitted({ width: 300, height: 100 }, 150)).toEqual({ width: 150, height: 50 });
    expect(fitted({ width: 300, height: 100 }, 1000)).toEqual({ width: 300, height: 100 });
    expect(fitted({ width: 30_000, height: 1 }, 512)).toEqual({ width: 512, height: 1 });
    expect(fitted({ width: 1, height: 1 }, 1)).toEqual({ width: 1, height: 1 });
  });
});

describe("where a returned piece belongs", () => {
  const bounds = { x: 100, y: 200, width: 400, height: 200 };

  test("what Photoshop trimmed keeps its place", () => {
    const returned = { left: 150, top: 220, right: 250, bottom: 300 };
    expect(boxOf(returned, 0, bounds, { width: 400, height: 200 })).toEqual({ x: 50, y: 20, width: 100, height: 80 });
  });

  test("a piece of a smaller picture is scaled with it", () => {
    const returned = { left: 100, top: 200, right: 300, bottom: 400 };
    expect(boxOf(returned, 0, bounds, { width: 200, height: 100 })).toEqual({ x: 0, y: 0, width: 100, height: 100 });
  });

  test("the edges of a pyramid level are counted in its own pixels", () => {
    const returned = { left: 25, top: 50, right: 125, bottom: 100 };
    expect(boxOf(returned, 2, bounds, { width: 100, height: 50 })).toEqual({ x: 0, y: 0, width: 100, height: 50 });
  });
});
