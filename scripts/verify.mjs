import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { constants, setPriority } from "node:os";

// Everything that must hold, in one command: `npm run verify`. It ends with one line of counts, alone on its line, and
// with an exit code that is not 0 when anything failed. Each test counts as one; a stage without tests counts as one.

/**
 * Stages one after the other: the first writes what the packages hold, which some tests and the build need. Beside the
 * tests in Chromium, which leave a core idle much of the time, run others at the lowest priority, so that a page waits
 * for nothing of theirs.
 */
const stages = [
  { name: "check", about: "types, lint and format, unused code" },
  { name: "test", about: "tests in Node", counts: "out/verify/node.json" },
  {
    name: "test:browser",
    about: "tests in Chromium",
    counts: "out/verify/browser.json",
    beside: [
      { name: "build", about: "packages, bundles, API reports" },
      { name: "docs", about: "reference, every symbol documented" },
    ],
  },
];

const title = ({ name, about }) =>
  `\n── ${name}: ${about} ${"─".repeat(Math.max(0, 70 - name.length - about.length))}\n`;

/** Runs a stage to its end: how long it took, whether it went well, and, if it is a quiet one, what it said. */
async function run({ name, counts }, { isQuiet }) {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", name], {
    stdio: isQuiet ? ["ignore", "pipe", "pipe"] : "inherit",
    env: counts ? { ...process.env, UNDERDRAW_COUNTS: counts } : process.env,
  });
  const ended = new Promise((resolve) => {
    child.on("close", resolve).on("error", ({ message }) => {
      console.error(`npm did not run: ${message}`);
      resolve(null);
    });
  });
  if (isQuiet && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => said.push(part));
  const isGood = (await ended) === 0;
  return { name, seconds: (performance.now() - started) / 1000, isGood, said: Buffer.concat(said) };
}

/** Runs one stage with what runs beside it, and counts what passed in each. */
async function runAll({ beside = [], ...stage }) {
  const { counts } = stage;
  process.stdout.write(title(stage));
  if (counts) rmSync(counts, { force: true });
  const others = (async () => {
    const ended = [];
    for (const other of beside) ended.push(await run(other, { isQuiet: true }));
    return ended;
  })();
  const results = [counted(await run(stage, { isQuiet: false }), counts)];
  for (const [n, other] of (await others).entries()) {
    process.stdout.write(title(beside[n]));
    process.stdout.write(other.said);
    results.push(counted(other));
  }
  return results;
}

/** What passed in a stage that ended. */
function counted({ name, seconds, isGood }, counts) {
  if (!counts) return { name, seconds, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0, skips: [] };
  const left = read(counts);
  const seen = left ?? { passed: 0, failed: 0, skipped: 0, skips: [] };
  // A run that ended badly without one failed test, or that left no counts, still failed.
  return { ...seen, name, seconds, failed: isGood && left ? seen.failed : Math.max(1, seen.failed) };
}

/** The counts that a run of tests left, or null when it left none. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

const started = performance.now();
const results = [];
for (const stage of stages) results.push(...(await runAll(stage)));
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const row = (cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(9))).join("");

const skips = results.flatMap((result) => result.skips);
if (skips.length > 0) console.log("\nSkipped, not passed:");
for (const { test, why } of skips) console.log(`  ${test}\n    because: ${why}`);

console.log(`\n${row(["stage", "passed", "failed", "skipped", "seconds"])}`);
for (const { name, passed, failed, skipped, seconds } of results) {
  console.log(row([name, String(passed), String(failed), String(skipped), seconds.toFixed(1)]));
}
console.log(row(["in all", "", "", "", ((performance.now() - started) / 1000).toFixed(1)]));
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
