import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

// The table of promises names tests that exist.

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** Each test that the page names, as [file, name]. */
const named = [...read("docs/promises.md").matchAll(/`(test\/[^`]+\.test\.ts)` "([^"|]+)"/g)].map(
  ([, file = "", name = ""]) => [file, name] as const,
);

/** The names of a file's tests as they are written there. */
function namesIn(file: string): ReadonlySet<string> {
  // After `test(` or the cases of `test.each(…)(`, and before what is run; settings may stand between.
  const written = /(?:\btest|\))\(\s*"((?:[^"\\]|\\.)+)",\s*(?:\{[^{}]*\},\s*)?(?:async\s*)?\(/g;
  const names = read(file).matchAll(written);
  return new Set([...names].map(([, name = ""]) => name));
}

test("every row of the table of promises names a test, and every test that it names is there", () => {
  const rows = read("docs/promises.md")
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\| (Promise|-)/.test(line));
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => !/`test\/[^`]+` "[^"]+"/.test(row))).toEqual([]);
  expect(named.length).toBeGreaterThanOrEqual(rows.length);
  const absent = named.filter(([file, name]) => !namesIn(file).has(name));
  expect(absent).toEqual([]);
});
