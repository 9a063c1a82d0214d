import type { Pixels } from "../core/pixels.ts";
import { fileInvalid } from "../models/refusal.ts";
import type { ModelFolder } from "../models/source.ts";
import { readPicture } from "../pictures/index.ts";
import type { PairReading } from "./pair.ts";
import { byPath } from "./pair-path.ts";

/** The most bytes of a list: a million pairs with long captions. */
const mostList = 1 << 28;
/** The most bytes of a caption. */
const mostCaption = 1 << 16;
/** The most bytes of a picture's file. */
const mostPicture = 1 << 29;

/**
 * The paths of a folder's files in an order that is the same everywhere, without those that computers leave there for
 * themselves; null where the place cannot list them.
 */
export async function filesOf(folder: ModelFolder): Promise<readonly string[] | null> {
  if (!folder.list) return null;
  const paths = await folder.list();
  const isOwn = (path: string) =>
    path.split("/").every((segment) => !segment.startsWith(".") && segment !== "__MACOSX" && segment !== "Thumbs.db");
  return paths.filter(isOwn).sort(byPath);
}

/** A file whole; null when there is none. */
async function bytesOf(
  folder: ModelFolder,
  path: string,
  most: number,
  options: PairReading,
): Promise<Uint8Array | null> {
  const source = await folder.open(path, options);
  if (!source) return null;
  try {
    if (source.size > most)
      throw fileInvalid(source.name, `${source.size} bytes are more than the ${most} that are read. Make it smaller.`);
    const bytes = new Uint8Array(source.size);
    source.read(bytes, 0);
    return bytes;
  } finally {
    source.close();
  }
}

/** A file's text, without a byte order mark; null when there is none. Rejects with `file-invalid` for what is no UTF-8. */
async function textOf(folder: ModelFolder, path: string, most: number, options: PairReading): Promise<string | null> {
  const bytes = await bytesOf(folder, path, most, options);
  if (!bytes) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileInvalid(path, `${JSON.stringify(path)} is no UTF-8 text. Save it as UTF-8.`, { cause });
  }
}

/** A list's text; null when there is none. */
export const listText = (folder: ModelFolder, path: string, options: PairReading): Promise<string | null> =>
  textOf(folder, path, mostList, options);

/** A caption in a file of its own, on one line; null when there is none. */
export async function captionText(folder: ModelFolder, path: string, options: PairReading): Promise<string | null> {
  const text = await textOf(folder, path, mostCaption, options);
  return text === null ? null : text.replace(/\s+/g, " ").trim();
}

/** Half of a pair. Rejects with `file-invalid` when it is not there, and with `picture-unreadable` for a damaged one. */
export async function halfOf(
  folder: ModelFolder,
  half: { readonly what: "map" | "picture"; readonly path: string },
  options: PairReading,
): Promise<Pixels> {
  const { what, path } = half;
  const bytes = await bytesOf(folder, path, mostPicture, options);
  if (!bytes) throw halfMissing(path, what);
  return (await readPicture(bytes, { name: path, ...options })).pixels;
}

/** The error for a pair without its map or its picture. `path` is where it should be. */
export function halfMissing(path: string, what: "map" | "picture"): Error {
  return fileInvalid(path, `missing half: the ${what} ${JSON.stringify(path)} is not there.`);
}
