import { posix } from "node:path";
import ts from "typescript";

/** Each room of the house, and what its files may import besides the room itself. The longest name that fits counts. */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** What the names that begin with `#` stand for: `imports` of the package they are written in. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/** True when `path` is `place` or lies in it; a place that ends in a colon is a scheme, such as `node:`. */
function within(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith(":") ? place : `${place}/`);
}

/** The room that a file belongs to, or null for a file outside all rooms. */
function roomOf(path: string, rooms: Rooms): string | null {
  const fitting = Object.keys(rooms).filter((room) => within(path, room));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? null;
}

/**
 * What a file imports, whichever way it is written: `import`, `export … from`, a type's `import("…")`, a dynamic
 * `import("…")`, `require("…")`, or `new URL("./worker.ts", import.meta.url)`. Relative names become paths from the root.
 */
function importsOf(file: string, text: string): string[] {
  const modules = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const addresses = [...text.matchAll(/new URL\(\s*"(\.{1,2}\/[^"]+\.ts)",\s*import\.meta\.url/g)];
  return [...modules, ...addresses.map(([, name = ""]) => name)].map((name) =>
    name.startsWith(".") ? posix.join(posix.dirname(file), name) : name,
  );
}

/** Those imports of a file that its room may not have. */
export function strangers(file: string, text: string, rooms: Rooms, aliases: Aliases = {}): string[] {
  const room = roomOf(file, rooms);
  if (room === null) return [`${file} belongs to no room`];
  const allowed = (name: string): boolean =>
    roomOf(name, rooms) === room || (rooms[room] ?? []).some((place) => within(name, place));
  // A `#` name may be allowed by itself; otherwise by everything that it may stand for.
  return importsOf(file, text).filter((name) => !allowed(name) && !(aliases[name]?.every(allowed) ?? false));
}
