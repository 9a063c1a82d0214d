import { readFileSync } from "node:fs";
import { formatPose, type Joint, type Pose, readPose, UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";

const flat = (joints: readonly (readonly number[] | null)[]): number[] =>
  joints.flatMap((joint) => joint ?? [0, 0, 0]).flat();

/** 18 joints within a frame of 1 x 1. */
const shares = Array.from({ length: 18 }, (_, at): [number, number, number] => [(4 + at) / 32, (28 - at) / 32, 0.5]);
const pixels = shares.map(([x, y, c]): [number, number, number] => [x * 400, y * 200, c]);
const file = (person: object, more: object = {}) => ({
  canvas_width: 400,
  canvas_height: 200,
  people: [person],
  ...more,
});
const body = (value: unknown, more: object = {}) => file({ pose_keypoints_2d: value, ...more });
const joint = (pose: Pose, at: number) => pose.people[0]?.body[at];

function refusal(value: unknown, options: object = {}): string {
  try {
    readPose(value, { name: "figure.json", ...options });
  } catch (error) {
    if (!UnderdrawError.is(error, "file-invalid")) throw error;
    expect(error.details.file).toBe("figure.json");
    expect(error.message).toContain("figure.json");
    return error.message;
  }
  return "read";
}

test("18 joints in pixels and in shares of the frame are the same pose", () => {
  const inPixels = readPose(body(flat(pixels)));
  const inShares = readPose(JSON.stringify(body(flat(shares))));
  expect(inShares).toEqual(inPixels);
  expect(joint(inPixels, 4)).toEqual({ x: 100, y: 150, confidence: 0.5 });
  expect([inPixels.width, inPixels.height]).toEqual([400, 200]);
});

test("the 25 joints that OpenPose writes become its 18", () => {
  const many = Array.from({ length: 25 }, (_, at) => [10 + at, 20 + at, 0.9]);
  const pose = readPose(body(flat(many)));
  expect(pose.people[0]?.body.map((found) => found?.x)).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18].map((at) => 10 + at),
  );
});

test("each part tells its own units", () => {
  const hand = Array.from({ length: 21 }, (_, at) => [100 + at, 50 + at, 1]);
  const face = Array.from({ length: 70 }, (_, at) => [0.5 + at / 1000, 0.25, 1]);
  const pose = readPose(
    file({ pose_keypoints_2d: flat(shares), hand_left_keypoints_2d: flat(hand), face_keypoints_2d: flat(face) }),
  );
  expect(joint(pose, 4)).toMatchObject({ x: 100, y: 150 });
  expect(pose.people[0]?.leftHand?.[3]).toMatchObject({ x: 103, y: 53 });
  expect(pose.people[0]?.face?.[0]).toMatchObject({ x: 200, y: 50 });
  expect(pose.people[0]?.rightHand).toBeUndefined();
});

test("a foot below the picture does not turn shares into pixels, and stays where it is", () => {
  const pose = readPose(body(flat(shares.map((place, at) => (at === 10 ? [0.5, 1.2, 1] : place)))));
  expect(joint(pose, 10)).toMatchObject({ x: 200, y: 240 });
  expect(joint(pose, 4)).toMatchObject({ x: 100, y: 150 });
  const legless = readPose(body(flat(shares.map((place, at) => (at >= 6 ? [0.5, 1.1 + at / 20, 1] : place)))));
  expect(joint(legless, 4)).toMatchObject({ x: 100, y: 150 });
});

test("joints without confidence say nothing about units, wherever they lie", () => {
  const inShares = readPose(body(flat(shares.map((place, at) => (at > 12 ? [300, 150, 0] : place)))));
  expect(joint(inShares, 4)).toMatchObject({ x: 100, y: 150 });
  expect(joint(inShares, 15)).toBeNull();
  const inPixels = readPose(body(flat(pixels.map((place, at) => (at > 3 ? [0.5, 0.5, 0] : place)))));
  expect(joint(inPixels, 2)).toMatchObject({ x: 75, y: 162.5 });
});

