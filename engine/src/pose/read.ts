import * as z from "zod/mini";
import { UnderdrawError } from "../core/errors.ts";
import type { Joints, Pose, PoseAnimal, PosePerson } from "../core/pose.ts";
import { inWords } from "../wording.ts";
import { isFrame, mostPeople, mostPixels } from "./check.ts";
import { type ListFrame, type Refuse, readJoints, shown } from "./joint-list.ts";
import { jointCounts } from "./joints.ts";
import { bodyOfBody25, bodyOfCoco } from "./layouts.ts";

/** How a file of a pose is read. */
export interface ReadPoseOptions {
  /** The frame's size in pixels for a file that does not tell: OpenPose's own do not. A file's own size goes first. */
  readonly width?: number;
  readonly height?: number;
  /** What the file is called in messages; "the pose" without it. */
  readonly name?: string;
  /**
   * What bodies of 17 joints are, which no file tells: in COCO's order, with the neck midway between the shoulders.
   * Without it they are refused, as they might be another set's.
   */
  readonly body17?: "coco";
}

const list = z.nullish(z.array(z.unknown()));
const sides = z.nullish(z.number());

const personSchema = z.object({
  pose_keypoints_2d: list,
  hand_left_keypoints_2d: list,
  hand_right_keypoints_2d: list,
  face_keypoints_2d: list,
  // As OpenPose named them before version 1.2.
  pose_keypoints: list,
  hand_left_keypoints: list,
  hand_right_keypoints: list,
  face_keypoints: list,
  // As editors do.
  keypoints: list,
  width: sides,
  height: sides,
});
type PersonFile = z.output<typeof personSchema>;

const fileSchema = z.object({
  canvas_width: sides,
  canvas_height: sides,
  width: sides,
  height: sides,
  units: z.nullish(z.enum(["pixels", "shares"])),
  people: z.nullish(z.array(z.nullable(z.looseObject({})))),
  animals: z.nullish(z.array(z.unknown())),
  keypoints: list,
});
type PoseFile = z.output<typeof fileSchema>;

/** The longest text that is read, in characters: five hundred people with hands and faces take a tenth of it. */
const longest = 32 << 20;

/**
 * Reads a pose from the text of a JSON file, or from what such a file holds: OpenPose's layouts of 18 and 25 joints
 * with hands and faces, alone or in a list of one as DW pose's nodes write it; animals of 17 joints; and editors'
 * `{width, height, keypoints}`. Pixels or shares of the frame are told apart for each part by itself; a joint is missing
 * where it is null, its confidence is not above 0, or it lies at -1, -1. Throws `file-invalid`, which names what cannot be
 * read: up to 500 people and 500 animals, joints up to a million pixels away, frames up to 2^28 pixels. Throws a
 * `RangeError` for a size among the options that is none.
 */
export function readPose(source: unknown, options: ReadPoseOptions = {}): Pose {
  const { name = "the pose" } = options;
  const refuse: Refuse = (reason) => {
    throw new UnderdrawError("file-invalid", `Cannot read ${name}: ${reason}.`, { file: name, reason });
  };
  const value = typeof source === "string" ? parsed(source, name) : source;
  const file = checked(fileSchema, unwrapped(value, refuse), "", refuse);
  const people = peopleOf(file, refuse);
  const animals = file.animals ?? [];
  for (const [what, { length }] of Object.entries({ people, animals })) {
    if (length > mostPeople) refuse(`it has ${length} ${what}, and ${mostPeople} are most. Split it`);
  }
  const frame: ListFrame = { ...sizeOf(file, people, options, refuse), ...(file.units && { units: file.units }) };
  return {
    width: frame.width,
    height: frame.height,
    people: people.map(([person, place]) => readPerson(person, place, frame, options, refuse)),
    ...(file.animals && { animals: animals.map((animal, at) => readAnimal(animal, at, frame, refuse)) }),
  };
}

/** Python writes a place that is none as a bare NaN. Strings stay. */
const bareNaN = /"(?:[^"\\]|\\.)*"|\bNaN\b/g;

function parsed(text: string, name: string): unknown {
  const fail = (reason: string, cause?: unknown) =>
    new UnderdrawError("file-invalid", `Cannot read ${name}: ${reason}`, { file: name, reason }, { cause });
  if (text.length > longest) throw fail(`${text.length} characters are too many for a pose. Split the file.`);
  if (text.trim() === "") throw fail("the file is empty. Save it again.");
  try {
    // A mark of byte order at the start is no JSON, and Windows writes it.
    const words = text.replace(/^\uFEFF/, "");
    return JSON.parse(
      words.includes("NaN") ? words.replace(bareNaN, (word) => (word === "NaN" ? "null" : word)) : words,
    );
  } catch (cause) {
    throw fail(`it is no JSON (${(cause as Error).message}). Give a file of key points as OpenPose writes it.`, cause);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object of one picture: DW pose's nodes write a list of them, editors one for each person. */
function unwrapped(value: unknown, refuse: Refuse): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length === 1 && isObject(value[0])) return value[0];
  if (value.length > 1 && value.every((part) => isObject(part) && "keypoints" in part)) return { people: value };
  const what = value.length === 0 ? "an empty list" : `a list of ${value.length}, and a map shows one picture`;
  return refuse(`it is ${what}. Give one object with people`);
}

function checked<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  place: string,
  refuse: Refuse,
): z.output<Schema> {
  const result = schema.safeParse(value, inWords);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [place, ...(issue?.path ?? [])].filter((part) => part !== "").join(".");
  return refuse(`${path === "" ? "" : `${path}: `}${issue?.message ?? "it is no pose"}`);
}

