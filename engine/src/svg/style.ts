import { attribute, type SvgElement } from "./element.ts";
import { apply } from "./inherited.ts";
import type { Measures } from "./length.ts";
import { fontParts, isOpen, isPresentation, takes } from "./property.ts";
import type { Reporter } from "./report.ts";
import type { Style } from "./style-record.ts";
import { declarationsIn, type StyleSheet } from "./stylesheet.ts";

// What an element looks like: what its attributes, the style sheets and its own style declare, in rising weight, and what
// it inherits of the rest.

/** What an element declares, by property. */
export type Declared = ReadonlyMap<string, string>;

/** Finds what elements declare, each once. */
export function createCascade(sheet: StyleSheet, report: Reporter): (element: SvgElement) => Declared {
  const known = new WeakMap<SvgElement, Declared>();
  return (element) => {
    let declared = known.get(element);
    if (!declared) {
      declared = declaredBy(element, sheet, report);
      known.set(element, declared);
    }
    return declared;
  };
}

function declaredBy(element: SvgElement, sheet: StyleSheet, report: Reporter): Declared {
  const declared = new Map<string, string>();
  const weighty = new Set<string>();
  const set = (name: string, value: string, important: boolean): void => {
    if (name === "font") {
      for (const [part, own] of fontParts(value)) set(part, own, important);
      return;
    }
    if (name === "marker") {
      for (const part of ["start", "mid", "end"]) set(`marker-${part}`, value, important);
      return;
    }
    if (weighty.has(name) && !important) return;
    if (!takes(name, value)) {
      // What stood before it holds on, as files say it twice for readers old and new; without that something is missing.
      const call = declared.has(name) ? null : /^(?:color|lab|lch|oklab|oklch|color-mix|path)(?=\()/i.exec(value);
      if (call) report.skip(`${name} ${call[0].toLowerCase()}()`);
      return;
    }
    if (important) weighty.add(name);
    declared.set(name, value);
  };
  const { attributes } = element;
  for (const name in attributes) {
    if (isPresentation(name)) set(name, (attributes[name] as string).trim(), false);
  }
  for (const { name, value, important } of sheet.declarationsFor(element)) set(name, value, important);
  const own = attributes["style"];
  if (own) for (const { name, value, important } of declarationsIn(own)) set(name, value, important);
  return declared;
}

/** A declared value as its place resolves it; undefined for none and for one that cannot be resolved. */
export function declaredValue(declared: Declared, name: string, style: Style): string | undefined {
  const value = declared.get(name);
  if (value === undefined || !isOpen(value)) return value;
  const resolved = resolve(value, style.custom, 0);
  return resolved !== null && takes(name, resolved) ? resolved : undefined;
}

/** Puts custom properties in their place; of `light-dark` the light one. Null where one is missing or all grows too long. */
function resolve(value: string, custom: ReadonlyMap<string, string>, depth: number): string | null {
  if (depth > 16 || value.length > 4096) return null;
  const call = /\b(var|light-dark)\(/i.exec(value);
  if (!call) return value;
  const begin = call.index + call[0].length;
  let [end, comma, open] = [begin, -1, 1];
  for (; end < value.length; end++) {
    const character = value[end];
    if (character === "(") open++;
    else if (character === ")" && --open === 0) break;
    else if (character === "," && open === 1 && comma < 0) comma = end;
  }
  const first = value.slice(begin, comma < 0 ? end : comma).trim();
  const fallback = comma < 0 ? undefined : value.slice(comma + 1, end).trim();
  const found = (call[1] as string).toLowerCase() === "var" ? (custom.get(first) ?? fallback) : first;
  if (found === undefined) return null;
  return resolve(`${value.slice(0, call.index)}${found}${value.slice(end + 1)}`.trim(), custom, depth + 1);
}

/** The style of an element that declares this and lies in `outer`. */
export function styleOf(outer: Style, declared: Declared, element: SvgElement, measures: Measures): Style {
  const space = attribute(element, "xml:space");
  if (declared.size === 0 && space === undefined) return outer;
  const style: { -readonly [Key in keyof Style]: Style[Key] } = { ...outer };
  if (space !== undefined) style.preserve = space === "preserve";
  for (const [name, value] of declared) {
    if (name.startsWith("--")) style.custom = new Map(style.custom).set(name, value);
  }
  // The size of the font first: other lengths refer to it.
  for (const name of ["font-size", ...declared.keys()]) {
    const value = declaredValue(declared, name, style);
    if (value !== undefined) apply(style, outer, name, value, { ...measures, fontSize: style.fontSize });
  }
  return style;
}
