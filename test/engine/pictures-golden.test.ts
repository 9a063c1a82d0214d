import { readFile } from "node:fs/promises";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";
import expected from "../golden/pictures/expected.json" with { type: "json" };
import { agreed, fingerprints, worstDifference } from "../golden/pictures/realms.ts";

const golden = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`../golden/pictures/${name}`, import.meta.url)));
const notesOf = async (name: string): Promise<string> => (await readPicture(await golden(name))).notes.join(" ");

const names = Object.keys(expected) as (keyof typeof expected)[];

test.each(names)("%s is read as its maker meant it", async (name) => {
  expect(await worstDifference(name, await golden(name))).toBeLessThanOrEqual(expected[name].tolerance);
});

test("pictures are read and written to the byte as in a browser", async () => {
  expect(await fingerprints(golden)).toEqual(agreed);
});

test("a picture's format is told by its bytes", async () => {
  const formats = await Promise.all(
    ["kind-2-8.png", "grey.jpg", "lossy.webp", "interlaced.gif"].map(async (name) => {
      return (await readPicture(await golden(name), { name: "misnamed.bmp" })).format;
    }),
  );
  expect(formats).toEqual(["png", "jpeg", "webp", "gif"]);
});

test("notes say what was done on the way, and nothing where nothing was done", async () => {
  expect(await notesOf("orientation-5.jpg")).toContain("orientation 5");
  expect(await notesOf("profile-p3.jpg")).toContain("profile");
  expect(await notesOf("gamma-linear-16.png")).toMatch(/16 to 8 bits.*gAMA/);
  expect(await notesOf("moving.webp")).toContain("first of 3 frames");
  expect(await notesOf("moving-still-first.png")).toContain("first of 2 frames");
  expect(await notesOf("profile-broken.png")).toContain("passed over");
  for (const name of ["baseline.jpg", "profile-srgb.png", "gamma-srgb.png", "kind-6-8.png", "lossless.webp"]) {
    expect(await notesOf(name)).toBe("");
  }
});

test("an sRGB profile leaves the very bytes alone", async () => {
  const [, plain] = await Promise.all([golden("profile-srgb.png"), golden("gamma-srgb.png")]);
  expect((await readPicture(await golden("profile-srgb.png"))).pixels).toEqual((await readPicture(plain)).pixels);
});

test("a strip of 40,000 x 3 is read whole", async () => {
  const { pixels } = await readPicture(await golden("strip.png"));
  expect([pixels.width, pixels.height]).toEqual([40_000, 3]);
  for (const x of [0, 16_384, 32_767, 39_999]) {
    const value = Math.floor((x * 7) / 5) % 251;
    expect([0, 1, 2].map((y) => pixels.data[(y * 40_000 + x) * 4])).toEqual([value, 250 - value, value]);
  }
});

test("a GIF with more codes than its table holds is read to the last pixel", async () => {
  const { pixels } = await readPicture(await golden("formula.gif"));
  expect([pixels.width, pixels.height]).toEqual([90, 70]);
  const wrong: string[] = [];
  for (let y = 0, i = 0; y < 70; y++) {
    for (let x = 0; x < 90; x++, i += 4) {
      const index = (x * x * 7 + y * y * 13 + x * y * 5) % 256;
      const wanted = [index, 255 - index, (index * 7) % 256, 255];
      if (wanted.some((value, channel) => pixels.data[i + channel] !== value)) wrong.push(`${x},${y}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("colour under alpha 0 does not show", async () => {
  const { data } = (await readPicture(await golden("key-colour-16.png"))).pixels;
  const hidden = [...data.keys()].filter((i) => i % 4 === 3 && data[i] === 0);
  expect(hidden.length).toBeGreaterThan(0);
  for (const i of hidden) expect([...data.subarray(i - 3, i)]).toEqual([0, 0, 0]);
});
