// Numbers and lengths as SVG writes them, in pixels: 96 to the inch, as CSS has it.

/** What relative lengths refer to. */
export interface Measures {
  /** The size of the nearest viewport, in its own units. */
  readonly width: number;
  readonly height: number;
  /** The font's size in px. */
  readonly fontSize: number;
}

/** What a percentage is of. */
export type Side = "width" | "height" | "diagonal";

/** CSS's absolute units in px. */
const units: Readonly<Record<string, number>> = {
  "": 1,
  px: 1,
  pt: 96 / 72,
  pc: 16,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  q: 96 / 101.6,
  in: 96,
};

/** What is as large as this is no coordinate of a drawing. */
const largest = 1e9;

const written = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%|[a-z]*)$/i;

/** A length in px; undefined for a text that is none, or beyond every drawing. */
export function lengthFrom(text: string | undefined, side: Side, measures: Measures): number | undefined {
  const match = text === undefined ? null : written.exec(text.trim());
  if (!match) return undefined;
  const unit = (match[2] as string).toLowerCase();
  const value = Number(match[1]) * perUnit(unit, side, measures);
  return Math.abs(value) < largest ? value : undefined;
}

/** Px in a unit; NaN for one that is not known. */
function perUnit(unit: string, side: Side, { width, height, fontSize }: Measures): number {
  const fixed = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (fixed !== undefined) return fixed;
  switch (unit) {
    case "%":
      if (side === "width") return width / 100;
      return side === "height" ? height / 100 : Math.sqrt((width * width + height * height) / 2) / 100;
    case "em":
      return fontSize;
    case "ex":
    case "ch":
      return fontSize / 2;
    case "rem":
      return 16;
    case "vw":
      return width / 100;
    case "vh":
      return height / 100;
    default:
      return Number.NaN;
  }
}

/** A bare number; undefined for anything else. */
export function numberFrom(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  const value = Number(text);
  return Math.abs(value) < largest ? value : undefined;
}

/** A number or a percentage of one, kept between 0 and 1; undefined for anything else. */
export function shareFrom(text: string | undefined): number | undefined {
  const match = text === undefined ? null : written.exec(text.trim());
  if (!match || (match[2] !== "" && match[2] !== "%")) return undefined;
  const value = match[2] === "%" ? Number(match[1]) / 100 : Number(match[1]);
  return Math.min(1, Math.max(0, value));
}

/** Lengths apart by blanks or commas; undefined where one of them is none. */
export function lengthsFrom(text: string, side: Side, measures: Measures): readonly number[] | undefined {
  const found: number[] = [];
  for (const word of text.trim().split(/[\s,]+/)) {
    const value = lengthFrom(word, side, measures);
    if (value === undefined) return undefined;
    found.push(value);
  }
  return found;
}

/** The numbers that a text begins with, apart by blanks, commas, or nothing where a sign or a point parts them. */
export function numbersIn(text: string, most = Number.POSITIVE_INFINITY): readonly number[] {
  const found: number[] = [];
  const number = /[\s,]*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/iy;
  while (found.length < most) {
    const match = number.exec(text);
    if (!match) break;
    const value = Number(match[1]);
    if (!(Math.abs(value) < largest)) break;
    found.push(value);
  }
  return found;
}
