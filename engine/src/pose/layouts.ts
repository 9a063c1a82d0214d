import type { Joint, Joints } from "../core/pose.ts";

/** Where each of OpenPose's 18 joints is among the 25 of its newer layout; the middle of the hips and the feet are left out. */
const inBody25: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

/** OpenPose's 25 joints (BODY_25) as its 18: the middle of the hips and the feet are dropped. */
export function bodyOfBody25(joints: Joints): Joints {
  return inBody25.map((at) => joints[at] ?? null);
}

/** OpenPose's 18 joints as its 25 (BODY_25): the middle of the hips is made from both, the feet are missing. */
export function body25OfBody(body: Joints): Joints {
  const joints: (Joint | null)[] = new Array(25).fill(null);
  for (const [joint, at] of inBody25.entries()) joints[at] = body[joint] ?? null;
  joints[8] = between(body[8], body[11]);
  return joints;
}

/** The place of the neck in the lists below: it lies midway between the shoulders. */
const neck = -1;

const inCoco: readonly number[] = [0, neck, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3];
const inBlazePose: readonly number[] = [0, neck, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7];

/** COCO's 17 joints, which MoveNet gives, as OpenPose's 18. The neck is missing where a shoulder is. */
export function bodyOfCoco(joints: Joints): Joints {
  return inCoco.map((at) => (at === neck ? between(joints[5], joints[6]) : (joints[at] ?? null)));
}

/** BlazePose's 33 joints, which MediaPipe gives, as OpenPose's 18. The neck is missing where a shoulder is. */
export function bodyOfBlazePose(joints: Joints): Joints {
  return inBlazePose.map((at) => (at === neck ? between(joints[11], joints[12]) : (joints[at] ?? null)));
}

/** The middle of two joints, as sure as the less sure one; null where one is missing. */
function between(a: Joint | null | undefined, b: Joint | null | undefined): Joint | null {
  if (!a || !b) return null;
  const place = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  if (a.confidence === undefined && b.confidence === undefined) return place;
  return { ...place, confidence: Math.min(a.confidence ?? 1, b.confidence ?? 1) };
}
