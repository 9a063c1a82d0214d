import { readFileSync } from "node:fs";
import {
  bodyOfBlazePose,
  bodyOfCoco,
  createPixels,
  findByMovenet,
  findByWholeBody,
  type Joint,
  type Pixels,
  poseDw,
  poseMovenet,
  type Tensor,
  UnderdrawError,
} from "@underdraw/engine";
import { expect, test } from "vitest";
import { movenetInput, movenetJoints, nearSquare, seenJoints, wholeSquare } from "../../engine/src/pose/movenet.ts";
import { lookAt, poseInput, simccJoints } from "../../engine/src/pose/simcc.ts";
import { wholeBodyPerson } from "../../engine/src/pose/whole-body.ts";
import { yoloxInput, yoloxPeople } from "../../engine/src/pose/yolox.ts";
import { noise } from "./pose-noise.ts";

type Place = readonly [x: number, y: number, score: number] | null;
interface YoloxCase {
  readonly seed: number;
  readonly plants: readonly (readonly [cell: number, values: readonly number[]])[];
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (readonly [number, number, number, number, number | null])[];
}
interface SimccCase {
  readonly seed: number;
  readonly peaks: readonly (readonly [joint: number, column: number, row: number, across: number, down: number])[];
  readonly box: readonly [number, number, number, number];
  readonly look: readonly [number, number, number, number];
  readonly points: readonly Place[];
  readonly body: readonly Place[];
  readonly face: readonly Place[];
  readonly leftHand: readonly Place[];
  readonly rightHand: readonly Place[];
}
interface CropCase {
  readonly look: readonly [number, number, number, number];
  readonly places: readonly (readonly [row: number, column: number, channel: number, value: number])[];
}
const nets = JSON.parse(readFileSync(new URL("../golden/pose/nets.json", import.meta.url), "utf8")) as {
  readonly yolox: readonly YoloxCase[];
  readonly simcc: readonly SimccCase[];
  readonly crop: readonly CropCase[];
};

