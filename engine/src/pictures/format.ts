import { unreadable } from "./raster.ts";

/** The formats that can be read. */
export type ReadFormat = "png" | "jpeg" | "webp" | "gif";
/** The formats that can be written. */
export type WriteFormat = "png" | "jpeg" | "webp";

const endings: Record<string, WriteFormat> = { png: "png", jpg: "jpeg", jpeg: "jpeg", webp: "webp" };

/** The format to write for a file name, by its ending; null for an ending that stands for none of them. */
export function formatOf(fileName: string): WriteFormat | null {
  const ending = /\.([a-z]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(endings, ending) ? (endings[ending] as WriteFormat) : null;
}

// What is no PNG, JPEG, WebP or GIF but can be named by some bytes at its start or a little behind (as Latin-1).
const strangers: readonly (readonly [at: number, marks: readonly string[], name: string, advice?: string])[] = [
  [4, ["ftypavif", "ftypavis"], "an AVIF picture"],
  [4, ["ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"], "a HEIC picture"],
  [4, ["ftyp"], "a film", "Export one frame of it as PNG."],
  [0, ["II*\0", "MM\0*", "II+\0", "MM\0+"], "a TIFF picture (or a camera's raw file)"],
  [0, ["8BPS"], "a Photoshop document", "Export it as PNG."],
  [0, ["%PDF"], "a PDF document", "Export the page as PNG."],
  [0, ["%!PS", "\xc5\xd0\xd3\xc6"], "a PostScript drawing", "Export it as PNG."],
  [0, ["BM"], "a BMP picture"],
  [0, ["\0\0\x01\0", "\0\0\x02\0"], "an icon file"],
  [0, ["\xff\x0a", "\0\0\0\x0cJXL "], "a JPEG XL picture"],
  [0, ["\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"], "a JPEG 2000 picture"],
  [0, ["\xff\xd8\xff\xf7"], "a JPEG-LS picture"],
  [0, ["\x8bJNG", "\x8aMNG"], "a JNG or MNG picture"],
  [0, ["v/1\x01"], "an OpenEXR picture"],
  [0, ["#?RADIANCE", "#?RGBE"], "a Radiance picture"],
  [0, ["qoif"], "a QOI picture"],
  [0, ["P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n"], "a PNM picture"],
  [0, ["gimp xcf"], "a GIMP document", "Export it as PNG."],
  [0, ["PK\x03\x04"], "a ZIP archive (Krita, OpenRaster and Sketch documents are such)", "Export a PNG from it."],
  [0, ["\x1f\x8b"], "a gzip archive (a compressed SVG is one)", "Unpack it first."],
  [0, ["version https://git-lfs"], "a Git LFS pointer, not the picture itself", "Run `git lfs pull`."],
];

/** Tells a file's format by its first bytes, never by its name. What cannot be read is refused by its name. */
export function detectFormat(bytes: Uint8Array, file: string): ReadFormat {
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (start.startsWith("\xff\xd8\xff") && !start.startsWith("\xff\xd8\xff\xf7")) return "jpeg";
  if (/^RIFF.{4}WEBP/s.test(start)) return "webp";
  if (/^GIF8[79]a/.test(start)) return "gif";
  if (bytes.length === 0) throw unreadable(file, "the file is empty. Get it again.");
  if (start.startsWith("\x89PNG")) {
    throw unreadable(file, "it begins like a PNG file but is damaged, as by a transfer as text. Get it again.");
  }
  const stranger = strangers.find(([at, marks]) => marks.some((mark) => start.startsWith(mark, at)));
  if (stranger) {
    throw unreadable(file, `it is ${stranger[2]}. ${stranger[3] ?? "Save it as PNG, JPEG or WebP first."}`);
  }
  const words = start.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(\?xml|!--|!DOCTYPE svg|svg)/i.test(words) && /<(svg|!DOCTYPE svg)/i.test(start)) {
    throw unreadable(file, "it is an SVG drawing, which has no pixels yet. Draw it at a size first, or export a PNG.");
  }
  if (/^<(!doctype html|html|head|body)/i.test(words)) {
    throw unreadable(file, "it is a web page, not a picture. Download the picture itself.");
  }
  throw unreadable(file, "it is no picture that is known here. Pass a PNG, JPEG, WebP or GIF file.");
}
