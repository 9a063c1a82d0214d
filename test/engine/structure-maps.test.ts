import { createPixels, normalDepth, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { drawLine } from "../../engine/src/vision/line.ts";
import { mlsdLines } from "../../engine/src/vision/mlsd-lines.ts";
import { drawNormals, normalMap } from "../../engine/src/vision/normals.ts";
import { grayPixels } from "../../engine/src/vision/plane.ts";
import { resample } from "../../engine/src/vision/resample.ts";
import { distance, goldens } from "./golden-maps.ts";
import { finished, painted, readNumbers } from "./structure-golden.ts";

// MLSD's answers as lines, and normals of depth: what follows a net, held against the annotators' own code.

const inputOf = (golden: object, name: string) =>
  readNumbers((golden as { readonly inputs: Readonly<Record<string, string>> }).inputs[name] as string);
const shapeOf = (golden: object) => golden as { readonly options: Readonly<Record<string, number>> };

test.each(goldens("mlsd").map((golden) => [golden.id, golden] as const))(
  "%s: the lines in a net's answer are the annotator's, drawn to the pixel",
  (_, golden) => {
    const { score, length } = shapeOf(golden).options as { score: number; length: number };
    const plane = { width: 192, height: 128, data: new Uint8Array(192 * 128) };
    for (const line of mlsdLines(inputOf(golden, "field"), 192, 128, { score, length })) drawLine(plane, line, 1, 255);
    expect(distance(grayPixels(plane), { ...golden, tolerance: { level: 0, share: 0, mean: 0 } })).toBe("");
  },
);

test("MLSD's lines come the surest first, scaled to the picture, at most as many as asked for", () => {
  const values = new Float32Array(5 * 4 * 6).fill(-9);
  values.fill(0, 24);
  const put = (x: number, y: number, ...numbers: readonly number[]) => {
    for (const [channel, value] of numbers.entries()) values[channel * 24 + y * 6 + x] = value;
  };
  put(1, 1, 2, -1, 0, 3, 1);
  put(4, 2, 5, 0, -2, 0, 1);
  const answer = { dims: [1, 5, 4, 6], values };
  const options = { score: 0.5, length: 1 };
  const lines = mlsdLines(answer, 120, 40, options);
  expect(lines).toEqual([
    { x0: 80, y0: 0, x1: 80, y1: 30 },
    { x0: 0, y0: 10, x1: 80, y1: 20 },
  ]);
  expect(mlsdLines(answer, 120, 40, { ...options, most: 1 })).toHaveLength(1);
  expect(mlsdLines(answer, 120, 40, { score: 0.9, length: 1 })).toHaveLength(1);
  expect(mlsdLines(answer, 120, 40, { score: 0.5, length: 3.5 })).toHaveLength(1);
  // Of two neighbours the surer one is the centre; one that is no number is none.
  put(2, 1, 1, 0, 0, 2, 2);
  put(5, 0, Number.NaN, 0, 0, 9, 9);
  expect(mlsdLines(answer, 120, 40, options)).toEqual(lines);
});

test("an answer of another shape is refused in words", () => {
  for (const [dims, count] of [
    [[4, 3, 3], 36],
    [[5, 3, 3], 44],
    [[2, 5, 3, 3], 90],
    [[5, 0, 3], 0],
    [[45], 45],
  ] as const) {
    const answer = { dims, values: new Float32Array(count) };
    expect(() => mlsdLines(answer, 9, 9, { score: 0, length: 0 })).toThrow(/\[5, height, width\]/);
  }
});

test.each(goldens("normal-from-depth").map((golden) => [golden.id, golden] as const))(
  "%s: normals are the annotator's, whose channels are reversed",
  (_, golden) => {
    const { dims, values } = inputOf(golden, "depth");
    const depth = { width: dims[1] as number, height: dims[0] as number, data: values };
    const background = shapeOf(golden).options["backgroundThreshold"] as number;
    const map = finished(normalMap(depth, { front: 2 * Math.PI, background, beyond: "mirrored" }));
    const reversed = map.data.slice();
    for (let i = 0; i < reversed.length; i += 4) {
      reversed[i] = map.data[i + 2] as number;
      reversed[i + 2] = map.data[i] as number;
    }
    expect(distance({ ...map, data: reversed }, golden)).toBe("");
  },
);

test.each(goldens("normal").map((golden) => [golden.id, golden] as const))(
  "%s: normals longer than 1 are clipped in BAE's colours",
  (_, golden) => {
    const { dims, values } = inputOf(golden, "normal");
    const [, height = 0, width = 0] = dims;
    const plane = (channel: number) => values.subarray(channel * width * height, (channel + 1) * width * height);
    const map = createPixels(width, height);
    drawNormals({ left: plane(0), up: plane(1), front: plane(2) }, map.data, 0);
    // The annotator enlarges its map to sides that are multiples of 64, by OpenCV's linear filter.
    expect(distance(resample(map, 128, 64, "linear"), golden)).toBe("");
  },
);

const run = (source: Pixels, options: Record<string, unknown> = {}): Promise<Pixels> =>
  normalDepth.choose(options).extract(source, { run: () => Promise.reject(new Error("no model")) });
const at = ({ width, data }: Pixels, x: number, y: number) => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3),
];

