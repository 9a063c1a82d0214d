import type { Joint, Joints, Pose, PosePerson } from "../core/pose.ts";
import {
  boxOf,
  checkPoint,
  jointsOf,
  keptInside,
  mapPerson,
  type Point,
  type PosePart,
  partOf,
  personOf,
  poseParts,
  withPerson,
} from "./figure.ts";
import { bodyLimbs, bodyParents, handBones, standing } from "./joints.ts";

// A skeleton that can be edited, whatever shows it: every edit takes a pose and gives a new one, so that a list of poses
// is the history. People are counted from 0. An edit of what is not there throws a `RangeError`.

/** Which joint of a pose. */
export interface JointPlace {
  readonly person: number;
  /** The body without it. */
  readonly part?: PosePart;
  readonly joint: number;
}

/** How a joint is moved. */
export interface MoveJointOptions {
  /** What hangs on the joint comes along: a forearm's wrist and hand, a finger's tip. False without it. */
  readonly follow?: boolean;
  /** The joint stays as far from the one that it hangs on, and only turns about it; what hangs on it comes along. */
  readonly keepLength?: boolean;
  /** Joints that are inside of the frame stay inside, even if a length suffers. */
  readonly inside?: boolean;
}

/** The side of the box that the default figure stands in. */
const box = 400;

/** A standing person in the upper left of a frame, as high as its shorter side. */
export function defaultPerson(width: number, height: number): PosePerson {
  const scale = Math.min(width, height) / box;
  return { body: standing.map(([x, y]) => ({ x: x * scale, y: y * scale })) };
}

/** Adds a person in front of all others; the default figure without one. */
export function addPerson(pose: Pose, person: PosePerson = defaultPerson(pose.width, pose.height)): Pose {
  return { ...pose, people: [...pose.people, person] };
}

/** Takes a person away. */
export function removePerson(pose: Pose, person: number): Pose {
  personOf(pose, person);
  return { ...pose, people: pose.people.filter((_, at) => at !== person) };
}

/** Moves a person. With `inside`, joints that are inside of the frame stay inside. */
export function movePerson(pose: Pose, person: number, by: Point, options: { readonly inside?: boolean } = {}): Pose {
  checkPoint("by", by);
  return withPerson(pose, person, (figure) => {
    const move = options.inside ? keptInside(pose, jointsOf(figure), by) : by;
    return mapPerson(figure, (joint) => moved(joint, move));
  });
}

/** Makes a person larger or smaller about a place; about the person's own middle without one. */
export function scalePerson(pose: Pose, person: number, factor: number, about?: Point): Pose {
  if (!(factor > 0 && factor < Infinity))
    throw new RangeError(`factor: a person is scaled by a number above 0, not by ${factor}.`);
  return withPerson(pose, person, (figure) => {
    const around = boxOf(jointsOf(figure));
    if (!around) return figure;
    const centre = about ?? { x: (around.left + around.right) / 2, y: (around.top + around.bottom) / 2 };
    checkPoint("about", centre);
    return mapPerson(figure, (joint) => ({
      ...joint,
      x: centre.x + (joint.x - centre.x) * factor,
      y: centre.y + (joint.y - centre.y) * factor,
    }));
  });
}

/** The same pose in a frame of another size: stretched with it. */
export function scalePose(pose: Pose, width: number, height: number): Pose {
  const [across, down] = [width / pose.width, height / pose.height];
  const scaled = (joint: Joint): Joint => ({ ...joint, x: joint.x * across, y: joint.y * down });
  return {
    ...pose,
    width,
    height,
    people: pose.people.map((person) => mapPerson(person, scaled)),
    ...(pose.animals && {
      animals: pose.animals.map(({ joints }) => ({ joints: joints.map((joint) => joint && scaled(joint)) })),
    }),
  };
}

/** Puts a joint somewhere; one that was missing is there then, and nothing comes along. A joint that is put is sure. */
export function moveJoint(pose: Pose, place: JointPlace, to: Point, options: MoveJointOptions = {}): Pose {
  checkPoint("to", to);
  const { part = "body" } = place;
  return withPerson(pose, place.person, (person) => {
    const joint = jointAt(person, place);
    if (!joint) {
      const at = options.inside ? clamped(pose, to) : to;
      return withJoint(person, part, place.joint, { x: at.x, y: at.y });
    }
    const aim = options.keepLength ? turnedTo(person, place, joint, to) : to;
    const follows = options.follow || options.keepLength ? followers(part, place.joint) : [];
    const group = [{ part, joint: place.joint }, ...follows];
    const there = group.flatMap((member) => partOf(person, member.part)[member.joint] ?? []);
    const wish = { x: aim.x - joint.x, y: aim.y - joint.y };
    const move = options.inside ? keptInside(pose, there, wish) : wish;
    let changed = person;
    for (const member of follows) {
      const other = partOf(person, member.part)[member.joint];
      if (other) changed = withJoint(changed, member.part, member.joint, moved(other, move));
    }
    // Where nothing held it back the joint is exactly where it was put.
    const isFree = move.x === wish.x && move.y === wish.y;
    return withJoint(
      changed,
      part,
      place.joint,
      isFree ? { x: aim.x, y: aim.y } : { x: joint.x + move.x, y: joint.y + move.y },
    );
  });
}

