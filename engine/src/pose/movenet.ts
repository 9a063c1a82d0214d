import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Joint, Joints, Pose } from "../core/pose.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Filter, resample } from "../vision/resample.ts";
import { cropped } from "./crop.ts";
import { bodyOfCoco } from "./layouts.ts";

/** The side of the square that MoveNet sees, in pixels: 192 is Lightning's, 256 is Thunder's. */
export type MovenetSide = 192 | 256;

/** A square of a picture in whole pixels; may stand out of it. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Where the part of a square that lies in the picture is in the picture, and where in the net's input. */
interface Placing {
  readonly from: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly to: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** Below this confidence a joint is missing. */
const least = 0.3;
/** MoveNet presses joints that it does not see to the border: there a joint needs more. */
const leastAtBorder = 0.5;
const border = 0.03;
/** Joints that tell where a person is, though they might not be drawn. */
const leastToAim = 0.2;
/** A person has at least so many joints, as in OpenPose. */
const fewest = 4;

/** Finds one person in a picture with MoveNet: once in the whole of it, and once more from near if that is worth it. */
export async function findByMovenet(
  source: Pixels,
  side: MovenetSide,
  run: (input: Tensor) => Promise<Tensor>,
): Promise<Pose> {
  const whole = wholeSquare(source);
  const look = async (square: Square) =>
    movenetJoints(await run(movenetInput(source, square, side)), source, square, side);
  const far = await look(whole);
  const square = nearSquare(far, source);
  const near = square && (await look(square));
  const isBetter = near && sureness(near) > sureness(far);
  const body = seenJoints(isBetter ? near : far, source, isBetter ? square : whole);
  const { width, height } = source;
  const people = body.filter((joint) => joint !== null).length < fewest ? [] : [{ body: bodyOfCoco(body) }];
  return { width, height, people };
}

const sureness = (joints: Joints): number => joints.reduce((sum, joint) => sum + (joint?.confidence ?? 0), 0);

/** The square that holds a whole picture in its middle. */
export function wholeSquare({ width, height }: Pick<Pixels, "width" | "height">): Square {
  const size = Math.max(width, height);
  return { x: (width - size) >> 1, y: (height - size) >> 1, size };
}

/** A square of a picture as MoveNet reads it: 1 x side x side x 3, red, green and blue from 0 to 255, black outside. */
export function movenetInput(source: Pixels, square: Square, side: MovenetSide): Tensor {
  const values = new Int32Array(side * side * 3);
  const { from, to } = placing(source, square, side);
  if (from.width > 0 && from.height > 0) {
    const filter: Filter = from.width >= to.width && from.height >= to.height ? "area" : "linear";
    const { data } = resample(cropped(source, from), to.width, to.height, filter);
    for (let y = 0, at = 0; y < to.height; y++) {
      let into = 3 * ((to.y + y) * side + to.x);
      for (let x = 0; x < to.width; x++, at += 4) {
        values[into++] = data[at] as number;
        values[into++] = data[at + 1] as number;
        values[into++] = data[at + 2] as number;
      }
    }
  }
  return { dims: [1, side, side, 3], values };
}

/**
 * What MoveNet gives, 1 x 1 x 17 x 3 of y, x and score in shares of the square, as COCO's 17 joints in pixels of the
 * picture. None is left out. Throws `model-incompatible` for a tensor of another size.
 */
export function movenetJoints(
  output: Tensor,
  source: Pick<Pixels, "width" | "height">,
  square: Square,
  side: MovenetSide,
): Joints {
  if (output.values.length !== 51) {
    const [expected, actual] = ["1x1x17x3", output.dims.join("x")];
    const message = `The file for movenet gives ${actual} numbers, and MoveNet for one person gives ${expected}. Take MoveNet Lightning or Thunder.`;
    throw new UnderdrawError("model-incompatible", message, { id: "movenet", expected, actual });
  }
  const { from, to } = placing(source, square, side);
  return Array.from({ length: 17 }, (_, joint): Joint => {
    const [y, x, score] = output.values.subarray(3 * joint, 3 * joint + 3) as unknown as [number, number, number];
    return {
      x: from.x + ((x * side - to.x) * from.width) / to.width,
      y: from.y + ((y * side - to.y) * from.height) / to.height,
      confidence: Math.min(Math.max(score, 0), 1),
    };
  });
}

function placing({ width, height }: Pick<Pixels, "width" | "height">, { x, y, size }: Square, side: number): Placing {
  const along = (start: number, length: number) => {
    const [first, last] = [Math.max(0, start), Math.min(length, start + size)];
    const at = Math.min(side - 1, Math.round(((first - start) * side) / size));
    return { first, count: last - first, at, reach: Math.max(1, Math.round(((last - start) * side) / size) - at) };
  };
  const [across, down] = [along(x, width), along(y, height)];
  return {
    from: { x: across.first, y: down.first, width: across.count, height: down.count },
    to: { x: across.at, y: down.at, width: across.reach, height: down.reach },
  };
}

/**
 * The square to look at from near: about the hips, or the middle of what is seen, as large as 1.9 times the torso and at
 * least 1.2 times the body, as TensorFlow's tracker takes it. Null where too little is seen, or where the square would not
 * be much smaller than the picture.
 */
export function nearSquare(joints: Joints, { width, height }: Pick<Pixels, "width" | "height">): Square | null {
  const isSeen = (joint: Joint | null | undefined): joint is Joint => !!joint && (joint.confidence ?? 1) > leastToAim;
  const seen = joints.filter(isSeen);
  if (seen.length < fewest) return null;
  const hips = [joints[11], joints[12]].filter(isSeen);
  const torso = [joints[5], joints[6], ...hips].filter(isSeen);
  const centre = middle(hips.length > 0 ? hips : seen);
  const reach = (some: readonly Joint[]) =>
    some.reduce((most, { x, y }) => Math.max(most, Math.abs(x - centre.x), Math.abs(y - centre.y)), 0);
  const half = Math.ceil(Math.max(1.9 * reach(torso), 1.2 * reach(seen), 16));
  if (2.5 * half > Math.max(width, height)) return null;
  return { x: Math.round(centre.x) - half, y: Math.round(centre.y) - half, size: 2 * half };
}

/** The middle of the box about some joints. */
function middle(joints: readonly Joint[]): { readonly x: number; readonly y: number } {
  const [xs, ys] = [joints.map(({ x }) => x), joints.map(({ y }) => y)];
  return { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
}

/** COCO's joints without those that MoveNet is not sure of, that lie outside, or that it pressed to a border. */
export function seenJoints(
  joints: Joints,
  { width, height }: Pick<Pixels, "width" | "height">,
  square: Square,
): Joints {
  const left = Math.max(0, square.x);
  const top = Math.max(0, square.y);
  const right = Math.min(width, square.x + square.size);
  const bottom = Math.min(height, square.y + square.size);
  const [marginX, marginY] = [border * (right - left), border * (bottom - top)];
  return joints.map((joint) => {
    if (!joint || (joint.confidence ?? 1) < least) return null;
    const { x, y } = joint;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    const isAtBorder = x < left + marginX || x > right - marginX || y < top + marginY || y > bottom - marginY;
    return isAtBorder && (joint.confidence ?? 1) < leastAtBorder ? null : joint;
  });
}
