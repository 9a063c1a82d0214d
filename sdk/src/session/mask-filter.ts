import type { Mask } from "./mask.ts";

// Growing, shrinking and blurring of masks, exact and in a time that does not rise with the radius. At the edge of a mask
// its outermost pixels go on: a selection that touches the edge of a picture does not fade there.

/** Each pixel becomes the largest within `radius` pixels in x and in y: a square grows around every selected pixel. */
export function grown(mask: Mask, radius: number): Mask {
  return extremes(mask, radius, Math.max);
}

/** Each pixel becomes the smallest within `radius` pixels in x and in y. */
export function shrunk(mask: Mask, radius: number): Mask {
  return extremes(mask, radius, Math.min);
}

/**
 * Blurs by a tent: in x and in y, two means of a box follow each other, `2 * floor(radius / 2) + 1` and
 * `2 * ceil(radius / 2) + 1` pixels wide, so that a pixel reaches exactly `radius` far. Sums are whole numbers, rounded
 * once at the end, halves up.
 */
export function blurred(mask: Mask, radius: number): Mask {
  holdRadius(radius);
  if (radius === 0) return mask;
  const { width, height } = mask;
  const [first, second] = [Math.floor(radius / 2), Math.ceil(radius / 2)];
  const boxes = (2 * first + 1) * (2 * second + 1);
  const sums = new Float64Array(width * height);
  const row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) row[x] = mask.data[y * width + x] ?? 0;
    sums.set(tent(row, first, second), y * width);
  }
  const data = new Uint8ClampedArray(width * height);
  const column = new Float64Array(height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) column[y] = sums[y * width + x] ?? 0;
    const smooth = tent(column, first, second);
    for (let y = 0; y < height; y++) data[y * width + x] = Math.floor((smooth[y] ?? 0) / (boxes * boxes) + 0.5);
  }
  return { width, height, data };
}

/** A line, each end going on by `first + second`, summed by one box and then by another. */
function tent(line: Float64Array, first: number, second: number): Float64Array {
  const reach = first + second;
  const long = new Float64Array(line.length + 2 * reach);
  for (let i = 0; i < long.length; i++) long[i] = line[Math.min(Math.max(i - reach, 0), line.length - 1)] ?? 0;
  return boxSums(boxSums(long, first), second);
}

/** The sums of each `2 * radius + 1` neighbours; the line is shorter by `2 * radius` then. */
function boxSums(line: Float64Array, radius: number): Float64Array {
  const made = new Float64Array(line.length - 2 * radius);
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    sum += line[i] ?? 0;
    if (i < 2 * radius) continue;
    made[i - 2 * radius] = sum;
    sum -= line[i - 2 * radius] ?? 0;
  }
  return made;
}

type Pick = (one: number, other: number) => number;

function extremes(mask: Mask, radius: number, pick: Pick): Mask {
  holdRadius(radius);
  if (radius === 0) return mask;
  const { width, height } = mask;
  const data = new Uint8ClampedArray(mask.data);
  const column = new Uint8ClampedArray(height);
  for (let y = 0; y < height; y++) slide(data.subarray(y * width, (y + 1) * width), radius, pick);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) column[y] = data[y * width + x] ?? 0;
    slide(column, radius, pick);
    for (let y = 0; y < height; y++) data[y * width + x] = column[y] ?? 0;
  }
  return { width, height, data };
}

/**
 * Extremes of a sliding window, in place, after van Herk and Gil and Werman: in blocks as long as the window, extremes
 * from each block's start onward and from its end backward; any window is one of each.
 */
function slide(line: Uint8ClampedArray, radius: number, pick: Pick): void {
  const window = 2 * radius + 1;
  const length = Math.ceil((line.length + 2 * radius) / window) * window;
  const at = (i: number) => line[Math.min(Math.max(i - radius, 0), line.length - 1)] ?? 0;
  const forward = new Uint8ClampedArray(length);
  const backward = new Uint8ClampedArray(length);
  for (let i = 0; i < length; i++) forward[i] = i % window === 0 ? at(i) : pick(forward[i - 1] ?? 0, at(i));
  for (let i = length - 1; i >= 0; i--)
    backward[i] = i % window === window - 1 ? at(i) : pick(backward[i + 1] ?? 0, at(i));
  for (let i = 0; i < line.length; i++) line[i] = pick(backward[i] ?? 0, forward[i + window - 1] ?? 0);
}

function holdRadius(radius: number): void {
  if (!Number.isInteger(radius) || radius < 0)
    throw new RangeError(`radius: must be whole and not below 0, not ${radius}.`);
}
