import { readFileSync } from "node:fs";
import {
  depthOrder,
  drawScene,
  lineart,
  maskLayers,
  poseOfScene,
  scribbleLines,
  segmentation,
} from "@underdraw/engine";
import type { Gradient, SceneShape } from "@underdraw/engine/core";
import { readSvg, type SvgDrawing, type SvgOptions } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";
import { verticesOf } from "../../engine/src/svg/vertex.ts";

const space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';

const rect = '<rect width="5" height="5"/>';

const drawing = (
  inside: string,
  attributes = 'width="100" height="80"',
  options: SvgOptions = {},
): Promise<SvgDrawing> => readSvg(`<svg ${space} ${attributes}>${inside}</svg>`, options);

const golden = (name: string): Promise<SvgDrawing> => readSvg(readFileSync(`test/golden/svg/${name}.svg`), { name });

async function only(inside: string, attributes?: string): Promise<SceneShape> {
  const { scene } = await drawing(inside, attributes);
  expect(scene.shapes).toHaveLength(1);
  return scene.shapes[0] as SceneShape;
}

/** What was left out, by name. */
const skipped = ({ report }: SvgDrawing): Record<string, number> =>
  Object.fromEntries(report.skipped.map(({ what, count }) => [what, count]));

describe("the size of a drawing", () => {
  test.each([
    ['width="100" height="50"', 100, 50],
    ['width="63.5mm" height="1in"', 240, 96],
    ['width="2.54cm" height="72pt"', 96, 96],
    ['width="6pc" height="101.6Q"', 96, 96],
    ['width="10em" height="4ex"', 160, 32],
    ['viewBox="0 0 30 20"', 30, 20],
    ['width="100%" height="100%" viewBox="5 5 30 20"', 30, 20],
    ['width="60" viewBox="0 0 30 20"', 60, 20],
    ["", 300, 150],
    ['width="40"', 40, 150],
    ['width="-4" height="nonsense" viewBox="0 0 30 20"', 30, 20],
    ['viewBox="0 0 0 20"', 300, 150],
    ['width="10.4" height="0.2"', 10, 1],
    ['style="width:48px;height:2em;font-size:20px" width="9" viewBox="0 0 24 24"', 48, 40],
    ['width="4em" height="3em" font-size="20"', 80, 60],
  ])("%s is %i by %i", async (attributes, width, height) => {
    const { width: w, height: h, scene } = await drawing("<rect width='1' height='1'/>", attributes);
    expect([w, h, scene.bounds]).toEqual([width, height, { x: 0, y: 0, width, height }]);
  });

  test("of 0 is refused in words", async () => {
    await expect(drawing("", 'width="0" height="9"')).rejects.toThrow(/its width is 0/);
  });

  test.each([
    ["", [40, 0, 0, 40, 0, 40]],
    ["none", [40, 0, 0, 120, 0, 0]],
    ["xMinYMin meet", [40, 0, 0, 40, 0, 0]],
    ["xMaxYMax", [40, 0, 0, 40, 0, 80]],
    ["xMidYMid slice", [120, 0, 0, 120, -40, 0]],
  ])("with the ratio '%s' lays its view box", async (ratio, matrix) => {
    const root = `width="40" height="120" viewBox="0 0 1 1" preserveAspectRatio="${ratio}"`;
    expect((await only("<path d='M0 0h1' stroke='red'/>", root)).matrix).toEqual(matrix);
  });
});

