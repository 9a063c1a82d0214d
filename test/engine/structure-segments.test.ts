import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { joinSegments } from "../../engine/src/vision/join-segments.ts";
import { drawLine, type Line } from "../../engine/src/vision/line.ts";
import { segments } from "../../engine/src/vision/segments.ts";
import { straightLineMap, straightLines } from "../../engine/src/vision/straight-lines.ts";
import { readGolden } from "./golden-maps.ts";
import { dilated } from "./structure-dilated.ts";
import { finished, painted, random, same } from "./structure-golden.ts";

const usual = { length: 8, strength: 5, stroke: 6, gap: 4 };
const lengthOf = ({ x0, y0, x1, y1 }: Line) => Math.hypot(x1 - x0, y1 - y0);

interface Found {
  readonly picture: string;
  readonly refine: string;
  readonly segments: readonly (readonly [number, number, number, number])[];
}
const golden = JSON.parse(
  readFileSync(new URL("../golden/segments/segments.json", import.meta.url), "utf8"),
) as readonly Found[];

/** Which share of one drawing lies within two pixels of the other. */
function covered(width: number, height: number, lines: readonly Line[], by: readonly Line[]): number {
  const draw = (all: readonly Line[]) => {
    const plane = { width, height, data: new Uint8Array(width * height) };
    for (const { x0, y0, x1, y1 } of all) {
      drawLine(plane, { x0: Math.round(x0), y0: Math.round(y0), x1: Math.round(x1), y1: Math.round(y1) }, 1, 1);
    }
    return plane;
  };
  const drawing = draw(lines).data;
  const near = dilated(draw(by), 2);
  let [all, met] = [0, 0];
  for (let i = 0; i < drawing.length; i++) {
    if (drawing[i] === 0) continue;
    all++;
    if (near[i] !== 0) met++;
  }
  return met / all;
}

test.each(golden.map((found) => [`${found.picture}, ${found.refine}`, found] as const))(
  "segments of %s agree with those of OpenCV's detector both ways",
  (_, { picture, segments: lines }) => {
    const source = readGolden(`../${picture}`);
    const { width, height } = source;
    const theirs = lines.map(([x0, y0, x1, y1]) => ({ x0, y0, x1, y1 }));
    const ours = finished(segments(source, { strength: 5.2 })).filter((segment) => lengthOf(segment) >= 15);
    // Drawn things and a wall of bricks leave little room for opinion; hair and soft light do.
    const least = /house|brick|shapes/.test(picture) ? 0.9 : 0.8;
    expect(covered(width, height, theirs, ours)).toBeGreaterThan(least);
    expect(covered(width, height, ours, theirs)).toBeGreaterThan(least);
  },
);

/** A turned rectangle, dark on bright, with soft edges: what a point's signed distance to it says. */
function turnedRectangle(size: number, angle: number, halfWidth: number, halfHeight: number) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return painted(size, size, (x, y) => {
    const [dx, dy] = [x - size / 2, y - size / 2];
    const away = Math.max(Math.abs(dx * c + dy * s) - halfWidth, Math.abs(dy * c - dx * s) - halfHeight);
    return [Math.round(40 + 180 * Math.min(Math.max(away + 0.5, 0), 1))];
  });
}

test.each([0, 0.1, 0.4, 0.7854, 1.2, 2.9])("a rectangle turned by %d has its four sides, to the pixel", (angle) => {
  const [halfWidth, halfHeight] = [70, 40];
  const lines = finished(straightLines(turnedRectangle(240, angle, halfWidth, halfHeight), usual));
  expect(lines).toHaveLength(4);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const line of lines) {
    for (const [x, y] of [
      [line.x0, line.y0],
      [line.x1, line.y1],
    ] as const) {
      const [dx, dy] = [x - 120, y - 120];
      const away = Math.max(Math.abs(dx * c + dy * s) - halfWidth, Math.abs(dy * c - dx * s) - halfHeight);
      expect(Math.abs(away)).toBeLessThan(1);
    }
  }
  const lengths = lines.map(lengthOf);
  expect(lengths[0]).toBeGreaterThan(128);
  expect(lengths[3]).toBeGreaterThan(70);
  expect(lengths[3]).toBeLessThan(82);
});

