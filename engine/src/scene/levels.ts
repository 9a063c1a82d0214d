import { type Box, intersection, isEmpty, union } from "./box.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";

/** Shapes that count as one, from the back to the front. */
export interface Level {
  /** Places in the outlined scene. */
  readonly shapes: readonly number[];
  /** The pixels of the map that they can touch. */
  readonly box: Box;
}

/** A level for each shape that shows, or for each of the outermost groups and each shape in none. */
export interface Levels {
  /** A group lies where the foremost of its shapes does. */
  readonly levels: readonly Level[];
  /** For each shape of the scene its level's place; -1 for one that shows nothing. */
  readonly levelOf: Int32Array<ArrayBuffer>;
}

/** True for a shape whose area or line hides what lies behind: less than half opaque is looked through. */
export function shows({ body, line, opacity, solidity }: OutlinedShape): boolean {
  return (body !== null && solidity >= 0.5) || (line !== null && opacity >= 0.5);
}

/** The pixels of the map that a shape's area and line can touch. */
function boxOfShape({ body, line }: OutlinedShape, { width, height }: Outlined): Box {
  const frame = { left: 0, top: 0, right: width, bottom: height };
  const [a, b] = [body, line].map((edges) => (edges ? intersection(edges.box, frame) : nothing)) as [Box, Box];
  return union(a, b);
}

const nothing: Box = { left: 0, top: 0, right: 0, bottom: 0 };

/** Sorts a scene's shapes into levels, from the back to the front. Yields the share done. */
export function* levelsOf(outlined: Outlined, options: { readonly groups: boolean }): Generator<number, Levels, void> {
  const levelOf = new Int32Array(outlined.shapes.length).fill(-1);
  const members = new Map<string | number, number[]>();
  for (const [at, shape] of outlined.shapes.entries()) {
    if (at % 256 === 255) yield at / outlined.shapes.length;
    // What lies outside of the map is no level of it.
    if (!shows(shape) || isEmpty(boxOfShape(shape, outlined))) continue;
    const key = options.groups ? (shape.groups[0]?.id ?? at) : at;
    const found = members.get(key);
    if (found) found.push(at);
    else members.set(key, [at]);
  }
  const sorted = [...members.values()].sort((a, b) => (a.at(-1) as number) - (b.at(-1) as number));
  const levels = sorted.map((shapes, level): Level => {
    let box = nothing;
    for (const at of shapes) {
      levelOf[at] = level;
      box = union(box, boxOfShape(outlined.shapes[at] as OutlinedShape, outlined));
    }
    return { shapes, box };
  });
  return { levels, levelOf };
}

/** How much of the map a level's shapes take, in pixels, as if nothing lay over them. */
export function areaOf({ shapes }: Level, outlined: Outlined): number {
  let sum = 0;
  for (const at of shapes) {
    const shape = outlined.shapes[at] as OutlinedShape;
    const { left, top, right, bottom } = boxOfShape(shape, outlined);
    const most = Math.max(0, right - left) * Math.max(0, bottom - top);
    // Edges are closed rings: half the sum of their cross products is what they enclose.
    let twice = 0;
    const { data } = (shape.body ?? shape.line) as { readonly data: Float32Array };
    for (let n = 0; n < data.length; n += 4) {
      twice += (data[n] as number) * (data[n + 3] as number) - (data[n + 2] as number) * (data[n + 1] as number);
    }
    const area = Math.abs(twice) / 2;
    sum += Number.isFinite(area) ? Math.min(area, most) : most;
  }
  return sum;
}
