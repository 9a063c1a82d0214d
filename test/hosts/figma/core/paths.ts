import type { Rect } from "../typings.ts";

// Figma's path data: M, L, Q, C and Z with absolute coordinates, every word apart by a space.

/** A point. */
export type Point = readonly [x: number, y: number];

/** A part of an outline. */
export type Segment =
  | { readonly type: "move" | "line"; readonly to: Point }
  | { readonly type: "quadratic"; readonly over: Point; readonly to: Point }
  | { readonly type: "cubic"; readonly out: Point; readonly into: Point; readonly to: Point }
  | { readonly type: "close" };

/** An outline, and which of its loops are filled. */
export interface Outline {
  readonly segments: readonly Segment[];
  readonly rule: "NONZERO" | "EVENODD" | "NONE";
}

const counts: Readonly<Record<string, number>> = { M: 2, L: 2, Q: 4, C: 6, Z: 0 };

/** Reads path data; throws in the name of `where` for anything else. */
export function parsePaths(
  where: string,
  paths: readonly { readonly data: string; readonly windingRule: string }[],
): readonly Outline[] {
  return paths.map(({ data, windingRule }) => ({ rule: windingRule as Outline["rule"], segments: parse(where, data) }));
}

function parse(where: string, data: string): readonly Segment[] {
  const refuse = (what: string): never => {
    throw new Error(`in ${where}: Failed to convert path. Invalid command at ${what}`);
  };
  const words = data.trim() === "" ? [] : data.trim().split(/\s+/);
  const segments: Segment[] = [];
  for (let at = 0; at < words.length; ) {
    const command = words[at++] as string;
    const count = counts[command];
    if (count === undefined) return refuse(command);
    if (segments.length === 0 && command !== "M") return refuse(command);
    const numbers = words.slice(at, at + count).map(Number);
    if (numbers.length < count || numbers.some((value) => !Number.isFinite(value)))
      return refuse(words.slice(at, at + count).join(" "));
    at += count;
    segments.push(segment(command, numbers));
  }
  return segments;
}

function segment(command: string, numbers: readonly number[]): Segment {
  const point = (index: number): Point => [numbers[index] as number, numbers[index + 1] as number];
  switch (command) {
    case "M":
      return { type: "move", to: point(0) };
    case "L":
      return { type: "line", to: point(0) };
    case "Q":
      return { type: "quadratic", over: point(0), to: point(2) };
    case "C":
      return { type: "cubic", out: point(0), into: point(2), to: point(4) };
    default:
      return { type: "close" };
  }
}

/** Outlines as path data. */
export function printPaths(
  outlines: readonly Outline[],
): readonly { readonly windingRule: string; readonly data: string }[] {
  return outlines.map(({ segments, rule }) => ({ windingRule: rule, data: segments.map(print).join(" ") }));
}

function print(segment: Segment): string {
  switch (segment.type) {
    case "move":
      return `M ${segment.to.join(" ")}`;
    case "line":
      return `L ${segment.to.join(" ")}`;
    case "quadratic":
      return `Q ${segment.over.join(" ")} ${segment.to.join(" ")}`;
    case "cubic":
      return `C ${segment.out.join(" ")} ${segment.into.join(" ")} ${segment.to.join(" ")}`;
    case "close":
      return "Z";
  }
}

/** The outlines as lines alone, a list of points a loop; `step` is the longest line that stands for a piece of curve. */
export function flatten(
  outline: Outline,
  step: number,
): readonly { readonly points: readonly Point[]; readonly closed: boolean }[] {
  const loops: { points: Point[]; closed: boolean }[] = [];
  let start: Point = [0, 0];
  let at: Point = [0, 0];
  const current = (): { points: Point[]; closed: boolean } => {
    const last = loops.at(-1);
    if (last && !last.closed) return last;
    const loop = { points: [at], closed: false };
    loops.push(loop);
    return loop;
  };
  for (const segment of outline.segments) {
    switch (segment.type) {
      case "move":
        start = segment.to;
        loops.push({ points: [segment.to], closed: false });
        break;
      case "line":
        current().points.push(segment.to);
        break;
      case "quadratic": {
        const { over, to } = segment;
        const third = (from: Point): Point => [
          from[0] + ((over[0] - from[0]) * 2) / 3,
          from[1] + ((over[1] - from[1]) * 2) / 3,
        ];
        curve(current().points, at, third(at), third(to), to, step);
        break;
      }
      case "cubic":
        curve(current().points, at, segment.out, segment.into, segment.to, step);
        break;
      case "close": {
        const last = loops.at(-1);
        if (last) last.closed = true;
        break;
      }
    }
    at = segment.type === "close" ? start : segment.to;
  }
  return loops.filter(({ points }) => points.length > 1);
}

function curve(points: Point[], from: Point, out: Point, into: Point, to: Point, step: number): void {
  const distance = (p: Point, q: Point): number => Math.hypot(q[0] - p[0], q[1] - p[1]);
  const length = distance(from, out) + distance(out, into) + distance(into, to);
  const pieces = Math.min(512, Math.max(1, Math.ceil(length / step)));
  for (let piece = 1; piece <= pieces; piece++) {
    const t = piece / pieces;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
    points.push(
      piece === pieces
        ? to
        : [a * from[0] + b * out[0] + c * into[0] + d * to[0], a * from[1] + b * out[1] + c * into[1] + d * to[1]],
    );
  }
}

/** The box around outlines, in their own coordinates. */
export function pathsBox(outlines: readonly Outline[]): Rect {
  const rough = outlines.flatMap((outline) => flatten(outline, Infinity).flatMap(({ points }) => points));
  if (rough.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const size = Math.max(...rough.flat().map(Math.abs), 1);
  const points = outlines.flatMap((outline) => flatten(outline, size / 256).flatMap(({ points }) => points));
  const [left, top] = [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
  return {
    x: left,
    y: top,
    width: Math.max(...points.map(([x]) => x)) - left,
    height: Math.max(...points.map(([, y]) => y)) - top,
  };
}
