import { colourFrom } from "../scene/colour.ts";
import { numberFrom, shareFrom } from "./length.ts";
import { transformFrom } from "./transform.ts";

// Which values a property takes: one that it does not take leaves what was declared before it in force, as CSS has it.

type Check = (value: string) => boolean;

const words =
  (...known: readonly string[]): Check =>
  (value) =>
    known.includes(value.toLowerCase());
const length: Check = (value) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*(%|[a-z]*)$/i.test(value);
const size: Check = (value) => length(value) && !value.startsWith("-");
const share: Check = (value) => shareFrom(value) !== undefined;
const any: Check = () => true;
const rule = words("nonzero", "evenodd");
const spacing: Check = (value) => value.toLowerCase() === "normal" || length(value);

/** An address inside of a paint, a clip or a mask: what stands in `url()`, and what follows. */
export const address = /^url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)\s*([\s\S]*)$/i;

const paint: Check = (value) =>
  /^(none|currentcolor|context-fill|context-stroke)$/i.test(value) || address.test(value) || colourFrom(value) !== null;
const reference: Check = (value) => value.toLowerCase() === "none" || address.test(value) || value.includes("(");

/** The properties that count, by name. What is not here is not looked at. */
const properties: Readonly<Record<string, Check>> = {
  color: (value) => /^currentcolor$/i.test(value) || colourFrom(value) !== null,
  fill: paint,
  "fill-opacity": share,
  "fill-rule": rule,
  "clip-rule": rule,
  stroke: paint,
  "stroke-opacity": share,
  "stroke-width": size,
  "stroke-dasharray": (value) => value.toLowerCase() === "none" || value.split(/[\s,]+/).every(size),
  "stroke-dashoffset": length,
  "stroke-linecap": words("butt", "round", "square"),
  "stroke-linejoin": words("miter", "miter-clip", "arcs", "round", "bevel"),
  "stroke-miterlimit": (value) => (numberFrom(value) ?? 0) >= 1,
  visibility: words("visible", "hidden", "collapse"),
  display: any,
  opacity: share,
  overflow: any,
  transform: (value) => transformFrom(value) !== null,
  "transform-origin": any,
  "transform-box": any,
  "clip-path": reference,
  mask: reference,
  "mask-type": words("luminance", "alpha"),
  filter: any,
  background: any,
  "background-color": any,
  "mix-blend-mode": any,
  "paint-order": any,
  "vector-effect": any,
  "marker-start": reference,
  "marker-mid": reference,
  "marker-end": reference,
  "stop-color": (value) => /^currentcolor$/i.test(value) || colourFrom(value) !== null,
  "stop-opacity": share,
  "flood-color": (value) => /^currentcolor$/i.test(value) || colourFrom(value) !== null,
  "flood-opacity": share,
  "color-interpolation-filters": any,
  "font-family": any,
  "font-size": any,
  "font-weight": any,
  "font-style": any,
  "text-anchor": words("start", "middle", "end"),
  "letter-spacing": spacing,
  "word-spacing": spacing,
  "dominant-baseline": any,
  "alignment-baseline": any,
  "baseline-shift": any,
  "white-space": any,
  x: length,
  y: length,
  cx: length,
  cy: length,
  r: size,
  rx: (value) => value === "auto" || size(value),
  ry: (value) => value === "auto" || size(value),
  width: (value) => value === "auto" || size(value),
  height: (value) => value === "auto" || size(value),
};

/** Those that are no attributes of the same meaning, or attributes of which each element makes its own. */
const onlyInStyles = new Set([
  "x",
  "y",
  "cx",
  "cy",
  "r",
  "rx",
  "ry",
  "width",
  "height",
  "white-space",
  "background",
  "background-color",
]);

const keywords = /^(inherit|initial|unset|revert)$/i;

/** Whether a value holds a function that only the place of an element can resolve. */
export function isOpen(value: string): boolean {
  return /\b(var|light-dark)\(/i.test(value);
}

/** Whether a property is known and takes a value. */
export function takes(name: string, value: string): boolean {
  if (name.startsWith("--")) return true;
  const check = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return check !== undefined && value !== "" && (keywords.test(value) || isOpen(value) || check(value));
}

/** Whether an attribute of this name is a property. */
export function isPresentation(name: string): boolean {
  return Object.hasOwn(properties, name) && !onlyInStyles.has(name);
}

/** The shorthand `font` as its parts; nothing for one that is not understood. */
export function fontParts(value: string): readonly (readonly [name: string, value: string])[] {
  if (value.length > 1000) return [];
  const match =
    /^((?:[a-z-]+|\d{3})\s+)*?([\d.]+(?:px|pt|pc|mm|cm|in|em|ex|rem|%)?|(?:xx?-)?(?:small|large)|medium|smaller|larger)(?:\s*\/\s*\S+)?\s+(\S[\s\S]*)$/i.exec(
      value,
    );
  if (!match) return [];
  const before = value.slice(0, value.length - (match[3] as string).length).toLowerCase();
  const weight = /\b(bold|bolder|lighter|[1-9]00)\s/.exec(before)?.[1] ?? "normal";
  const style = /\b(italic|oblique)\b/.exec(before)?.[1] ?? "normal";
  return [
    ["font-style", style],
    ["font-weight", weight],
    ["font-size", match[2] as string],
    ["font-family", match[3] as string],
  ];
}
