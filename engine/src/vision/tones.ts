import type { Pixels } from "../core/pixels.ts";
import { blend, type Matte, matteColour } from "./matte.ts";

/** How the tones of a picture on a ground are spread, from 0 to 255. */
export interface Tones {
  readonly median: number;
  /** The mean tone of the upper third. */
  readonly upper: number;
  /** The mean tone of the lower third. */
  readonly lower: number;
  /** The share of the pixels that are brighter than a level. */
  above(level: number): number;
  /** The share of the pixels that are darker than a level. */
  below(level: number): number;
}

/** Counts the tones of a picture laid on a ground. */
export function tonesOf({ width, height, data }: Pixels, matte: Matte): Tones {
  const [ground] = matteColour(matte);
  const counts = new Float64Array(256);
  const total = width * height;
  const third = Math.max(1, Math.floor(height / 3));
  let [upper, lower] = [0, 0];
  for (let i = 0; i < total; i++) {
    const at = 4 * i;
    // Rec. 601 luma in steps of 1/256.
    const luma =
      (77 * (data[at] as number) + 150 * (data[at + 1] as number) + 29 * (data[at + 2] as number) + 128) >> 8;
    const tone = blend(luma, data[at + 3] as number, ground);
    counts[tone] = (counts[tone] as number) + 1;
    if (i < third * width) upper += tone;
    if (i >= total - third * width) lower += tone;
  }
  const sum = (from: number, to: number) => {
    let count = 0;
    for (let level = from; level < to; level++) count += counts[level] as number;
    return count;
  };
  let median = 0;
  for (let count = counts[0] as number; 2 * count < total; count += counts[median] as number) median++;
  return {
    median,
    upper: upper / (third * width),
    lower: lower / (third * width),
    above: (level) => sum(level + 1, 256) / total,
    below: (level) => sum(0, level) / total,
  };
}

/** True when nearly every pixel looks like the middle one. */
export function isPlain({ width, height, data }: Pixels): boolean {
  const middle = 4 * ((height >> 1) * width + (width >> 1));
  let others = 0;
  for (let i = 0; i < data.length; i += 4) {
    for (let k = 0; k < 4; k++) {
      if (Math.abs((data[i + k] as number) - (data[middle + k] as number)) <= 2) continue;
      others++;
      break;
    }
  }
  return others < 0.001 * width * height;
}
