import { createPixels, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { flattened, inverse, type Matte } from "../../engine/src/vision/matte.ts";
import { channelOf, grayPixels, otsu, threshold } from "../../engine/src/vision/plane.ts";
import { type Filter, resample } from "../../engine/src/vision/resample.ts";
import { colourCount, contentRule, fitMap, resizeMap } from "../../engine/src/vision/resize.ts";
import { thinned } from "../../engine/src/vision/thin.ts";
import { distance, exactly, goldens, readGolden, sourceOf } from "./golden-maps.ts";

const cases = (...names: readonly string[]) => goldens(...names).map((golden) => [golden.id, golden] as const);

test.each(cases("resize-nearest", "resize-linear", "resize-cubic", "resize-area"))("%s matches OpenCV", (_, golden) => {
  const { width, height } = golden.options as { width: number; height: number };
  const filter = golden.name.replace("resize-", "") as Filter;
  expect(distance(resample(sourceOf(golden), width, height, filter), golden)).toBe("");
});

test.each(cases("resize-nearest", "resize-linear", "resize-area"))("%s is OpenCV's to the bit", (_, golden) => {
  const { width, height } = golden.options as { width: number; height: number };
  const filter = golden.name.replace("resize-", "") as Filter;
  expect(distance(resample(sourceOf(golden), width, height, filter), exactly(golden))).toBe("");
});

test.each(cases("resize-map"))("%s matches the map that WebUI makes", (_, golden) => {
  const { width, height } = golden.options as { width: number; height: number };
  expect(distance(resizeMap(sourceOf(golden), width, height), golden)).toBe("");
});

test.each(cases("thin"))("%s matches the lines that WebUI thins", (_, golden) => {
  const { prune } = golden.options as { prune: boolean };
  expect(distance(grayPixels(thinned(channelOf(sourceOf(golden), 0), prune)), golden)).toBe("");
});

test.each(cases("otsu"))("%s finds OpenCV's threshold", (_, golden) => {
  const green = channelOf(sourceOf(golden), 1);
  expect(otsu(green)).toBe(golden.options["found"]);
  expect(distance(grayPixels(threshold(green, otsu(green))), golden)).toBe("");
});

test.each(cases("matte"))("%s matches Pillow's composite", (_, golden) => {
  expect(distance(flattened(sourceOf(golden), golden.options["matte"] as Matte), golden)).toBe("");
});

test.each(cases("invert"))("%s matches OpenCV's negative", (_, golden) => {
  expect(distance(inverse(sourceOf(golden)), golden)).toBe("");
});

const canny = () => readGolden("inputs/resize-map-canny-480x384-map.png");
const tones = (map: Pixels) => [...new Set(channelOf(map, 0).data)].sort((a, b) => a - b);
const isPlain = (map: Pixels) =>
  [0, 1, 2].every((k) => channelOf(map, k as 0 | 1 | 2).data.every((v, i) => v === map.data[4 * i]));

test.each([
  [480, 384],
  [160, 128],
  [513, 381],
])("lines of one pixel stay black and white and thin at %i x %i", (width, height) => {
  const map = resizeMap(canny(), width, height);
  expect([map.width, map.height]).toEqual([width, height]);
  expect(tones(map)).toEqual([0, 255]);
  expect(isPlain(map)).toBe(true);
  expect(contentRule(map, 1, 1)).toBe("thin");
});

test("thick strokes stay black and white, and thick", () => {
  const map = resizeMap(readGolden("sources/shapes.png"), 401, 299);
  expect(tones(map)).toEqual([0, 255]);
  expect(contentRule(map, 1, 1)).toBe("binary");
});

test("flat colours make no new ones", () => {
  const classes = readGolden("inputs/resize-map-classes-240x180-map.png");
  expect(colourCount(classes, 200)).toBe(4);
  expect(colourCount(resizeMap(classes, 233, 71), 200)).toBe(4);
});

test("a map of the right size is the same map", () => {
  const map = canny();
  expect(resizeMap(map, map.width, map.height)).toBe(map);
});

test.each(["nearest", "linear", "cubic", "area"] as const)("a mark stays in its place through %s", (filter) => {
  const map = createPixels(60, 40);
  for (let y = 10; y < 20; y++) for (let x = 30; x < 45; x++) map.data.set([255, 255, 255, 255], 4 * (y * 60 + x));
  const { data } = resample(map, 90, 100, filter);
  let [sumX, sumY, weight] = [0, 0, 0];
  for (let i = 0; i < 9000; i++) {
    const alpha = data[4 * i + 3] as number;
    sumX += alpha * ((i % 90) + 0.5);
    sumY += alpha * (Math.floor(i / 90) + 0.5);
    weight += alpha;
  }
  // Its centre lies at 37.5 of 60 and 15 of 40; nearest may be off by half a pixel.
  expect(Math.abs(sumX / weight / 90 - 37.5 / 60)).toBeLessThan(0.007);
  expect(Math.abs(sumY / weight / 100 - 15 / 40)).toBeLessThan(0.007);
});

test.each(["linear", "cubic", "area"] as const)("colour hidden under alpha 0 does not bleed through %s", (filter) => {
  const map = createPixels(8, 8);
  for (let i = 0; i < 64; i++) map.data.set(i % 8 < 3 ? [200, 10, 20, 255] : [0, 255, 255, 0], 4 * i);
  const { data } = resample(map, 5, 5, filter);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3]) expect([...data.subarray(i, i + 3)]).toEqual([200, 10, 20]);
  }
});

test("a size of nothing or of half a pixel is refused by name", () => {
  expect(() => resample(canny(), 0, 5, "area")).toThrow(
    new RangeError("width, height: a picture has at least 1x1 whole pixels, not 0x5."),
  );
  expect(() => resizeMap(canny(), 5.5, 5)).toThrow(RangeError);
});

test("a map of other proportions is cut on both sides, never distorted", () => {
  const map = fitMap(stripes(), 20, 20);
  expect(channelOf(map, 0).data.slice(0, 20)).toEqual(Uint8Array.from({ length: 20 }, (_, x) => 10 + x));
});

test("a map that is to be seen whole gets borders in the middle colour of its edges", () => {
  const source = stripes();
  for (let y = 0; y < 20; y++)
    for (let x = 0; x < 40; x++) if (y % 19 === 0 || x % 39 === 0) source.data.set([9, 9, 9], 4 * (y * 40 + x));
  const map = fitMap(source, 40, 60, { fit: "fill" });
  const column = Array.from({ length: 60 }, (_, y) => map.data[4 * (y * 40 + 5)]);
  expect(column).toEqual([...Array(21).fill(9), ...Array(18).fill(5), ...Array(21).fill(9)]);
});

test("stretching is done only when it is asked for", () => {
  const map = fitMap(stripes(), 20, 20, { fit: "stretch", how: "nearest" });
  expect(channelOf(map, 0).data.slice(0, 20)).toEqual(Uint8Array.from({ length: 20 }, (_, x) => 2 * x));
});

/** 40 x 20 pixels, each as bright as its x. */
function stripes(): Pixels {
  const pixels = createPixels(40, 20);
  for (let i = 0; i < 800; i++) pixels.data.set([i % 40, i % 40, i % 40, 255], 4 * i);
  return pixels;
}
