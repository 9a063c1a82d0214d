import { expect, test } from "vitest";
import { namedTests, rowsOf, testNames } from "./named-tests.ts";

// The table of promises names tests that exist.

const page = "docs/promises.md";

test("every row of the table of promises names a test, and every test that it names is there", () => {
  const rows = rowsOf(page, ["Promise"]);
  const named = namedTests(page);
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => !/`test\/[^`]+` "[^"]+"/.test(row))).toEqual([]);
  expect(named.length).toBeGreaterThanOrEqual(rows.length);
  const absent = named.filter(([file, name]) => !testNames(file).has(name));
  expect(absent).toEqual([]);
});
