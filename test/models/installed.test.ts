import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { installed, type Project, unpacked } from "./installed.ts";

// What somebody gets who installs the engine and the pack: another process, in an empty project, from tarballs.

let project: Project | undefined;
beforeAll(async () => {
  if (unpacked === null) project = await installed();
}, 180_000);
afterAll(() => project?.remove());
beforeEach(({ skip }) => {
  if (unpacked !== null) skip(unpacked);
});

/** Runs a module in the project, and reads the JSON that it says. */
async function says(name: string, text: string): Promise<unknown> {
  const folder = project?.folder ?? "";
  await writeFile(join(folder, name), text);
  const { stdout } = await promisify(execFile)(process.execPath, [name], { cwd: folder, env: { PATH: "" } });
  return JSON.parse(stdout);
}

test("an installed pack opens every file that its manifest lists, with the bytes that were hashed", async () => {
  const seen = await says(
    "files.mjs",
    `import { createHash } from "node:crypto";
     import { miniFiles, openMini } from "@underdraw/model-mini";
     const { files } = await new Response(await openMini("manifest.json")).json();
     const wrong = [];
     for (const { name, sha256 } of files) {
       const hash = createHash("sha256");
       for await (const bytes of await openMini(name)) hash.update(bytes);
       if (hash.digest("hex") !== sha256) wrong.push(name);
     }
     const from = import.meta.resolve("@underdraw/model-mini");
     console.log(JSON.stringify({ wrong, listed: files.length, known: miniFiles.length, from }));`,
  );
  const { files } = JSON.parse(readFileSync("models/pack/manifest.json", "utf8"));
  expect(seen).toEqual({
    wrong: [],
    listed: files.length,
    known: files.length + 1,
    from: expect.stringContaining("/underdraw-project-"),
  });
});

test("an installed engine draws from the pack, read file by file and read in place, the same picture", {
  timeout: 120_000,
}, async () => {
  const seen = await says(
    "draw.mjs",
    `import { Engine } from "@underdraw/engine";
     import { nodeFolder } from "@underdraw/engine/node";
     import { openMini } from "@underdraw/model-mini";
     import { miniFolder } from "@underdraw/model-mini/node";
     const pictures = [];
     for (const models of [openMini, nodeFolder(miniFolder())]) {
       const engine = new Engine({ models, runtime: { device: "cpu" } });
       const pipeline = await engine.load();
       const { pixels } = await pipeline.generate({ prompt: "flat emoji of red apple", controls: [], steps: 1, seed: 1 });
       pictures.push(pixels);
       await engine.dispose();
     }
     const [one, other] = pictures;
     const same = one.data.every((value, i) => value === other.data[i]);
     console.log(JSON.stringify({ size: [one.width, one.height], shades: new Set(one.data).size, same }));`,
  );
  expect(seen).toMatchObject({ size: [256, 256], same: true });
  expect((seen as { shades: number }).shades).toBeGreaterThan(50);
});
