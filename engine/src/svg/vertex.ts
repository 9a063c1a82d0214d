import { readPathData } from "../scene/path-data.ts";

// The points of an outline at which markers stand, and which way it runs there (SVG 2, 9.6 and 13.7.4). Directions are
// vectors of length 1: no angle is taken, so that all engines agree.

/** A point of an outline. */
export interface Vertex {
  readonly x: number;
  readonly y: number;
  /** The direction, halfway between the one of coming and the one of going where the outline turns. */
  readonly along: Vector;
}

/** A direction, of length 1. */
export type Vector = readonly [x: number, y: number];

/** A piece of an outline from point to point, as its author wrote it. */
interface Segment {
  readonly x: number;
  readonly y: number;
  /** Where it begins and ends to; null for one without a length. */
  readonly leaving: Vector | null;
  readonly arriving: Vector | null;
}

/** A run of segments from the point where the pen was set down. */
interface Run {
  readonly x: number;
  readonly y: number;
  readonly segments: Segment[];
  closed: boolean;
}

/** The points of path data, from its beginning to its end. */
export function verticesOf(path: string): readonly Vertex[] {
  return runsOf(path).flatMap(vertices);
}

function runsOf(path: string): readonly Run[] {
  const { kinds, numbers, inArcs } = readPathData(path);
  const runs: Run[] = [];
  let [at, x, y, arc] = [0, 0, 0, 0];
  let run: Run | null = null;
  let begun: Vector | null = null;
  for (const [n, kind] of kinds.entries()) {
    const next = (): number => numbers[at++] as number;
    if (kind === 0) {
      [x, y] = [next(), next()];
      run = { x, y, segments: [], closed: false };
      runs.push(run);
      continue;
    }
    if (run === null) {
      // Behind a closed run the pen goes on from where that began, without a point of its own.
      const last = runs.at(-1);
      [x, y] = [last?.x ?? 0, last?.y ?? 0];
      run = { x, y, segments: [], closed: false };
      runs.push(run);
    }
    if (kind === 3) {
      run.segments.push(straight(x, y, run.x, run.y));
      run.closed = true;
      run = null;
      continue;
    }
    const segment: Segment =
      kind === 1 ? straight(x, y, next(), next()) : curved(x, y, next(), next(), next(), next(), next(), next());
    [x, y] = [segment.x, segment.y];
    const isInArc = inArcs[arc] === n;
    if (isInArc) {
      arc++;
      begun ??= segment.leaving;
      continue;
    }
    run.segments.push(begun ? { ...segment, leaving: begun } : segment);
    begun = null;
  }
  return runs;
}

function straight(fromX: number, fromY: number, x: number, y: number): Segment {
  const along = direction(x - fromX, y - fromY);
  return { x, y, leaving: along, arriving: along };
}

/** A curve leaves and arrives by the first of its points that lies elsewhere. */
function curved(x0: number, y0: number, x1: number, y1: number, x2: number, y2: number, x: number, y: number): Segment {
  const leaving = direction(x1 - x0, y1 - y0) ?? direction(x2 - x0, y2 - y0) ?? direction(x - x0, y - y0);
  const arriving = direction(x - x2, y - y2) ?? direction(x - x1, y - y1) ?? direction(x - x0, y - y0);
  return { x, y, leaving, arriving };
}

function direction(x: number, y: number): Vector | null {
  const length = Math.sqrt(x * x + y * y);
  return length > 0 && length < Infinity ? [x / length, y / length] : null;
}

function vertices({ x, y, segments, closed }: Run): readonly Vertex[] {
  // Segments without a length take the direction of those before them, else of those behind.
  const ways: (readonly [leaving: Vector, arriving: Vector])[] = [];
  const first = segments.find(({ leaving }) => leaving)?.leaving ?? [1, 0];
  let last: Vector = first;
  for (const { leaving, arriving } of segments) {
    ways.push([leaving ?? last, arriving ?? last]);
    last = arriving ?? last;
  }
  const between = (before: Vector | undefined, after: Vector | undefined): Vector => {
    if (!before || !after) return before ?? after ?? [1, 0];
    return direction(before[0] + after[0], before[1] + after[1]) ?? [-before[1], before[0]];
  };
  const [begin, end] = [ways[0]?.[0], ways.at(-1)?.[1]];
  const found: Vertex[] = [{ x, y, along: closed ? between(end, begin) : between(undefined, begin) }];
  for (const [n, segment] of segments.entries()) {
    const going = ways[n + 1]?.[0] ?? (closed ? begin : undefined);
    found.push({ x: segment.x, y: segment.y, along: between(ways[n]?.[1], going) });
  }
  return found;
}
