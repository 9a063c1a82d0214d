/** Where plugin data lies; a node of Figma is one. */
export interface Entries {
  /** The text under a key; "" when there is none. */
  getPluginData(key: string): string;
  /** Stores a text under a key; "" takes the key away. */
  setPluginData(key: string, value: string): void;
}

/**
 * The most bytes that Figma stores in one entry: plugin id, key and value together (typings 1.142.0, `setPluginData`:
 * 100 kB).
 */
export const entryBytes = 100_000;

/** Holds how many parts there are and how long the whole is; the parts lie under this name with their number. */
const head = "recipe";
const keyOf = (part: number): string => `${head}.${part}`;

/** More parts than the largest recipe has; a higher number was not written here. */
const mostParts = 1000;

/** How many bytes a text takes in UTF-8. Half of a surrogate pair takes the three of the sign that stands for it. */
export function utf8Bytes(text: string): number {
  if (!/[\u0080-\uffff]/.test(text)) return text.length; // the engine's own loop: most recipes are plain ASCII
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) as number;
    if (code > 0xffff) at++;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Cuts a text into pieces of at most `limit` bytes of UTF-8 each, between signs. `limit` is 4 or more. */
export function pieces(text: string, limit: number): readonly string[] {
  const found: string[] = [];
  for (let from = 0; from < text.length; ) {
    let end = Math.min(text.length, from + limit);
    if (splitsPair(text, end)) end--;
    while (utf8Bytes(text.slice(from, end)) > limit) {
      // No sign takes more than three bytes a unit: so many units may go before the next look.
      end -= Math.max(1, Math.floor((utf8Bytes(text.slice(from, end)) - limit) / 3));
      if (splitsPair(text, end)) end--;
    }
    found.push(text.slice(from, end));
    from = end;
  }
  return found;
}

const splitsPair = (text: string, at: number): boolean => at < text.length && (text.codePointAt(at - 1) ?? 0) > 0xffff;

/** Stores a recipe with a node, in as many entries as it takes. `pluginId` counts towards the size of each. */
export function storeRecipe(node: Entries, recipe: string, pluginId: string): void {
  const parts = pieces(recipe, entryBytes - utf8Bytes(pluginId) - keyOf(mostParts).length);
  if (parts.length > mostParts) throw new RangeError(`recipe: ${recipe.length} characters are more than fit a layer.`);
  parts.forEach((part, at) => {
    node.setPluginData(keyOf(at), part);
  });
  // Last, so that a recipe of which only some parts could be stored is none.
  node.setPluginData(head, JSON.stringify({ parts: parts.length, length: recipe.length }));
}

/** What a node holds of a recipe: the recipe, null when there is none, or why it cannot be read. */
export function loadRecipe(node: Entries): string | null | { readonly broken: string } {
  const found = node.getPluginData(head);
  if (found === "") return null;
  const facts = /^\{"parts":(\d{1,4}),"length":(\d{1,10})\}$/.exec(found);
  if (!facts) return { broken: "its list of parts was changed" };
  const count = Number(facts[1]);
  const parts = Array.from({ length: Math.min(count, mostParts) }, (_, part) => node.getPluginData(keyOf(part)));
  const missing = parts.indexOf("");
  if (missing >= 0) return { broken: `part ${missing + 1} of ${count} is missing` };
  const recipe = parts.join("");
  return recipe.length === Number(facts[2]) ? recipe : { broken: "its parts do not add up to the whole" };
}

/** True for a node that holds a recipe. */
export function hasRecipe(node: Entries): boolean {
  return node.getPluginData(head) !== "";
}
