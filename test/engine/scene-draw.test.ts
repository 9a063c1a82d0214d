import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import type { Pixels } from "../../engine/src/core/pixels.ts";
import type { Gradient, SceneGroup, SceneShape } from "../../engine/src/core/scene.ts";
import { colourFrom } from "../../engine/src/scene/colour.ts";
import { drawScene, drawSceneInTurns } from "../../engine/src/scene/draw.ts";
import { namedColours } from "../../engine/src/scene/named-colours.ts";
import { distance, sceneOf, seeded, shape } from "./scene-parts.ts";

// The picture of a scene: colours and alpha written out, and gradients against resvg's picture of the same.

const draw = (width: number, height: number, shapes: readonly SceneShape[], groups: readonly SceneGroup[] = []) =>
  drawScene(sceneOf(width, height, shapes, groups));

/** One pixel in numbers. */
const at = ({ width, data }: Pixels, x: number, y: number) => [
  ...data.slice(4 * (y * width + x), 4 * (y * width + x) + 4),
];

const all = "M0 0H9V9H0Z";

describe("colours", () => {
  test.each([
    ["#f80", [255, 136, 0, 1]],
    ["#F808", [255, 136, 0, 136 / 255]],
    ["#ff8000", [255, 128, 0, 1]],
    ["#ff800080", [255, 128, 0, 128 / 255]],
    ["rgb(1,2,3)", [1, 2, 3, 1]],
    ["rgb( 1 , 2 , 3 )", [1, 2, 3, 1]],
    ["rgb(1 2 3 / 25%)", [1, 2, 3, 0.25]],
    ["rgb(1 2 3/.5)", [1, 2, 3, 0.5]],
    ["rgba(100%, 50%, 0%, .5)", [255, 128, 0, 0.5]],
    ["rgba(300, -5, 12.6, 7)", [255, 0, 13, 1]],
    ["RGB(1 none 3)", [1, 0, 3, 1]],
    ["hsl(120, 100%, 25%)", [0, 128, 0, 1]],
    ["hsla(-120 100% 50% / 0.5)", [0, 0, 255, 0.5]],
    ["hsl(0.5turn 100 50)", [0, 255, 255, 1]],
    ["hsl(200grad 100% 50%)", [0, 255, 255, 1]],
    ["hsl(3.14159265rad 100% 50%)", [0, 255, 255, 1]],
    ["hwb(0 20% 40%)", [153, 51, 51, 1]],
    ["hwb(90 60% 60%)", [128, 128, 128, 1]],
    [" RebeccaPurple ", [102, 51, 153, 1]],
    ["lightGoldenrodYellow", [250, 250, 210, 1]],
    ["transparent", [0, 0, 0, 0]],
    ["currentColor", [0, 0, 0, 1]],
    ["#12", null],
    ["#12345g", null],
    ["rgb(1,2)", null],
    ["rgb(1,2,3,4,5)", null],
    ["rgb(1 2 3 4)", null],
    ["rgb(1 2 3 / )", null],
    ["rgb(1 2 3 / 4 / 5)", null],
    ["hsl(1 2 x)", null],
    ["url(#a)", null],
    ["", null],
  ])("%s", (text, colour) => {
    expect(colourFrom(text)).toEqual(colour);
  });

  test("have the 148 names of CSS", () => {
    expect(namedColours.size).toBe(148);
  });
});

