import type { FillRule } from "../core/scene.ts";
import { lengthFrom, lengthsFrom, type Measures, numberFrom, shareFrom } from "./length.ts";
import { initialStyle, type PaintPart, type Style } from "./style-record.ts";

// What each inherited property makes of its value.

const weights: Readonly<Record<string, number>> = { normal: 400, bold: 700 };

/** Named sizes of fonts in px, as browsers have them. */
const fontSizes: Readonly<Record<string, number>> = {
  "xx-small": 9,
  "x-small": 10,
  small: 13,
  medium: 16,
  large: 18,
  "x-large": 24,
  "xx-large": 32,
};

/** The field of each inherited property. */
const fields: Readonly<Record<string, keyof Style>> = {
  color: "color",
  fill: "fill",
  "fill-opacity": "fillOpacity",
  "fill-rule": "fillRule",
  "clip-rule": "clipRule",
  stroke: "stroke",
  "stroke-opacity": "strokeOpacity",
  "stroke-width": "strokeWidth",
  "stroke-dasharray": "dash",
  "stroke-dashoffset": "dashOffset",
  "stroke-linecap": "cap",
  "stroke-linejoin": "join",
  "stroke-miterlimit": "miterLimit",
  visibility: "visible",
  "paint-order": "paintOrder",
  "marker-start": "markerStart",
  "marker-mid": "markerMid",
  "marker-end": "markerEnd",
  "font-family": "fontFamily",
  "font-size": "fontSize",
  "font-weight": "fontWeight",
  "font-style": "italic",
  "text-anchor": "anchor",
  "letter-spacing": "letterSpacing",
  "word-spacing": "wordSpacing",
  "dominant-baseline": "baseline",
  "white-space": "preserve",
};

/** Sets what a property declares; what cannot be meant leaves the style as it is. */
export function apply(
  style: { -readonly [Key in keyof Style]: Style[Key] },
  outer: Style,
  name: string,
  value: string,
  measures: Measures,
): void {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) return;
  const word = value.toLowerCase();
  if (word === "inherit" || word === "unset" || word === "revert")
    return void Object.assign(style, { [field]: outer[field] });
  if (word === "initial") return void Object.assign(style, { [field]: initialStyle[field] });
  switch (field) {
    case "color":
      if (word !== "currentcolor") style.color = value;
      return;
    case "fill":
    case "stroke":
    case "fontFamily":
    case "markerStart":
    case "markerMid":
    case "markerEnd":
      style[field] = value;
      return;
    case "fillOpacity":
    case "strokeOpacity":
      style[field] = shareFrom(value) ?? style[field];
      return;
    case "fillRule":
    case "clipRule":
      style[field] = word as FillRule;
      return;
    case "strokeWidth":
    case "dashOffset":
      style[field] = lengthFrom(value, "diagonal", measures) ?? style[field];
      return;
    case "dash":
      style.dash = dashFrom(word === "none" ? [] : (lengthsFrom(value, "diagonal", measures) ?? []));
      return;
    case "cap":
      style.cap = word as Style["cap"];
      return;
    case "join":
      style.join = word === "round" || word === "bevel" ? word : "miter";
      return;
    case "miterLimit":
      style.miterLimit = numberFrom(value) ?? style.miterLimit;
      return;
    case "visible":
      style.visible = word === "visible";
      return;
    case "paintOrder":
      style.paintOrder = orderFrom(word);
      return;
    case "fontSize":
      style.fontSize = fontSizeFrom(word, outer.fontSize, measures) ?? style.fontSize;
      return;
    case "fontWeight":
      style.fontWeight = weightFrom(word, outer.fontWeight);
      return;
    case "italic":
      style.italic = word.startsWith("italic") || word.startsWith("oblique");
      return;
    case "anchor":
      style.anchor = word as Style["anchor"];
      return;
    case "letterSpacing":
    case "wordSpacing":
      style[field] = word === "normal" ? 0 : (lengthFrom(value, "diagonal", measures) ?? 0);
      return;
    case "baseline":
      style.baseline = word;
      return;
    case "preserve":
      style.preserve = word.startsWith("pre") || word === "break-spaces";
      return;
  }
}

/** The order of painting: what is not named comes after what is, in the usual order. */
function orderFrom(word: string): readonly PaintPart[] {
  const named = word.split(/\s+/).filter((part) => initialStyle.paintOrder.includes(part as PaintPart));
  return [...new Set([...(named as PaintPart[]), ...initialStyle.paintOrder])];
}

/** Dashes as a line takes them: an odd list twice, one of nothing but zeros not at all. */
function dashFrom(lengths: readonly number[]): readonly number[] {
  if (!lengths.some((value) => value > 0)) return [];
  return lengths.length % 2 === 0 ? lengths : [...lengths, ...lengths];
}

function fontSizeFrom(word: string, outer: number, measures: Measures): number | undefined {
  if (Object.hasOwn(fontSizes, word)) return fontSizes[word];
  if (word === "larger") return outer * 1.2;
  if (word === "smaller") return outer / 1.2;
  if (word.endsWith("%")) return ((numberFrom(word.slice(0, -1)) ?? 100) / 100) * outer;
  const size = lengthFrom(word, "height", { ...measures, fontSize: outer });
  return size !== undefined && size >= 0 ? size : undefined;
}

function weightFrom(word: string, outer: number): number {
  if (Object.hasOwn(weights, word)) return weights[word] as number;
  if (word === "bolder") return outer < 400 ? 400 : outer < 600 ? 700 : 900;
  if (word === "lighter") return outer < 600 ? 100 : outer < 800 ? 400 : 700;
  const value = numberFrom(word);
  return value !== undefined && value >= 1 && value <= 1000 ? value : 400;
}
