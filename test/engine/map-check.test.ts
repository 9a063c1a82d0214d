import { createPixels, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { checkMap, checkSource, type MapKind } from "../../engine/src/conditions/map-check.ts";
import { flattened, inverse } from "../../engine/src/vision/matte.ts";
import { goldens, readGolden } from "./golden-maps.ts";

const codes = (map: Pixels, kind: MapKind = "lines") => checkMap(map, kind).map(({ code }) => code);

/** Canny maps of real pictures, large enough for a rule of thumb. */
const maps = goldens("canny")
  .map(({ expected }) => expected)
  .filter((file) =>
    /chelsea|astronaut|camera-100|rocket|brick|text|lettering|ink|shapes|badge|icon|feather/.test(file),
  );

/** A drawing of some strokes: `ink` on `paper`, both with alpha. */
function sketch(ink: readonly number[], paper: readonly number[]): Pixels {
  const pixels = createPixels(128, 96);
  for (let y = 0; y < 96; y++) {
    for (let x = 0; x < 128; x++) {
      const stroke = Math.abs(y - 48 - 20 * Math.sin(x / 9)) < 2 || Math.abs(x - 40) < 2;
      pixels.data.set(stroke ? ink : paper, 4 * (y * 128 + x));
    }
  }
  return pixels;
}

test.each(maps)("%s gives no warning", (file) => {
  expect(codes(readGolden(file))).toEqual([]);
});

test.each(maps)("%s is seen to be inverted when it is", (file) => {
  expect(codes(inverse(readGolden(file)))).toEqual(["map-inverted"]);
});

test("a soft line map gives no warning, and its negative does", () => {
  const soft = sketch([170, 170, 170, 255], [12, 12, 12, 255]);
  expect(codes(soft)).toEqual([]);
  expect(codes(inverse(soft))).toEqual(["map-inverted"]);
});

test("ink on white paper is taken for dark lines, whatever its colour", () => {
  expect(codes(readGolden("sources/ink.png"))).toEqual(["map-inverted"]);
  expect(codes(sketch([20, 30, 160, 255], [250, 250, 245, 255]))).toEqual(["map-inverted"]);
});

test("a map without lines is empty, black or white or transparent", () => {
  expect(codes(sketch([0, 0, 0, 255], [0, 0, 0, 255]))).toEqual(["map-empty"]);
  expect(codes(sketch([255, 255, 255, 255], [255, 255, 255, 255]))).toEqual(["map-empty"]);
  expect(codes(createPixels(64, 64))).toEqual(["map-empty"]);
});

test("white strokes on a transparent ground are a sound map", () => {
  expect(codes(sketch([255, 255, 255, 255], [0, 0, 0, 0]))).toEqual([]);
});

test.each([0, 70])(
  "dark strokes (%i) on a transparent ground are told from an empty map, and the remedy helps",
  (tone) => {
    const map = sketch([tone, tone, tone, 255], [255, 255, 255, 0]);
    const [warning, ...others] = checkMap(map, "lines");
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ code: "map-dark-on-transparent", remedy: "Lay the map on white and invert it." });
    expect(codes(inverse(flattened(map, "white")))).toEqual([]);
  },
);

test("the same drawing gives the same warning, opaque or with alpha", () => {
  expect(codes(sketch([0, 0, 0, 255], [255, 255, 255, 255]))).toEqual(["map-inverted"]);
  expect(codes(flattened(sketch([0, 0, 0, 255], [0, 0, 0, 0]), "white"))).toEqual(["map-inverted"]);
});

test("a depth map of ground and horizon is right with near white, and flipped the other way", () => {
  const depth = readGolden("inputs/resize-map-depth-288x192-map.png");
  expect(codes(depth, "depth")).toEqual([]);
  expect(codes(inverse(depth), "depth")).toEqual(["map-flipped"]);
});

test("one colour all over is an empty map of depth or colour, and a drawing is not", () => {
  expect(codes(sketch([90, 90, 90, 255], [90, 90, 90, 255]), "depth")).toEqual(["map-empty"]);
  expect(codes(readGolden("sources/flat.png"), "colour")).toEqual(["map-empty"]);
  expect(codes(readGolden("sources/chelsea.png"), "colour")).toEqual([]);
});

test("a picture that its matte swallows is told, with the matte that helps", () => {
  const dark = sketch([15, 15, 15, 255], [0, 0, 0, 0]);
  expect(checkSource(dark, "black")).toMatchObject([{ code: "source-vanishes", remedy: "Set the matte to white." }]);
  expect(checkSource(dark, "white")).toEqual([]);
  const light = sketch([245, 245, 245, 255], [0, 0, 0, 0]);
  expect(checkSource(light, "white")).toMatchObject([{ code: "source-vanishes", remedy: "Set the matte to black." }]);
  expect(checkSource(light, "black")).toEqual([]);
});

test.each(["icon", "badge", "feather", "ink"])("the picture %s survives either matte", (name) => {
  const source = readGolden(`sources/${name}.png`);
  expect([...checkSource(source, "black"), ...checkSource(source, "white")]).toEqual([]);
});

test("checking changes nothing in the map", () => {
  const map = sketch([10, 20, 30, 200], [250, 250, 250, 90]);
  const before = map.data.slice();
  checkMap(map, "lines");
  checkSource(map, "white");
  expect(map.data).toEqual(before);
});
