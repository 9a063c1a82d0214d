import type { Joint, Joints } from "../core/pose.ts";
import { farthest, isPlace } from "./check.ts";

/** In which units the places of a list are: pixels, or shares of the frame, from 0 to 1. */
export type Units = "pixels" | "shares";

/** What is known of a file while its lists are read. */
export interface ListFrame {
  readonly width: number;
  readonly height: number;
  /** Told by the file; then confidence alone tells what is missing. Without it each list shows its own. */
  readonly units?: Units;
}

/** Refuses a file, with the reason; never returns. */
export type Refuse = (reason: string) => never;

/** How many frames away a joint in shares may lie: farther ones are pixels among shares. */
const mostFrames = 16;

/** A joint as a file has it; null for a missing one. */
type Entry = { readonly x: number; readonly y: number; readonly confidence?: number } | null;

/**
 * Reads the joints of one part: numbers in a row, two or three for each, or a list for each, null for a missing one.
 * `counts` are the numbers of joints that the part may have. An empty list gives none. The units are those that most of
 * the joints speak for, so that a single one may lie outside of the frame.
 */
export function readJoints(
  values: readonly unknown[],
  counts: readonly number[],
  place: string,
  frame: ListFrame,
  refuse: Refuse,
): Joints {
  const entries = entriesOf(values, counts, place, refuse).map((entry) => present(entry, frame));
  const shares = (frame.units ?? unitsOf(entries)) === "shares";
  const far = shares
    ? entries.find((entry) => entry && (Math.abs(entry.x) > mostFrames || Math.abs(entry.y) > mostFrames))
    : null;
  if (far)
    refuse(`${place} has joints in shares of the picture and one at ${far.x}, ${far.y}. Write all of them in pixels`);
  const [across, down] = shares ? [frame.width, frame.height] : [1, 1];
  return entries.map((entry, at): Joint | null => {
    if (!entry) return null;
    const joint = { ...entry, x: entry.x * across, y: entry.y * down };
    if (isPlace(joint.x) && isPlace(joint.y)) return joint;
    return refuse(
      `joint ${at} of ${place} lies at ${joint.x}, ${joint.y}, more than ${farthest} pixels away. Correct it or leave it out`,
    );
  });
}

/** A list as one entry for each joint, its numbers checked. */
function entriesOf(values: readonly unknown[], counts: readonly number[], place: string, refuse: Refuse): Entry[] {
  if (values.length === 0) return [];
  const isNested = values.some(Array.isArray) || (counts.includes(values.length) && values.every((v) => v === null));
  if (isNested) {
    if (!counts.includes(values.length)) refuse(`${place} has ${values.length} joints; ${inJoints(counts)}`);
    return values.map((value, at) => {
      if (value === null) return null;
      if (!Array.isArray(value)) return refuse(`${place}.${at} is ${shown(value)}, not a list of x and y`);
      if (value.length === 2 || value.length === 3) return entryOf(value, 0, value.length, `${place}.${at}`, refuse);
      return refuse(`${place}.${at} has ${value.length} numbers, not x, y and perhaps a confidence`);
    });
  }
  const odd = values.findIndex((value) => value !== null && typeof value !== "number");
  if (odd >= 0) refuse(`${place}.${odd} is ${shown(values[odd])}, not a number`);
  const step = [3, 2].find((step) => counts.includes(values.length / step));
  if (step === undefined) return refuse(`${place} has ${values.length} numbers; ${inJoints(counts)}, 2 or 3 for each`);
  return Array.from({ length: values.length / step }, (_, at) => entryOf(values, at * step, step, place, refuse));
}

const inJoints = (counts: readonly number[]): string => `a list of ${counts.join(" or ")} joints is needed`;

function entryOf(values: readonly unknown[], from: number, step: number, place: string, refuse: Refuse): Entry {
  let isMissing = false;
  for (let at = from; at < from + step; at++) {
    const value = values[at];
    if (value === null) isMissing = true;
    else if (typeof value !== "number" || !Number.isFinite(value)) {
      refuse(`${place}.${at} is ${shown(value)}, not a number`);
    }
  }
  if (isMissing) return null;
  const [x, y] = [values[from] as number, values[from + 1] as number];
  // OpenPose's missing joint without its confidence.
  if (step === 2) return x === 0 && y === 0 ? null : { x, y };
  const confidence = values[from + 2] as number;
  // Detectors that read off a peak now and then tell a little more than 1, and COCO's annotations tell 2.
  return confidence > 0 ? { x, y, confidence: Math.min(confidence, 1) } : null;
}

function present(entry: Entry, frame: ListFrame): Entry {
  return entry && frame.units === undefined && entry.x === -1 && entry.y === -1 ? null : entry;
}

/**
 * What units a list has: shares where at least half of its joints lie within the frame as shares, or where all of them,
 * if more than one, lie so near that as pixels they would be one dot.
 */
function unitsOf(entries: readonly Entry[]): Units {
  let [inside, near, count] = [0, 0, 0];
  for (const entry of entries) {
    if (!entry) continue;
    count++;
    if (entry.x >= 0 && entry.x <= 1 && entry.y >= 0 && entry.y <= 1) inside++;
    if (Math.abs(entry.x) <= 3 && Math.abs(entry.y) <= 3) near++;
  }
  return (count > 0 && 2 * inside >= count) || (count > 1 && near === count) ? "shares" : "pixels";
}

/** Whether a list in pixels would be read in shares of the frame. */
export function looksLikeShares(joints: Joints): boolean {
  return unitsOf(joints) === "shares";
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
