import { inRows, inStretches, part } from "./part.ts";

/** The connected areas of a plane of labels: pixels of one label that touch along a side. */
export interface Areas {
  /** How many areas there are. */
  readonly count: number;
  /** The area of each pixel, from 0, in the order in which their first pixels are read. */
  readonly of: Int32Array;
  /** How many pixels each area has. */
  readonly sizes: Int32Array;
}

/** Finds the connected areas of labels in rows of `width`. Yields the share done. */
export function* areasOf(labels: Uint8Array, width: number): Generator<number, Areas, void> {
  // Areas that turn out to be one are linked to the earlier one, and each link is followed once at the end.
  const provisional = new Int32Array(labels.length);
  let parents = new Int32Array(1 << 12);
  let made = 0;
  const join = (y: number) => {
    if (made + width > parents.length) {
      const more = new Int32Array(2 * parents.length + width);
      more.set(parents);
      parents = more;
    }
    made = joinRow(labels, provisional, parents, made, width, y);
  };
  yield* part(inRows(width, labels.length / width, join), 0, 0.6);
  const numbers = new Int32Array(made);
  let count = 0;
  // A root is the earliest of its areas, so it has its number before any other asks for it.
  const number = (start: number, end: number) => {
    for (let area = start; area < end; area++) {
      const root = rootOf(parents, area);
      numbers[area] = root === area ? count++ : (numbers[root] as number);
    }
  };
  yield* part(inStretches(made, number), 0.6, 0.1);
  const sizes = new Int32Array(count);
  const measure = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const area = numbers[provisional[i] as number] as number;
      provisional[i] = area;
      sizes[area] = (sizes[area] as number) + 1;
    }
  };
  yield* part(inStretches(provisional.length, measure), 0.7, 0.3);
  return { count, of: provisional, sizes };
}

/** Gives each pixel of a row the area of its left or its upper neighbour, or a new one. Tells how many there are then. */
function joinRow(
  labels: Uint8Array,
  provisional: Int32Array,
  parents: Int32Array,
  before: number,
  width: number,
  y: number,
): number {
  let made = before;
  for (let x = 0, i = y * width; x < width; x++, i++) {
    const label = labels[i];
    const left = x > 0 && labels[i - 1] === label ? (provisional[i - 1] as number) : -1;
    const above = y > 0 && labels[i - width] === label ? (provisional[i - width] as number) : -1;
    if (left < 0 && above < 0) {
      parents[made] = made;
      provisional[i] = made++;
      continue;
    }
    provisional[i] = left < 0 ? above : left;
    if (left < 0 || above < 0 || left === above) continue;
    const [a, b] = [rootOf(parents, left), rootOf(parents, above)];
    if (a < b) parents[b] = a;
    else parents[a] = b;
  }
  return made;
}

/**
 * Labels without areas of fewer than `least` pixels: each such area, the smallest first, takes the label of the neighbour
 * that it shares the longest border with. A plane that is smaller than that keeps one label. Yields the share done.
 */
export function* withoutSmallAreas(
  labels: Uint8Array,
  width: number,
  least: number,
): Generator<number, Uint8Array, void> {
  if (least <= 1) return labels;
  const { count, of, sizes } = yield* part(areasOf(labels, width), 0, 0.4);
  const small = yield* part(smallestFirst(sizes, least), 0.4, 0.1);
  if (small.length === 0) return labels;
  const { starts, pixels } = yield* part(pixelsOf(of, sizes, least), 0.5, 0.1);
  const parents = new Int32Array(count);
  for (let area = 0; area < count; area++) parents[area] = area;
  // What an area has taken up hangs on it in a chain, as long as it is small itself.
  const next = new Int32Array(count).fill(-1);
  const border = new Int32Array(count);
  const touched: number[] = [];
  for (let turn = 0, work = 0; turn < small.length; turn++) {
    const area = small[turn] as number;
    if (parents[area] !== area || (sizes[area] as number) >= least) continue;
    touched.length = 0;
    for (let part = area; part >= 0; part = next[part] as number) {
      const end = starts[part + 1] as number;
      for (let k = starts[part] as number; k < end; k++) {
        const at = pixels[k] as number;
        const x = at % width;
        if (x > 0) meet(rootOf(parents, of[at - 1] as number), area, border, touched);
        if (x + 1 < width) meet(rootOf(parents, of[at + 1] as number), area, border, touched);
        if (at >= width) meet(rootOf(parents, of[at - width] as number), area, border, touched);
        if (at + width < of.length) meet(rootOf(parents, of[at + width] as number), area, border, touched);
      }
      work += end - (starts[part] as number);
    }
    const into = longest(border, touched);
    if (into < 0) continue;
    parents[area] = into;
    sizes[into] = (sizes[into] as number) + (sizes[area] as number);
    if ((sizes[into] as number) < least) {
      let last = area;
      while ((next[last] as number) >= 0) last = next[last] as number;
      next[last] = next[into] as number;
      next[into] = area;
    }
    if (work < 1 << 15) continue;
    work = 0;
    yield 0.6 + (0.3 * turn) / small.length;
  }
  const own = new Uint8Array(count);
  const look = (start: number, end: number) => {
    for (let i = start; i < end; i++) own[of[i] as number] = labels[i] as number;
  };
  yield* part(inStretches(of.length, look), 0.9, 0.05);
  const result = new Uint8Array(labels.length);
  const paint = (start: number, end: number) => {
    for (let i = start; i < end; i++) result[i] = own[rootOf(parents, of[i] as number)] as number;
  };
  yield* part(inStretches(of.length, paint), 0.95, 0.05);
  return result;
}