/** A person as the file has it, and what it is called there. */
type FoundPerson = readonly [person: PersonFile, place: string];

function peopleOf(file: PoseFile, refuse: Refuse): readonly FoundPerson[] {
  if (!file.people && !file.animals && !file.keypoints)
    refuse("it has neither people nor animals nor keypoints. Give a file of key points as OpenPose writes it");
  const people = (file.people ?? []).flatMap((value, at): FoundPerson[] => {
    if (value === null) return [];
    const place = `people.${at}`;
    if (!Object.keys(personSchema.shape).some((key) => key in value && key !== "width" && key !== "height")) {
      refuse(`${place} has no pose_keypoints_2d, only ${shown(Object.keys(value))}`);
    }
    return [[checked(personSchema, value, place, refuse), place]];
  });
  return [
    ...people,
    ...grouped(file.keypoints ?? []).map((found) => [personSchema.parse(found.person), found.place] as const),
  ];
}

/** An editor's bodies: a list for each person, or all of their joints in a row, 18 for each. */
function grouped(keypoints: readonly unknown[]): readonly { person: { keypoints: unknown[] }; place: string }[] {
  const isPlaces = (value: unknown) => Array.isArray(value) && !value.some(Array.isArray);
  const bodies = keypoints.some((value) => Array.isArray(value) && value.some(Array.isArray));
  if (bodies) {
    return keypoints.map((value, at) => ({
      person: { keypoints: Array.isArray(value) ? value : [value] },
      place: `keypoints.${at}`,
    }));
  }
  const { body } = jointCounts;
  if (keypoints.some(isPlaces) && keypoints.length > body && keypoints.length % body === 0) {
    return Array.from({ length: keypoints.length / body }, (_, at) => ({
      person: { keypoints: keypoints.slice(at * body, (at + 1) * body) },
      place: `keypoints from ${at * body}`,
    }));
  }
  return keypoints.length > 0 ? [{ person: { keypoints: [...keypoints] }, place: "keypoints" }] : [];
}

function sizeOf(
  file: PoseFile,
  people: readonly FoundPerson[],
  options: ReadPoseOptions,
  refuse: Refuse,
): { readonly width: number; readonly height: number } {
  const told = [
    { width: file.canvas_width ?? file.width, height: file.canvas_height ?? file.height },
    ...people.map(([{ width, height }]) => ({ width, height })),
  ].filter(({ width, height }) => typeof width === "number" || typeof height === "number");
  const [first] = told;
  if (!first) {
    const { width, height } = options;
    if (width === undefined || height === undefined)
      return refuse(
        "it does not tell the size of its picture. Give its width and height in pixels (--size on the command line), or write canvas_width and canvas_height into the file",
      );
    if (!isFrame(width, height))
      throw new RangeError(
        `width, height: a frame has at least 1x1 whole pixels and up to ${mostPixels} of them, not ${width}x${height}.`,
      );
    return { width, height };
  }
  const { width, height } = first;
  if (!isFrame(width, height)) {
    return refuse(
      `its picture is ${width ?? "?"}x${height ?? "?"}; a size has at least 1x1 whole pixels and up to ${mostPixels} of them`,
    );
  }
  const other = told.find((size) => size.width !== width || size.height !== height);
  if (other) refuse(`it tells two sizes, ${width}x${height} and ${other.width ?? "?"}x${other.height ?? "?"}`);
  return { width: width as number, height: height as number };
}

function readPerson(
  person: PersonFile,
  place: string,
  frame: ListFrame,
  options: ReadPoseOptions,
  refuse: Refuse,
): PosePerson {
  const part = (key: keyof PersonFile, old: keyof PersonFile, counts: readonly number[]): Joints => {
    const name = person[key] || !person[old] ? key : old;
    return readJoints((person[name] ?? []) as readonly unknown[], counts, `${place}.${name}`, frame, refuse);
  };
  const { body: count, leftHand: hand } = jointCounts;
  const bodyKey = person.pose_keypoints_2d ? "pose_keypoints_2d" : person.keypoints ? "keypoints" : "pose_keypoints";
  const body = part(bodyKey, "pose_keypoints", [count, 25, 17]);
  if (body.length === 17 && options.body17 !== "coco")
    refuse(`${place} has 17 joints, which may be COCO's or another set's. If they are COCO's, say body17: "coco"`);
  const leftHand = part("hand_left_keypoints_2d", "hand_left_keypoints", [hand]);
  const rightHand = part("hand_right_keypoints_2d", "hand_right_keypoints", [hand]);
  const face = part("face_keypoints_2d", "face_keypoints", [jointCounts.face, 68]);
  return {
    body: bodyOf(body),
    ...(leftHand.length > 0 && { leftHand }),
    ...(rightHand.length > 0 && { rightHand }),
    // Without the pupils, which are the last two.
    ...(face.length > 0 && { face: face.length === 68 ? [...face, null, null] : face }),
  };
}

function bodyOf(joints: Joints): Joints {
  if (joints.length === 0) return new Array<null>(jointCounts.body).fill(null);
  return joints.length === 25 ? bodyOfBody25(joints) : joints.length === 17 ? bodyOfCoco(joints) : joints;
}

function readAnimal(value: unknown, at: number, frame: ListFrame, refuse: Refuse): PoseAnimal {
  const place = `animals.${at}`;
  const { animal: count } = jointCounts;
  const values = isObject(value) && "keypoints" in value ? value["keypoints"] : value;
  if (!Array.isArray(values)) return refuse(`${place} is ${shown(value)}, not a list of ${count} joints`);
  const joints = readJoints(values, [count], place, frame, refuse);
  return { joints: joints.length > 0 ? joints : new Array<null>(count).fill(null) };
}
