import {
  addPerson,
  bodyJoints,
  defaultPerson,
  drawPose,
  hideJoint,
  type Joint,
  mirrorPerson,
  mirrorPose,
  moveJoint,
  movePerson,
  nearestJoint,
  type Pose,
  poseLayers,
  posePaths,
  removePerson,
  scalePerson,
  scalePose,
  showJoint,
} from "@underdraw/engine";
import { expect, test } from "vitest";
import { poseOfScene } from "../../engine/src/scene/scene-pose.ts";

const empty: Pose = { width: 800, height: 400, people: [] };
const standing = addPerson(empty);
const at = (name: (typeof bodyJoints)[number]) => bodyJoints.indexOf(name);
const body = (pose: Pose, joint: number, person = 0) => pose.people[person]?.body[joint] as Joint;
const length = (pose: Pose, from: number, to: number) =>
  Math.hypot(body(pose, from).x - body(pose, to).x, body(pose, from).y - body(pose, to).y);
const hand = (x: number, y: number): Joint[] => Array.from({ length: 21 }, (_, i) => ({ x: x + i, y: y + (i % 4) }));
const withHands: Pose = {
  ...standing,
  people: [{ ...defaultPerson(800, 400), rightHand: hand(100, 238), leftHand: hand(204, 238) }],
};

/** Runs an edit on a frozen pose, so that one that writes into it fails. */
function frozen<Result>(pose: Pose, edit: (pose: Pose) => Result): Result {
  const deep = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    Object.freeze(value);
    for (const inner of Object.values(value)) deep(inner);
  };
  const copy = structuredClone(pose);
  deep(copy);
  return edit(copy);
}

test("the default figure stands as Krita's does, by the shorter side", () => {
  expect(body(standing, 0)).toEqual({ x: 153, y: 107 });
  expect(body(standing, 10)).toEqual({ x: 128, y: 394 });
  expect(defaultPerson(200, 1000).body[17]).toEqual({ x: 87, y: 52.5 });
  expect(standing.people[0]?.body).toHaveLength(18);
});

test("every edit gives a new pose and changes nothing in the old one", () => {
  const place = { person: 0, joint: 3 };
  const edits: ((pose: Pose) => Pose)[] = [
    (pose) => addPerson(pose),
    (pose) => removePerson(pose, 0),
    (pose) => moveJoint(pose, place, { x: 5, y: 6 }, { follow: true, inside: true }),
    (pose) => moveJoint(pose, place, { x: 5, y: 6 }, { keepLength: true }),
    (pose) => hideJoint(pose, place),
    (pose) => mirrorPerson(pose, 0),
    (pose) => mirrorPose(pose),
    (pose) => movePerson(pose, 0, { x: 5, y: 6 }),
    (pose) => scalePerson(pose, 0, 2),
    (pose) => scalePose(pose, 100, 100),
  ];
  for (const edit of edits) {
    const after = frozen(withHands, edit);
    expect(after).not.toEqual(withHands);
    expect(() => drawPose(after)).not.toThrow();
  }
});

test("a joint moves alone, or with all that hangs on it", () => {
  const elbow = { person: 0, joint: at("right elbow") };
  const alone = moveJoint(withHands, elbow, { x: 90, y: 200 });
  expect(body(alone, elbow.joint)).toEqual({ x: 90, y: 200 });
  expect(body(alone, at("right wrist"))).toEqual({ x: 100, y: 238 });
  const along = moveJoint(withHands, elbow, { x: 106, y: 203 }, { follow: true });
  expect(body(along, at("right wrist"))).toEqual({ x: 90, y: 248 });
  expect(along.people[0]?.rightHand?.[5]).toEqual({ x: 95, y: 249 });
  expect(along.people[0]?.leftHand).toEqual(withHands.people[0]?.leftHand);
  expect(body(along, at("right shoulder"))).toEqual({ x: 128, y: 146 });
});

test("the neck takes the whole person along, the nose the face", () => {
  const face = Array.from({ length: 70 }, (_, i) => ({ x: 150 + i, y: 100 }));
  const pose: Pose = { ...withHands, people: [{ ...(withHands.people[0] as Pose["people"][number]), face }] };
  const neck = moveJoint(pose, { person: 0, joint: 1 }, { x: 162, y: 146 }, { follow: true });
  expect(neck).toEqual({
    ...pose,
    people: [movePerson(pose, 0, { x: 10, y: 0 }).people[0]],
  });
  const nose = moveJoint(pose, { person: 0, joint: 0 }, { x: 153, y: 97 }, { follow: true });
  expect(body(nose, at("left ear"))).toEqual({ x: 174, y: 95 });
  expect(nose.people[0]?.face?.[9]).toEqual({ x: 159, y: 90 });
  expect(body(nose, at("left shoulder"))).toEqual({ x: 176, y: 146 });
});

