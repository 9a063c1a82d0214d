import type { Joints, Pose } from "../core/pose.ts";
import { jointCounts } from "./joints.ts";

/** The most people, and the most animals, that a pose has. */
export const mostPeople = 500;

/** How far from the frame's corner a joint may lie, in pixels. */
export const farthest = 1_000_000;

/** The most pixels of a frame: 16384 x 16384, whatever its sides. */
export const mostPixels = 1 << 28;

/** Whether a frame's size is one that a map can have: whole, at least 1x1, and no larger than memory holds. */
export function isFrame(width: unknown, height: unknown): boolean {
  return (
    Number.isInteger(width) &&
    Number.isInteger(height) &&
    (width as number) >= 1 &&
    (height as number) >= 1 &&
    (width as number) * (height as number) <= mostPixels
  );
}

/**
 * Checks a pose that a program gives. Throws a `RangeError` that names the place: a frame without a size, a part with
 * another number of joints than its layout has, a joint that is no place or too far away.
 */
export function checkPose({ width, height, people, animals = [] }: Pose): void {
  if (!isFrame(width, height)) {
    throw new RangeError(
      `pose: a frame has at least 1x1 whole pixels and up to ${mostPixels} of them, not ${width}x${height}.`,
    );
  }
  checkList("pose.people", people);
  checkList("pose.animals", animals);
  if (people.length > mostPeople || animals.length > mostPeople) {
    throw new RangeError(
      `pose: ${people.length} people and ${animals.length} animals; ${mostPeople} of each are most.`,
    );
  }
  for (const [at, person] of people.entries()) {
    checkJoints(`pose.people[${at}].body`, person?.body, jointCounts.body);
    for (const part of ["leftHand", "rightHand", "face"] as const) {
      const joints = person[part];
      if (joints && joints.length > 0) checkJoints(`pose.people[${at}].${part}`, joints, jointCounts[part]);
    }
  }
  for (const [at, animal] of animals.entries()) {
    checkJoints(`pose.animals[${at}].joints`, animal?.joints, jointCounts.animal);
  }
}

function checkList(place: string, list: unknown): void {
  if (!Array.isArray(list)) throw new RangeError(`${place}: a list is wanted, not ${list}.`);
}

function checkJoints(place: string, joints: Joints, count: number): void {
  checkList(place, joints);
  if (joints.length !== count)
    throw new RangeError(`${place}: there are ${count} joints in order, null for missing ones, not ${joints.length}.`);
  for (const [at, joint] of joints.entries()) {
    if (!joint || (isPlace(joint.x) && isPlace(joint.y))) continue;
    throw new RangeError(
      `${place}[${at}]: a joint lies at two numbers up to ${farthest} pixels away, not at ${joint.x}, ${joint.y}.`,
    );
  }
}

/** Whether a number can be a coordinate of a joint, in pixels. */
export function isPlace(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= farthest;
}
