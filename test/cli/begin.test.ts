import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GenerateRequest, parseRecipe, type Recipe, recipeKeyword } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../../cli/src/arguments.ts";
import { drawFlags } from "../../cli/src/draw-flags.ts";
import { planFromFlags } from "../../cli/src/plan.ts";
import { createProgressBar } from "../../cli/src/progress.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";
import { house, type Layout, pngOf } from "./png.ts";

const folder = scratch();
const gray: Layout = { colourType: 0, depth: 8 };
const file = (name: string, bytes: Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const lines = file("lines.png", pngOf(64, 64, gray, house));
const photo = file(
  "photo.png",
  pngOf(64, 64, gray, (x, y) => 2 * x + y),
);
const left = file(
  "left.png",
  pngOf(64, 64, gray, (x) => (x < 32 ? 255 : 0)),
);
const right = file(
  "right.png",
  pngOf(64, 64, gray, (x) => (x < 32 ? 0 : 255)),
);
const rightInAlpha = file(
  "right-in-alpha.png",
  pngOf(
    64,
    64,
    { colourType: 6, depth: 8 },
    () => 0,
    (x) => (x < 32 ? 0 : 255),
  ),
);
const pixelsOf = async (path: string) => (await readPicture(readFileSync(path))).pixels;

const { signal } = new AbortController();
const plan = async (...argv: readonly string[]) => {
  const told: string[] = [];
  const bar = createProgressBar({ write: (text) => told.push(text) });
  const given = parseArguments([...argv, "--prompt", "x"], Object.values(drawFlags).flat());
  return { ...(await planFromFlags(given, { bar, signal })), told: told.join("") };
};
const recipeIn = async (path: string): Promise<Recipe> => {
  const { text } = await readPicture(readFileSync(path));
  return parseRecipe(text.get(recipeKeyword) ?? "", path);
};

describe("a mask", () => {
  const maskOf = async (path: string | undefined) => (path === undefined ? undefined : await pixelsOf(path));

  test.each<[string, readonly string[], init: string | undefined, controls: readonly (string | undefined)[]]>([
    ["is a control's where nothing is begun with", ["--map", lines, "--mask", left], undefined, [left]],
    ["is the picture's beside --init", ["--init", photo, "--mask", right], right, []],
    ["wherever --init stands", ["--mask", right, "--map", lines, "--init", photo], right, [undefined]],
    [
      "is a control's after --control",
      ["--init", photo, "--control", "--map", lines, "--mask", left],
      undefined,
      [left],
    ],
    [
      "may be both, each by its place",
      ["--init", photo, "--mask", right, "--control", "--map", lines, "--mask", left],
      right,
      [left],
    ],
    [
      "of the first of two controls that is written without --control is the picture's",
      ["--map", lines, "--mask", right, "--init", photo, "--control", "--map", lines, "--mask", left],
      right,
      [undefined, left],
    ],
  ])("%s", async (_, argv, init, controls) => {
    const { request, controls: planned, told } = await plan(...argv);
    expect(request.init?.mask).toEqual(await maskOf(init));
    expect(planned.map(({ control }) => control.mask)).toEqual(await Promise.all(controls.map(maskOf)));
    // Which of the two it was taken for is said.
    expect(told.includes("the picture is repainted where this is white: 50 %")).toBe(init !== undefined);
    expect(told.includes("the control acts where this is white: 50 %")).toBe(controls.includes(left));
  });

  test("of the picture may lie in a file's opacity", async () => {
    const { request } = await plan("--init", photo, "--mask", rightInAlpha, "--mask-alpha");
    expect(request.init?.mask).toEqual(await pixelsOf(right));
    const { warnings } = await plan("--init", photo, "--mask", rightInAlpha);
    expect(warnings.map(({ code }) => code)).toEqual(["mask-in-alpha"]);
  });
});

test("what is begun with has the strength, the softness and the grays that flags say", async () => {
  const { request } = await plan(
    ...["--init", photo, "--mask", right, "--strength", "0.4", "--feather", "2.5", "--grays", "when"],
  );
  expect(request.init).toEqual({
    picture: await pixelsOf(photo),
    mask: await pixelsOf(right),
    strength: 0.4,
    feather: 2.5,
    grays: "when",
  } satisfies GenerateRequest["init"]);
});

test("prompts are read with weights, and whose numbers a seed gives is asked for", async () => {
  expect((await plan("--map", lines)).request).toMatchObject({ promptSyntax: "weighted" });
  const { request } = await plan(
    ...["--map", lines, "--prompt-syntax", "plain", "--rng", "cuda", "--variation", "18446744073709551615=.25"],
  );
  expect(request).toMatchObject({
    promptSyntax: "plain",
    rng: "cuda",
    variation: { seed: 2n ** 64n - 1n, strength: 0.25 },
  });
});

describe("a picture without a map", () => {
  const place = mkdtempSync(join(folder, "alone-"));
  const tiny = ["--model", tinyModel.base, "--size", "64x64", "--steps", "2", "--seed", "5", "--prompt", "a house"];

  test("is drawn of a model of one's own by the prompt alone, and never of the pack", async () => {
    const out = join(place, "prompt.png");
    const outcome = await underdraw(["draw", ...tiny, "--out", out, "--json"]);
    expect([outcome.code, said(outcome)]).toEqual([0, ""]);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ conditions: [], nets: [], fidelity: [] });
    expect((await recipeIn(out)).controls).toEqual([]);
    const pack = await underdraw(["draw", "--prompt", "an apple"]);
    expect([pack.code, said(pack)]).toEqual([2, expect.stringContaining("There is no map")]);
  });

  test("is shown while it is drawn, where a file for it is named", async () => {
    const [out, show, plain] = [join(place, "shown.png"), join(place, "show.png"), join(place, "unshown.png")];
    const argv = ["draw", ...tiny, "--sampler", "euler"];
    const outcome = await underdraw([...argv, "--show", show, "--out", out]);
    expect([outcome.code, said(outcome)]).toEqual([0, ""]);
    expect(await pixelsOf(show)).toMatchObject({ width: 64, height: 64 });
    await underdraw([...argv, "--out", plain]);
    expect(readFileSync(plain).equals(readFileSync(out))).toBe(true);
    const same = await underdraw([...argv, "--show", out, "--out", out]);
    expect([same.code, said(same)]).toEqual([2, expect.stringContaining("is the place of another result")]);
  });

  test("is begun with another, which its mask keeps byte for byte, and is drawn again from its recipe", async () => {
    const [out, again] = [join(place, "init.png"), join(place, "again.png")];
    const begin = ["--init", photo, "--mask", right, "--strength", "0.9"];
    const outcome = await underdraw(["draw", ...tiny, ...begin, "--out", out]);
    expect([outcome.code, said(outcome)]).toEqual([0, expect.stringContaining("the picture is repainted")]);
    const [drawn, before] = [await pixelsOf(out), await pixelsOf(photo)];
    const half = (pixels: typeof drawn, from: number) =>
      Array.from({ length: 64 }, (_, y) => [...pixels.data.subarray(4 * (64 * y + from), 4 * (64 * y + from + 32))]);
    expect(half(drawn, 0)).toEqual(half(before, 0));
    expect(half(drawn, 32)).not.toEqual(half(before, 32));
    const replay = await underdraw(["draw", "--recipe", out, "--model", tinyModel.base, "--out", again]);
    expect(replay.code).toBe(0);
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    // Beside a recipe that begins with a picture, a mask is that picture's.
    const other = await underdraw(
      ["draw", "--recipe", out, "--model", tinyModel.base, "--mask", left, "--feather", "3", "--out", again], // prettier-ignore
    );
    expect([other.code, said(other)]).toEqual([0, expect.stringContaining("the picture is repainted")]);
    expect((await recipeIn(again)).init).toMatchObject({ feather: 3, strength: 0.9 });
    expect((await recipeIn(again)).init?.mask).not.toBe((await recipeIn(out)).init?.mask);
  });
});
