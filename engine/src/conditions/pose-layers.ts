import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { poseConvention, poseNets, poseOptions } from "./pose-options.ts";

const { order, stick } = poseOptions;

/** A pose from a drawing: from shapes that are named after joints, as `P00_J03` or "right elbow" in a skeleton. */
export const poseLayers = defineCondition({
  id: "pose-layers",
  title: "Pose from named layers",
  about: "A pose from a skeleton of named shapes, which can be moved in the document.",
  reads: "scene",
  options: z.object({ order, stick }),
  convention: poseConvention,
  compare: "joint-agreement",
  nets: poseNets,
  extract: async (source, options) => {
    const [{ poseOfScene }, { posePainting }] = await Promise.all([
      import("../scene/scene-pose.ts"),
      import("../pose/draw.ts"),
    ]);
    return posePainting(poseOfScene(source), options);
  },
});
