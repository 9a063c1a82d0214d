import * as z from "zod/mini";
import type { Pose } from "../core/pose.ts";
import type { ConditionContext, MapConvention } from "./condition.ts";

/** Options of every condition that draws a pose. */
export const poseOptions = {
  hands: z._default(z.boolean(), true).check(z.describe("Draw hands.")),
  face: z._default(z.boolean(), true).check(z.describe("Draw the points of faces.")),
  order: z
    ._default(z.enum(["by-person", "limbs-first"]), "by-person")
    .check(
      z.describe(
        "Which lies on top where people overlap: each person whole over the one before, or all joints over all limbs.",
      ),
    ),
  stick: z
    ._default(z.enum(["fixed", "scaled"]), "fixed")
    .check(
      z.describe(
        "How wide limbs are: 8 pixels at every size, or wider on pictures from 500 pixels on, as xinsir's nets for SDXL want.",
      ),
    ),
};

/** The option of conditions whose source may hold animals. */
export const animalOption = {
  animals: z._default(z.boolean(), true).check(z.describe("Draw animals, as nets for AP-10K's joints want them.")),
};

/** What the map of a pose means. */
export const poseConvention: MapConvention = { values: "palette", polarity: "none", resize: "nearest" };

/** The nets that read poses. */
export const poseNets: readonly string[] = ["openpose", "pose"];

/** Tells that a detector found nobody: the map is black then, which could be taken for a fault. */
export function tellNobody({ people }: Pose, context: ConditionContext): void {
  if (people.length > 0) return;
  context.note?.({
    code: "pose-nobody",
    message: "Nobody was found in the picture, so the map of the pose is empty.",
    remedy: "Take a picture in which people are larger and seen from head to hips, or give their joints.",
  });
}
