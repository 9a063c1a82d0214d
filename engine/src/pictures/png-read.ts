import { orientationOf } from "./exif.ts";
import { type Chunk, chunksOf, damaged, type Header, headerOf } from "./png-chunks.ts";
import { coloursOf } from "./png-colours.ts";
import { type Ancillary, samplesOf } from "./png-samples.ts";
import { textsOf } from "./png-text.ts";
import { checkSize, type Decoded, layOnCanvas, type Raster, unreadable } from "./raster.ts";
import type { Work } from "./turns.ts";

/** Reads a PNG file of any colour type, depth and interlacing; of a moving one (APNG) the first frame. */
export function* readPng(bytes: Uint8Array, file: string): Work<Decoded> {
  const chunks = yield* chunksOf(bytes);
  const header = headerOf(file, chunks[0]);
  checkSize(file, header.width, header.height);
  const firstData = chunks.findIndex(({ type }) => type === "IDAT");
  const before = firstData < 0 ? chunks : chunks.slice(0, firstData);
  // What describes the samples must stand before them; texts and EXIF may come anywhere.
  const find = (type: string): Chunk | undefined => before.find((chunk) => chunk.type === type);
  const palette = find("PLTE");
  if (header.colourType === 3) {
    if (!palette) throw unreadable(file, "it has no palette, which its colour type needs. Export it again.");
    if (!palette.intact) throw damaged(file, "PLTE");
  }
  const transparency = find("tRNS");
  if (transparency && !transparency.intact) throw damaged(file, "tRNS");
  const ancillary: Ancillary = {
    ...(palette ? { palette: palette.data } : {}),
    ...(transparency ? { transparency: transparency.data } : {}),
  };
  const notes: string[] = [];
  const raster = yield* firstFrame(file, header, chunks, ancillary, notes);
  if (header.depth === 16) notes.push("Reduced from 16 to 8 bits a channel.");
  if (chunks.at(-1)?.type !== "IEND") notes.push("The file ends without its end mark; the picture itself is whole.");
  const exif = chunks.find(({ type, intact }) => type === "eXIf" && intact);
  const colours = coloursOf(before, notes);
  return {
    raster,
    orientation: exif ? orientationOf(exif.data) : 1,
    ...(colours ? { colours } : {}),
    text: textsOf(chunks),
    notes,
  };
}

function* firstFrame(
  file: string,
  header: Header,
  chunks: readonly Chunk[],
  ancillary: Ancillary,
  notes: string[],
): Work<Raster> {
  const firstData = chunks.findIndex(({ type }) => type === "IDAT");
  const still = (): Work<Raster> => {
    const parts = chunks.filter(({ type }) => type === "IDAT");
    if (parts.length === 0) {
      throw unreadable(file, "it holds no picture data. The file is cut off or damaged: get it again.");
    }
    return samplesOf(file, header, intactParts(file, parts), ancillary);
  };
  const animation = chunks.findIndex(({ type, intact }) => type === "acTL" && intact);
  if (animation < 0 || (firstData >= 0 && animation > firstData)) return yield* still();
  const frames = chunks.filter(({ type }) => type === "fcTL").length;
  if (frames > 1) notes.push(`Took the first of ${frames} frames.`);
  const control = chunks.findIndex(({ type, data }) => type === "fcTL" && data.length >= 26);
  // A control before IDAT makes the still picture itself the first frame.
  if (control < 0 || control < firstData) return yield* still();
  const view = new DataView((chunks[control] as Chunk).data.buffer, (chunks[control] as Chunk).data.byteOffset, 26);
  const [width, height, x, y] = [4, 8, 12, 16].map((at) => view.getUint32(at)) as [number, number, number, number];
  if (!(chunks[control] as Chunk).intact) throw damaged(file, "fcTL");
  checkSize(file, width, height);
  if (x + width > header.width || y + height > header.height) {
    throw unreadable(file, "its first frame does not lie on its canvas. Export it again.");
  }
  const next = chunks.findIndex(({ type }, at) => at > control && type === "fcTL");
  const parts = chunks.slice(control, next < 0 ? undefined : next).filter(({ type }) => type === "fdAT");
  const data = intactParts(file, parts).map((part) => part.subarray(4));
  const frame = yield* samplesOf(file, { ...header, width, height }, data, ancillary);
  return yield* layOnCanvas(frame, x, y, header.width, header.height);
}

/** The data of the chunks; one with a wrong checksum, or one that the file's end cuts, is refused. */
function intactParts(file: string, parts: readonly Chunk[]): Uint8Array[] {
  return parts.map(({ type, data, intact }) => {
    if (!intact) throw damaged(file, type);
    return data;
  });
}
