import type { Joint, Joints, Pose, PosePerson } from "../core/pose.ts";
import { boxOf, jointsOf, mapPerson, withPerson } from "./figure.ts";

// A figure in the mirror: its right hand is its left hand then, and so are the names of its joints. Each table says which
// joint of the figure becomes the one at that place.

const body: readonly number[] = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16];

const animal: readonly number[] = [1, 0, 2, 3, 4, 8, 9, 10, 5, 6, 7, 14, 15, 16, 11, 12, 13];

/** Jaw, brows, bridge and wings of the nose, eyes, outer and inner lips, pupils. */
const face: readonly number[] = Array.from({ length: 70 }, (_, at) => {
  if (at < 17) return 16 - at;
  if (at < 27) return 43 - at;
  if (at < 31) return at;
  if (at < 36) return 66 - at;
  if (at < 48) return at % 6 < 4 ? 81 - at : 87 - at;
  if (at < 55) return 102 - at;
  if (at < 60) return 114 - at;
  if (at < 65) return 124 - at;
  return at < 68 ? 132 - at : 137 - at;
});

const exchanged = (joints: Joints, table: readonly number[]): Joints => table.map((from) => joints[from] ?? null);

/** A person in a mirror that stands upright at `axis`. */
function mirrored(person: PosePerson, axis: number): PosePerson {
  const turned = mapPerson(person, (joint) => turn(joint, axis));
  return {
    body: exchanged(turned.body, body),
    ...(turned.rightHand && { leftHand: turned.rightHand }),
    ...(turned.leftHand && { rightHand: turned.leftHand }),
    ...(turned.face && { face: turned.face.length > 0 ? exchanged(turned.face, face) : turned.face }),
  };
}

const turn = (joint: Joint, axis: number): Joint => ({ ...joint, x: 2 * axis - joint.x });

/**
 * Mirrors one person, left and right exchanged, about an upright line at `axis` pixels; about the person's own middle
 * without it. Throws a `RangeError` for a person that is not there.
 */
export function mirrorPerson(pose: Pose, person: number, axis?: number): Pose {
  return withPerson(pose, person, (figure) => {
    const box = boxOf(jointsOf(figure));
    return box ? mirrored(figure, axis ?? (box.left + box.right) / 2) : figure;
  });
}

/** Mirrors a whole pose, left and right of everyone exchanged, as its picture is mirrored. */
export function mirrorPose(pose: Pose): Pose {
  const axis = pose.width / 2;
  return {
    ...pose,
    people: pose.people.map((person) => mirrored(person, axis)),
    ...(pose.animals && {
      animals: pose.animals.map(({ joints }) => ({
        joints: exchanged(
          joints.map((joint) => joint && turn(joint, axis)),
          animal,
        ),
      })),
    }),
  };
}
