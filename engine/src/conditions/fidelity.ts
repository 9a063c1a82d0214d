import type { Pixels } from "../core/pixels.ts";
import { directions, meanAngle, meanDistance } from "../vision/apart.ts";
import { classesOf, flatColours } from "../vision/classes.ts";
import { jointAgreement, type SeenJoint, seenJoints } from "../vision/joint-blobs.ts";
import { toLab } from "../vision/lab.ts";
import { above, f1, intersectionOverUnion, type Marks, meanOverlap, reached } from "../vision/overlap.ts";
import { mean, otsu, type Plane } from "../vision/plane.ts";
import { rankCorrelation } from "../vision/rank.ts";
import { rolled, type Samples } from "../vision/roll.ts";
import type { MapConvention } from "./condition.ts";

// How well a map that was found in a result agrees with the map that steered it. A number alone says nothing: lines met
// within some pixels are often met by chance, and a sky is bright above in most pictures. So each comes with its chance
// level: the mean of the same measure after the found map was moved by parts of its size, which keeps all that is in it
// but its place. What lies between chance and the best is what the control did.

/**
 * A way of comparing two maps. `line-f1`: lines met within a tolerance. `area-iou`: bright areas. `class-iou`: areas of
 * flat colours, mean over the colours. `rank-correlation`: the order of grays. `colour-distance`: mean distance in Lab.
 * `normal-angle`: mean angle between directions, in degrees. `joint-agreement`: joints of poses by kind and place.
 */
export type Measure =
  | "line-f1"
  | "area-iou"
  | "class-iou"
  | "rank-correlation"
  | "colour-distance"
  | "normal-angle"
  | "joint-agreement";

/** How well two maps agree. */
export interface Fidelity {
  /** The measure's name: one of `Measure`, or a condition's own. */
  readonly measure: string;
  readonly value: number;
  /** What the measure gives for maps that have nothing to do with each other: no success begins below it. */
  readonly chance: number;
  /** Whether more or less is better agreement. */
  readonly better: "higher" | "lower";
}

/** How far the found map is moved for the chance level, in parts of its width and height. */
const moves = [
  [1 / 2, 0],
  [0, 1 / 2],
  [1 / 2, 1 / 2],
  [1 / 4, 3 / 4],
  [3 / 4, 1 / 4],
] as const;

/** A measure's arithmetic: maps are prepared once, and moved as often as chance asks. */
interface Method<Prepared> {
  readonly better: "higher" | "lower";
  prepare(wanted: Pixels, found: Pixels): readonly [wanted: Prepared, found: Prepared];
  move(found: Prepared, right: number, down: number): Prepared;
  score(wanted: Prepared, found: Prepared): number;
}

const method = <Prepared>(of: Method<Prepared>): Method<unknown> => of as Method<unknown>;

const movePlane = (plane: Plane, right: number, down: number): Plane => rolled({ ...plane, channels: 1 }, right, down);

const moveMarks = ({ set, near }: Marks, right: number, down: number): Marks => ({
  set: movePlane(set, right, down),
  near: movePlane(near, right, down),
});

/** What is brighter than a level. */
function marks(map: Pixels, level: number): Marks {
  const set = above(map, level);
  return { set, near: reached(set, tolerance(map)) };
}

/** Levels from here to black are the noise of an empty ground. */
const ground = 31;

/** Within how many pixels a line is met: one on 64 pixels, as the paper's edges are compared, and in proportion. */
function tolerance({ width, height }: Pixels): number {
  return Math.max(1, Math.round(Math.min(width, height) / 64));
}

interface Joints {
  readonly joints: readonly SeenJoint[];
  readonly width: number;
  readonly height: number;
  /** Whatever is drawn: what counts where neither map shows a joint, as with faces and animals. */
  readonly drawn: Marks;
}

