import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { animalOption, poseConvention, poseNets, poseOptions } from "./pose-options.ts";

/** A pose in OpenPose's colours on black, drawn from joints: to the pixel as OpenPose's annotators draw it. */
export const pose = defineCondition({
  id: "pose",
  title: "Pose",
  about: "People, hands, faces and animals from joints, drawn to the pixel as OpenPose does.",
  reads: "pose",
  options: z.object({ ...poseOptions, ...animalOption }),
  convention: poseConvention,
  compare: "joint-agreement",
  nets: poseNets,
  extract: async (source, options) => (await import("../pose/draw.ts")).posePainting(source, options),
});
