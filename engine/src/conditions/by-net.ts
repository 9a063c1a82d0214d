import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import { depthPicture, depthSize, pictureTensor, type SeenSize, seenPicture, seenSize } from "../vision/annotator.ts";
import { planesOf } from "../vision/answer.ts";
import { type NetDepthOptions, netDepth } from "../vision/net-depth.ts";
import { isDark, type NetEdgesOptions, netEdges, scaledBy, valuesOf } from "../vision/net-edges.ts";
import type { FloatPlane } from "../vision/plane.ts";
import type { ConditionContext } from "./condition.ts";

// How a condition that sees through a net goes: the picture at the net's size, one run, the answer as a map. Loaded when a
// map is drawn. A net gets its picture as `picture`, red, green and blue from 0 to 255; what it makes of that is known
// where its file is opened.

type Work = Generator<number, Pixels, void>;
type Inputs = Readonly<Record<string, Tensor>>;

/** How a user says that a net reads its picture, where its file does not tell or tells wrong. */
export interface ReadBy {
  readonly values: "auto" | "imagenet" | "unit" | "signed" | "bytes";
  readonly channels: "auto" | "rgb" | "bgr";
}

/** Mean and deviation of values from 0 to 255: those of ImageNet's pictures are .485 .456 .406 and .229 .224 .225. */
const ranges = {
  imagenet: [
    [123.675, 116.28, 103.53],
    [58.395, 57.12, 57.375],
  ],
  unit: [
    [0, 0, 0],
    [255, 255, 255],
  ],
  signed: [
    [127.5, 127.5, 127.5],
    [127.5, 127.5, 127.5],
  ],
  bytes: [
    [0, 0, 0],
    [1, 1, 1],
  ],
} as const;

const three = (values: readonly number[]): Tensor => ({ dims: [3], values: Float32Array.from(values) });

function saidInputs({ values, channels }: ReadBy): Inputs {
  const said: Record<string, Tensor> = {};
  const bgr = channels === "bgr";
  if (values !== "auto") {
    const [mean, deviation] = ranges[values];
    // In the net's own order, as its first channel comes first.
    said["mean"] = three(bgr ? [...mean].reverse() : mean);
    said["deviation"] = three(bgr ? [...deviation].reverse() : deviation);
  }
  if (channels !== "auto") said["order"] = three(bgr ? [2, 1, 0] : [0, 1, 2]);
  return said;
}

/** Runs a net on a picture; its answers are planes of one number a place. */
async function answers(
  context: ConditionContext,
  model: string,
  picture: Pixels,
  readBy: ReadBy | undefined,
): Promise<{ readonly outputs: Inputs; readonly planes: readonly FloatPlane[] }> {
  const inputs = { picture: pictureTensor(picture), ...(readBy ? saidInputs(readBy) : {}) };
  const outputs = await context.run(model, inputs);
  const planes = planesOf(outputs);
  if (planes.length > 0) return { outputs, planes };
  const actual =
    Object.entries(outputs)
      .map(([name, { dims }]) => `${name} [${dims.join(", ")}]`)
      .join(", ") || "nothing";
  const message = `The file for "${model}" gives ${actual}, and a map of one number a pixel is needed. Take a net that gives one.`;
  throw new UnderdrawError("model-incompatible", message, { id: model, expected: "one number a pixel", actual });
}

/** Draws depth as a net sees it. */
export async function depthByNet(
  source: Pixels,
  context: ConditionContext,
  model: string,
  options: NetDepthOptions & { readonly resolution: number; readonly readBy?: ReadBy },
): Promise<Work> {
  const seen = depthSize(source.width, source.height, options.resolution);
  const { outputs, planes } = await answers(context, model, depthPicture(source, seen), options.readBy);
  // A net that was trained on metres says so by the name of its answer.
  const told = "distance" in outputs ? ({ near: "small", spread: "middle" } as const) : {};
  return netDepth(planes[0] as FloatPlane, seen, source, { ...options, ...told });
}

/** How lines are drawn from a net's answers. */
export interface EdgesByNetOptions extends Pick<NetEdgesOptions, "filter" | "safeSteps"> {
  readonly resolution?: number | undefined;
  /** Which of several answers count. */
  readonly answers: "all" | "last";
  /** What the answers are, where that is known. */
  readonly values?: NetEdgesOptions["values"];
  /** Whether lines are dark on a light ground; without it that is looked at. */
  readonly dark?: boolean | undefined;
  readonly readBy?: ReadBy;
}

/** Draws lines as a net sees them. */
export async function edgesByNet(
  source: Pixels,
  context: ConditionContext,
  model: string,
  { resolution, answers: counted, values, dark, readBy, ...options }: EdgesByNetOptions,
): Promise<Work> {
  const seen: SeenSize = seenSize(source.width, source.height, resolution);
  const { planes } = await answers(context, model, seenPicture(source, seen), readBy);
  const last = planes.at(-1) as FloatPlane;
  const found = values ? { values, scale: 1 } : valuesOf(last);
  const used = (counted === "all" ? planes : [last]).map((plane) => scaledBy(plane, found.scale));
  const isDarkOnLight = dark ?? isDark(last, found.values, found.scale);
  return netEdges(used, seen, source, { ...options, values: found.values, dark: isDarkOnLight });
}
