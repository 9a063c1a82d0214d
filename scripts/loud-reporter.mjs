import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

// Says aloud which tests were skipped and why, after every run, and counts for scripts/verify.mjs.

/** A reporter for Vitest. With `UNDERDRAW_COUNTS` set, it writes the counts of the run to that file as JSON. */
export default class LoudReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === "passed") counts.passed++;
        else if (state === "failed") failedHere++;
        else {
          counts.skipped++;
          counts.skips.push({ test: `${module.relativeModuleId} > ${test.fullName}`, why: note ?? "no reason given" });
        }
      }
      // A file that could not even be loaded, or whose hook failed, has no failed test to count.
      counts.failed += failedHere === 0 && module.state() === "failed" ? 1 : failedHere;
    }
    counts.failed += unhandledErrors.length;

    if (counts.skips.length > 0) {
      console.log(`\n${"!".repeat(78)}\n!! ${counts.skips.length} SKIPPED, not passed:`);
      for (const { test, why } of counts.skips) console.log(`!! ${test}\n!!   because: ${why}`);
      console.log(`${"!".repeat(78)}\n`);
    }
    const file = process.env.UNDERDRAW_COUNTS;
    if (file) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(counts));
    }
  }
}
