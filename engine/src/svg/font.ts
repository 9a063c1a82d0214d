import type { Command, Font, Glyph } from "opentype.js";
import { unreadable } from "./refusal.ts";
import type { Style } from "./style-record.ts";

// Fonts that the caller gave, as outlines of their signs. There are no fonts of the system and none that stands in: where
// none was given, text is its box.

/** A font, with what it is chosen by. */
export interface Face {
  /** Names that a style may call it by, in small letters. */
  readonly names: ReadonlySet<string>;
  readonly title: string;
  readonly weight: number;
  readonly italic: boolean;
  readonly font: Font;
}

/** A sign with its place on the line. */
export interface Sign {
  readonly glyph: Glyph;
  /** How far it moves the pen, in px, with the kerning towards the next. */
  readonly advance: number;
}

/** Reads fonts. Rejects with `picture-unreadable` for one that is none, or where opentype.js is not installed. */
export async function readFaces(files: readonly Uint8Array[]): Promise<readonly Face[]> {
  if (files.length === 0) return [];
  let parse: (bytes: ArrayBuffer) => Font;
  try {
    const loaded = await import("opentype.js");
    parse = loaded.parse ?? loaded.default.parse;
  } catch (cause) {
    throw unreadable("the font", "fonts need the package opentype.js. Install it: npm install opentype.js.", cause);
  }
  return files.map((bytes, at) => {
    const name = `font ${at + 1}`;
    const start = String.fromCharCode(...bytes.subarray(0, 4));
    if (start === "wOF2") throw unreadable(name, "it is a WOFF2 font. Give the font as TTF, OTF or WOFF.");
    try {
      return faceOf(parse(Uint8Array.from(bytes).buffer));
    } catch (cause) {
      throw unreadable(name, "it is no font that is known here. Give a TTF, OTF or WOFF file.", cause);
    }
  });
}

function faceOf(font: Font): Face {
  const names = new Set<string>();
  const wanted = new Set(["fontFamily", "preferredFamily", "fullName", "postScriptName"]);
  let title = "";
  // The names lie by platform, then by kind, then by language; some files leave the platform out.
  const collect = (value: unknown, depth: number, counts: boolean): void => {
    if (typeof value === "string") {
      if (!counts) return;
      names.add(value.toLowerCase());
      title ||= value;
    } else if (typeof value === "object" && value !== null && depth < 4) {
      for (const [key, inner] of Object.entries(value)) collect(inner, depth + 1, counts || wanted.has(key));
    }
  };
  collect(font.names, 0, false);
  const { os2 } = font.tables;
  return {
    names,
    title: title || "a font without a name",
    weight: os2?.usWeightClass ?? 400,
    // Bit 0 of fsSelection says italic (OpenType, table OS/2).
    italic: ((os2?.fsSelection ?? 0) & 1) === 1,
    font,
  };
}

/** The face for a style: of a family that it names, the nearest in slant and weight; else of any. Null without faces. */
export function faceFor(
  faces: readonly Face[],
  style: Style,
): { readonly face: Face; readonly isNamed: boolean } | null {
  const families = style.fontFamily.split(",").map((name) =>
    name
      .trim()
      .replace(/^["']|["']$/g, "")
      .toLowerCase(),
  );
  for (const family of families) {
    const found = nearest(
      faces.filter(({ names }) => names.has(family)),
      style,
    );
    if (found) return { face: found, isNamed: true };
  }
  const face = nearest(faces, style);
  return face ? { face, isNamed: style.fontFamily === "" } : null;
}

function nearest(faces: readonly Face[], { fontWeight, italic }: Style): Face | undefined {
  let best: Face | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const face of faces) {
    const distance = Math.abs(face.weight - fontWeight) + (face.italic === italic ? 0 : 1000);
    if (distance < least) [best, least] = [face, distance];
  }
  return best;
}

/** The signs of a text. `apart` keeps letters from joining, for text that is spaced. */
export function signsOf({ font }: Face, text: string, size: number, apart: boolean): readonly Sign[] {
  const glyphs = apart
    ? font.stringToGlyphs(text, { features: { liga: false, rlig: false } })
    : font.stringToGlyphs(text);
  const scale = size / font.unitsPerEm;
  return glyphs.map((glyph, at) => {
    const next = glyphs[at + 1];
    const kerning = next ? font.getKerningValue(glyph, next) : 0;
    return { glyph, advance: ((glyph.advanceWidth ?? 0) + kerning) * scale };
  });
}

/** A sign's outline as path data, with its origin at a point, turned about it by a matrix's first four numbers. */
export function outlineOf(
  glyph: Glyph,
  size: number,
  x: number,
  y: number,
  turn: readonly [a: number, b: number, c: number, d: number] | null,
): string {
  let path = "";
  const point = (px = 0, py = 0): string => {
    const [dx, dy] = turn ? [turn[0] * px + turn[2] * py, turn[1] * px + turn[3] * py] : [px, py];
    return `${Math.round((x + dx) * 1e4) / 1e4} ${Math.round((y + dy) * 1e4) / 1e4}`;
  };
  for (const command of glyph.getPath(0, 0, size).commands) path += stepOf(command, point);
  return path;
}

function stepOf({ type, x, y, x1, y1, x2, y2 }: Command, point: (x?: number, y?: number) => string): string {
  switch (type) {
    case "Z":
      return "Z";
    case "Q":
      return `Q${point(x1, y1)} ${point(x, y)}`;
    case "C":
      return `C${point(x1, y1)} ${point(x2, y2)} ${point(x, y)}`;
    default:
      return `${type}${point(x, y)}`;
  }
}
