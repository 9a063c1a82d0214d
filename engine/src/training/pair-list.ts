import { fileInvalid } from "../models/refusal.ts";
import type { ModelFolder } from "../models/source.ts";
import type { PairReading } from "./pair.ts";
import { listText } from "./pair-files.ts";
import { type PairLine, readLines } from "./pair-lines.ts";
import { byPath, fileNameOf, folderOf } from "./pair-path.ts";

/** The names that lists have, the best first; any other file of JSON lines comes after them. */
const listNames = ["prompt.json", "metadata.jsonl", "metadata.csv"];

/** Where a list may lie in a folder that cannot say what is in it. */
const listFolders = ["", "train/"];

/** A list of pairs that was found. */
export interface PairList {
  /** Its path in the folder. */
  readonly path: string;
  readonly lines: readonly PairLine[];
  readonly warnings: readonly string[];
}

const rank = (path: string): number => {
  const at = listNames.indexOf(fileNameOf(path));
  return at < 0 ? listNames.length : at;
};

/** Folders nearer to the top come first, and of those as near, the one for training. */
export function byFolder(one: string, other: string): number {
  const depth = (path: string) => (path === "" ? 0 : path.split("/").length);
  const part = (path: string) => (/^train/i.test(fileNameOf(path)) ? 0 : 1);
  return depth(one) - depth(other) || part(one) - part(other) || byPath(one, other);
}

/**
 * Finds and reads the list of a folder's pairs: `wanted`, or the one that lies nearest to the top. Null when there is
 * none. Rejects with `file-invalid` for a list that cannot be read.
 */
export async function openList(
  folder: ModelFolder,
  files: readonly string[] | null,
  options: PairReading & { readonly wanted?: string | undefined },
): Promise<PairList | null> {
  const { wanted, ...reading } = options;
  if (wanted !== undefined) return wantedList(folder, wanted, reading);
  const lists = (files ?? listFolders.flatMap((top) => listNames.map((name) => top + name))).filter(
    (path) => rank(path) < listNames.length || /\.jsonl$/i.test(path),
  );
  const sorted = [...lists].sort(
    (one, other) => byFolder(folderOf(one), folderOf(other)) || rank(one) - rank(other) || byPath(one, other),
  );
  for (const [at, path] of sorted.entries()) {
    const text = await listText(folder, path, reading);
    if (text === null) continue;
    const others = files ? sorted.slice(at + 1) : [];
    const left = others.slice(0, 3).join(", ") + (others.length > 3 ? ` and ${others.length - 3} more` : "");
    return {
      path,
      lines: readLines(`${folder.name}/${path}`, path, text),
      warnings: others.length > 0 ? [`The pairs are those of ${path}; not read: ${left}.`] : [],
    };
  }
  return null;
}

async function wantedList(folder: ModelFolder, path: string, options: PairReading): Promise<PairList> {
  const text = await listText(folder, path, options);
  const name = `${folder.name}/${path}`;
  if (text === null) throw fileInvalid(name, "there is no such list. Check its path.");
  return { path, lines: readLines(name, path, text), warnings: [] };
}
