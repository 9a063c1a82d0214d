import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canny } from "@underdraw/engine";
import { expect, test } from "vitest";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import { openPairs } from "../../engine/src/training/open-pairs.ts";
import { openPictures } from "../../engine/src/training/open-pictures.ts";
import { folderOf, lines, png, shown, square } from "./training-pairs-made.ts";

// Names that are the same to a person. A Mac writes "é" as two signs, "e" and an accent, into what it packs.

const [one, two] = ["caf\u00e9", "cafe\u0301"];

test("an accent is one sign or two: halves and words find each other", async () => {
  const source = await openPairs(
    await folderOf({
      [`source/${two}.png`]: lines(1),
      [`target/${one}.png`]: square(1),
      [`target/${two}.txt`]: "a small café",
    }),
  );
  expect(source.count).toBe(1);
  expect(source.warnings).toEqual([]);
  const pair = await source.read(0);
  expect(pair.prompt).toBe("a small café");
  expect(shown(pair.map)).toBe(shown(lines(1)));
});

test("a list finds files whose accents are written otherwise", async () => {
  const line = JSON.stringify({ source: `s/${one}.png`, target: `t/${one}.png`, prompt: "x" });
  const folder = await folderOf({
    [`s/${two}.png`]: lines(2),
    [`t/${two}.png`]: square(2),
    "prompt.json": line,
  });
  const source = await openPairs(folder);
  expect(shown((await source.read(0)).picture)).toBe(shown(square(2)));
  // Opened as pictures alone, the list's maps are no pictures to learn from.
  const alone = await openPictures(folder, canny());
  expect([alone.count, (await alone.read(0)).prompt]).toEqual([1, "x"]);
});

test("two files whose names look the same are told", async () => {
  const source = await openPairs(
    await folderOf({
      [`source/${one}.png`]: lines(1),
      [`source/${two}.png`]: lines(2),
      [`target/${one}.png`]: square(1),
    }),
  );
  expect(source.count).toBe(1);
  expect(source.warnings).toEqual([expect.stringContaining("has the same name")]);
});

test("names that differ in case alone stay apart, and that is said", async () => {
  const source = await openPairs(
    await folderOf({
      "source/Cat.png": lines(1),
      "target/cat.png": square(1),
      "source/dog.png": lines(2),
      "target/dog.png": square(2),
      "target/Dog.txt": "a dog",
    }),
  );
  expect(source.count).toBe(3);
  expect(source.warnings).toEqual([
    '1 map and its picture differ in capital and small letters alone ("Cat", "cat"): name them alike, and they are pairs.',
    '1 file is not found for capital and small letters alone: "target/dog.txt" is looked for, and there is "target/Dog.txt". Name them alike.',
  ]);
});

test("a linked folder of pictures is refused in words that fit pictures", async () => {
  const root = mkdtempSync(join(tmpdir(), "pairs-"));
  try {
    mkdirSync(join(root, "far"));
    mkdirSync(join(root, "data/source"), { recursive: true });
    writeFileSync(join(root, "far/0.png"), await png(square(0)));
    writeFileSync(join(root, "data/source/0.png"), await png(lines(0)));
    writeFileSync(join(root, "data/prompt.json"), '{"source": "source/0.png", "target": "target/0.png"}');
    symlinkSync("../far", join(root, "data/target"));
    const source = await openPairs(nodeFolder(join(root, "data")));
    await expect(source.read(0)).rejects.toThrow(/target\/0\.png.*is a link that leads out of its folder\./);
  } finally {
    rmSync(root, { recursive: true });
  }
});
