import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = resolve("scripts/run.mjs");
let folder = "";

beforeAll(() => {
  // Inside the repository, as every file that is run this way, where packages are found; ignored by git and the checks.
  mkdirSync("out", { recursive: true });
  folder = mkdtempSync(resolve("out/run-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test("a TypeScript file runs with its arguments, with our packages from source and others from where they lie", () => {
  const file = write(
    "works.ts",
    `import { createPixels } from "@underdraw/engine/core";
     import { miniFolder } from "@underdraw/model-mini/node";
     import ts from "typescript";
     const { width }: { width: number } = createPixels(7, 5);
     console.log(JSON.stringify([width, ts.version, process.argv.slice(1), import.meta.url, miniFolder()]));`,
  );
  const said: unknown = JSON.parse(execFileSync("node", [run, file, "--two", "words here"], { encoding: "utf8" }));
  expect(said).toEqual([
    7,
    expect.stringMatching(/^\d+\.\d+/),
    [file, "--two", "words here"],
    pathToFileURL(file).href,
    resolve("models/pack"),
  ]);
});

test("an error points at the line in TypeScript, and a set exit code stays", () => {
  const failing = write(
    "fails.ts",
    'type Nothing = never;\n\nexport const x = import.meta.url;\nthrow new Error("so");\n',
  );
  const failed = spawnSync("node", [run, failing], { encoding: "utf8" });
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain(`${failing}:4`);
  const leaving = write("leaves.ts", "process.exitCode = 3 satisfies number;\n");
  expect(spawnSync("node", [run, leaving]).status).toBe(3);
});

test("a file that is not there is named", () => {
  const { status, stderr } = spawnSync("node", [run, join(folder, "nothing.ts")], { encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(stderr).toContain("nothing.ts");
});
