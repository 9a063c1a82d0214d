import type { Joint, Joints, Pose, PosePerson } from "../core/pose.ts";
import { jointCounts } from "./joints.ts";

/** A part of a person. */
export type PosePart = "body" | "leftHand" | "rightHand" | "face";

/** All parts of a person. */
export const poseParts: readonly PosePart[] = ["body", "leftHand", "rightHand", "face"];

/** A place, in pixels of the pose's frame. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A person of a pose. Throws a `RangeError` where there is none of that number. */
export function personOf({ people }: Pose, person: number): PosePerson {
  const found = people[person];
  if (found) return found;
  throw new RangeError(`person: the pose has ${people.length} people, counted from 0; there is no ${person}.`);
}

/** The pose with one of its people changed. */
export function withPerson(pose: Pose, person: number, change: (person: PosePerson) => PosePerson): Pose {
  const changed = change(personOf(pose, person));
  return { ...pose, people: pose.people.map((other, at) => (at === person ? changed : other)) };
}

/** A person's part, with every joint missing where the person has none. */
export function partOf(person: PosePerson, part: PosePart): Joints {
  const joints = person[part];
  return joints && joints.length > 0 ? joints : new Array<null>(jointCounts[part]).fill(null);
}

/** A person of whom every joint that is there is somewhere else. */
export function mapPerson(person: PosePerson, change: (joint: Joint) => Joint): PosePerson {
  const all = (joints: Joints) => joints.map((joint) => joint && change(joint));
  const { body, leftHand, rightHand, face } = person;
  return {
    body: all(body),
    ...(leftHand && { leftHand: all(leftHand) }),
    ...(rightHand && { rightHand: all(rightHand) }),
    ...(face && { face: all(face) }),
  };
}

/** All joints of a person that are there. */
export function jointsOf(person: PosePerson): readonly Joint[] {
  return poseParts.flatMap((part) => (person[part] ?? []).filter((joint) => joint !== null));
}

/** The box about some joints; null where there are none. */
export function boxOf(
  joints: readonly Point[],
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } | null {
  if (joints.length === 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of joints) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

/** A move that keeps joints which are inside of the frame inside of it, in each direction by itself. */
export function keptInside({ width, height }: Pose, joints: readonly Point[], move: Point): Point {
  const inside = joints.filter(({ x, y }) => x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1);
  const box = boxOf(inside);
  if (!box) return move;
  return {
    x: Math.min(Math.max(move.x, -box.left), width - 1 - box.right),
    y: Math.min(Math.max(move.y, -box.top), height - 1 - box.bottom),
  };
}

/** Refuses a place that is none. Throws a `RangeError`. */
export function checkPoint(what: string, { x, y }: Point): void {
  if (!Number.isFinite(x) || !Number.isFinite(y))
    throw new RangeError(`${what}: a place is two finite numbers, not ${x}, ${y}.`);
}
