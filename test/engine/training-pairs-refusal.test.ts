import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { openPairs } from "../../engine/src/training/open-pairs.ts";
import { folderOf, lines, square } from "./training-pairs-made.ts";

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
describe("a list that cannot be read says where", () => {
  const refused = async (path: string, text: string) => {
    const opening = openPairs(await folderOf({ ...halves, [path]: text }));
    await expect(opening).rejects.toSatisfy(code("file-invalid"));
    return expect(opening).rejects;
  };

  test.each([
    [
      "no JSON at all",
      "prompt.json",
      "source,target\na,b\n",
      /data\/prompt\.json": line 1 is no JSON.*line 2 is no JSON/,
    ],
    ["a line that was cut off", "prompt.json", `${paper[0]}\n${paper[1]?.slice(0, 40)}`, /line 2 is no JSON/],
    ["an array that was cut off", "prompt.json", `[${paper[0]},`, /it is no JSON/],
    ["a line that is no object", "prompt.json", `${paper[0]}\n\n7`, /line 3: .*object/],
    ["a path that is a number", "prompt.json", `{"source": 3, "target": "a"}`, /line 1: source: .*string/],
    [
      "no picture",
      "prompt.json",
      `[{"source": "a.png"}]`,
      /entry 1 names no picture: "target", "image" or "file_name"/,
    ],
    [
      "no map",
      "metadata.jsonl",
      `${paper[0]}\n{"file_name": "a.png", "text": "b"}`,
      /line 2 names no map: "source", "conditioning/,
    ],
    ["pictures alone", "metadata.jsonl", `{"file_name": "a.png", "text": "b"}`, /open them with a condition/],
    [
      "a path upwards",
      "prompt.json",
      `{"source": "../a.png", "target": "b"}`,
      /line 1: the map's path "\.\.\/a\.png" leads out/,
    ],
    [
      "a hidden path upwards",
      "train/prompt.json",
      `{"source": "a", "target": "b/../../../c"}`,
      /leads out of the folder/,
    ],
    ["a path from the top of the disk", "prompt.json", `{"source": "a", "target": "/etc/passwd"}`, /leads out/],
    ["a drive", "prompt.json", `{"source": "C:\\\\a.png", "target": "b"}`, /leads out/],
    ["an address", "prompt.json", `{"source": "https://a.b/c.png", "target": "b"}`, /leads out/],
    [
      "a table's line too short",
      "metadata.csv",
      "image,conditioning_image\na,b\nc\n",
      /line 3 has 1 values, .* 2 columns/,
    ],
    ["a quote that is never closed", "metadata.csv", 'image,text\na,"b\nc\n', /line 2: a quote/],
  ])("%s", async (_, path, text, message) => {
    await (await refused(path, text)).toThrow(message);
  });

  test("and names the first few of many faults", async () => {
    const text = Array.from({ length: 9 }, () => "no").join("\n");
    await (await refused("prompt.json", text)).toThrow(/line 3 is no JSON \([^)]*\); and 6 more\. A list has/);
  });

  test("text that is no UTF-8", async () => {
    const folder = memoryFolder("data", { "prompt.json": Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d) });
    await expect(openPairs(folder)).rejects.toThrow("no UTF-8");
  });

  test("a list that was asked for and is not there", async () => {
    await expect(openPairs(await folderOf(halves), { list: "mine.jsonl" })).rejects.toThrow("no such list");
  });
});

describe("a folder without pairs says what it has", () => {
  test.each([
    ["empty", {}, "the folder is empty"],
    ["texts alone", { "readme.md": "a" }, "it has no pictures"],
    [
      "pictures alone",
      { "a.png": square(1), "b.png": square(2) },
      "it has pictures (2), and nothing says which are maps",
    ],
    ["an empty list", { "prompt.json": "\n" }, "the list prompt.json is empty"],
  ])("%s", async (_, files, message) => {
    const opening = openPairs(await folderOf(files));
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toSatisfy(code("training-data"));
  });

  test("when the place cannot list its files", async () => {
    const { list: _, ...blind } = await folderOf(halves);
    await expect(openPairs(blind)).rejects.toThrow("cannot say which files it has");
  });
});
