import type { Gradient, GradientStop, Matrix, Paint, Rect } from "../core/index.ts";
import { colourFrom } from "../scene/colour.ts";
import { attribute, elementsIn, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures, type Side, shareFrom } from "./length.ts";
import { address } from "./property.ts";
import { chainOf, ownValue, type Reading, styleInPlace, target } from "./reading.ts";
import type { Style } from "./style-record.ts";
import { identity, multiply, transformFrom } from "./transform.ts";

// What areas and lines are painted with: colours as they are written, gradients with everything that they inherit from
// others. Patterns are no paint of a scene: pattern.ts makes shapes of them.

/** The paint of an area or a line. `box` gives the box of the outline, for gradients that refer to it. */
export function paintFrom(
  reading: Reading,
  text: string,
  opacity: number,
  style: Style,
  measures: Measures,
  box: () => Rect | null,
): Paint | null {
  const match = address.exec(text);
  if (!match) return colourOf(text, style.color, opacity);
  const [, double, single, bare, rest = ""] = match;
  const element = target(reading, double ?? single ?? bare ?? "");
  const fallback = (): Paint | null => (rest.trim() === "" ? null : colourOf(rest.trim(), style.color, opacity));
  switch (element?.name) {
    case "linearGradient":
    case "radialGradient":
      return gradientOf(reading, element, opacity, measures, box, fallback);
    default:
      if (element !== undefined) reading.report.skip("reference to a paint that is not there");
      return fallback();
  }
}

/** What stands for a paint of whatever a template is drawn for, until that is known. */
const open = /^(context-fill|context-stroke)(?: ([\d.]+))?$/i;

/** The paint that an open one stands for, thinned as it asks; any other paint as it is. Null for one of no context. */
export function contextPaint(
  paint: Paint | null,
  context: { readonly fill: Paint | null; readonly stroke: Paint | null } | undefined,
): Paint | null {
  const match = typeof paint === "string" ? open.exec(paint) : null;
  if (!match) return paint;
  const found = context?.[match[1]?.toLowerCase() === "context-fill" ? "fill" : "stroke"] ?? null;
  const opacity = Number(match[2] ?? 1);
  if (found === null || opacity >= 1) return found;
  if (typeof found === "string") return colourOf(found, "black", opacity);
  const stops = found.stops.map(({ offset, colour }) => ({
    offset,
    colour: colourOf(colour, "black", opacity) ?? colour,
  }));
  return { ...found, stops };
}

/** A gradient follows where its outline was moved to. */
export function movedPaint(paint: Paint, matrix: Matrix): Paint {
  return typeof paint === "string" ? paint : { ...paint, matrix: multiply(matrix, paint.matrix ?? identity) };
}

/** A colour as text, thinned by an opacity; null for none. */
function colourOf(text: string, current: string, opacity: number): string | null {
  const word = text.toLowerCase();
  if (word === "none") return null;
  if (word.startsWith("context-")) return opacity >= 1 ? word : `${word} ${opacity}`;
  const colour = word === "currentcolor" ? current : text;
  if (opacity >= 1) return colour;
  const parsed = colourFrom(colour);
  if (!parsed) return null;
  const [red, green, blue, alpha] = parsed;
  return `rgba(${red}, ${green}, ${blue}, ${Math.round(alpha * opacity * 1e4) / 1e4})`;
}

