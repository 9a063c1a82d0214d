import type { Matrix } from "../core/scene.ts";
import { attribute, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures } from "./length.ts";
import type { Reading } from "./reading.ts";
import { type Declared, declaredValue } from "./style.ts";
import type { Style } from "./style-record.ts";
import { identity, moved, multiply, transformFrom } from "./transform.ts";

/** An element's `transform`, about its `transform-origin`. */
export function transformOf(
  reading: Reading,
  element: SvgElement,
  declared: Declared,
  style: Style,
  measures: Measures,
): Matrix {
  const value = declaredValue(declared, "transform", style);
  if (value === undefined) {
    if (attribute(element, "transform")) reading.report.skip("transform that is not understood");
    return identity;
  }
  const matrix = transformFrom(value) ?? identity;
  const origin = declaredValue(declared, "transform-origin", style);
  if (origin === undefined || matrix === identity) return matrix;
  if (/^(fill|stroke|content|border)-box$/i.test(declaredValue(declared, "transform-box", style) ?? "")) {
    reading.report.skip("transform-box");
    return matrix;
  }
  const words = origin.toLowerCase().split(/\s+/);
  if (words[0] === "top" || words[0] === "bottom" || words[1] === "left" || words[1] === "right") words.reverse();
  const named: Readonly<Record<string, string>> = {
    left: "0%",
    top: "0%",
    center: "50%",
    right: "100%",
    bottom: "100%",
  };
  const [x, y] = [0, 1].map((at) =>
    lengthFrom(named[words[at] ?? "center"] ?? words[at], at === 0 ? "width" : "height", measures),
  );
  if (x === undefined || y === undefined) {
    reading.report.skip("transform-origin");
    return matrix;
  }
  return multiply(multiply(moved(x, y), matrix), moved(-x, -y));
}
