import type { Joint, Joints, Pose } from "../core/pose.ts";
import { checkPose } from "./check.ts";
import { looksLikeShares } from "./joint-list.ts";
import { body25OfBody } from "./layouts.ts";

/** How a pose is written. */
export interface FormatPoseOptions {
  /** OpenPose's 18 joints, which editors and WebUI read, or the 25 that OpenPose itself writes; 18 without it. */
  readonly layout?: "body-18" | "body-25";
}

/**
 * Writes a pose as JSON in OpenPose's layout, in pixels, with the size of its frame: `readPose` reads the same pose from
 * it, with every confidence. With 25 joints the middle of the hips is added and the feet are missing. A file in which a
 * part might be taken for shares of the frame, or a joint for a missing one, says `units` as well. Throws a `RangeError`
 * for a pose that is not one.
 */
export function formatPose(pose: Pose, options: FormatPoseOptions = {}): string {
  checkPose(pose);
  const { layout = "body-18" } = options;
  const people = pose.people.map(({ body, leftHand = [], rightHand = [], face = [] }) => ({
    pose_keypoints_2d: layout === "body-25" ? body25OfBody(body) : body,
    face_keypoints_2d: face,
    hand_left_keypoints_2d: leftHand,
    hand_right_keypoints_2d: rightHand,
  }));
  const animals = pose.animals?.map(({ joints }) => joints);
  const lists = [...people.flatMap((person) => Object.values(person)), ...(animals ?? [])];
  const isUnclear = lists.some((joints) => looksLikeShares(joints) || joints.some(looksMissing));
  return JSON.stringify({
    ...(isUnclear && { units: "pixels" }),
    people: people.map((person) =>
      Object.fromEntries(Object.entries(person).map(([key, joints]) => [key, numbersOf(joints)])),
    ),
    ...(animals && { animals: animals.map(numbersOf) }),
    canvas_width: pose.width,
    canvas_height: pose.height,
  });
}

const looksMissing = (joint: Joint | null): boolean => joint?.x === -1 && joint.y === -1;

const numbersOf = (joints: Joints): readonly number[] =>
  joints.flatMap((joint) => (joint ? [joint.x, joint.y, joint.confidence ?? 1] : [0, 0, 0]));
