import type { VaeConfig } from "../graph/config.ts";
import type { BaseModel, BaseOptions, ModelPart } from "./base.ts";
import { type RawConfig, textConfig, unetConfig, vaeConfig } from "./configs.ts";
import { countWhile, type Family, familyOf, inferText, inferUnet, inferVae } from "./infer.ts";
import { BASE_MARK, kindOfFile } from "./kinds.ts";
import { clipTensors, entriesUnder, openClipLayers, openClipTensors, renamedTensors, unetRename } from "./ldm.ts";
import { predictionOf } from "./prediction.ts";
import { incompatible } from "./refusal.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import { familySchedule, schedulerConfig } from "./scheduler-config.ts";
import type { ModelFile } from "./source.ts";
import type { Tensors } from "./tensors.ts";
import { kinOf, openVae, tensorsUnder, vaePrefix } from "./vae.ts";

const UNET = "model.diffusion_model.";
const CLIP = "cond_stage_model.transformer.";
const OPEN_CLIP = "cond_stage_model.model.";
/** Layers of OpenCLIP-H's text encoder. */
const OPEN_CLIP_LAYERS = 24;

/** A text encoder, and whether it is OpenCLIP's, which has another activation and other padding. */
interface OpenedText {
  readonly tensors: Tensors;
  readonly open: boolean;
}

/** Opens a base model that is one checkpoint with the original names. What opens is added to `opened` at once. */
export async function openCheckpoint(
  source: ModelFile,
  { facts = {}, vae: otherVae, signal }: BaseOptions,
  opened: { close(): void }[],
): Promise<BaseModel> {
  const bytes = await source.open(signal ? { signal } : {});
  opened.push(bytes);
  const file = openSafetensors(bytes);
  if (!file.tensors.has(BASE_MARK) || kindOfFile(file).kind === "foreign") throw noBase(file);
  const warnings: string[] = [];
  const unetEntries = entriesUnder(file, UNET);
  const unetTensors = renamedTensors(file, file.name, unetEntries, unetRename(new Set(unetEntries.keys())));
  const unet = unetConfig(inferUnet(unetTensors, facts.unet ?? {}, facts.family), `${file.name} (UNet)`);
  const other =
    otherVae &&
    (await openVae(otherVae, {
      like: kinOf(file),
      ...(facts.vae && { facts: facts.vae }),
      ...(signal && { signal }),
    }));
  if (other) {
    opened.push(other);
    warnings.push(...other.warnings);
  }
  const text = openText(file, facts.text_encoder ?? {}, facts.family);
  const vae = other ?? ownVae(file, facts.vae ?? {});
  const textFacts = facts.text_encoder ?? {};
  const prediction = predictionOf(unetTensors, { given: facts.scheduler ?? {}, config: null, file });
  if (prediction.assumed) {
    const what = prediction.type === "epsilon" ? "noise" : "v";
    warnings.push(
      `${file.name}: a UNet that predicts ${what} was assumed (${prediction.evidence}). If pictures are noise, say otherwise.`,
    );
  }
  // Zero terminal SNR goes with the last timestep, which trailing spacing begins at. Nothing but v can begin there: noise
  // alone tells nothing of itself.
  const zero = file.tensors.has("ztsnr") && prediction.type === "v_prediction";
  const terminal = zero ? { rescale_betas_zero_snr: true, timestep_spacing: "trailing" } : {};
  const schedule = { ...familySchedule, ...terminal, prediction_type: prediction.type, ...facts.scheduler };
  if ([...file.tensors.keys()].some((key) => key.startsWith("model_ema.")))
    warnings.push(`${file.name}: its averaged weights (model_ema) were left aside for the plain ones.`);
  return {
    name: file.name,
    family: facts.family ?? (text.open ? "sd2" : familyOf(unet.contextWidth)),
    text: {
      config: textConfig(inferText(text.tensors, textFacts, text.open), `${file.name} (text encoder)`),
      tensors: text.tensors,
    },
    unet: { config: unet, tensors: unetTensors },
    vae,
    scheduler: schedulerConfig(schedule, `${file.name} (scheduler)`),
    prediction,
    tokenizer: null,
    words: [],
    warnings,
    close: () => {
      for (const part of opened) part.close();
    },
  };
}

function noBase(file: Safetensors): Error {
  const { what } = kindOfFile(file);
  const problem = `it is ${what} and no base model of Stable Diffusion 1 or 2. Give a checkpoint that holds a UNet, a VAE and a text encoder.`;
  return incompatible(file.name, problem, { expected: BASE_MARK, actual: what });
}

function ownVae(file: Safetensors, facts: RawConfig): ModelPart<VaeConfig> {
  const prefix = vaePrefix(file);
  if (prefix === undefined) {
    const problem =
      "the checkpoint has no VAE. Give one besides (LoadRequest.vae), or take a checkpoint with a VAE baked in.";
    throw incompatible(file.name, problem, { expected: "first_stage_model.*", actual: "no such tensors" });
  }
  const tensors = tensorsUnder(file, prefix);
  return { config: vaeConfig(inferVae(tensors, facts), `${file.name} (VAE)`), tensors };
}

/**
 * The text encoder of a checkpoint. Stable Diffusion 2 reads the states before OpenCLIP-H's last layer, of 24; converters
 * leave that layer out. `facts` may say otherwise by `num_hidden_layers`.
 */
function openText(file: Safetensors, facts: RawConfig, family?: Family): OpenedText {
  const given = facts["num_hidden_layers"];
  const embeddings = ["text_model.embeddings", "embeddings"].map((name) => `${CLIP}${name}.token_embedding.weight`);
  const named = embeddings.map((key) => file.tensors.get(key)).find(Boolean);
  if (named) {
    const tensors = clipTensors(file, file.name, CLIP);
    // Some converters give OpenCLIP's encoder the names of transformers and keep all of its layers.
    const open = (family ?? familyOf(named.shape[1] ?? 0)) === "sd2";
    const all = countWhile(tensors, (n) => `text_model.encoder.layers.${n}.mlp.fc1.weight`);
    const layers = typeof given === "number" ? given : open && all === OPEN_CLIP_LAYERS ? all - 1 : all;
    return { tensors: layers < all ? clipTensors(file, file.name, CLIP, layers) : tensors, open };
  }
  if (file.tensors.has(`${OPEN_CLIP}token_embedding.weight`)) {
    const all = openClipLayers(file, OPEN_CLIP);
    const layers = typeof given === "number" ? given : all === OPEN_CLIP_LAYERS - 1 ? all : all - 1;
    return { tensors: openClipTensors(file, file.name, OPEN_CLIP, layers), open: true };
  }
  const problem = "the checkpoint has no text encoder. Take a whole checkpoint, or the model as a diffusers folder.";
  throw incompatible(file.name, problem, { expected: "cond_stage_model.*", actual: "no such tensors" });
}
