import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundled } from "./bundled.mjs";

// Runs a TypeScript file of this repository on a Node that knows no TypeScript, without a build:
//   node scripts/run.mjs FILE.ts [argument …]
// The file and every package of ours are bundled from source; packages of others stay where they are.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  console.error("Which file? Usage: node scripts/run.mjs FILE.ts [argument …]");
  process.exit(2);
}

const entry = resolve(file);
const code = await bundled(entry);

// Written whole and then renamed, so that two runs at once never load each other's half file.
const out = join(root, "out", "run", `${relative(root, entry).replace(/[^a-z0-9]+/gi, "-")}.mjs`);
await mkdir(dirname(out), { recursive: true });
await writeFile(`${out}.${process.pid}`, code);
await rename(`${out}.${process.pid}`, out);

// npm runs a script in the root; a path that a person typed is meant from where the person stands.
const stood = process.env.INIT_CWD;
if (stood !== undefined && process.cwd() === root && process.env.npm_lifecycle_event !== undefined)
  process.chdir(stood);

process.setSourceMapsEnabled(true);
process.argv = [process.argv[0] ?? "node", entry, ...rest];
await import(pathToFileURL(out).href);
