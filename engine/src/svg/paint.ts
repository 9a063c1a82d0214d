import type { Gradient, GradientStop, Matrix, Paint, Rect } from "../core/index.ts";
import { colourFrom } from "../scene/colour.ts";
import { attribute, elementsIn, hrefOf, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures, type Side, shareFrom } from "./length.ts";
import { address } from "./property.ts";
import { ownValue, type Reading, styleInPlace, target } from "./reading.ts";
import type { Style } from "./style-record.ts";
import { multiply, transformFrom } from "./transform.ts";

// What areas and lines are painted with: colours as they are written, gradients with everything that they inherit from
// others. Patterns are not drawn but for pictures (picture-fill.ts); a plain colour out of them stands for them.

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
    case "pattern": {
      reading.report.skip("pattern");
      return patternColour(reading, element, opacity);
    }
    default:
      if (element !== undefined) reading.report.skip("reference to a paint that is not there");
      return fallback();
  }
}

/** A colour as text, thinned by an opacity; null for none. */
function colourOf(text: string, current: string, opacity: number): string | null {
  const word = text.toLowerCase();
  if (word === "none" || word.startsWith("context-")) return null;
  const colour = word === "currentcolor" ? current : text;
  if (opacity >= 1) return colour;
  const parsed = colourFrom(colour);
  if (!parsed) return null;
  const [red, green, blue, alpha] = parsed;
  return `rgba(${red}, ${green}, ${blue}, ${Math.round(alpha * opacity * 1e4) / 1e4})`;
}

/** Of a pattern the first colour that something in it is filled with; a middle grey without one. */
function patternColour(reading: Reading, pattern: SvgElement, opacity: number): string {
  const seen = new Set<SvgElement>();
  for (let one: SvgElement | null | undefined = pattern; one && !seen.has(one) && seen.size < 32; ) {
    seen.add(one);
    for (const child of elementsIn(one)) {
      const style = styleInPlace(reading, child);
      const colour = address.test(style.fill) ? null : colourOf(style.fill, style.color, opacity * style.fillOpacity);
      if (colour !== null) return colour;
    }
    const href = hrefOf(one);
    one = href === undefined ? null : target(reading, href);
  }
  return colourOf("#808080", "black", opacity) as string;
}

function gradientOf(
  reading: Reading,
  element: SvgElement,
  opacity: number,
  measures: Measures,
  box: () => Rect | null,
  fallback: () => Paint | null,
): Paint | null {
  const chain = chainOf(reading, element);
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

/** A gradient and those that it takes the rest from, the nearest first. */
function chainOf(reading: Reading, element: SvgElement): readonly SvgElement[] {
  const chain: SvgElement[] = [];
  let one: SvgElement | null | undefined = element;
  while (one && /^(linear|radial)Gradient$/.test(one.name) && !chain.includes(one) && chain.length < 32) {
    chain.push(one);
    const href = hrefOf(one);
    one = href === undefined ? null : target(reading, href);
  }
  return chain;
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