test("a joint that keeps its length turns about the one it hangs on", () => {
  const knee = { person: 0, joint: at("left knee") };
  const turned = moveJoint(standing, knee, { x: 700, y: 227 }, { keepLength: true });
  expect(length(turned, at("left hip"), knee.joint)).toBeCloseTo(length(standing, at("left hip"), knee.joint), 9);
  expect(body(turned, knee.joint).y).toBe(227);
  expect(body(turned, knee.joint).x).toBeGreaterThan(250);
  expect(length(turned, knee.joint, at("left ankle"))).toBeCloseTo(length(standing, knee.joint, at("left ankle")), 9);
  // Toward the hip itself there is no direction.
  expect(moveJoint(standing, knee, body(standing, at("left hip")), { keepLength: true })).toEqual(standing);
});

test("what is inside of the frame stays inside if it is asked to", () => {
  const ankle = { person: 0, joint: at("right ankle") };
  expect(body(moveJoint(standing, ankle, { x: -50, y: 900 }, { inside: true }), ankle.joint)).toEqual({ x: 0, y: 399 });
  expect(body(moveJoint(standing, ankle, { x: -50, y: 900 }), ankle.joint)).toEqual({ x: -50, y: 900 });
  const pushed = movePerson(standing, 0, { x: 5000, y: -5000 }, { inside: true });
  expect(Math.max(...(pushed.people[0]?.body ?? []).map((joint) => joint?.x ?? 0))).toBe(799);
  expect(Math.min(...(pushed.people[0]?.body ?? []).map((joint) => joint?.y ?? 0))).toBe(0);
  expect(length(pushed, 2, 3)).toBeCloseTo(length(standing, 2, 3), 9);
  const elbow = moveJoint(standing, { person: 0, joint: 3 }, { x: -90, y: 193 }, { follow: true, inside: true });
  expect(body(elbow, 4).x).toBe(0);
  expect(body(elbow, 3).x).toBe(16);
});

test("a joint can be hidden and brought back to where the figure has it", () => {
  const wrist = { person: 0, joint: at("left wrist") };
  const hidden = hideJoint(scalePerson(standing, 0, 0.5), wrist);
  expect(hidden.people[0]?.body[wrist.joint]).toBeNull();
  const back = showJoint(hidden, wrist);
  const usual = body(scalePerson(standing, 0, 0.5), wrist.joint);
  expect(body(back, wrist.joint).x).toBeCloseTo(usual.x, 6);
  expect(body(back, wrist.joint).y).toBeCloseTo(usual.y, 6);
  expect(showJoint(standing, wrist)).toEqual(standing);
  const nobody = { ...empty, people: [{ body: new Array<null>(18).fill(null) }] };
  expect(body(showJoint(nobody, { person: 0, joint: 0 }), 0)).toEqual({ x: 153, y: 107 });
  const armless = hideJoint(hideJoint(standing, { person: 0, joint: 6 }), { person: 0, joint: 7 });
  expect(body(showJoint(armless, wrist), 7)).toEqual(body(standing, 7));
});

test("in the mirror left and right are exchanged, and twice gives the same person", () => {
  const once = mirrorPerson(withHands, 0);
  const axis = (Math.min(...xs(withHands)) + Math.max(...xs(withHands))) / 2;
  expect(body(once, at("right wrist"))).toEqual({ x: 2 * axis - 204, y: 238 });
  expect(body(once, at("left eye"))).toEqual({ x: 2 * axis - 143, y: 100 });
  expect(once.people[0]?.rightHand?.[0]).toEqual({ x: 2 * axis - 204, y: 238 });
  expect(mirrorPerson(once, 0)).toEqual(withHands);
  expect(body(mirrorPerson(withHands, 0, 400), 0).x).toBe(647);
});

function xs(pose: Pose): number[] {
  const person = pose.people[0];
  return [person?.body, person?.leftHand, person?.rightHand].flatMap((joints) => (joints ?? []).map((j) => j?.x ?? 0));
}

test("a one-handed person has the other hand in the mirror, and a face's points change sides", () => {
  const face = Array.from({ length: 70 }, (_, i) => ({ x: i, y: i }));
  const pose: Pose = { ...empty, people: [{ body: standing.people[0]?.body ?? [], leftHand: hand(1, 2), face }] };
  const [person] = mirrorPose(pose).people;
  expect(person?.leftHand).toBeUndefined();
  expect(person?.rightHand?.[4]).toEqual({ x: 795, y: 2 });
  // Chin and the middle of the lips stay in their places; corners of eyes and mouth, wings of the nose, pupils change.
  const partners = {
    8: 8,
    57: 57,
    62: 62,
    66: 66,
    0: 16,
    17: 26,
    31: 35,
    36: 45,
    39: 42,
    40: 47,
    48: 54,
    55: 59,
    60: 64,
    65: 67,
    68: 69,
  };
  for (const [one, other] of Object.entries(partners)) {
    expect([one, person?.face?.[Number(one)]?.y]).toEqual([one, other]);
    expect([other, person?.face?.[other]?.y]).toEqual([other, Number(one)]);
  }
  expect(new Set(person?.face?.map((joint) => joint?.y)).size).toBe(70);
});