test("a flat depth looks straight ahead, and slopes look where they face, up to the picture's edge", async () => {
  expect(new Set((await run(painted(9, 7, () => [90]))).data)).toEqual(new Set([127, 255]));
  // Nearer to the right: the surface faces left, which is red, by 45 degrees where 100 pixels hold 100 levels' depth.
  const right = await run(
    painted(100, 100, (x) => [x * 2]),
    { strength: 255 / 200, smooth: 0 },
  );
  for (const x of [0, 50, 99]) {
    const [red, green, blue] = at(right, x, 50);
    expect(red).toBeCloseTo(127.5 + 127.5 * Math.SQRT1_2, -0.5);
    expect(green).toBe(127);
    expect(blue).toBeCloseTo(127.5 + 127.5 * Math.SQRT1_2, -0.5);
  }
  // Nearer below: a floor, which faces up, which is green.
  const floor = await run(painted(60, 60, (_, y) => [y * 4]));
  for (const y of [0, 30, 59]) {
    const [red, green] = at(floor, 20, y);
    expect(red).toBe(127);
    expect(green).toBeGreaterThan(200);
  }
});

test("flips turn red and green over, and what is far enough looks straight ahead", async () => {
  const hill = painted(40, 40, (x, y) => [Math.max(0, 240 - 9 * Math.hypot(x - 20, y - 20))]);
  const [plain, red, green] = [
    await run(hill),
    await run(hill, { flipRed: true }),
    await run(hill, { flipGreen: true }),
  ];
  const [r = 0, g = 0, b = 0] = at(plain, 12, 14);
  expect(r).toBeGreaterThan(160);
  expect(g).toBeGreaterThan(150);
  expect(at(red, 12, 14)).toEqual([254 - r, g, b].map((value) => expect.closeTo(value, -0.5)));
  expect(at(green, 12, 14)).toEqual([r, 254 - g, b].map((value) => expect.closeTo(value, -0.5)));
  const cut = await run(hill, { background: 0.6 });
  expect(at(cut, 4, 20)).toEqual([127, 127, 255]);
  expect(at(cut, 17, 20)).not.toEqual([127, 127, 255]);
});

test("normals do not depend on how many pixels a picture has", async () => {
  const ball = (size: number) =>
    painted(size, size, (x, y) => {
      const [dx, dy] = [(2 * (x + 0.5)) / size - 1, (2 * (y + 0.5)) / size - 1];
      return [255 * Math.sqrt(Math.max(0, 1 - (dx * dx + dy * dy) / 0.64))];
    });
  const [small, large] = [await run(ball(64)), await run(ball(256))];
  for (const [x, y] of [
    [20, 20],
    [40, 24],
    [30, 44],
  ] as const) {
    const [a, b] = [at(small, x, y), at(large, 4 * x + 2, 4 * y + 2)];
    for (let channel = 0; channel < 3; channel++) {
      expect(Math.abs((a[channel] as number) - (b[channel] as number))).toBeLessThan(14);
    }
  }
});
