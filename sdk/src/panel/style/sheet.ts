import { base } from "./base.ts";
import { parts } from "./parts.ts";
import { tokens } from "./tokens.ts";

// One constructed sheet for each tree that panels are in, however many: it needs no style element and no inline style, so
// that the strictest content security policy lets it through. Every rule names a class of ours, so that the page around is
// left alone; and none lies in a layer, where a page's own reset of buttons would win.

/** How many panels use the sheet of a tree. */
const users = new WeakMap<Document | ShadowRoot, { readonly sheet: CSSStyleSheet; count: number }>();

/** Styles the tree that an element is in; gives back the function that takes the style away with its last panel. */
export function adoptStyle(element: HTMLElement): () => void {
  const node = element.getRootNode();
  const tree = node instanceof ShadowRoot ? node : element.ownerDocument;
  let use = users.get(tree);
  if (!use) {
    const view = element.ownerDocument.defaultView ?? window;
    // A sheet belongs to the document of the window that made it.
    const sheet = new (view as Window & typeof globalThis).CSSStyleSheet();
    sheet.replaceSync(tokens + base + parts);
    use = { sheet, count: 0 };
    users.set(tree, use);
    tree.adoptedStyleSheets = [...tree.adoptedStyleSheets, sheet];
  }
  const own = use;
  own.count++;
  let isOut = false;
  return () => {
    if (isOut) return;
    isOut = true;
    own.count--;
    if (own.count > 0) return;
    users.delete(tree);
    tree.adoptedStyleSheets = tree.adoptedStyleSheets.filter((sheet) => sheet !== own.sheet);
  };
}