describe("shapes", () => {
  test("are path data", async () => {
    const { scene } = await drawing(
      '<rect x="1" y="2" width="30" height="20" rx="40"/><circle cx="5" cy="6" r="4"/><line x2="9" stroke="red"/><polygon points="0,0 9-3.5.5,7"/><path d="m1 1h2z"/>',
    );
    expect(scene.shapes.map(({ path }) => path)).toEqual([
      "M16 2H16A15 10 0 0 1 31 12V12A15 10 0 0 1 16 22H16A15 10 0 0 1 1 12V12A15 10 0 0 1 16 2Z",
      "M9 6A4 4 0 0 1 5 10A4 4 0 0 1 1 6A4 4 0 0 1 5 2A4 4 0 0 1 9 6Z",
      "M0 0L9 0",
      "M0 0L9 -3.5L0.5 7Z",
      "m1 1h2z",
    ]);
  });

  test("without an area, a paint or sight are left out", async () => {
    const { scene } = await golden("hidden-and-empty");
    // What the last two hold as their x is no number: it counts as 0.
    expect(scene.shapes.map(({ name, path }) => [name, path])).toEqual([
      ["path", "bogus"],
      ["path", "L10 10"],
      ["rect", "M0 5H30V35H0Z"],
      ["rect", "M45 0H75V30H45Z"],
    ]);
  });

  test("keep order, ids and names, and each lies in its groups", async () => {
    const { scene } = await golden("groups-names");
    expect(scene.shapes.map(({ id, name, group }) => [id, name, group])).toEqual([
      ["wall_x20_left_1_", "wall left", "house"],
      ["roof", "roof", "house"],
      ["circle", "circle", "tree"],
      ["rect", "rect", "tree"],
      ["sun", "sun", undefined],
    ]);
    expect(scene.groups).toEqual([
      { id: "house", name: "The house" },
      { id: "tree", name: "Apple tree" },
    ]);
  });

  test("take Inkscape's label, whichever prefix the file gives it", async () => {
    const { scene, width, height } = await golden("inkscape");
    expect(scene.groups?.map(({ name }) => name)).toEqual(["Hills"]);
    expect(scene.shapes.map(({ name }) => name)).toEqual(["Front hill", "circle", "path"]);
    expect([width, height]).toEqual([151, 113]);
  });

  test("have ids of their own where use repeats them", async () => {
    const { scene } = await drawing(
      '<rect id="a" width="4" height="4"/><use href="#a" x="8"/><use id="a" href="#a" x="16"/>',
    );
    expect(new Set(scene.shapes.map(({ id }) => id)).size).toBe(3);
    expect(scene.shapes.map(({ matrix }) => matrix[4])).toEqual([0, 8, 16]);
    const ids = [...scene.shapes, ...(scene.groups ?? [])].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("have their stroke's companions, odd dashes doubled and zero ones dropped", async () => {
    const { dash, cap, join, miterLimit, dashOffset, strokeWidth } = await only(
      '<path d="M0 0h9" stroke="red" stroke-width="2" stroke-dasharray="1,2 3" stroke-dashoffset="1" stroke-linecap="round" stroke-linejoin="bevel" stroke-miterlimit="9"/>',
    );
    expect({ dash, cap, join, miterLimit, dashOffset, strokeWidth }).toEqual({
      dash: [1, 2, 3, 1, 2, 3],
      cap: "round",
      join: "bevel",
      miterLimit: 9,
      dashOffset: 1,
      strokeWidth: 2,
    });
    expect((await only('<path d="M0 0h9" stroke="red" stroke-dasharray="0 0"/>')).dash).toEqual([]);
    expect((await only('<path d="M0 0h9" stroke="red" stroke-width="0"/>')).stroke).toBeNull();
  });

  test("follow transforms, each in its turn", async () => {
    const { matrix } = await only(
      '<g transform="translate(10,5) scale(2)"><rect width="1" height="1" transform="rotate(90 1 1)"/></g>',
    );
    expect(matrix).toEqual([0, 2, -2, 0, 14, 5]);
  });

  test("whose stroke keeps its width are moved to the document's own coordinates", async () => {
    const shape = await only(
      '<path d="M0 0L1 1" fill="none" stroke="red" stroke-width="3" vector-effect="non-scaling-stroke" transform="scale(10 20)"/>',
    );
    expect([shape.path, shape.matrix, shape.strokeWidth]).toEqual(["M0 0L10 20", [1, 0, 0, 1, 0, 0], 3]);
  });

  test("whose stroke lies under the fill are two in a group", async () => {
    const { scene } = await drawing('<circle r="9" stroke="red" paint-order="stroke" opacity=".5"/>');
    expect(scene.shapes.map(({ fill, stroke, opacity }) => [fill, stroke, opacity])).toEqual([
      [null, "red", 1],
      ["black", null, 1],
    ]);
    expect(scene.groups).toEqual([{ id: "circle", name: "circle", opacity: 0.5 }]);
  });
});

describe("styles", () => {
  const fills = async (inside: string): Promise<readonly unknown[]> =>
    (await drawing(inside)).scene.shapes.map(({ fill }) => fill);

  test("weigh attributes less than rules, rules less than style, and !important most", async () => {
    expect(
      await fills(`<style>rect{fill:blue}.a{fill:green}#i{fill:red}.w{fill:gold!important}</style>
        <rect fill="white" width="1" height="1"/><rect class="a" width="1" height="1"/><rect class="a" id="i" width="1" height="1"/>
        <rect id="j" class="a" style="fill:tan" width="1" height="1"/><rect class="w" style="fill:tan" width="1" height="1"/>`),
    ).toEqual(["blue", "green", "red", "tan", "gold"]);
  });

  test("find elements by parent, ancestor, attribute and place", async () => {
    expect(
      await fills(`<style>g>rect{fill:blue}g g rect{fill:green}rect[id]{fill:red}rect:first-child{fill:tan}a rect, text rect{fill:gold}rect+rect{opacity:.5}</style>
        <g><path/><rect width="1" height="1"/><g><path/><rect width="1" height="1"/><rect id="k" width="1" height="1"/></g></g><a><rect width="1" height="1"/></a>`),
    ).toEqual(["blue", "green", "red", "tan"]);
  });

  test("that are not understood are told, and leave what stood before", async () => {
    const result = await drawing(
      '<style>rect:hover{fill:red} rect{fill:blue;fill:color(unknown 1 1 1);fill:bogus}</style><rect width="1" height="1"/>',
    );
    expect(result.scene.shapes[0]?.fill).toBe("blue");
    expect(skipped(result)).toEqual({ "selector rect:hover": 1 });
  });

  test("are inherited, and currentColor is the colour where it is used", async () => {
    expect(
      await fills(
        '<g color="tan" fill="currentColor"><rect width="1" height="1"/><g color="red"><rect width="1" height="1"/></g></g>',
      ),
    ).toEqual(["tan", "red"]);
    const { scene } = await golden("inheritance");
    expect(scene.shapes.map(({ fill, stroke }) => [fill, stroke])).toEqual([
      ["#36c", "#c36"],
      ["#36c", "green"],
      [null, "#c36"],
      ["#36c", "#c36"],
      [null, "#c36"],
    ]);
  });

  test("of custom properties take their fallback", async () => {
    const { scene } = await golden("variables");
    expect(scene.shapes.map(({ fill, stroke, strokeWidth }) => [fill, stroke, strokeWidth])).toEqual([
      ["#b30", null, 0],
      ["rgb(20 120 200)", "black", 6],
      ["#393", null, 0],
    ]);
  });

  test("thin colours by fill-opacity and stroke-opacity", async () => {
    const { fill, stroke, opacity } = await only(
      '<rect width="1" height="1" fill="#ff0000" fill-opacity=".5" stroke="#00f8" stroke-opacity="50%" opacity=".25"/>',
    );
    expect([fill, stroke, opacity]).toEqual(["rgba(255, 0, 0, 0.5)", "rgba(0, 0, 255, 0.2667)", 0.25]);
  });

  test("for print and for other media are not applied", async () => {
    const result = await golden("media");
    expect(result.scene.shapes.map(({ fill }) => fill)).toEqual(["#06c", "black", "#c60"]);
    expect(skipped(result)).toEqual({ "@import": 1, "@media (prefers-color-scheme: dark)": 1, "@font-face": 1 });
  });
});

describe("references", () => {
  test("use inherits where it stands; a symbol makes a viewport that clips", async () => {
    const { scene } = await drawing(
      '<symbol id="s" viewBox="0 0 10 10"><rect width="20" height="20"/></symbol><use href="#s" x="5" y="6" width="40" height="20" fill="red" transform="translate(1 2)"/>',
    );
    const [shape] = scene.shapes;
    expect([shape?.fill, shape?.matrix]).toEqual(["red", [2, 0, 0, 2, 16, 8]]);
    expect(scene.groups?.at(-1)?.clips).toEqual([{ path: "M0 0H40V20H0Z", matrix: [1, 0, 0, 1, 6, 8] }]);
  });

  test("that lead round in a circle end", async () => {
    const result = await drawing(
      '<g id="a"><rect width="1" height="1"/><use href="#a"/></g><use href="#b"/><g id="b"><use href="#c"/></g><g id="c"><use href="#b"/></g>',
    );
    expect(result.scene.shapes).toHaveLength(1);
    expect(skipped(result)["use of an element inside of itself"]).toBeGreaterThan(0);
  });

  test.each([
    ["itself", '<g id="a"><path d="M0 0H1V1Z"/><g><use href="#a"/></g></g>', 1],
    ["the one that draws it", '<g id="a"><path d="M0 0H1V1Z"/><use href="#b"/></g><g id="b"><use href="#a"/></g>', 2],
    ["the whole file", '<path d="M0 0H1V1Z"/><use href="#all"/>', 1],
  ])("that lead to %s from inside draw nothing of it again", async (_, content, count) => {
    expect((await drawing(content, 'id="all"')).scene.shapes).toHaveLength(count);
  });

  test("to elsewhere are never followed and always told", async () => {
    const result = await drawing(
      '<use href="other.svg#a"/><image href="https://example.org/a.png" width="5" height="5"/><rect width="1" height="1" fill="url(http://example.org/#g) tan" clip-path="url(x.svg#c)"/>',
    );
    expect(result.scene.shapes.map(({ kind, fill }) => [kind, fill])).toEqual([
      ["picture", null],
      [undefined, "tan"],
    ]);
    expect(skipped(result)).toEqual({ "external reference": 4 });
  });

  test("gradients take stops, units and spread from others, but coordinates only from their kind", async () => {
    const { fill } = await only(
      '<radialGradient id="a" spreadMethod="reflect" gradientUnits="userSpaceOnUse" cx="7"><stop stop-color="red"/><stop offset="50%" stop-color="#00f" stop-opacity=".5"/></radialGradient><linearGradient id="b" href="#a" gradientTransform="scale(2)"/><rect width="10" height="10" fill="url(#b)"/>',
    );
    expect(fill).toEqual({
      type: "linear",
      from: [0, 0, 100, 0],
      matrix: [2, 0, 0, 2, 0, 0],
      spread: "reflect",
      stops: [
        { offset: 0, colour: "red" },
        { offset: 0.5, colour: "rgba(0, 0, 255, 0.5)" },
      ],
    });
  });

  test("gradients by box lie in the outline's own box, curves and all", async () => {
    const { fill } = await only(
      '<radialGradient id="a" fx=".9"><stop/><stop offset="1" stop-color="red"/></radialGradient><path d="M0 0C0 40 30 40 30 0Z" fill="url(#a)"/>',
    );
    expect((fill as Gradient).from).toEqual([0.9, 0.5, 0, 0.5, 0.5, 0.5]);
    expect((fill as Gradient).matrix?.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([30, 0, 0, 30, 0, 0]);
  });
});

describe("clips and masks", () => {
  const clips = async (inside: string): Promise<SceneShape["clips"]> => (await only(inside)).clips;

  test("clip-rule counts on the clip's own shapes, its transform with theirs", async () => {
    expect(
      await clips(
        '<clipPath id="c" transform="translate(5 5)"><path d="M0 0h9v9h-9z" clip-rule="evenodd" fill-rule="nonzero" transform="scale(2)"/></clipPath><rect width="20" height="20" clip-path="url(#c)" transform="translate(1 1)"/>',
      ),
    ).toEqual([{ path: "M0 0h9v9h-9z", matrix: [2, 0, 0, 2, 6, 6], rule: "evenodd" }]);
  });

  test("by box lie in the box of what they cut, of a group too", async () => {
    const { scene } = await drawing(
      '<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width=".5" height="1"/></clipPath><g clip-path="url(#c)"><rect x="10" y="10" width="20" height="20"/><circle cx="60" cy="20" r="10"/></g>',
    );
    expect(scene.groups?.[0]?.clips?.[0]?.matrix).toEqual([60, 0, 0, 20, 10, 10]);
  });

  test("within clips all cut; an empty one leaves nothing", async () => {
    expect(
      await clips(
        '<clipPath id="a"><rect width="9" height="9"/></clipPath><clipPath id="b" clip-path="url(#a)"><rect width="5" height="5"/></clipPath><rect width="20" height="20" clip-path="url(#b)"/>',
      ),
    ).toHaveLength(2);
    expect(
      (await drawing('<clipPath id="a"/><rect width="20" height="20" clip-path="url(#a)"/>')).scene.shapes,
    ).toEqual([]);
  });

  test("that refer to themselves end", async () => {
    const result = await drawing(
      '<clipPath id="a" clip-path="url(#a)"><rect width="9" height="9"/></clipPath><mask id="m"><g mask="url(#m)"><rect width="9" height="9" fill="#fff"/></g></mask><rect width="20" height="20" clip-path="url(#a)"/><rect width="20" height="20" mask="url(#m)"/>',
    );
    expect(result.scene.shapes).toHaveLength(2);
    expect(skipped(result)).toEqual({ "clip path that refers to itself": 1, "mask that refers to itself": 1 });
  });

  test("a mask of plain white and black cuts as outlines, at every size, and leaves nothing to tell", async () => {
    const result = await golden("masks");
    expect(result.scene.shapes).toHaveLength(3);
    expect(result.scene.shapes[0]?.clips).toHaveLength(3);
    expect(result.scene.shapes.flatMap(({ clips = [] }) => clips).filter(({ picture }) => picture)).toEqual([]);
    expect([result.report.skipped, result.report.notes]).toEqual([[], []]);
  });

  test("any other mask lets through what is light in it, softly", async () => {
    const fade =
      '<linearGradient id="g"><stop stop-color="#fff"/><stop offset="1" stop-color="#000"/></linearGradient><mask id="m"><rect width="50" height="40" fill="url(#g)"/></mask><rect width="50" height="40" mask="url(#m)"/>';
    const { scene, report } = await drawing(fade, 'width="50" height="40"');
    const [soft, region] = scene.shapes[0]?.clips ?? [];
    expect([soft?.path, soft?.picture?.width, soft?.picture?.height]).toEqual(["M0 0H50V40H0Z", 100, 80]);
    expect(region?.matrix).toEqual([50, 0, 0, 40, 0, 0]);
    const row = drawScene({ width: 50, height: 40, scene }).data.subarray(4 * 50 * 20, 4 * 50 * 21);
    const alphas = Array.from({ length: 50 }, (_, x) => row[4 * x + 3] as number);
    for (const [x, alpha] of alphas.entries()) expect(Math.abs(alpha - 255 * (1 - (x + 0.5) / 50))).toBeLessThan(3);
    expect([report.skipped, report.notes]).toEqual([[], []]);
    // So does a mask of it. A line map fades with it, and has no line where it has no edge.
    const context = { run: () => Promise.reject(new Error("no model")) };
    const layer = await maskLayers().extract({ width: 50, height: 40, scene }, context);
    for (const [x, alpha] of alphas.entries()) {
      expect(Math.abs((layer.data[4 * (50 * 20 + x)] as number) - alpha)).toBeLessThan(3);
    }
    const map = await lineart().extract({ width: 50, height: 40, scene }, context);
    const lit = (x: number, y: number): number => map.data[4 * (y * 50 + x)] as number;
    expect(lit(10, 20)).toBe(0);
    const stroked = fade.replace('height="40" mask', 'height="40" stroke="red" stroke-width="6" mask');
    const lines = await lineart().extract(
      { width: 50, height: 40, scene: (await drawing(stroked, 'width="50" height="40"')).scene },
      context,
    );
    const along = [5, 20, 35, 45].map((x) => lines.data[4 * x + 4 * 50] as number);
    expect(along).toEqual([...along].sort((a, b) => b - a));
    expect(along[0] as number).toBeGreaterThan(200);
    expect(along[3] as number).toBeLessThan(60);
  });

  test("a mask over shapes on each other lets nothing between them through", async () => {
    const { scene } = await drawing(
      '<mask id="m"><rect width="20" height="20" fill="#808080"/></mask><g mask="url(#m)"><rect width="20" height="20" fill="#f00"/><rect width="20" height="20" fill="#00f"/></g>',
      'width="20" height="20"',
    );
    expect([...drawScene({ width: 20, height: 20, scene }).data.subarray(840, 844)]).toEqual([0, 0, 255, 128]);
  });
});

describe("markers", () => {
  const dot =
    '<marker id="m" markerWidth="2" markerHeight="2" refX="1" refY="1"><circle cx="1" cy="1" r="1"/></marker>';

  test("lie in a group with their line, each in one of its own", async () => {
    const { scene } = await drawing(
      `${dot}<path id="way" d="M10 10H30V50" fill="none" stroke="red" stroke-width="3" opacity=".5" marker-mid="url(#m)" marker-end="url(#m)"/>`,
    );
    expect(scene.shapes.map(({ name, matrix }) => [name, matrix])).toEqual([
      ["way", [1, 0, 0, 1, 0, 0]],
      ["circle", [3, 0, 0, 3, 27, 7]],
      ["circle", [3, 0, 0, 3, 27, 47]],
    ]);
    const [way, ...others] = scene.groups ?? [];
    expect(way).toMatchObject({ name: "way", opacity: 0.5 });
    expect(others.map(({ name, group }) => [name, group])).toEqual([
      ["m", way?.id],
      ["m", way?.id],
    ]);
  });

  test.each([
    ["M0 0L10 0L10 10", [0, 45, 90]],
    ["M0 0H10V10H0Z", [-45, 45, 135, -135, -45]],
    ["M0 0C0 0 0 5 10 5", [90, 0]],
    ["M0 0C0 5 10 5 10 5", [90, 0]],
    ["M5 5", [0]],
    ["M0 0H9H3", [0, 90, 180]],
    ["M0 0L0 0L0 8", [90, 90, 90]],
    ["M0 0V5L0 5", [90, 90, 90]],
    ["M0 0A5 5 0 0 1 10 0", [-90, 90]],
    ["M0 0H5M9 9V4", [0, 0, -90, -90]],
    ["M0 0H5V5ZL2 2", [-67.5, 45, 157.5, -67.5, 45, 45]],
  ])("of %s turn as it runs, by %j", (path, degrees) => {
    const found = verticesOf(path).map(({ along: [x, y] }) => (Math.atan2(y, x) * 180) / Math.PI);
    expect(found.map((value) => Math.round(value * 1e6) / 1e6)).toEqual(degrees);
  });

  test("that are switched off, of no width or in themselves are none", async () => {
    const inside = `${dot}<g style="marker:url(#m);marker-start:none"><path d="M0 0h9" marker-end="none" stroke="red"/><path d="M0 9h9" stroke-width="0"/><rect width="4" height="4"/></g>`;
    const result = await drawing(inside);
    expect(result.scene.shapes.map(({ name }) => name)).toEqual(["path", "path", "rect"]);
    expect(skipped(result)).toEqual({});
    const inner = await drawing(
      '<marker id="a"><path d="M0 0h1" stroke="red" marker-end="url(#a)"/></marker><path d="M0 0h9" stroke="red" marker-end="url(#a)"/><path d="M0 0h9" stroke="red" marker-end="url(#gone)"/>',
    );
    expect(inner.scene.shapes).toHaveLength(3);
    expect(skipped(inner)).toEqual({ "marker inside of itself": 1, "reference to a marker that is not there": 1 });
  });

  test("take the paints of what they stand on, gradients where those are", async () => {
    const { scene } = await drawing(
      '<linearGradient id="g" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="40" y2="0"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient><marker id="m" markerUnits="userSpaceOnUse"><path d="M0 0h2v2z" fill="context-fill" fill-opacity=".5" stroke="context-stroke"/></marker><path d="M0 5H40" fill="lime" stroke="url(#g)" marker-end="url(#m)"/><path d="M0 0h2v2z" fill="context-fill"/>',
    );
    expect(scene.shapes).toHaveLength(2);
    const { fill, stroke, matrix } = scene.shapes[1] as SceneShape;
    expect(fill).toBe("rgba(0, 255, 0, 0.5)");
    expect(matrix).toEqual([1, 0, 0, 1, 40, 5]);
    expect((stroke as Gradient).matrix?.map((value) => value + 0)).toEqual([1, 0, 0, 1, -40, -5]);
  });

  test("come in the order that paint-order gives", async () => {
    const parts = async (order: string): Promise<readonly string[]> => {
      const { scene } = await drawing(
        `${dot}<path d="M0 0h9v9" fill="lime" stroke="red" marker-end="url(#m)" style="paint-order:${order}"/>`,
      );
      return scene.shapes.map(({ name, fill, stroke }) => (name === "circle" ? "mark" : `${fill} ${stroke}`));
    };
    expect(await parts("normal")).toEqual(["lime red", "mark"]);
    expect(await parts("markers")).toEqual(["mark", "lime red"]);
    expect(await parts("stroke")).toEqual(["null red", "lime null", "mark"]);
    expect(await parts("fill markers")).toEqual(["lime null", "mark", "null red"]);
    expect(await parts("markers stroke")).toEqual(["mark", "null red", "lime null"]);
  });
});

describe("filters", () => {
  const shadow = '<filter id="f"><feDropShadow dx="3" dy="3" stdDeviation="1" flood-opacity=".5"/></filter>';
  const size = 'width="40" height="40"';

  test("that cast a shadow leave the outlines as they are, above a picture that only pictures show", async () => {
    const { scene, report } = await drawing(
      `${shadow}<rect id="box" x="10" y="10" width="15" height="15" fill="#fff" filter="url(#f)" opacity=".5"/>`,
      size,
    );
    expect(scene.shapes.map(({ kind, name }) => [kind, name])).toEqual([
      ["effect", "box"],
      [undefined, "box"],
    ]);
    expect(scene.groups).toMatchObject([{ name: "box", opacity: 0.5 }]);
    expect([report.skipped, report.notes]).toEqual([[], []]);
    const { data } = drawScene({ width: 40, height: 40, scene });
    const at = (x: number, y: number): readonly number[] => [...data.subarray(4 * (40 * y + x), 4 * (40 * y + x) + 4)];
    expect(at(15, 15)).toEqual([255, 255, 255, 128]);
    // The region ends a tenth beyond the box; the shadow is seen to there.
    expect(at(20, 25).slice(0, 3)).toEqual([0, 0, 0]);
    expect(at(20, 25)[3] as number).toBeGreaterThan(40);
    expect(at(20, 30)[3]).toBe(0);
    const bare = await drawing(
      `<g opacity=".5"><rect id="box" x="10" y="10" width="15" height="15" fill="#fff"/></g>`,
      size,
    );
    const context = { run: () => Promise.reject(new Error("no model")) };
    for (const condition of [lineart(), scribbleLines(), depthOrder(), segmentation(), maskLayers({ layers: "box" })]) {
      const map = await condition.extract({ width: 40, height: 40, scene }, context);
      const same = await condition.extract({ width: 40, height: 40, scene: bare.scene }, context);
      expect([condition.id, Buffer.from(map.data.buffer).equals(Buffer.from(same.data.buffer))]).toEqual([
        condition.id,
        true,
      ]);
    }
  });

  test("make no second joint of what casts a shadow", async () => {
    const joint = (name: string, x: number): string =>
      `<circle id="${name}" cx="${x}" cy="20" r="3" filter="url(#f)"/>`;
    const { scene } = await drawing(`${shadow}${joint("P00_J00", 10)}${joint("P00_J01", 30)}`, size);
    const { people } = poseOfScene({ width: 40, height: 40, scene });
    expect(people.map(({ body }) => body.slice(0, 2).map((place) => Math.round(place?.x ?? -1)))).toEqual([[10, 30]]);
  });

  test("that change the drawing itself are told, and it is drawn without them", async () => {
    for (const inside of [
      '<feGaussianBlur stdDeviation="3"/>',
      '<feTurbulence/><feBlend in2="SourceGraphic"/>',
      '<feFlood/><feBlend in="SourceGraphic" mode="multiply"/>',
      '<feColorMatrix type="saturate" values=".3"/>',
      "",
    ]) {
      const result = await drawing(`<filter id="f">${inside}</filter><rect width="9" height="9" filter="url(#f)"/>`);
      expect(skipped(result)).toEqual({ filter: 1 });
      expect(result.scene.shapes).toHaveLength(1);
    }
    expect(skipped(await drawing('<rect width="9" height="9" style="filter: blur(3px)"/>'))).toEqual({
      "filter blur()": 1,
    });
  });

  test("in filters, and around use of a symbol, end and are drawn", async () => {
    const nested = `${shadow}${'<g filter="url(#f)">'.repeat(12)}<rect x="10" y="10" width="9" height="9"/>${"</g>".repeat(12)}`;
    expect((await drawing(nested, size)).scene.shapes.map(({ kind }) => kind)).toEqual([
      ...Array(12).fill("effect"),
      undefined,
    ]);
    const used = `${shadow}<symbol id="s" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1"/></symbol><use href="#s" x="5" y="5" width="20" height="20" filter="url(#f)"/>`;
    expect((await drawing(used, size)).scene.shapes.map(({ kind, name }) => [kind, name])).toEqual([
      ["effect", "use"],
      [undefined, "circle"],
    ]);
  });
});

describe("patterns", () => {
  const tiles = (inside: string, attributes = ""): string =>
    `<pattern id="p" width="10" height="10" patternUnits="userSpaceOnUse" ${attributes}>${inside}</pattern>`;

  test("are tiles, cut by what they fill, above an even ground", async () => {
    const { scene } = await drawing(
      `${tiles('<rect width="10" height="10" fill="#fe9"/><circle cx="5" cy="5" r="2"/>')}<rect id="wall" width="30" height="20" fill="url(#p)" stroke="red" fill-opacity=".5"/>`,
    );
    expect(scene.shapes.map(({ name }) => name)).toEqual(["wall", ...Array(6).fill("circle"), "wall"]);
    expect(scene.shapes[0]).toMatchObject({ path: "M0 0H30V20H0Z", fill: "#fe9" });
    expect(scene.shapes.slice(1, 4).map(({ matrix }) => matrix.slice(4))).toEqual([
      [0, 0],
      [10, 0],
      [20, 0],
    ]);
    expect(scene.groups).toMatchObject([
      { name: "wall" },
      { name: "wall", group: "wall", opacity: 0.5, clips: [{ path: "M0 0H30V20H0Z" }] },
    ]);
  });

  test("of which the content reaches beyond a tile cut it there", async () => {
    const { scene } = await drawing(`${tiles('<circle r="3"/>')}<rect width="20" height="10" fill="url(#p)"/>`);
    expect(scene.groups?.filter(({ name }) => name === "tile").map(({ clips }) => clips)).toEqual([
      [{ path: "M0 0H10V10H0Z", matrix: [1, 0, 0, 1, 0, 0] }],
      [{ path: "M0 0H10V10H0Z", matrix: [1, 0, 0, 1, 10, 0] }],
    ]);
  });

  test("of nothing paint nothing, and those in themselves end", async () => {
    for (const inside of ["", '<rect width="0" height="5"/>']) {
      expect((await drawing(`${tiles(inside)}<rect width="20" height="10" fill="url(#p)"/>`)).scene.shapes).toEqual([]);
    }
    const result = await drawing(
      `${tiles('<rect width="5" height="5" fill="url(#p)"/><circle r="1"/>')}<rect width="20" height="10" fill="url(#p)"/>`,
    );
    expect(skipped(result)).toEqual({ "pattern inside of itself": 1 });
    expect(result.scene.shapes.map(({ name }) => name)).toEqual(["circle", "circle"]);
  });

  test("do not count where a box is measured", async () => {
    const { scene } = await drawing(
      `${tiles('<circle cx="5" cy="5" r="2"/>')}<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width="1" height="1"/></clipPath><g clip-path="url(#c)"><rect x="3" y="3" width="14" height="8" fill="url(#p)"/></g>`,
    );
    expect(scene.groups?.[0]?.clips?.[0]?.matrix).toEqual([14, 0, 0, 8, 3, 3]);
  });
});

test("what the outermost element says of the whole holds for the whole", async () => {
  const { scene } = await drawing(
    '<rect width="5" height="5"/>',
    'width="40" height="20" viewBox="0 0 20 10" opacity=".5" clip-path="url(#none)"',
  );
  expect(scene.groups).toMatchObject([{ opacity: 0.5 }]);
  expect(scene.shapes[0]?.matrix).toEqual([2, 0, 0, 2, 0, 0]);
  const hidden = await drawing('<rect width="5" height="5"/>', 'width="40" height="20" display="none"');
  expect(hidden.scene.shapes).toEqual([]);
  expect(skipped(await drawing(rect, 'width="9" height="9" style="background: red"'))).toEqual({ background: 1 });
});

describe("what is not drawn is counted", () => {
  test("by name", async () => {
    const result = await drawing(
      `<defs><marker id="m"/><filter id="f"/><pattern id="p"><rect width="1" height="1" fill="tan"/></pattern></defs><script>1</script>
       <path d="M0 0h9" stroke="red" marker-end="url(#m)"/><g filter="url(#f)"><rect width="9" height="9" fill="url(#p)"><animate/></rect></g>
       <foreignObject/><text>a<textPath href="#x">b</textPath></text><newThing/><rect width="1" height="1" style="mix-blend-mode:multiply"/>`,
    );
    expect(skipped(result)).toEqual({
      filter: 1,
      foreignObject: 1,
      textPath: 1,
      newThing: 1,
      "mix-blend-mode": 1,
      "text without a font": 1,
      script: 1,
      animate: 1,
    });
  });

  test("colours and outlines that a style gives by functions that are not known", async () => {
    const result = await drawing(
      '<rect width="9" height="9" fill="oklch(60% .2 30)"/><path d="M0 0H9V9Z" style="d: path(\'M0 0H5V5Z\'); stroke: COLOR(srgb 1 0 0)"/>',
    );
    expect(skipped(result)).toEqual({ "fill oklch()": 1, "d path()": 1, "stroke color()": 1 });
  });

  test("a pattern on a line, for which its colour from far away stands", async () => {
    const result = await drawing(
      '<pattern id="p" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#f00"/><rect width="2" height="4" fill="#00f"/></pattern><path d="M0 0h9v9" fill="none" stroke="url(#p)"/>',
    );
    expect(skipped(result)).toEqual({ "pattern on a line": 1 });
    expect(result.scene.shapes[0]?.stroke).toBe("rgba(128, 0, 128, 1)");
  });

  test("and a file of which all is understood has an empty report", async () => {
    for (const name of ["basic-shapes", "transforms", "strokes", "use-cycles", "figma", "illustrator", "inkscape"]) {
      const { report } = await golden(name);
      expect([name, report.skipped, report.notes]).toEqual([name, [], []]);
    }
  });

  test("and a drawing of nothing says so", async () => {
    expect((await golden("empty")).report.notes).toEqual(["Nothing in the file can be seen."]);
  });
});

test("the same file gives the same scene", async () => {
  expect(await golden("clip-paths")).toEqual(await golden("clip-paths"));
});
