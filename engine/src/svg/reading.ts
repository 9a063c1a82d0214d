import type { Pixels } from "../core/pixels.ts";
import type { GradientStop, SceneClip } from "../core/scene.ts";
import { readPathData } from "../scene/path-data.ts";
import type { SvgDocument, SvgElement } from "./element.ts";
import type { Face } from "./font.ts";
import type { Measures } from "./length.ts";
import type { SvgLimits } from "./limits.ts";
import { unreadable } from "./refusal.ts";
import type { Reporter } from "./report.ts";
import { type Declared, declaredValue, styleOf } from "./style.ts";
import { initialStyle, type Style } from "./style-record.ts";

/** What the parts of a file that is being read share. */
export interface Reading {
  readonly file: string;
  readonly document: SvgDocument;
  readonly limits: SvgLimits;
  readonly report: Reporter;
  /** The language that a `switch` chooses by, such as `en`. */
  readonly language: string;
  /** The outermost viewport, for what has no nearer one. */
  readonly measures: Measures;
  /** Pixels of the pictures inside the file, by their `href`. */
  readonly pictures: ReadonlyMap<string, Pixels>;
  readonly faces: readonly Face[];
  declared(element: SvgElement): Declared;
  /** The stops of gradients and the outlines of clip paths that were resolved before, by what they were resolved from. */
  readonly kept: {
    readonly stops: Map<SvgElement, Map<number, readonly GradientStop[]>>;
    readonly clips: Map<SvgElement, Map<string, SceneClip>>;
  };
  /** Counts an element that is drawn; one that is only measured weighs less. Throws `picture-unreadable` beyond the limit. */
  spendElement(weight?: number): void;
  /** Counts pieces of outlines. Throws `picture-unreadable` beyond the limit. */
  spendPieces(count: number): void;
  /** Counts the pieces of path data of the file's own, and tells of a mistake in it. */
  spendPath(path: string): void;
}

/** What is kept of a file while it is read: nothing yet. */
export const createKept = (): Reading["kept"] => ({ stops: new Map(), clips: new Map() });

/** Counters that refuse what is beyond the limits. */
export function createBudget(
  file: string,
  limits: SvgLimits,
  report: Reporter,
): Pick<Reading, "spendElement" | "spendPieces" | "spendPath"> {
  let [elements, segments] = [0, 0];
  // What is repeated is looked at once.
  const known = new Map<string, number>();
  const budget = {
    spendElement(weight = 1) {
      elements += weight;
      if (elements <= limits.elements) return;
      const reason = `it has more than ${limits.elements} elements, those that <use> repeats included. Simplify the drawing, or raise limits.elements.`;
      throw unreadable(file, reason);
    },
    spendPieces(count: number) {
      segments += count;
      if (segments <= limits.segments) return;
      const reason = `its paths have more than ${limits.segments} pieces, those that <use> repeats included. Simplify the drawing, or raise limits.segments.`;
      throw unreadable(file, reason);
    },
    spendPath(path: string) {
      let pieces = known.get(path);
      if (pieces === undefined) {
        const { kinds, mistake } = readPathData(path);
        pieces = kinds.length;
        known.set(path, pieces);
        if (mistake !== null) report.skip("rest of a path behind a mistake in it");
      }
      budget.spendPieces(pieces);
    },
  };
  return budget;
}

/** The style of an element where it stands in the file, whoever refers to it. */
export function styleInPlace(reading: Reading, element: SvgElement | null): Style {
  const chain: SvgElement[] = [];
  for (let at = element; at; at = at.parent) chain.push(at);
  let style = initialStyle;
  for (const one of chain.reverse()) style = styleOf(style, reading.declared(one), one, reading.measures);
  return style;
}

/** The value of a property that is not inherited; undefined for none. */
export function ownValue(reading: Reading, element: SvgElement, name: string, style: Style): string | undefined {
  const value = declaredValue(reading.declared(element), name, style);
  return value !== undefined && /^(inherit|initial|unset|revert)$/i.test(value) ? undefined : value;
}

/** What a text such as `url(#id)` or `#id` points to inside of the file; null for nothing, undefined for elsewhere. */
export function target(reading: Reading, address: string): SvgElement | null | undefined {
  const text = address.trim();
  if (!text.startsWith("#")) {
    if (text !== "") reading.report.skip("external reference");
    return undefined;
  }
  const id = text.slice(1);
  const found = reading.document.ids.get(id);
  if (found) return found;
  try {
    return reading.document.ids.get(decodeURIComponent(id)) ?? null;
  } catch {
    return null;
  }
}