/** A picture made by a rule: red, green and blue of each pixel. */
function painted(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Pixels {
  const pixels = createPixels(width, height);
  for (let i = 0; i < width * height; i++) pixels.data.set([...colour(i % width, Math.floor(i / width)), 255], 4 * i);
  return pixels;
}

const rectOf = ([x, y, width, height]: readonly [number, number, number, number]) => ({ x, y, width, height });

function yoloxAnswer({ seed, plants }: Pick<YoloxCase, "seed" | "plants">): Tensor {
  const values = Float32Array.from(noise(seed, 8400 * 85), (value) => value * 0.3);
  for (const [cell, six] of plants) values.set(six, cell * 85);
  return { dims: [1, 8400, 85], values };
}

function simccAnswer({ seed, peaks }: Pick<SimccCase, "seed" | "peaks">): readonly [Tensor, Tensor] {
  const scores = (count: number, k: number): Tensor => ({
    dims: [1, 133, count],
    values: Float32Array.from(noise(seed + k, 133 * count), (value) => value * 0.2),
  });
  const [across, down] = [scores(576, 0), scores(768, 1)];
  for (const [joint, column, row, one, other] of peaks) {
    across.values[joint * 576 + column] = one;
    down.values[joint * 768 + row] = other;
  }
  return [across, down];
}

function expectPlaces(found: readonly (Joint | null)[] | undefined, wanted: readonly Place[]): void {
  expect(found?.map((joint) => joint !== null)).toEqual(wanted.map((place) => place !== null));
  for (const [at, place] of wanted.entries()) {
    if (!place) continue;
    expect(found?.[at]?.x).toBeCloseTo(place[0], 6);
    expect(found?.[at]?.y).toBeCloseTo(place[1], 6);
    expect(found?.[at]?.confidence).toBeCloseTo(place[2], 6);
  }
}

test.each(nets.yolox.map((one) => [`${one.width}x${one.height}, ${one.plants.length} planted`, one] as const))(
  "YOLOX's answer for %s holds the boxes of the reference",
  (_, one) => {
    const boxes = yoloxPeople(yoloxAnswer(one), one);
    expect(boxes).toHaveLength(one.boxes.length);
    for (const [at, [left, top, right, bottom, score]] of one.boxes.entries()) {
      for (const [key, value] of Object.entries({ left, top, right, bottom })) {
        expect(boxes[at]?.[key as "left"]).toBeCloseTo(value, 3);
      }
      if (score !== null) expect(boxes[at]?.score).toBeCloseTo(score, 6);
    }
  },
);

test.each(nets.simcc.map((one, at) => [at, one] as const))(
  "a SimCC answer (%i) holds the joints of the reference, and its parts are OpenPose's",
  (_, one) => {
    const [left, top, right, bottom] = one.box;
    const look = lookAt({ left, top, right, bottom });
    for (const [at, key] of (["x", "y", "width", "height"] as const).entries())
      expect(look[key]).toBeCloseTo(one.look[at] as number, 9);
    const joints = simccJoints(...simccAnswer(one), look);
    expectPlaces(
      joints,
      one.points.map((place) => place && [place[0], place[1], Math.min(place[2], 1)]),
    );
    const person = wholeBodyPerson(joints);
    expectPlaces(person?.body, one.body);
    expectPlaces(person?.face, one.face);
    expectPlaces(person?.leftHand ?? new Array(21).fill(null), one.leftHand);
    expectPlaces(person?.rightHand ?? new Array(21).fill(null), one.rightHand);
  },
);

test.each(nets.crop.map((one) => [one.look.join(", "), one] as const))(
  "the picture at %s is given to the pose net as OpenCV's warpAffine cuts it, within two levels",
  (_, one) => {
    const source = painted(120, 90, (x, y) => [(y * 5 + x * 2) % 256, (x * 7) % 256, (x * y) % 256]);
    const { dims, values } = poseInput(source, rectOf(one.look));
    expect(dims).toEqual([1, 3, 384, 288]);
    const apart = one.places.map(([row, column, channel, value]) =>
      Math.abs((values[(channel * 384 + row) * 288 + column] as number) - value),
    );
    // A level is a sixtieth; OpenCV goes in steps of 1/32 pixel, which counts where a ramp wraps around.
    expect(apart.filter((value) => value > 2.1 / 57).length).toBeLessThan(apart.length * 0.05);
    expect(apart.reduce((sum, value) => sum + value) / apart.length).toBeLessThan(0.5 / 57);
  },
);

test("a person of whom nothing is sure is none", () => {
  expect(wholeBodyPerson(simccJoints(...simccAnswer({ seed: 3, peaks: [] }), rectOf([0, 0, 288, 384])))).toBeNull();
});

test("YOLOX sees the picture in the upper left of a gray square, blue first", () => {
  const { dims, values } = yoloxInput(painted(320, 160, () => [10, 20, 30]));
  expect(dims).toEqual([1, 3, 640, 640]);
  const at = (channel: number, y: number, x: number) => values[(channel * 640 + y) * 640 + x];
  expect([at(0, 0, 0), at(1, 319, 639), at(2, 5, 5)]).toEqual([30, 20, 10]);
  expect([at(0, 320, 0), at(2, 639, 639)]).toEqual([114, 114]);
  expect(yoloxInput(painted(3000, 1, () => [1, 2, 3])).values[0]).toBe(3);
});

/** What MoveNet would answer for joints that lie at places of a square. */
const answer = (joints: readonly (readonly [y: number, x: number, score: number])[]): Tensor => ({
  dims: [1, 1, 17, 3],
  values: Float32Array.from(joints.flat()),
});

test("a picture is laid into the middle of MoveNet's black square, and joints come back to where they were", () => {
  const source = painted(400, 200, (x, y) => [x < 200 ? 200 : 50, y < 100 ? 200 : 50, 7]);
  const square = wholeSquare(source);
  expect(square).toEqual({ x: 0, y: -100, size: 400 });
  const { dims, values } = movenetInput(source, square, 192);
  expect(dims).toEqual([1, 192, 192, 3]);
  expect(values).toBeInstanceOf(Int32Array);
  const at = (y: number, x: number) => [...values.subarray(3 * (y * 192 + x), 3 * (y * 192 + x) + 3)];
  expect([at(47, 5), at(144, 190)]).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect([at(48, 0), at(143, 191), at(90, 90)]).toEqual([
    [200, 200, 7],
    [50, 50, 7],
    [200, 200, 7],
  ]);
  const joints = movenetJoints(answer(new Array(17).fill([0.5, 0.25, 0.875])), source, square, 192);
  expect(joints[3]).toEqual({ x: 100, y: 100, confidence: 0.875 });
});

test.each([
  [1, 1],
  [1, 300],
  [513, 381],
  [4000, 3],
])("a picture of %i x %i fits both MoveNets and DW pose, whatever part is looked at", (width, height) => {
  const source = painted(width, height, () => [9, 9, 9]);
  for (const side of [192, 256] as const) {
    for (const square of [
      wholeSquare(source),
      { x: -20, y: -30, size: 64 },
      { x: width - 1, y: height - 1, size: 9 },
    ]) {
      const { values } = movenetInput(source, square, side);
      expect(values).toHaveLength(side * side * 3);
      expect(values.some((value) => value === 9)).toBe(true);
      const [corner] = movenetJoints(answer(new Array(17).fill([0.25, 0.75, 0.5])), source, square, side);
      expect([corner?.x, corner?.y].every(Number.isFinite)).toBe(true);
    }
  }
  expect(yoloxInput(source).values.some((value) => value === 9)).toBe(true);
  expect(poseInput(source, lookAt({ left: 0, top: 0, right: width, bottom: height })).values).toHaveLength(
    3 * 384 * 288,
  );
});

/** COCO's joints of a figure that stands in a box; all sure. */
const coco = (x: number, y: number, scale: number): Joint[] =>
  [
    [50, 10],
    [53, 8],
    [47, 8],
    [56, 10],
    [44, 10],
    [62, 30],
    [38, 30],
    [66, 50],
    [34, 50],
    [68, 70],
    [32, 70],
    [58, 75],
    [42, 75],
    [58, 105],
    [42, 105],
    [58, 135],
    [42, 135],
  ].map(([px = 0, py = 0]) => ({ x: x + px * scale, y: y + py * scale, confidence: 0.8 }));

test("a small figure is looked at again from near, in a square about the hips", () => {
  const square = nearSquare(coco(500, 300, 1), { width: 2000, height: 1000 });
  // The hips' middle is 550, 375; the torso reaches 45 px up and the body 67.
  expect(square).toEqual({ x: 550 - 86, y: 375 - 86, size: 172 });
  expect(nearSquare(coco(500, 300, 1), { width: 200, height: 200 })).toBeNull();
  expect(
    nearSquare(
      coco(0, 0, 1).map((joint) => ({ ...joint, confidence: 0.1 })),
      { width: 2000, height: 1000 },
    ),
  ).toBeNull();
});

test("joints that MoveNet is not sure of, that lie outside, or that it pressed to a border are missing", () => {
  const size = { width: 512, height: 512 };
  const of = (x: number, y: number, confidence: number) =>
    seenJoints([{ x, y, confidence }], size, { x: 0, y: 0, size: 512 })[0];
  expect(of(200, 200, 0.29)).toBeNull();
  expect(of(200, 200, 0.3)).not.toBeNull();
  expect(of(200, 501, 0.44)).toBeNull();
  expect(of(200, 501, 0.5)).not.toBeNull();
  expect(of(5, 200, 0.4)).toBeNull();
  expect(of(200, 512.5, 0.9)).toBeNull();
  // The border of what was looked at, inside the picture.
  expect(seenJoints([{ x: 101, y: 200, confidence: 0.4 }], size, { x: 100, y: 100, size: 200 })[0]).toBeNull();
});

/** A MoveNet that sees a figure wherever it really is, better the larger it is, and answers for the square it was shown. */
function watcher(figure: readonly Joint[], squares: number[]) {
  // The square is told by the picture's colours: red and green are x and y in tens of pixels.
  return async ({ values, dims }: Tensor): Promise<Tensor> => {
    const side = dims[1] as number;
    const at = (x: number, y: number) => [
      values[3 * (y * side + x)] as number,
      values[3 * (y * side + x) + 1] as number,
    ];
    const [left = 0, top = 0] = at(side / 4, side / 2);
    const [right = 0] = at((3 * side) / 4, side / 2);
    const scale = ((right - left) * 10) / (side / 2);
    squares.push(Math.round(scale * side));
    const [originX, originY] = [left * 10 - scale * (side / 4), top * 10 - scale * (side / 2)];
    const score = scale > 5 ? 0.4 : 0.9;
    return answer(
      figure.map(({ x, y }) => [(y - originY) / scale / side, (x - originX) / scale / side, score] as const),
    );
  };
}

test("one person is found in two looks, near where it is, as 18 joints", async () => {
  const source = painted(2000, 2000, (x, y) => [x / 10, y / 10, 0]);
  const figure = coco(1200, 700, 2);
  const squares: number[] = [];
  const pose = await findByMovenet(source, 192, watcher(figure, squares));
  expect(squares).toHaveLength(2);
  expect(squares[0]).toBeGreaterThan(1900);
  expect(squares[1]).toBeLessThan(420);
  expect([pose.width, pose.height, pose.people.length]).toEqual([2000, 2000, 1]);
  const wanted = bodyOfCoco(figure);
  for (const [at, joint] of (pose.people[0]?.body ?? []).entries()) {
    expect(Math.abs((joint?.x ?? 0) - (wanted[at]?.x ?? 0))).toBeLessThan(12);
    expect(Math.abs((joint?.y ?? 0) - (wanted[at]?.y ?? 0))).toBeLessThan(12);
    expect(joint?.confidence).toBeCloseTo(0.9, 5);
  }
});

test("a picture of nobody has no people", async () => {
  const nobody = async () => answer(Array.from({ length: 17 }, (_, at) => [0.5, 0.5, at < 3 ? 0.35 : 0.1] as const));
  expect(
    (
      await findByMovenet(
        painted(64, 64, () => [0, 0, 0]),
        192,
        nobody,
      )
    ).people,
  ).toEqual([]);
});

test("COCO's and BlazePose's joints become OpenPose's by name, with a neck between the shoulders", () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ x: at, y: 2 * at, confidence: (at + 1) / 40 }));
  const body = bodyOfCoco(named(17));
  expect(body.map((joint) => joint?.x)).toEqual([0, 5.5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]);
  expect(body[1]).toEqual({ x: 5.5, y: 11, confidence: 6 / 40 });
  const blaze = bodyOfBlazePose(named(33));
  expect(blaze.map((joint) => joint?.x)).toEqual([0, 11.5, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7]);
  expect(bodyOfCoco(named(17).map((joint, at) => (at === 6 ? null : joint)))[1]).toBeNull();
});

