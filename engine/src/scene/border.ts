import type { Run } from "./flatten.ts";

/**
 * Runs without their pieces along the border of a map or outside of it: what reaches as far as the map ends has no edge
 * there that could be seen. Runs without such pieces stay as they are.
 */
export function withoutBorder(runs: readonly Run[], width: number, height: number): readonly Run[] {
  return runs.flatMap((run) => inner(run, width - 0.5, height - 0.5));
}

function inner(run: Run, right: number, bottom: number): readonly Run[] {
  const { points, smooth, closed } = run;
  const count = points.length / 2;
  const pieces = closed ? count : count - 1;
  const x = (n: number): number => points[2 * (n % count)] as number;
  const y = (n: number): number => points[2 * (n % count) + 1] as number;
  const isOuter = (n: number): boolean =>
    (x(n) <= 0.5 && x(n + 1) <= 0.5) ||
    (y(n) <= 0.5 && y(n + 1) <= 0.5) ||
    (x(n) >= right && x(n + 1) >= right) ||
    (y(n) >= bottom && y(n + 1) >= bottom);
  let first = 0;
  while (first < pieces && !isOuter(first)) first++;
  if (first === pieces) return [run];
  // A closed run is begun anew behind a piece that goes, so that nothing is cut where it happened to begin.
  const start = closed ? first + 1 : 0;
  const made: Run[] = [];
  let xy: number[] = [];
  let bends: number[] = [];
  const end = () => {
    if (xy.length > 2) made.push({ points: Float64Array.from(xy), smooth: Uint8Array.from(bends), closed: false });
    xy = [];
    bends = [];
  };
  for (let n = start; n < start + pieces; n++) {
    if (isOuter(n)) {
      end();
      continue;
    }
    if (xy.length === 0) {
      xy.push(x(n), y(n));
      bends.push(0);
    }
    xy.push(x(n + 1), y(n + 1));
    bends.push(smooth[(n + 1) % count] as number);
  }
  end();
  return made;
}
