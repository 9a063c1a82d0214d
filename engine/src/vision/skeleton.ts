import type { Plane } from "./plane.ts";

/** How a skeleton is made: Zhang and Suen 1984 or Guo and Hall 1989. */
export type SkeletonMethod = "zhang-suen" | "guo-hall";

/** Of a pixel's eight neighbours, clockwise from the one above, as bits: whether the pixel goes in each of two half rounds. */
type Rule = (neighbours: readonly number[], half: 0 | 1) => boolean;

const rules: Readonly<Record<SkeletonMethod, Rule>> = {
  "zhang-suen": (p, half) => {
    const [north, , east, , south, , west] = p as [number, number, number, number, number, number, number, number];
    const count = p.reduce((sum, value) => sum + value, 0);
    const rises = p.filter((value, k) => value === 0 && p[(k + 1) % 8] === 1).length;
    const [first, second] =
      half === 0 ? [north * east * south, east * south * west] : [north * east * west, north * south * west];
    return count >= 2 && count <= 6 && rises === 1 && first === 0 && second === 0;
  },
  "guo-hall": (p, half) => {
    const [n, ne, e, se, s, sw, w, nw] = p as [number, number, number, number, number, number, number, number];
    const paths = ((1 - n) & (ne | e)) + ((1 - e) & (se | s)) + ((1 - s) & (sw | w)) + ((1 - w) & (nw | n));
    const one = (nw | n) + (ne | e) + (se | s) + (sw | w);
    const other = (n | ne) + (e | se) + (s | sw) + (w | nw);
    const count = Math.min(one, other);
    const open = half === 0 ? (s | sw | (1 - nw)) & w : (n | ne | (1 - se)) & e;
    return paths === 1 && count >= 2 && count <= 3 && open === 0;
  },
};

const tables = new Map<SkeletonMethod, readonly [Uint8Array, Uint8Array]>();

/** Whether a pixel goes, for all 256 neighbourhoods, in each half of a round. */
function tablesOf(method: SkeletonMethod): readonly [Uint8Array, Uint8Array] {
  let found = tables.get(method);
  if (!found) {
    const table = (half: 0 | 1) =>
      Uint8Array.from({ length: 256 }, (_, bits) => {
        const neighbours = Array.from({ length: 8 }, (__, k) => (bits >> k) & 1);
        return rules[method](neighbours, half) ? 1 : 0;
      });
    found = [table(0), table(1)];
    tables.set(method, found);
  }
  return found;
}

/**
 * The skeleton of what is white, lines of one pixel that keep its shape and its holes, as OpenCV's `ximgproc.thinning`
 * draws it: 0 and 255. All that is not 0 is white; the outermost pixels of the plane stay as they are, as they do there.
 */
export function skeleton({ width, height, data }: Plane, method: SkeletonMethod = "zhang-suen"): Plane {
  const shape = data.map((value) => (value === 0 ? 0 : 1));
  let live = new Int32Array(data.length);
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) if (shape[i] === 1) live[count++] = i;
  }
  live = live.slice(0, count);
  const gone = new Int32Array(count);
  const halves = tablesOf(method);
  for (let before = -1; before !== count; ) {
    before = count;
    for (const table of halves) {
      const hits = find(shape, live, count, width, table, gone);
      for (let k = 0; k < hits; k++) shape[gone[k] as number] = 0;
      if (hits > 0) count = keep(shape, live, count);
    }
  }
  return { width, height, data: shape.map((value) => 255 * value) };
}

/** Writes the pixels that go into `gone` and tells how many they are. */
function find(
  shape: Uint8Array,
  live: Int32Array,
  count: number,
  width: number,
  table: Uint8Array,
  gone: Int32Array,
): number {
  let hits = 0;
  for (let k = 0; k < count; k++) {
    const i = live[k] as number;
    const bits =
      (shape[i - width] as number) |
      ((shape[i - width + 1] as number) << 1) |
      ((shape[i + 1] as number) << 2) |
      ((shape[i + width + 1] as number) << 3) |
      ((shape[i + width] as number) << 4) |
      ((shape[i + width - 1] as number) << 5) |
      ((shape[i - 1] as number) << 6) |
      ((shape[i - width - 1] as number) << 7);
    if (table[bits] === 1) gone[hits++] = i;
  }
  return hits;
}

/** Moves those that are left together and tells how many they are. */
function keep(shape: Uint8Array, live: Int32Array, count: number): number {
  let kept = 0;
  for (let k = 0; k < count; k++) {
    const i = live[k] as number;
    if (shape[i] === 1) live[kept++] = i;
  }
  return kept;
}
