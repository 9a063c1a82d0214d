import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { TextConfig, UnetConfig, VaeConfig } from "../graph/config.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { type RawConfig, textConfig, unetConfig, vaeConfig } from "./configs.ts";
import { within } from "./folder.ts";
import { type Family, familyOf } from "./infer.ts";
import { openObject } from "./json.ts";
import { textKey, vaeKey } from "./names.ts";
import { refuseOtherPipelines } from "./other-pipelines.ts";
import { type Prediction, predictionOf } from "./prediction.ts";
import { incompatible, quoted } from "./refusal.ts";
import { familySchedule, type SchedulerConfig, schedulerConfig } from "./scheduler-config.ts";
import type { ModelFolder, ModelSource } from "./source.ts";
import type { Tensors } from "./tensors.ts";
import { openVae } from "./vae.ts";
import { openVocabulary, type Vocabulary } from "./vocabulary.ts";
import { openWeightFiles, type WeightFiles } from "./weight-files.ts";

// A base model, opened: the configs of its networks, resolved, and their tensors, still in their files. Opening checks
// that everything is there and that the parts belong together; nothing is made up for a part that is missing.

/** One network of a model. */
export interface ModelPart<Config> {
  readonly config: Config;
  readonly tensors: Tensors;
  /** The same without LoRAs, where there are some. */
  readonly plain?: Tensors;
}

/** An open base model. */
export interface BaseModel {
  readonly name: string;
  readonly family: Family;
  readonly text: ModelPart<TextConfig>;
  readonly unet: ModelPart<UnetConfig>;
  readonly vae: ModelPart<VaeConfig>;
  readonly scheduler: SchedulerConfig;
  /** What the UNet predicts, and how that is known. */
  readonly prediction: Prediction;
  /** The model's own vocabulary; null where it has none and CLIP's fits. */
  readonly tokenizer: Vocabulary | null;
  /** Words of textual inversion that prompts may hold, each with its vectors. */
  readonly words: readonly AddedWord[];
  /** What was assumed, in sentences for a person. */
  readonly warnings: readonly string[];
  /** Closes its files. May be called twice. */
  close(): void;
}

/** A word that stands for vectors in a prompt: they count as tokens and stay together. */
export interface AddedWord {
  readonly word: string;
  /** In rows: [count, the text encoder's width]. */
  readonly vectors: Float32Array;
  readonly count: number;
}

/**
 * Settings that overrule what a model's files say, and tell what a single file cannot: in diffusers' terms, as the
 * part's config.json would have them ({ unet: { norm_num_groups: 16 } }).
 */
export interface ModelFacts {
  readonly family?: "sd1" | "sd2";
  readonly unet?: RawConfig;
  readonly vae?: RawConfig;
  readonly text_encoder?: RawConfig;
  readonly scheduler?: RawConfig;
}

/** How a base model is opened. */
export interface BaseOptions extends CallOptions {
  readonly facts?: ModelFacts;
  /** A VAE in place of the model's own, which need not be there then; `facts.vae` is about it. */
  readonly vae?: ModelSource;
}

/**
 * Opens a base model: a folder as diffusers lays it out, or one checkpoint with the original names. Throws
 * `model-unknown` for what is no model, `model-incompatible` for one that is not whole or of another kind (SDXL, SD3,
 * FLUX ...) and `file-invalid` for a file that is not sound; nothing stays open then.
 */
export async function openBase(source: ModelSource, options: BaseOptions = {}): Promise<BaseModel> {
  options.signal?.throwIfAborted();
  const opened: { close(): void }[] = [];
  try {
    const model =
      source.kind === "file"
        ? await openCheckpoint(source, options, opened)
        : await openFolder(source, options, opened);
    checkTogether(model);
    return model;
  } catch (error) {
    for (const part of opened) part.close();
    throw error;
  }
}

/** The three networks of a folder, and what helps when one is not there. */
const parts = {
  unet: {
    folder: "unet",
    class: "UNet2DConditionModel",
    files: { stems: ["diffusion_pytorch_model"], what: "UNet" },
    advice: "Take the whole model: the UNet is its main part.",
  },
  vae: {
    folder: "vae",
    class: "AutoencoderKL",
    files: { stems: ["diffusion_pytorch_model"], what: "VAE", rename: vaeKey },
    advice: 'Add the folder "vae" of the model it was made from, or that of stabilityai/sd-vae-ft-mse.',
  },
  text: {
    folder: "text_encoder",
    class: "CLIPTextModel",
    files: { stems: ["model", "pytorch_model"], what: "text encoder", rename: textKey },
    advice: 'Add the folder "text_encoder" of the model it was made from.',
  },
} as const satisfies Record<string, { folder: string; class: string; files: WeightFiles; advice: string }>;

