import type { Pixels } from "../core/pixels.ts";
import type { Plane } from "./plane.ts";

// How far two areas, two drawings of lines or two pictures of flat colours cover each other.

/** A plane of 0 and 1: where a picture's gray (the mean of its channels) is above a level. */
export function above({ width, height, data }: Pixels, level: number): Plane {
  const set = new Uint8Array(width * height);
  const least = 3 * level;
  for (let i = 0, from = 0; i < set.length; i++, from += 4) {
    const sum = (data[from] as number) + (data[from + 1] as number) + (data[from + 2] as number);
    set[i] = sum > least ? 1 : 0;
  }
  return { width, height, data: set };
}

/** A plane of 0 and 1 that is 1 where there is a 1 within `reach` pixels, in a row, a column or both at once. */
export function reached({ width, height, data }: Plane, reach: number): Plane {
  const along = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    let left = 0;
    for (let i = start; i < start + width; i++) {
      if (data[i]) left = reach + 1;
      if (left > 0) {
        left--;
        along[i] = 1;
      }
    }
    left = 0;
    for (let i = start + width - 1; i >= start; i--) {
      if (data[i]) left = reach + 1;
      if (left > 0) {
        left--;
        along[i] = 1;
      }
    }
  }
  const both = new Uint8Array(data.length);
  const left = new Int32Array(width);
  const take = (start: number) => {
    for (let x = 0, i = start; x < width; x++, i++) {
      if (along[i]) left[x] = reach + 1;
      if ((left[x] as number) > 0) {
        left[x] = (left[x] as number) - 1;
        both[i] = 1;
      }
    }
  };
  for (let y = 0; y < height; y++) take(y * width);
  left.fill(0);
  for (let y = height - 1; y >= 0; y--) take(y * width);
  return { width, height, data: both };
}

/** Marks, and where they may lie to count as met: planes of 0 and 1. */
export interface Marks {
  readonly set: Plane;
  readonly near: Plane;
}

/**
 * F1 of two sets of marks, 0 to 1: the harmonic mean of the share of what was found that was wanted, and of what was
 * wanted that was found. 1 where there is nothing in either, 0 where there is in one alone.
 */
export function f1(wanted: Marks, found: Marks): number {
  const [want, find, nearWant, nearFind] = [wanted.set.data, found.set.data, wanted.near.data, found.near.data];
  let [asked, given, right, met] = [0, 0, 0, 0];
  for (let i = 0; i < want.length; i++) {
    const isAsked = want[i] as number;
    const isGiven = find[i] as number;
    asked += isAsked;
    given += isGiven;
    right += isGiven & (nearWant[i] as number);
    met += isAsked & (nearFind[i] as number);
  }
  if (asked === 0 || given === 0) return asked === given ? 1 : 0;
  const [precision, recall] = [right / given, met / asked];
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}

/** The share of what either of two planes of 0 and 1 covers that both cover; 1 where neither covers anything. */
export function intersectionOverUnion({ data: wanted }: Plane, { data: found }: Plane): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    both += (wanted[i] as number) & (found[i] as number);
    either += (wanted[i] as number) | (found[i] as number);
  }
  return either > 0 ? both / either : 1;
}

/**
 * The mean over classes of `intersectionOverUnion`, for planes of class numbers from 0 to `count` - 1; classes that occur
 * in neither do not count.
 */
export function meanOverlap({ data: wanted }: Plane, { data: found }: Plane, count: number): number {
  const [both, asked, given] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < wanted.length; i++) {
    const [one, other] = [wanted[i] as number, found[i] as number];
    asked[one] = (asked[one] as number) + 1;
    given[other] = (given[other] as number) + 1;
    if (one === other) both[one] = (both[one] as number) + 1;
  }
  let [sum, classes] = [0, 0];
  for (let k = 0; k < count; k++) {
    const either = (asked[k] as number) + (given[k] as number) - (both[k] as number);
    if (either === 0) continue;
    sum += (both[k] as number) / either;
    classes++;
  }
  return sum / classes;
}