test.each([
  ["confidence 0", [50, 60, 0]],
  ["a confidence below 0", [50, 60, -1]],
  ["three zeros", [0, 0, 0]],
  ["-1, -1", [-1, -1, 1]],
  ["three times -1", [-1, -1, -1]],
  ["three times null", [null, null, null]],
  ["null for a place", [null, 60, 1]],
])("%s is a missing joint", (_, place) => {
  const pose = readPose(body([...flat(pixels).slice(0, 9), ...place, ...flat(pixels).slice(12)]));
  expect(joint(pose, 3)).toBeNull();
  expect(joint(pose, 4)).toMatchObject({ x: 100, y: 150 });
});

test("NaN, as Python writes it, is a missing joint, and stays in words", () => {
  const text = JSON.stringify(body(flat(pixels), { note: "NaN" })).replace("[50,175,", "[NaN,NaN,");
  expect(text).toContain("NaN,NaN");
  expect(joint(readPose(text), 0)).toBeNull();
});

test.each([
  ["null", null],
  ["an empty list", []],
])("%s is an empty part", (_, part) => {
  const pose = readPose(body(flat(pixels), { hand_left_keypoints_2d: part, face_keypoints_2d: part }));
  expect(Object.keys(pose.people[0] ?? {})).toEqual(["body"]);
  expect(readPose(body(part)).people[0]?.body).toEqual(new Array(18).fill(null));
});

test("DW pose's list of one picture is read, and a list of several is refused", () => {
  const one = body(flat(pixels));
  expect(readPose([one])).toEqual(readPose(one));
  expect(refusal([one, one])).toContain("a list of 2");
  expect(refusal([])).toContain("an empty list");
});

test("editors' places are read: one person, several in a row, lists of people, a file for each person", () => {
  const places = pixels.map(([x, y]) => [x, y]);
  const size = { width: 400, height: 200 };
  const one = readPose({ ...size, keypoints: places });
  expect(joint(one, 4)).toEqual({ x: 100, y: 150 });
  expect(readPose({ ...size, keypoints: [...places, ...places] }).people).toHaveLength(2);
  expect(readPose({ ...size, keypoints: [places, places] }).people).toEqual([...one.people, ...one.people]);
  expect(
    readPose([
      { ...size, keypoints: places },
      { ...size, keypoints: places },
    ]).people,
  ).toHaveLength(2);
  expect(readPose({ people: [{ ...size, keypoints: places }] })).toEqual(one);
  expect(readPose({ ...size, keypoints: shares.map(([x, y]) => [x, y]) })).toEqual(one);
});

test("an editor's missing places are null, -1, -1 or 0, 0", () => {
  const places: unknown[] = pixels.map(([x, y]) => [x, y]);
  places.splice(3, 4, null, [-1, -1], [0, 0], [null, null]);
  const pose = readPose({ width: 400, height: 200, keypoints: places });
  expect([3, 4, 5, 6].map((at) => joint(pose, at))).toEqual([null, null, null, null]);
  expect(joint(pose, 7)).toMatchObject({ x: 137.5, y: 131.25 });
});

test("animals of 17 joints are read, missing ones too", () => {
  const dogs = JSON.parse(readFileSync(new URL("../golden/conditions/poses/dogs.json", import.meta.url), "utf8"));
  const pose = readPose(dogs);
  expect(pose.people).toEqual([]);
  expect(pose.animals?.map(({ joints }) => joints.length)).toEqual([17, 17]);
  expect(pose.animals?.[1]?.joints[6]).toBeNull();
  expect(readPose({ ...dogs, animals: dogs.animals.map((keypoints: unknown) => ({ keypoints })) })).toEqual(pose);
});

