import { readFileSync } from "node:fs";

// Pages whose tables name the tests that prove their rows: `test/x.test.ts` "the test's name".

const root = new URL("../../", import.meta.url);

/** A file of the repository as text. */
export const textOf = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** Each test that a page names, as [file, name]. */
export const namedTests = (page: string): readonly (readonly [file: string, name: string])[] =>
  [...textOf(page).matchAll(/`(test\/[^`]+\.test\.ts)` "([^"|]+)"/g)].map(([, file = "", name = ""]) => [file, name]);

/** The rows of a page's tables, without their heads. A head's first cell is one of `heads`. */
export const rowsOf = (page: string, heads: readonly string[]): readonly string[] =>
  textOf(page)
    .split("\n")
    .filter(
      (line) => line.startsWith("|") && !/^\| ?-/.test(line) && !heads.some((head) => line.startsWith(`| ${head} `)),
    );

/** The names of a file's tests as they are written there. */
export function testNames(file: string): ReadonlySet<string> {
  // After `test(` or the cases of `test.each(…)(`, and before what is run; settings may stand between.
  const written = /(?:\btest|\))\(\s*"((?:[^"\\]|\\.)+)",\s*(?:\{[^{}]*\},\s*)?(?:async\s*)?\(/g;
  const names = textOf(file).matchAll(written);
  return new Set([...names].map(([, name = ""]) => name));
}
