import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

// Everything that must hold, in one command: `npm run verify`. It ends with one line of counts, alone on its line, and
// with an exit code that is not 0 when anything failed. Each test counts as one; a stage without tests counts as one.

const stages = [
  { name: "check", about: "types, lint and format, unused code" },
  { name: "test", about: "tests in Node", counts: "out/verify/node.json" },
  { name: "test:browser", about: "tests in Chromium", counts: "out/verify/browser.json" },
  { name: "build", about: "packages, bundles, API reports" },
  { name: "docs", about: "reference, every symbol documented" },
];

/** Runs one stage and counts what passed in it. */
function run({ name, about, counts }) {
  console.log(`\n── ${name}: ${about} ${"─".repeat(Math.max(0, 70 - name.length - about.length))}`);
  const started = performance.now();
  if (counts) rmSync(counts, { force: true });
  const env = counts ? { ...process.env, UNDERDRAW_COUNTS: counts } : process.env;
  const { status } = spawnSync("npm", ["run", "--silent", name], { stdio: "inherit", env });
  const seconds = (performance.now() - started) / 1000;
  const good = status === 0;
  if (!counts) return { name, seconds, passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0, skips: [] };
  const seen = read(counts) ?? { passed: 0, failed: 0, skipped: 0, skips: [] };
  // A run that ended badly without one failed test, or that left no counts, still failed.
  const failed = good && read(counts) ? seen.failed : Math.max(1, seen.failed);
  return { ...seen, name, seconds, failed };
}

/** The counts that a run of tests left, or null when it left none. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

const results = stages.map(run);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const row = (cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(9))).join("");

const skips = results.flatMap((result) => result.skips);
if (skips.length > 0) console.log("\nSkipped, not passed:");
for (const { test, why } of skips) console.log(`  ${test}\n    because: ${why}`);

console.log(`\n${row(["stage", "passed", "failed", "skipped", "seconds"])}`);
for (const { name, passed, failed, skipped, seconds } of results) {
  console.log(row([name, String(passed), String(failed), String(skipped), seconds.toFixed(1)]));
}
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
