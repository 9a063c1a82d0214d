import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { poseConvention, poseNets, poseOptions, tellNobody } from "./pose-options.ts";
import { outputOf } from "./pose-outputs.ts";

const address = "https://huggingface.co/yzd-v/DWPose";

/** The poses of all people in a photo, with hands and faces, found by DW pose. */
export const poseDw = defineCondition({
  id: "pose-dw",
  title: "Pose from a photo (DW pose)",
  about: "The poses of people in a photo with hands and faces, found by DW pose.",
  options: z.object(poseOptions),
  convention: poseConvention,
  compare: "joint-agreement",
  nets: poseNets,
  models: {
    detector: {
      about:
        "YOLOX-L by Megvii as ONNX, which finds the people: yolox_l.onnx as published with DW pose. Code and file Apache-2.0; trained on COCO.",
      address,
    },
    pose: {
      about:
        "DW pose by IDEA Research as ONNX, which finds the joints: dw-ll_ucoco_384.onnx. Code Apache-2.0; read the terms of the sets that it was trained on, COCO-WholeBody and UBody, before commercial use.",
      address,
    },
  },
  extract: async (source, options, context) => {
    const [{ findByWholeBody }, { posePainting }] = await Promise.all([
      import("../pose/whole-body.ts"),
      import("../pose/draw.ts"),
    ]);
    const found = await findByWholeBody(source, {
      detect: async (images) => {
        context.signal?.throwIfAborted();
        return outputOf("detector", await context.run("detector", { images }), "output");
      },
      estimate: async (input) => {
        context.signal?.throwIfAborted();
        const outputs = await context.run("pose", { input });
        return [outputOf("pose", outputs, "simcc_x"), outputOf("pose", outputs, "simcc_y")];
      },
    });
    tellNobody(found, context);
    return posePainting(found, options);
  },
});
