import type { Run } from "./flatten.ts";

/** More dashes than this on one path are drawn as a plain line: nobody sees them, and a file could ask for millions. */
const mostDashes = 20_000;

/**
 * Cuts runs into dashes. An odd list is doubled; one without a length, or with one that is none, leaves the runs whole, and
 * so does one that would make more than 20,000 dashes. A dash of length 0 keeps its direction, for caps to be drawn by.
 */
export function dashed(runs: readonly Run[], dashes: readonly number[], offset: number): readonly Run[] {
  if (dashes.length === 0 || dashes.some((length) => !(length >= 0 && length < Infinity))) return runs;
  const even = dashes.length % 2 === 1 ? [...dashes, ...dashes] : dashes;
  const whole = even.reduce((sum, length) => sum + length, 0);
  if (!(whole > 0 && whole < Infinity)) return runs;
  const lengths = runs.map(lengthOf);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (!((total / whole) * even.length <= mostDashes)) return runs;
  const start = Number.isFinite(offset) ? ((offset % whole) + whole) % whole : 0;
  return runs.flatMap((run, n) => ((lengths[n] as number) > 0 ? cut(run, even, whole, start) : [run]));
}

/** How long a dot is drawn, as a share of the pattern: long enough to have a direction, too short to be seen. */
const dotShare = 1e-6;

function cut({ points, smooth, closed }: Run, dashes: readonly number[], whole: number, start: number): Run[] {
  const count = points.length / 2;
  let index = 0;
  let left = dashes[0] as number;
  let skip = start;
  while (skip > left || (skip === left && left > 0)) {
    skip -= left;
    index = (index + 1) % dashes.length;
    left = dashes[index] as number;
  }
  left -= skip;
  const made: Run[] = [];
  let xy: number[] = [];
  let bends: number[] = [];
  const begin = (x: number, y: number) => {
    xy = [x, y];
    bends = [0];
  };
  const end = () => {
    if (xy.length > 2) made.push({ points: Float64Array.from(xy), smooth: Uint8Array.from(bends), closed: false });
    xy = [];
    bends = [];
  };
  const add = (x: number, y: number, inside: number) => {
    if (xy[xy.length - 2] === x && xy[xy.length - 1] === y) return;
    xy.push(x, y);
    bends.push(inside);
  };
  if (index % 2 === 0) begin(points[0] as number, points[1] as number);
  const pieces = closed ? count : count - 1;
  for (let i = 0; i < pieces; i++) {
    const to = i + 1 < count ? i + 1 : 0;
    let [x, y] = [points[2 * i] as number, points[2 * i + 1] as number];
    const [ex, ey] = [points[2 * to] as number, points[2 * to + 1] as number];
    let rest = Math.sqrt((ex - x) * (ex - x) + (ey - y) * (ey - y));
    while (rest > left) {
      const t = left / rest;
      [x, y] = [x + (ex - x) * t, y + (ey - y) * t];
      rest -= left;
      if (index % 2 === 0) {
        if (dashes[index] === 0)
          add(x + ((ex - x) / rest) * whole * dotShare, y + ((ey - y) / rest) * whole * dotShare, 0);
        else add(x, y, 0);
        end();
      } else begin(x, y);
      index = (index + 1) % dashes.length;
      left = dashes[index] as number;
    }
    left -= rest;
    if (index % 2 === 0) add(ex, ey, smooth[to] as number);
  }
  end();
  return made;
}

function lengthOf({ points, closed }: Run): number {
  const n = points.length;
  let sum = 0;
  for (let i = 0; i < n; i += 2) {
    if (i + 2 === n && !closed) break;
    const to = i + 2 < n ? i + 2 : 0;
    const x = (points[to] as number) - (points[i] as number);
    const y = (points[to + 1] as number) - (points[i + 1] as number);
    sum += Math.sqrt(x * x + y * y);
  }
  return sum;
}
