import type { Point } from "../core/paths.ts";
import type { Loop } from "./coverage.ts";

// A stroke as the area it covers: the line moved to either side by half the weight, with its corners and ends.

/** How a line is drawn. */
export interface Pen {
  readonly weight: number;
  readonly join: "MITER" | "BEVEL" | "ROUND";
  readonly cap: string;
  /** The longest corner, in parts of the weight. */
  readonly miterLimit: number;
  readonly dashes: readonly number[];
}

/** The area of a stroke along a line of points, as loops that wind one way around it. */
export function strokeArea(points: readonly Point[], isClosed: boolean, pen: Pen): readonly Loop[] {
  const line = withoutRepeats(points, isClosed);
  if (line.length < 2 || pen.weight === 0) return [];
  if (pen.dashes.some((length) => length > 0)) {
    const whole = { ...pen, dashes: [] };
    const round = isClosed ? [...line, line[0] as Point] : line;
    return dashed(round, pen.dashes).flatMap((part) => strokeArea(part, false, whole));
  }
  const backward = [...line].reverse();
  if (isClosed) return positive([side(line, true, pen), side(backward, true, pen)]);
  const [first, last] = [line[0] as Point, line.at(-1) as Point];
  const start = end(line[1] as Point, first, pen);
  const stop = end(line.at(-2) as Point, last, pen);
  return positive([[...side(line, false, pen), ...stop, ...side(backward, false, pen), ...start]]);
}

function withoutRepeats(points: readonly Point[], isClosed: boolean): readonly Point[] {
  const same = (p: Point | undefined, q: Point | undefined): boolean => p?.[0] === q?.[0] && p?.[1] === q?.[1];
  const kept = points.filter((point, index) => index === 0 || !same(point, points[index - 1]));
  return isClosed && kept.length > 2 && same(kept[0], kept.at(-1)) ? kept.slice(0, -1) : kept;
}

/** The line moved to its left (in a picture: to the right of who walks along it). */
function side(line: readonly Point[], isClosed: boolean, pen: Pen): readonly Point[] {
  const half = pen.weight / 2;
  const at = (index: number): Point => line[(index + line.length) % line.length] as Point;
  return line.flatMap((point, index) => {
    const isEnd = !isClosed && (index === 0 || index === line.length - 1);
    if (!isEnd) return corner(at(index - 1), point, at(index + 1), pen);
    const [nx, ny] = index === 0 ? normal(point, at(1), half) : normal(at(index - 1), point, half);
    return [plus(point, nx, ny)];
  });
}

const plus = ([x, y]: Point, dx: number, dy: number): Point => [x + dx, y + dy];

function normal([x0, y0]: Point, [x1, y1]: Point, half: number): Point {
  const length = Math.hypot(x1 - x0, y1 - y0);
  return [(-(y1 - y0) / length) * half, ((x1 - x0) / length) * half];
}

const distance = ([x0, y0]: Point, [x1, y1]: Point): number => Math.hypot(x1 - x0, y1 - y0);

/** How a side goes round a corner. */
function corner(before: Point, tip: Point, after: Point, pen: Pen): readonly Point[] {
  const half = pen.weight / 2;
  const [ax, ay] = normal(before, tip, half);
  const [bx, by] = normal(tip, after, half);
  const [one, other] = [plus(tip, ax, ay), plus(tip, bx, by)];
  const turn = ax * by - ay * bx;
  const straight = ax * bx + ay * by;
  if (turn === 0 && straight > 0) return [one];
  // Where the two moved lines meet: this far along the sum of the normals.
  const reach = half ** 2 / (half ** 2 + straight);
  const meeting = plus(tip, reach * (ax + bx), reach * (ay + by));
  if (turn > 0) {
    // The inner side. Lines too short to meet go by the tip itself: the area is covered twice there, which does not show.
    const needed = Math.abs(turn) / (half + straight / half);
    return needed <= Math.min(distance(before, tip), distance(tip, after)) ? [meeting] : [one, tip, other];
  }
  if (pen.join === "ROUND") return arc(tip, [ax, ay], [bx, by], -1);
  const isSharp = !Number.isFinite(reach) || distance(tip, meeting) / half > pen.miterLimit;
  return pen.join === "BEVEL" || isSharp ? [one, other] : [meeting];
}

/** How a side goes round the end of a line to the other side. */
function end(before: Point, tip: Point, pen: Pen): readonly Point[] {
  const half = pen.weight / 2;
  const [nx, ny] = normal(before, tip, half);
  switch (pen.cap) {
    case "NONE":
      return [];
    case "ROUND":
      return arc(tip, [nx, ny], [-nx, -ny], -1);
    case "SQUARE":
      return [plus(tip, nx + ny, ny - nx), plus(tip, -nx + ny, -ny - nx)];
    default:
      throw new Error(`The simulator draws no stroke cap ${pen.cap}.`);
  }
}

/** Points on a circle around `centre`, from one radius to another; `way` is the sign of the angle. */
function arc(centre: Point, from: Point, to: Point, way: 1 | -1): readonly Point[] {
  const radius = Math.hypot(...from);
  const start = Math.atan2(from[1], from[0]);
  const full = 2 * Math.PI;
  const angle = (way * ((((Math.atan2(to[1], to[0]) - start) * way) % full) + full)) % full || way * Math.PI;
  const steps = Math.max(1, Math.ceil(Math.abs(angle) * Math.max(2, Math.min(20, Math.sqrt(radius) * 3))));
  return Array.from({ length: steps + 1 }, (_, index) => {
    const at = start + (angle * index) / steps;
    return plus(centre, radius * Math.cos(at), radius * Math.sin(at));
  });
}

/** Loops that wind the same way whichever way the line went, so that strokes over each other do not cancel out. */
function positive(loops: readonly Loop[]): readonly Loop[] {
  const area = loops.reduce((sum, loop) => sum + areaOf(loop), 0);
  return area < 0 ? loops.map((loop) => [...loop].reverse()) : loops;
}

const areaOf = (loop: Loop): number =>
  loop.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = loop[(index + 1) % loop.length] as Point;
    return sum + x * nextY - nextX * y;
  }, 0);

/** The parts of a line that dashes leave. A pattern of odd length goes round twice, as in SVG. */
function dashed(line: readonly Point[], pattern: readonly number[]): readonly (readonly Point[])[] {
  const lengths = pattern.length % 2 === 1 ? [...pattern, ...pattern] : pattern;
  const parts: Point[][] = [];
  let place = 0;
  let left = lengths[0] as number;
  let part: Point[] | null = [line[0] as Point];
  for (const [index, to] of line.entries()) {
    if (index === 0) continue;
    let from = line[index - 1] as Point;
    let length = distance(from, to);
    while (length > left) {
      const share = left / length;
      const cut: Point = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
      if (part) parts.push([...part, cut]);
      part = part ? null : [cut];
      length -= left;
      from = cut;
      place = (place + 1) % lengths.length;
      left = lengths[place] as number;
    }
    left -= length;
    part?.push(to);
  }
  if (part && part.length > 1) parts.push(part);
  return parts;
}
