/** Which of the four arcs between two points on an ellipse is meant. */
export interface ArcFlags {
  /** The one of more than half a turn. */
  readonly large: boolean;
  /** The one in the direction from x to y. */
  readonly sweep: boolean;
}

const eighth = Math.sqrt(0.5);
/** How long the handles of a curve are that stands for an eighth of a circle of radius 1: 4/3 tan(pi / 16). */
const handle = 0.265216489839544;

/**
 * An arc of SVG (SVG 2, B.2) as cubic curves, six numbers each, one for an eighth of a turn (within 5e-6 of the radius) and
 * one for the rest; null for what is a straight line. By the four operations and square roots alone, so that every engine
 * gives the same bits: unit vectors are turned by eighths instead of adding angles.
 */
export function arcCurves(
  x0: number,
  y0: number,
  radiusX: number,
  radiusY: number,
  degrees: number,
  { large, sweep }: ArcFlags,
  x1: number,
  y1: number,
): readonly number[] | null {
  let [rx, ry] = [Math.abs(radiusX), Math.abs(radiusY)];
  if (rx === 0 || ry === 0 || (x0 === x1 && y0 === y1)) return null;
  const { sine, cosine } = turned(degrees);
  const [hx, hy] = [(x0 - x1) / 2, (y0 - y1) / 2];
  // The start in coordinates in which the ellipse is a circle of radius 1 and both ends lie opposite each other.
  let px = (cosine * hx + sine * hy) / rx;
  let py = (cosine * hy - sine * hx) / ry;
  const far = Math.sqrt(px * px + py * py);
  if (far > 1) {
    // No such ellipse is large enough: it grows until one is.
    [rx, ry, px, py] = [rx * far, ry * far, px / far, py / far];
  }
  const square = px * px + py * py;
  const reach = far >= 1 ? 0 : Math.sqrt((1 - square) / square) * (large === sweep ? -1 : 1);
  const [cx, cy] = [reach * py, -reach * px];
  let [ux, uy] = [px - cx, py - cy];
  const [vx, vy] = [-px - cx, -py - cy];
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const way = sweep ? 1 : -1;
  const curves: number[] = [];
  const point = (x: number, y: number) => {
    const [ex, ey] = [rx * (cx + x), ry * (cy + y)];
    curves.push(mx + cosine * ex - sine * ey, my + sine * ex + cosine * ey);
  };
  const curveTo = (wx: number, wy: number, long: number) => {
    point(ux - way * long * uy, uy + way * long * ux);
    point(wx + way * long * wy, wy - way * long * wx);
    point(wx, wy);
    [ux, uy] = [wx, wy];
  };
  for (let step = 0; step < 8; step++) {
    const along = ux * vx + uy * vy;
    // What is left is at most half a turn: from the start for a small arc, after half a turn for a large one.
    if ((!large || step >= 4) && along >= eighth) break;
    curveTo((ux - way * uy) * eighth, (uy + way * ux) * eighth, handle);
  }
  const along = Math.max(0, ux * vx + uy * vy);
  const half = Math.abs(ux * vy - uy * vx) / (1 + along);
  if (half > 1e-9 || curves.length === 0) curveTo(vx, vy, ((4 / 3) * half) / (1 + Math.sqrt(1 + half * half)));
  curves[curves.length - 2] = x1;
  curves[curves.length - 1] = y1;
  return Number.isFinite(curves.reduce((sum, value) => sum + value, 0)) ? curves : null;
}

/** Sine and cosine of degrees by their power series, within a last bit or two: `Math.sin` is another in every engine. */
export function turned(degrees: number): { readonly sine: number; readonly cosine: number } {
  const whole = degrees % 360;
  const quarter = Math.round(whole / 90);
  const angle = (whole - 90 * quarter) * (Math.PI / 180);
  const square = angle * angle;
  let [sine, cosine] = [0, 0];
  for (let n = 18; n >= 2; n -= 2) {
    sine = (1 + sine) * (-square / (n * (n + 1)));
    cosine = (1 + cosine) * (-square / (n * (n - 1)));
  }
  [sine, cosine] = [angle * (1 + sine), 1 + cosine];
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return { sine, cosine };
    case 1:
      return { sine: cosine, cosine: -sine };
    case 2:
      return { sine: -sine, cosine: -cosine };
    default:
      return { sine: -cosine, cosine: sine };
  }
}
