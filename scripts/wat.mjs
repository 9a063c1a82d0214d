import { readFile, writeFile } from "node:fs/promises";
import wabt from "wabt";

// Turns WebAssembly text into the TypeScript that carries its bytes:
//   node scripts/wat.mjs engine/src/vision/kernels.wat        writes kernels-bytes.ts beside it
//   node scripts/wat.mjs engine/src/vision/kernels.wat --check fails where that is not up to date

const [file, flag] = process.argv.slice(2);
if (file === undefined || !file.endsWith(".wat")) {
  console.error("Which text? Usage: node scripts/wat.mjs FILE.wat [--check]");
  process.exit(2);
}

const { parseWat } = await wabt();
const parsed = parseWat(file, await readFile(file, "utf8"), { simd: true });
parsed.validate();
const { buffer } = parsed.toBinary({});
parsed.destroy();
const name = file.slice(file.lastIndexOf("/") + 1);
const out = `${file.slice(0, -4)}-bytes.ts`;
const text = `// Made by scripts/wat.mjs from ${name}; change that.

/** The ${buffer.length} bytes of the module in ${name}, in base64. */
export const kernelBytes: string =
  "${Buffer.from(buffer).toString("base64")}";
`;
if (flag === "--check") {
  if ((await readFile(out, "utf8")) !== text) {
    console.error(`${out} is not what ${name} says. Run: node scripts/wat.mjs ${file}`);
    process.exit(1);
  }
} else {
  await writeFile(out, text);
  console.log(`${out}: ${buffer.length} bytes`);
}
