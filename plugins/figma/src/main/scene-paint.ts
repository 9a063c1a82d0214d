import type { Paint as ScenePaint } from "@underdraw/engine/core";
import { determinant, inverse, product } from "./matrix.ts";
import { sixOf } from "./scene-path.ts";

/** What a paint looks like: a paint of a scene, or "picture" for what has colours that only an export knows. */
type Look = ScenePaint | "picture";

/** A node's size, which is asked for by gradients alone. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is seen of paints on a node, from the lowest up. Blend modes are not looked at. */
export function looksOf(paints: readonly Paint[], node: Size): readonly Look[] {
  const looks: Look[] = [];
  for (const paint of paints) {
    if (paint.visible === false || paint.opacity === 0) continue;
    const look = lookOf(paint, node);
    // A colour through which nothing shows.
    if (typeof look === "string" && /^#.{6}$/.test(look)) looks.length = 0;
    looks.push(look);
  }
  return looks;
}

function lookOf(paint: Paint, node: Size): Look {
  const { type, opacity = 1 } = paint;
  if (type === "SOLID") return hex({ ...paint.color, a: opacity });
  if (!("gradientStops" in paint)) return "picture";
  const { gradientTransform } = paint;
  const stops = paint.gradientStops
    .map(({ position, color }) => ({
      offset: Math.min(1, Math.max(0, position)),
      colour: { ...color, a: color.a * opacity },
    }))
    .sort((one, other) => one.offset - other.offset);
  const isLinear = type === "GRADIENT_LINEAR";
  if (!(isLinear || type === "GRADIENT_RADIAL") || Math.abs(determinant(gradientTransform)) < 1e-9)
    return mean(stops.map(({ colour }) => colour));
  const toNode = product(
    [
      [node.width, 0, 0],
      [0, node.height, 0],
    ],
    inverse(gradientTransform),
  );
  return {
    type: isLinear ? "linear" : "radial",
    // Figma's gradients lie in a square of side 1: along its middle line, or from its middle to its sides.
    from: isLinear ? [0, 0.5, 1, 0.5] : [0.5, 0.5, 0, 0.5, 0.5, 0.5],
    matrix: sixOf(toNode),
    stops: stops.map(({ offset, colour }) => ({ offset, colour: hex(colour) })),
  };
}

/** The mean of a gradient that no scene can draw: those that go around, or in diamonds. */
function mean(colours: readonly RGBA[]): string {
  const of = (key: keyof RGBA): number => colours.reduce((sum, colour) => sum + colour[key], 0) / colours.length;
  return hex({ r: of("r"), g: of("g"), b: of("b"), a: of("a") });
}

function hex({ r, g, b, a }: RGBA): string {
  const parts = a < 1 ? [r, g, b, a] : [r, g, b];
  return `#${parts.map((part) => (256 + Math.round(255 * part)).toString(16).slice(1)).join("")}`;
}
