import { UnderdrawError } from "../core/errors.ts";
import type { Joint, Pose, PosePerson } from "../core/pose.ts";
import type { SceneSource } from "../core/scene.ts";
import { jointNamed } from "./joint-names.ts";
import { type OutlinedShape, outlineScene } from "./outlined.ts";

/** `P00_J03`: joint 3 of person 0, as Krita's plugin names the circles of a pose; editors may append to a name. */
const numbered = /^P(\d{1,4})_J(\d{1,2})(?!\d)/i;

/** What a group of named joints is called. */
const skeleton = /skeleton|(?<!\p{L})poses?(?!\p{L})|openpose|뼈대|골격|스켈레톤|포즈|자세/iu;

/** The joints of a body in OpenPose's order. */
const jointCount = 18;

/**
 * Reads a pose from the vectors of a drawing: shapes whose id or name is `P00_J03`, person and joint, or shapes named
 * after joints ("neck", "right shoulder", "왼쪽 무릎") in a group that is called skeleton or pose, one group a person. A
 * joint is where the middle of its shape is; bones are not needed. The same joint of the same person once more belongs to
 * one more person, as when a figure was copied. The frame is the map. Throws `request-invalid` for a drawing without a
 * joint.
 */
export function poseOfScene(source: SceneSource): Pose {
  const people = new Map<string, (Joint | null)[][]>();
  for (const shape of outlineScene(source).shapes) {
    // A shadow has the name of what casts it.
    const found = shape.shape.kind === "effect" ? null : (numberedJoint(shape) ?? namedJoint(shape));
    const place = found && shape.opacity > 0 ? middleOf(shape) : null;
    if (found && place) bodyFor(people, found)[found.joint] = place;
  }
  if (people.size === 0) throw noJoints();
  // Persons by their numbers, then by the order in which their groups lie.
  const numbers = [...people.keys()].filter((key) => key.startsWith(byNumber)).sort();
  const names = [...people.keys()].filter((key) => !key.startsWith(byNumber));
  const figures = [...numbers, ...names].flatMap((key) => people.get(key) ?? []);
  return { width: source.width, height: source.height, people: figures.map((body): PosePerson => ({ body })) };
}

function noJoints(): UnderdrawError<"request-invalid"> {
  const message =
    'the drawing has no joints. Name circles "P00_J03" (person 0, joint 3 in OpenPose\'s order), or put shapes named "neck", "right shoulder" and so on in a group named "skeleton".';
  return new UnderdrawError("request-invalid", `The pose cannot be read: ${message}`, {
    issues: [{ path: "source", message }],
  });
}

/** What the keys of numbered persons begin with. */
const byNumber = "P";

interface FoundJoint {
  /** Whose it is. */
  readonly person: string;
  readonly joint: number;
}

function numberedJoint({ shape }: OutlinedShape): FoundJoint | null {
  const found = numbered.exec(shape.id) ?? numbered.exec(shape.name.trim());
  const joint = Number(found?.[2]);
  return found && joint < jointCount ? { person: byNumber + found[1]?.padStart(4, "0"), joint } : null;
}

function namedJoint({ shape, groups }: OutlinedShape): FoundJoint | null {
  if (!groups.some(({ name }) => skeleton.test(name))) return null;
  const joint = jointNamed(shape.name);
  // A group within the skeleton is one person of it.
  return joint === null ? null : { person: `in ${groups.at(-1)?.id}`, joint };
}

/** The figure that a joint belongs to: a joint that its figure has already begins a copy of it. */
function bodyFor(people: Map<string, (Joint | null)[][]>, { person, joint }: FoundJoint): (Joint | null)[] {
  const figures = people.get(person) ?? [];
  people.set(person, figures);
  const last = figures.at(-1);
  if (last && last[joint] === null) return last;
  const fresh = new Array<Joint | null>(jointCount).fill(null);
  figures.push(fresh);
  return fresh;
}

/** The middle of what a shape's path spans, in pixels of the map; null for a path without any extent. */
function middleOf({ area, line }: OutlinedShape): Joint | null {
  const data = (area ?? line)?.data;
  if (!data) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let n = 0; n < data.length; n += 2) {
    const x = data[n] as number;
    const y = data[n + 1] as number;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  // Outlines are 32-bit floats; what they add to a place is far below a thousandth of a pixel.
  return Number.isFinite(x + y) ? { x: Math.round(1000 * x) / 1000, y: Math.round(1000 * y) / 1000 } : null;
}
