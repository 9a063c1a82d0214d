// The tree of a file: elements with their attributes and children, nothing understood yet.

/** One element. */
export interface SvgElement {
  /** The local name for an element of SVG, `prefix:name` for any other. */
  readonly name: string;
  /** By local name; `xlink:href`, `inkscape:label` and the like keep the usual prefix, whichever the file chose. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements, and text where it counts: in text, styles and titles. */
  readonly children: readonly (SvgElement | string)[];
  readonly parent: SvgElement | null;
  /** The element before it that has the same parent. */
  readonly before: SvgElement | null;
}

/** A file's tree. */
export interface SvgDocument {
  readonly root: SvgElement;
  /** The first element of each id. */
  readonly ids: ReadonlyMap<string, SvgElement>;
  /** The text of each style sheet, in order. */
  readonly styles: readonly string[];
}

/** An attribute's text without blanks around it; undefined where it is absent. */
export function attribute(element: SvgElement, name: string): string | undefined {
  return element.attributes[name]?.trim();
}

/** Only the elements among the children. */
export function elementsIn(element: SvgElement): readonly SvgElement[] {
  return element.children.filter((child) => typeof child !== "string");
}

/** What an element's `href` points to, as it is written. */
export function hrefOf(element: SvgElement): string | undefined {
  return attribute(element, "href") ?? attribute(element, "xlink:href");
}

/** All text inside of an element. */
function textIn(element: SvgElement): string {
  let text = "";
  for (const child of element.children) text += typeof child === "string" ? child : textIn(child);
  return text;
}

/**
 * What a person calls an element: its label in Inkscape, else the name that Illustrator or Figma keeps beside the id, else
 * its title, else its id; undefined without any.
 */
export function nameOf(element: SvgElement): string | undefined {
  const { attributes } = element;
  const given = attributes["inkscape:label"] ?? attributes["data-name"];
  if (given?.trim()) return given.trim();
  for (const child of element.children) {
    if (typeof child === "string" || child.name !== "title") continue;
    const title = textIn(child).replace(/\s+/g, " ").trim();
    if (title !== "") return title;
  }
  const id = attribute(element, "id");
  return id ? withoutCodes(id) : undefined;
}

/** Illustrator writes what an id may not hold as `_x20_`, and makes ids differ by `_1_` at their end. */
function withoutCodes(id: string): string {
  const name = id
    .replace(/_x([0-9A-F]{2,4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/_\d+_$/, "")
    .trim();
  return name === "" ? id : name;
}