test("17 joints of a body are refused until it is said that they are COCO's", () => {
  const coco = Array.from({ length: 17 }, (_, at) => [10 * at + 10, 5 * at + 10, 0.9]);
  expect(refusal(body(flat(coco)))).toContain("COCO");
  const pose = readPose(body(flat(coco)), { body17: "coco" });
  expect(joint(pose, 2)).toMatchObject({ x: 70 });
  expect(joint(pose, 1)).toEqual({ x: 65, y: 37.5, confidence: 0.9 });
});

test("the size comes from the file, else from who reads it, else the file is refused", () => {
  const { people } = body(flat(pixels));
  expect(readPose({ people }, { width: 640, height: 480 })).toMatchObject({ width: 640, height: 480 });
  expect(readPose(body(flat(pixels)), { width: 640, height: 480 })).toMatchObject({ width: 400, height: 200 });
  expect(readPose({ people, width: 320, height: 300 })).toMatchObject({ width: 320, height: 300 });
  expect(refusal({ people })).toMatch(/size.*canvas_width/);
  expect(refusal({ people, canvas_width: 400 })).toContain("400x?");
  expect(() => readPose({ people }, { width: 0, height: 5 })).toThrow(RangeError);
});

test.each([
  ["text for a number", body(["12", ...flat(pixels).slice(1)]), /pose_keypoints_2d\.0 is "12"/],
  ["true for a number", body([true, ...flat(pixels).slice(1)]), /is true, not a number/],
  ["a list in a list", body([[[1, 2], 3], ...pixels.slice(1)]), /not a number/],
  ["an object for a joint", body(Array.from({ length: 18 }, (_, x) => ({ x, y: 1 }))), /2d\.0 is \{"x":0,"y":1\}, not/],
  ["infinity", body([Number.POSITIVE_INFINITY, ...flat(pixels).slice(1)]), /not a number/],
  ["a number too few", body(flat(pixels).slice(1)), /53 numbers/],
  ["a hand of 20", file({ hand_left_keypoints_2d: new Array(60).fill(1) }), /hand_left_keypoints_2d has 60 numbers/],
  ["a face of 56", file({ face_keypoints_2d: new Array(168).fill(1) }), /68/],
  ["an animal of 18", file({}, { people: [], animals: [new Array(54).fill(1)] }), /animals\.0/],
  ["an animal that is text", file({}, { people: [], animals: ["dog"] }), /animals\.0 is "dog"/],
  ["a person of nothing", file({ head: [1, 2] }), /people\.0 has no pose_keypoints_2d.*head/],
  ["people that are none", { canvas_width: 4, canvas_height: 4, people: "many" }, /people/],
  ["a person that is text", { canvas_width: 4, canvas_height: 4, people: ["me"] }, /people\.0/],
  ["nothing", { canvas_width: 4, canvas_height: 4 }, /neither people/],
  ["text for a size", { ...body(flat(pixels)), canvas_width: "400" }, /canvas_width/],
  ["a size of half pixels", { ...body(flat(pixels)), canvas_width: 400.5 }, /400\.5x200/],
  ["no area", { ...body(flat(pixels)), canvas_height: 0 }, /400x0/],
  ["a size beyond memory", { ...body(flat(pixels)), canvas_width: 1e9, canvas_height: 1e9 }, /1000000000x1000000000/],
  [
    "two sizes",
    { canvas_width: 4, canvas_height: 4, people: [{ width: 5, height: 5, keypoints: pixels }] },
    /two sizes/,
  ],
  ["a joint out of sight", body(flat([[1e8, 5, 1], ...pixels.slice(1)])), /joint 0 of people\.0/],
  ["pixels among shares", body(flat([[250, 120, 1], ...shares.slice(1)])), /shares/],
  [
    "a thousand people",
    file({}, { people: new Array(1000).fill({ pose_keypoints_2d: flat(pixels) }) }),
    /1000 people, and 500/,
  ],
  ["a thousand animals", file({}, { people: [], animals: new Array(1000).fill([]) }), /1000 animals/],
  ["a number alone", 5, /expected object/],
  ["null", null, /expected object/],
])("a file with %s is refused by name", (_, value, words) => {
  expect(refusal(value)).toMatch(words);
  // JSON writes infinity as null, which is a missing joint.
  const text = JSON.stringify(value);
  if (!text.includes("[null")) expect(refusal(text)).toMatch(words);
});