describe("a picture of a scene", () => {
  test("has each colour as it is written, and alpha where it is thin", () => {
    expect(at(draw(9, 9, [shape(all, { fill: "#123456" })]), 4, 4)).toEqual([18, 52, 86, 255]);
    expect(at(draw(9, 9, [shape(all, { fill: "#12345680" })]), 4, 4)).toEqual([18, 52, 86, 128]);
    expect(at(draw(9, 9, [shape(all, { fill: "#010203", opacity: 1 / 255 })]), 4, 4)).toEqual([1, 2, 3, 1]);
    expect(at(draw(9, 9, [shape("M0 0H4.25V9H0Z", { fill: "gold" })]), 4, 4)).toEqual([255, 215, 0, 64]);
    expect(at(draw(9, 9, []), 4, 4)).toEqual([0, 0, 0, 0]);
    expect(at(draw(9, 9, [shape(all, { fill: "no such colour" })]), 4, 4)).toEqual([0, 0, 0, 255]);
    expect(at(draw(9, 9, [shape(all, { fill: null })]), 4, 4)).toEqual([0, 0, 0, 0]);
  });

  test("lays what is in front over what is behind", () => {
    const over = draw(9, 9, [shape(all, { fill: "white" }), shape(all, { fill: "rgb(255 0 0 / 40%)" })]);
    expect(at(over, 4, 4)).toEqual([255, 153, 153, 255]);
    const thin = draw(9, 9, [shape(all, { fill: "rgb(0 0 255 / 50%)" }), shape(all, { fill: "rgb(255 0 0 / 50%)" })]);
    // Alpha 3/4, red two thirds of it.
    expect(at(thin, 4, 4)).toEqual([170, 0, 85, 191]);
  });

  test("scales the bounds to the map", () => {
    const scene = { bounds: { x: -10, y: 100, width: 10, height: 20 }, shapes: [shape("M-5 110H0V120H-5Z")] };
    const { data } = drawScene({ width: 2, height: 2, scene });
    expect([...data].filter((_, n) => n % 4 === 3)).toEqual([0, 0, 0, 255]);
  });

  test("paints a group that is not opaque as a whole", () => {
    const inside = (group: string) => [
      shape(all, { fill: "red", group }),
      shape("M3 0H9V9H3Z", { fill: "blue", group }),
    ];
    const groups = [
      { id: "most", name: "", opacity: 0.6 },
      { id: "plain", name: "" },
      { id: "inner", name: "", group: "most", opacity: 0.4 },
      { id: "deep", name: "", group: "inner" },
    ];
    const most = draw(9, 9, inside("most"), groups);
    expect([at(most, 1, 4), at(most, 6, 4)]).toEqual([
      [255, 0, 0, 153],
      [0, 0, 255, 153],
    ]);
    expect(at(draw(9, 9, inside("plain"), groups), 6, 4)).toEqual([0, 0, 255, 255]);
    expect(at(draw(9, 9, inside("deep"), groups), 6, 4)).toEqual([0, 0, 255, 61]);
    expect(at(draw(9, 9, inside("gone"), groups), 6, 4)).toEqual([0, 0, 255, 255]);
    // What lies between two parts of a group parts it.
    const [red, blue] = inside("most") as [SceneShape, SceneShape];
    const parted = draw(9, 9, [red, shape(all, { fill: "lime" }), blue], groups);
    expect(at(parted, 6, 4)).toEqual([0, 102, 153, 255]);
    const mixed = draw(
      9,
      9,
      [
        { ...red, group: "most" },
        { ...blue, group: "inner" },
      ],
      groups,
    );
    expect(at(mixed, 6, 4)).toEqual([153, 0, 102, 153]);
  });

  test("paints the line of a thin shape over its own fill, not through it", () => {
    const thin = draw(9, 9, [shape("M3 3H6V6H3Z", { fill: "red", stroke: "blue", strokeWidth: 2, opacity: 0.5 })]);
    expect([at(thin, 4, 4), at(thin, 3, 4), at(thin, 2, 4)]).toEqual([
      [255, 0, 0, 128],
      [0, 0, 255, 128],
      [0, 0, 255, 128],
    ]);
  });

  test("is cut by the clips of shapes and groups, each of them", () => {
    const clip = (path: string, rule: "nonzero" | "evenodd" = "nonzero") => ({
      path,
      rule,
      matrix: [1, 0, 0, 1, 0, 0] as const,
    });
    const ring = clip("M1 1H8V8H1ZM3 3H6V6H3Z", "evenodd");
    const cut = draw(
      9,
      9,
      [shape(all, { clips: [ring, clip("M0 0H9V5H0Z")], group: "g" })],
      [{ id: "g", name: "", clips: [clip("M2.5 0H9V9H2.5Z")] }],
    );
    const alpha = (x: number, y: number) => at(cut, x, y)[3];
    expect([alpha(1, 2), alpha(2, 2), alpha(3, 2), alpha(4, 4), alpha(7, 4), alpha(7, 5), alpha(8, 2)]).toEqual([
      0, 128, 255, 0, 255, 0, 0,
    ]);
    expect(draw(9, 9, [shape(all, { clips: [clip("")] })]).data.every((value) => value === 0)).toBe(true);
  });

  test("leaves out a text of which only the box is known, and draws one with an outline", () => {
    const text = { kind: "text", text: "a", fill: "red" } as const;
    expect(at(draw(9, 9, [shape(all, text)]), 4, 4)).toEqual([0, 0, 0, 0]);
    expect(at(draw(9, 9, [shape("M0 0L9 1L9 9L0 8Z", text)]), 4, 4)).toEqual([255, 0, 0, 255]);
  });

  test("can be left between two turns", () => {
    const shapes = Array.from({ length: 50 }, () => shape(all));
    const work = drawSceneInTurns(sceneOf(9, 9, shapes));
    const shares = Array.from({ length: 10 }, () => work.next().value as number);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThan(1);
    expect(work.return(undefined as never).done).toBe(true);
  });
});

