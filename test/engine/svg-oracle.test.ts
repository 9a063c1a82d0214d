import { readdirSync, readFileSync } from "node:fs";
import { readPicture } from "@underdraw/engine/pictures";
import { readSvg, type SvgDrawing } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";
import { difference, ownImage, resvgImage, shrunk } from "./svg-images.ts";

// Our import, drawn by our raster, against resvg's own render of the same file, both on white. Two sound rasters of the
// same outlines differ by less than 3 of 255 in the mean.

const folder = "test/golden/svg";

/** Where we differ from resvg 2.6.2 on purpose, and who is right. */
const known: Readonly<Record<string, string>> = {
  "blanks-around-numbers": "Attributes may have blanks around a number (SVG 2, 4.2); resvg drops such an attribute.",
  "colours-unknown":
    "A colour that is not known leaves what was inherited or declared before it in force (CSS Cascade, 4.2); resvg takes black.",
  "css-geometry": "Styles may place shapes: x, r, rx, transform (SVG 2, 7 and 8.5); resvg reads attributes alone.",
  "current-colour-inherited":
    "currentColor is inherited as a word, and means the colour of the element that uses it (CSS Color 4, 9.2), as browsers do; resvg takes the colour of the element that says it.",
  "focal-radius": "A radial gradient may begin at a circle, by fr (SVG 2, 14.2.3); resvg begins at a point.",
  important: "!important outweighs the style attribute (CSS Cascade, 6.1); resvg gives the attribute more weight.",
  "marker-points":
    "Markers stand at the points that an author wrote, not inside of arcs, and halfway between both directions where a path closes; `marker`, auto-start-reverse, context-stroke and words in refX count (SVG 2, 13.7); resvg does none of it.",
  media: "Rules in @media screen hold on a screen; resvg drops them.",
  "nested-svg-without-width": "A viewport of width 0 draws nothing (SVG 2, 8.2); resvg draws as if it had none.",
  "non-scaling-stroke": "vector-effect: non-scaling-stroke keeps a stroke's width (SVG 2, 8.13); resvg scales it.",
  "path-length": "pathLength scales the lengths of dashes (SVG 2, 9.6); resvg takes them as they are.",
  "pattern-sizes": "Tiles have any size (SVG 2, 14.3); resvg paints one of whole pixels and stretches it.",
  "quoted-reference": "An address in url() may stand in quotes (CSS Values, 4.5); resvg does not find it.",
  "symbol-place": "A symbol may have x, y, width and height (SVG 2, 5.5), as browsers do; resvg leaves them out.",
  variables: "Custom properties and light-dark() are CSS (CSS Variables 1, CSS Color 5); resvg knows neither.",
};

const text = (name: string): string => readFileSync(`${folder}/${name}.svg`, "utf8");

const read = (name: string): Promise<SvgDrawing> =>
  readSvg(text(name), { name, pictures: async (bytes) => (await readPicture(bytes)).pixels });

const names = readdirSync(folder)
  .filter((name) => name.endsWith(".svg"))
  .map((name) => name.slice(0, -4));

test("the files cover a good deal", () => {
  expect(names.length).toBeGreaterThan(55);
  expect(Object.keys(known).filter((name) => !names.includes(name))).toEqual([]);
});

test.each(names.filter((name) => !(name in known)))("%s looks as resvg draws it", async (name) => {
  expect(difference(ownImage(await read(name)), resvgImage(text(name)))).toBeLessThan(3);
});

test("tiles of any size look as resvg draws them eight times as large", async () => {
  const large = resvgImage(text("pattern-sizes"), [], 8);
  const own = await read("pattern-sizes");
  expect(difference(ownImage(own), shrunk(large, 8))).toBeLessThan(3);
  // What is too dense for shapes is a picture, and has no lines of its own.
  expect(own.scene.shapes.filter(({ kind }) => kind === "picture")).toHaveLength(1);
  expect(own.scene.shapes.length).toBeGreaterThan(100);
});

describe("known differences", () => {
  test.each(Object.entries(known))("%s still is one: %s", async (name) => {
    expect(difference(ownImage(await read(name)), resvgImage(text(name)))).toBeGreaterThan(3);
  });

  // What the standard and browsers ask for, at a pixel that tells it from the other way.
  test.each([
    ["blanks-around-numbers", 40, 15, [136, 51, 136]],
    ["colours-unknown", 15, 15, [255, 192, 203]],
    ["colours-unknown", 45, 15, [217, 217, 217]],
    ["css-geometry", 30, 30, [85, 170, 34]],
    ["css-geometry", 60, 21, [170, 34, 85]],
    ["current-colour-inherited", 20, 20, [255, 136, 0]],
    ["focal-radius", 30, 20, [255, 255, 255]],
    ["important", 20, 20, [0, 255, 255]],
    ["marker-points", 34, 30, [0, 102, 204]],
    ["marker-points", 22, 22, [255, 255, 255]],
    ["marker-points", 70, 40, [0, 102, 204]],
    ["marker-points", 140, 14, [204, 51, 0]],
    ["media", 20, 20, [0, 102, 204]],
    ["nested-svg-without-width", 20, 20, [51, 153, 85]],
    ["non-scaling-stroke", 90, 30, [255, 255, 255]],
    ["path-length", 25, 15, [255, 255, 255]],
    ["path-length", 35, 15, [51, 51, 51]],
    ["quoted-reference", 20, 20, [68, 68, 204]],
    ["symbol-place", 20, 20, [255, 255, 255]],
    ["symbol-place", 45, 20, [204, 102, 51]],
    ["variables", 60, 20, [20, 120, 200]],
  ])("%s is right at %i, %i", async (name, x, y, colour) => {
    const { width, data } = ownImage(await read(name));
    expect([...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)]).toEqual(colour);
  });
});
