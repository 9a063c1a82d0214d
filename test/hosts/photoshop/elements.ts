// The part of UXP's document that Node can stand in for: elements with attributes, children, text and events. No layout,
// no style sheets: `offsetWidth` is 0. In Chromium the browser's own document takes its place.

/** An event's bubbling, which Node's EventTarget does not know. */
function bubble(target: UxpElement, event: Event): boolean {
  let going = EventTarget.prototype.dispatchEvent.call(target, event);
  if (!event.bubbles) return going;
  for (let at = target.parentElement; at; at = at.parentElement) {
    const again = new Event(event.type, { cancelable: event.cancelable });
    Object.defineProperty(again, "target", { value: target });
    going = EventTarget.prototype.dispatchEvent.call(at, again) && going;
  }
  return going;
}

/** A text between elements. */
export class UxpText {
  data: string;
  parentElement: UxpElement | null = null;
  constructor(data: string) {
    this.data = data;
  }
  get textContent(): string {
    return this.data;
  }
}

/** An element. Unknown names are elements, too. */
export class UxpElement extends EventTarget {
  readonly tagName: string;
  readonly localName: string;
  readonly childNodes: (UxpElement | UxpText)[] = [];
  readonly style: Record<string, unknown>;
  parentElement: UxpElement | null = null;
  readonly offsetWidth = 0;
  readonly offsetHeight = 0;
  readonly #attributes = new Map<string, string>();
  readonly #document: UxpDocument;

  constructor(document: UxpDocument, name: string) {
    super();
    this.#document = document;
    this.localName = name.toLowerCase();
    this.tagName = name.toUpperCase();
    const style: Record<string, unknown> = {};
    style["setProperty"] = (property: string, value: string): void => {
      style[property] = value;
    };
    style["getPropertyValue"] = (property: string): unknown => style[property] ?? "";
    style["removeProperty"] = (property: string): void => void delete style[property];
    this.style = style;
  }

  get ownerDocument(): UxpDocument {
    return this.#document;
  }
  get id(): string {
    return this.getAttribute("id") ?? "";
  }
  set id(id: string) {
    this.setAttribute("id", id);
  }
  get className(): string {
    return this.getAttribute("class") ?? "";
  }
  set className(name: string) {
    this.setAttribute("class", name);
  }
  get classList() {
    const names = (): string[] => this.className.split(/\s+/).filter((name) => name !== "");
    const put = (list: string[]): void => this.setAttribute("class", list.join(" "));
    return {
      contains: (name: string): boolean => names().includes(name),
      add: (...added: string[]): void => put([...new Set([...names(), ...added])]),
      remove: (...gone: string[]): void => put(names().filter((name) => !gone.includes(name))),
      toggle: (name: string, on: boolean = !names().includes(name)): boolean => {
        put(on ? [...new Set([...names(), name])] : names().filter((one) => one !== name));
        return on;
      },
    };
  }
  get parentNode(): UxpElement | null {
    return this.parentElement;
  }
  get children(): UxpElement[] {
    return this.childNodes.filter((node) => node instanceof UxpElement);
  }
  get firstChild(): UxpElement | UxpText | null {
    return this.childNodes[0] ?? null;
  }
  get isConnected(): boolean {
    return this === this.#document.documentElement || (this.parentElement?.isConnected ?? false);
  }
  get textContent(): string {
    return this.childNodes.map((node) => node.textContent).join("");
  }
  set textContent(text: string) {
    this.replaceChildren(...(text === "" ? [] : [text]));
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }
  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }
  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
    this.#document.changed(this);
  }
  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  append(...nodes: (UxpElement | UxpText | string)[]): void {
    for (const node of nodes) this.insertBefore(typeof node === "string" ? new UxpText(node) : node, null);
  }
  appendChild<T extends UxpElement | UxpText>(node: T): T {
    return this.insertBefore(node, null);
  }
  insertBefore<T extends UxpElement | UxpText>(node: T, before: UxpElement | UxpText | null): T {
    node.parentElement?.removeChild(node);
    node.parentElement = this;
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    this.childNodes.splice(at, 0, node);
    if (node instanceof UxpElement) for (const one of [node, ...node.everything()]) this.#document.changed(one);
    return node;
  }
  removeChild<T extends UxpElement | UxpText>(node: T): T {
    const at = this.childNodes.indexOf(node);
    if (at < 0) throw new TypeError("The node is no child of this element");
    this.childNodes.splice(at, 1);
    node.parentElement = null;
    if (node instanceof UxpElement) for (const one of [node, ...node.everything()]) this.#document.changed(one);
    return node;
  }
  replaceChildren(...nodes: (UxpElement | UxpText | string)[]): void {
    for (const node of [...this.childNodes]) this.removeChild(node);
    this.append(...nodes);
  }
  remove(): void {
    this.parentElement?.removeChild(this);
  }

  /** Every element inside, in the document's order. */
  *everything(): Generator<UxpElement> {
    for (const child of this.children) {
      yield child;
      yield* child.everything();
    }
  }
  matches(selector: string): boolean {
    return selector.split(",").some((one) => matchesOne(this, one.trim()));
  }
  querySelector(selector: string): UxpElement | null {
    for (const one of this.everything()) if (one.matches(selector)) return one;
    return null;
  }
  querySelectorAll(selector: string): UxpElement[] {
    return [...this.everything()].filter((one) => one.matches(selector));
  }
  override dispatchEvent(event: Event): boolean {
    return bubble(this, event);
  }
  click(): void {
    this.dispatchEvent(new Event("click", { bubbles: true, cancelable: true }));
  }
  focus(): void {}
  blur(): void {}
}