async function openFolder(
  folder: ModelFolder,
  { facts = {}, vae: otherVae, signal }: BaseOptions,
  opened: { close(): void }[],
): Promise<BaseModel> {
  const index = await openObject(folder, "model_index.json", signal);
  if (!index) throw await noModel(folder, signal);
  refuseOtherPipelines(folder.name, index.value);
  const open = async <Config>(
    part: keyof typeof parts,
    read: (raw: RawConfig, where: string) => Config,
    given: RawConfig = {},
  ): Promise<ModelPart<Config>> => {
    const { folder: path, files, advice, class: wanted } = parts[part];
    const named = index.value[path];
    if (named !== undefined && Array.isArray(named) && typeof named[1] === "string" && !named[1].startsWith(wanted)) {
      const problem = `its ${files.what} is a ${quoted(named[1])}, and this engine runs ${wanted} only.`;
      throw incompatible(folder.name, problem, { expected: wanted, actual: named[1] });
    }
    const inner = within(folder, path);
    const config = await openObject(inner, "config.json", signal);
    if (!config) {
      const problem = `the model has no ${files.what}: there is no ${path}/config.json. ${advice}`;
      throw incompatible(folder.name, problem, { expected: `${path}/config.json`, actual: "no such file" });
    }
    const resolved = read({ ...config.value, ...given }, config.name);
    const tensors = await openWeightFiles(inner, files, signal);
    opened.push(tensors);
    return { config: resolved, tensors };
  };
  const warnings: string[] = [];
  const openOtherVae = async (source: ModelSource, own: { readonly value: RawConfig } | null) => {
    const given = {
      ...(facts.vae && { facts: facts.vae }),
      ...(own && { like: own.value }),
      ...(signal && { signal }),
    };
    const other = await openVae(source, given);
    opened.push(other);
    warnings.push(...other.warnings);
    return other;
  };
  const unet = await open("unet", unetConfig, facts.unet);
  const vae = otherVae
    ? await openOtherVae(otherVae, await openObject(within(folder, "vae"), "config.json", signal))
    : await open("vae", vaeConfig, facts.vae);
  const text = await open("text", textConfig, facts.text_encoder);
  const schedule = await openObject(within(folder, "scheduler"), "scheduler_config.json", signal);
  const prediction = predictionOf(unet.tensors, { given: facts.scheduler ?? {}, config: schedule, file: null });
  if (!schedule) {
    const problem = `${folder.name} has no scheduler/scheduler_config.json`;
    const what = prediction.type === "epsilon" ? "noise" : prediction.type === "sample" ? "the picture" : "v";
    const why = prediction.evidence;
    warnings.push(`${problem}: a UNet that predicts ${what} (${why}) on the schedule of Stable Diffusion was assumed.`);
  }
  const where = schedule?.name ?? `${folder.name}/scheduler`;
  const said = { ...(schedule?.value ?? { ...familySchedule, prediction_type: prediction.type }), ...facts.scheduler };
  const scheduler = schedulerConfig(said, where);
  return {
    name: folder.name,
    family: familyOf(unet.config.contextWidth),
    text,
    unet,
    vae,
    scheduler,
    prediction,
    tokenizer: await openVocabulary(within(folder, "tokenizer"), text.config, signal),
    words: [],
    warnings,
    close: () => {
      for (const part of opened) part.close();
    },
  };
}

async function noModel(folder: ModelFolder, signal?: AbortSignal): Promise<Error> {
  const config = await openObject(folder, "config.json", signal);
  const className = config?.value["_class_name"] ?? config?.value["model_type"];
  if (typeof className === "string") {
    const problem = `it is one network (${className.slice(0, 80)}) and not a base model. Give the folder that holds model_index.json.`;
    return incompatible(folder.name, problem, { expected: "model_index.json", actual: className });
  }
  const files = folder.list ? await folder.list() : [];
  const checkpoints = files.filter((file) => /\.(safetensors|ckpt)$/.test(file) && !file.includes("/"));
  const hint = checkpoints.length > 0 ? ` It holds ${checkpoints[0]}: open that file itself.` : "";
  const looked = "it has no model_index.json, which every model in diffusers' layout has at its top";
  return new UnderdrawError("model-unknown", `${quoted(folder.name)} is no model folder: ${looked}.${hint}`, {
    id: folder.name,
    known: checkpoints,
  });
}

/** Refuses parts that are sound each and do not fit each other. */
function checkTogether({ name, text, unet, vae }: BaseModel): void {
  const [u, v, t] = [unet.config, vae.config, text.config];
  const refuse = (problem: string, expected: string, actual: string): never => {
    throw incompatible(name, `${problem}. Take all parts from one model.`, { expected, actual });
  };
  if (u.contextWidth !== t.width)
    refuse(
      `the UNet reads text states of width ${u.contextWidth}, and the text encoder gives ${t.width}`,
      `text width ${u.contextWidth}`,
      String(t.width),
    );
  if (u.outChannels !== v.latentChannels)
    refuse(
      `the UNet gives latents of ${u.outChannels} channels, and the VAE (${vae.tensors.label}) reads ${v.latentChannels}`,
      `${u.outChannels} latent channels`,
      String(v.latentChannels),
    );
  // 2n + 1: latent, mask and masked picture.
  if (u.inChannels !== u.outChannels && u.inChannels !== 2 * u.outChannels + 1) {
    // By the channels that Stability AI's and Brooks' models have beside a latent of 4.
    const known = { 5: "a map of depth", 7: "a small picture to enlarge", 8: "a picture to edit (InstructPix2Pix)" };
    const what = (u.outChannels === 4 && known[u.inChannels as 5]) || "other pictures";
    const problem = `its UNet reads ${u.inChannels} channels, which is neither a latent nor a latent with a mask and a masked picture. Models that take ${what} in are not run here.`;
    throw incompatible(name, problem, {
      expected: `${u.outChannels} or ${2 * u.outChannels + 1}`,
      actual: String(u.inChannels),
    });
  }
}
