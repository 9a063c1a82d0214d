import type { SceneShape } from "@underdraw/engine/core";
import { type Matrix, moved } from "./matrix.ts";

// Outlines as path data, in a node's own units. Figma gives M, L, Q, C and Z with absolute coordinates.

/** A matrix as scenes write it. */
export const sixOf = ([[a, c, e], [b, d, f]]: Matrix): SceneShape["matrix"] => [a, b, c, d, e, f];

/** An outline, and how it is filled. */
export interface Outline {
  readonly path: string;
  readonly rule?: "evenodd";
}

/** Figma's paths as one; null without any. */
export function joined(paths: VectorPaths): Outline | null {
  const path = paths.map(({ data }) => data).join("");
  if (!/\d/.test(path)) return null;
  return paths.some(({ windingRule }) => windingRule === "EVENODD") ? { path, rule: "evenodd" } : { path };
}

/** A box at the origin whose corners may be round: their radii across and down, from the top right on, with the clock. */
interface RoundBox {
  readonly width: number;
  readonly height: number;
  readonly radii: readonly (readonly [across: number, down: number])[];
}

/** How each corner is gone round with the clock: the way to it, and the way on. */
const turns = [
  [1, 0, 0, 1],
  [0, 1, -1, 0],
  [-1, 0, 0, -1],
  [0, -1, 1, 0],
] as const;

/** How far a circle's control points lie from its corner, for a radius of 1: the usual four curves for a circle. */
const bend = 1 - 0.5522847498;

/** The path of a box whose sides are moved outward by `by`; radii are taken as they are. */
export function boxPath({ width, height, radii }: RoundBox, by = 0): string {
  const corners = turns.map(([inX, inY, outX, outY], at) => {
    const [across = 0, down = 0] = radii[at] ?? [];
    const [x, y] = [at < 2 ? width + by : -by, at % 3 ? height + by : -by];
    const before = (share: number): string => `${x - inX * across * share} ${y - inY * down * share}`;
    const after = (share: number): string => `${x + outX * across * share} ${y + outY * down * share}`;
    return across > 0 && down > 0 ? `L${before(1)}C${before(bend)} ${after(bend)} ${after(1)}` : `L${x} ${y}`;
  });
  return `M${corners.join("").slice(1)}Z`;
}

/** The outline of a node's box. */
export const boxOutline = ({ width, height }: SceneNode): Outline => ({ path: boxPath({ width, height, radii: [] }) });

/** The box that a node is; null for a node of another shape. */
export function roundBoxOf(node: SceneNode): RoundBox | null {
  const { width, height } = node;
  if (node.type === "ELLIPSE") {
    const { startingAngle, endingAngle, innerRadius } = node.arcData;
    const isWhole = innerRadius === 0 && Math.abs(endingAngle - startingAngle) > 6.283;
    const radius = [width / 2, height / 2] as const;
    return isWhole ? { width, height, radii: [radius, radius, radius, radius] } : null;
  }
  if (!("topLeftRadius" in node)) return "fillGeometry" in node ? null : { width, height, radii: [] };
  const { topRightRadius, bottomRightRadius, bottomLeftRadius, topLeftRadius } = node;
  const most = Math.min(width, height) / 2;
  const radii = [topRightRadius, bottomRightRadius, bottomLeftRadius, topLeftRadius].map(
    (radius) => [Math.min(radius, most), Math.min(radius, most)] as const,
  );
  return { width, height, radii };
}

/** What a node's fills cover; null where nobody can tell. Figma may give nothing for a node that is not filled. */
export function bodyOf(node: SceneNode): Outline | null {
  const given = "fillGeometry" in node ? joined(node.fillGeometry) : null;
  const box = given ? null : roundBoxOf(node);
  return box ? { path: boxPath(box) } : given;
}

/** The middle of a node's strokes; null where nobody can tell. */
export function centreOf(node: SceneNode): Outline | null {
  if (node.type === "LINE") return { path: `M0 0L${node.width} 0` };
  const body = bodyOf(node);
  if (!("vectorPaths" in node)) return body;
  const paths = node.vectorPaths;
  // The body knows of round corners, but not of lines that enclose nothing.
  return body && paths.every(({ windingRule }) => windingRule !== "NONE") ? body : joined(paths);
}

/** A path elsewhere: every point is where the matrix takes it. */
export function movedPath(path: string, matrix: Matrix): string {
  return path.replace(/([-+.\de]+)[\s,]+([-+.\de]+)/gi, (_, x, y) => moved(matrix, Number(x), Number(y)).join(" "));
}