const methods: Readonly<Record<Measure, Method<unknown>>> = {
  "line-f1": method<Marks>({
    better: "higher",
    prepare: (wanted, found) => {
      // The level that parts the wanted map's lines from its ground counts in both: an empty result has no lines.
      const level = Math.max(otsu(mean(wanted)), ground);
      return [marks(wanted, level), marks(found, level)];
    },
    move: moveMarks,
    score: f1,
  }),
  "area-iou": method<Plane>({
    better: "higher",
    prepare: (wanted, found) => [above(wanted, 127), above(found, 127)],
    move: movePlane,
    score: intersectionOverUnion,
  }),
  "class-iou": method<{ readonly classes: Plane; readonly count: number }>({
    better: "higher",
    prepare: (wanted, found) => {
      const colours = flatColours(wanted, found);
      const prepared = (map: Pixels) => ({ classes: classesOf(map, colours), count: colours.length });
      return [prepared(wanted), prepared(found)];
    },
    move: ({ classes, count }, right, down) => ({ classes: movePlane(classes, right, down), count }),
    score: (wanted, found) => meanOverlap(wanted.classes, found.classes, wanted.count),
  }),
  "rank-correlation": method<Plane>({
    better: "higher",
    prepare: (wanted, found) => [mean(wanted), mean(found)],
    move: movePlane,
    score: rankCorrelation,
  }),
  "colour-distance": method<Samples<Float32Array>>({
    better: "lower",
    prepare: (wanted, found) => [lab(wanted), lab(found)],
    move: rolled,
    score: meanDistance,
  }),
  "normal-angle": method<Samples<Float32Array>>({
    better: "lower",
    prepare: (wanted, found) => [directions(wanted), directions(found)],
    move: rolled,
    score: meanAngle,
  }),
  "joint-agreement": method<Joints>({
    better: "higher",
    prepare: (wanted, found) => [joints(wanted), joints(found)],
    move: ({ joints, width, height, drawn }, right, down) => ({
      joints: joints.map(({ joint, x, y }) => ({ joint, x: (x + right) % width, y: (y + down) % height })),
      width,
      height,
      drawn: moveMarks(drawn, right, down),
    }),
    score: (wanted, found) =>
      wanted.joints.length + found.joints.length > 0
        ? jointAgreement(wanted.joints, found.joints, Math.max(4, Math.min(wanted.width, wanted.height) / 16))
        : f1(wanted.drawn, found.drawn),
  }),
};

const joints = (map: Pixels): Joints => ({
  joints: seenJoints(map),
  width: map.width,
  height: map.height,
  drawn: marks(map, 10),
});

const lab = (map: Pixels): Samples<Float32Array> => ({
  width: map.width,
  height: map.height,
  channels: 3,
  data: toLab(map),
});

/** The measure that suits maps of a convention: what a condition is compared by where it does not say. */
export function usualMeasure({ values, background, display }: Required<MapConvention>): Measure {
  switch (values) {
    case "soft":
      return "line-f1";
    case "binary":
      // Lines are shown dark on white, areas as they are.
      return display === "inverted" ? "line-f1" : "area-iou";
    case "gray":
      return "rank-correlation";
    case "palette":
      return "class-iou";
    case "rgb":
      // The ground of normal maps: facing the viewer.
      return background.join() === "128,128,255" ? "normal-angle" : "colour-distance";
  }
}

/** Compares two maps by a measure. Throws a `RangeError` for maps of different size. */
export function compareMaps(wanted: Pixels, found: Pixels, measure: Measure): Fidelity {
  checkSizes(wanted, found);
  const { better, prepare, move, score } = methods[measure];
  const [one, other] = prepare(wanted, found);
  const { width, height } = wanted;
  const chance = meanOfMoves(width, height, (right, down) => score(one, move(other, right, down)));
  return { measure, value: score(one, other), chance, better };
}

/**
 * The chance level of a measure of one's own: its mean over the found map moved by parts of its size. For a condition
 * that compares in its own way. Throws a `RangeError` for maps of different size.
 */
export function chance(wanted: Pixels, found: Pixels, score: (wanted: Pixels, found: Pixels) => number): number {
  checkSizes(wanted, found);
  const { width, height, data } = found;
  return meanOfMoves(width, height, (right, down) =>
    score(wanted, { width, height, data: rolled({ width, height, channels: 4, data }, right, down).data }),
  );
}

function meanOfMoves(width: number, height: number, score: (right: number, down: number) => number): number {
  let sum = 0;
  for (const [right, down] of moves) sum += score(Math.round(right * width), Math.round(down * height));
  return sum / moves.length;
}

function checkSizes(wanted: Pixels, found: Pixels): void {
  if (wanted.width === found.width && wanted.height === found.height) return;
  throw new RangeError(
    `compare: the wanted map has ${wanted.width}x${wanted.height} pixels and the found one ${found.width}x${found.height}. Bring the result to the size of the map first, and draw the condition from that.`,
  );
}
