import type { Pixels } from "../core/pixels.ts";
import { nearestColour } from "./classes.ts";

/** The colours (0xRRGGBB) of the 18 joints in OpenPose's maps: full hues in steps of 20 degrees, in the order of joints. */
const jointColours: readonly number[] = [
  0xff0000, 0xff5500, 0xffaa00, 0xffff00, 0xaaff00, 0x55ff00, 0x00ff00, 0x00ff55, 0x00ffaa, 0x00ffff, 0x00aaff,
  0x0055ff, 0x0000ff, 0x5500ff, 0xaa00ff, 0xff00ff, 0xff00aa, 0xff0055,
];

/** A joint as it is seen in a map: which one, and the middle of its disc. */
export interface SeenJoint {
  readonly joint: number;
  readonly x: number;
  readonly y: number;
}

/** How far a channel may lie from a joint's colour: below half of the 0x55 between neighbours, and of what limbs lose. */
const nearness = 24;

/** A disc's extent in pixels that fingers' lines, which have some of the same colours, do not reach both ways. */
const extent = 4;

/**
 * The joints that are drawn in a pose map, as the discs of their colours: connected areas that are round rather than
 * long. Where two discs of a colour overlap they are one.
 */
export function seenJoints(map: Pixels): readonly SeenJoint[] {
  const { width, height } = map;
  const labels = joints(map);
  const seen: SeenJoint[] = [];
  const open: number[] = [];
  for (let start = 0; start < labels.length; start++) {
    const label = labels[start] as number;
    if (label === 0) continue;
    let [count, sumX, sumY] = [0, 0, 0];
    let [left, right, top, bottom] = [width, -1, height, -1];
    labels[start] = 0;
    open.push(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      count++;
      sumX += x;
      sumY += y;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (labels[next] !== label) continue;
          labels[next] = 0;
          open.push(next);
        }
      }
    }
    const [wide, tall] = [right - left + 1, bottom - top + 1];
    if (Math.min(wide, tall) < extent || 2 * count < wide * tall) continue;
    seen.push({ joint: label - 1, x: sumX / count, y: sumY / count });
  }
  return seen;
}

/** For each pixel 0, or one more than the joint whose colour it has. */
function joints({ width, height, data }: Pixels): Uint8Array {
  const labels = new Uint8Array(width * height);
  let [last, lastLabel] = [0, 0];
  for (let i = 0, from = 0; i < labels.length; i++, from += 4) {
    const colour = ((data[from] as number) << 16) | ((data[from + 1] as number) << 8) | (data[from + 2] as number);
    if (colour !== last) {
      last = colour;
      const near = nearestColour(colour, jointColours);
      const other = jointColours[near] as number;
      const apart = Math.max(
        Math.abs((colour >> 16) - (other >> 16)),
        Math.abs(((colour >> 8) & 255) - ((other >> 8) & 255)),
        Math.abs((colour & 255) - (other & 255)),
      );
      lastLabel = apart <= nearness ? near + 1 : 0;
    }
    labels[i] = lastLabel;
  }
  return labels;
}

/**
 * How well two sets of joints agree, 0 to 1. Each joint meets the nearest of its kind that is free, the nearest pairs
 * first; a pair counts less the farther it is apart, and nothing from `limit` pixels on. The sum over all pairs is taken
 * as an F1 takes its hits.
 */
export function jointAgreement(wanted: readonly SeenJoint[], found: readonly SeenJoint[], limit: number): number {
  if (wanted.length === 0 || found.length === 0) return wanted.length === found.length ? 1 : 0;
  const pairs: { readonly one: SeenJoint; readonly other: SeenJoint; readonly apart: number }[] = [];
  for (const one of wanted) {
    for (const other of found) {
      if (one.joint !== other.joint) continue;
      const apart = Math.sqrt((one.x - other.x) ** 2 + (one.y - other.y) ** 2);
      if (apart < limit) pairs.push({ one, other, apart });
    }
  }
  pairs.sort((a, b) => a.apart - b.apart);
  const taken = new Set<SeenJoint>();
  let sum = 0;
  for (const { one, other, apart } of pairs) {
    if (taken.has(one) || taken.has(other)) continue;
    taken.add(one).add(other);
    sum += 1 - apart / limit;
  }
  return (2 * sum) / (wanted.length + found.length);
}
