import type { SceneShape } from "../core/scene.ts";

// Which shapes of a drawing are still the same after a change. Programs that keep their data hand the same objects over
// again; hosts read their document anew, and what has not changed has the same content.

/**
 * For each of the new shapes the place of the old one that it is, or -1 for one that is new, changed, or lies elsewhere in
 * the order; as many as can be keep their order.
 */
export function keptShapes(before: readonly SceneShape[], after: readonly SceneShape[]): readonly number[] {
  const places = new Map<string, number>();
  for (const [index, { id }] of before.entries()) if (!places.has(id)) places.set(id, index);
  const same = after.map((shape, at) => {
    // Most are where they were.
    if (shape === before[at]) return at;
    const index = places.get(shape.id);
    return index !== undefined && isAlike(before[index] as SceneShape, shape) ? index : -1;
  });
  const rising = longestRise(same);
  return same.map((index, at) => (rising.has(at) ? index : -1));
}

/** True for plain data with the same content; pixels are the same where they are one array. */
export function isAlike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (ArrayBuffer.isView(one)) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  if (keys.length !== others.length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isAlike((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  );
}

/** Where the numbers of a longest rising row stand; those below 0 are no part of it, and no number counts twice. */
function longestRise(numbers: readonly number[]): ReadonlySet<number> {
  // For each length of a row, where the row with the smallest end ends; for each number, what comes before it in its row.
  const ends: number[] = [];
  const before = new Int32Array(numbers.length);
  for (const [at, number] of numbers.entries()) {
    if (number < 0) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? (ends[low - 1] as number) : -1;
    ends[low] = at;
  }
  const found = new Set<number>();
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) found.add(at);
  return found;
}
