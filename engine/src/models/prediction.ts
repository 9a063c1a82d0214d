import type { RawConfig } from "./configs.ts";
import type { Safetensors } from "./safetensors.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import { countOf, type Tensors } from "./tensors.ts";

/** What a UNet predicts, and by what that was told. */
export interface Prediction {
  readonly type: NonNullable<SchedulerConfig["prediction_type"]>;
  readonly evidence: string;
  /** The evidence is no more than a guess, and a wrong guess gives noise. */
  readonly assumed: boolean;
}

/** The bias whose spread tells the two Stable Diffusion 2 apart (ComfyUI's test, which it calls unsure itself). */
const TELLING = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";
/** Above this spread it predicts v. */
const SPREAD = 0.09;
/** The step at which Stable Diffusion 2's base, which predicts noise, was published. */
const BASE_STEP = 875000;

/**
 * What the UNet of a single file predicts: names and shapes are the same for noise and v, so marker tensors, the
 * number of input channels, the step of training and at last the spread of one bias are asked, in this order.
 */
export function predictionOf(file: Safetensors, unet: Tensors, given: RawConfig): Prediction {
  const asked = given["prediction_type"];
  if (asked === "epsilon" || asked === "v_prediction" || asked === "sample")
    return { type: asked, evidence: "it was given", assumed: false };
  const marker = ["v_pred", "ztsnr"].find((name) => file.tensors.has(name));
  if (marker) return { type: "v_prediction", evidence: `the file has the marker "${marker}"`, assumed: false };
  if (unet.shape("conv_in.weight")[1] === 9)
    return { type: "epsilon", evidence: "a UNet of 9 channels, for inpainting, predicts noise", assumed: false };
  if (stepOf(file) === BASE_STEP)
    return {
      type: "epsilon",
      evidence: `the file was saved at step ${BASE_STEP}, as the base model was`,
      assumed: false,
    };
  const context = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight";
  if (!unet.has(context) || unet.shape(context)[1] !== 1024 || !unet.has(TELLING))
    return {
      type: "epsilon",
      evidence: "nothing in the file says so; models of this shape mostly predict noise",
      assumed: true,
    };
  const spread = spreadOf(unet, TELLING);
  const evidence = `the spread of one bias is ${spread.toFixed(3)}, and above ${SPREAD} it is mostly v`;
  return { type: spread > SPREAD ? "v_prediction" : "epsilon", evidence, assumed: true };
}

function stepOf(file: Safetensors): number | null {
  const entry = file.tensors.get("global_step");
  if (!entry || (entry.bytes !== 4 && entry.bytes !== 8)) return null;
  const bytes = new Uint8Array(entry.bytes);
  file.read(bytes, entry.at);
  const view = new DataView(bytes.buffer);
  if (entry.dtype === "I64") return Number(view.getBigInt64(0, true));
  if (entry.dtype === "I32") return view.getInt32(0, true);
  return entry.dtype === "F32" ? view.getFloat32(0, true) : null;
}

/** The standard deviation (of a sample) of a tensor's numbers. */
function spreadOf(tensors: Tensors, key: string): number {
  const numbers = new Float32Array(countOf(tensors.shape(key)));
  tensors.read(key, numbers);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, numbers.length - 1));
}