/** All areas smaller than `least`, sorted by their sizes, and of one size in their order. Yields the share done. */
function* smallestFirst(sizes: Int32Array, least: number): Generator<number, Int32Array, void> {
  const starts = new Int32Array(least + 1);
  const count = (start: number, end: number) => {
    for (let area = start; area < end; area++) {
      const size = sizes[area] as number;
      if (size < least) starts[size + 1] = (starts[size + 1] as number) + 1;
    }
  };
  yield* part(inStretches(sizes.length, count), 0, 0.5);
  for (let size = 0; size < least; size++) starts[size + 1] = (starts[size + 1] as number) + (starts[size] as number);
  const sorted = new Int32Array(starts[least] as number);
  const sort = (start: number, end: number) => {
    for (let area = start; area < end; area++) {
      const size = sizes[area] as number;
      if (size >= least) continue;
      const to = starts[size] as number;
      sorted[to] = area;
      starts[size] = to + 1;
    }
  };
  yield* part(inStretches(sizes.length, sort), 0.5, 0.5);
  return sorted;
}

/** The pixels of all areas smaller than `least`, one area after the other, and where each begins. Yields the share done. */
function* pixelsOf(
  of: Int32Array,
  sizes: Int32Array,
  least: number,
): Generator<number, { readonly starts: Int32Array; readonly pixels: Int32Array }, void> {
  const starts = new Int32Array(sizes.length + 1);
  for (let area = 0; area < sizes.length; area++) {
    const size = sizes[area] as number;
    starts[area + 1] = (starts[area] as number) + (size < least ? size : 0);
  }
  const pixels = new Int32Array(starts[sizes.length] as number);
  const fill = starts.slice();
  const gather = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const area = of[i] as number;
      if ((sizes[area] as number) >= least) continue;
      const to = fill[area] as number;
      pixels[to] = i;
      fill[area] = to + 1;
    }
  };
  yield* inStretches(of.length, gather);
  return { starts, pixels };
}

/** Counts one more side of a pixel along a neighbour. */
function meet(neighbour: number, area: number, border: Int32Array, touched: number[]): void {
  if (neighbour === area) return;
  if (border[neighbour] === 0) touched.push(neighbour);
  border[neighbour] = (border[neighbour] as number) + 1;
}

/** The neighbour with the longest border, the first of equals; -1 without any. Clears the counts. */
function longest(border: Int32Array, touched: readonly number[]): number {
  let found = -1;
  let most = 0;
  for (const neighbour of touched) {
    const length = border[neighbour] as number;
    border[neighbour] = 0;
    if (length < most || (length === most && neighbour > found)) continue;
    found = neighbour;
    most = length;
  }
  return found;
}

/** Where an area has gone in the end; the links on the way are cut short. */
function rootOf(parents: Int32Array, area: number): number {
  let root = area;
  while (parents[root] !== root) root = parents[root] as number;
  for (let at = area; parents[at] !== root; ) {
    const next = parents[at] as number;
    parents[at] = root;
    at = next;
  }
  return root;
}