function gradientOf(
  reading: Reading,
  element: SvgElement,
  opacity: number,
  measures: Measures,
  box: () => Rect | null,
  fallback: () => Paint | null,
): Paint | null {
  const chain = chainOf(reading, element, /^(linear|radial)Gradient$/);
  const stops = stopsOf(reading, chain, opacity);
  const last = stops.at(-1);
  if (!last) return null;
  if (stops.length === 1) return last.colour;
  const ofAny = (name: string): string | undefined => chain.map((one) => attribute(one, name)).find(Boolean);
  // Coordinates are inherited only from a gradient of the same kind.
  const alike = chain.filter(({ name }) => name === element.name);
  const byBox = ofAny("gradientUnits") !== "userSpaceOnUse";
  const sizes: Measures = byBox ? { width: 1, height: 1, fontSize: measures.fontSize } : measures;
  const number = (name: string, side: Side): number | undefined =>
    lengthFrom(alike.map((one) => attribute(one, name)).find(Boolean), side, sizes);
  const at = (name: string, side: Side, preset: string): number =>
    number(name, side) ?? (lengthFrom(preset, side, sizes) as number);

  let matrix: Matrix = transformFrom(ofAny("gradientTransform") ?? "") ?? [1, 0, 0, 1, 0, 0];
  if (byBox) {
    const bounds = box();
    if (!bounds || bounds.width === 0 || bounds.height === 0) {
      reading.report.skip("gradient of a box without an area");
      return fallback();
    }
    matrix = multiply([bounds.width, 0, 0, bounds.height, bounds.x, bounds.y], matrix);
  }
  // One that makes a line of the plane leaves nothing to paint.
  const [a, b, c, d] = matrix;
  if (a * d - b * c === 0) return null;
  const spread = ofAny("spreadMethod");
  const common: Pick<Gradient, "matrix" | "spread" | "stops"> = {
    matrix,
    ...(spread === "reflect" || spread === "repeat" ? { spread } : {}),
    stops,
  };
  if (element.name === "linearGradient") {
    const from = [
      at("x1", "width", "0%"),
      at("y1", "height", "0%"),
      at("x2", "width", "100%"),
      at("y2", "height", "0%"),
    ];
    if (from[0] === from[2] && from[1] === from[3]) return last.colour;
    return { type: "linear", from, ...common };
  }
  const [cx, cy, r] = [at("cx", "width", "50%"), at("cy", "height", "50%"), at("r", "diagonal", "50%")];
  if (!(r > 0)) return last.colour;
  const fr = Math.max(0, number("fr", "diagonal") ?? 0);
  const [fx, fy] = within(number("fx", "width") ?? cx, number("fy", "height") ?? cy, cx, cy, r);
  if (fr >= r) return last.colour;
  return { type: "radial", from: [fx, fy, fr, cx, cy, r], ...common } satisfies Gradient;
}

/** A focus kept inside of its circle. */
function within(fx: number, fy: number, cx: number, cy: number, r: number): readonly [x: number, y: number] {
  const [dx, dy] = [fx - cx, fy - cy];
  const far = Math.sqrt(dx * dx + dy * dy);
  const most = r * 0.999;
  return far <= most ? [fx, fy] : [cx + (dx * most) / far, cy + (dy * most) / far];
}

/** The stops of the first gradient of a chain that has any; read once for each opacity. */
function stopsOf(reading: Reading, chain: readonly SvgElement[], opacity: number): readonly GradientStop[] {
  const own = chain[0] as SvgElement;
  const kept = reading.kept.stops.get(own) ?? new Map<number, readonly GradientStop[]>();
  const stops = kept.get(opacity) ?? readStops(reading, chain, opacity);
  reading.kept.stops.set(own, kept.set(opacity, stops));
  return stops;
}

function readStops(reading: Reading, chain: readonly SvgElement[], opacity: number): readonly GradientStop[] {
  const stops: GradientStop[] = [];
  let least = 0;
  for (const one of chain) {
    for (const child of elementsIn(one)) {
      if (child.name !== "stop") continue;
      const style = styleInPlace(reading, child);
      const own = (name: string): string | undefined => ownValue(reading, child, name, style);
      // An offset never lies before that of the stop before it.
      least = Math.max(least, shareFrom(attribute(child, "offset")) ?? 0);
      const thinned = opacity * (shareFrom(own("stop-opacity")) ?? 1);
      stops.push({ offset: least, colour: colourOf(own("stop-color") ?? "black", style.color, thinned) ?? "black" });
    }
    if (stops.length > 0) break;
  }
  return stops;
}