test("a file of another net is refused with what it gave", async () => {
  const wrong: Tensor = { dims: [1, 56], values: new Float32Array(56) };
  const source = painted(9, 9, () => [0, 0, 0]);
  const fails = [
    () => movenetJoints(wrong, source, wholeSquare(source), 192),
    () => yoloxPeople(wrong, source),
    () => simccJoints(wrong, wrong, rectOf([0, 0, 1, 1])),
  ];
  for (const fail of fails) {
    let caught: unknown;
    try {
      fail();
    } catch (error) {
      caught = error;
    }
    expect(UnderdrawError.is(caught, "model-incompatible")).toBe(true);
    expect(String(caught)).toContain("1x56");
  }
});

test("DW pose runs its two nets, one person after the other, and draws who was found", async () => {
  const [first] = nets.yolox;
  const [joints] = nets.simcc;
  const asked: string[] = [];
  const run = async (
    model: string,
    inputs: Readonly<Record<string, Tensor>>,
  ): Promise<Readonly<Record<string, Tensor>>> => {
    asked.push(`${model} ${Object.entries(inputs).map(([name, { dims }]) => `${name} ${dims.join("x")}`)}`);
    if (model === "detector") return { output: yoloxAnswer(first as YoloxCase) };
    const [across, down] = simccAnswer(joints as SimccCase);
    return { simcc_x: across, simcc_y: down };
  };
  const source = painted(1280, 960, () => [90, 90, 90]);
  const map = await poseDw().extract(source, { run });
  expect(asked[0]).toBe("detector images 1x3x640x640");
  expect(asked.slice(1)).toEqual(new Array(first?.boxes.length).fill("pose input 1x3x384x288"));
  expect(map.data.some((value, at) => at % 4 === 2 && value === 255)).toBe(true);
  const reason = new Error("stop");
  const stopping = new AbortController();
  const stopped = poseDw().extract(source, {
    signal: stopping.signal,
    run: (model, inputs) => {
      if (model === "pose") stopping.abort(reason);
      return run(model, inputs);
    },
  });
  await expect(stopped).rejects.toBe(reason);
});

test("nobody is found where the detector has no candidate, and no pose net runs", async () => {
  const detect = async () => yoloxAnswer({ seed: 7, plants: [] });
  const estimate = () => Promise.reject(new Error("there is nobody to look at"));
  const found = await findByWholeBody(
    painted(64, 64, () => [0, 0, 0]),
    { detect, estimate },
  );
  expect(found).toEqual({ width: 64, height: 64, people: [] });
});

test("a map of nobody is told of, with either detector", async () => {
  const source = painted(64, 64, () => [0, 0, 0]);
  const joints = answer(Array.from({ length: 17 }, () => [0.5, 0.5, 0.1] as const));
  const run = async (model: string): Promise<Readonly<Record<string, Tensor>>> =>
    model === "movenet" ? { joints } : { output: yoloxAnswer({ seed: 7, plants: [] }) };
  for (const condition of [poseMovenet(), poseDw()]) {
    const notes: string[] = [];
    await condition.extract(source, { run, note: ({ code }) => notes.push(code) });
    expect(notes).toEqual(["pose-nobody"]);
  }
});