describe("pictures in a scene", () => {
  const random = seeded(6);
  const noise = (width: number, height: number, opaque = true): Pixels => ({
    width,
    height,
    data: Uint8ClampedArray.from({ length: 4 * width * height }, (_, n) =>
      opaque && n % 4 === 3 ? 255 : 256 * random(),
    ),
  });
  const placed = (picture: Pixels, more: Partial<SceneShape> = {}) =>
    shape(`M0 0H${picture.width}V${picture.height}H0Z`, { kind: "picture", fill: null, picture, ...more });

  test("in their own size are themselves, turned and mirrored too", () => {
    const picture = noise(5, 4);
    expect(draw(5, 4, [placed(picture)]).data).toEqual(picture.data);
    const moved = draw(9, 9, [placed(picture, { matrix: [1, 0, 0, 1, 3, 2] })]);
    expect(at(moved, 3, 2)).toEqual(at(picture, 0, 0));
    expect(at(moved, 7, 5)).toEqual(at(picture, 4, 3));
    const turned = draw(4, 5, [placed(picture, { matrix: [0, 1, -1, 0, 4, 0] })]);
    expect([at(turned, 3, 0), at(turned, 0, 0), at(turned, 3, 4)]).toEqual([
      at(picture, 0, 0),
      at(picture, 0, 3),
      at(picture, 4, 0),
    ]);
    const mirrored = draw(5, 4, [placed(picture, { matrix: [-1, 0, 0, 1, 5, 0] })]);
    expect(at(mirrored, 0, 3)).toEqual(at(picture, 4, 3));
  });

  test("with alpha keep it", () => {
    const picture = noise(6, 6, false);
    const own = draw(6, 6, [placed(picture)]);
    for (let n = 0; n < own.data.length; n += 4) {
      const alpha = picture.data[n + 3] as number;
      expect(own.data[n + 3]).toBe(alpha);
      for (let k = 0; k < 3 && alpha > 0; k++) {
        expect(Math.abs((own.data[n + k] as number) - (picture.data[n + k] as number))).toBeLessThanOrEqual(1);
      }
    }
  });

  test("made smaller are means, and enlarged blend", () => {
    const data = Uint8ClampedArray.from({ length: 8 * 8 * 4 }, (_, n) => (n % 4 === 3 ? 255 : n % 8 < 4 ? 0 : 200));
    const small = draw(2, 2, [placed({ width: 8, height: 8, data }, { matrix: [0.25, 0, 0, 0.25, 0, 0] })]);
    expect([...small.data]).toEqual([100, 100, 100, 255, 100, 100, 100, 255, 100, 100, 100, 255, 100, 100, 100, 255]);
    const two = { width: 2, height: 1, data: Uint8ClampedArray.from([0, 0, 0, 255, 200, 200, 200, 255]) };
    const large = draw(8, 1, [placed(two, { matrix: [4, 0, 0, 1, 0, 0] })]);
    expect([...large.data].filter((_, n) => n % 4 === 0)).toEqual([0, 0, 25, 75, 125, 175, 200, 200]);
  });

  test("that are broken, or have no place, show nothing", () => {
    const broken = { width: 3, height: 3, data: new Uint8ClampedArray(5) };
    expect(draw(4, 4, [placed(broken)]).data.every((value) => value === 0)).toBe(true);
    const flat = placed(noise(3, 3), { matrix: [1, 1, 1, 1, 0, 0] });
    expect(draw(4, 4, [flat]).data.every((value) => value === 0)).toBe(true);
    expect(draw(4, 4, [shape(all, { kind: "picture", fill: null })]).data.every((value) => value === 0)).toBe(true);
  });
});