/** Makes a joint missing; its bones are not drawn. */
export function hideJoint(pose: Pose, place: JointPlace): Pose {
  return withPerson(pose, place.person, (person) => {
    jointAt(person, place);
    return person[place.part ?? "body"] ? withJoint(person, place.part ?? "body", place.joint, null) : person;
  });
}

/**
 * Brings a missing joint of a body back: from the joint that it hangs on as the default figure has it, in the person's
 * size. One that is there stays.
 */
export function showJoint(pose: Pose, place: Omit<JointPlace, "part">): Pose {
  return withPerson(pose, place.person, (person) => {
    if (jointAt(person, place)) return person;
    const scale = sizeOf(person) ?? Math.min(pose.width, pose.height) / box;
    let anchor = bodyParents[place.joint] ?? -1;
    while (anchor >= 0 && !person.body[anchor]) anchor = bodyParents[anchor] ?? -1;
    if (anchor < 0) anchor = person.body.findIndex((joint) => joint !== null);
    const [x, y] = standing[place.joint] as readonly [number, number];
    const from = person.body[anchor];
    const [fromX, fromY] = standing[anchor] ?? [0, 0];
    const at = from
      ? { x: from.x + (x - fromX) * scale, y: from.y + (y - fromY) * scale }
      : { x: x * scale, y: y * scale };
    return withJoint(person, "body", place.joint, at);
  });
}

/** The joint nearest to a place, no farther than `radius` pixels; of equals the one that is drawn last. Null for none. */
export function nearestJoint(pose: Pose, at: Point, radius: number): Required<JointPlace> | null {
  let found: Required<JointPlace> | null = null;
  let least = radius * radius;
  for (const [person, figure] of pose.people.entries()) {
    for (const part of poseParts) {
      for (const [joint, place] of (figure[part] ?? []).entries()) {
        if (!place) continue;
        const apart = (place.x - at.x) * (place.x - at.x) + (place.y - at.y) * (place.y - at.y);
        if (!(apart <= least)) continue;
        least = apart;
        found = { person, part, joint };
      }
    }
  }
  return found;
}

const moved = (joint: Joint, by: Point): Joint => ({ ...joint, x: joint.x + by.x, y: joint.y + by.y });

const clamped = ({ width, height }: Pose, { x, y }: Point): Point => ({
  x: Math.min(Math.max(x, 0), width - 1),
  y: Math.min(Math.max(y, 0), height - 1),
});

function jointAt(person: PosePerson, { part = "body", joint }: Omit<JointPlace, "person">): Joint | null {
  const joints = partOf(person, part);
  const found = joints[joint];
  if (found === undefined)
    throw new RangeError(`joint: ${part} has ${joints.length} joints, counted from 0; there is no ${joint}.`);
  return found;
}

function withJoint(person: PosePerson, part: PosePart, joint: number, to: Joint | null): PosePerson {
  const joints: Joints = partOf(person, part).map((other, at) => (at === joint ? to : other));
  return { ...person, [part]: joints };
}

/** Where a joint is if it turns about the one that it hangs on until it points to a place. */
function turnedTo(person: PosePerson, { part = "body", joint }: JointPlace, from: Joint, to: Point): Point {
  const parent =
    part === "body" ? bodyParents[joint] : part === "face" ? -1 : handBones.find(([, end]) => end === joint)?.[0];
  const about = partOf(person, part)[parent ?? -1];
  if (!about) return to;
  const length = distance(about, from);
  const reach = distance(about, to);
  if (reach === 0 || length === 0) return from;
  return { x: about.x + ((to.x - about.x) * length) / reach, y: about.y + ((to.y - about.y) * length) / reach };
}

const distance = (a: Point, b: Point): number => Math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));

/** What hangs on a joint, itself left out. */
function followers(part: PosePart, joint: number): readonly { readonly part: PosePart; readonly joint: number }[] {
  if (part === "face") return [];
  const bones = part === "body" ? bodyLimbs : handBones;
  const own = bones.flatMap(([from, to]) => (from === joint ? [{ part, joint: to }, ...followers(part, to)] : []));
  if (part !== "body") return own;
  const whole = (other: PosePart, count: number) =>
    Array.from({ length: count }, (_, at) => ({ part: other, joint: at }));
  if (joint === rightWrist) return [...own, ...whole("rightHand", 21)];
  if (joint === leftWrist) return [...own, ...whole("leftHand", 21)];
  return joint === nose ? [...own, ...whole("face", 70)] : own;
}

const nose = 0;
const rightWrist = 4;
const leftWrist = 7;

/** How large a person is beside the default figure's box, by the limbs that are there; null without any. */
function sizeOf({ body }: PosePerson): number | null {
  let [own, usual] = [0, 0];
  for (const [from, to] of bodyLimbs) {
    const [a, b] = [body[from], body[to]];
    if (!a || !b) continue;
    const [[ax, ay], [bx, by]] = [standing[from], standing[to]] as [
      readonly [number, number],
      readonly [number, number],
    ];
    own += distance(a, b);
    usual += distance({ x: ax, y: ay }, { x: bx, y: by });
  }
  return own > 0 ? own / usual : null;
}
