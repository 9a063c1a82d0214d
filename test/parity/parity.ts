import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runCase } from "./run-case.ts";
import { formatTensors } from "./tensor-file.ts";

// npm run parity -- CASE_DIR --out actual.safetensors

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
const [folder, ...more] = positionals;
if (folder === undefined || more.length > 0 || values.out === undefined) {
  console.error("Usage: npm run parity -- CASE_DIR --out actual.safetensors");
  process.exit(2);
}
try {
  const tensors = await runCase(folder, console.log);
  writeFileSync(values.out, formatTensors(tensors));
  console.log(`${tensors.size} tensors in ${values.out}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