describe("gradients", () => {
  const linear = (more: Partial<Gradient> = {}): Gradient => ({
    type: "linear",
    from: [0, 0, 8, 0],
    stops: [
      { offset: 0, colour: "black" },
      { offset: 1, colour: "#fff" },
    ],
    ...more,
  });
  const row = (fill: Gradient, path = "M0 0H16V1H0Z") =>
    [...draw(16, 1, [shape(path, { fill })]).data].filter((_, n) => n % 4 === 0);

  test("go on, mirror or begin again beyond their ends", () => {
    const up = [16, 48, 80, 112, 143, 175, 207, 239];
    expect(row(linear())).toEqual([...up, 255, 255, 255, 255, 255, 255, 255, 255]);
    expect(row(linear({ spread: "repeat" }))).toEqual([...up, ...up]);
    expect(row(linear({ spread: "reflect" }))).toEqual([...up, ...up.toReversed()]);
  });

  test("follow their own matrix and the path's", () => {
    expect(row(linear({ matrix: [2, 0, 0, 1, 0, 0] })).slice(0, 3)).toEqual([8, 24, 40]);
    const moved = shape("M0 0H8V1H0Z", { fill: linear(), matrix: [2, 0, 0, 1, 0, 0] });
    expect([...draw(16, 1, [moved]).data].filter((_, n) => n % 4 === 0).slice(0, 3)).toEqual([8, 24, 40]);
  });

  test("have hard edges where two stops meet, and blend before alpha", () => {
    const stops = [
      { offset: 0, colour: "red" },
      { offset: 0.5, colour: "red" },
      { offset: 0.5, colour: "blue" },
      { offset: 1, colour: "rgb(0 0 255 / 0)" },
    ];
    const { data } = draw(8, 1, [shape("M0 0H8V1H0Z", { fill: linear({ stops }) })]);
    expect([...data.slice(12, 16)]).toEqual([255, 0, 0, 255]);
    expect([...data.slice(16, 20)]).toEqual([0, 0, 255, 223]);
    expect([...data.slice(28, 32)]).toEqual([0, 0, 255, 32]);
  });

  test("without a direction are their last colour, without stops nothing", () => {
    expect(row(linear({ from: [3, 3, 3, 3] }))[4]).toBe(255);
    expect(row(linear({ matrix: [0, 0, 0, 0, 0, 0] }))[4]).toBe(255);
    expect(row(linear({ from: [Number.NaN, 0, 1, 0] }))[4]).toBe(255);
    expect(
      draw(16, 1, [shape("M0 0H16V1H0Z", { fill: linear({ stops: [] }) })]).data.every((value) => value === 0),
    ).toBe(true);
  });

  test.each([
    [
      "linear",
      { type: "linear", from: [10, 20, 50, 40] },
      `<linearGradient id="g" gradientUnits="userSpaceOnUse" x1="10" y1="20" x2="50" y2="40"`,
    ],
    [
      "radial",
      { type: "radial", from: [32, 32, 0, 32, 32, 25] },
      `<radialGradient id="g" gradientUnits="userSpaceOnUse" cx="32" cy="32" r="25"`,
    ],
    [
      "focal",
      { type: "radial", from: [22, 30, 0, 32, 32, 25] },
      `<radialGradient id="g" gradientUnits="userSpaceOnUse" cx="32" cy="32" r="25" fx="22" fy="30"`,
    ],
  ] as const)("are those of resvg: %s", (_, own, element) => {
    for (const spread of ["pad", "reflect", "repeat"] as const) {
      for (const matrix of [
        [1, 0, 0, 1, 0, 0],
        [0.7, 0.2, -0.3, 0.9, 8, -4],
      ] as const) {
        const stops = [
          { offset: 0, colour: "#ff0000" },
          { offset: 0.3, colour: "#20d060" },
          { offset: 1, colour: "#1030ff" },
        ];
        const fill: Gradient = { ...own, matrix, spread, stops };
        const marks = stops.map(({ offset, colour }) => `<stop offset="${offset}" stop-color="${colour}"/>`).join("");
        const kind = own.type === "linear" ? "linearGradient" : "radialGradient";
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">${element} spreadMethod="${spread}" gradientTransform="matrix(${matrix.join(" ")})">${marks}</${kind}><path d="M0 0H64V64H0Z" fill="url(#g)"/></svg>`;
        const theirs = new Resvg(svg).render().pixels;
        expect(distance(draw(64, 64, [shape("M0 0H64V64H0Z", { fill })]).data, theirs).mean).toBeLessThan(0.6);
      }
    }
  });

  test("between two circles show nothing where no circle comes", () => {
    const cone = linear({ type: "radial", from: [4, 0.5, 1, 12, 0.5, 0] });
    const { data } = draw(16, 1, [shape("M0 0H16V1H0Z", { fill: cone })]);
    expect([data[3], data[4 * 4 + 3], data[4 * 14 + 3]]).toEqual([255, 255, 0]);
    const lines = draw(16, 1, [shape("M0 .5H16", { fill: null, stroke: linear(), strokeWidth: 1 })]);
    expect([...lines.data].filter((_, n) => n % 4 === 0).slice(0, 4)).toEqual([16, 48, 80, 112]);
  });
});
