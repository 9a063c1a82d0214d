import { quoted } from "./refusal.ts";

/**
 * Looks through a JSON text for what `JSON.parse` would pass over: a key that stands twice in one object, and nesting
 * deeper than `deepest`. Gives the problem as a clause, or null; does not check the grammar, which `JSON.parse` does.
 */
export function checkKeys(text: string, deepest: number): string | null {
  /** The keys so far of each open object; null for an open list. */
  const open: (Set<string> | null)[] = [];
  let keyNext = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign === QUOTE) {
      const end = closingQuote(text, i);
      const keys = open.at(-1);
      if (keyNext && keys) {
        const key = text.slice(i + 1, end);
        // The same key can be spelled with and without escapes.
        const plain = key.includes("\\") ? unescaped(key) : key;
        if (keys.has(plain)) return `has the key ${quoted(plain)} twice`;
        keys.add(plain);
        keyNext = false;
      }
      i = end;
    } else if (sign === OPEN_OBJECT || sign === OPEN_LIST) {
      if (open.length >= deepest) return `is nested deeper than ${deepest} levels`;
      open.push(sign === OPEN_OBJECT ? new Set() : null);
      keyNext = sign === OPEN_OBJECT;
    } else if (sign === CLOSE_OBJECT || sign === CLOSE_LIST) {
      open.pop();
      keyNext = false;
    } else if (sign === COMMA) keyNext = open.at(-1) instanceof Set;
  }
  return null;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

function closingQuote(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign === BACKSLASH) i++;
    else if (sign === QUOTE) return i;
  }
  return text.length;
}

function unescaped(key: string): string {
  try {
    return JSON.parse(`"${key}"`);
  } catch {
    return key; // No JSON: the parser says so.
  }
}
