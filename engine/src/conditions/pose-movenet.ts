import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { poseConvention, poseNets, poseOptions, tellNobody } from "./pose-options.ts";
import { outputOf } from "./pose-outputs.ts";

const { order, stick } = poseOptions;

/** The pose of one person in a photo, found by MoveNet: body alone, without hands and face. */
export const poseMovenet = defineCondition({
  id: "pose-movenet",
  title: "Pose from a photo (MoveNet)",
  about: "The pose of one person in a photo, found by MoveNet.",
  options: z.object({
    net: z
      ._default(z.enum(["lightning", "thunder"]), "lightning")
      .check(z.describe("Which MoveNet the file is: Lightning sees 192 pixels, Thunder 256 and is slower.")),
    order,
    stick,
  }),
  convention: poseConvention,
  compare: "joint-agreement",
  nets: poseNets,
  models: {
    movenet: {
      about:
        "MoveNet for one person by Google, as ONNX: Lightning in the package @underdraw/model-pose, or Thunder. Apache-2.0.",
      address: "https://www.npmjs.com/package/@underdraw/model-pose",
      // Lightning and Thunder, as models/recipe/pose converts them.
      sha256: [
        "13b93a75df08dcd2d264628e9207b69b5135d22f72710371b51b42171d04873c",
        "9205f2888f29fdadabeadcbe92adcc58e25c02832b95fab4b06a5d9db990cda7",
      ],
    },
  },
  extract: async (source, { net, ...drawing }, context) => {
    const [{ findByMovenet }, { posePainting }] = await Promise.all([
      import("../pose/movenet.ts"),
      import("../pose/draw.ts"),
    ]);
    const found = await findByMovenet(source, net === "thunder" ? 256 : 192, async (input) => {
      context.signal?.throwIfAborted();
      return outputOf("movenet", await context.run("movenet", { input }), "joints");
    });
    tellNobody(found, context);
    return posePainting(found, drawing);
  },
});