test("text that is no JSON, or none at all, is refused", () => {
  expect(refusal("{")).toContain("no JSON");
  expect(refusal("  ")).toContain("empty");
  expect(refusal("x".repeat(33 << 20))).toContain("too many");
  expect(readPose(`\uFEFF${JSON.stringify(body(flat(pixels)))}`).people).toHaveLength(1);
});

const rich: Pose = {
  width: 333,
  height: 201,
  people: [
    {
      body: pixels.map(([x, y], at): Joint | null =>
        at === 6 ? null : { x: x / 3, y: y - 0.123456789, confidence: 0.1 + at / 20 },
      ),
      leftHand: Array.from({ length: 21 }, (_, at) => ({ x: at * 1.1, y: -at - 1, confidence: 1 })),
      face: Array.from({ length: 70 }, (_, at) => (at % 7 === 0 ? null : { x: at, y: 2 * at, confidence: 0.25 })),
    },
    {
      body: new Array(18).fill(null),
      rightHand: Array.from({ length: 21 }, () => ({ x: 400.5, y: 9, confidence: 1e-9 })),
    },
  ],
  animals: [
    { joints: Array.from({ length: 17 }, (_, at) => (at === 2 ? null : { x: at * 9, y: at, confidence: 0.75 })) },
  ],
};

test("a pose that is written and read is the same pose, every confidence too", () => {
  expect(readPose(formatPose(rich))).toEqual(rich);
  expect(formatPose(readPose(formatPose(rich)))).toBe(formatPose(rich));
});

test("a pose in 25 joints comes back whole, with the middle of the hips between them", () => {
  const text = formatPose(rich, { layout: "body-25" });
  const numbers = JSON.parse(text).people[0].pose_keypoints_2d;
  expect(numbers).toHaveLength(75);
  const [right, left] = [rich.people[0]?.body[8], rich.people[0]?.body[11]];
  expect(numbers[24]).toBeCloseTo(((right?.x ?? 0) + (left?.x ?? 0)) / 2, 12);
  expect(readPose(text)).toEqual(rich);
});

test("every golden pose survives being written and read", () => {
  for (const name of [
    "one",
    "missing",
    "crowd",
    "hands-and-face",
    "one-hand",
    "far",
    "border-pixels",
    "nobody",
    "dogs",
  ]) {
    const pose = readPose(readFileSync(new URL(`../golden/conditions/poses/${name}.json`, import.meta.url), "utf8"));
    expect(readPose(formatPose(pose))).toEqual(pose);
  }
});

test("a tiny figure and a joint at -1, -1 are not taken for shares and for a missing joint", () => {
  const tiny: Pose = {
    width: 64,
    height: 64,
    people: [{ body: new Array(18).fill(null).map((_, at) => ({ x: at / 18, y: 0.5, confidence: 1 })) }],
  };
  expect(readPose(formatPose(tiny))).toEqual(tiny);
  const outside: Pose = { ...tiny, people: [{ body: pixels.map(([x, y]) => ({ x, y, confidence: 1 })) }] };
  const joints = [{ x: -1, y: -1, confidence: 1 }, ...(outside.people[0]?.body.slice(1) ?? [])];
  expect(readPose(formatPose({ ...outside, people: [{ body: joints }] })).people[0]?.body[0]).toEqual(joints[0]);
  expect(JSON.parse(formatPose(rich)).units).toBeUndefined();
});