/** A name, ids, classes and attributes; nothing about relatives. */
function matchesOne(element: UxpElement, selector: string): boolean {
  const parts = selector.match(/[#.]?[\w-]+|\[[^\]]+\]|\*/g) ?? [];
  if (parts.length === 0 || parts.join("") !== selector) throw new SyntaxError(`The simulator reads no "${selector}"`);
  return parts.every((part) => {
    if (part === "*") return true;
    if (part.startsWith("#")) return element.id === part.slice(1);
    if (part.startsWith(".")) return element.classList.contains(part.slice(1));
    if (!part.startsWith("[")) return element.localName === part.toLowerCase();
    const [, name = "", , value] = /^\[([\w-]+)(="?([^"]*)"?)?\]$/.exec(part) ?? [];
    return value === undefined ? element.hasAttribute(name) : element.getAttribute(name) === value;
  });
}

/** A plugin's document. */
export class UxpDocument extends EventTarget {
  readonly documentElement: UxpElement;
  readonly head: UxpElement;
  readonly body: UxpElement;
  readonly #watch: (element: UxpElement) => void;

  /** `watch` hears of every element that was put in, taken out or given an attribute. */
  constructor(watch: (element: UxpElement) => void) {
    super();
    this.#watch = watch;
    this.documentElement = new UxpElement(this, "html");
    this.head = this.documentElement.appendChild(new UxpElement(this, "head"));
    this.body = this.documentElement.appendChild(new UxpElement(this, "body"));
  }

  changed(element: UxpElement): void {
    // The constructor's own elements are of no interest.
    if (this.body) this.#watch(element);
  }
  createElement(name: string): UxpElement {
    return new UxpElement(this, name);
  }
  createTextNode(text: string): UxpText {
    return new UxpText(text);
  }
  getElementById(id: string): UxpElement | null {
    for (const one of this.documentElement.everything()) if (one.id === id) return one;
    return null;
  }
  querySelector(selector: string): UxpElement | null {
    return this.documentElement.querySelector(selector);
  }
  querySelectorAll(selector: string): UxpElement[] {
    return this.documentElement.querySelectorAll(selector);
  }
}

const empty = new Set("area base br col embed hr img input link meta source track wbr".split(" "));
const token =
  /<!--[\s\S]*?-->|<!doctype[^>]*>|<(\/?)([a-zA-Z][\w-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?>|[^<]+|</gi;

/** Puts a page's elements into a document, and gives its scripts in order: their text, or what their `src` says. */
export function parsePage(
  document: UxpDocument,
  html: string,
): { readonly src: string | null; readonly text: string }[] {
  const scripts: { src: string | null; text: string }[] = [];
  let at = document.body;
  let match: RegExpExecArray | null;
  token.lastIndex = 0;
  // biome-ignore lint/suspicious/noAssignInExpressions: the way a regular expression is walked through
  while ((match = token.exec(html))) {
    const [whole, closing, name = "", attributes = ""] = match;
    if (match[2] === undefined) {
      if (!/^<!/.test(whole) && whole.trim() !== "") at.append(whole);
      continue;
    }
    const tag = name.toLowerCase();
    if (["html", "head", "body"].includes(tag)) {
      at = document.body;
      continue;
    }
    if (closing === "/") {
      for (let one: UxpElement | null = at; one && one !== document.body; one = one.parentElement) {
        if (one.localName !== tag) continue;
        at = one.parentElement ?? document.body;
        break;
      }
      continue;
    }
    const element = document.createElement(tag);
    for (const [, key = "", , a, b, c] of attributes.matchAll(
      /([^\s"'<>/=]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g,
    )) {
      element.setAttribute(key, a ?? b ?? c ?? "");
    }
    at.appendChild(element);
    if (tag === "script" || tag === "style") {
      const end = html.toLowerCase().indexOf(`</${tag}`, token.lastIndex);
      const text = html.slice(token.lastIndex, end < 0 ? undefined : end);
      if (tag === "script") scripts.push({ src: element.getAttribute("src"), text });
      token.lastIndex = end < 0 ? html.length : html.indexOf(">", end) + 1;
    } else if (!empty.has(tag) && !whole.endsWith("/>")) {
      at = element;
    }
  }
  return scripts;
}
