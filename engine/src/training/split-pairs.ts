import { contentKey } from "../core/content-key.ts";

/** Which pairs are learnt from and which are kept aside to measure on, by their numbers. */
export interface PairSplit {
  readonly learnt: readonly number[];
  readonly heldOut: readonly number[];
}

/** What is known of the pairs that are divided: a `PairReport` is it. */
export interface KnownPairs {
  /** The numbers of those that may be used; all of them without it. */
  readonly sound?: readonly number[];
  /** Pairs with the same picture, by their numbers. */
  readonly alike?: readonly (readonly number[])[];
}

/**
 * Keeps some pairs aside: which ones is decided by their names and the seed alone, whatever order they come in, and so is
 * the order of both lists. Pairs of the same name, and those that are known to be alike, stay on one side; where they
 * do not fit, fewer than `heldOut` are kept aside. Throws a `RangeError` for a number of pairs that is not whole, below 0
 * or leaves none to learn from.
 */
export function splitPairs(
  names: readonly string[],
  heldOut: number,
  seed: number,
  { sound = names.map((_, at) => at), alike = [] }: KnownPairs = {},
): PairSplit {
  if (!Number.isInteger(heldOut) || heldOut < 0 || (heldOut > 0 && heldOut >= sound.length))
    throw new RangeError(
      `heldOut: of ${sound.length} pairs, 0 to ${Math.max(0, sound.length - 1)} can be kept aside, not ${heldOut}.`,
    );
  const groups = groupsOf(names, sound, alike)
    .map((members) => ({ members, key: contentKey(`${seed}\n${names[members[0] as number]}`) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const split = { learnt: [] as number[], heldOut: [] as number[] };
  for (const { members } of groups) {
    const fits = split.heldOut.length + members.length <= heldOut;
    split[fits ? "heldOut" : "learnt"].push(...members);
  }
  return split;
}

/** Numbers that stay together, each group in the order of its names. */
function groupsOf(
  names: readonly string[],
  sound: readonly number[],
  alike: readonly (readonly number[])[],
): number[][] {
  const parent = new Map(sound.map((at) => [at, at]));
  const rootOf = (at: number): number => {
    let root = at;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    parent.set(at, root);
    return root;
  };
  const join = (one: number, other: number): void => void parent.set(rootOf(other), rootOf(one));
  const named = new Map<string, number>();
  for (const at of sound) {
    const name = names[at] ?? "";
    const before = named.get(name);
    if (before === undefined) named.set(name, at);
    else join(before, at);
  }
  for (const group of alike) {
    const [first, ...others] = group.filter((at) => parent.has(at));
    if (first !== undefined) for (const other of others) join(first, other);
  }
  const groups = new Map<number, number[]>();
  for (const at of sound) {
    const root = rootOf(at);
    const group = groups.get(root);
    if (group) group.push(at);
    else groups.set(root, [at]);
  }
  const byName = (one: number, other: number) => {
    const [a = "", b = ""] = [names[one], names[other]];
    return a < b ? -1 : a > b ? 1 : one - other;
  };
  return [...groups.values()].map((members) => members.sort(byName));
}
