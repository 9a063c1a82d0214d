// Outlines of layers: what Photoshop's paths, traced pixels and boxes have in common. Coordinates are pixels of the
// document. How several outlines make one area is in area.ts.

/**
 * One line of an outline: six numbers a knot, its handle before, itself, its handle after (x, y each). A corner's handles
 * lie on it.
 */
export interface Ring {
  readonly closed: boolean;
  readonly knots: readonly number[] | Float64Array;
}

/** Lines that enclose an area together. */
export interface Outline {
  readonly rings: readonly Ring[];
  /** Which parts are inside where lines cross or lie in each other. */
  readonly rule: "nonzero" | "evenodd";
}

/** A box of an outline. */
export interface Extent {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The outline of a box. */
export function boxOutline({ left, top, right, bottom }: Extent): Outline {
  return { rule: "nonzero", rings: [cornered([left, top, right, top, right, bottom, left, bottom])] };
}

/** A closed ring of straight lines through points: x, y, x, y … */
export function cornered(points: ArrayLike<number>): Ring {
  const knots = new Float64Array(points.length * 3);
  for (let n = 0; n < points.length; n += 2) {
    for (let k = 0; k < 6; k++) knots[n * 3 + k] = points[n + (k & 1)] as number;
  }
  return { closed: true, knots };
}

/** The box around all points and handles; null for an outline without any. */
export function extentOfOutline(rings: readonly Ring[]): Extent | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { knots } of rings) {
    for (let n = 0; n < knots.length; n += 2) {
      const [x, y] = [knots[n] as number, knots[n + 1] as number];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right >= left ? { left, top, right, bottom } : null;
}

/** A number to the thousandth of a pixel, in as few characters as it takes. */
const text = (value: number): string => String(Math.round(value * 1000) / 1000 || 0);

/** An outline as SVG path data; empty for one without points. A line that is not closed stays open. */
export function pathText(rings: readonly Ring[]): string {
  const parts: string[] = [];
  for (const { knots, closed } of rings) {
    const count = knots.length / 6;
    if (count === 0) continue;
    const at = (knot: number, value: number): number => knots[6 * knot + value] as number;
    parts.push(`M${text(at(0, 2))} ${text(at(0, 3))}`);
    for (let n = 1; n < count + (closed && count > 1 ? 1 : 0); n++) {
      const [from, to] = [n - 1, n % count];
      const straight =
        at(from, 4) === at(from, 2) &&
        at(from, 5) === at(from, 3) &&
        at(to, 0) === at(to, 2) &&
        at(to, 1) === at(to, 3);
      // Closing draws the last straight line by itself.
      if (straight && n === count) break;
      const end = `${text(at(to, 2))} ${text(at(to, 3))}`;
      parts.push(
        straight
          ? `L${end}`
          : `C${text(at(from, 4))} ${text(at(from, 5))} ${text(at(to, 0))} ${text(at(to, 1))} ${end}`,
      );
    }
    if (closed) parts.push("Z");
  }
  return parts.join("");
}
