import type { BaseModel, BaseOptions } from "./base.ts";
import { textConfig, unetConfig, vaeConfig } from "./configs.ts";
import { familyOf, inferText, inferUnet, inferVae } from "./infer.ts";
import { kindOfFile } from "./kinds.ts";
import {
  clipTensors,
  entriesUnder,
  openClipLayers,
  openClipTensors,
  renamedTensors,
  unetRename,
  vaeRename,
} from "./ldm.ts";
import { predictionOf } from "./prediction.ts";
import { incompatible } from "./refusal.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import { familySchedule, schedulerConfig } from "./scheduler-config.ts";
import type { ModelFile } from "./source.ts";
import type { Tensors } from "./tensors.ts";

const UNET = "model.diffusion_model.";
const CLIP = "cond_stage_model.transformer.";
const OPEN_CLIP = "cond_stage_model.model.";
/** The VAE's prefix in original checkpoints and in those of some mergers. */
const VAE_PREFIXES = ["first_stage_model.", "vae."];

/** Opens a base model that is one checkpoint with the original names. What opens is added to `opened` at once. */
export async function openCheckpoint(
  source: ModelFile,
  { facts = {}, signal }: BaseOptions,
  opened: { close(): void }[],
): Promise<BaseModel> {
  const bytes = await source.open(signal ? { signal } : {});
  opened.push(bytes);
  const file = openSafetensors(bytes);
  if (!file.tensors.has(`${UNET}input_blocks.0.0.weight`) || kindOfFile(file).kind === "foreign") throw noBase(file);
  const warnings: string[] = [];
  const unetEntries = entriesUnder(file, UNET);
  const unetTensors = renamedTensors(file, file.name, unetEntries, unetRename(new Set(unetEntries.keys())));
  const unet = unetConfig(inferUnet(unetTensors, facts.unet ?? {}, facts.family), `${file.name} (UNet)`);
  const vaeTensors = openVae(file);
  const text = openText(file, facts.text_encoder?.["num_hidden_layers"]);
  const vae = vaeConfig(inferVae(vaeTensors, facts.vae ?? {}), `${file.name} (VAE)`);
  const textFacts = facts.text_encoder ?? {};
  const prediction = predictionOf(file, unetTensors, facts.scheduler ?? {});
  if (prediction.assumed) {
    const what = prediction.type === "epsilon" ? "noise" : "v";
    warnings.push(
      `${file.name}: a UNet that predicts ${what} was assumed (${prediction.evidence}). If pictures are noise, say otherwise.`,
    );
  }
  // Zero terminal SNR goes with the last timestep, which trailing spacing begins at.
  const terminal = file.tensors.has("ztsnr") ? { rescale_betas_zero_snr: true, timestep_spacing: "trailing" } : {};
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
    vae: { config: vae, tensors: vaeTensors },
    scheduler: schedulerConfig(schedule, `${file.name} (scheduler)`),
    prediction,
    tokenizer: null,
    words: [],
    warnings,
    close: () => file.close(),
  };
}

function noBase(file: Safetensors): Error {
  const { what } = kindOfFile(file);
  const problem = `it is ${what} and no base model of Stable Diffusion 1 or 2. Give a checkpoint that holds a UNet, a VAE and a text encoder.`;
  return incompatible(file.name, problem, { expected: `${UNET}input_blocks.0.0.weight`, actual: what });
}

function openVae(file: Safetensors): Tensors {
  const prefix = VAE_PREFIXES.find((begin) => file.tensors.has(`${begin}decoder.conv_in.weight`));
  if (prefix === undefined) {
    const problem = "the checkpoint has no VAE. Take one with a VAE baked in, or the model as a diffusers folder.";
    throw incompatible(file.name, problem, { expected: "first_stage_model.*", actual: "no such tensors" });
  }
  const entries = entriesUnder(file, prefix);
  const rename = vaeRename(new Set(entries.keys()));
  // What the VAE was trained with (its discriminator) is left in some files.
  return renamedTensors(file, file.name, entries, (key) => (/^(loss|model_ema)\./.test(key) ? null : rename(key)));
}

function openText(file: Safetensors, layers: unknown): { readonly tensors: Tensors; readonly open: boolean } {
  const keys = [...file.tensors.keys()];
  if (keys.some((key) => key.startsWith(CLIP) && key.endsWith("embeddings.token_embedding.weight")))
    return { tensors: clipTensors(file, file.name, CLIP), open: false };
  if (file.tensors.has(`${OPEN_CLIP}token_embedding.weight`)) {
    const all = openClipLayers(file, OPEN_CLIP);
    // Stable Diffusion 2 reads the states before OpenCLIP-H's last layer, of 24; converters leave that layer out.
    const used = typeof layers === "number" ? layers : all === 23 ? all : all - 1;
    return { tensors: openClipTensors(file, file.name, OPEN_CLIP, used), open: true };
  }
  const problem = "the checkpoint has no text encoder. Take a whole checkpoint, or the model as a diffusers folder.";
  throw incompatible(file.name, problem, { expected: "cond_stage_model.*", actual: "no such tensors" });
}
