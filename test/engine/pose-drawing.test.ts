import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { drawPose, type Joint, type Pose, type PosePerson, pose, readPose } from "@underdraw/engine";
import { expect, test } from "vitest";
import { blackCanvas, packed } from "../../engine/src/pose/canvas.ts";
import { posePainting } from "../../engine/src/pose/draw.ts";
import { fillLimb } from "../../engine/src/pose/limb.ts";
import { distance, type Golden, goldens, readGolden } from "./golden-maps.ts";

const golden = (name: string) => readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8");
const white = packed(255, 255, 255);
const exact = (reference: Golden): Golden => ({ ...reference, tolerance: { level: 0, share: 0, mean: 0 } });
const missing = (count: number): (Joint | null)[] => new Array(count).fill(null);

/** A pose of one person with some joints of the body. */
function figure(width: number, height: number, joints: Readonly<Record<number, readonly [number, number]>>): Pose {
  const body = missing(18).map((_, at) => (joints[at] ? { x: joints[at][0], y: joints[at][1] } : null));
  return { width, height, people: [{ body }] };
}

const colourAt = ({ width, data }: { width: number; data: Uint8ClampedArray }, x: number, y: number) =>
  [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)].map((v) => v.toString(16).padStart(2, "0")).join("");

test.each(goldens("pose").map((reference) => [reference.id, reference] as const))(
  "%s is drawn to the pixel as the annotators draw it",
  (_, reference) => {
    const { pose: file } = reference.inputs as unknown as { readonly pose: string };
    const map = drawPose(readPose(golden(`conditions/${file}`)), reference.options);
    expect(distance(map, exact(reference))).toBe("");
  },
);

test("limbs are drawn to the pixel as OpenCV draws them", () => {
  const references = goldens("limbs");
  expect(references).toHaveLength(1);
  for (const reference of references) {
    const { width, height } = readGolden(reference.expected);
    const canvas = blackCanvas(width, height);
    const { limbs, halfWidth } = reference.options as {
      readonly limbs: readonly (readonly [number, number, number, number])[];
      readonly halfWidth: number;
    };
    for (const [ax, ay, bx, by] of limbs) fillLimb(canvas, { x: ax, y: ay }, { x: bx, y: by }, halfWidth, white);
    const map = { width, height, data: new Uint8ClampedArray(canvas.colours.buffer) };
    expect(distance(map, exact(reference))).toBe("");
  }
});

test("limbs of every width, cut by the canvas anywhere, have the masks that OpenCV gives them", () => {
  const cases = JSON.parse(golden("pose/shapes.json")) as readonly {
    readonly width: number;
    readonly height: number;
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
    readonly halfWidth: number;
    readonly painted: number;
    readonly sha256: string;
  }[];
  expect(cases.filter(({ painted }) => painted > 0).length).toBeGreaterThan(150);
  for (const { width, height, from, to, halfWidth, painted, sha256 } of cases) {
    const canvas = blackCanvas(width, height);
    fillLimb(canvas, { x: from[0], y: from[1] }, { x: to[0], y: to[1] }, halfWidth, white);
    const mask = Uint8Array.from(canvas.colours, (colour) => (colour === white ? 255 : 0));
    const where = `${width}x${height}, ${from} to ${to}, ${halfWidth} wide`;
    expect([where, mask.reduce((sum, value) => sum + (value >> 7), 0)]).toEqual([where, painted]);
    expect([where, createHash("sha256").update(mask).digest("hex")]).toEqual([where, sha256]);
  }
});

test("a limb has six tenths of its own colour, and its joints lie over it in theirs", () => {
  const map = drawPose(figure(64, 64, { 1: [10, 32], 2: [50, 32] }));
  expect(colourAt(map, 30, 32)).toBe("990000");
  expect(colourAt(map, 10, 32)).toBe("ff5500");
  expect(colourAt(map, 50, 32)).toBe("ffaa00");
  expect(colourAt(map, 30, 50)).toBe("000000");
});

test("a joint outside of the frame is cut at the edge, and the limb to it is drawn up to there", () => {
  const map = drawPose(figure(64, 64, { 9: [32, 20], 10: [32, 100.5] }));
  expect(colourAt(map, 32, 63)).toBe("009966");
  // As a larger frame shows it, but for the part below.
  const larger = drawPose(figure(64, 128, { 9: [32, 20], 10: [32, 100.5] }));
  expect(Buffer.from(larger.data.subarray(0, map.data.length)).compare(Buffer.from(map.data))).toBe(0);
});

test("hands, faces and animals can be left out", () => {
  const joints = (count: number) =>
    missing(count).map((_, at) => ({ x: 5 + (at % 9) * 6, y: 5 + Math.floor(at / 9) * 6 }));
  const full: Pose = {
    width: 64,
    height: 64,
    people: [{ body: missing(18), leftHand: joints(21), face: joints(70) }],
    animals: [{ joints: joints(17) }],
  };
  const has = (map: ReturnType<typeof drawPose>) => map.data.some((value, at) => at % 4 !== 3 && value > 0);
  expect(has(drawPose(full, { hands: false, face: false, animals: false }))).toBe(false);
  for (const only of [{ hands: true }, { face: true }, { animals: true }]) {
    expect(has(drawPose(full, { hands: false, face: false, animals: false, ...only }))).toBe(true);
  }
});

