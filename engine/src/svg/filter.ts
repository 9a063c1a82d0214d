import { colourFrom } from "../scene/colour.ts";
import { attribute, elementsIn, type SvgElement } from "./element.ts";
import { numberFrom, numbersIn, shareFrom } from "./length.ts";
import { ownValue, type Reading, styleInPlace } from "./reading.ts";

// Filters as expressions of what they filter. Those that lay something below or above the drawing, as shadows do, are
// drawn; the drawing itself stays outlines.

/** A picture that a filter makes, as it is made. Lengths in the units of the filtered element. */
export type Effect =
  | { readonly is: "source" | "alpha" | "nothing" }
  | { readonly is: "flood"; readonly colour: readonly [red: number, green: number, blue: number, alpha: number] }
  | { readonly is: "offset"; readonly of: Effect; readonly x: number; readonly y: number }
  | { readonly is: "blur"; readonly of: Effect; readonly x: number; readonly y: number }
  | { readonly is: "spread"; readonly of: Effect; readonly x: number; readonly y: number; readonly grows: boolean }
  | { readonly is: "colours"; readonly of: Effect; readonly matrix: readonly number[] }
  | { readonly is: "composite"; readonly top: Effect; readonly bottom: Effect; readonly how: Composite }
  | {
      readonly is: "sum";
      readonly top: Effect;
      readonly bottom: Effect;
      /** How much of the product of both, of the first, of the second, and of 1. */
      readonly shares: readonly [number, number, number, number];
    }
  | { readonly is: "stack"; readonly of: readonly Effect[] };

/** How one picture is laid on another (Porter and Duff). */
export type Composite = "in" | "out" | "atop" | "xor";

/** What a filter lays below and above the drawing itself, each from the bottom to the top. */
export interface Layers {
  readonly below: readonly Effect[];
  readonly above: readonly Effect[];
  /** True where colours are mixed as light is, and not as they are written. */
  readonly linear: boolean;
}

/** What a filter lays around the drawing; null for one that changes the drawing itself, or is not understood. */
export function layersOf(reading: Reading, filter: SvgElement): Layers | null {
  if (attribute(filter, "primitiveUnits") === "objectBoundingBox") return null;
  const results = new Map<string, Effect>();
  let last: Effect = { is: "source" };
  let isFirst = true;
  let linear = true;
  for (const primitive of elementsIn(filter)) {
    if (!primitive.name.startsWith("fe")) continue;
    const style = styleInPlace(reading, primitive);
    const space = ownValue(reading, primitive, "color-interpolation-filters", style)?.toLowerCase();
    const own = (space ?? ownValue(reading, filter, "color-interpolation-filters", style)?.toLowerCase()) !== "srgb";
    if (!isFirst && own !== linear) return null;
    linear = own;
    isFirst = false;
    const before: Effect = last;
    const input = (text: string | undefined): Effect | null => {
      if (text === undefined || text === "") return before;
      if (text === "SourceGraphic") return { is: "source" };
      if (text === "SourceAlpha") return { is: "alpha" };
      if (text === "BackgroundImage" || text === "BackgroundAlpha") return { is: "nothing" };
      return results.get(text) ?? (text === "FillPaint" || text === "StrokePaint" ? null : before);
    };
    const effect = effectOf(reading, primitive, input);
    if (!effect) return null;
    last = effect;
    const result = attribute(primitive, "result");
    if (result) results.set(result, effect);
  }
  const stack = stackOf(last).filter(({ is }) => is !== "nothing");
  const at = stack.findIndex(({ is }) => is === "source");
  if (isFirst || at < 0 || stack.slice(at + 1).some(({ is }) => is === "source")) return null;
  return { below: stack.slice(0, at), above: stack.slice(at + 1), linear };
}

/** What is laid on one another, from the bottom to the top. */
function stackOf(effect: Effect): readonly Effect[] {
  return effect.is === "stack" ? effect.of.flatMap(stackOf) : [effect];
}

function effectOf(
  reading: Reading,
  primitive: SvgElement,
  input: (text: string | undefined) => Effect | null,
): Effect | null {
  // A primitive that draws only in a part of the region is rare, and not understood.
  if (["x", "y", "width", "height"].some((name) => attribute(primitive, name) !== undefined)) return null;
  const numbers = (name: string): readonly number[] => numbersIn(attribute(primitive, name) ?? "");
  const [of, under] = [input(attribute(primitive, "in")), input(attribute(primitive, "in2"))];
  if (!of) return null;
  switch (primitive.name) {
    case "feFlood":
      return { is: "flood", colour: floodOf(reading, primitive) };
    case "feOffset":
      return {
        is: "offset",
        of,
        x: numberFrom(attribute(primitive, "dx")) ?? 0,
        y: numberFrom(attribute(primitive, "dy")) ?? 0,
      };
    case "feGaussianBlur": {
      const [x = 0, y = x] = numbers("stdDeviation");
      return x === 0 && y === 0 ? of : { is: "blur", of, x: Math.max(0, x), y: Math.max(0, y) };
    }
    case "feMorphology": {
      const [x = 0, y = x] = numbers("radius");
      const grows = attribute(primitive, "operator") === "dilate";
      return x > 0 && y > 0 ? { is: "spread", of, x, y, grows } : of;
    }
    case "feColorMatrix": {
      const matrix = numbers("values");
      const type = attribute(primitive, "type") ?? "matrix";
      return type === "matrix" && matrix.length === 20 ? { is: "colours", of, matrix } : null;
    }
    case "feBlend":
      return under && (attribute(primitive, "mode") ?? "normal") === "normal" ? { is: "stack", of: [under, of] } : null;
    case "feMerge": {
      const nodes = elementsIn(primitive).filter(({ name }) => name === "feMergeNode");
      const parts = nodes.map((node) => input(attribute(node, "in")));
      return parts.includes(null) ? null : { is: "stack", of: parts as Effect[] };
    }
    case "feComposite": {
      const how = attribute(primitive, "operator") ?? "over";
      if (!under) return null;
      if (how === "over") return { is: "stack", of: [under, of] };
      if (how === "arithmetic") {
        const share = (name: string): number => numberFrom(attribute(primitive, name)) ?? 0;
        return { is: "sum", top: of, bottom: under, shares: [share("k1"), share("k2"), share("k3"), share("k4")] };
      }
      const known = how === "in" || how === "out" || how === "atop" || how === "xor";
      return known ? { is: "composite", top: of, bottom: under, how } : null;
    }
    case "feDropShadow": {
      const [x = 2, y = x] = numbers("stdDeviation");
      const blurred: Effect = { is: "blur", of: { is: "alpha" }, x, y };
      const place = (name: string): number => numberFrom(attribute(primitive, name)) ?? 2;
      const moved: Effect = { is: "offset", of: blurred, x: place("dx"), y: place("dy") };
      const flood: Effect = { is: "flood", colour: floodOf(reading, primitive) };
      return { is: "stack", of: [{ is: "composite", top: flood, bottom: moved, how: "in" }, of] };
    }
    default:
      return null;
  }
}

function floodOf(reading: Reading, primitive: SvgElement): readonly [number, number, number, number] {
  const style = styleInPlace(reading, primitive);
  const text = ownValue(reading, primitive, "flood-color", style) ?? "black";
  const [red, green, blue, alpha] = colourFrom(text.toLowerCase() === "currentcolor" ? style.color : text) ?? [
    0, 0, 0, 1,
  ];
  const opacity = shareFrom(ownValue(reading, primitive, "flood-opacity", style)) ?? 1;
  return [red / 255, green / 255, blue / 255, alpha * opacity];
}
