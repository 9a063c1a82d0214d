// The part of opentype.js that is used. The package brings no types of its own.
declare module "opentype.js" {
  /** A step of an outline, y downwards. */
  export interface Command {
    readonly type: "M" | "L" | "Q" | "C" | "Z";
    readonly x?: number;
    readonly y?: number;
    readonly x1?: number;
    readonly y1?: number;
    readonly x2?: number;
    readonly y2?: number;
  }

  /** One sign of a font. */
  export interface Glyph {
    /** 0 stands for a character that the font lacks. */
    readonly index: number;
    readonly advanceWidth?: number;
    getPath(x: number, y: number, fontSize: number): { readonly commands: readonly Command[] };
  }

  /** A font that was read. */
  export interface Font {
    readonly unitsPerEm: number;
    readonly ascender: number;
    readonly descender: number;
    readonly names: Readonly<Record<string, unknown>>;
    readonly tables: {
      readonly os2?: { readonly usWeightClass?: number; readonly fsSelection?: number; readonly sxHeight?: number };
    };
    stringToGlyphs(text: string, options?: { readonly features?: Readonly<Record<string, boolean>> }): readonly Glyph[];
    getKerningValue(left: Glyph, right: Glyph): number;
  }

  /** Reads a TTF, OTF or WOFF file. */
  export function parse(bytes: ArrayBuffer): Font;

  const all: { readonly parse: typeof parse };
  export default all;
}
