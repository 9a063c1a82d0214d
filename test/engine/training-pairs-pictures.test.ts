import { canny, depthAnything, UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";
import { depthModel } from "../../engine/src/conditions/depth-model.ts";
import { lineart } from "../../engine/src/conditions/lineart.ts";
import { extractMap } from "../../engine/src/extract.ts";
import { openPictures } from "../../engine/src/training/open-pictures.ts";
import { folderOf, lines, shown, square } from "./training-pairs-made.ts";

const code = (wanted: string) => (error: unknown) => UnderdrawError.is(error) && error.code === wanted;
const noRunner = () => Promise.reject(new Error("no model is needed"));

test("pictures alone become pairs: the condition draws their maps", async () => {
  const condition = canny({ low: 40, high: 90 });
  const source = await openPictures(
    await folderOf({ "b/red-square_02.png": square(2), "a.png": square(1) }),
    condition,
  );
  expect(source).toMatchObject({ name: "data", count: 2, condition: "canny" });
  expect([source.nameOf(0), source.nameOf(1)]).toEqual(["a.png", "b/red-square_02.png"]);
  const pair = await source.read(1);
  const map = await extractMap(condition, square(2), {}, noRunner);
  expect(shown(pair.map)).toBe(shown(map.pixels));
  expect(map.pixels.data.filter((value) => value === 255).length).toBeGreaterThan(96 * 96 + 300);
  expect(shown(pair.picture)).toBe(shown(square(2)));
  await expect(source.read(2)).rejects.toThrow(RangeError);
  await expect(source.read(0, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
});

test("captions come from a list, from a text beside the picture, and from its name, which is said once", async () => {
  const files = {
    "one.png": square(1),
    "blue-houseByNight_03.png": square(2),
    "noted.png": square(3),
    "noted.txt": "words\n of a note ",
    "IMG_1234.png": square(4),
    "8f3a9c2b71.png": square(5),
    "metadata.jsonl": '{"file_name": "one.png", "text": "listed"}\n{"file_name": "gone.png", "text": "x"}',
  };
  const source = await openPictures(await folderOf(files), canny());
  const prompts = await Promise.all(Array.from({ length: 5 }, async (_, number) => (await source.read(number)).prompt));
  expect(Object.fromEntries(prompts.map((prompt, number) => [source.nameOf(number), prompt]))).toEqual({
    "8f3a9c2b71.png": "",
    "IMG_1234.png": "",
    "blue-houseByNight_03.png": "blue house By Night",
    "noted.png": "words of a note",
    "one.png": "listed",
  });
  expect(source.warnings).toEqual([
    "Not there, and left out: 1 of the pictures that metadata.jsonl names, gone.png first.",
    'Of 5 pictures 3 have no caption: the words of their names are used, as "blue house By Night"; the names of 2 say nothing, so that they have no words. Write one into NAME.txt beside a picture, or into metadata.jsonl.',
  ]);
});

test("a condition that sees through a model is drawn by who can run it", async () => {
  const folder = await folderOf({ "a.png": square(1) });
  await expect(openPictures(folder, depthAnything())).rejects.toSatisfy(code("model-unknown"));
  await expect(openPictures(folder, depthModel())).rejects.toSatisfy(code("model-unknown"));
  const asked: unknown[] = [];
  const source = await openPictures(folder, depthAnything(), {
    extract: async (condition, picture, { signal }) => {
      asked.push([condition.id, shown(picture), signal?.aborted]);
      return { pixels: lines(7) };
    },
  });
  expect(shown((await source.read(0, { signal: new AbortController().signal })).map)).toBe(shown(lines(7)));
  expect(asked).toEqual([["depth-anything", shown(square(1)), false]]);
});

test("a condition that reads no pictures, and folders without pictures, are refused with words", async () => {
  const opening = openPictures(await folderOf({ "a.png": square(1) }), lineart());
  await expect(opening).rejects.toSatisfy(code("request-invalid"));
  await expect(opening).rejects.toThrow('"lineart" reads no pictures');
  await expect(openPictures(await folderOf({}), canny())).rejects.toThrow("the folder is empty");
  await expect(openPictures(await folderOf({ "a.txt": "a" }), canny())).rejects.toSatisfy(code("training-data"));
});

test("a place that cannot list its files has those of its list", async () => {
  const { list: _, ...blind } = await folderOf({ "a.png": square(1), "metadata.csv": "file_name,text\na.png,one" });
  const source = await openPictures(blind, canny());
  expect(await source.read(0)).toMatchObject({ name: "a.png", prompt: "one" });
});

test.each<[string, Record<string, string>]>([
  ["two folders", {}],
  ["a list", { "prompt.json": '{"source": "source/a.png", "target": "target/a.png", "prompt": "listed"}' }],
])("a folder of pairs gives its pictures and not its maps: %s", async (_, list) => {
  const files = { "source/a.png": lines(1), "target/a.png": square(1), "target/a.txt": "noted", ...list };
  const source = await openPictures(await folderOf(files), canny());
  expect([source.count, source.nameOf(0)]).toEqual([1, "target/a.png"]);
  expect(source.warnings).toEqual([
    'Left out, as they are maps of others here: 1 of the pictures. "canny" draws its own.',
  ]);
  expect((await source.read(0)).prompt).toBe(Object.keys(list).length > 0 ? "listed" : "noted");
});
