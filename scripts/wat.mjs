import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

// Turns WebAssembly text into the TypeScript that carries its bytes:
//   node scripts/wat.mjs [FILE.wat …]         writes NAME-bytes.ts beside each NAME.wat
//   node scripts/wat.mjs [FILE.wat …] --check fails where one is not up to date
// Without files it takes every text in the engine.

const rest = process.argv.slice(2);
const isCheck = rest.includes("--check");
const named = rest.filter((argument) => argument !== "--check");
const wrong = named.find((file) => !file.endsWith(".wat"));
if (wrong !== undefined) {
  console.error(`${wrong} is no WebAssembly text. Usage: node scripts/wat.mjs [FILE.wat …] [--check]`);
  process.exit(2);
}

const { parseWat } = await wabt();
for (const file of named.length > 0 ? named : await everyText()) {
  const out = `${file.slice(0, -4)}-bytes.ts`;
  const text = await carried(file);
  if (!isCheck) {
    await writeFile(out, text.code);
    console.log(`${out}: ${text.size} bytes`);
  } else if ((await readFile(out, "utf8").catch(() => null)) !== text.code) {
    console.error(`${out} is not what ${basename(file)} says. Run: node scripts/wat.mjs ${file}`);
    process.exitCode = 1;
  }
}

/** The texts of all modules. */
async function everyText() {
  const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "engine", "src");
  const files = await readdir(folder, { recursive: true });
  return files.filter((file) => file.endsWith(".wat")).map((file) => join(folder, file));
}

/** The TypeScript for a text, and how many bytes its module has. */
async function carried(file) {
  const parsed = parseWat(file, await readFile(file, "utf8"), { simd: true });
  parsed.validate();
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const name = basename(file);
  // kernels.wat has kernelBytes, edge-kernels.wat has edgeKernelBytes.
  const words = name.slice(0, -4).replace(/s$/, "").split("-");
  const [first, ...others] = [...words, "bytes"];
  const value = [first, ...others.map((word) => word[0].toUpperCase() + word.slice(1))].join("");
  const code = `// Made by scripts/wat.mjs from ${name}; change that.

/** The ${buffer.length} bytes of the module in ${name}, in base64. */
export const ${value}: string =
  "${Buffer.from(buffer).toString("base64")}";
`;
  return { code, size: buffer.length };
}
