import type { Pixels } from "../core/pixels.ts";
import type { Joint, Joints, Pose, PosePerson } from "../core/pose.ts";
import { paintDisc, paintLine } from "../vision/line.ts";
import { blackCanvas, brush, type Canvas, packed, pixelsOf } from "./canvas.ts";
import { checkPose } from "./check.ts";
import { animalBones, bodyColours, bodyLimbs, handBones, handColours } from "./joints.ts";
import { fillLimb } from "./limb.ts";

/** How a pose is drawn. */
export interface PoseDrawingOptions {
  /** Draws hands; true without it. */
  readonly hands?: boolean;
  /** Draws faces; true without it. */
  readonly face?: boolean;
  /** Draws animals; true without it. */
  readonly animals?: boolean;
  /**
   * `by-person`, the default: each person whole, one over the other, as OpenPose's annotators draw. `limbs-first`: the
   * limbs of all, then the joints of all, as DW pose's. They differ where people overlap.
   */
  readonly order?: "by-person" | "limbs-first";
  /**
   * `fixed`, the default: limbs 8 pixels wide at every size, as most nets were trained. `scaled`: wider on pictures from
   * 500 pixels on, as xinsir's nets for SDXL were trained: twice as wide, and once more for each 1000 pixels of the
   * longer side, seven times at most.
   */
  readonly stick?: "fixed" | "scaled";
}

const limbHalfWidth = 4;
const jointRadius = 4;
const faceRadius = 3;
const handThickness = 2;
const animalThickness = 5;

/** How many people are drawn between two steps of the generator: about a millisecond of work. */
const stride = 16;

/**
 * Draws a pose as OpenPose's annotators do, on black, in the pose's size: to the pixel what they draw with OpenCV, hands
 * and animals too. What lies outside of the frame is cut off at its edge. Throws a `RangeError` for a pose that is not one.
 */
export function drawPose(pose: Pose, options: PoseDrawingOptions = {}): Pixels {
  const work = posePainting(pose, options);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Draws a pose as `drawPose`, in steps: yields the share done, from 0 to 1. */
export function* posePainting(pose: Pose, options: PoseDrawingOptions = {}): Generator<number, Pixels, void> {
  checkPose(pose);
  const { hands = true, face = true, animals = true, order = "by-person", stick = "fixed" } = options;
  const { width, height, people } = pose;
  const canvas = blackCanvas(width, height);
  const halfWidth = limbHalfWidth * (stick === "scaled" ? stickScale(width, height) : 1);
  if (order === "limbs-first") {
    for (let limb = 0; limb < bodyLimbs.length; limb++) {
      for (const person of people) drawLimb(canvas, person.body, limb, halfWidth);
      yield (0.5 * (limb + 1)) / bodyLimbs.length;
    }
    for (let joint = 0; joint < bodyColours.length; joint++) {
      for (const person of people) drawJoint(canvas, person.body, joint);
    }
  }
  for (const [at, person] of people.entries()) {
    if (order === "by-person") {
      for (let limb = 0; limb < bodyLimbs.length; limb++) drawLimb(canvas, person.body, limb, halfWidth);
      for (let joint = 0; joint < bodyColours.length; joint++) drawJoint(canvas, person.body, joint);
      drawExtremes(canvas, person, hands, face);
    } else drawExtremes(canvas, person, hands, false);
    if (at % stride === stride - 1) yield 0.5 + (0.4 * (at + 1)) / people.length;
  }
  if (order === "limbs-first" && face) for (const person of people) drawFace(canvas, person.face);
  if (animals) for (const animal of pose.animals ?? []) drawAnimal(canvas, animal.joints);
  return pixelsOf(canvas);
}

/** How much wider than usual xinsir's nets want limbs. */
function stickScale(width: number, height: number): number {
  const side = Math.max(width, height);
  return side < 500 ? 1 : Math.min(2 + Math.floor(side / 1000), 7);
}

const colourOf = (rgb: number): number => packed(rgb >> 16, (rgb >> 8) & 255, rgb & 255);

/** Limbs are drawn at six tenths of their colour, cut off. */
const darkened = (channel: number): number => Math.floor((channel * 6) / 10);

const limbColours = bodyColours.map((rgb) =>
  packed(darkened(rgb >> 16), darkened((rgb >> 8) & 255), darkened(rgb & 255)),
);
const jointColours = bodyColours.map(colourOf);
const boneColours = handColours.map(colourOf);
const animalColours = animalBones.map(([, , rgb]) => colourOf(rgb));
const handJointColour = packed(0, 0, 255);
const faceColour = packed(255, 255, 255);

function drawLimb(canvas: Canvas, body: Joints, limb: number, halfWidth: number): void {
  const [from, to] = bodyLimbs[limb] as (typeof bodyLimbs)[number];
  const [a, b] = [body[from], body[to]];
  if (a && b) fillLimb(canvas, a, b, halfWidth, limbColours[limb] as number);
}

function drawJoint(canvas: Canvas, body: Joints, joint: number): void {
  const at = body[joint];
  if (at) drawDisc(canvas, at, jointRadius, jointColours[joint] as number);
}

function drawExtremes(canvas: Canvas, person: PosePerson, hands: boolean, face: boolean): void {
  if (hands) {
    drawHand(canvas, person.leftHand);
    drawHand(canvas, person.rightHand);
  }
  if (face) drawFace(canvas, person.face);
}

/** The annotators leave out joints of hands and faces in the first row and column and beyond. */
const isDrawn = (joint: Joint | null | undefined): joint is Joint => !!joint && joint.x >= 1 && joint.y >= 1;

function drawHand(canvas: Canvas, joints: Joints = []): void {
  for (const [bone, [from, to]] of handBones.entries()) {
    const [a, b] = [joints[from], joints[to]];
    if (isDrawn(a) && isDrawn(b)) drawBone(canvas, a, b, handThickness, boneColours[bone] as number);
  }
  for (const joint of joints) {
    if (isDrawn(joint)) drawDisc(canvas, joint, jointRadius, handJointColour);
  }
}

function drawFace(canvas: Canvas, joints: Joints = []): void {
  for (const joint of joints) {
    if (isDrawn(joint)) drawDisc(canvas, joint, faceRadius, faceColour);
  }
}

function drawAnimal(canvas: Canvas, joints: Joints): void {
  for (const [bone, [from, to]] of animalBones.entries()) {
    const [a, b] = [joints[from], joints[to]];
    if (a && b) drawBone(canvas, a, b, animalThickness, animalColours[bone] as number);
  }
}

function drawDisc(canvas: Canvas, { x, y }: Joint, radius: number, colour: number): void {
  paintDisc(canvas.width, canvas.height, Math.trunc(x), Math.trunc(y), radius, brush(canvas, colour));
}

function drawBone(canvas: Canvas, a: Joint, b: Joint, thickness: number, colour: number): void {
  const line = { x0: a.x, y0: a.y, x1: b.x, y1: b.y };
  paintLine(canvas.width, canvas.height, line, thickness, brush(canvas, colour));
}
