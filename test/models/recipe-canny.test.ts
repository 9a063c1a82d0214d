import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canny } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";

// The pack's nets were trained on lines that the recipe drew, in Python and in batches. They read the engine's: both must
// be the same lines. models/recipe/canny_pairs.py wrote the pictures and the recipe's maps; RECIPE_CANNY names a folder
// with more of them (200 drawings: see models/recipe/README.md).

const folder = process.env["RECIPE_CANNY"] ?? "test/golden/recipe-canny";
const pairs: { picture: string; map: string; low: number; high: number }[] = JSON.parse(
  readFileSync(join(folder, "pairs.json"), "utf8"),
);
const open = async (name: string) =>
  (await readPicture(new Uint8Array(readFileSync(join(folder, name))), { name })).pixels;
const context = { run: () => Promise.reject(new Error("canny has no model")) };

test("the engine's canny and the recipe's are equal in every pixel", { timeout: 120_000 }, async () => {
  const different: string[] = [];
  let edges = 0;
  for (const { picture, map, low, high } of pairs) {
    const [source, expected] = [await open(picture), await open(map)];
    const pixels = await canny.choose({ low, high }).extract(source, context);
    let wrong = 0;
    for (let i = 0; i < expected.data.length; i += 4) {
      const edge = expected.data[i] ?? 0;
      if (edge > 0) edges++;
      if (pixels.data[i] !== edge) wrong++;
    }
    if (wrong > 0 || pixels.data.length !== expected.data.length) different.push(`${picture}: ${wrong} pixels`);
  }
  expect(different).toEqual([]);
  expect(edges).toBeGreaterThan(100 * pairs.length);
  console.log(`${pairs.length} pictures of ${folder}, ${edges} edge pixels, equal`);
});
