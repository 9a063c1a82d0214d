import type { Rect } from "../core/index.ts";
import { type Character, charactersOf } from "./character.ts";
import { attribute, type SvgElement } from "./element.ts";
import { faceFor, outlineOf, type Sign, signsOf } from "./font.ts";
import { lengthsFrom, type Measures, numbersIn } from "./length.ts";
import { joined } from "./outline.ts";
import type { Reading } from "./reading.ts";
import type { Style } from "./style-record.ts";
import { transformFrom } from "./transform.ts";

// Text as outlines where there are fonts, else as boxes. A line runs from left to right; text on a path and text from top
// to bottom are not drawn.

/** A piece of text of one element, laid out in the coordinates of its `text` element. */
export interface TextRun {
  readonly element: SvgElement;
  readonly style: Style;
  readonly words: string;
  /** The outlines of its signs, or its box. */
  readonly path: string;
  readonly isBox: boolean;
  readonly box: Rect;
}

/** Where the pen is sent before a character. */
interface Places {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly dx: readonly number[];
  readonly dy: readonly number[];
  readonly rotate: readonly number[];
}

/** A character or several that are shaped as one, and where they stand. */
interface Cluster {
  readonly first: number;
  readonly end: number;
  readonly signs: readonly Sign[] | null;
  readonly face: ReturnType<typeof faceFor>;
  readonly advance: number;
  x: number;
  y: number;
  readonly turn: number;
}

/** Lays out a `text` element. */
export function layOut(reading: Reading, root: SvgElement, rootStyle: Style, measures: Measures): readonly TextRun[] {
  const characters = charactersOf(reading, root, rootStyle, measures);
  if (characters.length === 0) return [];
  const clusters = placed(reading, characters, measures);
  return runsOf(reading, characters, clusters);
}

function placesOf(element: SvgElement, style: Style, measures: Measures): Places {
  const sizes = { ...measures, fontSize: style.fontSize };
  const list = (name: string, side: "width" | "height"): readonly number[] => {
    const text = attribute(element, name);
    return text ? (lengthsFrom(text, side, sizes) ?? []) : [];
  };
  return {
    x: list("x", "width"),
    y: list("y", "height"),
    dx: list("dx", "width"),
    dy: list("dy", "height"),
    rotate: numbersIn(attribute(element, "rotate") ?? ""),
  };
}

/** Shapes the characters and sends the pen over them. */
function placed(reading: Reading, characters: readonly Character[], measures: Measures): readonly Cluster[] {
  const places = new Map<SvgElement, Places>();
  const counts = new Map<SvgElement, number>();
  const moves = characters.map(({ owners, style }) => {
    let [x, y, dx, dy, turn] = [undefined, undefined, 0, 0, 0] as [
      number | undefined,
      number | undefined,
      number,
      number,
      number,
    ];
    for (const owner of owners) {
      let own = places.get(owner);
      if (!own) {
        own = placesOf(owner, style, measures);
        places.set(owner, own);
      }
      const at = counts.get(owner) ?? 0;
      counts.set(owner, at + 1);
      x = own.x[at] ?? x;
      y = own.y[at] ?? y;
      dx = own.dx[at] ?? dx;
      dy = own.dy[at] ?? dy;
      turn = own.rotate[Math.min(at, own.rotate.length - 1)] ?? turn;
    }
    return { x, y, dx, dy, turn };
  });

  const clusters: Cluster[] = [];
  let [penX, penY] = [0, 0];
  let chunk = 0;
  const anchor = (end: number): void => {
    const style = characters[clusters[chunk]?.first ?? 0]?.style ?? null;
    if (!style || style.anchor === "start") return;
    const from = clusters[chunk]?.x ?? 0;
    const shift = (penX - from) * (style.anchor === "middle" ? 0.5 : 1);
    for (let at = chunk; at < end; at++) (clusters[at] as Cluster).x -= shift;
  };
  for (let first = 0; first < characters.length; ) {
    const move = moves[first] as (typeof moves)[number];
    if (move.x !== undefined || move.y !== undefined) {
      anchor(clusters.length);
      chunk = clusters.length;
      [penX, penY] = [move.x ?? penX, move.y ?? penY];
    }
    [penX, penY] = [penX + move.dx, penY + move.dy];
    const { style } = characters[first] as Character;
    const isAlone = style.letterSpacing !== 0 || style.wordSpacing !== 0 || move.turn !== 0;
    let end = first + 1;
    while (!isAlone && end < characters.length && characters[end]?.style === style) {
      const next = moves[end] as (typeof moves)[number];
      const isMoved = next.x !== undefined || next.y !== undefined || next.dx !== 0 || next.dy !== 0 || next.turn !== 0;
      if (isMoved || characters[end]?.element !== characters[first]?.element) break;
      end++;
    }
    const cluster = shaped(reading, characters, first, end, move.turn);
    clusters.push({ ...cluster, x: penX, y: penY });
    penX += cluster.advance;
    first = end;
  }
  anchor(clusters.length);
  return clusters;
}