test("limbs are as wide at every size, unless they are scaled as xinsir's nets want", () => {
  const widthAt = (side: number, stick: "fixed" | "scaled") => {
    const map = drawPose(figure(side, side, { 1: [20, 90], 8: [150, 90] }), { stick });
    return Array.from({ length: 180 }, (_, y) => colourAt(map, 85, y)).filter((colour) => colour !== "000000").length;
  };
  expect(widthAt(256, "fixed")).toBe(9);
  expect(widthAt(1024, "fixed")).toBe(9);
  expect(widthAt(256, "scaled")).toBe(9);
  expect(widthAt(512, "scaled")).toBe(17);
  expect(widthAt(1024, "scaled")).toBe(25);
});

test("in limbs-first order the joints of one person lie over the limbs of the other", () => {
  const [one] = figure(64, 64, { 1: [10, 32], 2: [30, 32] }).people;
  const [other] = figure(64, 64, { 1: [30, 5], 2: [30, 60] }).people;
  const both: Pose = { width: 64, height: 64, people: [one as PosePerson, other as PosePerson] };
  expect(colourAt(drawPose(both), 30, 32)).toBe("990000");
  expect(colourAt(drawPose(both, { order: "limbs-first" }), 30, 32)).toBe("ffaa00");
});

test("frames of one pixel and of one row, and joints a million pixels away, are drawn at once", () => {
  for (const [width, height] of [
    [1, 1],
    [1, 90],
    [513, 1],
    [60_000, 1],
  ] as const) {
    const map = drawPose(figure(width, height, { 1: [-1e6, -1e6], 2: [1e6, 1e6], 5: [1e6, -3], 8: [0, 0] }));
    expect([map.width, map.height, map.data.length]).toEqual([width, height, 4 * width * height]);
    expect(colourAt(map, 0, 0)).toBe("00ffaa");
    expect(map.data.every((value, at) => at % 4 !== 3 || value === 255)).toBe(true);
  }
});

test.each([
  ["no size", { width: 0, height: 4, people: [] }, /at least 1x1/],
  ["half a pixel", { width: 4.5, height: 4, people: [] }, /whole pixels/],
  ["too many pixels", { width: 1e6, height: 1e6, people: [] }, /up to 268435456/],
  ["25 joints", { width: 4, height: 4, people: [{ body: missing(25) }] }, /people\[0\]\.body: there are 18 joints/],
  ["a hand of 20", { width: 4, height: 4, people: [{ body: missing(18), leftHand: missing(20) }] }, /leftHand.*21/],
  ["NaN", { width: 4, height: 4, people: [{ body: [{ x: Number.NaN, y: 0 }, ...missing(17)] }] }, /body\[0\].*NaN/],
  [
    "a joint too far",
    { width: 4, height: 4, people: [{ body: [{ x: 2e6, y: 0 }, ...missing(17)] }] },
    /1000000 pixels/,
  ],
  ["text for numbers", { width: 4, height: 4, people: [{ body: [{ x: "1", y: 0 }, ...missing(17)] }] }, /body\[0\]/],
  ["a crowd", { width: 4, height: 4, people: new Array(501).fill({ body: missing(18) }) }, /500 of each/],
])("a pose with %s is refused by name", (_, broken, words) => {
  expect(() => drawPose(broken as unknown as Pose)).toThrow(RangeError);
  expect(() => drawPose(broken as unknown as Pose)).toThrow(words);
});

test("five hundred people with hands and faces are drawn in turns, and soon", () => {
  const joints = (count: number, x: number) =>
    missing(count).map((_, at) => ({ x: x + ((at * 37) % 90), y: 20 + ((at * 53) % 900) }));
  const people = Array.from({ length: 500 }, (_, at) => ({
    body: joints(18, at),
    leftHand: joints(21, at),
    rightHand: joints(21, at + 9),
    face: joints(70, at + 20),
  }));
  const start = performance.now();
  const steps = [...posePainting({ width: 1024, height: 1024, people })];
  expect(performance.now() - start).toBeLessThan(5000);
  expect(steps.length).toBeGreaterThan(20);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps.at(-1)).toBeLessThanOrEqual(1);
});

test("the condition draws what drawPose draws, with its options, and leaves the pose as it was", async () => {
  const source = readPose(golden("conditions/poses/hands-and-face.json"));
  const before = structuredClone(source);
  const context = { run: () => Promise.reject(new Error("a pose has no model")) };
  const map = await pose({ hands: false, order: "limbs-first" }).extract(source, context);
  const drawn = drawPose(source, { hands: false, order: "limbs-first" });
  expect(Buffer.from(drawn.data).compare(Buffer.from(map.data))).toBe(0);
  expect(source).toEqual(before);
});
