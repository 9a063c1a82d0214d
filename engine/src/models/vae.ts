import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { VaeConfig } from "../graph/config.ts";
import type { ModelPart } from "./base.ts";
import { type RawConfig, vaeConfig } from "./configs.ts";
import { within } from "./folder.ts";
import { inferVae } from "./infer.ts";
import { openObject } from "./json.ts";
import { kindOfFile } from "./kinds.ts";
import { entriesUnder, renamedTensors, vaeRename } from "./ldm.ts";
import { vaeKey } from "./names.ts";
import { incompatible, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import type { ModelFile, ModelFolder, ModelSource } from "./source.ts";
import type { Tensors } from "./tensors.ts";
import { isTinyVae } from "./tiny-vae.ts";
import { openWeightFiles } from "./weight-files.ts";

/** An open VAE. */
export interface VaeModel extends ModelPart<VaeConfig> {
  readonly name: string;
  /** What was assumed, in sentences for a person. */
  readonly warnings: readonly string[];
  /** Closes its files. May be called twice. */
  close(): void;
}

/** How a VAE is opened. */
export interface VaeOptions extends CallOptions {
  /** Settings in diffusers' terms that overrule those of the files, and tell what a single file cannot. */
  readonly facts?: RawConfig;
  /**
   * The config of the VAE whose place it takes, in diffusers' terms: the scale of latents is the UNet's and stays, where a
   * single file does not tell it; the groups of norms too, where the channels are the same.
   */
  readonly like?: RawConfig;
}

const files = { stems: ["diffusion_pytorch_model"], what: "VAE", rename: vaeKey } as const;

/** Where the VAE's tensors lie in a file: a checkpoint, one by a merger, or a VAE alone. */
const prefixes = ["first_stage_model.", "vae.", ""];

/** The scale of latents of Stable Diffusion 1 and 2, which diffusers takes where a config does not tell it. */
const usualScale = 0.18215;

/** What a VAE was trained with (its discriminator, averages), left in some files. */
const training = /^(loss|model_ema)\./;

/**
 * Opens a VAE of its own: a folder with config.json as diffusers lays it out (or a whole model's, which holds one), or one
 * .safetensors file with the names of diffusers or the original ones, bare or in a checkpoint. Throws `model-unknown` for
 * a folder that is none, `model-incompatible` for one of another kind and `file-invalid` for a file that is not sound;
 * nothing stays open then.
 */
export async function openVae(source: ModelSource, options: VaeOptions = {}): Promise<VaeModel> {
  options.signal?.throwIfAborted();
  return source.kind === "file" ? openFile(source, options) : openFolder(source, options);
}

async function openFolder(folder: ModelFolder, options: VaeOptions): Promise<VaeModel> {
  const { facts, like, signal } = options;
  const raw = await openObject(folder, "config.json", signal);
  if (!raw) {
    if (await openObject(folder, "model_index.json", signal)) return openFolder(within(folder, "vae"), options);
    const message = `${quoted(folder.name)} is no VAE: it has no config.json, which every VAE in diffusers' layout has.`;
    throw new UnderdrawError("model-unknown", message, { id: folder.name, known: [] });
  }
  if (raw.value["_class_name"] === "AutoencoderTiny") throw tiny(folder.name);
  const config = vaeConfig({ ...raw.value, ...facts }, raw.name);
  const tensors = await openWeightFiles(folder, files, signal);
  const warnings = like ? [...otherScale(folder.name, config, like), ...otherFactor(folder.name, config, like)] : [];
  return { name: folder.name, config, tensors, warnings, close: () => tensors.close() };
}

async function openFile(source: ModelFile, { facts = {}, like = {}, signal }: VaeOptions): Promise<VaeModel> {
  const bytes = await source.open(signal ? { signal } : {});
  try {
    const file = openSafetensors(bytes);
    const tensors = vaeTensors(file);
    const given = { ...kin(tensors, like), ...facts };
    const config = vaeConfig(inferVae(tensors, given), `${file.name} (VAE)`);
    const from = given["scaling_factor"] === undefined ? "that of Stable Diffusion 1 and 2" : "the base's own";
    const assumed = `${file.name}: a scaling factor of ${config.scalingFactor} was assumed, ${from}; the file does not tell it.`;
    const warnings = [
      ...(facts["scaling_factor"] === undefined ? [assumed] : []),
      ...otherFactor(file.name, config, like),
    ];
    return { name: file.name, config, tensors, warnings, close: () => tensors.close() };
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** What is to be said of a VAE that scales latents otherwise than the one whose place it takes. */
function otherScale(name: string, { scalingFactor }: VaeConfig, like: RawConfig): readonly string[] {
  const usual = like["scaling_factor"] ?? usualScale;
  if (usual === scalingFactor) return [];
  return [
    `${name}: its latents are scaled by ${scalingFactor}, and those of the VAE whose place it takes by ${usual}. It may belong to another model; colours will be wrong then.`,
  ];
}

/**
 * What is to be said of a VAE whose latents stand for other pixels. It is no refusal: sizes, canvas and masks follow the
 * VAE that is loaded, and one can be trained to draw the same latents larger or smaller, which no file tells. A net, whose
 * map is as large as the picture, is refused beside it.
 */
function otherFactor(name: string, { channels }: VaeConfig, like: RawConfig): readonly string[] {
  const usual = like["block_out_channels"];
  if (!Array.isArray(usual) || usual.length === channels.length) return [];
  const side = (levels: number): string => `${2 ** (levels - 1)} x ${2 ** (levels - 1)} pixels`;
  return [
    `${name}: each place of its latents stands for ${side(channels.length)}, and of the VAE's whose place it takes for ${side(usual.length)}. Unless it was made for this model, pictures will be wrong: take the VAE of the checkpoint's family.`,
  ];
}

/** What a VAE has from the one whose place it takes. */
function kin(tensors: Tensors, like: RawConfig): RawConfig {
  const pick = (...keys: readonly string[]): RawConfig =>
    Object.fromEntries(keys.flatMap((key) => (like[key] === undefined ? [] : [[key, like[key]]])));
  const channels = like["block_out_channels"];
  const same =
    Array.isArray(channels) &&
    !tensors.has(`encoder.down_blocks.${channels.length}.resnets.0.conv2.weight`) &&
    channels.every((sides, n) => {
      const key = `encoder.down_blocks.${n}.resnets.0.conv2.weight`;
      return tensors.has(key) && tensors.shape(key)[0] === sides;
    });
  return { ...pick("scaling_factor", "shift_factor"), ...(same ? pick("norm_num_groups") : {}) };
}

/**
 * What the VAE in a file tells of itself, in diffusers' terms, for one that takes its place; nothing where it has none. A
 * file has the scale of its family.
 */
export function kinOf(file: Safetensors): RawConfig {
  const prefix = vaePrefix(file);
  if (prefix === undefined) return {};
  const tensors = tensorsUnder(file, prefix);
  const channels: number[] = [];
  for (;;) {
    const key = `encoder.down_blocks.${channels.length}.resnets.0.conv2.weight`;
    const sides = tensors.has(key) ? tensors.shape(key)[0] : undefined;
    if (sides === undefined) break;
    channels.push(sides);
  }
  return channels.length > 0 ? { block_out_channels: channels } : {};
}

/** The prefix of the VAE's tensors in a file; undefined where it has none. */
export const vaePrefix = ({ tensors }: Safetensors): string | undefined =>
  prefixes.find((begin) => tensors.has(`${begin}decoder.conv_in.weight`));

function vaeTensors(file: Safetensors): Tensors {
  const { kind, what } = kindOfFile(file);
  const prefix = vaePrefix(file);
  if (prefix === undefined || kind === "foreign") {
    if (isTinyVae(file)) throw tiny(file.name);
    const problem = `it is ${what} and has no VAE for Stable Diffusion 1 or 2. Give a VAE's own file, or a checkpoint that holds one.`;
    throw incompatible(file.name, problem, { expected: "a VAE", actual: what });
  }
  return tensorsUnder(file, prefix);
}

/** The VAE's tensors below a prefix, in any spelling, under their names of today. */
export function tensorsUnder(file: Safetensors, prefix: string): Tensors {
  const entries = entriesUnder(file, prefix);
  const rename = vaeRename(new Set(entries.keys()));
  return renamedTensors(file, file.name, entries, (key) => (training.test(key) ? null : vaeKey(rename(key))));
}

function tiny(name: string): UnderdrawError<"model-incompatible"> {
  const problem = "it is a tiny VAE, which draws previews and no pictures. Give it as LoadRequest.previews.";
  return incompatible(name, problem, { expected: "a VAE", actual: "a tiny VAE" });
}