function shaped(
  reading: Reading,
  characters: readonly Character[],
  first: number,
  end: number,
  turn: number,
): Omit<Cluster, "x" | "y"> {
  const { style } = characters[first] as Character;
  const text = characters
    .slice(first, end)
    .map((character) => character.text)
    .join("");
  const face = faceFor(reading.faces, style);
  const spacing = style.letterSpacing * (end - first) + (text === " " ? style.wordSpacing : 0);
  if (!face) return { first, end, signs: null, face, advance: guessed(text) * style.fontSize + spacing, turn };
  const signs = signsOf(face.face, text, style.fontSize, style.letterSpacing !== 0);
  const advance = signs.reduce((sum, sign) => sum + sign.advance, spacing);
  return { first, end, signs, face, advance, turn };
}

/** About how wide text is, in em, where no font tells: the mean of common ones. */
function guessed(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (
      code >= 0x1100 &&
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        character,
      )
    )
      width += 1;
    else if (/[ilj|.,:;'!`ftr()[\] ]/.test(character)) width += 0.3;
    else width += /[A-Zmw@%&]/.test(character) ? 0.7 : 0.54;
  }
  return width;
}

/** The clusters of each element together, as one run for each time that it is in force. */
function runsOf(reading: Reading, characters: readonly Character[], clusters: readonly Cluster[]): readonly TextRun[] {
  const runs: TextRun[] = [];
  let [at, end] = [0, 0];
  for (; at < clusters.length; at = end) {
    const { element, style } = characters[(clusters[at] as Cluster).first] as Character;
    let words = "";
    let path = "";
    let box: Rect | null = null;
    let isBox = false;
    for (end = at; end < clusters.length; end++) {
      const cluster = clusters[end] as Cluster;
      const character = characters[cluster.first] as Character;
      if (character.element !== element) break;
      for (let each = cluster.first; each < cluster.end; each++) words += characters[each]?.text ?? "";
      const { drawn, area } = drawnOf(reading, cluster, character);
      box = joined(box, area);
      if (drawn === null) isBox = true;
      else path += drawn;
    }
    if (!box || words.trim() === "") continue;
    if (isBox) {
      reading.report.skip("text without a font");
      path = `M${box.x} ${box.y}H${box.x + box.width}V${box.y + box.height}H${box.x}Z`;
    }
    if (path !== "") runs.push({ element, style, words: words.trim(), path, isBox, box });
  }
  return runs;
}

function drawnOf(
  reading: Reading,
  { signs, face, advance, x, y, turn }: Cluster,
  { style, raised }: Character,
): { readonly drawn: string | null; readonly area: Rect } {
  const { fontSize } = style;
  const font = face?.face.font;
  const [up, down] = font ? [font.ascender / font.unitsPerEm, -font.descender / font.unitsPerEm] : [0.8, 0.2];
  const line = y - raised + sunk(style.baseline, up, down, font) * fontSize;
  const area = { x, y: line - up * fontSize, width: advance, height: (up + down) * fontSize };
  if (!face || !signs) return { drawn: null, area };
  if (!face.isNamed) {
    reading.report.note(`Text in ${style.fontFamily} is drawn in ${face.face.title}, the nearest font that was given.`);
  }
  const [a, b, c, d] = turn === 0 ? [] : (transformFrom(`rotate(${turn})`) ?? []);
  const matrix = a === undefined ? null : ([a, b as number, c as number, d as number] as const);
  let drawn = "";
  let pen = x;
  for (const { glyph, advance: step } of signs) {
    if (glyph.index === 0) reading.report.skip("character that the font lacks");
    else drawn += outlineOf(glyph, fontSize, pen, line, matrix);
    pen += step;
  }
  return { drawn, area };
}

/** How far a text's line lies below the point that it is placed at, in em. */
function sunk(
  baseline: string,
  up: number,
  down: number,
  font: { readonly unitsPerEm: number; readonly tables: { readonly os2?: { readonly sxHeight?: number } } } | undefined,
): number {
  switch (baseline) {
    case "middle": {
      const height = font?.tables.os2?.sxHeight;
      return height && font ? height / font.unitsPerEm / 2 : 0.26;
    }
    case "central":
      return (up - down) / 2;
    case "hanging":
      return up * 0.8;
    case "text-before-edge":
    case "text-top":
    case "before-edge":
      return up;
    case "text-after-edge":
    case "text-bottom":
    case "after-edge":
    case "ideographic":
      return -down;
    default:
      return 0;
  }
}
