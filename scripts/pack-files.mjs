import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

// Lists the model pack after it was made anew: `npm run pack:files`.
//   models/pack/files.json   path, bytes and SHA-256 of every file, which a test holds against the files
//   models/src/files.ts      the same files with their addresses written in full, so that bundlers carry them

const pack = "models/pack";

/** Which part of a pipeline a file belongs to: the folder it lies in, as in diffusers' layout. */
const kinds = {
  text_encoder: "text encoder",
  tokenizer: "tokenizer",
  scheduler: "scheduler",
  unet: "unet",
  vae: "vae",
  controlnet: "net",
};

const paths = (await readdir(pack, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(pack, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .filter((path) => path !== "files.json")
  .sort((a, b) => (a < b ? -1 : 1));

const files = [];
for (const path of paths) {
  const bytes = await readFile(join(pack, path));
  const kind = kinds[path.split("/")[0]] ?? "about";
  files.push({ path, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), kind });
}
await writeFile(join(pack, "files.json"), `${JSON.stringify({ version: 1, files }, null, 2)}\n`);

const lines = [...paths, "files.json"]
  .sort((a, b) => (a < b ? -1 : 1))
  .map((path) => `  "${path}": new URL("../pack/${path}", import.meta.url),`);
await writeFile(
  "models/src/files.ts",
  `// Written by scripts/pack-files.mjs: \`npm run pack:files\` after the pack was made anew.

/** Where each file of the pack lies: written in full, so that bundlers see the files and carry them along. */
export const files: Readonly<Record<string, URL>> = {
${lines.join("\n")}
};
`,
);
execFileSync("npx", ["biome", "format", "--write", "models/src/files.ts"], { stdio: ["ignore", "ignore", "inherit"] });

const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(`${files.length} files, ${(total / 1e6).toFixed(1)} MB`);
