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

/** What a file says of itself beside its UNet. Folders have none of it. */
export type FileEvidence = Pick<Safetensors, "tensors" | "metadata" | "read">;

/** What trainers write under `modelspec.prediction_type` (Stability AI's ModelSpec 1.0). */
const spoken: Readonly<Record<string, Prediction["type"]>> = {
  epsilon: "epsilon",
  v: "v_prediction",
  v_prediction: "v_prediction",
};

/** The type that a setting or config names; null for none. A wrong word is the schedule's to refuse. */
const namedType = (value: unknown): Prediction["type"] | null =>
  value === "epsilon" || value === "v_prediction" || value === "sample" ? value : null;

/**
 * What a UNet predicts. Names and shapes are the same for noise and v, so this is asked, in this order: the caller's
 * setting; what a config says (a folder's, or a file's metadata); marker tensors; the number of input channels; the step
 * of training; and at last the spread of one bias, a guess. `config` is null where there is none, `file` for a folder.
 */
export function predictionOf(
  unet: Tensors,
  about: {
    readonly given: RawConfig;
    readonly config: { readonly name: string; readonly value: RawConfig } | null;
    readonly file: FileEvidence | null;
  },
): Prediction {
  const { given, config, file } = about;
  const asked = namedType(given["prediction_type"]);
  if (asked) return { type: asked, evidence: "it was given", assumed: false };
  if (config) {
    // diffusers takes a config that says nothing for noise.
    const said = namedType(config.value["prediction_type"]);
    const evidence = said ? `${config.name} says so` : "no config says otherwise, which means noise";
    return { type: said ?? "epsilon", evidence, assumed: false };
  }
  const own = file?.metadata.get("modelspec.prediction_type")?.toLowerCase() ?? "";
  const said = Object.hasOwn(spoken, own) ? spoken[own] : undefined;
  if (said) return { type: said, evidence: "the file's metadata says so (modelspec.prediction_type)", assumed: false };
  const marker = ["v_pred", "ztsnr"].find((name) => file?.tensors.has(name) || unet.has(name));
  if (marker) return { type: "v_prediction", evidence: `the file has the marker "${marker}"`, assumed: false };
  if (unet.shape("conv_in.weight")[1] === 9)
    return { type: "epsilon", evidence: "a UNet of 9 channels, for inpainting, predicts noise", assumed: false };
  if (file && stepOf(file) === BASE_STEP)
    return {
      type: "epsilon",
      evidence: `the file was saved at step ${BASE_STEP}, as the base model was`,
      assumed: false,
    };
  const context = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight";
  if (!unet.has(context) || unet.shape(context)[1] !== 1024 || !unet.has(TELLING))
    return {
      type: "epsilon",
      evidence: "nothing says so; models of this shape mostly predict noise",
      assumed: true,
    };
  const spread = spreadOf(unet, TELLING);
  const evidence = `the spread of one bias is ${spread.toFixed(3)}, and above ${SPREAD} it is mostly v`;
  return { type: spread > SPREAD ? "v_prediction" : "epsilon", evidence, assumed: true };
}

function stepOf(file: FileEvidence): number | null {
  const entry = file.tensors.get("global_step");
  if (!entry || countOf(entry.shape) !== 1) return null;
  const bytes = new Uint8Array(entry.bytes);
  file.read(bytes, entry.at);
  const view = new DataView(bytes.buffer);
  if (entry.dtype === "I64") return Number(view.getBigInt64(0, true));
  if (entry.dtype === "I32") return view.getInt32(0, true);
  if (entry.dtype === "F64") return view.getFloat64(0, true);
  return entry.dtype === "F32" ? view.getFloat32(0, true) : null;
}

/** The standard deviation (of a sample) of a tensor's numbers. */
function spreadOf(tensors: Tensors, key: string): number {
  const numbers = new Float32Array(countOf(tensors.shape(key)));
  tensors.read(key, numbers);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, numbers.length - 1));
}
