import type { Reporter } from "./report.ts";

/** How many entities of its own a file may name, and how long each may be: Illustrator names some ten name spaces so. */
const most = 64;
const longest = 1000;

/** How long a document type may be, in characters, to be looked at. */
const longestType = 200_000;

/**
 * The entities that a document type names by a plain text. One that leads to a file or an address, or that holds another
 * entity, is left out and reported: what uses it is then an error of the file.
 */
export function entitiesOf(doctype: string, report: Reporter): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (doctype.length > longestType) {
    report.skip("document type that is too long");
    return found;
  }
  const plain = doctype.replace(/<!--[\s\S]*?-->/g, " ");
  for (const [, percent, name = "", rest = ""] of plain.matchAll(
    /<!ENTITY\s+(%\s+)?([^\s"'<>&%]+)\s*([^>]{0,4000})/g,
  )) {
    const text = /^"([^"]*)"|^'([^']*)'/.exec(rest);
    const value = text?.[1] ?? text?.[2];
    if (percent !== undefined || /^(SYSTEM|PUBLIC)\b/.test(rest)) report.skip("external entity");
    else if (value === undefined || value.includes("&") || value.includes("%") || value.includes("<")) {
      report.skip("entity that holds more than text");
    } else if (value.length > longest || found.size >= most) report.skip("entity that is too long or one too many");
    else if (!found.has(name)) found.set(name, value);
  }
  return found;
}
