/** The longest path that is taken for one. */
const longest = 1024;

/**
 * A path as somebody wrote it into a list, as one from the top of the folder: relative to where the list lies, with "\"
 * or "/" between. Null for one that leads out of the folder: absolute, with a drive, an address, or up too far.
 */
export function pathInside(written: string, beside: string): string | null {
  const path = written.trim().replaceAll("\\", "/");
  if (path === "" || path.length > longest || path.includes("\0") || path.startsWith("/") || /^[a-z]+:/i.test(path))
    return null;
  const segments = beside === "" ? [] : beside.split("/");
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.length > 0 ? segments.join("/") : null;
}

/** The folder of a path, without a "/" at its end; empty for the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The last part of a path. */
export const fileNameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A path without the ending of its file. */
export function stemOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") + 1 ? path.slice(0, dot) : path;
}

/** True for the name of a file that pictures are kept in. What is in it tells when it is read. */
export const isPicture = (path: string): boolean => /\.(png|jpe?g|webp|gif)$/i.test(path);

/** Orders paths the same everywhere, whatever the language. */
export const byPath = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** A path as it is compared: a sign with its accent is one, or two from a Mac, and looks the same. */
export const plainPath = (path: string): string => path.normalize("NFC");

/** How the files are really named that a list or a picture's name speaks of; a path that none has stays as it is. */
export function namedAmong(files: readonly string[] | null): (path: string) => string {
  const exact = new Set(files ?? []);
  const plain = new Map((files ?? []).map((file) => [plainPath(file), file]));
  return (path) => (exact.has(path) ? path : (plain.get(plainPath(path)) ?? path));
}

/** What is to be said of files that are looked for and not there, while others differ from them in case alone. */
export function caseHints(wanted: readonly string[], files: readonly string[]): string[] {
  const there = new Set(files);
  const small = new Map(files.map((file) => [plainPath(file).toLowerCase(), file]));
  const found = wanted.flatMap((path) => {
    const other = there.has(path) ? undefined : small.get(plainPath(path).toLowerCase());
    return other === undefined ? [] : [[path, other] as const];
  });
  const [first] = found;
  if (!first) return [];
  const [path, other] = first.map((file) => JSON.stringify(file));
  const count = found.length === 1 ? "1 file is" : `${found.length} files are`;
  return [
    `${count} not found for capital and small letters alone: ${path} is looked for, and there is ${other}. Name them alike.`,
  ];
}
