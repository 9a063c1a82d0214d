import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import { openPairs } from "../../engine/src/training/open-pairs.ts";
import type { PairSource } from "../../engine/src/training/pair.ts";
import { at, drawn, folderOf, lines, negative, png, shown, square } from "./training-pairs-made.ts";

const named = (source: PairSource): string[] =>
  Array.from({ length: source.count }, (_, number) => source.nameOf(number));
const prompts = async (source: PairSource): Promise<string[]> =>
  Promise.all(named(source).map(async (_, number) => (await source.read(number)).prompt));
const code = (wanted: string) => (error: unknown) => UnderdrawError.is(error) && error.code === wanted;

const halves = {
  "source/0.png": lines(0),
  "target/0.png": square(0),
  "source/1.png": lines(1),
  "target/1.png": square(1),
};
const paper = [
  '{"source": "source/0.png", "target": "target/0.png", "prompt": "pale golden rod circle with old lace background"}',
  '{"source": "source/1.png", "target": "target/1.png", "prompt": "light coral circle with white background"}',
];
const words = ["pale golden rod circle with old lace background", "light coral circle with white background"];

describe("a list in the manner of the paper's repository", () => {
  test.each([
    ["a JSON object a line", "prompt.json", `${paper.join("\n")}\n`],
    ["a byte order mark and Windows' line ends", "prompt.json", `\uFEFF${paper.join("\r\n")}\r\n\r\n`],
    ["one JSON array", "prompt.json", `[\n${paper.join(",\n")}\n]`],
    ["another name", "pairs.jsonl", paper.join("\n")],
    [
      "Windows' slashes",
      "prompt.json",
      paper.join("\n").replaceAll("source/", ".\\\\source\\\\").replaceAll("target/", "target\\\\"),
    ],
  ])("is found: %s", async (_, path, text) => {
    const source = await openPairs(await folderOf({ ...halves, [path]: text }));
    expect(named(source)).toEqual(["target/0.png", "target/1.png"]);
    expect(await prompts(source)).toEqual(words);
    expect(source).toMatchObject({ name: "data", count: 2, condition: null, warnings: [] });
    const pair = await source.read(1);
    expect(shown(pair.map)).toBe(shown(lines(1)));
    expect(shown(pair.picture)).toBe(shown(square(1)));
  });

  test("may lie deeper, and its paths are relative to it", async () => {
    const files = Object.fromEntries(Object.entries(halves).map(([path, file]) => [`training/fill50k/${path}`, file]));
    const source = await openPairs(await folderOf({ ...files, "training/fill50k/prompt.json": paper.join("\n") }));
    expect(named(source)).toEqual(["training/fill50k/target/0.png", "training/fill50k/target/1.png"]);
    expect(shown((await source.read(0)).map)).toBe(shown(lines(0)));
  });

  test("names its condition where the caller does, and turns dark lines into bright ones", async () => {
    const dark = negative(lines(1));
    const bright = lines(0);
    const clear = drawn(96, 96, (x, y) => [0, 0, 0, at(bright, x, y)[0] === 255 ? 255 : 0]);
    const files = { ...halves, "source/1.png": dark, "source/0.png": clear, "prompt.json": paper.join("\n") };
    const source = await openPairs(await folderOf(files), { condition: "lineart", invert: true });
    expect(source.condition).toBe("lineart");
    expect(shown((await source.read(1)).map)).toBe(shown(lines(1)));
    expect(shown((await source.read(0)).map)).toBe(shown(lines(0)));
    expect(source.warnings.join()).toContain("inverted");
  });

  test("keeps a line whose file is missing, and reading it says which half", async () => {
    const { "source/1.png": _, ...files } = halves;
    const source = await openPairs(await folderOf({ ...files, "prompt.json": paper.join("\n") }));
    expect(source.count).toBe(2);
    await expect(source.read(1)).rejects.toThrow('missing half: the map "source/1.png" is not there');
    await expect(source.read(1)).rejects.toSatisfy(code("file-invalid"));
    await expect(source.read(2)).rejects.toThrow(RangeError);
  });

  test("of which a picture is damaged is told when that is read, by its name", async () => {
    const broken = (await png(square(1))).slice(0, 60);
    const source = await openPairs(
      await folderOf({ ...halves, "target/1.png": broken, "prompt.json": paper.join("\n") }),
    );
    await expect(source.read(1)).rejects.toSatisfy(code("picture-unreadable"));
    await expect(source.read(1)).rejects.toThrow("target/1.png");
    expect(shown((await source.read(0)).picture)).toBe(shown(square(0)));
  });

  test("stops with the signal's reason", async () => {
    const folder = await folderOf({ ...halves, "prompt.json": paper.join("\n") });
    await expect(openPairs(folder, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    const source = await openPairs(folder);
    await expect(source.read(0, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
  });
});

describe("Hugging Face's layout", () => {
  const files = {
    "train/a.png": square(3),
    "train/maps/a.png": lines(3),
    "train/b.png": square(4),
    "train/maps/b.png": lines(4),
  };

  test("has metadata beside its pictures", async () => {
    const text = [
      '{"file_name": "a.png", "conditioning_image": "maps/a.png", "text": "one"}',
      '{"file_name": "b.png", "conditioning_image_file_name": "maps/b.png", "caption": "two", "score": 3}',
      '{"image": "b.png", "conditioning_image": "maps/b.png", "text": null}',
    ].join("\n");
    const source = await openPairs(
      await folderOf({ ...files, "train/metadata.jsonl": text, "test/metadata.jsonl": "no" }),
    );
    expect(named(source)).toEqual(["train/a.png", "train/b.png", "train/b.png"]);
    expect(await prompts(source)).toEqual(["one", "two", ""]);
    expect(shown((await source.read(1)).map)).toBe(shown(lines(4)));
    expect(source.warnings).toEqual(["The pairs are those of train/metadata.jsonl; not read: test/metadata.jsonl."]);
  });

  test.each([
    [
      "commas",
      'file_name,conditioning_image,text\r\na.png,maps/a.png,"red, ""so""\nto say"\r\n\r\nb.png,maps/b.png,\r\n',
    ],
    ["semicolons", 'file_name;conditioning_image;text\na.png;maps/a.png;"red, ""so""\nto say"\nb.png;maps/b.png;'],
  ])("has a table with %s", async (_, table) => {
    const source = await openPairs(await folderOf({ ...files, "train/metadata.csv": `\uFEFF${table}` }));
    expect(named(source)).toEqual(["train/a.png", "train/b.png"]);
    expect(await prompts(source)).toEqual(['red, "so"\nto say', ""]);
  });

  test("is found where the place cannot list its files", async () => {
    const folder = await folderOf({ ...files, "train/metadata.csv": "image,conditioning_image\na.png,maps/a.png" });
    const { list: _, ...blind } = folder;
    const source = await openPairs(blind);
    expect(shown((await source.read(0)).picture)).toBe(shown(square(3)));
  });
});

describe("two folders", () => {
  test.each([
    ["source", "target"],
    ["conditioning_image", "image"],
    ["conditioning_images", "images"],
    ["conditioning_image", "images"],
    ["maps", "pictures"],
    ["set/maps", "set/pictures"],
    ["train/Source", "train/Target"],
  ])("%s and %s are pairs by their files' names", async (maps, pictures) => {
    const folder = await folderOf({
      [`${maps}/b.png`]: lines(1),
      [`${pictures}/b.PNG`]: square(1),
      [`${maps}/a/c.png`]: lines(2),
      [`${pictures}/a/c.png`]: square(2),
      [`${pictures}/b.txt`]: "\uFEFFa red\r\nsquare\n",
      [`${pictures}/.DS_Store`]: "x",
      [`${pictures}/._b.png`]: "x",
      "__MACOSX/source/._b.png": "x",
    });
    const source = await openPairs(folder);
    expect(named(source)).toEqual([`${pictures}/a/c.png`, `${pictures}/b.PNG`]);
    expect(await prompts(source)).toEqual(["", "a red square"]);
    expect(shown((await source.read(1)).map)).toBe(shown(lines(1)));
    expect(source.warnings).toEqual([]);
  });

  test("with files that have no partner keep those, and reading one says which half is missing", async () => {
    const source = await openPairs(await folderOf({ ...halves, "source/2.png": lines(2), "target/3.png": square(3) }));
    expect(named(source)).toEqual(["target/0.png", "target/1.png", "source/2.png", "target/3.png"]);
    await expect(source.read(2)).rejects.toThrow('missing half: the picture "target/2"');
    await expect(source.read(3)).rejects.toThrow('missing half: the map "source/3"');
  });

  test("with two files of one name say which is left out", async () => {
    const source = await openPairs(await folderOf({ ...halves, "target/0.webp": square(9) }));
    expect(source.count).toBe(2);
    expect(source.warnings).toEqual(["target/0.webp is left out: target/0.png has the same name."]);
  });
});

test("a folder on disk is read in place, and a link that leads out of it is refused", async () => {
  const root = mkdtempSync(join(tmpdir(), "underdraw-test-"));
  try {
    for (const folder of ["set/source", "set/target"]) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "set/source/0.png"), await png(lines(0)));
    writeFileSync(join(root, "set/target/0.png"), await png(square(0)));
    writeFileSync(join(root, "secret.png"), await png(square(1)));
    writeFileSync(join(root, "set/source/1.png"), await png(lines(1)));
    symlinkSync(join(root, "secret.png"), join(root, "set/target/1.png"));
    const source = await openPairs(nodeFolder(join(root, "set")));
    expect(shown((await source.read(0)).picture)).toBe(shown(square(0)));
    await expect(source.read(1)).rejects.toThrow("leads out");
  } finally {
    rmSync(root, { recursive: true });
  }
});