test("noise has no straight lines, nor has a flat ground or a soft slope", () => {
  const dice = random(5);
  const noise = painted(256, 256, () => [Math.floor(dice() * 256)]);
  expect(finished(segments(noise, { strength: 5.2 }))).toEqual([]);
  expect(
    finished(
      segments(
        painted(64, 64, () => [128]),
        { strength: 1 },
      ),
    ),
  ).toEqual([]);
  expect(
    finished(
      straightLines(
        painted(300, 100, (x) => [Math.floor(x / 2)]),
        usual,
      ),
    ),
  ).toEqual([]);
});

test("a segment keeps its brighter side on the left hand", () => {
  const [segment] = finished(
    segments(
      painted(100, 100, (_, y) => [y < 50 ? 200 : 50]),
      { strength: 5.2 },
    ),
  );
  expect(segment?.x1).toBeGreaterThan(segment?.x0 as number);
  const [turned] = finished(
    segments(
      painted(100, 100, (_, y) => [y < 50 ? 50 : 200]),
      { strength: 5.2 },
    ),
  );
  expect(turned?.x1).toBeLessThan(turned?.x0 as number);
  // An edge between rows 49 and 50 lies at 49.5.
  expect(segment?.y0).toBeCloseTo(49.5, 1);
  expect(segment?.y1).toBeCloseTo(49.5, 1);
});

test("the two sides of a stroke become one line in its middle, unless its width is above what is asked for", () => {
  const stroke = painted(256, 256, (x, y) => [Math.abs(y - 0.3 * x - 60) < 3 && x > 40 && x < 210 ? 20 : 235]);
  const one = finished(straightLines(stroke, { ...usual, length: 30 }));
  expect(one).toHaveLength(1);
  for (const [x, y] of [
    [one[0]?.x0, one[0]?.y0],
    [one[0]?.x1, one[0]?.y1],
  ] as const) {
    expect(Math.abs((y as number) - 0.3 * (x as number) - 60)).toBeLessThan(1);
  }
  expect(finished(straightLines(stroke, { ...usual, length: 30, stroke: 0 }))).toHaveLength(2);
  expect(finished(straightLines(stroke, { ...usual, length: 30, stroke: 3 }))).toHaveLength(2);
});

test("sides of different strokes, which run the same way, stay apart", () => {
  const pieces = [
    { x0: 0, y0: 0, x1: 100, y1: 0, width: 1 },
    { x0: 0, y0: 4, x1: 100, y1: 4, width: 1 },
  ];
  expect(finished(joinSegments(pieces, { stroke: 10, gap: 0 }))).toHaveLength(2);
  const sides = [pieces[0] as (typeof pieces)[0], { x0: 90, y0: 4, x1: 10, y1: 4, width: 1 }];
  const [line] = finished(joinSegments(sides, { stroke: 10, gap: 0 }));
  expect(line).toMatchObject({ x0: 0, y0: 2, x1: 100, y1: 2 });
});

test("pieces of one line are joined over a gap, and no others", () => {
  const piece = (x0: number, y0: number, x1: number, y1: number) => ({ x0, y0, x1, y1, width: 1 });
  const joined = (...pieces: readonly ReturnType<typeof piece>[]) =>
    finished(joinSegments(pieces, { stroke: 0, gap: 6 })).map(({ x0, y0, x1, y1 }) => [x0, y0, x1, y1].map(Math.round));
  expect(joined(piece(0, 0, 40, 0), piece(45, 0, 70, 0))).toEqual([[0, 0, 70, 0]]);
  expect(joined(piece(45, 1, 70, 1), piece(0, 0, 40, 0))).toEqual([[0, 0, 70, 1]]);
  // Either way round, and three in a chain.
  expect(joined(piece(40, 0, 0, 0), piece(45, 0, 70, 0), piece(90, 0, 75, 0))).toEqual([[90, 0, 0, 0]]);
  expect(joined(piece(0, 0, 40, 0), piece(50, 0, 70, 0))).toHaveLength(2);
  expect(joined(piece(0, 0, 40, 0), piece(42, 0, 60, 18))).toHaveLength(2);
  expect(joined(piece(0, 0, 40, 0), piece(42, 4, 80, 4))).toHaveLength(2);
});

test("the map is white lines of one pixel on black, the same on every run, and no line is shorter than asked for", () => {
  const source = readGolden("sources/brick.png");
  const map = finished(straightLineMap(source, usual));
  expect(new Set(map.data)).toEqual(new Set([0, 255]));
  expect(same(finished(straightLineMap(source, usual)).data, map.data)).toBe(true);
  const lines = finished(straightLines(source, { ...usual, length: 40 }));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(lengthOf(line)).toBeGreaterThanOrEqual((40 * 193) / 256);
});
