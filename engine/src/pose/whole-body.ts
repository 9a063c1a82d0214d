import type { Pixels } from "../core/pixels.ts";
import type { Joint, Joints, Pose, PosePerson } from "../core/pose.ts";
import type { Tensor } from "../core/tensor.ts";
import { bodyOfCoco } from "./layouts.ts";
import { lookAt, poseInput, simccJoints } from "./simcc.ts";
import { yoloxInput, yoloxPeople } from "./yolox.ts";

/** Below this confidence a joint is missing. */
const least = 0.3;

/** The two nets of DW pose, as something that can be run. */
export interface WholeBodyNets {
  /** YOLOX: a picture to boxes. */
  detect(input: Tensor): Promise<Tensor>;
  /** The pose net: a person to places across and down. */
  estimate(input: Tensor): Promise<readonly [across: Tensor, down: Tensor]>;
}

/** Finds people with body, hands and face in a picture: DW pose, first the boxes, then each person's joints. */
export async function findByWholeBody(source: Pixels, nets: WholeBodyNets): Promise<Pose> {
  const boxes = yoloxPeople(await nets.detect(yoloxInput(source)), source);
  const people: PosePerson[] = [];
  for (const box of boxes) {
    const look = lookAt(box);
    const person = wholeBodyPerson(simccJoints(...(await nets.estimate(poseInput(source, look))), look));
    if (person) people.push(person);
  }
  return { width: source.width, height: source.height, people };
}

/**
 * COCO-WholeBody's 133 joints as a person: 17 of the body, whose neck lies midway between sure shoulders, feet left out;
 * 68 of the face, to which the eyes are added as pupils; 21 of each hand. Joints below a confidence of 0.3 are missing.
 * Null where all are.
 */
export function wholeBodyPerson(joints: Joints): PosePerson | null {
  const sure = joints.map((joint) => (joint && (joint.confidence ?? 1) >= least ? joint : null));
  const body = bodyOfCoco(sure.slice(0, 17)).map((joint, at) => (joint && at === neckAt ? certain(joint) : joint));
  const face = [...sure.slice(23, 91), body[rightEyeAt] ?? null, body[leftEyeAt] ?? null];
  const [leftHand, rightHand] = [sure.slice(91, 112), sure.slice(112, 133)];
  const isThere = (part: Joints) => part.some((joint) => joint !== null);
  if (![body, face, leftHand, rightHand].some(isThere)) return null;
  return {
    body,
    ...(isThere(leftHand) && { leftHand }),
    ...(isThere(rightHand) && { rightHand }),
    ...(isThere(face) && { face }),
  };
}

const neckAt = 1;
const rightEyeAt = 14;
const leftEyeAt = 15;

/** DW pose gives a neck that it makes the highest score. */
const certain = ({ x, y }: Joint): Joint => ({ x, y, confidence: 1 });
