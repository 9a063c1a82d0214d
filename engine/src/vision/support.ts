import type { LevelLines } from "./level-lines.ts";

/** A rectangle about a region of agreeing level lines: its middle line from end to end, in pixels, and its width. */
export interface Rectangle {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** The direction from the first end to the second, of length 1. */
  readonly across: number;
  readonly down: number;
  readonly length: number;
  /** At least 1. */
  readonly width: number;
}

/** The pixels of a region and the sum of their directions. */
export interface Support {
  readonly pixels: Int32Array;
  readonly count: number;
  readonly across: number;
  readonly down: number;
}

/** Lays a rectangle about a region: along the axis of its mass, each pixel weighing as much as the change in it is strong. */
export function rectangleOf(lines: LevelLines, support: Support): Rectangle {
  const { width, size } = lines;
  const { pixels, count } = support;
  let mass = 0;
  let sumX = 0;
  let sumY = 0;
  for (let k = 0; k < count; k++) {
    const at = pixels[k] as number;
    const weight = size[at] as number;
    const x = at % width;
    mass += weight;
    sumX += weight * x;
    sumY += weight * ((at - x) / width);
  }
  const cx = sumX / mass;
  const cy = sumY / mass;
  let [xx, yy, xy] = [0, 0, 0];
  for (let k = 0; k < count; k++) {
    const at = pixels[k] as number;
    const weight = size[at] as number;
    const px = at % width;
    const dx = px - cx;
    const dy = (at - px) / width - cy;
    xx += weight * dx * dx;
    yy += weight * dy * dy;
    xy += weight * dx * dy;
  }
  const [across, down] = axis(xx, yy, xy, support);
  let [first, last, left, right] = [0, 0, 0, 0];
  for (let k = 0; k < count; k++) {
    const at = pixels[k] as number;
    const px = at % width;
    const dx = px - cx;
    const dy = (at - px) / width - cy;
    const along = dx * across + dy * down;
    const aside = dy * across - dx * down;
    if (along < first) first = along;
    if (along > last) last = along;
    if (aside < left) left = aside;
    if (aside > right) right = aside;
  }
  return {
    x0: cx + first * across,
    y0: cy + first * down,
    x1: cx + last * across,
    y1: cy + last * down,
    across,
    down,
    length: Math.max(last - first, 1),
    width: Math.max(right - left, 1),
  };
}

/** The axis of the largest spread, of length 1, turned the way the region's level lines go. */
function axis(xx: number, yy: number, xy: number, support: Support): readonly [across: number, down: number] {
  const most = 0.5 * (xx + yy + Math.sqrt((xx - yy) * (xx - yy) + 4 * xy * xy));
  let across = xx > yy ? most - yy : xy;
  let down = xx > yy ? xy : most - xx;
  let length = Math.sqrt(across * across + down * down);
  if (length === 0) {
    across = support.across;
    down = support.down;
    length = Math.sqrt(across * across + down * down) || 1;
  }
  const turn = across * support.across + down * support.down < 0 ? -1 : 1;
  return [(turn * across) / length, (turn * down) / length];
}

/** Whether level lines agree, by the cosine of the angle between them: that of 22.5 degrees. */
const agreement = 0.9238795325112867;

/** The share of all directions that agree with a given one. */
const chance = 1 / 8;

/**
 * Whether a rectangle holds more agreeing level lines than chance would put there: in all `tests` rectangles of a picture
 * of noise, less than one such is expected. A rectangle that fails is tried narrower, half a pixel a step.
 */
export function isMeaningful(lines: LevelLines, rectangle: Rectangle, tests: number): boolean {
  for (let width = rectangle.width, k = 0; k < 6 && width >= 1; k++, width -= 0.5) {
    const { total, agreeing } = counted(lines, { ...rectangle, width });
    if (tests * tail(total, agreeing) < 1) return true;
  }
  return false;
}

/** How many pixels lie within a rectangle, and in how many of them the level line agrees with it. */
function counted(lines: LevelLines, rectangle: Rectangle): { total: number; agreeing: number } {
  const { width, height } = lines;
  const { x0, y0, y1, across, down } = rectangle;
  const half = rectangle.width / 2;
  const reach = half * Math.abs(across);
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(height - 1, Math.floor(Math.max(y0, y1) + reach));
  let [total, agreeing] = [0, 0];
  for (let y = top; y <= bottom; y++) {
    const dy = y - y0;
    // Between the ends and between the sides: two bands, each of which cuts a piece out of the row.
    let from = 0;
    let to = width - 1;
    for (let band = 0; band < 2; band++) {
      const slope = band === 0 ? across : -down;
      const rest = band === 0 ? dy * down : dy * across;
      const low = (band === 0 ? 0 : -half) - rest;
      const high = (band === 0 ? rectangle.length : half) - rest;
      if (Math.abs(slope) < 1e-9) {
        if (low > 0 || high < 0) to = -1;
        continue;
      }
      const [a, b] = [x0 + low / slope, x0 + high / slope];
      from = Math.max(from, Math.ceil(Math.min(a, b)));
      to = Math.min(to, Math.floor(Math.max(a, b)));
    }
    for (let x = from, at = y * width + from; x <= to; x++, at++) {
      total++;
      if ((lines.across[at] as number) * across + (lines.down[at] as number) * down >= agreement) agreeing++;
    }
  }
  return { total, agreeing };
}

/** The probability that at least `agreeing` of `total` pixels agree by chance: the tail of a binomial distribution. */
function tail(total: number, agreeing: number): number {
  if (agreeing <= 0) return 1;
  // The first term as one product, its factors taken in an order that keeps it within range.
  let term = 1;
  let others = total - agreeing;
  for (let k = 1; k <= agreeing; k++) {
    term *= ((total - agreeing + k) / k) * chance;
    while (term > 1 && others > 0) {
      term *= 1 - chance;
      others--;
    }
  }
  for (; others > 0 && term > 0; others--) term *= 1 - chance;
  let sum = term;
  for (let k = agreeing; k < total && term > sum * 1e-12; k++) {
    term *= ((total - k) / (k + 1)) * (chance / (1 - chance));
    sum += term;
  }
  return sum;
}
