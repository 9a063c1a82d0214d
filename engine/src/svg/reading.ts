import type { Pixels } from "../core/pixels.ts";
import type { GradientStop, SceneClip } from "../core/scene.ts";
import { readPathData } from "../scene/path-data.ts";
import { hrefOf, type SvgDocument, type SvgElement } from "./element.ts";
import type { Face } from "./font.ts";
import type { Measures } from "./length.ts";
import type { SvgLimits } from "./limits.ts";
import type { Names, Place, Sink } from "./place.ts";
import { unreadable } from "./refusal.ts";
import type { Reporter } from "./report.ts";
import { type Declared, declaredValue, styleOf } from "./style.ts";
import { initialStyle, type Style } from "./style-record.ts";
import type { Template } from "./template.ts";

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
  /** True while something is drawn that effects are made from: those inside of it are left out. */
  readonly isForEffects?: boolean;
  /** Walks over elements, and hands each shape to the sink. Yields now and then. */
  readonly walk: (
    reading: Reading,
    elements: readonly SvgElement[],
    place: Place,
    names: Names,
    sink: Sink,
  ) => Generator<void, void, void>;
  /** What was resolved before, by what it was resolved from. */
  readonly kept: {
    readonly stops: Map<SvgElement, Map<number, readonly GradientStop[]>>;
    readonly clips: Map<SvgElement, Map<string, SceneClip>>;
    readonly templates: Map<SvgElement, Template>;
    readonly masks: Map<SvgElement, Map<string, readonly SceneClip[]>>;
  };
  /** The document's size in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** Counts pixels of masks, effects and tiles; false where they would be too many in all. */
  spendPixels(count: number): boolean;
  /** Counts an element that is drawn; one that is only measured weighs less. Throws `picture-unreadable` beyond the limit. */
  spendElement(weight?: number): void;
  /** Counts pieces of outlines. Throws `picture-unreadable` beyond the limit. */
  spendPieces(count: number): void;
  /** Counts the pieces of path data of the file's own, and tells of a mistake in it. */
  spendPath(path: string): void;
}

/** What is kept of a file while it is read: nothing yet. */
export const createKept = (): Reading["kept"] => ({
  stops: new Map(),
  clips: new Map(),
  templates: new Map(),
  masks: new Map(),
});

/** So many pixels of masks, effects and tiles are drawn for one file. */
const mostPixels = 48_000_000;

/** Counters that refuse what is beyond the limits. */
export function createBudget(
  file: string,
  limits: SvgLimits,
  report: Reporter,
): Pick<Reading, "spendElement" | "spendPieces" | "spendPath" | "spendPixels"> {
  let [elements, segments, pixels] = [0, 0, 0];
  // What is repeated is looked at once.
  const known = new Map<string, number>();
  const budget = {
    spendElement(weight = 1) {
      elements += weight;
      if (elements <= limits.elements) return;
      const reason = `it has more than ${limits.elements} elements, those that <use> repeats included. Simplify the drawing, or raise limits.elements.`;
      throw unreadable(file, reason);
    },
    spendPixels(count: number) {
      if (pixels + count > mostPixels) return false;
      pixels += count;
      return true;
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

/** An element and those of the same kind that it takes by `href` what it does not say itself, the nearest first. */
export function chainOf(reading: Reading, element: SvgElement, kind: RegExp): readonly SvgElement[] {
  const chain: SvgElement[] = [];
  let one: SvgElement | null | undefined = element;
  while (one && kind.test(one.name) && !chain.includes(one) && chain.length < 32) {
    chain.push(one);
    const href = hrefOf(one);
    one = href === undefined ? null : target(reading, href);
  }
  return chain;
}
