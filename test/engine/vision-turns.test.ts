import { expect, test } from "vitest";
import { depthNormalMap } from "../../engine/src/vision/depth-normals.ts";
import { distances } from "../../engine/src/vision/distance.ts";
import { fillMap } from "../../engine/src/vision/fill-mask.ts";
import { flattening, inverting } from "../../engine/src/vision/matte.ts";
import { opacityMap } from "../../engine/src/vision/opacity.ts";
import { palette } from "../../engine/src/vision/palette.ts";
import { channelOf, graying } from "../../engine/src/vision/plane.ts";
import { cushion, silhouetteMap } from "../../engine/src/vision/silhouette.ts";
import { softEdges } from "../../engine/src/vision/soft-edges.ts";
import { painted, random } from "./structure-golden.ts";

// What is stopped is heard between two steps alone. So each pass over a large picture takes steps of its own: counted, as
// a clock would measure whatever else the machine does.

const [width, height] = [1024, 1024];
const dice = random(3);
const grain = Uint8Array.from({ length: width * height }, () => 24 * dice());
const source = painted(width, height, (x, y) => {
  const subject = Math.hypot(x - 500, y - 520) < 300 ? 120 : 0;
  return [60 + subject + (grain[y * width + x] as number), 200 - subject, (x >> 3) + (grain[x * width + y] as number)];
});
const subject = { tolerance: 0, area: 64 };

/** How many steps a work takes; none goes back, and none goes beyond 1. */
function stepsOf(work: Generator<number, unknown, void>): number {
  let [steps, last] = [0, 0];
  for (const share of work) {
    expect(share).toBeGreaterThanOrEqual(last);
    expect(share).toBeLessThanOrEqual(1);
    last = share;
    steps++;
  }
  return steps;
}

test.each([
  ["soft edges", () => softEdges(source, { detail: 0.5, strength: 1 }), 40],
  ["a silhouette", () => silhouetteMap(source, subject), 60],
  ["a cushion", () => cushion(source, { ...subject, base: 0, each: true }), 90],
  ["colour areas", () => palette(source, { colours: 8, seed: 0, area: 64 }), 30],
  [
    "normals of depth",
    () => depthNormalMap(source, { strength: 1, smooth: 1, background: 0.1, flipRed: false, flipGreen: false }),
    10,
  ],
  ["distances", () => distances(channelOf(source, 0)), 20],
  ["an opacity", () => opacityMap(source, { threshold: 127, soft: false, invert: false }), 3],
  ["a picture to fill in", () => fillMap(source, 127), 3],
  ["a picture on its ground", () => flattening(source, "white"), 3],
  ["a negative", () => inverting(source), 3],
  ["a gray plane as a picture", () => graying(channelOf(source, 0)), 3],
] as const)("%s of a large picture is made in many steps", (_, work, least) => {
  expect(stepsOf(work())).toBeGreaterThanOrEqual(least);
});
