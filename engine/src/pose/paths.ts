import type { Joint, Pose } from "../core/pose.ts";
import type { SceneShape } from "../core/scene.ts";
import { bodyColours, bodyJoints, bodyLimbs } from "./joints.ts";

/**
 * The bodies of a pose as shapes for an editor of vectors, in Krita's scheme: `P00_B05` is bone 5 of person 0, `P00_J03`
 * joint 3. Bones are lines in the colour of their limb at an opacity of 0.6, joints are discs about their matrix's origin,
 * which tells their place exactly. The width of a bone is the radius of a joint: 4, and more where the frame's diagonal is
 * above 1000. For editing: a map is drawn from the joints, whose limbs are wider. Hands, faces and animals are left out.
 */
export function posePaths(pose: Pose): readonly SceneShape[] {
  const radius = 4 + Math.max(0, Math.sqrt(pose.width * pose.width + pose.height * pose.height) / 250 - 4);
  return pose.people.flatMap(({ body }, person) => {
    const bones = bodyLimbs.flatMap(([from, to], bone) => {
      const [a, b] = [body[from], body[to]];
      return a && b ? [bonePath(person, bone, a, b, radius)] : [];
    });
    return [...bones, ...body.flatMap((joint, at) => (joint ? [jointPath(person, at, joint, radius)] : []))];
  });
}

const two = (value: number): string => String(value).padStart(2, "0");
const colour = (at: number): string => `#${(bodyColours[at] as number).toString(16).padStart(6, "0")}`;

function bonePath(person: number, bone: number, from: Joint, to: Joint, width: number): SceneShape {
  const [a, b] = bodyLimbs[bone] as (typeof bodyLimbs)[number];
  return {
    id: `P${two(person)}_B${two(bone)}`,
    name: `${bodyJoints[a]} to ${bodyJoints[b]}`,
    path: `M${from.x} ${from.y}L${to.x} ${to.y}`,
    matrix: [1, 0, 0, 1, 0, 0],
    stroke: colour(bone),
    strokeWidth: width,
    dash: [],
    fill: null,
    opacity: 0.6,
  };
}

function jointPath(person: number, joint: number, { x, y }: Joint, radius: number): SceneShape {
  return {
    id: `P${two(person)}_J${two(joint)}`,
    name: bodyJoints[joint] as string,
    path: `M${-radius} 0A${radius} ${radius} 0 1 0 ${radius} 0A${radius} ${radius} 0 1 0 ${-radius} 0Z`,
    matrix: [1, 0, 0, 1, x, y],
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: colour(joint),
    opacity: 1,
  };
}
