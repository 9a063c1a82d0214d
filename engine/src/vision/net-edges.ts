import type { Pixels } from "../core/pixels.ts";
import type { SeenSize } from "./annotator.ts";
import { rowsOf } from "./answer.ts";
import { grayRow } from "./gray-rows.ts";
import type { FloatPlane } from "./plane.ts";

// Maps of lines from what nets answer: white on black, whatever the net's own numbers mean.

/** How a net's numbers become lines. */
export interface NetEdgesOptions {
  /** Evidence without bounds, which a sigmoid brings to 0 to 1; or lines from 0 to 1 already. */
  readonly values: "evidence" | "shares";
  /** The net draws dark lines on a light ground. */
  readonly dark?: boolean;
  /** What is not above a half is left out, and all else is white. */
  readonly filter?: boolean;
  /** How many steps of gray are left; 0 for all. Hides faint structure, which some nets were trained without. */
  readonly safeSteps?: number;
}

/**
 * Draws the lines that a net sees, in the mean of its answers. Yields the share done, from 0 to 1. The sigmoid is not the
 * same to the last bit in every browser.
 */
export function* netEdges(
  answers: readonly FloatPlane[],
  seen: SeenSize,
  { width, height }: { readonly width: number; readonly height: number },
  { values, dark = false, filter = false, safeSteps = 0 }: NetEdgesOptions,
): Generator<number, Pixels, void> {
  const all = answers.map((answer) => rowsOf(answer, seen, width, height));
  const [row, sum] = [new Float32Array(width), new Float32Array(width)];
  const data = new Uint8ClampedArray(4 * width * height);
  const share = 1 / answers.length;
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    for (const rows of all) {
      rows(y, row);
      for (let x = 0; x < width; x++) sum[x] = (sum[x] as number) + (row[x] as number);
    }
    for (let x = 0; x < width; x++) {
      let value = (sum[x] as number) * share;
      if (values === "evidence") value = 1 / (1 + Math.exp(-value));
      if (filter) value = value > 0.5 ? 1 : 0;
      if (safeSteps > 0) value = Math.floor(value * (safeSteps + 1)) / safeSteps;
      // Levels are cut off and not rounded, as the annotators do.
      const level = Math.trunc(255 * Math.min(Math.max(value, 0), 1));
      sum[x] = dark ? 255 - level : level;
    }
    grayRow(data, y * width, sum);
    if (y % 32 === 31) yield y / height;
  }
  return { width, height, data };
}

/** What an answer's numbers are, by themselves: lines from 0 to 1 or to 255, or evidence. */
export function valuesOf({ data }: FloatPlane): { readonly values: NetEdgesOptions["values"]; readonly scale: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  // A hair's breadth for half precision.
  if (least < -1e-3) return { values: "evidence", scale: 1 };
  return { values: "shares", scale: most > 1.01 ? 1 / Math.max(255, most) : 1 };
}

/** Whether lines are dark on a light ground: they cover less of a picture than what lies between them. */
export function isDark({ data }: FloatPlane, values: NetEdgesOptions["values"], scale: number): boolean {
  const bound = values === "evidence" ? 0 : 0.5 / scale;
  let light = 0;
  for (let i = 0; i < data.length; i++) if ((data[i] as number) > bound) light++;
  return 2 * light > data.length;
}

/** An answer with all its numbers multiplied. */
export const scaledBy = (plane: FloatPlane, scale: number): FloatPlane =>
  scale === 1 ? plane : { ...plane, data: plane.data.map((value) => value * scale) };
