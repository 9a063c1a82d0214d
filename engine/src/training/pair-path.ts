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
