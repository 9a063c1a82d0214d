import type { Gradient } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { type Content, colourFrom, contentFrom } from "../../../plugins/photoshop/src/host/paint.ts";
import { shapeStyleFrom } from "../../../plugins/photoshop/src/host/stroke.ts";
import { partsFrom } from "../../../plugins/photoshop/src/host/vector-path.ts";

// Descriptors as Photoshop gives them, whole, odd and broken.

const box = { x: 10, y: 20, width: 100, height: 50 };
const canvas = { x: 0, y: 0, width: 200, height: 100 };
const rgb = (red: number, grain: number, blue: number) => ({ _obj: "RGBColor", red, grain, blue });
const stop = (location: number, color: object, midpoint = 50) => ({ _obj: "colorStop", color, location, midpoint });
const gradient = (colors: readonly object[], more: object = {}): Gradient => {
  const content: Content = contentFrom({ type: { _value: "linear" }, ...more, gradient: { colors } }, box, canvas);
  if (typeof content === "string") throw new Error(`It is no gradient but ${content}.`);
  return content;
};

describe("colours", () => {
  test("are read in RGB, HSB and gray, and nowhere else", () => {
    expect(colourFrom(rgb(1, 2, 3))).toEqual([1, 2, 3]);
    expect(colourFrom({ hue: { _unit: "angleUnit", _value: 120 }, saturation: 100, brightness: 50 })).toEqual([
      0, 127.5, 0,
    ]);
    expect(colourFrom({ gray: 100 })).toEqual([0, 0, 0]);
    expect(colourFrom({ gray: 0 })).toEqual([255, 255, 255]);
    for (const other of [
      { cyan: 1 },
      { red: "1", grain: 2, blue: 3 },
      null,
      5,
      [],
      { red: Number.NaN, grain: 0, blue: 0 },
    ]) {
      expect(colourFrom(other)).toBeNull();
    }
  });

  test("one that is not known has to be looked up in the pixels", () => {
    expect(contentFrom({ color: rgb(1, 2, 3) }, box, canvas, 0.5)).toBe("rgba(1, 2, 3, 0.5)");
    expect(contentFrom({ color: { cyan: 1, magenta: 2, yellowColor: 3, black: 4 } }, box, canvas)).toBe("pixels");
    expect(contentFrom({ pattern: {} }, box, canvas)).toBe("pixels");
    expect(contentFrom(undefined, box, canvas)).toBe("pixels");
  });
});

describe("gradients", () => {
  const ends = [stop(0, rgb(0, 0, 0)), stop(4096, rgb(255, 255, 255))];

  test("run to the right at 0 degrees and upwards at 90, over their layer or the canvas", () => {
    const along = (angle: number, more: object = {}) =>
      gradient(ends, { angle: { _unit: "angleUnit", _value: angle }, ...more }).from.map((value) => Math.round(value));
    expect(along(0)).toEqual([10, 45, 110, 45]);
    expect(along(90)).toEqual([60, 70, 60, 20]);
    expect(along(180)).toEqual([110, 45, 10, 45]);
    expect(along(0, { align: false })).toEqual([0, 50, 200, 50]);
    expect(along(0, { scale: { _unit: "percentUnit", _value: 50 } })).toEqual([35, 45, 85, 45]);
    expect(along(0, { offset: { horizontal: { _value: 10 }, vertical: { _value: -20 } } })).toEqual([20, 35, 120, 35]);
  });

  test("a midpoint that is not in the middle is a stop of its own", () => {
    const { stops } = gradient([stop(0, rgb(0, 0, 0)), stop(4096, rgb(200, 200, 200), 25)]);
    expect(stops).toEqual([
      { offset: 0, colour: "rgb(0, 0, 0)" },
      { offset: 0.25, colour: "rgb(100, 100, 100)" },
      { offset: 1, colour: "rgb(200, 200, 200)" },
    ]);
  });

  test("two stops in one place are a hard edge", () => {
    const { stops } = gradient([
      stop(0, rgb(0, 0, 0)),
      stop(2048, rgb(0, 0, 0)),
      stop(2048, rgb(9, 9, 9)),
      stop(4096, rgb(9, 9, 9)),
    ]);
    expect(stops.map(({ offset, colour }) => `${offset} ${colour}`)).toEqual([
      "0 rgb(0, 0, 0)",
      "0.5 rgb(0, 0, 0)",
      "0.5 rgb(9, 9, 9)",
      "1 rgb(9, 9, 9)",
    ]);
  });

  test("opacities have stops of their own", () => {
    const content = contentFrom(
      {
        type: { _value: "linear" },
        gradient: {
          colors: ends,
          transparency: [
            { opacity: { _unit: "percentUnit", _value: 0 }, location: 0, midpoint: 50 },
            { opacity: { _unit: "percentUnit", _value: 100 }, location: 1024, midpoint: 50 },
          ],
        },
      },
      box,
      canvas,
    ) as Gradient;
    expect(content.stops.map(({ offset, colour }) => `${offset} ${colour}`)).toEqual([
      "0 rgba(0, 0, 0, 0)",
      "0.25 rgb(64, 64, 64)",
      "1 rgb(255, 255, 255)",
    ]);
  });

  test("reversed and reflected ones", () => {
    expect(gradient(ends, { reverse: true }).stops.map(({ colour }) => colour)).toEqual([
      "rgb(255, 255, 255)",
      "rgb(0, 0, 0)",
    ]);
    expect(gradient(ends, { type: { _value: "reflected" } }).stops.map(({ offset }) => offset)).toEqual([
      0, 0.5, 0.5, 1,
    ]);
  });

  test("what is broken or not known is looked up in the pixels", () => {
    for (const broken of [{}, { colors: [] }, { colors: [{ location: 0 }] }, { colors: "red" }]) {
      expect(contentFrom({ gradient: broken }, box, canvas)).toBe("pixels");
    }
    expect(contentFrom({ type: { _value: "diamond" }, gradient: { colors: ends } }, box, canvas)).toBe("pixels");
  });
});

