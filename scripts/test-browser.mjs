import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium } from "./chromium.mjs";

// Runs the tests that need a browser, or says loudly that none could run: `npm run test:browser`.

const vitest = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));

const projects = ["browser", "interface", "pages"].flatMap((name) => ["--project", name]);

/** The names of the tests, read from their files without running them. */
function names() {
  const listed = execFileSync(process.execPath, [vitest, "list", "--static-parse", ...projects, "--json"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(listed.slice(listed.indexOf("["))).map(
    ({ name, file }) => `${relative(process.cwd(), file)} > ${name}`,
  );
}

if (findChromium() === null) {
  const why = "there is no Chromium. Install Debian's package `chromium`, or name one in the variable CHROMIUM";
  const tests = names();
  const line = "!".repeat(78);
  console.log(`${line}\n!! ${tests.length} SKIPPED, not passed: ${why}.`);
  for (const test of tests) console.log(`!! ${test}`);
  console.log(line);
  const file = process.env.UNDERDRAW_COUNTS;
  if (file) {
    mkdirSync(dirname(file), { recursive: true });
    const skips = tests.map((test) => ({ test, why }));
    writeFileSync(file, JSON.stringify({ passed: 0, failed: 0, skipped: tests.length, skips }));
  }
} else {
  const args = [vitest, "run", ...projects, ...process.argv.slice(2)];
  const { status, error } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
