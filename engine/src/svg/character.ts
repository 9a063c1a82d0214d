import { attribute, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures } from "./length.ts";
import { ownValue, type Reading } from "./reading.ts";
import { styleOf } from "./style.ts";
import type { Style } from "./style-record.ts";

/** One character with what the elements around it say of it. */
export interface Character {
  readonly text: string;
  readonly element: SvgElement;
  readonly style: Style;
  /** Those that it lies in, the outermost first. */
  readonly owners: readonly SvgElement[];
  /** How far it is raised above the line, in px. */
  readonly raised: number;
}

/** How deep elements of text are looked into. */
const deepest = 64;

/** The characters of a `text` element in order, with blanks as they count. */
export function charactersOf(
  reading: Reading,
  root: SvgElement,
  rootStyle: Style,
  measures: Measures,
): readonly Character[] {
  const found: Character[] = [];
  const visit = (element: SvgElement, style: Style, owners: readonly SvgElement[], raised: number): void => {
    for (const child of element.children) {
      if (typeof child === "string") {
        // A letter weighs about as much as a sign's outline of ten pieces.
        reading.spendPieces(10 * child.length);
        // Composed letters: fonts have those of Hangul and of accents so.
        for (const text of child.normalize("NFC")) found.push({ text, element, style, owners, raised });
        continue;
      }
      if (child.name === "textPath" || child.name === "tref" || child.name === "foreignObject")
        reading.report.skip(child.name);
      if ((child.name !== "tspan" && child.name !== "a") || owners.length >= deepest) continue;
      reading.spendElement();
      const own = styleOf(style, reading.declared(child), child, measures);
      if (ownValue(reading, child, "display", own) === "none") continue;
      visit(child, own, [...owners, child], raised + raisedBy(reading, child, own, measures));
    }
  };
  if (attribute(root, "textLength") !== undefined) reading.report.skip("textLength");
  visit(root, rootStyle, [root], 0);
  return collapsed(found);
}

/** How far `baseline-shift` raises an element's text, as browsers do for `sub` and `super`. */
function raisedBy(reading: Reading, element: SvgElement, style: Style, measures: Measures): number {
  const shift = ownValue(reading, element, "baseline-shift", style)?.toLowerCase();
  if (shift === undefined || shift === "baseline") return 0;
  if (shift === "sub") return -0.2 * style.fontSize;
  if (shift === "super") return 0.4 * style.fontSize;
  const sizes = { width: style.fontSize, height: style.fontSize, fontSize: style.fontSize };
  return lengthFrom(shift, "height", shift.endsWith("%") ? sizes : { ...measures, fontSize: style.fontSize }) ?? 0;
}

/** Blanks and line ends as one blank, none at the ends, unless they are to be kept. */
function collapsed(characters: readonly Character[]): readonly Character[] {
  const kept: Character[] = [];
  let afterBlank = true;
  for (const character of characters) {
    const isBlank = /^[ \t\r\n]$/.test(character.text);
    if (isBlank && afterBlank && !character.style.preserve) continue;
    kept.push(isBlank ? { ...character, text: " " } : character);
    afterBlank = isBlank && !character.style.preserve;
  }
  while (kept.at(-1)?.text === " " && !kept.at(-1)?.style.preserve) kept.pop();
  return kept;
}