test("a mirrored pose of joints alone is drawn as the mirrored picture, in the colours of the other side", () => {
  // One joint for each person, so that no limb is drawn; places between pixels.
  const people = bodyJoints.map((_, joint) => ({
    body: (standing.people[0]?.body ?? []).map((place, at) =>
      at === joint && place ? { x: place.x + 0.25, y: place.y + 0.5 } : null,
    ),
  }));
  for (const person of people) {
    const pose: Pose = { width: 401, height: 400, people: [person] };
    const [one, other] = [drawPose(pose), drawPose(mirrorPose(pose))];
    const painted = ({ data }: typeof one) =>
      Array.from({ length: 401 * 400 }, (_, i) => i).filter((i) => data[4 * i] || data[4 * i + 1] || data[4 * i + 2]);
    const turned = painted(one).map((i) => i + 400 - 2 * (i % 401));
    expect(painted(other)).toEqual(turned.sort((a, b) => a - b));
    expect(turned).toHaveLength(49);
    // A joint of the middle keeps its colour.
    const joint = person.body.findIndex((place) => place !== null);
    const [from, to] = [4 * (painted(one)[0] as number), 4 * (painted(other)[0] as number)];
    const same = one.data.slice(from, from + 3).join() === other.data.slice(to, to + 3).join();
    expect([joint, same]).toEqual([joint, joint < 2]);
  }
});

test("people are scaled about their middle or a place, and a pose with its frame", () => {
  const twice = scalePerson(standing, 0, 2);
  expect(length(twice, 2, 3)).toBeCloseTo(2 * length(standing, 2, 3), 9);
  expect((body(twice, 4).x + body(twice, 7).x) / 2).toBeCloseTo(152, 9);
  expect(body(scalePerson(standing, 0, 2, { x: 0, y: 0 }), 0)).toEqual({ x: 306, y: 214 });
  expect(body(scalePose(standing, 400, 400), 0)).toEqual({ x: 76.5, y: 107 });
});

test("the nearest joint within a radius is found, of all people and parts", () => {
  expect(nearestJoint(withHands, { x: 130, y: 148 }, 5)).toEqual({ person: 0, part: "body", joint: 2 });
  expect(nearestJoint(withHands, { x: 104, y: 238.4 }, 5)).toEqual({ person: 0, part: "rightHand", joint: 4 });
  expect(nearestJoint(withHands, { x: 500, y: 300 }, 50)).toBeNull();
  expect(nearestJoint(addPerson(standing), { x: 153, y: 107 }, 1)?.person).toBe(1);
  expect(nearestJoint(standing, { x: Number.NaN, y: 0 }, 50)).toBeNull();
});

test("what is not there is refused by name", () => {
  expect(() => removePerson(standing, 1)).toThrow(/1 people/);
  expect(() => moveJoint(standing, { person: 0, joint: 18 }, { x: 1, y: 1 })).toThrow(/18 joints/);
  expect(() => hideJoint(standing, { person: 0, part: "face", joint: 70 })).toThrow(/70 joints/);
  expect(() => moveJoint(standing, { person: 0, joint: 1 }, { x: Number.NaN, y: 1 })).toThrow(/finite/);
  expect(() => scalePerson(standing, 0, 0)).toThrow(RangeError);
});

test("a pose as vectors has Krita's ids, its colours and its widths, and comes back from them", () => {
  const pose = hideJoint(addPerson(moveJoint(standing, { person: 0, joint: 3 }, { x: 101.25, y: 203.5 })), {
    person: 1,
    joint: 16,
  });
  const shapes = posePaths(pose);
  expect(shapes).toHaveLength(17 + 18 + 16 + 17);
  const find = (id: string) => shapes.find((shape) => shape.id === id);
  expect(find("P00_B05")).toMatchObject({ path: "M188 193L204 238", stroke: "#55ff00", opacity: 0.6, strokeWidth: 4 });
  expect(find("P00_J03")).toMatchObject({ matrix: [1, 0, 0, 1, 101.25, 203.5], fill: "#ffff00", name: "right elbow" });
  expect(find("P01_J16")).toBeUndefined();
  expect(find("P01_B14")).toBeUndefined();
  const scene = { bounds: { x: 0, y: 0, width: 800, height: 400 }, shapes };
  const back = poseOfScene({ width: 800, height: 400, scene });
  expect(back.people).toHaveLength(2);
  for (const [person, { body: joints }] of pose.people.entries()) {
    for (const [joint, place] of joints.entries()) {
      const found = back.people[person]?.body[joint];
      if (!place) expect(found).toBeNull();
      else expect([found?.x, found?.y].map((v) => Number(v?.toFixed(6)))).toEqual([place.x, place.y]);
    }
  }
});

test("the widths of vectors grow with frames beyond a thousand pixels", () => {
  const [bone] = posePaths(addPerson({ width: 3000, height: 4000, people: [] }));
  expect(bone?.strokeWidth).toBe(20);
});

test("the condition of layers draws the pose that its names tell", async () => {
  const scene = { bounds: { x: 0, y: 0, width: 800, height: 400 }, shapes: posePaths(standing) };
  const context = { run: () => Promise.reject(new Error("no model")) };
  const map = await poseLayers().extract({ width: 800, height: 400, scene }, context);
  const wanted = drawPose(standing);
  expect(Buffer.from(map.data).compare(Buffer.from(wanted.data))).toBe(0);
});
