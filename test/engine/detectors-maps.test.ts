import { readFileSync } from "node:fs";
import { createPixels, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { depthSize, pictureTensor, seenPicture, seenSize } from "../../engine/src/vision/annotator.ts";
import { planesOf, rowsOf } from "../../engine/src/vision/answer.ts";
import { bicubic } from "../../engine/src/vision/bicubic.ts";
import { netDepth } from "../../engine/src/vision/net-depth.ts";
import { isDark, netEdges, valuesOf } from "../../engine/src/vision/net-edges.ts";
import type { FloatPlane } from "../../engine/src/vision/plane.ts";
import { readCaseTensors } from "./detectors-golden.ts";
import { golden } from "./golden.ts";
import { distance, type Golden, goldens, readGolden, sourceOf } from "./golden-maps.ts";
import { readNumbers } from "./structure-golden.ts";

// What comes before and after a net, against the annotators with the net's answer put in by hand.

function readPlane(path: string): FloatPlane {
  const { dims, values } = readNumbers(path);
  const [height = 0, width = 0] = dims;
  return { width, height, data: values };
}

const whole = ({ width, height }: { width: number; height: number }) => ({
  width,
  height,
  wholeWidth: width,
  wholeHeight: height,
});

function finished(work: Generator<number, Pixels, void>): Pixels {
  let last = 0;
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    expect(step.value).toBeGreaterThanOrEqual(last);
    last = step.value;
    expect(last).toBeLessThanOrEqual(1);
  }
}

const inputsOf = (one: Golden): readonly FloatPlane[] =>
  Object.values(one.inputs as unknown as Record<string, string>).map(readPlane);
const byId = (...ids: string[]) =>
  goldens("depth", "soft-edge").filter(({ id }) => ids.some((one) => id.startsWith(one)));

test.each(byId("depth-").map((one) => [one.id, one] as const))("%s is the annotator's", (id, one) => {
  const [plane] = inputsOf(one);
  const { gamma, removeNear = 0, removeBackground = 0 } = one.options as Record<string, number>;
  const options = id.startsWith("depth-midas")
    ? ({ near: "large" } as const)
    : id.startsWith("depth-zoe")
      ? ({ near: "small", spread: "middle", gamma: gamma ? 2.2 : 1 } as const)
      : ({ near: "small", removeNear, removeBackground } as const);
  const expected = readGolden(one.expected);
  expect(distance(finished(netDepth(plane as FloatPlane, whole(plane as FloatPlane), expected, options)), one)).toBe(
    "",
  );
});

test.each(byId("soft-edge-").map((one) => [one.id, one] as const))("%s is the annotator's", (id, one) => {
  const planes = inputsOf(one);
  const { safe, steps, apply_filter: filter } = one.options as Record<string, unknown>;
  const safeSteps = safe ? 2 : typeof steps === "number" ? steps : 0;
  const options = id.includes("pidinet")
    ? ({ values: "shares", safeSteps, filter: filter === true } as const)
    : ({ values: "evidence", safeSteps } as const);
  const expected = readGolden(one.expected);
  expect(distance(finished(netEdges(planes, whole(expected), expected, options)), one)).toBe("");
});

test.each(goldens("annotator-resize").map((one) => [one.id, one] as const))("%s is the annotator's", (_, one) => {
  const source = sourceOf(one);
  const { resolution, width, height } = one.options as Record<string, number>;
  const size = seenSize(source.width, source.height, resolution);
  expect([size.width, size.height]).toEqual([width, height]);
  expect(distance(seenPicture(source, size), one)).toBe("");
});

test("there are references for all three", () => {
  expect([byId("depth-").length, byId("soft-edge-").length, goldens("annotator-resize").length]).toEqual([7, 7, 3]);
});

test("Depth Anything looks at the size that its processor in transformers gives it", () => {
  const cases = JSON.parse(readFileSync(golden("detectors/depth-anything-sizes.json"), "utf8")) as {
    height: number;
    width: number;
    read: [number, number];
  }[];
  for (const { height, width, read } of cases) {
    const size = depthSize(width, height, 518);
    expect([size.height, size.width], `${width}x${height}`).toEqual(read);
  }
});

test("a strip keeps one patch, where the processor would leave none", () => {
  expect(depthSize(60_000, 1, 518)).toMatchObject({ width: 518, height: 14 });
  expect(depthSize(1, 3, 518)).toMatchObject({ width: 168, height: 518 });
});

test("the bicubic filter is Pillow's", () => {
  const all = readCaseTensors("bicubic-cases.safetensors");
  const picture = all.get("picture") as { dims: number[]; values: Float32Array };
  const pixelsOf = ({ dims: [height = 0, width = 0], values }: typeof picture): Pixels => {
    const pixels = createPixels(width, height);
    for (let i = 0; i < width * height; i++) pixels.data.set([...values.subarray(3 * i, 3 * i + 3), 255], 4 * i);
    return pixels;
  };
  const source = pixelsOf(picture);
  expect(all.size).toBe(5);
  for (const [name, values] of all) {
    if (name === "picture") continue;
    const expected = pixelsOf(values);
    const found = bicubic(source, expected.width, expected.height);
    const apart = found.data.map((value, i) => Math.abs(value - (expected.data[i] as number)));
    expect(Math.max(...apart), name).toBeLessThanOrEqual(1);
    expect(apart.filter((one) => one > 0).length / apart.length, name).toBeLessThan(0.002);
  }
});

