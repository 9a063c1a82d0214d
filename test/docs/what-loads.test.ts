import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { namedTests, rowsOf, testNames, textOf } from "./named-tests.ts";

// The page of what loads names, for each layout, tests that exist and parity cases that are run.

const page = "docs/what-loads.md";

test("every row of what loads names what proves it, and all of that is there", () => {
  const rows = rowsOf(page, ["Layout", "What it is"]);
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => !/`test\/[^`]+` "[^"]+"|parity `[^`]+`/.test(row))).toEqual([]);
  const named = namedTests(page);
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter(([file, name]) => !testNames(file).has(name))).toEqual([]);
  const cases = new Set(readdirSync("test/golden/parity"));
  const used = [...textOf(page).matchAll(/parity `([^`]+)`/g)].map(([, name = ""]) => name);
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((name) => !cases.has(name))).toEqual([]);
});
