import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SceneShape } from "@underdraw/engine/core";
import { readSvg } from "@underdraw/engine/svg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockFont } from "./block-font.ts";
import { difference, ownImage, resvgImage } from "./svg-images.ts";

const folder = mkdtempSync(join(tmpdir(), "underdraw-font-"));
const path = join(folder, "blocks.otf");
let font: Uint8Array;

beforeAll(async () => {
  font = await blockFont("Blocks");
  writeFileSync(path, font);
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = (inside: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="120" font-family="Blocks" font-size="20">${inside}</svg>`;

const shapes = async (inside: string, fonts: readonly Uint8Array[] = [font]): Promise<readonly SceneShape[]> =>
  (await readSvg(text(inside), { fonts })).scene.shapes;

describe("text with a font looks as resvg draws it", () => {
  test.each([
    ["plain", '<text x="10" y="40">Plain AVA words</text>'],
    ["in the middle", '<text x="120" y="40" text-anchor="middle">in <tspan fill="red">the</tspan> middle</text>'],
    ["at the end, outlined", '<text x="230" y="40" text-anchor="end" fill="none" stroke="#226">end</text>'],
    ["moved", '<text x="10" y="40">a<tspan dx="9" dy="-7">b</tspan><tspan x="60" y="80">c</tspan>d</text>'],
    ["placed one by one", '<text x="10 50 90" y="40 50 60">abcd</text>'],
    ["turned", '<text x="10" y="60" rotate="10 30">abcd</text>'],
    ["spaced", '<text x="10" y="40" letter-spacing="5">spaced</text>'],
    [
      "with blanks",
      '<text x="10" y="40">\n  a   b\n\t c </text><text x="10" y="80" xml:space="preserve">  a  b </text>',
    ],
    ["large and small", '<text x="10" y="60" style="font-size:2em">a<tspan font-size="50%">b</tspan></text>'],
    ["raised", '<text x="10" y="60">a<tspan baseline-shift="super" font-size="12">b</tspan></text>'],
    [
      "hidden in part",
      '<text x="10" y="60">a<tspan visibility="hidden">bbb</tspan>c<tspan display="none">d</tspan>e</text>',
    ],
    ["transformed", '<text transform="translate(20 60) rotate(-15)">abc</text>'],
    [
      "filled by a gradient of its box",
      '<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient><text x="10" y="60" fill="url(#g)" font-size="60">abc</text>',
    ],
    [
      "as a clip",
      '<clipPath id="c"><text x="10" y="60" font-size="60">AB</text></clipPath><rect width="240" height="120" fill="teal" clip-path="url(#c)"/>',
    ],
  ])("%s", async (_, inside) => {
    const drawing = await readSvg(text(inside), { fonts: [font] });
    expect(drawing.report).toEqual({ skipped: [], notes: [] });
    const other = resvgImage(text(inside), [path]);
    expect(other.data.some((level) => level < 128)).toBe(true);
    expect(difference(ownImage(drawing), other)).toBeLessThan(0.6);
  });

  test("a file of all that", async () => {
    const file = readFileSync("test/golden/svg/text-anchor.svg", "utf8");
    expect(difference(ownImage(await readSvg(file, { fonts: [font] })), resvgImage(file, [path]))).toBeLessThan(1.5);
  });
});

test("text keeps its words, a shape for each part", async () => {
  const found = await shapes('<text id="t" x="5">one <tspan id="b" fill="red">two</tspan> three</text>');
  expect(found.map(({ id, kind, text: words, fill }) => [id, kind, words, fill])).toEqual([
    ["t", "text", "one", "black"],
    ["t~1", "text", "two", "red"],
    ["t~2", "text", "three", "black"],
  ]);
});

test("without a font text is its box, and the report says so", async () => {
  const { scene, report } = await readSvg(text('<text x="100" y="50" text-anchor="middle">abc 한글</text>'));
  const [shape] = scene.shapes;
  expect([shape?.kind, shape?.text, shape?.fill]).toEqual(["text", "abc 한글", "black"]);
  const [, x = 0, top = 0, right = 0, bottom = 0] =
    /^M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H/.exec(shape?.path ?? "")?.map(Number) ?? [];
  expect((x + right) / 2).toBeCloseTo(100);
  expect([top, bottom]).toEqual([34, 54]);
  expect(right - x).toBeGreaterThan(60);
  expect(report.skipped).toEqual([{ what: "text without a font", count: 1 }]);
});

test("of several fonts the named one is taken, then the nearest in weight and slant", async () => {
  const other = await blockFont("Others");
  const { report } = await readSvg(
    text('<text y="9" font-family="\'others\', serif">a</text><text y="9" font-family="Missing">b</text>'),
    {
      fonts: [font, other],
    },
  );
  expect(report.notes).toEqual(["Text in Missing is drawn in Blocks, the nearest font that was given."]);
});

test("characters that the font lacks are counted", async () => {
  const { report } = await readSvg(text('<text y="9">a한</text>'), { fonts: [font] });
  expect(report.skipped).toEqual([{ what: "character that the font lacks", count: 1 }]);
});
