import type { SvgElement } from "./element.ts";
import { attribute } from "./element.ts";
import { lengthFrom, type Measures, numbersIn, type Side } from "./length.ts";
import type { Declared } from "./style.ts";

// Basic shapes as path data. They begin where SVG says, and run clockwise, since dashes are counted from there.

/** The elements that are an outline by themselves. */
export const shapeNames: ReadonlySet<string> = new Set([
  "path",
  "rect",
  "circle",
  "ellipse",
  "line",
  "polyline",
  "polygon",
]);

/** A length of an element by name: its style's, else its attribute's; undefined for none and for `auto`. */
export function geometry(
  element: SvgElement,
  declared: Declared,
  name: string,
  side: Side,
  measures: Measures,
): number | undefined {
  return lengthFrom(declared.get(name), side, measures) ?? lengthFrom(attribute(element, name), side, measures);
}

/** The path data of a shape; null for one that draws nothing. `points` is how many points of a polyline are read. */
export function pathOf(element: SvgElement, declared: Declared, measures: Measures, points: number): string | null {
  const length = (name: string, side: Side): number | undefined => geometry(element, declared, name, side, measures);
  const at = (name: string, side: Side): number => length(name, side) ?? 0;
  switch (element.name) {
    case "path": {
      const data = element.attributes["d"];
      return data?.trim() && data.trim() !== "none" ? data : null;
    }
    case "rect": {
      const [width, height] = [at("width", "width"), at("height", "height")];
      return rectangle(
        at("x", "width"),
        at("y", "height"),
        width,
        height,
        length("rx", "width"),
        length("ry", "height"),
      );
    }
    case "circle": {
      const radius = at("r", "diagonal");
      return ellipse(at("cx", "width"), at("cy", "height"), radius, radius);
    }
    case "ellipse": {
      const [rx, ry] = [length("rx", "width"), length("ry", "height")];
      return ellipse(at("cx", "width"), at("cy", "height"), rx ?? ry ?? 0, ry ?? rx ?? 0);
    }
    case "line":
      return `M${at("x1", "width")} ${at("y1", "height")}L${at("x2", "width")} ${at("y2", "height")}`;
    case "polyline":
      return polyline(element, points, "");
    case "polygon":
      return polyline(element, points, "Z");
    default:
      return null;
  }
}

/** A rectangle, with round corners where it has radii; null without an area. */
export function rectangle(
  x: number,
  y: number,
  width: number,
  height: number,
  rx?: number,
  ry?: number,
): string | null {
  if (!(width > 0 && height > 0)) return null;
  const valid = (radius: number | undefined): number | undefined =>
    radius !== undefined && radius >= 0 ? radius : undefined;
  const h = Math.min(valid(rx) ?? valid(ry) ?? 0, width / 2);
  const v = Math.min(valid(ry) ?? valid(rx) ?? 0, height / 2);
  const [right, bottom] = [x + width, y + height];
  if (h === 0 || v === 0) return `M${x} ${y}H${right}V${bottom}H${x}Z`;
  const arc = (toX: number, toY: number): string => `A${h} ${v} 0 0 1 ${toX} ${toY}`;
  return [
    `M${x + h} ${y}H${right - h}${arc(right, y + v)}V${bottom - v}${arc(right - h, bottom)}`,
    `H${x + h}${arc(x, bottom - v)}V${y + v}${arc(x + h, y)}Z`,
  ].join("");
}

function ellipse(x: number, y: number, rx: number, ry: number): string | null {
  if (!(rx > 0 && ry > 0)) return null;
  const arc = (toX: number, toY: number): string => `A${rx} ${ry} 0 0 1 ${toX} ${toY}`;
  return `M${x + rx} ${y}${arc(x, y + ry)}${arc(x - rx, y)}${arc(x, y - ry)}${arc(x + rx, y)}Z`;
}

function polyline(element: SvgElement, most: number, end: string): string | null {
  const numbers = numbersIn(element.attributes["points"] ?? "", 2 * most);
  const parts: string[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2)
    parts.push(`${at === 0 ? "M" : "L"}${numbers[at]} ${numbers[at + 1]}`);
  return parts.length > 0 ? `${parts.join("")}${end}` : null;
}
