import { SaxesParser } from "saxes";
import type { SvgDocument, SvgElement } from "./element.ts";
import { entitiesOf } from "./entities.ts";
import type { SvgLimits } from "./limits.ts";
import { unreadable } from "./refusal.ts";
import type { Reporter } from "./report.ts";

// From text to a tree. The parser knows no name spaces, since resolving them takes time that grows with the square of the
// depth; the few that count are told apart here.

const svgSpace = "http://www.w3.org/2000/svg";

/** The prefixes that attributes keep here, by the name space that a file binds to a prefix of its choice. */
const usualPrefixes: Readonly<Record<string, string>> = {
  "http://www.w3.org/1999/xlink": "xlink",
  "http://www.inkscape.org/namespaces/inkscape": "inkscape",
};

/** How much text the parser takes at once. */
const pieceLength = 65_536;

/** How many characters a file's own entities may add. */
const longestExpansion = 1_000_000;

/** Elements whose text counts. */
const worded = new Set(["text", "tspan", "textPath", "a", "style", "title"]);

/** An element while it is read. */
interface Open extends SvgElement {
  readonly children: (SvgElement | string)[];
  /** Name spaces by prefix, "" for the default one. */
  readonly spaces: Readonly<Record<string, string>>;
  /** The last element inside of it so far. */
  last: SvgElement | null;
}

/**
 * Reads the tree of a file, a part of the text at a time: it yields the share done. Throws `picture-unreadable` for what
 * is no XML, with line and column, for what is no SVG, and for what is beyond a limit.
 */
export function* readDocument(
  text: string,
  file: string,
  limits: SvgLimits,
  report: Reporter,
): Generator<number, SvgDocument, void> {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const ids = new Map<string, SvgElement>();
  const styles: string[] = [];
  const open: Open[] = [];
  let root: Open | undefined;
  let count = 0;
  let expansions = /$^/;
  let added = 0;
  let entities: ReadonlyMap<string, string> = new Map();

  parser.on("error", (error) => {
    const [, line, column, what] = /^(?:.*:)?(\d+):(\d+): ([\s\S]*)$/.exec(error.message) ?? [];
    const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
    const reason = `it is no sound XML${place}: ${(what ?? error.message).replace(/[.\s]+$/, "")}. Save it again with the program that made it.`;
    throw unreadable(file, reason, error);
  });
  parser.on("doctype", (doctype) => {
    // SVG's own is in every other file, and has nothing that would be missed.
    const elsewhere = /^[^[]*\b(SYSTEM|PUBLIC)\b/.test(doctype) && !/^[^[]*"-\/\/W3C\/\/DTD SVG/.test(doctype);
    if (elsewhere) report.skip("external document type");
    entities = entitiesOf(doctype, report);
    for (const [name, value] of entities) parser.ENTITIES[name] = value;
    if (entities.size > 0) {
      const names = [...entities.keys()].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      expansions = new RegExp(`&(${names.join("|")});`, "g");
    }
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (++count > limits.elements) {
      throw unreadable(
        file,
        `it has more than ${limits.elements} elements. Simplify the drawing, or raise limits.elements.`,
      );
    }
    if (open.length >= limits.depth) {
      throw unreadable(
        file,
        `its elements lie more than ${limits.depth} deep in one another. Ungroup them, or raise limits.depth.`,
      );
    }
    const parent = open.at(-1) ?? null;
    const spaces = spacesOf(attributes, parent?.spaces ?? null);
    const element: Open = {
      name: localName(name, spaces),
      attributes: usualNames(attributes, spaces),
      children: [],
      parent,
      before: parent?.last ?? null,
      spaces,
      last: null,
    };
    if (parent) parent.last = element;
    const id = element.attributes["id"]?.trim();
    if (id && !ids.has(id)) ids.set(id, element);
    if (parent) parent.children.push(element);
    else root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => {
    const element = open.pop();
    if (element?.name === "style" && isCss(element.attributes)) styles.push(element.children.join(""));
  });
  const words = (part: string): void => {
    const element = open.at(-1);
    if (element && worded.has(element.name)) element.children.push(part);
  };
  parser.on("text", words);
  parser.on("cdata", words);

  // Blanks before the XML declaration are a fault that many files have.
  const sound = text.replace(/^\ufeff/, "").replace(/^\s+(?=<\?xml)/, "");
  for (let at = 0; at < sound.length; at += pieceLength) {
    const piece = sound.slice(at, at + pieceLength);
    parser.write(piece);
    for (const [, name = ""] of entities.size > 0 ? piece.matchAll(expansions) : []) {
      added += entities.get(name)?.length ?? 0;
      if (added > longestExpansion)
        throw unreadable(file, "its own entities swell it beyond measure. Save it without them.");
    }
    if (root && !isSvg(root)) throw notSvg(file, root.name);
    yield Math.min(1, (at + pieceLength) / sound.length);
  }
  parser.close();
  if (!root) throw unreadable(file, "it has no elements. Get it again.");
  return { root, ids, styles };
}

const isSvg = (root: SvgElement): boolean => root.name === "svg";

function notSvg(file: string, name: string): Error {
  return unreadable(file, `it is no SVG drawing: its outermost element is <${name}>. Pass an SVG file.`);
}

const isCss = ({ type, media }: Readonly<Record<string, string>>): boolean =>
  (!type || /^\s*text\/css\s*$/i.test(type)) && (!media || /\b(all|screen)\b/i.test(media));

/** The name spaces at an element: those of its parent, and its own. */
function spacesOf(attributes: Readonly<Record<string, string>>, outer: Readonly<Record<string, string>> | null) {
  let spaces = outer ?? Object.create(null);
  for (const name in attributes) {
    if (!name.startsWith("xmlns")) continue;
    if (spaces === outer || outer === null) spaces = outer === null ? spaces : Object.create(outer);
    if (name === "xmlns") spaces[""] = attributes[name];
    else if (name[5] === ":") spaces[name.slice(6)] = attributes[name];
  }
  return spaces;
}

/** An element's name: without its prefix for SVG. A file that names no name space at all is taken for SVG. */
function localName(name: string, spaces: Readonly<Record<string, string>>): string {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  const local = name.slice(colon + 1);
  const space = spaces[prefix];
  if (space === svgSpace || (space === undefined && (prefix === "" || prefix === "svg"))) return local;
  return `${prefix === "" ? space : prefix}:${local}`;
}

/** Attributes with the prefixes that are usual here. */
function usualNames(
  attributes: Readonly<Record<string, string>>,
  spaces: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  let renamed: Record<string, string> | null = null;
  for (const name in attributes) {
    const colon = name.indexOf(":");
    if (colon < 0) continue;
    const usual = usualPrefixes[spaces[name.slice(0, colon)] ?? ""];
    if (usual === undefined || name.startsWith(`${usual}:`)) continue;
    renamed ??= Object.assign(Object.create(null), attributes) as Record<string, string>;
    renamed[`${usual}:${name.slice(colon + 1)}`] = attributes[name] as string;
  }
  return renamed ?? attributes;
}
