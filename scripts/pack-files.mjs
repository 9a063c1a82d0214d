import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

// Lists the model pack for bundlers after the recipe made it anew: `npm run pack:files` writes models/src/files.ts from
// the pack's manifest, with every address in full. A test holds manifest and files against each other.

const { files, bytes } = JSON.parse(readFileSync("models/pack/manifest.json", "utf8"));
const names = ["manifest.json", ...files.map(({ name }) => name)].sort();
const lines = names.map((name) => `  "${name}": new URL("../pack/${name}", import.meta.url),`);
writeFileSync(
  "models/src/files.ts",
  `// Written by scripts/pack-files.mjs: \`npm run pack:files\` after the pack was made anew.

/** Where each file of the pack lies: written in full, so that bundlers see the files and carry them along. */
export const files: Readonly<Record<string, URL>> = {
${lines.join("\n")}
};
`,
);
execFileSync("npx", ["biome", "format", "--write", "models/src/files.ts"], { stdio: ["ignore", "ignore", "inherit"] });
console.log(`${names.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
