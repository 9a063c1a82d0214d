import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

// npm run fuzz -- [--runs 100000] [--seed 1] [--first 0] [--only safetensors]
// Spoils files and reads them. Every fault comes with the seed and the number that make it again.

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    only: { type: "string" },
  },
});
const [runs, seed, first] = [Number(values.runs), Number(values.seed), Number(values.first)];
const started = performance.now();
let peak = 0;
const result = await fuzz({ runs, seed, first, ...(values.only !== undefined && { only: values.only }) }, (done) => {
  peak = Math.max(peak, process.memoryUsage.rss());
  if (done % 10_000 === 0) console.log(`${done} of ${runs}`);
});
for (const [target, counts] of Object.entries(result.outcomes)) {
  const told = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${count} ${code}`);
  console.log(`${target.padEnd(12)} ${told.join(", ")}`);
}
console.log(
  `slowest ${result.slowest.toFixed(0)} ms (${result.slowestRun}), peak memory ${(peak / 1e6).toFixed(0)} MB`,
);
console.log(
  `${result.runs} runs in ${((performance.now() - started) / 1000).toFixed(0)} s, ${result.faults.length} faults`,
);
for (const fault of result.faults.slice(0, 20)) console.log(fault);
process.exitCode = result.faults.length > 0 ? 1 : 0;
