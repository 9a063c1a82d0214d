import type { SvgElement } from "./element.ts";
import { unreadable } from "./refusal.ts";
import type { Reporter } from "./report.ts";
import { classesOf, keyOf, matches, type Selector, selectorFrom } from "./selector.ts";

/** One property's value. */
export interface Declaration {
  readonly name: string;
  readonly value: string;
  readonly important: boolean;
}

/** A rule of a style sheet. */
interface Rule {
  readonly selector: Selector;
  readonly declarations: readonly Declaration[];
  readonly order: number;
}

/** The rules of a file, by what an element must have at least. */
export interface StyleSheet {
  /** The declarations for an element, the weightiest last. */
  declarationsFor(element: SvgElement): readonly Declaration[];
}

/** How many elements the selectors of one file may look at: some seconds' worth. */
const mostLooks = 20_000_000;

/** Reads the style sheets of a file. Throws `picture-unreadable` for more than `limit` rules. */
export function readStyleSheets(texts: readonly string[], file: string, limit: number, report: Reporter): StyleSheet {
  const rules = new Map<string, Rule[]>();
  let order = 0;
  const add = (selectors: string, body: string): void => {
    const declarations = declarationsIn(body);
    for (const text of selectors.split(",")) {
      if (++order > limit) {
        throw unreadable(file, `its style sheets have more than ${limit} rules. Simplify them, or raise limits.rules.`);
      }
      const selector = selectorFrom(text);
      if (!selector) {
        report.skip(`selector ${text.trim()}`);
        continue;
      }
      const key = keyOf(selector);
      const kept = rules.get(key) ?? [];
      kept.push({ selector, declarations, order });
      rules.set(key, kept);
    }
  };
  for (const text of texts) readBlocks(text.replace(/\/\*[\s\S]*?(\*\/|$)|<!--|-->/g, " "), add, report);
  let looks = 0;
  const spend = (): void => {
    if (++looks > mostLooks) {
      throw unreadable(
        file,
        "its style sheets take too long to apply. Simplify them, or write the styles at the elements.",
      );
    }
  };
  return {
    declarationsFor(element) {
      if (rules.size === 0) return [];
      const id = element.attributes["id"]?.trim();
      const keys = ["*", element.name];
      for (const name of classesOf(element)) keys.push(`.${name}`);
      if (id) keys.push(`#${id}`);
      const found: Rule[] = [];
      for (const key of keys) {
        for (const rule of rules.get(key) ?? []) if (matches(rule.selector, element, spend)) found.push(rule);
      }
      found.sort((a, b) => a.selector.specificity - b.selector.specificity || a.order - b.order);
      return found.flatMap(({ declarations }) => declarations);
    },
  };
}

/** Reads blocks one after the other; those of `@media` for screens are read as if they stood alone. */
function readBlocks(text: string, add: (selectors: string, body: string) => void, report: Reporter, depth = 0): void {
  let at = 0;
  while (at < text.length) {
    const begin = indexOfAny(text, "{;", at);
    if (begin < 0) return;
    const head = text.slice(at, begin).trim();
    if (text[begin] === ";") {
      if (/^@import\b/i.test(head)) report.skip("@import");
      at = begin + 1;
      continue;
    }
    const end = closing(text, begin);
    const body = text.slice(begin + 1, end);
    at = end + 1;
    if (!head.startsWith("@")) add(head, body);
    else if (/^@media\b/i.test(head)) {
      if (isForScreens(head) && depth < 4) readBlocks(body, add, report, depth + 1);
      else if (!/\bprint\b/i.test(head)) report.skip(head.split(/\s+/).join(" "));
    } else report.skip(head.split(/[\s(]/, 1)[0] as string);
  }
}

const isForScreens = (head: string): boolean => /^@media\s+(only\s+)?(all|screen)\s*$/i.test(head);

/** Where the brace that was opened at `begin` closes; the text's end where it does not. */
function closing(text: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === "'") {
      const end = text.indexOf(character, at + 1);
      if (end < 0) return text.length;
      at = end;
    } else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  return text.length;
}

function indexOfAny(text: string, marks: string, from: number): number {
  for (let at = from; at < text.length; at++) if (marks.includes(text[at] as string)) return at;
  return -1;
}

/** The declarations of a block or of a `style` attribute. Semicolons in quotes and brackets part nothing. */
export function declarationsIn(text: string): readonly Declaration[] {
  const found: Declaration[] = [];
  const plain = text.includes("/*") ? text.replace(/\/\*[\s\S]*?(\*\/|$)/g, " ") : text;
  let [begin, colon, open] = [0, -1, 0];
  for (let at = 0; at <= plain.length; at++) {
    const character = plain[at] ?? ";";
    if (character === '"' || character === "'") {
      const end = plain.indexOf(character, at + 1);
      at = end < 0 ? plain.length - 1 : end;
    } else if (character === "(") open++;
    else if (character === ")") open = Math.max(0, open - 1);
    else if (character === ":" && colon < 0) colon = at;
    else if (character === ";" && (open === 0 || at === plain.length)) {
      if (colon >= 0) found.push(declaration(plain.slice(begin, colon), plain.slice(colon + 1, at)));
      [begin, colon] = [at + 1, -1];
    }
  }
  return found;
}

function declaration(written: string, text: string): Declaration {
  // Names of custom properties tell capitals apart.
  const name = written.trim();
  const value = text.trim();
  const important = value.endsWith("t") || value.endsWith("T") ? /!\s*important$/i.exec(value) : null;
  return {
    name: name.startsWith("--") ? name : name.toLowerCase(),
    value: important ? value.slice(0, important.index).trim() : value,
    important: important !== null,
  };
}