test("a net never gets more pixels than it can bear, and never none", () => {
  for (const [width, height] of [
    [60_000, 1],
    [1, 60_000],
    [16_384, 16_384],
    [1, 1],
    [513, 381],
  ] as const) {
    for (const resolution of [undefined, 64, 512, 2048]) {
      const size = seenSize(width, height, resolution);
      expect(size.wholeWidth % 64 || size.wholeHeight % 64).toBe(0);
      expect(size.width).toBeGreaterThan(0);
      expect(size.height).toBeGreaterThan(0);
      expect(size.wholeWidth * size.wholeHeight).toBeLessThan(1.2 * 2 ** 23);
    }
  }
  expect(seenSize(513, 381)).toEqual({ width: 513, height: 381, wholeWidth: 576, wholeHeight: 384 });
});

test("what is put beside a picture repeats its edge, and what the net answers there is left out", () => {
  const source = createPixels(65, 3);
  for (let i = 0; i < 65 * 3; i++) source.data.set([i, 0, 255 - i, 255], 4 * i);
  const size = { width: 65, height: 3, wholeWidth: 128, wholeHeight: 64 };
  const seen = seenPicture(source, size);
  expect([...seen.data.subarray(4 * 64, 4 * 66)]).toEqual([64, 0, 191, 255, 64, 0, 191, 255]);
  expect([...seen.data.subarray(4 * 128 * 63, 4 * 128 * 63 + 4)]).toEqual([130, 0, 125, 255]);
  const { values } = pictureTensor(seen);
  const answer = { width: 128, height: 64, data: (values as Float32Array).slice(0, 128 * 64) };
  const row = new Float32Array(65);
  const rows = rowsOf(answer, size, 65, 3);
  for (let y = 0; y < 3; y++) {
    rows(y, row);
    expect([...row]).toEqual(Array.from({ length: 65 }, (_, x) => y * 65 + x));
  }
});

test("an answer smaller than the picture is stretched first and cut then: its last places blend with what lies beyond", () => {
  const answer = { width: 4, height: 1, data: Float32Array.of(0, 1, 2, 30) };
  const row = new Float32Array(6);
  rowsOf(answer, { width: 6, height: 1, wholeWidth: 8, wholeHeight: 1 }, 6, 1)(0, row);
  expect([...row]).toEqual([0, 0.25, 0.75, 1.25, 1.75, 9]);
});

test("a flat answer is a black depth map, and one that is not a number anywhere is drawn without it", () => {
  const size = { width: 3, height: 2 };
  const flat = { ...size, data: new Float32Array(6).fill(7) };
  for (const near of ["large", "small"] as const)
    for (const spread of ["whole", "middle"] as const) {
      const { data } = finished(netDepth(flat, whole(flat), size, { near, spread }));
      expect(new Set(data.filter((_, i) => i % 4 !== 3))).toEqual(new Set([0]));
    }
  const [plane] = planesOf({
    depth: { dims: [1, 1, 2, 3], values: Float32Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY, 5, 4) },
  });
  const map = finished(netDepth(plane as FloatPlane, whole(flat), size, { near: "large" }));
  expect(map.data.filter((_, i) => i % 4 === 0)).toEqual(Uint8ClampedArray.of(51, 0, 153, 0, 255, 204));
});

test("near is white both ways", () => {
  const plane = { width: 4, height: 1, data: Float32Array.of(1, 2, 3, 5) };
  const reds = (map: Pixels) => [...map.data.filter((_, i) => i % 4 === 0)];
  expect(reds(finished(netDepth(plane, whole(plane), plane, { near: "large" })))).toEqual([0, 63, 127, 255]);
  expect(reds(finished(netDepth(plane, whole(plane), plane, { near: "small" })))).toEqual([255, 191, 128, 0]);
});

test("what an answer's numbers are is told by themselves", () => {
  const plane = (...values: number[]) => ({ width: values.length, height: 1, data: Float32Array.from(values) });
  expect(valuesOf(plane(0, 0.5, 1))).toEqual({ values: "shares", scale: 1 });
  expect(valuesOf(plane(0, 128, 255))).toEqual({ values: "shares", scale: 1 / 255 });
  expect(valuesOf(plane(-4, 3))).toEqual({ values: "evidence", scale: 1 });
  expect(isDark(plane(1, 1, 0.9, 0), "shares", 1)).toBe(true);
  expect(isDark(plane(255, 250, 10, 240), "shares", 1 / 255)).toBe(true);
  expect(isDark(plane(-3, -2, 4, -1), "evidence", 1)).toBe(false);
});

test("answers of one number a place are found in any frame of ones, and others are left out", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  for (const dims of [
    [2, 3],
    [1, 2, 3],
    [1, 1, 2, 3],
    [1, 2, 3, 1],
  ])
    expect(planesOf({ out: { dims, values } })).toEqual([{ width: 3, height: 2, data: values }]);
  expect(planesOf({ a: { dims: [1, 3, 2, 1], values: values.slice() }, b: { dims: [6], values } })).toHaveLength(1);
  expect(
    planesOf({ two: { dims: [1, 2, 1, 3], values }, none: { dims: [1, 1, 0, 3], values: new Float32Array() } }),
  ).toEqual([]);
});
