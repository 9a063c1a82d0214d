import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

// The guide's code is code that is compiled and run: each marked block is the named file, or the named region of it.

const marked = /<!-- (examples\/[\w./-]+?)(?:#([\w-]+))? -->\n+```ts\n([\s\S]*?)```/g;
const pages = readdirSync("docs/guide").filter((name) => name.endsWith(".md"));
const blocksOf = (page: string) => [...readFileSync(`docs/guide/${page}`, "utf8").matchAll(marked)];
const blocks = pages.flatMap(blocksOf);

/** A region of a file, moved to the left as far as it goes; the whole file without a name. */
function region(path: string, name: string | undefined): string {
  const text = readFileSync(path, "utf8");
  if (name === undefined) return text;
  const found = new RegExp(`// #region ${name}\\n([\\s\\S]*?)\\n *// #endregion`).exec(text)?.[1];
  if (found === undefined) throw new Error(`${path} has no region "${name}".`);
  const lines = found.split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return `${lines.map((line) => line.slice(margin)).join("\n")}\n`;
}

test("the guide shows code of its examples", () => {
  expect(blocksOf("your-editor.md").length).toBeGreaterThanOrEqual(5);
  expect(pages.filter((page) => blocksOf(page).length === 0)).toEqual([]);
});

test.each(blocks.map(([, path = "", name, code = ""]) => ({ path, name, code })))(
  "$path $name is shown as it is",
  ({ path, name, code }) => {
    expect(code).toBe(region(path, name));
  },
);
