import type { SvgElement } from "./element.ts";

// CSS selectors as far as drawing programs write them: names, classes, ids, attributes, :first-child, :last-child and
// :root, joined by descent, by parenthood and by order.

/** One element's part of a selector: all of it must hold. */
interface Compound {
  /** Undefined for any. */
  readonly name?: string;
  readonly ids: readonly string[];
  readonly classes: readonly string[];
  readonly attributes: readonly {
    readonly name: string;
    readonly how: "" | "=" | "~=" | "^=" | "$=" | "*=" | "|=";
    readonly value: string;
  }[];
  readonly places: readonly string[];
}

/** A selector that can be matched: compounds from the right to the left, each with what joins it to the one before. */
export interface Selector {
  readonly parts: readonly { readonly compound: Compound; readonly joint: " " | ">" | "+" | "~" }[];
  /** Ids, then classes, then names, as one number. */
  readonly specificity: number;
}

const places = new Set(["first-child", "last-child", "only-child", "root"]);

/** A word of CSS, with escapes. */
const word = String.raw`(?:[\w-]|[^\x00-\x7f]|\\[^\n])+`;
const piece = new RegExp(
  String.raw`\s*([>+~])\s*|(\s+)|\*|([.#:]?)(${word})|\[\s*(${word})\s*(?:([~^$*|]?=)\s*(?:"([^"]*)"|'([^']*)'|(${word}))\s*)?\]`,
  "y",
);

/** How many elements one selector may name, and how long it may be. */
const longest = 16;
const longestText = 1000;

/** Reads one selector; null for one that is not understood. */
export function selectorFrom(text: string): Selector | null {
  const source = text.trim();
  if (source.length > longestText) return null;
  const parts: { compound: Compound; joint: " " | ">" | "+" | "~" }[] = [];
  let open: {
    name?: string;
    ids: string[];
    classes: string[];
    attributes: Compound["attributes"][number][];
    places: string[];
  } | null = null;
  let joint: " " | ">" | "+" | "~" = " ";
  let [ids, classes, names] = [0, 0, 0];
  piece.lastIndex = 0;
  while (piece.lastIndex < source.length) {
    const match = piece.exec(source);
    if (!match) return null;
    const [whole, joined, blank, mark, name = "", attribute, how = "", double, single, bare] = match;
    if (joined !== undefined || blank !== undefined) {
      if (!open) return null;
      parts.push({ compound: open, joint });
      open = null;
      joint = (joined ?? " ") as typeof joint;
      continue;
    }
    const begins: boolean = open === null;
    open ??= { ids: [], classes: [], attributes: [], places: [] };
    const plain = unescaped(name);
    if (attribute !== undefined) {
      const value = double ?? single ?? unescaped(bare ?? "");
      open.attributes.push({ name: attribute, how: how as "", value });
      classes++;
    } else if (whole === "*") {
      if (!begins) return null;
    } else if (mark === ".") {
      open.classes.push(plain);
      classes++;
    } else if (mark === "#") {
      open.ids.push(plain);
      ids++;
    } else if (mark === ":") {
      if (!places.has(plain)) return null;
      open.places.push(plain);
      classes++;
    } else {
      if (!begins) return null;
      open.name = plain;
      names++;
    }
  }
  if (!open) return null;
  parts.push({ compound: open, joint });
  if (parts.length > longest) return null;
  const capped = (count: number): number => Math.min(count, 99);
  return { parts: parts.reverse(), specificity: capped(ids) * 10_000 + capped(classes) * 100 + capped(names) };
}

function unescaped(text: string): string {
  return text.replace(/\\([0-9a-f]{1,6})\s?|\\(.)/gi, (_, hex?: string, plain = "") =>
    hex === undefined ? plain : String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
  );
}

/** What the last compound of a selector asks for first, to look rules up by: `#id`, `.class`, a name, or `*`. */
export function keyOf({ parts }: Selector): string {
  const compound = parts[0]?.compound;
  if (compound?.ids[0] !== undefined) return `#${compound.ids[0]}`;
  if (compound?.classes[0] !== undefined) return `.${compound.classes[0]}`;
  return compound?.name ?? "*";
}

/** Whether a selector names an element. `spend` is called for every element that is looked at. */
export function matches({ parts }: Selector, element: SvgElement, spend: () => void): boolean {
  const from = (at: number, candidate: SvgElement): boolean => {
    spend();
    const part = parts[at];
    if (!part || !holds(part.compound, candidate)) return false;
    const next = parts[at + 1];
    if (!next) return true;
    // A part's joint stands on its left: between it and the next one.
    switch (part.joint) {
      case ">":
        return candidate.parent !== null && from(at + 1, candidate.parent);
      case "+":
        return candidate.before !== null && from(at + 1, candidate.before);
      case "~":
        for (let before = candidate.before; before; before = before.before) if (from(at + 1, before)) return true;
        return false;
      default:
        for (let outer = candidate.parent; outer; outer = outer.parent) if (from(at + 1, outer)) return true;
        return false;
    }
  };
  return from(0, element);
}

function holds(compound: Compound, element: SvgElement): boolean {
  const { attributes } = element;
  if (compound.name !== undefined && compound.name !== element.name) return false;
  for (const id of compound.ids) if (attributes["id"]?.trim() !== id) return false;
  if (compound.classes.length > 0) {
    const own = classesOf(element);
    for (const name of compound.classes) if (!own.has(name)) return false;
  }
  for (const { name, how, value } of compound.attributes) {
    const own = attributes[name];
    if (own === undefined || !agrees(own, how, value)) return false;
  }
  return compound.places.every((place) => stands(element, place));
}

const known = new WeakMap<SvgElement, ReadonlySet<string>>();
const none: ReadonlySet<string> = new Set();

/** The classes of an element. */
export function classesOf(element: SvgElement): ReadonlySet<string> {
  const text = element.attributes["class"];
  if (text === undefined) return none;
  let classes = known.get(element);
  if (!classes) {
    classes = new Set(text.split(/\s+/).filter((name) => name !== ""));
    known.set(element, classes);
  }
  return classes;
}

function agrees(own: string, how: string, value: string): boolean {
  switch (how) {
    case "=":
      return own === value;
    case "~=":
      return value !== "" && own.split(/\s+/).includes(value);
    case "^=":
      return value !== "" && own.startsWith(value);
    case "$=":
      return value !== "" && own.endsWith(value);
    case "*=":
      return value !== "" && own.includes(value);
    case "|=":
      return own === value || own.startsWith(`${value}-`);
    default:
      return true;
  }
}

function stands(element: SvgElement, place: string): boolean {
  const { parent, before } = element;
  if (place === "root") return parent === null;
  const isLast = (): boolean => !parent || parent.children.findLast((child) => typeof child !== "string") === element;
  if (place === "first-child") return before === null;
  return place === "last-child" ? isLast() : before === null && isLast();
}