describe("strokes", () => {
  const style = { strokeEnabled: true, fillEnabled: false, strokeStyleContent: { color: rgb(1, 2, 3) } };

  test("widths in points depend on the resolution, and dashes on the width", () => {
    const read = (more: object) => shapeStyleFrom({ ...style, ...more }, 144, box, canvas).stroke;
    expect(read({ strokeStyleLineWidth: { _unit: "pixelsUnit", _value: 3 } })?.width).toBe(3);
    const points = read({
      strokeStyleLineWidth: { _unit: "pointsUnit", _value: 3 },
      strokeStyleLineDashSet: [{ _unit: "noneUnit", _value: 2 }, 1],
    });
    expect([points?.width, points?.dash]).toEqual([6, [12, 6]]);
  });

  test("none, thin as nothing, transparent and broken ones are none", () => {
    for (const more of [
      { strokeEnabled: false },
      { strokeStyleLineWidth: { _value: 0 } },
      { strokeStyleOpacity: { _value: 0 } },
      { strokeEnabled: "yes" },
    ]) {
      expect(shapeStyleFrom({ ...style, ...more }, 72, box, canvas)).toEqual({ filled: false, stroke: null });
    }
    expect(shapeStyleFrom(null, 72, box, canvas)).toEqual({ filled: true, stroke: null });
  });
});

describe("paths", () => {
  const space = { width: 200, height: 100, resolution: 144 };
  const place = (unit: string, x: unknown, y: unknown) => ({
    horizontal: { _unit: unit, _value: x },
    vertical: { _unit: unit, _value: y },
  });
  const path = (points: readonly object[], more: object = {}) => ({
    pathComponents: [{ subpathListKey: [{ closedSubpath: true, points }], ...more }],
  });
  const knots = (contents: unknown) => partsFrom(contents, space)[0]?.outline.rings[0]?.knots;

  test("lengths come in pixels, in points of 72 to the inch, or in per cent of the canvas", () => {
    expect(knots(path([{ anchor: place("pixelsUnit", 4, 6) }]))).toEqual([4, 6, 4, 6, 4, 6]);
    expect(knots(path([{ anchor: place("distanceUnit", 4, 6) }]))).toEqual([8, 12, 8, 12, 8, 12]);
    expect(knots(path([{ anchor: place("percentUnit", 50, 50) }]))?.slice(0, 2)).toEqual([100, 50]);
  });

  test("the handle behind a point comes first", () => {
    const point = {
      anchor: place("pixelsUnit", 5, 5),
      backward: place("pixelsUnit", 1, 1),
      forward: place("pixelsUnit", 9, 9),
    };
    expect(knots(path([point]))).toEqual([1, 1, 5, 5, 9, 9]);
  });

  test("operations by any of their words, and windings", () => {
    const one = (shapeOperation: unknown, more: object = {}) =>
      partsFrom(path([{ anchor: place("pixelsUnit", 1, 1) }], { shapeOperation, ...more }), space)[0];
    const word = (_value: string) => ({ _enum: "shapeOperation", _value });
    expect(one(word("interfaceIconFrameDimmed"))?.operation).toBe("intersect");
    expect(one(word("intersect"))?.operation).toBe("intersect");
    expect(one(word("xor"))?.operation).toBe("xor");
    expect(one(undefined)?.operation).toBe("add");
    expect(one(word("add"), { windingFill: true })?.outline.rule).toBe("nonzero");
  });

  test("what is no path has no parts, and no point is guessed", () => {
    for (const broken of [
      null,
      7,
      {},
      { pathComponents: {} },
      { pathComponents: [null, 3, { subpathListKey: [{}] }] },
    ]) {
      expect(partsFrom(broken, space)).toEqual([]);
    }
    expect(partsFrom(path([{ anchor: place("pixelsUnit", "4", 6) }]), space)).toEqual([]);
    expect(partsFrom(path([{ anchor: place("lightYears", 4, 6) }]), space)).toEqual([]);
  });

  test("more points than any drawing has are not read", () => {
    const points = Array.from({ length: 100_001 }, () => ({ anchor: place("pixelsUnit", 1, 1) }));
    expect(partsFrom(path(points), space)).toEqual([]);
  });
});
