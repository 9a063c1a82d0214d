import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtInConditions } from "@underdraw/engine";
import { expect, test } from "vitest";
import { page, type Shown, table } from "../../examples/gallery/page.ts";

// The pages of docs/conditions say what the conditions themselves say: after a change, `npm run gallery`.

const folder = "docs/conditions";
const read = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");

/** The pictures that a page shows. */
function pictures(id: string): readonly Shown[] {
  return [...read(`${id}.md`).matchAll(/<img src="([^"]+)" alt="([^"]+)"/g)].map(([, file = "", caption = ""]) => ({
    file,
    caption,
  }));
}

test.each(builtInConditions.map((kind) => [kind.id, kind] as const))("%s has its page as it is today", (id, kind) => {
  const shown = pictures(id);
  expect(read(`${id}.md`)).toBe(page(kind, shown));
  for (const { file } of shown) expect(existsSync(`${folder}/${file}`)).toBe(true);
  expect(kind.about).toMatch(/^[A-Z].*\.$/);
});

test("the list has every condition, and there is no page of another", () => {
  expect(read("README.md")).toBe(table(builtInConditions.map((kind) => ({ kind, pictures: pictures(kind.id) }))));
  const pages = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  expect(pages.sort()).toEqual(builtInConditions.map(({ id }) => `${id}.md`).sort());
});

test("what needs no model of the user's is shown", () => {
  const bare = builtInConditions.filter(
    ({ id, models }) => Object.keys(models).length === 0 && pictures(id).length === 0,
  );
  expect(bare.map(({ id }) => id)).toEqual([]);
});
