import { join } from "node:path";
import { disagreement } from "../parity/compare.ts";
import { runCase, tensorsIn } from "../parity/run-case.ts";

// Runs the full-size Stable Diffusion 1.5 that make.py beside this file made, on the CPU in float32, and holds every number
// on the way against those of diffusers: text states, residuals of the ControlNet, predictions, latents, the picture.
//
//   npm run full-size -- FOLDER
//
// Ends with 1 when a tensor is further off than the limit. Takes about a minute on two cores, and 7 GB of disk while it
// loads. It says how long it took and the memory at its peak.

/** The limit in relative root mean square. */
const LIMIT = 2e-3;

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error("Usage: npm run full-size -- FOLDER (made by test/full-size/make.py)");
  process.exit(2);
}
/** The root mean square of what differs, as a share of what is expected. */
function relativeError(expected: Float32Array, actual: ArrayLike<number | bigint>): number {
  let [off, size] = [0, 0];
  for (const [n, value] of expected.entries()) {
    off += (Number(actual[n]) - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(off / size);
}

const started = performance.now();
const actual = await runCase(folder, (line) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`),
);
const took = (performance.now() - started) / 1000;

const faults: string[] = [];
const errors: (readonly [name: string, error: number])[] = [];
const expected = tensorsIn(folder, "expected.safetensors");
for (const [name, tensor] of expected) {
  const fault = disagreement(name, tensor, actual.get(name), LIMIT);
  if (fault) faults.push(fault);
  const got = actual.get(name);
  if (got && tensor.values instanceof Float32Array) errors.push([name, relativeError(tensor.values, got.values)]);
}
errors.sort(([, one], [, other]) => other - one);
for (const [name, error] of errors.slice(0, 6)) console.log(`${name.padEnd(24)} off by ${error.toExponential(2)}`);
const picture = errors.find(([name]) => name === "image")?.[1] ?? Number.NaN;
console.log(`picture                  off by ${picture.toExponential(2)}`);
console.log(`${expected.size} tensors, limit ${LIMIT}; loaded and drew in ${took.toFixed(1)} s`);
// ru_maxrss, in kB on Linux and macOS.
console.log(`peak ${(process.resourceUsage().maxRSS / 1e6).toFixed(1)} GB; case ${join(folder, "case.json")}`);
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
